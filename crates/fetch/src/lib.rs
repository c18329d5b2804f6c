//! Knowledge on disk: what was loaded, from where, and how old it is.
//!
//! A [`Store`] is a directory with one database. [`import`] reads files, directories and archives into it. A bad file never
//! spoils what is loaded: a feed that is replaced as a whole is replaced in one transaction or not at all.
#![forbid(unsafe_code)]

mod bundle;
mod import;
mod index;
mod open;
mod peek;
mod signature;
mod state;
mod store;
mod synchronise;

pub use bundle::{BundleError, BundleKey, create_bundle, public_key};
pub use import::{FileOutcome, ImportError, ImportOptions, ImportReport, Progress, import};
pub use index::LoadError;
pub use peek::read_records;
pub use state::{FeedStatus, Refusal, SkippedRecord};
pub use store::{Counts, Store, StoreError};
pub use synchronise::{SyncOptions, SyncOutcome, SyncStep, synchronise};
