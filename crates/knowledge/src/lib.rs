//! What is known of products: feeds turn published files into records, matching turns records and devices into findings.
//!
//! Pure: a feed reads bytes that somebody else fetched, matching takes "today" as an argument.
#![forbid(unsafe_code)]

mod documents;
mod feed;
mod feeds;
mod json;
mod naming;
mod outline;
mod wording;

pub use feed::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};
pub use feeds::{
    Change, Distribution, FEEDS, HashError, OpenPgpKey, Provider, ProviderError, RolieEntry, RolieFeed, feed,
    provider_addresses, read_changes, read_index, read_provider, read_rolie, read_security_txt, recognise,
    verify_hash,
};
pub use json::{Documents, Elements, Item, MAX_ITEM};
