//! One file a feed.

mod csaf;
mod cyclonedx;
mod kev;
mod openvex;
mod spdx;

use crate::{Feed, Sample};

pub use csaf::{
    Change, Distribution, HashError, OpenPgpKey, Provider, ProviderError, RolieEntry, RolieFeed,
    provider_addresses, read_changes, read_index, read_provider, read_rolie, read_security_txt, verify_hash,
};

/// All feeds, in alphabetical order of their names.
pub static FEEDS: &[&Feed] = &[&csaf::CSAF, &cyclonedx::CYCLONEDX, &kev::KEV, &openvex::OPENVEX, &spdx::SPDX];

/// The feed of that name.
pub fn feed(name: &str) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| feed.name == name)
}

/// The feed whose file this is.
pub fn recognise(sample: &Sample<'_>) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| (feed.recognise)(sample))
}
