//! DNS over UDP and TCP: who asks for which name, and what internal names mean.
//!
//! Standards: RFC 1034, RFC 1035 (4.1 messages, 4.2.2 the length in front on TCP), RFC 2136 (dynamic update), RFC 3596
//! (AAAA), RFC 4892 (version.bind), RFC 5936 (zone transfer), RFC 6891 (EDNS).
//!
//! What it tells: every question as an activity with its answer's code and size, or without an outcome where no answer
//! came; of the client the domains that it asks for (at most the last three or four labels, so that names made per
//! device do not count), which vendors' clouds betray; of hosts inside their names: from A and AAAA answers with
//! internal addresses, from PTR answers for them, and from a client's own dynamic update.
//!
//! Limits: what a forwarding resolver asks for counts as its own; DNS over TLS, HTTPS or QUIC is not seen. Multicast
//! DNS, LLMNR and the NetBIOS name service have their own dissectors.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use medward_model::{Attribute, Field, Outcome, Timestamp, Verb};

use super::dns_message::{Entry, Message, Name, Question, Record, Section, kind, kind_name, rcode_name};
use super::said::Said;
use super::value::{host_name, is_internal};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

static DNS_A: Field = Field::states(
    "dns-a",
    Attribute::Hostname,
    70,
    "owner name of an A or AAAA answer with an internal address (RFC 1035, 3.4.1; RFC 3596, 2.2)",
);
static DNS_PTR: Field =
    Field::states("dns-ptr", Attribute::Hostname, 80, "PTR answer for an internal address (RFC 1035, 3.5)");
static UPDATE: Field = Field::states(
    "dns-update",
    Attribute::Hostname,
    90,
    "name that a client registers for its own address by dynamic update (RFC 2136, 2.5.1)",
);
static ASKED: Field =
    Field::fact("asked", "last three or four labels of names that the client asks for (RFC 1035, 4.1.2)");
static VERSION: Field = Field::fact("version-bind", "answer to version.bind or version.server (RFC 4892, 3)");

pub(super) static DNS: Dissector = Dissector {
    name: "dns",
    title: "DNS",
    label: "DNS",
    group: Group::Naming,
    specification: &["RFC 1035", "RFC 2136", "RFC 3596", "RFC 4892", "RFC 6891"],
    ports: &[53],
    carrier: Carrier::Both { probe, session: || Box::new(Dns::default()) },
    fields: &[&DNS_A, &DNS_PTR, &UPDATE, &ASKED, &VERSION],
    basis: Basis::RealPeers,
};

/// Questions that wait for their answer, per flow.
const MOST_OPEN: usize = 64;
/// Domains told per flow.
const MOST_ASKED: usize = 64;

fn probe(head: &Head<'_>) -> Probe {
    // Siblings with the same layout and their own dissectors.
    if head.on_port(5353) || head.on_port(5355) || head.on_port(137) {
        return Probe::NoMatch;
    }
    let bytes = head.any();
    if let Some(message) = Message::read(bytes)
        && plausible(&message)
        && message.is_whole()
    {
        return Probe::Match;
    }
    let Some((length, message)) = bytes.split_first_chunk::<2>() else {
        return Probe::NeedMore;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    match Message::read(message) {
        None if length >= 17 => Probe::NeedMore,
        Some(front) if length >= 17 && plausible(&front) => match message.get(..length) {
            Some(message) => Probe::when(Message::read(message).is_some_and(|m| m.is_whole())),
            None if head.on_port(53) && front.question().is_some() => Probe::Match,
            None => Probe::NeedMore,
        },
        _ => Probe::NoMatch,
    }
}

/// A header that standard DNS would send (RFC 1035, 4.1.1): known opcode and class, zero where zero must be.
fn plausible(message: &Message<'_>) -> bool {
    let [questions, answers, authorities, additionals] = message.counts;
    let header = !message.reserved_bit()
        && matches!(message.opcode(), 0 | 2 | 4 | 5)
        && questions <= 1
        && (message.is_response() || message.rcode() == 0);
    let counts = if message.is_response() {
        questions == 1 || answers > 0
    } else if message.opcode() == 5 {
        questions == 1
    } else {
        questions == 1 && answers <= 1 && authorities <= 1 && additionals <= 3
    };
    let class = match message.question() {
        Some(question) => matches!(question.class, 1 | 3 | 4 | 254 | 255) && question.kind != 0,
        None => questions == 0,
    };
    header && counts && class
}

/// A question without its answer yet.
struct Open {
    side: Side,
    id: u16,
    kind: u16,
    name: String,
    opcode: u16,
    time: Timestamp,
    packet: u64,
}

#[derive(Default)]
struct Dns {
    open: VecDeque<Open>,
    said: Said,
    asked: usize,
    /// The answer told last: a zone transfer has many messages of one id.
    answered: Option<u16>,
}

impl Session for Dns {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !cx.is_stream() {
            self.message(bytes, cx);
            return Progress::Consumed(bytes.len() as u64);
        }
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
            return Progress::Need(2);
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 12 {
            return Progress::GiveUp("dns_bad_length");
        }
        let Some(message) = rest.get(..length) else {
            return Progress::Need(2 + length);
        };
        self.message(message, cx);
        Progress::Consumed(2 + length as u64)
    }

    fn gap(&mut self, _length: u64, _cx: &mut Context<'_>) -> Resync {
        Resync::GiveUp
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        while let Some(open) = self.open.pop_front() {
            unanswered(&open, cx);
        }
    }
}

