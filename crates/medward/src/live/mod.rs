//! The live monitor's engine: taps are observed, what is observed is reported, reports become what the store keeps.

mod chores;
mod core;
mod judge;
mod listen;
mod local;
mod names;
mod observe;
mod remote;
mod reporter;
mod switches;
mod taps;

pub use chores::forever as chores;
pub use core::{Core, Signal};
pub use judge::{Judge, Knowledge};
pub use local::CoreSink;
pub use names::Compiled;
pub use observe::{Settings, clock};
pub use remote::SpoolSink;
pub use reporter::{Reporter, resident};
pub use switches::Asking;
pub use taps::{Opened, Watch};
