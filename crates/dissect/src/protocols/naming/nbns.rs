//! NetBIOS name service: Windows and Samba hosts registering, asking for and listing their names.
//!
//! Standards: RFC 1001, 14; RFC 1002, 4.2 (packets on UDP 137), 4.2.18 (node status response).
//!
//! Shape: a DNS header with its own flags, names of 32 letters from A to P, record types NB (32) and NBSTAT (33).
//!
//! What it tells: of a host that registers, refreshes or answers for its own address its name, its workgroup or domain
//! and what it serves (the sixteenth byte of the name); the node status response lists all of that with the adapter's
//! hardware address. A registration by broadcast, and a node status with a maker's address, link address and MAC.
//!
//! Limits: answers of a WINS server are about other hosts and count less; names that hold a blank or tilde of special
//! services are not taken for host names.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Attribute, Field, LinkKind, Mac, Outcome, Subject, Verb};

use super::dns_message::{Entry, Message, Record, Section, kind};
use super::netbios::NetbiosName;
use super::said::Said;
use super::value::is_internal;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session};

static NAME: Field = Field::states(
    "name",
    Attribute::Hostname,
    92,
    "unique name with suffix 00 or 20 that a host registers, refreshes or lists for itself (RFC 1002, 4.2.2 to 4.2.18)",
);
static RESOLVED: Field = Field::states(
    "resolved-name",
    Attribute::Hostname,
    80,
    "unique name in a positive answer for another host's address (RFC 1002, 4.2.13)",
);
static WORKGROUP: Field =
    Field::fact("workgroup", "group name with suffix 00: workgroup or domain (RFC 1001, 5.2)");
static ROLE: Field = Field::fact(
    "role",
    "what the suffix of a name of its own stands for (file server, domain controller, …)",
);
static UNIT_ID: Field =
    Field::fact("unit-id", "UNIT_ID of the node status response (RFC 1002, 4.2.18): hardware address");

pub(super) static NBNS: Dissector = Dissector {
    name: "nbns",
    title: "NetBIOS name service",
    label: "NetBIOS names",
    group: Group::Naming,
    specification: &["RFC 1001", "RFC 1002 section 4.2"],
    ports: &[137],
    carrier: Carrier::Datagram { probe, session: || Box::new(Nbns::default()) },
    fields: &[&NAME, &RESOLVED, &WORKGROUP, &ROLE, &UNIT_ID],
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    let Some(message) = Message::read(head.any()) else { return Probe::NoMatch };
    let [questions, answers, _, additionals] = message.counts;
    let shaped = questions <= 1 && answers <= 4 && additionals <= 2 && questions + answers > 0;
    let name = message.entries().next().and_then(|entry| match entry {
        Entry::Question(q) if matches!(q.kind, kind::NB | kind::NBSTAT) => netbios(&q.name),
        Entry::Record(r) if matches!(r.kind, kind::NB | kind::NBSTAT | 10) => netbios(&r.name),
        _ => None,
    });
    Probe::when(shaped && name.is_some() && message.is_whole())
}

fn netbios(name: &super::dns_message::Name) -> Option<NetbiosName> {
    NetbiosName::decode(name.labels().next()?)
}

#[derive(Default)]
struct Nbns {
    said: Said,
}

impl Session for Nbns {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(message) = Message::read(bytes) else { return done };
        let mut entries = message.entries();
        let mut asked = None;
        let mut records = Vec::new();
        for entry in entries.by_ref().take(8) {
            match entry {
                Entry::Question(question) => {
                    asked = netbios(&question.name).map(|name| (name, question.kind))
                }
                Entry::Record(record) => records.extend(netbios(&record.name).map(|name| (name, record))),
            }
        }
        if entries.broken() {
            cx.weird("nbns_malformed");
        }
        if message.is_response() {
            self.response(&message, &records, cx);
        } else if let Some((name, kind)) = asked {
            self.request(&message, &name, kind, &records, cx);
        }
        done
    }
}

