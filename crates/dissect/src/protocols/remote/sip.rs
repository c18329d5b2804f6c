//! SIP: what telephones, nurse-call stations and their servers call themselves, and which calls they set up.
//!
//! Follows RFC 3261 (messages 7, header fields 20, framing on TCP 18.3), RFC 5626 (`+sip.instance`), RFC 8866 (media
//! lines of session descriptions). User parts of addresses are telephone numbers and names of people: they are dropped
//! where they are read.
//!
//! A message that a proxy passed on (more than one Via, a Record-Route) describes another machine, and says nothing of
//! its sender; of a response that cannot be seen, so that it speaks for its sender only where its Contact is the
//! sender's own address, or to a REGISTER.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Verb};

use super::nearby::is_host_name;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

/// Longest head on TCP.
const MAX_HEAD: usize = 32 * 1024;
/// Longest body on TCP that is read.
const MAX_BODY: usize = 32 * 1024;
/// Requests that wait for their final response.
const MAX_PENDING: usize = 64;
/// Most different statements that one session makes.
const MAX_SAID: usize = 64;

static USER_AGENT: Field = Field::fact("user-agent", "Sender: User-Agent (RFC 3261 20.41)");
static SERVER: Field = Field::fact("server", "Sender: Server (RFC 3261 20.35)");
static ORGANIZATION: Field = Field::fact("organization", "Sender: Organization (RFC 3261 20.25)");
static INSTANCE: Field = Field::states(
    "sip-instance",
    Attribute::UniqueId,
    90,
    "Sender of REGISTER: +sip.instance in Contact, a URN with a UUID (RFC 5626 4.1)",
);
static CONTACT_HOST: Field = Field::states(
    "contact-host",
    Attribute::Hostname,
    70,
    "Sender of REGISTER: host in Contact, where it is a name (RFC 3261 20.10)",
);
static ALLOW: Field = Field::fact("allow", "Sender: methods in Allow, sorted (RFC 3261 20.5)");

pub(super) static SIP: Dissector = Dissector {
    name: "sip",
    title: "SIP",
    label: "SIP",
    group: Group::Remote,
    specification: &["RFC 3261 7, 18, 20", "RFC 5626 4.1", "RFC 8866 5.14"],
    ports: &[5060, 5061, 5080],
    carrier: Carrier::Both { probe, session: || Box::new(SipSession::default()) },
    fields: &[&USER_AGENT, &SERVER, &ORGANIZATION, &INSTANCE, &CONTACT_HOST, &ALLOW],
    basis: Basis::RealPeers,
};

const METHODS: [&[u8]; 14] = [
    b"INVITE",
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"REGISTER",
    b"OPTIONS",
    b"PRACK",
    b"SUBSCRIBE",
    b"NOTIFY",
    b"PUBLISH",
    b"INFO",
    b"REFER",
    b"MESSAGE",
    b"UPDATE",
];

fn probe(head: &Head<'_>) -> Probe {
    match (probe_side(head.originator), probe_side(head.responder)) {
        (Probe::Match, _) | (_, Probe::Match) => Probe::Match,
        (Probe::NoMatch, _) | (_, Probe::NoMatch) => Probe::NoMatch,
        _ => Probe::NeedMore,
    }
}

/// A whole first line that is of SIP/2.0.
fn probe_side(bytes: &[u8]) -> Probe {
    match Probe::magic(bytes, b"SIP/2.0 ") {
        Probe::NoMatch => {}
        other => return other,
    }
    let method = bytes.split(|b| *b == b' ').next().unwrap_or(bytes);
    if method.len() == bytes.len() {
        return if METHODS.iter().any(|m| m.starts_with(bytes)) { Probe::NeedMore } else { Probe::NoMatch };
    }
    if !METHODS.contains(&method) {
        return Probe::NoMatch;
    }
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
        return if bytes.len() < 2048 { Probe::NeedMore } else { Probe::NoMatch };
    };
    Probe::when(bytes.get(..end).unwrap_or(bytes).trim_ascii_end().ends_with(b" SIP/2.0"))
}

