//! From what was talked to the services that a conduit names.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::Transport;

use super::traffic::Talk;
use crate::language::Service;
use crate::meaning::{Purpose, moves, shares_ports};
use crate::ports::Ports;
use crate::space::{ICMP, ICMPV6, SCTP, Services, TCP, UDP, any_service, has_ports, port_range, protocol};

/// The lowest of the ports that systems choose by themselves (Linux takes from 32768 on, RFC 6335 from 49152 on).
const CHOSEN: u16 = 32_768;

/// So many ports of nothing that was recognised are taken for chosen anew each time.
const MANY: usize = 4;

/// Where what was talked stands on the line of services.
pub(crate) fn place_of(transport: Transport, port: u16) -> Services {
    match transport {
        Transport::Link => Services::empty(),
        Transport::Tcp => port_range(TCP, port, port),
        Transport::Udp => port_range(UDP, port, port),
        Transport::Sctp => port_range(SCTP, port, port),
        Transport::Icmp => protocol(ICMP).union(&protocol(ICMPV6)),
        Transport::Ip => u8::try_from(port).map(protocol).unwrap_or_default(),
    }
}

fn place(talk: &Talk) -> Services {
    place_of(talk.transport, talk.port)
}

/// A protocol by its name where that allows little more than was seen.
fn named(talk: &Talk, ports: &dyn Ports) -> Option<Service> {
    if shares_ports(&talk.protocol) {
        return None;
    }
    let usual = ports.services(&talk.protocol)?;
    let own = place(talk);
    (!own.is_empty() && own.is_within(&usual)).then(|| Service::Named(talk.protocol.clone()))
}

/// The services, as few as can be: protocols by name, then ports, neighbours joined.
pub(super) fn of<'t>(talks: impl IntoIterator<Item = &'t Talk>, ports: &dyn Ports) -> Vec<Service> {
    let mut names: BTreeSet<Service> = BTreeSet::new();
    let mut rest = Services::empty();
    let mut chosen: BTreeMap<Transport, BTreeSet<u16>> = BTreeMap::new();
    for talk in talks {
        if let Some(name) = named(talk, ports) {
            names.insert(name);
            continue;
        }
        if talk.port >= CHOSEN && matches!(talk.transport, Transport::Tcp | Transport::Udp) {
            if moves(&talk.protocol) {
                // At its next start it answers elsewhere.
                rest = rest.union(&above(talk.transport));
                continue;
            }
            if Purpose::of(&talk.protocol) == Purpose::Unknown {
                chosen.entry(talk.transport).or_default().insert(talk.port);
            }
        }
        rest = rest.union(&place(talk));
    }
    for (transport, some) in chosen {
        if some.len() >= MANY {
            rest = rest.union(&above(transport));
        }
    }
    let told = names.iter().fold(Services::empty(), |sum, service| sum.union(&service.services(ports)));
    let rest = rest.difference(&told).intersection(&any_service());
    names.into_iter().chain(written(&rest)).collect()
}

fn above(transport: Transport) -> Services {
    port_range(if transport == Transport::Tcp { TCP } else { UDP }, CHOSEN, u16::MAX)
}

/// Places on the line as services that a policy can name: of protocols without ports all, as rules do not tell their kinds.
pub(crate) fn written(services: &Services) -> Vec<Service> {
    let mut all: BTreeSet<(bool, Service)> = BTreeSet::new();
    for (first, last) in services.iter() {
        let mut at = first;
        loop {
            let [_, number, ..] = at.to_be_bytes();
            let end = last.min(u32::from(number) << 16 | 0xffff);
            let low = u16::try_from(at & 0xffff).unwrap_or(0);
            let high = u16::try_from(end & 0xffff).unwrap_or(u16::MAX);
            let service = match (low, high) {
                (0, u16::MAX) => Service::Whole(number),
                (first, last) if has_ports(number) => Service::Ports { protocol: number, first, last },
                _ => Service::Whole(number),
            };
            // The word "icmp" means that of both families.
            let service =
                if service == Service::Whole(ICMP) { Service::Named("icmp".to_owned()) } else { service };
            all.insert((!matches!(service, Service::Named(_)), service));
            match end.checked_add(1) {
                Some(next) if next <= last => at = next,
                _ => break,
            }
        }
    }
    let both = all.iter().any(|(_, service)| matches!(service, Service::Named(_)));
    all.into_iter()
        .map(|(_, service)| service)
        .filter(|service| !(both && *service == Service::Whole(ICMPV6)))
        .collect()
}