impl Dns {
    fn message(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        let Some(message) = Message::read(bytes) else {
            cx.weird("dns_truncated");
            return;
        };
        if message.is_response() {
            self.response(&message, cx);
        } else {
            self.query(&message, cx);
        }
    }

    fn query(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        let Some(question) = message.question() else {
            cx.weird("dns_no_question");
            return;
        };
        let name = question.name.lower();
        let side = cx.side();
        if message.opcode() == 0
            && self.asked < MOST_ASKED
            && let Some(domain) = asked_domain(&question.name)
            && self.said.first(&domain)
        {
            self.asked += 1;
            cx.evidence(cx.sender(), &ASKED, &domain);
        }
        if message.opcode() == 5 {
            self.update(message, cx);
        }
        let repeated = self
            .open
            .iter()
            .any(|o| o.side == side && o.id == message.id && o.kind == question.kind && o.name == name);
        if repeated {
            return;
        }
        if self.open.len() >= MOST_OPEN
            && let Some(oldest) = self.open.pop_front()
        {
            unanswered(&oldest, cx);
        }
        self.open.push_back(Open {
            side,
            id: message.id,
            kind: question.kind,
            name,
            opcode: message.opcode(),
            time: cx.now,
            packet: cx.packet,
        });
    }

    /// A client registers its own names (RFC 2136); only names for its own address count.
    fn update(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        let own = cx.flow().peer(cx.side()).host.ip;
        let sender = cx.sender();
        for entry in message.entries() {
            if let Entry::Record(record) = entry
                && record.section == Section::Authority
                && record.class == 1
                && record.address() == Some(own)
                && let Some(name) = host_name(&record.name.lower())
            {
                self.said.tell(cx, &sender, &UPDATE, &name);
            }
        }
    }

    fn response(&mut self, message: &Message<'_>, cx: &mut Context<'_>) {
        let client = cx.side().other();
        let question = message.question();
        let asked = question.as_ref().map(|q| (q.kind, q.name.lower()));
        let found = self.open.iter().position(|o| {
            o.side == client
                && o.id == message.id
                && asked.as_ref().is_none_or(|(kind, name)| o.kind == *kind && o.name == *name)
        });
        let open = found.and_then(|at| self.open.remove(at));
        if open.is_none() && self.answered == Some(message.id) {
            // A further message of a zone transfer, or a repeated answer.
            return;
        }
        self.answered = Some(message.id);
        let first = self.answers(message, question.as_ref(), cx);
        let (kind, name) = match (open, asked) {
            (Some(open), _) => (open.kind, open.name),
            (None, Some(asked)) => asked,
            (None, None) => return,
        };
        let outcome = if message.rcode() == 0 { Outcome::Success } else { Outcome::Failure };
        let [_, answers, ..] = message.counts;
        cx.activity_by(client, Verb::Lookup, operation(message.opcode()), &name)
            .outcome(outcome)
            .detail("type", &kind_name(kind))
            .detail("rcode", &rcode_name(message.rcode()))
            .detail("answers", &answers.to_string())
            .detail("answer", &first);
    }

