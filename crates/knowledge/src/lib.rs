//! What is known of products: feeds turn published files into records, matching turns records and devices into findings.
//!
//! Pure: a feed reads bytes that somebody else fetched, matching takes "today" as an argument.
#![forbid(unsafe_code)]

mod feed;
mod feeds;
mod json;

pub use feed::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};
pub use feeds::{FEEDS, feed, recognise};
pub use json::{Documents, Elements, Item, MAX_ITEM};
