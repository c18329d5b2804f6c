//! Kerberos 5: which machines ask which key distribution centre for tickets to which services.
//!
//! Follows RFC 4120 5.4 (KDC-REQ, KDC-REP), 5.9 (KRB-ERROR), 5.2.5 (HostAddress) and 7.2 (UDP; TCP with a length).
//!
//! Of the client: its name, where it logs in as a machine (`NAME$`, `host/name`) or states its NetBIOS address; the
//! encryption types that it offers. Of the server: that it is a KDC, of which realm. Names of persons are dropped, as are
//! all keys, tickets and authenticators.
//!
//! Activity: each AS and TGS exchange with the service asked for, the outcome, the error and the ticket's encryption.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::ber::{Ber, header, integer};
use super::nearby::is_host_name;
use crate::pending::{Asked, Said};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

/// Longest message that is read.
const MAX_MESSAGE: usize = 64 * 1024;
const AS_REQ: u8 = 0x6a;
const AS_REP: u8 = 0x6b;
const TGS_REQ: u8 = 0x6c;
const TGS_REP: u8 = 0x6d;
const ERROR: u8 = 0x7e;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

static MACHINE: Field = Field::states(
    "machine",
    Attribute::Hostname,
    93,
    "Client: cname where it is a machine account or host principal (RFC 4120 5.4.1, 6.2)",
);
static NETBIOS: Field = Field::states(
    "netbios-address",
    Attribute::Hostname,
    92,
    "Client: HostAddress of type 20 in its request (RFC 4120 5.2.5, 7.5.3)",
);
static REALM: Field = Field::fact("realm", "Client: realm of its request (RFC 4120 5.4.1)");
static ENCRYPTION: Field =
    Field::fact("etypes", "Client: encryption types that it offers, in order (RFC 4120 5.4.1, RFC 3961 8)");
static KDC: Field = Field::fact("kdc", "Server: realm that it answers for (RFC 4120 5.4.2, 5.9.1)");

pub(super) static KERBEROS: Dissector = Dissector {
    name: "kerberos",
    title: "Kerberos 5",
    label: "Kerberos",
    group: Group::Remote,
    specification: &["RFC 4120 5.2, 5.4, 5.9, 7.2"],
    ports: &[88],
    carrier: Carrier::Both { probe, session: || Box::new(KerberosSession::default()) },
    fields: &[&MACHINE, &NETBIOS, &REALM, &ENCRYPTION, &KDC],
    basis: Basis::RealPeers,
};

/// A message with its version at the usual place, over TCP behind its length.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let plain = message_start(bytes);
    if plain != Probe::NoMatch {
        return plain;
    }
    match bytes {
        [] => Probe::NeedMore,
        [0] | [0, 0 | 1] | [0, 0 | 1, _] | [0, 0 | 1, _, _] => Probe::NeedMore,
        [0, 0 | 1, rest @ ..] => message_start(rest.get(2..).unwrap_or(&[])),
        _ => Probe::NoMatch,
    }
}

/// Application tag, SEQUENCE, then pvno 5 and the message type that the tag says: `[0]` or `[1]` in requests.
fn message_start(bytes: &[u8]) -> Probe {
    let Some(tag) = bytes.first() else { return Probe::NeedMore };
    if !matches!(*tag, AS_REQ | AS_REP | TGS_REQ | TGS_REP | ERROR) {
        return Probe::NoMatch;
    }
    if bytes.len() < 24 {
        return if matches!(bytes.get(1), Some(0 | 0x80 | 0x85..)) {
            Probe::NoMatch
        } else {
            Probe::NeedMore
        };
    }
    let first = if matches!(*tag, AS_REQ | TGS_REQ) { 0xa1 } else { 0xa0 };
    let inner = header(bytes).and_then(|(_, length, _)| bytes.get(length..));
    let fields = inner.and_then(|inner| {
        let (kind, length, _) = header(inner)?;
        (kind == SEQUENCE).then(|| inner.get(length..))?
    });
    let kind = tag & 0x1f;
    Probe::when(
        fields.is_some_and(|fields| fields.starts_with(&[first, 3, 2, 1, 5, first + 1, 3, 2, 1, kind])),
    )
}

#[derive(Default)]
struct KerberosSession {
    asked: Option<Asked>,
    said: Said<256>,
}