/// The head of a message; names in lower case, compact forms written out.
struct Message {
    /// Of a response.
    status: Option<u16>,
    /// Of a request.
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
}

impl Message {
    fn read(head: &[u8]) -> Option<Message> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        let mut first = lines.next()?.split(' ');
        let (a, b, c) = (first.next()?, first.next()?, first.next());
        let (status, method, uri) = if a == "SIP/2.0" {
            (Some(b.parse::<u16>().ok().filter(|s| (100..700).contains(s))?), String::new(), String::new())
        } else if c.is_some_and(|c| c.trim() == "SIP/2.0") && METHODS.contains(&a.as_bytes()) {
            (None, a.to_owned(), b.to_owned())
        } else {
            return None;
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()).take(128) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut()
                    && value.len() < 4096
                {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((full_name(name.trim()), value.trim().to_owned()));
            }
        }
        Some(Message { status, method, uri, headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Hops so far: values of Via.
    fn hops(&self) -> usize {
        self.headers.iter().filter(|(n, _)| n == "via").map(|(_, value)| value.split(',').count()).sum()
    }

    /// Method of the request, of a response by CSeq.
    fn asked(&self) -> &str {
        if self.status.is_none() {
            return &self.method;
        }
        self.header("cseq").and_then(|value| value.split_whitespace().nth(1)).unwrap_or("")
    }

    /// Tells transactions apart: Call-ID and CSeq.
    fn key(&self) -> u64 {
        let parts = (self.header("call-id"), self.header("cseq"));
        foldhash::fast::FixedState::with_seed(0).hash_one(parts)
    }
}

fn full_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let full = match name.as_str() {
        "v" => "via",
        "i" => "call-id",
        "m" => "contact",
        "l" => "content-length",
        "c" => "content-type",
        "f" => "from",
        "t" => "to",
        "s" => "subject",
        _ => return name,
    };
    full.to_owned()
}

/// The host of a SIP URI, without user, port and parameters (RFC 3261, 19.1).
fn uri_host(value: &str) -> Option<String> {
    let value = match (value.find('<'), value.find('>')) {
        (Some(open), Some(close)) => value.get(open + 1..close)?,
        _ => value,
    };
    let lower = value.to_ascii_lowercase();
    let rest = ["sips:", "sip:"].iter().find_map(|scheme| lower.strip_prefix(scheme))?;
    let rest = rest.split([';', '?']).next().unwrap_or("");
    let host = rest.rsplit('@').next().unwrap_or("");
    let host = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_owned())
}

/// A request that waits for its final response.
struct Pending {
    key: u64,
    side: Side,
    method: String,
    object: String,
    with_credentials: bool,
    media: String,
}

#[derive(Default)]
struct SipSession {
    pending: VecDeque<Pending>,
    said: Vec<u64>,
}

impl SipSession {
    fn message(&mut self, head: &[u8], body: &[u8], cx: &mut Context<'_>) -> bool {
        let Some(message) = Message::read(head) else { return false };
        self.identity(&message, cx);
        match message.status {
            None => self.request(&message, body, cx),
            Some(status @ 200..) => self.response(&message, status, cx),
            Some(_) => {}
        }
        true
    }

    fn identity(&mut self, message: &Message, cx: &mut Context<'_>) {
        let own = cx.flow().peer(cx.side()).host.ip;
        let contact = message.header("contact").and_then(uri_host);
        let direct = message.hops() == 1 && message.header("record-route").is_none();
        let speaks = match message.status {
            None => direct,
            Some(_) => {
                direct
                    && (message.asked() == "REGISTER"
                        || contact.as_deref().and_then(|c| c.parse::<IpAddr>().ok()) == Some(own))
            }
        };
        if !speaks {
            return;
        }
        for (name, value) in &message.headers {
            match name.as_str() {
                "user-agent" => self.say(&USER_AGENT, value, cx),
                "server" => self.say(&SERVER, value, cx),
                "organization" => self.say(&ORGANIZATION, value, cx),
                "allow" => {
                    let mut methods: Vec<&str> =
                        value.split(',').map(str::trim).filter(|m| !m.is_empty()).collect();
                    methods.sort_unstable();
                    self.say(&ALLOW, &methods.join(","), cx);
                }
                _ => {}
            }
        }
        if message.method != "REGISTER" {
            return;
        }
        if let Some(id) = message.header("contact").and_then(instance) {
            self.say(&INSTANCE, &id, cx);
        }
        if let Some(host) = contact.filter(|host| is_host_name(host) && !host.ends_with(".invalid")) {
            self.say(&CONTACT_HOST, &host, cx);
        }
    }

