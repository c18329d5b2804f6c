//! Frames to flows: checked views of layers 2 to 4, decapsulation, defragmentation, the flow table, TCP reassembly.
//!
//! Pure and synchronous; time is an argument; every table is bounded.
#![forbid(unsafe_code)]

mod frame;

pub use frame::{LinkType, RawFrame};