    /// Tells names of internal hosts; gives the first address or name answered.
    fn answers(
        &mut self,
        message: &Message<'_>,
        question: Option<&Question>,
        cx: &mut Context<'_>,
    ) -> String {
        let mut first = String::new();
        let mut entries = message.entries();
        for entry in entries.by_ref().take(64) {
            let Entry::Record(record) = entry else { continue };
            if record.section != Section::Answer {
                continue;
            }
            if let Some(address) = record.address() {
                if first.is_empty() || first.ends_with('.') {
                    first = address.to_string();
                }
                if is_internal(address)
                    && let Some(name) = internal_name(&record.name)
                {
                    self.said.tell(cx, &medward_model::Subject::Ip(address), &DNS_A, &name);
                }
            }
            match record.kind {
                kind::CNAME if first.is_empty() => {
                    // The final dot marks it as a name until an address follows.
                    first = record.target(0).map(|name| name.lower() + ".").unwrap_or_default();
                }
                kind::PTR => self.pointer(&record, &mut first, cx),
                kind::TXT if record.class == 3 && question.is_some_and(|q| asks_version(&q.name)) => {
                    let version: Vec<String> = record.strings().map(clean_bytes).collect();
                    let sender = cx.sender();
                    self.said.tell(cx, &sender, &VERSION, &version.concat());
                }
                _ => {}
            }
        }
        if entries.broken() && !message.is_truncated() {
            cx.weird("dns_malformed");
        }
        first
    }

    fn pointer(&mut self, record: &Record<'_>, first: &mut String, cx: &mut Context<'_>) {
        let Some(target) = record.target(0) else { return };
        if first.is_empty() {
            *first = target.lower();
        }
        if let Some(address) = reverse_address(&record.name)
            && is_internal(address)
            && let Some(name) = internal_name(&target)
        {
            self.said.tell(cx, &medward_model::Subject::Ip(address), &DNS_PTR, &name);
        }
    }
}

/// A question that nobody answered, told with its own time and packet.
fn unanswered(open: &Open, cx: &mut Context<'_>) {
    let (now, packet) = (cx.now, cx.packet);
    (cx.now, cx.packet) = (open.time, open.packet);
    cx.activity_by(open.side, Verb::Lookup, operation(open.opcode), &open.name)
        .detail("type", &kind_name(open.kind));
    (cx.now, cx.packet) = (now, packet);
}

fn operation(opcode: u16) -> &'static str {
    match opcode {
        0 => "query",
        2 => "status",
        4 => "notify",
        5 => "update",
        _ => "other",
    }
}

fn asks_version(name: &Name) -> bool {
    name.ends_with(&["version", "bind"]) || name.ends_with(&["version", "server"])
}

/// A name for an internal host; not the service names that stand for many (`_ldap._tcp…`), nor sample answers.
fn internal_name(name: &Name) -> Option<String> {
    let service = name.labels().any(|label| label.starts_with(b"_"));
    if service || reverse_address(name).is_some() { None } else { host_name(&name.lower()) }
}

/// The last three labels, or four below a country's second level (`x.acme.co.uk`); nothing for single labels, reverse
/// names and service names.
fn asked_domain(name: &Name) -> Option<String> {
    if name.ends_with(&["arpa"]) || name.labels().any(|label| label.len() > 40 || !label.is_ascii()) {
        return None;
    }
    let labels: Vec<&[u8]> = name.labels().filter(|label| !label.starts_with(b"_")).collect();
    let second_level = match labels.as_slice() {
        [.., second, top] => top.len() == 2 && second.len() <= 3,
        _ => return None,
    };
    let skip = labels.len().saturating_sub(if second_level { 4 } else { 3 });
    let kept: Vec<String> =
        labels.iter().skip(skip).map(|l| String::from_utf8_lossy(l).to_ascii_lowercase()).collect();
    Some(kept.join("."))
}

