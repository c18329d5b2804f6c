//! Policy as a TOML text (`medward.policy/1`) and as a value.
//!
//! ```toml
//! schema = "medward.policy/1"
//! name = "Ward 3"
//!
//! [zone.pumps]
//! where = 'category = "infusion pump" and vendor = "BD"'
//! confidence = 0.8
//! kind = "clinical"
//! stage = "alert"
//!
//! [zone.servers]
//! addresses = ["10.20.0.0/24"]
//!
//! [[conduit]]
//! from = "pumps"
//! to = "servers"
//! service = ["alaris", "tcp/8443"]
//! reason = "drug library"
//!
//! [[never]]
//! from = "servers"
//! to = "pumps"
//! service = ["telnet"]
//! reason = "nobody logs in to a pump"
//! ```
//!
//! A conduit's direction is that of who opens; answers belong to it. A zone listed first takes a device that several would.

mod error;
mod item;
mod read;
mod service;
mod table;
mod window;
mod words;
mod write;

pub use error::{Error, Errors};
pub use item::{BreakGlass, Conduit, Duty, Ends, Invariant, Members, Place, Policy, Rate, Treatment, Zone};
pub(crate) use read::CONFIDENCE;
pub use service::Service;
pub use window::Window;
pub use words::{Fail, Kind, Stage, StatedBy};

/// The schema of the text.
pub const SCHEMA: &str = "medward.policy/1";
