//! Virtual patches: what cannot be patched is shielded on the network, by what a request means.
//!
//! A shield is one file in `shields/`. It judges a request, told before its answer, against a [`Scope`]: which addresses are
//! protected, and who may do what to them. The same shield is written as Suricata rules. `catalog/virtual-patches/` says which
//! advisory or weakness which shield is for. Pure: time is an argument; packets are read by [`Line`], which holds nothing
//! without a bound.
#![forbid(unsafe_code)]

mod checksum;
mod config;
mod judgement;
mod line;
mod patch;
mod refused;
mod scope;
mod shields;
mod suricata;

pub use checksum::emptied;
pub use config::{Config, ConfigError, SCHEMA};
pub use judgement::{Judgement, Shield};
pub use line::{Counters, Line, Refusal, Verdict};
pub use patch::{PatchError, Patches, VirtualPatch, Weakness};
pub use scope::{Named, Scope};
pub use shields::{SHIELDS, shield};
pub use suricata::{SIDS, rules};
