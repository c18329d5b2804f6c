//! Enforcement: runs the steps of plans at targets that Medward itself applies.
//!
//! ```text
//! apply:   keep what is there ─▶ start the reverter ─▶ load ─▶ read back ─▶ wait for a confirmation
//! revert:  when nobody confirms in time: load what was kept
//! undo:    load what was kept when the plan in force was applied
//! ```
//!
//! The executor makes no choice: everything that is done stands in the plan. The [reverter](run_reverter) is a process of its
//! own session, which holds what it restores in memory: neither the end of Medward nor the loss of its directory stops it.
//! Whether a plan was confirmed or is reverted is decided by which of the two renames one file first.
#![forbid(unsafe_code)]

mod apply;
mod journal;
mod listing;
mod nft;
mod program;
mod reverter;
mod state;

pub use apply::{Applied, ApplyError, Executor, Requested, Status, Undone};
pub use journal::Entry;
pub use listing::{Counter, counters, without_counts};
pub use nft::{Nft, NftError};
pub use program::ProgramError;
pub use reverter::{Launch, REVERT_READY, RevertOutcome, run_reverter};
pub use state::{InForce, Pending, Records, StateError};
