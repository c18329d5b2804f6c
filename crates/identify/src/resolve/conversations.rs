//! From aggregated flows to services and conversations.

use std::collections::BTreeMap;

use medward_model::{Conversation, HostKey, Mac, ShortId, Transport};

use super::build::{Answers, Material};
use super::nodes::Locator;
use crate::ledger::{FlowKey, FlowSum, Kind, Memory, Served};

/// Gives nodes what they answer on and what they ask for elsewhere.
pub(crate) fn services(memory: &Memory, locator: &Locator<'_>, material: &mut Material<'_>) {
    let presences = &memory.presences;
    let served = presences.served();
    let spoken = |(host, (transport, port, protocol), _): &(&HostKey, &Kind, &Served)| {
        (*protocol != "unknown").then_some((**host, *transport, *port))
    };
    let spoken: Vec<_> = served.iter().filter_map(spoken).collect();
    for (host, (transport, port, protocol), seen) in served {
        // Flows that ended before they said anything are of the service that stands there.
        if *protocol == "unknown" && spoken.binary_search(&(*host, *transport, *port)).is_ok() {
            continue;
        }
        let node = locator.host(host, seen.span.first).and_then(|node| material.nodes.find(&node));
        let Some(number) = node else { continue };
        let span = seen.span;
        let answers = Answers { transport: *transport, port: *port, protocol, span, packet: seen.packet };
        material.of(number).serve(answers);
    }
    for (host, (transport, port, protocol), asked) in presences.asked() {
        let find = |host: &HostKey, material: &Material<'_>| {
            locator.host(host, asked.first).and_then(|node| material.nodes.find(&node))
        };
        let Some(number) = find(host, material) else { continue };
        let real = asked.heard || asked.to.as_deref().is_some_and(|to| find(to, material).is_some());
        if !real {
            continue;
        }
        material.of(number).asks.push((*protocol, *port, *transport, asked.packet));
    }
}

/// The nodes at both ends of each flow; `None` where one of them is no device.
pub(crate) fn ends(
    flows: &[(FlowKey, FlowSum)],
    locator: &Locator<'_>,
    material: &Material<'_>,
) -> Vec<Option<(usize, usize)>> {
    flows
        .iter()
        .map(|(key, sum)| {
            let stations = key.responder.mac.is_station() && key.originator.mac != Mac::ZERO;
            if key.transport == Transport::Link && !stations {
                return None;
            }
            let from = material.nodes.find(&locator.host(&key.originator, sum.first)?)?;
            let to = material.nodes.find(&locator.host(&key.responder, sum.first)?)?;
            Some((from, to))
        })
        .collect()
}

/// Conversations between devices, sorted, and how many aggregated flows had no device at one end.
pub(crate) fn collect(
    flows: &[(FlowKey, FlowSum)],
    ends: &[Option<(usize, usize)>],
    ids: &[Option<ShortId>],
) -> (Vec<Conversation>, u64) {
    let id = |number: usize| ids.get(number).copied().flatten();
    let mut sums: BTreeMap<(ShortId, ShortId, Transport, u16, &str), Conversation> = BTreeMap::new();
    let mut without = 0_u64;
    for ((key, sum), ends) in flows.iter().zip(ends) {
        let found = ends.and_then(|(from, to)| Some((id(from)?, id(to)?)));
        let Some((originator, responder)) = found else {
            if key.transport != Transport::Link {
                without = without.saturating_add(1);
            }
            continue;
        };
        let port = if key.transport == Transport::Link { 0 } else { key.port };
        let protocol = key.protocol.unwrap_or("unknown");
        let packets = sum.packets[0].saturating_add(sum.packets[1]);
        let bytes = sum.bytes[0].saturating_add(sum.bytes[1]);
        let conversation =
            sums.entry((originator, responder, key.transport, port, protocol)).or_insert_with(|| {
                Conversation {
                    originator: originator.id(),
                    responder: responder.id(),
                    transport: key.transport,
                    port,
                    protocol: protocol.to_owned(),
                    flows: 0,
                    packets: 0,
                    bytes: 0,
                    first_seen: sum.first,
                    last_seen: sum.last,
                }
            });
        conversation.flows = conversation.flows.saturating_add(sum.flows);
        conversation.packets = conversation.packets.saturating_add(packets);
        conversation.bytes = conversation.bytes.saturating_add(bytes);
        conversation.first_seen = conversation.first_seen.min(sum.first);
        conversation.last_seen = conversation.last_seen.max(sum.last);
    }
    (sums.into_values().collect(), without)
}
