//! What a site costs as it grows: `cargo run --release -p medward --example scale -- 100000`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Instant;

use medward_dissect::{Group as Protocols, dissectors};
use medward_identify::{Catalog, Names};
use medward_lab::Group;
use medward_model::{Field, Timestamp};
use medward_monitor::{LiveSite, Lore, Receipt, Report, SensorState};

struct Known(BTreeMap<(&'static str, &'static str), (&'static str, &'static Field)>);

impl Names for Known {
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)> {
        self.0.get(&(source, field)).copied()
    }

    fn protocol(&self, name: &str) -> Option<&'static str> {
        dissectors().map(|d| d.name).chain(["unknown", "other"]).find(|known| *known == name)
    }
}

impl Lore for Known {
    fn is_clinical(&self, protocol: &str) -> bool {
        dissectors().any(|d| d.name == protocol && d.group == Protocols::Clinical)
    }
}

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096 / (1 << 20)
}

fn main() {
    let number = |at: usize, or: u32| std::env::args().nth(at).map_or(or, |n| n.parse().expect("a number"));
    let group = Group { seed: 1, sites: 1, devices: number(1, 10_000), conversations: number(2, 20) };
    let rounds = number(3, 10);
    let fields =
        dissectors().flat_map(|d| d.fields.iter().map(|f| ((d.name, f.name), (d.name, *f)))).collect();
    let names = Known(fields);
    let catalog = Catalog::builtin().unwrap();
    let mut site = LiveSite::new("main", "");
    println!(
        "round  observe ms  encode MB  accept ms  commit ms  devices  conversations  entries  resident MiB"
    );
    for round in 0..rounds + 3 {
        let now = Timestamp::from_parts(1_760_000_000 + i64::from(round), 0);
        let start = Instant::now();
        let ledger = group.observe(&names, 0, round, rounds, now);
        let observed = start.elapsed();
        let state = SensorState { last_packet: now, ..SensorState::default() };
        let report = Report { state, positions: Vec::new(), ledger };
        let bytes = report.encode();
        let encoded = bytes.len();
        drop(report);
        let report = Report::decode(&bytes, &medward_identify::Limits::site(), &names).unwrap();
        let start = Instant::now();
        let receipt = Receipt { sensor: "north".into(), epoch: 1, sequence: u64::from(round) + 1 };
        site.accept(&receipt, report, now);
        let accepted = start.elapsed();
        let start = Instant::now();
        let commit = site.commit(&catalog, &names, now, round < rounds);
        let took = start.elapsed();
        let told = (commit.devices.len(), commit.conversations.len(), commit.entries.len());
        drop((commit, bytes));
        println!(
            "{round:5} {:11} {:10.1} {:10} {:10} {:8} {:14} {:8} {:13}",
            observed.as_millis(),
            encoded as f64 / 1e6,
            accepted.as_millis(),
            took.as_millis(),
            told.0,
            told.1,
            told.2,
            resident(),
        );
    }
}
