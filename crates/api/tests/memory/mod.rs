//! A small store in memory, and a core that only remembers what it was asked: what the tests of the interface run on.

mod findings;
mod history;
mod inventory;
mod live;
mod records;
mod seed;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use medward_monitor::{
    AttributeChange, AuditRecord, ConversationRow, DecisionRecord, DeviceRecord, Document, Event, FindingRow,
    Page, PageRequest, SensorState, Stay, StoreError, UseBucket,
};

pub use live::Remembering;
#[allow(unused_imports, reason = "not every program needs the time")]
pub use seed::NOW;
pub use seed::ward;

/// Everything that is kept.
#[derive(Default)]
pub struct Kept {
    pub devices: BTreeMap<String, DeviceRecord>,
    pub conversations: Vec<ConversationRow>,
    pub events: Vec<Event>,
    pub findings: Vec<FindingRow>,
    pub history: Vec<AttributeChange>,
    pub stays: Vec<Stay>,
    pub activity: Vec<(String, UseBucket)>,
    pub sensors: Vec<SensorState>,
    pub documents: BTreeMap<(String, String), Document>,
    pub audit: Vec<AuditRecord>,
    pub decisions: Vec<(DecisionRecord, Option<(String, medward_model::Timestamp)>)>,
}

/// A store in memory.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

impl Memory {
    /// With what is kept already.
    pub fn with(kept: Kept) -> Memory {
        Memory { kept: Mutex::new(kept) }
    }

    /// All of it, locked.
    pub fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

/// Cuts a page out of a list; the cursor is where the next one begins.
pub fn page<T>(items: Vec<T>, page: &PageRequest) -> Result<Page<T>, StoreError> {
    let from = match &page.cursor {
        None => 0,
        Some(cursor) => cursor.parse::<usize>().map_err(|_| StoreError::BadCursor)?,
    };
    let more = items.len() > from.saturating_add(page.limit as usize);
    let items: Vec<T> = items.into_iter().skip(from).take(page.limit as usize).collect();
    let next = more.then(|| (from + items.len()).to_string());
    Ok(Page { items, next })
}
