//! Asking for devices, and what people say of them.

mod annotate;
mod briefs;
mod complete;
mod facets;
mod list;

use async_trait::async_trait;
use medward_model::DeviceId;
use medward_monitor::{
    AllSaid, Annotation, DeviceBrief, DeviceList, DeviceRecord, DeviceSummary, Facet, FacetField, Inventory,
    Page, Patch, StoreError,
};

pub(crate) use annotate::{read_annotation, write_annotation};

use crate::Database;
use crate::columns::maybe_time;
use crate::ingest::find_device;
use crate::packing::unpack;
use crate::sql::{Sql, json};

#[async_trait]
impl Inventory for Database {
    async fn devices(&self, list: &DeviceList) -> Result<Page<DeviceSummary>, StoreError> {
        list::page(self, list).await
    }

    async fn count(&self, list: &DeviceList) -> Result<u64, StoreError> {
        list::count(self, list).await
    }

    async fn facets(
        &self,
        list: &DeviceList,
        fields: &[FacetField],
        limit: u32,
    ) -> Result<Vec<Facet>, StoreError> {
        facets::facets(self, list, fields, limit).await
    }

    async fn complete(
        &self,
        field: &str,
        text: &str,
        sites: Option<&[String]>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        complete::complete(self, field, text, sites, limit).await
    }

    async fn device(&self, id: &DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        let mut session = self.engine.snapshot().await?;
        let Some(key) = find_device(&mut session, id).await? else { return Ok(None) };
        let Some(summary) = list::summaries(&mut session, &[key]).await?.into_iter().next() else {
            return Ok(None);
        };
        let body = session
            .first(Sql::with(
                "SELECT b.document, d.last_seen FROM device_body b JOIN device d ON d.id = b.device \
                 WHERE b.device = $1",
                [key.into()],
            ))
            .await?;
        let document = match body {
            Some(row) => {
                let text = unpack(&row.blob(0)?)?;
                let mut document: serde_json::Value = serde_json::from_slice(&text)
                    .map_err(|error| StoreError::Corrupt(format!("device {id}: {error}")))?;
                if let (Some(object), Some(last)) = (document.as_object_mut(), maybe_time(row.int(1)?)) {
                    object.insert("last_seen".to_owned(), last.to_string().into());
                }
                document
            }
            None => serde_json::Value::Null,
        };
        let annotation = read_annotation(&mut session, key).await?.unwrap_or_default();
        Ok(Some(DeviceRecord { summary, document, annotation }))
    }

    async fn summaries(&self, ids: &[DeviceId]) -> Result<Vec<DeviceSummary>, StoreError> {
        let mut session = self.engine.reader().await?;
        let wanted = ids.iter().map(|id| vec![id.0.as_str().into()]).collect();
        let mut keys = Vec::with_capacity(ids.len());
        for row in session.fetch_of("SELECT id FROM device WHERE uid IN", "", wanted).await? {
            keys.push(row.int(0)?);
        }
        list::summaries(&mut session, &keys).await
    }

    async fn briefs(&self, ids: &[DeviceId]) -> Result<Vec<DeviceBrief>, StoreError> {
        briefs::briefs(self, ids).await
    }

    async fn annotate(
        &self,
        id: &DeviceId,
        patch: &Patch,
        expected: Option<u64>,
    ) -> Result<Annotation, StoreError> {
        annotate::one(self, id, patch, expected).await
    }

    async fn annotate_all(&self, list: &DeviceList, patch: &Patch) -> Result<u64, StoreError> {
        annotate::all(self, list, patch).await
    }

    async fn annotate_each(&self, changes: &[(DeviceId, Patch)]) -> Result<u64, StoreError> {
        annotate::each(self, changes).await
    }

    async fn annotations(&self, ids: &[DeviceId]) -> Result<Vec<(DeviceId, Annotation)>, StoreError> {
        annotate::of(self, ids).await
    }

    async fn all_annotations(&self, mark: Option<u64>) -> Result<Option<AllSaid>, StoreError> {
        annotate::everything(self, mark).await
    }
}

/// Reads what was written with [`crate::sql::to_json`] and packed.
fn unpacked<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let text = unpack(bytes)?;
    json(std::str::from_utf8(&text).map_err(|error| StoreError::Corrupt(error.to_string()))?)
}
