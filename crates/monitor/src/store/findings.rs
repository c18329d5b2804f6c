//! What is wrong with devices.

use async_trait::async_trait;
use medward_model::{DeviceId, FindingKind, Severity, Timestamp, Treatment, Verdict};

use crate::{FindingCounts, FindingRow, JudgedDevice, Page, PageRequest, StoreError, TopicRow, Unjudged};

/// Which findings; worst first.
#[derive(Clone, Debug)]
pub struct FindingList {
    /// Only on devices of these sites; `None`: all.
    pub sites: Option<Vec<String>>,
    pub device: Option<DeviceId>,
    /// Empty for all, as with those below.
    pub kinds: Vec<FindingKind>,
    pub treatments: Vec<Treatment>,
    pub statuses: Vec<Verdict>,
    /// At least so severe.
    pub severity: Option<Severity>,
    /// Known to be exploited, or not.
    pub exploited: Option<bool>,
    /// Of this advisory, or of what is put together with it.
    pub topic: Option<String>,
    /// Contained in title, advisory, weaknesses or reason, or in the device's name.
    pub text: Option<String>,
    /// Those that are so no more, instead of those that are.
    pub ended: bool,
    pub page: PageRequest,
}

impl FindingList {
    /// All that are so now.
    pub fn all(page: PageRequest) -> FindingList {
        FindingList {
            sites: None,
            device: None,
            kinds: Vec::new(),
            treatments: Vec::new(),
            statuses: Vec::new(),
            severity: None,
            exploited: None,
            topic: None,
            text: None,
            ended: false,
            page,
        }
    }
}

/// Keeps findings and tells them.
#[async_trait]
pub trait Findings: Send + Sync {
    /// Devices that were not judged with this knowledge, or changed since; at most 1000.
    async fn unjudged(&self, stamp: i64, limit: u32) -> Result<Vec<Unjudged>, StoreError>;

    /// How many these are.
    async fn count_unjudged(&self, stamp: i64) -> Result<u64, StoreError>;

    /// Keeps what was judged, in one transaction: what the same judge said before and does not say any more ends. Devices
    /// that are not there are left out.
    async fn put_findings(&self, judged: &[JudgedDevice]) -> Result<(), StoreError>;

    /// Makes events of grave findings that nobody was told of yet ([`crate::finding_events`]), and answers the number of
    /// the last event with how many were made.
    async fn tell_findings(&self, now: Timestamp) -> Result<(u64, usize), StoreError>;

    /// A page of findings, worst first.
    async fn findings(&self, list: &FindingList) -> Result<Page<FindingRow>, StoreError>;

    /// A page of what they are about, worst first, then those of most devices.
    async fn topics(&self, list: &FindingList) -> Result<Page<TopicRow>, StoreError>;

    /// How many the list has over all pages.
    async fn count_findings(&self, list: &FindingList) -> Result<FindingCounts, StoreError>;

    /// One finding.
    async fn finding(&self, id: &str) -> Result<Option<FindingRow>, StoreError>;
}