impl KerberosSession {
    fn tell(&mut self, side: Side, field: &'static Field, value: &str, cx: &mut Context<'_>) {
        if self.said.first((side, field.name, value)) {
            cx.evidence(cx.host(side), field, value);
        }
    }

    fn message(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let mut outer = Ber(bytes);
        let (tag, content) = outer.next()?;
        let fields = Ber(content).expect(SEQUENCE)?;
        match tag {
            AS_REQ | TGS_REQ => self.request(tag, fields, cx),
            AS_REP | TGS_REP => self.reply(tag, fields, cx),
            ERROR => self.error(fields, cx),
            _ => None,
        }
    }

    fn request(&mut self, tag: u8, fields: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let client = cx.side();
        let body = Ber(Ber(fields).find(0xa4)?).expect(SEQUENCE)?;
        let realm = string(Ber(body).find(0xa2)?)?;
        self.tell(client, &REALM, &realm, cx);
        let types = Ber(body).find(0xa8).map(etypes).unwrap_or_default();
        self.tell(client, &ENCRYPTION, &types, cx);
        let mut account = "";
        if let Some(name) = Ber(body).find(0xa1).and_then(principal) {
            account = "user";
            if let Some(machine) = machine(&name) {
                account = "machine";
                self.tell(client, &MACHINE, machine, cx);
            }
        }
        if let Some(addresses) = Ber(body).find(0xa9).and_then(|field| Ber(field).expect(SEQUENCE)) {
            let mut addresses = Ber(addresses);
            for _ in 0..8 {
                let Some(address) = addresses.expect(SEQUENCE) else { break };
                if let Some(name) = netbios(address) {
                    self.tell(client, &NETBIOS, &name, cx);
                }
            }
        }
        let service = Ber(body).find(0xa3).and_then(principal).map(|name| service(&name)).unwrap_or_default();
        let proven =
            Ber(fields).find(0xa3).and_then(|field| Ber(field).expect(SEQUENCE)).is_some_and(has_timestamp);
        let operation = if tag == AS_REQ { "AS-REQ" } else { "TGS-REQ" };
        self.flush(cx);
        let mut asked = Asked::new(client, Verb::Login, operation, &service)
            .detail("realm", realm)
            .detail("account", account)
            .detail("etypes", types);
        if tag == AS_REQ {
            asked = asked.detail("preauthentication", if proven { "yes" } else { "no" });
        }
        self.asked = Some(asked);
        Some(())
    }

    fn reply(&mut self, tag: u8, fields: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let server = cx.side();
        let ticket = Ber(Ber(Ber(fields).find(0xa5)?).expect(0x61)?).expect(SEQUENCE)?;
        let realm = string(Ber(ticket).find(0xa1)?)?;
        self.tell(server, &KDC, &realm, cx);
        if let Some(name) = Ber(fields).find(0xa4).and_then(principal)
            && let Some(machine) = machine(&name)
        {
            self.tell(server.other(), &MACHINE, machine, cx);
        }
        let kind = Ber(ticket)
            .find(0xa3)
            .and_then(|field| Ber(field).expect(SEQUENCE))
            .and_then(|sealed| Ber(sealed).find(0xa0))
            .and_then(|field| Ber(field).expect(2))
            .and_then(integer);
        let service =
            Ber(ticket).find(0xa2).and_then(principal).map(|name| service(&name)).unwrap_or_default();
        let operation = if tag == AS_REP { "AS-REQ" } else { "TGS-REQ" };
        let asked = self.asked.take().filter(|asked| asked.operation == operation);
        let asked = asked.unwrap_or_else(|| Asked::new(server.other(), Verb::Login, operation, &service));
        asked.detail("ticket-etype", kind.map(etype).unwrap_or_default()).report(Outcome::Success, cx);
        Some(())
    }

    fn error(&mut self, fields: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let server = cx.side();
        let code = integer(Ber(Ber(fields).find(0xa6)?).expect(2)?)?;
        if let Some(realm) = Ber(fields).find(0xa9).and_then(string) {
            self.tell(server, &KDC, &realm, cx);
        }
        let asked = self.asked.take()?;
        // Asking for proof, or for TCP, is part of the course.
        let outcome = if matches!(code, 25 | 52) { Outcome::Unknown } else { Outcome::Failure };
        asked.detail("error", error_name(code)).report(outcome, cx);
        Some(())
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        if let Some(asked) = self.asked.take() {
            asked.report(Outcome::Unknown, cx);
        }
    }
}

