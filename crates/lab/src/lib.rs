//! A simulated hospital group: devices of realistic kinds and what they say, do and talk, the same for the same seed.
//!
//! For demonstrations, tests and benches. Nothing is stored: what a device is and does follows from its number alone, so that
//! hundreds of thousands of them cost no memory. Not a model of any real hospital: shares of kinds are rounded guesses.
#![forbid(unsafe_code)]

mod chance;
mod group;
mod kinds;

pub use group::{Group, Member};
pub use kinds::{KINDS, Kind, Speech};
