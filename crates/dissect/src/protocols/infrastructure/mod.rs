//! The dissectors of this folder, one file each. `octets` reads bytes for them.

mod arp;
mod cdp;
mod eapol;
mod igmp;
mod lldp;
mod mndp;
mod ndp;
mod ntp;
pub(super) mod octets;
mod radius;
mod snmp;
mod syslog;
pub(super) mod tftp;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &arp::ARP,
    &cdp::CDP,
    &eapol::EAPOL,
    &igmp::IGMP,
    &lldp::LLDP,
    &mndp::MNDP,
    &ndp::NDP,
    &ntp::NTP,
    &radius::RADIUS,
    &snmp::SNMP,
    &syslog::SYSLOG,
    &tftp::TFTP,
];

/// Gives one frame to a dissector and gathers what it said.
#[cfg(test)]
fn play_frame(
    dissector: &'static Dissector,
    source: medward_model::Mac,
    kind: crate::LinkKindOf<'_>,
    payload: &[u8],
) -> crate::Exercise {
    use medward_model::{HostKey, Mac, Timestamp, Transport};

    use crate::{Carrier, Context, Event, Exercise, FlowInfo, LinkFrame, LinkKindOf, Outbox, Peer, Side};

    let none = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    let (from, to, transport) = match kind {
        LinkKindOf::Ip { source, destination, .. } => (source, destination, Transport::Ip),
        _ => (none, none, Transport::Link),
    };
    let frame = LinkFrame { source, destination: Mac::BROADCAST, kind, payload };
    let peer = |ip, mac| Peer { host: HostKey { ip, mac, vlan: 0 }, port: 0 };
    let flow = FlowInfo { originator: peer(from, source), responder: peer(to, Mac::BROADCAST), transport };
    let mut outbox = Outbox::default();
    let mut said = Exercise::default();
    let Carrier::Frame { matches, dissect } = &dissector.carrier else {
        panic!("{} does not read frames", dissector.name)
    };
    if !matches(&frame) {
        said.unmatched = true;
        return said;
    }
    let now = Timestamp::from_parts(0, 0);
    dissect(&frame, &mut Context::new(now, 1, &flow, Side::Originator, dissector, &mut outbox));
    for event in outbox.events {
        match event {
            Event::Evidence(evidence) => said.evidence.push(evidence),
            Event::Activity(activity) => said.activity.push(activity),
            Event::Link(link) => said.links.push(link),
            Event::Asked(_) => {}
        }
    }
    said.weirds = outbox.weirds;
    said
}