    fn say(&mut self, field: &'static Field, value: &str, cx: &mut Context<'_>) {
        let key =
            foldhash::fast::FixedState::with_seed(cx.side().index() as u64).hash_one((field.name, value));
        if !self.said.contains(&key) && self.said.len() < MAX_SAID {
            self.said.push(key);
            cx.evidence(cx.sender(), field, value);
        }
    }

    fn request(&mut self, message: &Message, body: &[u8], cx: &mut Context<'_>) {
        // ACK has no response and says nothing new.
        if message.method == "ACK" {
            return;
        }
        let key = message.key();
        // Sent again until answered (RFC 3261, 17.1).
        if self.pending.iter().any(|p| p.key == key && p.side == cx.side()) {
            return;
        }
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            report(&oldest, None, cx);
        }
        self.pending.push_back(Pending {
            key,
            side: cx.side(),
            method: message.method.clone(),
            object: uri_host(&message.uri).unwrap_or_default(),
            with_credentials: message.header("authorization").is_some()
                || message.header("proxy-authorization").is_some(),
            media: media(message, body),
        });
    }

    fn response(&mut self, message: &Message, status: u16, cx: &mut Context<'_>) {
        let (key, side) = (message.key(), cx.side().other());
        if let Some(at) = self.pending.iter().position(|p| p.key == key && p.side == side)
            && let Some(pending) = self.pending.remove(at)
        {
            report(&pending, Some(status), cx);
        }
    }
}

fn report(pending: &Pending, status: Option<u16>, cx: &mut Context<'_>) {
    let verb = match pending.method.as_str() {
        "REGISTER" => Verb::Login,
        "OPTIONS" => Verb::Query,
        "SUBSCRIBE" => Verb::Subscribe,
        "NOTIFY" | "PUBLISH" | "MESSAGE" => Verb::Publish,
        "INVITE" | "BYE" | "CANCEL" | "PRACK" | "REFER" | "UPDATE" => Verb::Call,
        _ => Verb::Command,
    };
    let outcome = match status {
        None => Outcome::Unknown,
        Some(200..=399) => Outcome::Success,
        // The first request without credentials is meant to be challenged.
        Some(401 | 407) if !pending.with_credentials => Outcome::Unknown,
        Some(_) => Outcome::Failure,
    };
    let status = status.map(|s| s.to_string()).unwrap_or_default();
    cx.activity_by(pending.side, verb, &pending.method, &pending.object)
        .outcome(outcome)
        .detail("status", &status)
        .detail("credentials", if pending.with_credentials { "yes" } else { "" })
        .detail("media", &pending.media);
}

/// The UUID in `+sip.instance="<urn:uuid:...>"`, unless it is empty of meaning.
fn instance(contact: &str) -> Option<String> {
    let lower = contact.to_ascii_lowercase();
    let (_, rest) = lower.split_once("+sip.instance=")?;
    let (_, rest) = rest.split_once("urn:uuid:")?;
    let uuid: String = rest.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect();
    let digits: Vec<char> = uuid.chars().filter(|c| *c != '-').collect();
    let varied = digits.iter().any(|c| Some(c) != digits.first());
    let (_, tail) = digits.split_at_checked(20)?;
    (digits.len() == 32 && varied && tail.iter().any(|c| *c != '0')).then_some(uuid)
}

/// Kinds of media in a session description, without addresses and names ("audio, video").
fn media(message: &Message, body: &[u8]) -> String {
    if !message
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("application/sdp"))
    {
        return String::new();
    }
    let mut kinds: Vec<String> = Vec::new();
    for line in body.split(|b| *b == b'\n').filter_map(|line| line.strip_prefix(b"m=")).take(8) {
        let kind = clean_bytes(line.split(|b| *b == b' ').next().unwrap_or(&[]));
        if kind.len() <= 16 && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(", ")
}

