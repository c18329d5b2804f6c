//! Asking for devices.

use async_trait::async_trait;
use medward_model::{DeviceId, Timestamp};
use medward_query::Query;

use crate::{Annotation, DeviceSummary, Page, PageRequest, Patch, Status, StoreError};

/// What a list of devices is ordered by; a fixed order decides where it is equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    LastSeen,
    FirstSeen,
    Name,
    Vendor,
    Model,
    Category,
    Site,
    Location,
    Criticality,
    /// How bad the worst finding is.
    Findings,
}

/// A key and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Sort {
        Sort { key: SortKey::LastSeen, descending: true }
    }
}

/// Which devices.
#[derive(Clone, Debug)]
pub struct DeviceList {
    pub query: Query,
    /// Only devices of these sites; `None`: all (what the person may see).
    pub sites: Option<Vec<String>>,
    /// What "now" is for `seen<24h`.
    pub now: Timestamp,
    pub sort: Sort,
    pub page: PageRequest,
}

/// What devices can be counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FacetField {
    Site,
    Group,
    Category,
    Vendor,
    Model,
    Os,
    Status,
    Scope,
    Vlan,
    Tag,
    Owner,
    Lifecycle,
    Place,
    Service,
}

/// One value of a facet with how many devices have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    pub value: String,
    pub count: u64,
}

/// A facet with its most frequent values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    pub field: FacetField,
    pub values: Vec<FacetCount>,
    /// Devices that have none.
    pub without: u64,
}

/// A device with all that is stored of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRecord {
    pub summary: DeviceSummary,
    /// The device as in schema medward.assessment/1, with its evidence.
    pub document: serde_json::Value,
    pub annotation: Annotation,
}

/// A device among many in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceBrief {
    pub id: DeviceId,
    pub site: String,
    pub name: String,
    pub scope: String,
    pub status: Status,
    pub category: Option<String>,
    pub group: Option<String>,
    pub medical: bool,
}

impl From<DeviceSummary> for DeviceBrief {
    fn from(summary: DeviceSummary) -> DeviceBrief {
        DeviceBrief {
            id: summary.id,
            site: summary.site,
            name: summary.name,
            scope: summary.scope,
            status: summary.status,
            category: summary.category,
            group: summary.group,
            medical: summary.medical,
        }
    }
}

/// Asks for devices and writes what people say of them.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// A page of devices.
    async fn devices(&self, list: &DeviceList) -> Result<Page<DeviceSummary>, StoreError>;

    /// How many devices the list has over all pages.
    async fn count(&self, list: &DeviceList) -> Result<u64, StoreError>;

    /// How many of the list's devices have which values; at most `limit` values of each field, most frequent first.
    async fn facets(
        &self,
        list: &DeviceList,
        fields: &[FacetField],
        limit: u32,
    ) -> Result<Vec<Facet>, StoreError>;

    /// Values of a search field (by its name in the search language) that begin with or contain `text`, most frequent first.
    async fn complete(
        &self,
        field: &str,
        text: &str,
        sites: Option<&[String]>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// One device; where it became part of another, that one.
    async fn device(&self, id: &DeviceId) -> Result<Option<DeviceRecord>, StoreError>;

    /// Several devices in one go, in no order; those that are not there are left out.
    async fn summaries(&self, ids: &[DeviceId]) -> Result<Vec<DeviceSummary>, StoreError>;

    /// As much of several devices as a picture shows, in no order; those that are not there are left out.
    async fn briefs(&self, ids: &[DeviceId]) -> Result<Vec<DeviceBrief>, StoreError> {
        Ok(self.summaries(ids).await?.into_iter().map(DeviceBrief::from).collect())
    }

    /// Changes what people say of a device. With `expected`, only where the annotation has that version.
    async fn annotate(
        &self,
        id: &DeviceId,
        patch: &Patch,
        expected: Option<u64>,
    ) -> Result<Annotation, StoreError>;

    /// The same for all devices of a list (its page is ignored); answers how many were changed, at most 10,000.
    async fn annotate_all(&self, list: &DeviceList, patch: &Patch) -> Result<u64, StoreError>;

    /// The same for each of several devices, in one transaction; answers how many of them there are.
    async fn annotate_each(&self, changes: &[(DeviceId, Patch)]) -> Result<u64, StoreError>;

    /// What people said of several devices, in no order; those of which nobody said anything are left out.
    async fn annotations(&self, ids: &[DeviceId]) -> Result<Vec<(DeviceId, Annotation)>, StoreError>;

    /// What people said of all devices, with a mark; `None` where that is as it was when the mark was given.
    async fn all_annotations(&self, mark: Option<u64>) -> Result<Option<AllSaid>, StoreError>;
}

/// All that people said of devices, with a mark to ask for what is other than this.
pub type AllSaid = (u64, Vec<(DeviceId, Annotation)>);