/// NAME_FLAGS and address of an NB record (RFC 1002, 4.2.1.3): pairs of six bytes.
fn entries_of(record: &Record<'_>) -> impl Iterator<Item = (bool, Ipv4Addr)> {
    record
        .data
        .as_chunks::<6>()
        .0
        .iter()
        .take(16)
        .map(|&[flags, _, a, b, c, d]| (flags & 0x80 != 0, Ipv4Addr::new(a, b, c, d)))
}

impl Nbns {
    fn request(
        &mut self,
        message: &Message<'_>,
        name: &NetbiosName,
        kind: u16,
        records: &[(NetbiosName, Record<'_>)],
        cx: &mut Context<'_>,
    ) {
        // RFC 1002, 4.2.1.1; 15 is the multi-homed registration of Windows.
        let (verb, operation) = match message.opcode() {
            0 if kind == kind::NBSTAT => (Verb::Query, "node status"),
            0 => (Verb::Lookup, "query"),
            5 => (Verb::Announce, "registration"),
            6 => (Verb::Announce, "release"),
            7 => (Verb::Announce, "wait for acknowledgement"),
            8 | 9 => (Verb::Announce, "refresh"),
            15 => (Verb::Announce, "multi-homed registration"),
            _ => {
                cx.weird("nbns_unknown_opcode");
                return;
            }
        };
        // Requests are sent three times (RFC 1002, 6.1.1.3).
        if self.said.first(&(message.id, operation, name.shown())) {
            cx.activity(verb, operation, &name.shown());
        }
        if matches!(message.opcode(), 5 | 8 | 9 | 15) {
            for (owner, record) in records.iter().filter(|(_, r)| r.section == Section::Additional) {
                for (group, address) in entries_of(record) {
                    self.owned(owner, group, address, message.is_broadcast(), cx);
                }
            }
        }
    }

    /// A name that the sender claims for an address of its own.
    fn owned(
        &mut self,
        name: &NetbiosName,
        group: bool,
        address: Ipv4Addr,
        broadcast: bool,
        cx: &mut Context<'_>,
    ) {
        let peer = cx.flow().peer(cx.side()).host;
        let own = peer.ip == IpAddr::V4(address);
        let subject = if own { cx.sender() } else { Subject::Ip(address.into()) };
        if !own && !is_internal(address.into()) {
            return;
        }
        self.name(&subject, name, group, cx);
        if own && broadcast && self.said.first(&(peer.mac, address)) {
            cx.link(peer.mac, IpAddr::V4(address), LinkKind::Neighbour);
        }
    }

    fn name(&mut self, subject: &Subject, name: &NetbiosName, group: bool, cx: &mut Context<'_>) {
        if group && matches!(name.suffix, 0x00 | 0x1c | 0x1e) && !name.name.starts_with('\u{1}') {
            self.said.tell(cx, subject, &WORKGROUP, &name.name);
        } else if !group && let Some(machine) = name.machine() {
            self.said.tell(cx, subject, &NAME, &machine);
        }
        if let Some(purpose) = name.purpose(group) {
            self.said.tell(cx, subject, &ROLE, purpose);
        }
    }

    fn response(
        &mut self,
        message: &Message<'_>,
        records: &[(NetbiosName, Record<'_>)],
        cx: &mut Context<'_>,
    ) {
        let sender = cx.flow().peer(cx.side()).host.ip;
        let outcome = if message.rcode() == 0 { Outcome::Success } else { Outcome::Failure };
        for (name, record) in records.iter().filter(|(_, r)| r.section == Section::Answer) {
            if record.kind == kind::NBSTAT {
                self.node_status(record, cx);
                continue;
            }
            let mut answer = String::new();
            for (group, address) in entries_of(record) {
                if answer.is_empty() {
                    answer = address.to_string();
                }
                if message.rcode() != 0 || message.opcode() != 0 {
                    continue;
                }
                if IpAddr::V4(address) == sender {
                    let subject = cx.sender();
                    self.name(&subject, name, group, cx);
                } else if !group
                    && is_internal(address.into())
                    && let Some(machine) = name.machine()
                {
                    self.said.tell(cx, &Subject::Ip(address.into()), &RESOLVED, &machine);
                }
            }
            let operation = match message.opcode() {
                0 => "response",
                5 | 15 => "registration response",
                6 => "release response",
                7 => "wait for acknowledgement",
                _ => "refresh response",
            };
            if self.said.first(&(message.id, operation, name.shown(), &answer)) {
                cx.activity(Verb::Announce, operation, &name.shown())
                    .outcome(outcome)
                    .detail("answer", &answer);
            }
        }
    }

    /// NUM_NAMES, then 18 bytes a name, then the statistics that start with UNIT_ID.
    fn node_status(&mut self, record: &Record<'_>, cx: &mut Context<'_>) {
        let Some((count, rest)) = record.data.split_first() else { return };
        let Some((names, statistics)) = rest.split_at_checked(18 * usize::from(*count)) else {
            cx.weird("nbns_malformed");
            return;
        };
        let sender = cx.sender();
        for entry in names.as_chunks::<18>().0 {
            let Some((bytes, flags)) = entry.split_first_chunk::<16>() else { continue };
            let group = flags.first().is_some_and(|f| f & 0x80 != 0);
            self.name(&sender, &NetbiosName::read(bytes), group, cx);
        }
        cx.activity(Verb::Announce, "node status response", "")
            .outcome(Outcome::Success)
            .detail("names", &count.to_string());
        let Some(mac) = Mac::read(statistics).filter(|mac| mac.is_station()) else { return };
        self.said.tell(cx, &sender, &UNIT_ID, &mac.to_string());
        let ip = cx.flow().peer(cx.side()).host.ip;
        if !mac.is_local() && self.said.first(&(mac, ip)) {
            cx.link(mac, ip, LinkKind::Neighbour);
        }
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::super::dns_message::build::{header, question, record};
    use super::super::netbios::encode;
    use super::NBNS;
    use crate::{Side, exercise};

    fn registration(name: &str, suffix: u8, flags: u8, address: [u8; 4]) -> Vec<u8> {
        let name = encode(name, suffix);
        let data = [&[flags, 0][..], &address].concat();
        [header(9, 0x2910, [1, 0, 0, 1]), question(&name, 32, 1), record(&name, 32, 1, &data)].concat()
    }

    #[test]
    fn a_registration_names_its_sender() {
        let said = exercise(
            &NBNS,
            Transport::Udp,
            &[
                (Side::Originator, &registration("NURSE-PC", 0x20, 0, [10, 0, 0, 1])),
                (Side::Originator, &registration("NURSE-PC", 0x20, 0, [10, 0, 0, 1])),
                (Side::Originator, &registration("WARD", 0x00, 0x80, [10, 0, 0, 1])),
            ],
        );
        assert_eq!(said.values("name"), ["NURSE-PC"]);
        assert_eq!(said.values("workgroup"), ["WARD"]);
        assert_eq!(said.values("role"), ["file server"]);
        assert_eq!(said.links.len(), 1);
        assert_eq!(said.activity.len(), 2);
    }

    #[test]
    fn a_node_status_lists_names_and_adapter() {
        let mut data = vec![2];
        data.extend_from_slice(b"NURSE-PC       \x00\x04\x00");
        data.extend_from_slice(b"WARD           \x00\x84\x00");
        data.extend_from_slice(&[0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc]);
        data.extend_from_slice(&[0; 40]);
        let star = encode("*", 0).replace("CA", "AA");
        let response = [header(1, 0x8400, [0, 1, 0, 0]), record(&star, 33, 1, &data)].concat();
        let said = exercise(&NBNS, Transport::Udp, &[(Side::Responder, &response)]);
        assert_eq!(said.values("name"), ["NURSE-PC"]);
        assert_eq!(said.values("workgroup"), ["WARD"]);
        assert_eq!(said.values("unit-id"), ["00:1b:21:aa:bb:cc"]);
        assert_eq!(said.links.len(), 1);
    }
}
