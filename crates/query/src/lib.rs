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
//! In the monitor there are more fields, of what people say of a device and of where it is:
//!
//! ```text
//! is:medical -has:serial status:missing tag:mri owner:radiology criticality>3 site:north
//! place:"icu 2"  port:sw-3/12  port:443
//! ```
//!
//! With `=` a field is just so, where with `:` it contains the value: `model = "8015"` does not find "8015 LS". Blanks may
//! stand around `=`. `and` may be written.
//!
//! A word without a field is looked for everywhere. Text compares without case, as a part of the value, and blanks,
//! hyphens and underscores count as the same. Parsing gives a tree ([`Query::root`]) that can be compiled to something
//! else; [`Query::matches`] tests a device in memory.
#![forbid(unsafe_code)]

mod matching;
mod parse;
mod standing;
mod tree;

pub use parse::{MAX_DEPTH, ParseError};
pub use standing::{FINDINGS, LIFECYCLES, STATUSES, Standing, folded, position_words};
pub use tree::{Age, Field, Is, Node, Query};