/// The address in `4.3.2.1.in-addr.arpa` (RFC 1035, 3.5) or 32 nibbles under `ip6.arpa` (RFC 3596, 2.5).
pub(super) fn reverse_address(name: &Name) -> Option<IpAddr> {
    let digits = |label: &[u8], radix| u8::from_str_radix(std::str::from_utf8(label).ok()?, radix).ok();
    if name.ends_with(&["in-addr", "arpa"]) && name.labels().count() == 6 {
        let mut octets = [0_u8; 4];
        for (octet, label) in octets.iter_mut().rev().zip(name.labels()) {
            *octet = digits(label, 10)?;
        }
        return Some(Ipv4Addr::from(octets).into());
    }
    if name.ends_with(&["ip6", "arpa"]) && name.labels().count() == 34 {
        let mut bits = 0_u128;
        for (at, label) in name.labels().take(32).enumerate() {
            let nibble = digits(label, 16).filter(|n| *n < 16)?;
            bits |= u128::from(nibble) << (4 * at);
        }
        return Some(Ipv6Addr::from(bits).into());
    }
    None
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport};

    use super::super::dns_message::build::{header, name, question, record};
    use super::DNS;
    use crate::{Side, exercise};

    fn query(id: u16, asked: &str, kind: u16) -> Vec<u8> {
        [header(id, 0x0100, [1, 0, 0, 0]), question(asked, kind, 1)].concat()
    }

    #[test]
    fn a_lookup_is_told_once_with_its_answer() {
        let answer = [
            header(7, 0x8180, [1, 1, 0, 0]),
            question("PACS.ward.example", 1, 1),
            record("pacs.ward.example", 1, 1, &[10, 0, 0, 9]),
        ]
        .concat();
        let said = exercise(
            &DNS,
            Transport::Udp,
            &[(Side::Originator, &query(7, "pacs.Ward.example", 1)), (Side::Responder, &answer)],
        );
        assert_eq!(said.activity.len(), 1);
        let activity = &said.activity[0];
        assert_eq!((&*activity.object, activity.outcome), ("pacs.ward.example", Outcome::Success));
        assert_eq!(activity.actor.ip.to_string(), "10.0.0.1");
        assert!(activity.details.contains(&("answer", "10.0.0.9".into())));
        assert_eq!(said.values("dns-a"), ["pacs.ward.example"]);
        assert_eq!(
            said.evidence.iter().find(|e| e.field.name == "dns-a").unwrap().subject.to_string(),
            "10.0.0.9"
        );
        assert_eq!(said.values("asked"), ["pacs.ward.example"]);
    }

    #[test]
    fn public_addresses_are_no_devices_here_and_no_answer_has_no_outcome() {
        let answer = [
            header(7, 0x8183, [1, 1, 0, 0]),
            question("time.windows.com", 1, 1),
            record("time.windows.com", 1, 1, &[20, 1, 2, 3]),
        ]
        .concat();
        let said = exercise(
            &DNS,
            Transport::Udp,
            &[
                (Side::Originator, &query(6, "a1b2c3.eu.iot.resmed.co.uk", 1)),
                (Side::Originator, &query(7, "time.windows.com", 1)),
                (Side::Responder, &answer),
            ],
        );
        assert!(said.values("dns-a").is_empty());
        assert_eq!(said.values("asked"), ["iot.resmed.co.uk", "time.windows.com"]);
        assert_eq!(said.activity[0].outcome, Outcome::Failure);
        assert_eq!((said.activity[1].outcome, said.activity[1].packet), (Outcome::Unknown, 1));
    }

    #[test]
    fn tcp_messages_have_their_length_in_front() {
        let body = [
            header(9, 0x8180, [1, 1, 0, 0]),
            question("9.0.0.10.in-addr.arpa", 12, 1),
            record("9.0.0.10.in-addr.arpa", 12, 1, &name("pacs.ward.example")),
        ]
        .concat();
        let framed = |body: &[u8]| [&(body.len() as u16).to_be_bytes()[..], body].concat();
        let ask = framed(&query(9, "9.0.0.10.in-addr.arpa", 12));
        let answer = framed(&body);
        let (front, back) = answer.split_at(20);
        let said = exercise(
            &DNS,
            Transport::Tcp,
            &[(Side::Originator, &ask), (Side::Responder, front), (Side::Responder, back)],
        );
        assert_eq!(said.values("dns-ptr"), ["pacs.ward.example"]);
        assert_eq!(said.activity.len(), 1);
    }

    #[test]
    fn other_bytes_are_not_taken() {
        for bytes in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], &[0; 40], &[0xff; 64]] {
            assert!(exercise(&DNS, Transport::Udp, &[(Side::Originator, bytes)]).unmatched);
        }
    }
}
