//! A site that takes in slices comes to what a resolution of all at once comes to.

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Field};
use proptest::prelude::*;

use super::tests::{HOSTNAME, MODEL, SERIAL, Seen, UNIQUE, VENDOR, catalog, note, seen};
use super::{Decisions, Site, resolve};
use crate::codec::{Names, decode_ledger, encode_ledger};
use crate::{Ledger, Limits};

/// The names that these tests use.
struct Known;

impl Names for Known {
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)> {
        let all: [&'static Field; 5] = [&HOSTNAME, &MODEL, &VENDOR, &SERIAL, &UNIQUE];
        (source == "lldp").then_some(())?;
        all.into_iter().find(|known| known.name == field).map(|field| ("lldp", field))
    }

    fn protocol(&self, name: &str) -> Option<&'static str> {
        ["http", "other", "unknown"].into_iter().find(|known| *known == name)
    }
}

fn ledger_of<'a>(all: impl IntoIterator<Item = &'a Seen>) -> Ledger {
    let mut ledger = Ledger::new(&Limits::default());
    for what in all {
        note(&mut ledger, what);
    }
    ledger
}

/// What a device is, without times and packets.
fn gist(device: &Device) -> String {
    let attributes: Vec<_> = device.attributes.iter().map(|(name, fused)| (name, &fused.value)).collect();
    let services: Vec<_> = device.services.iter().map(|s| (s.port, &s.protocol)).collect();
    format!("{:?} {:?} {:?} {attributes:?} {services:?}", device.macs, device.ips, device.hostnames)
}

#[derive(Default)]
struct Kept {
    devices: BTreeMap<DeviceId, String>,
    flows: u64,
    bytes: u64,
}

impl Kept {
    fn take(&mut self, site: &mut Site) {
        let round = site.refresh(catalog());
        for (gone, _) in &round.gone {
            self.devices.remove(gone);
        }
        for device in &round.devices {
            self.devices.insert(device.id.clone(), gist(device));
        }
        self.flows += round.exchanges.iter().map(|e| e.flows).sum::<u64>();
        self.bytes += round.exchanges.iter().map(|e| e.bytes[0] + e.bytes[1]).sum::<u64>();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn slices_come_to_what_all_at_once_comes_to(
        mut all in prop::collection::vec(seen(), 1..40),
        cuts in prop::collection::vec(0..40_usize, 0..4),
        restart in any::<bool>(),
    ) {
        all.sort_by_key(Seen::time);
        let whole = resolve(ledger_of(&all), catalog());
        let mut site = Site::new("", &Limits::default());
        let mut kept = Kept::default();
        let mut written = BTreeMap::new();
        let mut from = 0;
        let mut ends: Vec<usize> = cuts.into_iter().filter(|cut| *cut < all.len()).collect();
        ends.sort_unstable();
        ends.push(all.len());
        for end in ends {
            // As it travels from a sensor.
            let bytes = encode_ledger(&ledger_of(&all[from..end]));
            let (ledger, unknown) = decode_ledger(&bytes, &Limits::default(), &Known).unwrap();
            prop_assert_eq!(unknown, 0);
            prop_assert_eq!(encode_ledger(&ledger), bytes);
            site.absorb(ledger);
            kept.take(&mut site);
            for (table, key, body) in site.unwritten(true) {
                match body {
                    Some(body) => written.insert((table, key), body),
                    None => written.remove(&(table, key)),
                };
            }
            if restart {
                site = Site::new("", &Limits::default());
                let entries = written.iter().map(|((table, key), body)| (*table, key.clone(), body.clone()));
                prop_assert_eq!(site.restore(entries, &Known).unwrap(), 0);
                kept.take(&mut site);
                kept.devices = kept.devices.into_iter().collect();
            }
            from = end;
        }
        let wanted: BTreeMap<DeviceId, String> =
            whole.devices.iter().map(|device| (device.id.clone(), gist(device))).collect();
        if restart {
            // A fresh start does not know what was gone before: what it builds anew counts.
            kept.devices.retain(|id, _| wanted.contains_key(id));
        }
        prop_assert_eq!(&kept.devices, &wanted);
        {
            let flows: u64 = whole.conversations.iter().map(|c| c.flows).sum();
            prop_assert_eq!(kept.flows, flows);
        }
    }

    #[test]
    fn no_bytes_make_a_ledger_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_ledger(&bytes, &Limits::default(), &Known);
        let mut versioned = vec![1];
        versioned.extend(bytes);
        let _ = decode_ledger(&versioned, &Limits::default(), &Known);
    }
}

