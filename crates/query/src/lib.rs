//! The search language: one for the command line, the API and the store.
//!
//! Terms are joined by blanks (and), `or`, `-` (not) and parentheses:
//!
//! ```text
//! category:"infusion pump" vendor:BD seen<24h
//! ip:10.20.0.0/16 (service:dicom or service:hl7) -has:serial
//! somatom
//! ```
//!
//! A word without a field is looked for everywhere. Text compares without case, as a part of the value, and blanks,
//! hyphens and underscores count as the same. Parsing gives a tree ([`Query::root`]) that can be compiled to something
//! else; [`Query::matches`] tests a device in memory.
#![forbid(unsafe_code)]

mod matching;
mod parse;
mod tree;

pub use matching::folded;
pub use parse::{MAX_DEPTH, ParseError};
pub use tree::{Age, Compare, Field, Node, Query, Standing};
