//! What a store must offer. One conformance suite runs against every implementation.

mod audit;
mod documents;
mod findings;
mod history;
mod ingest;
mod inventory;
mod upkeep;

use thiserror::Error;

pub use audit::{Audit, AuditEntry, AuditRecord};
pub use documents::{Document, Documents};
pub use findings::{FindingList, Findings};
pub use history::{
    BucketSize, ConversationList, ConversationRow, Direction, EventList, History, Link, LinkList, NodeGroup,
    UseBucket, UseGroup, UseList, UseRow, VolumePoint,
};
pub use ingest::{Decision, DecisionRecord, Ingest, SiteMemory};
pub use inventory::{
    AllSaid, DeviceBrief, DeviceList, DeviceRecord, Facet, FacetCount, FacetField, Inventory, Sort, SortKey,
};
pub use upkeep::{Health, Pruned, Retention, SizeOf, Sizes, Upkeep};

/// Everything a store offers.
pub trait Store: Ingest + Inventory + Findings + History + Documents + Audit + Upkeep {}

impl<S: Ingest + Inventory + Findings + History + Documents + Audit + Upkeep> Store for S {}

/// Why the store did not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or is too busy: trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The commit, or part of it, was stored before.
    #[error("already stored: report {sequence} of sensor '{sensor}'")]
    AlreadyStored { sensor: String, sequence: u64 },
    /// Somebody else changed it in the meantime.
    #[error("it was changed by somebody else (version {found}, not {expected})")]
    Conflict { expected: u64, found: u64 },
    /// There is no such thing.
    #[error("there is no {what} '{id}'")]
    Missing { what: &'static str, id: String },
    /// A cursor that was not made by this store, or for another list.
    #[error("this cursor is not valid; start again without one")]
    BadCursor,
    /// The request cannot be carried out as it is.
    #[error("{0}")]
    Refused(String),
    /// What is stored cannot be read.
    #[error("the database holds something unreadable: {0}")]
    Corrupt(String),
}

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many, 1 to 1000.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The first page.
    pub fn first(limit: u32) -> PageRequest {
        PageRequest { limit, cursor: None }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// For the next page; `None` at the end.
    pub next: Option<String>,
}
