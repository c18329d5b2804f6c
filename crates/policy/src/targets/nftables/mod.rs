//! nftables (nft(8) 1.0, Linux 5.6 and later): a routed gateway (`table inet`) or a bridge (`table bridge`).
//!
//! One table, `medward`, replaced as one transaction. What a packet costs does not grow with devices:
//!
//! - open flows are accepted first;
//! - conduits are looked up by who opens: a verdict map leads from the source address to the few conduits that it stands in,
//!   whose destinations are interval sets and whose services are `meta l4proto . th dport` sets;
//! - what closes zones is one verdict map by destination and one by source. All of one run do the same, so that their order is
//!   free: what two zones close is counted where it goes in.
//!
//! Every rule has a named counter. Alerts are logged with the counter's name. A rule that ends carries the moment
//! (`meta time <`), which, unlike a timeout of an element, means the same however often the table is loaded. Times are UTC: the
//! program must be called with `TZ=UTC`. ARP, and of ICMPv6 neighbour discovery and multicast listener, always pass; on a
//! bridge, all that is not IP.

mod classes;
mod matches;
mod write;

use super::{Artefact, Cannot, Capabilities, Settings, Target, understood};
use crate::existing::{ReadError, nft_text};
use crate::plan::Step;
use crate::ruleset::Ruleset;

/// The name of the table.
pub const TABLE: &str = "medward";

/// What takes the table away, whether it is there or not.
pub fn removal(settings: &Settings) -> String {
    let family = settings.layer.word();
    format!("add table {family} {TABLE}\ndelete table {family} {TABLE}\n")
}

/// nftables.
pub(super) struct Nftables;

impl Target for Nftables {
    fn name(&self) -> &'static str {
        "nftables"
    }

    fn title(&self) -> &'static str {
        "a Linux gateway or bridge with nftables"
    }

    fn specification(&self) -> &'static str {
        "nft(8) 1.0.6, Linux 5.6"
    }

    fn proven(&self) -> &'static str {
        "by the kernel in network namespaces with real packets, and read back with equal meaning"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            stateful: true,
            ipv6: true,
            expiry: true,
            alert: true,
            counters: true,
            rate: true,
            windows: true,
            applied: true,
        }
    }

    fn render(&self, ruleset: &Ruleset, settings: &Settings) -> Result<Artefact, Cannot> {
        understood(ruleset)?;
        Ok(write::table(ruleset, settings))
    }

    fn steps(&self, artefact: &Artefact, digest: &str, dead_man_seconds: u32) -> Vec<Step> {
        vec![
            Step::KeepFormer,
            Step::ScheduleRevert { seconds: dead_man_seconds },
            Step::Apply { text: artefact.text.clone() },
            Step::Verify { digest: digest.to_owned() },
            Step::AwaitConfirmation { seconds: dead_man_seconds },
        ]
    }

    fn undo(&self, _: &Settings) -> Vec<Step> {
        vec![Step::RestoreFormer]
    }

    fn read_back(&self, text: &str) -> Option<Result<Vec<Ruleset>, ReadError>> {
        Some(nft_text(text))
    }
}