/// Where the head ends, behind its empty line.
fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

impl Session for SipSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let length = bytes.len() as u64;
        if !cx.is_stream() {
            // Keep-alives are a few blank characters (RFC 5626, 3.5.1).
            if bytes.len() > 8 {
                let end = head_end(bytes).unwrap_or(bytes.len());
                let (head, body) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
                if !self.message(head, body, cx) {
                    cx.weird("sip_bad_message");
                }
            }
            return Progress::Consumed(length);
        }
        let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n' | 0)).count();
        if blank > 0 {
            return Progress::Consumed(blank as u64);
        }
        let Some(end) = head_end(bytes) else {
            if bytes.len() > MAX_HEAD {
                return Progress::GiveUp("sip_long_head");
            }
            return Progress::Need(bytes.len().saturating_add(1));
        };
        let head = bytes.get(..end).unwrap_or(bytes);
        let Some(message) = Message::read(head) else { return Progress::GiveUp("sip_bad_message") };
        let body =
            message.header("content-length").and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
        let whole = end.saturating_add(body);
        if body <= MAX_BODY && bytes.len() < whole {
            return Progress::Need(whole);
        }
        self.message(head, bytes.get(end..whole).unwrap_or(&[]), cx);
        Progress::Consumed(whole as u64)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            report(&pending, None, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SIP, instance, uri_host};
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    const REGISTER: &[u8] = b"REGISTER sip:pbx.hosp.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\n\
        From: \"Ward 3 Smith\" <sip:4711@pbx.hosp.example>;tag=1\r\nTo: <sip:4711@pbx.hosp.example>\r\nCall-ID: a@b\r\n\
        CSeq: 2 REGISTER\r\nm: <sip:4711@10.0.0.1:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000413261234>\"\r\n\
        User-Agent: snom320/8.7.5.35\r\nAuthorization: Digest username=\"4711\"\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn a_telephone_registers() {
        let answer = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\nCall-ID: a@b\r\nCSeq: 2 REGISTER\r\n\
            Server: Asterisk PBX 18.10\r\n\r\n";
        let said = exercise(&SIP, Transport::Udp, &[(Side::Originator, REGISTER), (Side::Responder, answer)]);
        assert_eq!(said.values("user-agent"), ["snom320/8.7.5.35"]);
        assert_eq!(said.values("server"), ["Asterisk PBX 18.10"]);
        assert_eq!(said.values("sip-instance"), ["00000000-0000-1000-8000-000413261234"]);
        assert_eq!(said.activity.len(), 1);
        assert_eq!(said.activity.first().map(|a| (a.verb, a.outcome)), Some((Verb::Login, Outcome::Success)));
        let all = format!("{said:?}");
        assert!(!all.contains("4711") && !all.contains("Smith"));
    }

    #[test]
    fn a_message_passed_on_does_not_speak_for_the_proxy() {
        let text = String::from_utf8_lossy(REGISTER).replace("From:", "Via: SIP/2.0/UDP 10.9.9.9\r\nFrom:");
        let said = exercise(&SIP, Transport::Tcp, &[(Side::Originator, text.as_bytes())]);
        assert!(said.evidence.is_empty());
        assert_eq!(said.activity.len(), 1);
    }

    #[test]
    fn hosts_lose_users_and_ports() {
        assert_eq!(
            uri_host("\"Dr. X\" <sip:x:secret@Ph1.hosp.example:5060;a=b>").as_deref(),
            Some("ph1.hosp.example")
        );
        assert_eq!(uri_host("sip:1@[2001:db8::1]:5060").as_deref(), Some("2001:db8::1"));
        assert_eq!(uri_host("tel:+4930123"), None);
    }

    #[test]
    fn an_instance_of_zeros_is_none() {
        assert_eq!(
            instance("<sip:a@b>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-000000000000>\""),
            None
        );
    }
}
