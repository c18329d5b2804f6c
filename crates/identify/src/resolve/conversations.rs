//! From aggregated flows to services and conversations.

use std::collections::BTreeMap;

use medward_model::{Conversation, DeviceId, Mac, Service, Transport};

use super::build::Material;
use super::nodes::{Locator, Node};
use super::presence::Span;
use crate::ledger::{FlowKey, FlowSum};

/// The nodes at both ends of each flow; `None` where one of them is no device.
pub(crate) fn ends(
    flows: &[(FlowKey, FlowSum)],
    locator: &Locator<'_>,
    material: &mut Material,
) -> Vec<Option<(usize, usize)>> {
    flows
        .iter()
        .map(|(key, sum)| {
            let stations = key.responder.mac.is_station() && key.originator.mac != Mac::ZERO;
            if key.transport == Transport::Link && !stations {
                return None;
            }
            let from = locator.host(&key.originator, sum.first)?;
            let from = material.nodes.find(&from)?;
            let to = match locator.host(&key.responder, sum.first)? {
                Node::Group(ip) => {
                    let number = material.nodes.number(Node::Group(ip));
                    material.of(number).ips.insert(ip);
                    number
                }
                node => material.nodes.find(&node)?,
            };
            for number in [from, to] {
                material.of(number).widen(Span { first: sum.first, last: sum.last });
            }
            let protocol = key.protocol.unwrap_or("unknown");
            material.of(from).asks.insert((protocol.to_owned(), key.port, key.transport), sum.packet);
            if sum.serves {
                let service = Service {
                    transport: key.transport,
                    port: key.port,
                    protocol: protocol.to_owned(),
                    first_seen: sum.first,
                    last_seen: sum.last,
                };
                material.of(to).serve(service, sum.packet);
            }
            Some((from, to))
        })
        .collect()
}

/// Conversations between devices, sorted, and how many aggregated flows had no device at one end.
pub(crate) fn collect(
    flows: &[(FlowKey, FlowSum)],
    ends: &[Option<(usize, usize)>],
    ids: &BTreeMap<usize, DeviceId>,
) -> (Vec<Conversation>, u64) {
    let mut sums: BTreeMap<(&DeviceId, &DeviceId, Transport, u16, &str), Conversation> = BTreeMap::new();
    let mut without = 0_u64;
    for ((key, sum), ends) in flows.iter().zip(ends) {
        let found = ends.and_then(|(from, to)| Some((ids.get(&from)?, ids.get(&to)?)));
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
                    originator: originator.clone(),
                    responder: responder.clone(),
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
