//! Matching that explains itself.

mod base;
mod conditions;
mod disclosed;
mod fleet;
mod judge;
mod lifecycle;
mod makers;
mod name;
mod policy;
mod recalled;
mod registered;
mod subject;
mod system;
mod thing;
mod words;

pub use base::{Base, Builder};
pub use disclosed::Stated;
pub use fleet::{Fleet, Indexer};
pub use judge::{KindOutcome, Outcome};
pub use registered::registration;
pub use subject::{Known, Program, Subject};