#[test]
fn a_round_without_news_builds_nothing() {
    let all = [Seen::Link(0, 1, 10), Seen::Says(0, 1, 1, 0, 20), Seen::Flow(0, 1, 1, 2, 80, 30)];
    let mut site = Site::new("", &Limits::default());
    site.absorb(ledger_of(&all));
    assert!(!site.refresh(catalog()).devices.is_empty());
    site.absorb(ledger_of(&[Seen::Link(0, 1, 50)]));
    let round = site.refresh(catalog());
    assert!(round.devices.is_empty(), "{:?}", round.devices);
    assert!(!round.unchanged.is_empty());
}

#[test]
fn frames_between_stations_that_a_glance_does_not_know_wait_for_the_next_thorough_look() {
    let arp = |minute: i64| {
        let mut ledger = ledger_of(&[Seen::Link(2, 3, minute)]);
        let mut flow = super::tests::flow(
            super::tests::host("0.0.0.0", super::tests::A),
            super::tests::host("0.0.0.0", super::tests::B),
            0x0806,
            minute,
        );
        flow.transport = medward_model::Transport::Link;
        ledger.flow(flow);
        ledger
    };
    let mut site = Site::new("", &Limits::default());
    site.absorb(ledger_of(&[Seen::Link(2, 3, 1)]));
    site.refresh(catalog());
    site.absorb(arp(2));
    assert!(site.glance().exchanges.is_empty());
    assert_eq!(site.refresh(catalog()).exchanges.len(), 1);
}

#[test]
fn what_people_join_stays_one_and_what_they_part_stays_two() {
    let all = [Seen::Link(0, 1, 10), Seen::Link(1, 2, 10), Seen::Says(0, 1, 1, 0, 20)];
    let mut site = Site::new("", &Limits::default());
    site.absorb(ledger_of(&all));
    let apart = site.refresh(catalog());
    assert_eq!(apart.devices.len(), 2);
    let nodes: Vec<String> =
        apart.devices.iter().flat_map(|d| &d.macs).map(|mac| format!("mac {mac}")).collect();
    site.decide(Decisions { joined: vec![nodes.clone()], ..Decisions::default() });
    let one = site.refresh(catalog());
    assert_eq!(one.devices.len(), 1);
    assert_eq!(one.devices[0].macs.len(), 2);
    assert_eq!(one.gone.len(), 1);
    assert_eq!(one.gone[0].1.as_ref(), Some(&one.devices[0].id));
    site.decide(Decisions::default());
    assert_eq!(site.refresh(catalog()).devices.len(), 2);
}

#[test]
fn a_parting_outweighs_a_shared_identifier() {
    let all =
        [Seen::Link(0, 1, 1), Seen::Link(1, 2, 1), Seen::Says(0, 1, 4, 0, 2), Seen::Says(1, 2, 4, 0, 2)];
    let mut site = Site::new("", &Limits::default());
    site.absorb(ledger_of(&all));
    let one = site.refresh(catalog());
    assert_eq!(one.devices.len(), 1);
    let [a, b] = one.devices[0].macs.as_slice() else { panic!("two addresses") };
    let parted = [(format!("mac {a}"), format!("mac {b}"))].into();
    site.decide(Decisions { parted, ..Decisions::default() });
    assert_eq!(site.refresh(catalog()).devices.len(), 2);
}

#[test]
fn sites_do_not_share_ids_of_local_addresses() {
    let all = [Seen::Flow(3, 1, 3, 2, 80, 30)];
    let ids = |realm: &str| {
        let mut site = Site::new(realm, &Limits::default());
        site.absorb(ledger_of(&all));
        site.refresh(catalog()).devices.into_iter().map(|d| d.id).collect::<Vec<_>>()
    };
    let (north, south) = (ids("north"), ids("south"));
    assert!(!north.is_empty() && north.iter().all(|id| !south.contains(id)));
}
