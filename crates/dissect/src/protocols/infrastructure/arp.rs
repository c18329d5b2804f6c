//! Address Resolution Protocol: who claims which IPv4 address, and who asks for whom.
//!
//! Follows RFC 826 (packet format) and RFC 5227 (probes: sender address 0.0.0.0; announcements: sender and target
//! address equal). A packet is hardware type, protocol type, address lengths, operation, and the four addresses
//! sender hardware, sender protocol, target hardware, target protocol. Only Ethernet (type 1, or 6 for IEEE 802) with
//! IPv4 is read.
//!
//! Says: the link between the sender's MAC and IPv4 address, for requests and replies alike, since the sender states
//! both of itself. No link is made from a probe, or when the sender hardware address is not the one that sent the
//! frame (a relay, proxy or forgery, counted as `arp_sender_differs`). The target of a packet is hearsay and is not
//! linked. Each request is an activity, so that sweeps can be found: `Lookup` "who-has" or "probe" of an address,
//! `Announce` "announcement"; replies are not activities.
//!
//! Limits: a router that answers for others with its own MAC (proxy ARP, RFC 1027) cannot be told from an owner by one
//! packet; whoever fuses links must expect one MAC with many addresses. The actor of the activity has no IP address in
//! a link-layer flow; the details `sender` and `mac` name it.

use std::net::IpAddr;

use medward_model::{LinkKind, Verb};

use super::octets::{Octets, is_owned};
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf};

pub(super) static ARP: Dissector = Dissector {
    name: "arp",
    title: "ARP",
    label: "ARP",
    group: Group::Infrastructure,
    specification: &["RFC 826", "RFC 5227"],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[],
    basis: Basis::RealPeers,
};

const ETHERTYPE: u16 = 0x0806;
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

fn matches(frame: &LinkFrame<'_>) -> bool {
    frame.kind == LinkKindOf::EtherType(ETHERTYPE)
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    if read(frame, cx).is_none() {
        cx.weird("arp_truncated");
    }
}

fn read(frame: &LinkFrame<'_>, cx: &mut Context<'_>) -> Option<()> {
    let mut octets = Octets::new(frame.payload);
    let hardware = octets.u16()?;
    let protocol = octets.u16()?;
    let lengths = octets.array::<2>()?;
    if !matches!(hardware, 1 | 6) || protocol != 0x0800 || lengths != [6, 4] {
        cx.weird("arp_unknown_form");
        return Some(());
    }
    let operation = octets.u16()?;
    let sender_mac = octets.mac()?;
    let sender = octets.ipv4()?;
    octets.mac()?;
    let target = octets.ipv4()?;
    if !matches!(operation, REQUEST | REPLY) {
        cx.weird("arp_unknown_operation");
        return Some(());
    }
    if frame.source.is_station() && frame.source != sender_mac {
        cx.weird("arp_sender_differs");
    } else if is_owned(IpAddr::V4(sender)) {
        cx.link(sender_mac, IpAddr::V4(sender), LinkKind::Neighbour);
    }
    if operation == REQUEST {
        let (verb, word) = if sender == target {
            (Verb::Announce, "announcement")
        } else if sender.is_unspecified() {
            (Verb::Lookup, "probe")
        } else {
            (Verb::Lookup, "who-has")
        };
        let entry = cx.activity(verb, word, &target.to_string()).detail("mac", &sender_mac.to_string());
        if verb == Verb::Lookup && !sender.is_unspecified() {
            entry.detail("sender", &sender.to_string());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use medward_model::{Mac, Verb};

    use super::{ARP, ETHERTYPE};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    const OWN: Mac = Mac([0, 0x1b, 0x21, 1, 2, 3]);

    fn arp(operation: u8, mac: Mac, sender: [u8; 4], target: [u8; 4]) -> Exercise {
        let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
        packet.extend(mac.0);
        packet.extend(sender);
        packet.extend([0; 6]);
        packet.extend(target);
        play_frame(&ARP, OWN, LinkKindOf::EtherType(ETHERTYPE), &packet)
    }

    #[test]
    fn a_request_links_its_sender_and_looks_up_its_target() {
        let said = arp(1, OWN, [10, 1, 0, 5], [10, 1, 0, 1]);
        assert_eq!(said.links[0].mac, OWN);
        assert_eq!(said.links[0].ip.to_string(), "10.1.0.5");
        assert_eq!((said.activity[0].verb, &*said.activity[0].object), (Verb::Lookup, "10.1.0.1"));
    }

    #[test]
    fn a_probe_claims_nothing_and_an_announcement_does() {
        let probe = arp(1, OWN, [0; 4], [10, 1, 0, 9]);
        assert!(probe.links.is_empty());
        assert_eq!(&*probe.activity[0].operation, "probe");
        let announcement = arp(1, OWN, [10, 1, 0, 9], [10, 1, 0, 9]);
        assert_eq!(announcement.links.len(), 1);
        assert_eq!(announcement.activity[0].verb, Verb::Announce);
    }

    #[test]
    fn a_claim_for_another_mac_is_odd_and_links_nothing() {
        let said = arp(2, Mac([0, 9, 9, 9, 9, 9]), [10, 1, 0, 5], [10, 1, 0, 1]);
        assert!(said.links.is_empty());
        assert_eq!(said.weirds.count("arp_sender_differs"), 1);
    }

    #[test]
    fn every_truncation_is_harmless() {
        let whole =
            [0, 1, 8, 0, 6, 4, 0, 1, 0, 0x1b, 0x21, 1, 2, 3, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
        for end in 0..whole.len() {
            let said = play_frame(&ARP, OWN, LinkKindOf::EtherType(ETHERTYPE), &whole[..end]);
            assert!(said.links.is_empty());
        }
    }
}
