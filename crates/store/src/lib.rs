//! Devices, history and settings in SQLite (one file, embedded) or PostgreSQL, behind the traits of the monitor.
//!
//! One code path: statements are written once, with placeholders that both databases understand; only opening and
//! migrating differ. A change is one transaction; in PostgreSQL, sites do not wait for each other. The search language is
//! compiled to SQL over a dictionary of the distinct words of all devices.
//!
//! ```no_run
//! # async fn example() -> Result<(), medward_store::OpenError> {
//! let database = medward_store::Database::open("/var/lib/medward/medward.db").await?;
//! # drop(database); Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod audit;
mod backup;
mod batch;
mod board;
mod columns;
mod cursor;
mod database;
mod documents;
mod engine;
mod findings;
mod history;
mod ingest;
mod inventory;
mod packing;
mod search;
mod session;
mod sql;
mod terms;
mod upkeep;

pub use backup::{BackupError, RestoreError, restore};
pub use database::Database;
pub use engine::OpenError;