/// Realm and service of the ticket in an AP-REQ (5.5.1), which other protocols carry in their logins.
pub(super) fn ticket_service(bytes: &[u8]) -> Option<(String, String)> {
    let request = Ber(Ber(bytes).expect(0x6e)?).expect(SEQUENCE)?;
    let ticket = Ber(Ber(Ber(request).find(0xa3)?).expect(0x61)?).expect(SEQUENCE)?;
    let realm = string(Ber(ticket).find(0xa1)?)?;
    Some((realm, service(&principal(Ber(ticket).find(0xa2)?)?)))
}

/// A KerberosString (GeneralString or UTF8String) inside its context tag.
fn string(field: &[u8]) -> Option<String> {
    match Ber(field).next()? {
        (0x1b | 0x0c, content) if content.len() <= 255 => Some(clean_bytes(content)),
        _ => None,
    }
}

/// The components of a PrincipalName (RFC 4120 5.2.2).
fn principal(field: &[u8]) -> Option<Vec<String>> {
    let parts = Ber(Ber(Ber(field).expect(SEQUENCE)?).find(0xa1)?).expect(SEQUENCE)?;
    let mut parts = Ber(parts);
    let mut names = Vec::new();
    while let Some((0x1b | 0x0c, content)) = parts.next() {
        if names.len() >= 8 || content.len() > 255 {
            return None;
        }
        names.push(clean_bytes(content));
    }
    Some(names)
}

/// The machine that a client principal stands for.
fn machine(name: &[String]) -> Option<&str> {
    let host = match name {
        [account] => account.strip_suffix('$')?,
        [service, host] if service.eq_ignore_ascii_case("host") => host,
        _ => return None,
    };
    is_host_name(host).then_some(host)
}

/// A service principal; a name of one part may be a person's, unless it is a machine's account.
fn service(name: &[String]) -> String {
    match name {
        [single] if !single.ends_with('$') => String::new(),
        parts => parts.join("/"),
    }
}

/// A NetBIOS name: 15 characters padded with blanks, then the kind of name.
fn netbios(address: &[u8]) -> Option<String> {
    let kind = integer(Ber(Ber(address).find(0xa0)?).expect(2)?)?;
    let name = Ber(Ber(address).find(0xa1)?).expect(OCTET_STRING)?;
    let name = clean_bytes(name.get(..name.len().min(15))?);
    (kind == 20 && is_host_name(&name)).then_some(name)
}

/// Whether there is an encrypted timestamp (2, 138 in FAST) or a public key (16).
fn has_timestamp(padata: &[u8]) -> bool {
    let mut entries = Ber(padata);
    for _ in 0..16 {
        let Some(entry) = entries.expect(SEQUENCE) else { return false };
        let kind = Ber(entry).find(0xa1).and_then(|field| Ber(field).expect(2)).and_then(integer);
        if matches!(kind, Some(2 | 16 | 138)) {
            return true;
        }
    }
    false
}

fn etypes(field: &[u8]) -> String {
    let mut list = Ber(Ber(field).expect(SEQUENCE).unwrap_or(&[]));
    let mut names = Vec::new();
    while let Some(content) = list.expect(2) {
        if names.len() >= 16 {
            break;
        }
        names.extend(integer(content).map(etype));
    }
    names.join(", ")
}

/// Encryption types by their registered names.
fn etype(number: i64) -> String {
    match number {
        1 => "des-cbc-crc",
        2 => "des-cbc-md4",
        3 => "des-cbc-md5",
        16 => "des3-cbc-sha1",
        17 => "aes128-cts-hmac-sha1-96",
        18 => "aes256-cts-hmac-sha1-96",
        19 => "aes128-cts-hmac-sha256-128",
        20 => "aes256-cts-hmac-sha384-192",
        23 => "rc4-hmac",
        24 => "rc4-hmac-exp",
        25 => "camellia128-cts-cmac",
        26 => "camellia256-cts-cmac",
        other => return other.to_string(),
    }
    .to_owned()
}

