//! Who is it: evidence is gathered, interpreted by the catalogue, fused into attributes, and addresses become devices.
//!
//! A [`Ledger`] takes what dissectors and the flow table report, deduplicated and bounded; ledgers of shards merge in
//! any order. [`resolve`] turns a ledger into devices and conversations. Pure: no IO, no clock, no threads.
#![forbid(unsafe_code)]

mod catalog;
mod codec;
mod fuse;
mod ledger;
mod resolve;

pub use catalog::{Catalog, CatalogError, Category, Reference, RuleInfo};
pub use codec::{DecodeError, Names, WrittenEntry, decode_ledger, encode_ledger};
pub use ledger::{Ledger, Limits, Memory};
pub use resolve::{
    Decisions, Deed, DeviceFact, Exchange, NodeKey, Remark, Resolution, Round, Site, Wants, complete,
    conversations, program_cpe, resolve, resolve_with,
};
