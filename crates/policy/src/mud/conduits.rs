//! From a maker's statements to conduits of a zone.

use std::collections::{BTreeMap, BTreeSet};

use medward_query::folded;

use super::{Mud, MudNote, Opener, Peer};
use crate::language::{Conduit, Ends, Kind, Members, Place, Policy, StatedBy};
use crate::learn::written;
use crate::space::{Addresses, Services, any_service, network};
use crate::zones::networks;

/// Which zones peers are in, as people of the site say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// The zones of controllers, by class.
    pub controllers: BTreeMap<String, Vec<String>>,
    /// The zones of the device's own controller.
    pub own_controller: Vec<String>,
    /// The zones of devices by the address of their description, and by the host of it.
    pub described: BTreeMap<String, Vec<String>>,
}

impl Mud {
    /// Conduits of the policy's zone `zone` for what the maker says is needed, and what could not be placed.
    pub fn conduits(&self, policy: &Policy, zone: &str, peers: &Peers) -> (Vec<Conduit>, Vec<MudNote>) {
        let mut ways: BTreeMap<(Opener, BTreeSet<String>), Services> = BTreeMap::new();
        let mut notes = Vec::new();
        for usage in &self.usages {
            let zones = self.zones(policy, zone, &usage.peer, peers);
            if zones.is_empty() {
                let text = format!("no zone is known for {}: say which it is", usage.peer);
                notes.push(MudNote { path: usage.path.clone(), text });
                continue;
            }
            let sum = ways.entry((usage.opener, zones)).or_default();
            *sum = sum.union(&usage.services);
        }
        let conduits = ways.into_iter().map(|((opener, zones), services)| {
            let device = Ends::Zones(vec![zone.to_owned()]);
            let peer =
                if zones.contains("any") { Ends::Any } else { Ends::Zones(zones.into_iter().collect()) };
            let (from, to) = if opener == Opener::Device { (device, peer) } else { (peer, device) };
            Conduit {
                from,
                to,
                services: if services == any_service() { Vec::new() } else { written(&services) },
                rate: None,
                window: None,
                expires: None,
                reason: Some(format!("its maker says that it needs this: {}", self.url)),
                owner: None,
                stated_by: StatedBy::Mud,
                place: Place::default(),
            }
        });
        (conduits.collect(), notes)
    }

    fn zones(&self, policy: &Policy, zone: &str, peer: &Peer, peers: &Peers) -> BTreeSet<String> {
        let named = |wanted: &dyn Fn(&crate::language::Zone) -> bool| -> BTreeSet<String> {
            policy.zones.iter().filter(|zone| wanted(zone)).map(|zone| zone.name.clone()).collect()
        };
        let given = |zones: Option<&Vec<String>>| zones.into_iter().flatten().cloned().collect();
        match peer {
            Peer::Any => BTreeSet::from(["any".to_owned()]),
            // Names are resolved where rules are, if at all: what is certain is that the host is outside.
            Peer::Domain(name) => match peers.described.get(name) {
                Some(zones) => zones.iter().cloned().collect(),
                None => named(&|zone| zone.members == Members::External),
            },
            Peer::Networks(all) => {
                let wanted = all
                    .iter()
                    .fold(Addresses::empty(), |sum, (ip, prefix)| sum.union(&network(*ip, *prefix)));
                named(&|zone| networks(zone).meets(&wanted))
            }
            Peer::LocalNetworks => named(&|zone| {
                zone.members != Members::External
                    && !matches!(
                        zone.kind,
                        Some(Kind::Guest | Kind::Byod | Kind::Quarantine | Kind::External)
                    )
            }),
            Peer::SameManufacturer => {
                let mut all = match &self.manufacturer {
                    Some(name) => named(&|zone| selects(&zone.members, name)),
                    None => BTreeSet::new(),
                };
                all.insert(zone.to_owned());
                all.extend(given(peers.described.get(&self.authority)) as BTreeSet<String>);
                all
            }
            Peer::Manufacturer(name) | Peer::Model(name) => given(peers.described.get(name)),
            Peer::Controller(class) => given(peers.controllers.get(class)),
            Peer::MyController => peers.own_controller.iter().cloned().collect(),
        }
    }
}

/// Whether a zone's selector asks for that maker.
fn selects(members: &Members, maker: &str) -> bool {
    match members {
        Members::Where { text, .. } => folded(text).contains(&format!("vendor = \"{}\"", folded(maker))),
        _ => false,
    }
}
