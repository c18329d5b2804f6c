//! What is known of products: feeds turn published files into records, matching turns records and devices into findings.
//!
//! Pure: a feed reads bytes that somebody else fetched, matching takes "today" as an argument.
#![forbid(unsafe_code)]

mod cpe;
mod documents;
mod exposure;
mod feed;
mod feeds;
mod inventory;
mod json;
mod matching;
mod naming;
mod outline;
mod recall_text;
mod sync;
mod udi;
mod versions;
mod wording;

pub use cpe::{Cpe, Value};
pub use exposure::{JUDGEMENTS, Judgement, exposures, wants};
pub use feed::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};
pub use feeds::{
    Change, DisclosedFacts, Distribution, FEEDS, HashError, OpenPgpKey, Provider, ProviderError, RolieEntry,
    RolieFeed, answers_of_interest, feed, provider_addresses, read_changes, read_index, read_provider,
    read_rolie, read_security_txt, recognise, verify_hash,
};
pub use inventory::{Inventory, InventoryError, read_inventory};
pub use json::{Documents, Elements, Item, MAX_ITEM};
pub use matching::{
    Base, Builder, Fleet, Indexer, KindOutcome, Known, Outcome, Program, Stated, Subject, registration,
};
pub use recall_text::{DeviceCodes, RecallClaims, RecallJudgement, Units};
pub use sync::{Answer, Dialogue, Request, Role, SYNCS, Sync, SyncState};
pub use udi::Udi;
pub use versions::{Certainty, Claim, DeviceVersion, SCHEMES, Scheme, scheme};
