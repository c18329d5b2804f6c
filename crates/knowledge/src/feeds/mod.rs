//! One file a feed.

mod attack;
mod csaf;
mod cve;
mod cve_versions;
mod cyclonedx;
mod endoflife;
mod epss;
mod fda;
mod fda_classification;
mod fda_enforcement;
mod fda_recall;
mod gudid;
mod kev;
mod mds2;
mod nvd;
mod openvex;
mod osv;
mod spdx;
mod support;

use crate::{Feed, Sample};

pub(crate) use support::{DEVICE, REPLACEMENT, builtin as builtin_support};

pub use mds2::{DisclosedFacts, answers_of_interest};

pub use csaf::{
    Change, Distribution, HashError, OpenPgpKey, Provider, ProviderError, RolieEntry, RolieFeed,
    provider_addresses, read_changes, read_index, read_provider, read_rolie, read_security_txt, verify_hash,
};

/// All feeds, in alphabetical order of their names.
pub static FEEDS: &[&Feed] = &[
    &attack::ATTACK,
    &csaf::CSAF,
    &cve::CVE,
    &cyclonedx::CYCLONEDX,
    &endoflife::ENDOFLIFE,
    &epss::EPSS,
    &fda_classification::FDA_CLASSIFICATION,
    &fda_enforcement::FDA_ENFORCEMENT,
    &fda_recall::FDA_RECALL,
    &gudid::GUDID,
    &kev::KEV,
    &mds2::MDS2,
    &nvd::NVD,
    &openvex::OPENVEX,
    &osv::OSV,
    &spdx::SPDX,
    &support::SUPPORT,
];

/// The feed of that name.
pub fn feed(name: &str) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| feed.name == name)
}

/// The feed whose file this is.
pub fn recognise(sample: &Sample<'_>) -> Option<&'static Feed> {
    FEEDS.iter().copied().find(|feed| (feed.recognise)(sample))
}
