//! The live monitor's engine: taps are observed, what is observed is reported, reports become what the store keeps.

mod core;
mod names;
mod observe;
mod reporter;

pub use core::{Core, Signal};
pub use names::Compiled;
pub use observe::{Delta, Observer, Settings};
pub use reporter::{Reporter, Sink};
