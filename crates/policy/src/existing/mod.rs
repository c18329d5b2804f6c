//! Existing rule sets, read so that what they let through can be proven.
//!
//! | reader | what it takes |
//! |---|---|
//! | [`nft_json`] | `nft -j list ruleset` |
//! | [`nft_text`] | `nft list ruleset` |
//! | [`iptables`] | `iptables-save`, `ip6tables-save` |
//! | [`cisco`] | IOS extended access lists, numbered and named, of IPv4 and IPv6 |
//!
//! Each gives one [`Ruleset`](crate::Ruleset) for each chain that the kernel calls, or for each list. A packet must pass all chains that stand
//! at its way. Rules speak of packets that open flows: what only speaks of open flows (`ct state established`) is left out.
//!
//! **What is not understood is never dropped silently.** A match that is not understood becomes a condition of its rule, and
//! a verdict that is not understood a rule that may accept and may drop; both are noted with their line, and make every
//! answer a bound: at least this passes, at most that.

mod cisco;
mod flatten;
mod iptables;
mod matches;
mod nft;
mod nft_json;
mod nft_text;

pub use cisco::cisco;
pub use iptables::{Family, iptables};
pub use nft_json::nft_json;
pub use nft_text::nft_text;

use thiserror::Error;

/// Why a rule set could not be read at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    /// It is too long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It holds no list of rules of that kind.
    #[error("it holds no {0}")]
    Nothing(&'static str),
}

/// Longest text, in bytes.
const LONGEST: usize = 64 << 20;