/// Error codes (RFC 4120 7.5.9).
fn error_name(code: i64) -> String {
    match code {
        6 => "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        7 => "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        12 => "KDC_ERR_POLICY",
        13 => "KDC_ERR_BADOPTION",
        14 => "KDC_ERR_ETYPE_NOSUPP",
        18 => "KDC_ERR_CLIENT_REVOKED",
        23 => "KDC_ERR_KEY_EXPIRED",
        24 => "KDC_ERR_PREAUTH_FAILED",
        25 => "KDC_ERR_PREAUTH_REQUIRED",
        31 => "KRB_AP_ERR_BAD_INTEGRITY",
        32 => "KRB_AP_ERR_TKT_EXPIRED",
        37 => "KRB_AP_ERR_SKEW",
        41 => "KRB_AP_ERR_MODIFIED",
        52 => "KRB_ERR_RESPONSE_TOO_BIG",
        60 => "KRB_ERR_GENERIC",
        68 => "KDC_ERR_WRONG_REALM",
        other => return other.to_string(),
    }
    .to_owned()
}

impl Session for KerberosSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !cx.is_stream() {
            self.message(bytes, cx);
            return Progress::Consumed(bytes.len() as u64);
        }
        let Some(length) = bytes.first_chunk::<4>() else { return Progress::Need(4) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_MESSAGE {
            return Progress::GiveUp("kerberos_bad_length");
        }
        let total = length.saturating_add(4);
        let Some(message) = bytes.get(4..total) else { return Progress::Need(total) };
        self.message(message, cx);
        Progress::Consumed(total as u64)
    }

    fn gap(&mut self, _length: u64, _cx: &mut Context<'_>) -> Resync {
        Resync::GiveUp
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.flush(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::{KERBEROS, machine, service};
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport};

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag, 0x82, (content.len() >> 8) as u8, content.len() as u8];
        bytes.extend(content);
        bytes
    }

    fn names(parts: &[&str]) -> Vec<u8> {
        let parts: Vec<u8> = parts.iter().flat_map(|part| tlv(0x1b, part.as_bytes())).collect();
        tlv(0x30, &[vec![0xa0, 3, 2, 1, 1], tlv(0xa1, &tlv(0x30, &parts))].concat())
    }

    fn request() -> Vec<u8> {
        let address = [vec![0xa0, 3, 2, 1, 20], tlv(0xa1, &tlv(4, b"CT-CONSOLE-2    "))].concat();
        let body = [
            tlv(0xa1, &names(&["CT-CONSOLE-2$"])),
            tlv(0xa2, &tlv(0x1b, b"WARD.EXAMPLE")),
            tlv(0xa3, &names(&["krbtgt", "WARD.EXAMPLE"])),
            tlv(0xa8, &tlv(0x30, &[2, 1, 18, 2, 1, 23])),
            tlv(0xa9, &tlv(0x30, &tlv(0x30, &address))),
        ]
        .concat();
        let fields = [vec![0xa1, 3, 2, 1, 5, 0xa2, 3, 2, 1, 10], tlv(0xa4, &tlv(0x30, &body))].concat();
        tlv(0x6a, &tlv(0x30, &fields))
    }

    #[test]
    fn a_machine_names_itself_and_its_realm() {
        let error = [
            &[0xa0, 3, 2, 1, 5, 0xa1, 3, 2, 1, 30, 0xa6, 3, 2, 1, 24][..],
            &tlv(0xa9, &tlv(0x1b, b"WARD.EXAMPLE")),
        ]
        .concat();
        let error = tlv(0x7e, &tlv(0x30, &error));
        let said =
            exercise(&KERBEROS, Transport::Udp, &[(Side::Originator, &request()), (Side::Responder, &error)]);
        assert_eq!(said.values("machine"), ["CT-CONSOLE-2"]);
        assert_eq!(said.values("netbios-address"), ["CT-CONSOLE-2"]);
        assert_eq!(said.values("etypes"), ["aes256-cts-hmac-sha1-96, rc4-hmac"]);
        assert_eq!(said.values("kdc"), ["WARD.EXAMPLE"]);
        assert_eq!(said.activity.len(), 1);
        assert_eq!(said.activity[0].outcome, Outcome::Failure);
        let framed = [&(request().len() as u32).to_be_bytes()[..], &request()].concat();
        let said = exercise(&KERBEROS, Transport::Tcp, &[(Side::Originator, &framed)]);
        assert_eq!(said.values("machine"), ["CT-CONSOLE-2"]);
    }

    #[test]
    fn persons_are_dropped() {
        assert_eq!(machine(&["jdoe".into()]), None);
        assert_eq!(service(&["jdoe".into()]), "");
        assert_eq!(service(&["cifs".into(), "pacs.example".into()]), "cifs/pacs.example");
    }
}
