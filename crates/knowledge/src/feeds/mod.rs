//! One file a feed.

mod kev;

use crate::{Feed, Sample};

/// All feeds, in alphabetical order of their names.
pub static FEEDS: &[&Feed] = &[&kev::KEV];

/// The feed of that name.
pub fn feed(name: &str) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| feed.name == name)
}

/// The feed whose file this is.
pub fn recognise(sample: &Sample<'_>) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| (feed.recognise)(sample))
}
