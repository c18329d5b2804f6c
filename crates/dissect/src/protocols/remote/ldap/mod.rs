//! LDAP and CLDAP: directory servers (most of all Windows domain controllers), who binds to them, what is asked.
//!
//! Follows RFC 4511 4 (messages), RFC 4512 5.1 (rootDSE), RFC 4513 (StartTLS), \[MS-ADTS\] 3.1.1.3.2 (rootDSE attributes
//! of Active Directory), 6.3.1 and 6.3.3 (LDAP ping over UDP), \[MS-NLMP\] (NTLM in a bind).
//!
//! Of the server: its DNS name, domain, site, functional levels, vendor and version, SASL mechanisms. Of the client: its
//! own name in a domain controller ping, what NTLM says. Distinguished names, passwords, values in filters, and entries
//! other than the rootDSE are never kept.
//!
//! Activity: binds with mechanism and result, searches (scope, attributes asked for and by, number of entries), changes,
//! StartTLS.

mod entry;

use medward_model::{Attribute, Field, Outcome, Verb};

use super::ber::{Ber, header, integer};
use super::ntlmssp;
use crate::pending::{Asked, Pending, Said};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

/// Longest message that is read; longer ones are skipped.
const MAX_MESSAGE: usize = 64 * 1024;
/// Searches told one by one in one session.
const MAX_SEARCHES: u32 = 200;
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

static DNS_HOST: Field = Field::states(
    "dns-host",
    Attribute::Hostname,
    96,
    "Server: dnsHostName of its rootDSE (MS-ADTS 3.1.1.3.2.2)",
);
static DC_NAME: Field = Field::states(
    "dc-name",
    Attribute::Hostname,
    95,
    "Server: DnsHostName and NetbiosComputerName of its answer to a ping (MS-ADTS 6.3.1.9)",
);
static DOMAIN: Field =
    Field::fact("domain", "Server: DnsDomainName of its answer to a ping (MS-ADTS 6.3.1.9)");
static SITE: Field = Field::fact("site", "Server: DcSiteName of its answer to a ping (MS-ADTS 6.3.1.9)");
static NAMING_CONTEXT: Field = Field::fact(
    "naming-context",
    "Server: defaultNamingContext, or the first of namingContexts, of its rootDSE (RFC 4512 5.1)",
);
static FUNCTIONALITY: Field = Field::fact(
    "functionality",
    "Server: domain, forest or domaincontroller functional level of its rootDSE (MS-ADTS 3.1.1.3.2.25-27)",
);
static SYNC_SERVICE: Field = Field::fact(
    "synchronized",
    "Server: isSynchronized of its rootDSE: Active Directory (MS-ADTS 3.1.1.3.2.14)",
);
static MECHANISMS: Field =
    Field::fact("sasl-mechanisms", "Server: supportedSASLMechanisms of its rootDSE (RFC 4512 5.1.5)");
static VENDOR: Field =
    Field::fact("vendor", "Server: vendorName and vendorVersion of its rootDSE (RFC 3045)");
static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    90,
    "Server: vendorVersion of its rootDSE where it is written product/version (RFC 3045)",
);
static CLIENT_HOST: Field = Field::states(
    "ping-host",
    Attribute::Hostname,
    92,
    "Client: Host in the filter of its domain controller ping (MS-ADTS 6.3.3.1)",
);

pub(super) static LDAP: Dissector = Dissector {
    name: "ldap",
    title: "LDAP",
    label: "LDAP",
    group: Group::Remote,
    specification: &["RFC 4511 4", "RFC 4512 5.1", "RFC 3045", "MS-ADTS 3.1.1.3.2, 6.3"],
    ports: &[389, 3268],
    carrier: Carrier::Both { probe, session: || Box::new(LdapSession::default()) },
    fields: &[
        &DNS_HOST,
        &DC_NAME,
        &DOMAIN,
        &SITE,
        &NAMING_CONTEXT,
        &FUNCTIONALITY,
        &SYNC_SERVICE,
        &MECHANISMS,
        &VENDOR,
        &SOFTWARE,
        &CLIENT_HOST,
        &ntlmssp::NTLM_VERSION,
        &ntlmssp::COMPUTER,
        &ntlmssp::DNS_COMPUTER,
        &ntlmssp::DOMAIN,
        &ntlmssp::DNS_DOMAIN,
        &ntlmssp::DNS_TREE,
        &ntlmssp::WORKSTATION,
        &ntlmssp::MACHINE,
    ],
    basis: Basis::RealPeers,
};

/// A SEQUENCE with a message number and an operation whose beginning fits: a bind of version 2 or 3, a search, StartTLS.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if bytes.len() < 12 {
        // The shortest message (an unbind) has 7 octets.
        return match bytes.first() {
            None | Some(0x30) => Probe::NeedMore,
            _ => Probe::NoMatch,
        };
    }
    let Some((0x30, start, length)) = header(bytes) else { return Probe::NoMatch };
    let Some(message) = bytes.get(start..) else { return Probe::NoMatch };
    let Some((2, skip, 1..=4)) = header(message) else { return Probe::NoMatch };
    let number = header(message).map_or(0, |(_, _, length)| length);
    let Some(operation) = message.get(skip + number..) else { return Probe::NoMatch };
    let (Some((tag, skip, size)), true) = (header(operation), length >= 5) else {
        return if operation.len() < 6 { Probe::NeedMore } else { Probe::NoMatch };
    };
    let content = operation.get(skip..).unwrap_or(&[]);
    if size > length {
        return Probe::NoMatch;
    }
    match tag {
        0x60 if content.len() >= 4 => Probe::when(matches!(content, [2, 1, 2 | 3, 4, ..])),
        // Base object, then scope and dereferencing as ENUMERATED.
        0x63 => match header(content) {
            Some((4, skip, length)) => match content.get(skip.saturating_add(length)..) {
                Some([10, 1, 0..=3, 10, 1, 0..=3, 2, ..]) => Probe::Match,
                Some(rest) if rest.len() >= 7 => Probe::NoMatch,
                _ if length > 4096 => Probe::NoMatch,
                _ => Probe::NeedMore,
            },
            _ => Probe::NoMatch,
        },
        0x77 if content.len() >= 2 => Probe::when(content.starts_with(&[0x80])),
        // Answers: a result code, and the matched name as OCTET STRING.
        0x61 | 0x65 => Probe::when(matches!(content, [10, 1, 0..=80, 4, ..])),
        0x64 if !head.from_start || head.on_port(389) => Probe::when(content.starts_with(&[4])),
        0x60 | 0x77 => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

#[derive(Default)]
struct LdapSession {
    pending: Pending<i64, 64>,
    /// Entries found by the search of that number.
    found: Vec<(i64, u64)>,
    said: Said<128>,
    searches: u32,
    account: &'static str,
    tls_asked: Option<i64>,
}

impl LdapSession {
    /// One LDAPMessage (RFC 4511 4.1.1). True when TLS begins behind it.
    fn message(&mut self, content: &[u8], cx: &mut Context<'_>) -> Option<bool> {
        let mut message = Ber(content);
        let number = integer(message.expect(2)?)?;
        let (tag, operation) = message.next()?;
        match tag {
            0x60 => self.bind(number, operation, cx)?,
            0x63 => self.search(number, operation, cx)?,
            0x64 => {
                if let Some((_, count)) = self.found.iter_mut().find(|(n, _)| *n == number) {
                    *count = count.saturating_add(1);
                }
                if self.said.first(("root", number)) {
                    entry::root(operation, cx);
                }
            }
            0x66 | 0x68 | 0x4a | 0x6c => {
                let (verb, name) = match tag {
                    0x66 => (Verb::Set, "modify"),
                    0x68 => (Verb::Write, "add"),
                    0x4a => (Verb::Delete, "delete"),
                    _ => (Verb::Rename, "modify DN"),
                };
                let mut asked = Asked::new(cx.side(), verb, name, "");
                if tag == 0x66 {
                    asked = asked.detail("attributes", modified(operation).join(", "));
                }
                self.pending.ask(number, asked, cx);
            }
            0x77 => {
                let name = Ber(operation).expect(0x80)?;
                let shown = if name == START_TLS { "StartTLS".to_owned() } else { clean_bytes(name) };
                if name == START_TLS {
                    self.tls_asked = Some(number);
                }
                let plain = shown.bytes().all(|b| b.is_ascii_graphic());
                let object = if plain { shown } else { String::new() };
                self.pending.ask(number, Asked::new(cx.side(), Verb::Command, "extended", &object), cx);
            }
            0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x78 => return self.result(number, tag, operation, cx),
            _ => {}
        }
        Some(false)
    }

    fn bind(&mut self, number: i64, operation: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let mut bind = Ber(operation);
        let _version = bind.expect(2)?;
        let name = bind.expect(4)?;
        let (kind, credentials) = bind.next()?;
        let mechanism = match kind {
            0x80 if name.is_empty() && credentials.is_empty() => "anonymous".to_owned(),
            0x80 => "simple".to_owned(),
            0xa3 => clean_bytes(Ber(credentials).expect(4)?),
            0x89..=0x8b => "NTLM".to_owned(),
            other => format!("0x{other:02x}"),
        };
        self.token(credentials, cx);
        let word = match mechanism.as_str() {
            "anonymous" => "anonymous bind",
            "simple" => "simple bind",
            _ => "bind",
        };
        let asked = Asked::new(cx.side(), Verb::Login, word, "")
            .detail("mechanism", mechanism)
            .detail("account", self.account);
        self.pending.ask(number, asked, cx);
        Some(())
    }

    fn token(&mut self, credentials: &[u8], cx: &mut Context<'_>) {
        if let Some(message) = ntlmssp::read(credentials) {
            ntlmssp::report(&message, &cx.sender(), cx);
            if message.kind == ntlmssp::Kind::Authenticate {
                self.account = message.account.name();
            }
        }
    }

    fn search(&mut self, number: i64, operation: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let mut search = Ber(operation);
        let base = search.expect(4)?;
        let scope = match integer(search.expect(10)?)? {
            0 => "base",
            1 => "one level",
            2 => "subtree",
            _ => "subordinates",
        };
        for tag in [10, 2, 2, 1] {
            search.expect(tag)?;
        }
        let (tag, content) = search.next()?;
        let mut filter = entry::Filter::default();
        filter.read(tag, content, 0);
        let mut wanted = Vec::new();
        let mut names = Ber(search.expect(0x30).unwrap_or(&[]));
        while let Some(name) = names.expect(4) {
            if wanted.len() >= 16 {
                break;
            }
            wanted.push(clean_bytes(name));
        }
        let ping = wanted.iter().any(|name| name.eq_ignore_ascii_case("netlogon"));
        if ping
            && base.is_empty()
            && let Some(host) = &filter.host
            && self.said.first(("ping", host))
        {
            cx.evidence(cx.sender(), &CLIENT_HOST, host);
        }
        self.searches = self.searches.saturating_add(1);
        if self.searches > MAX_SEARCHES {
            return Some(());
        }
        if self.found.len() >= 64 {
            self.found.remove(0);
        }
        self.found.push((number, 0));
        let object = if base.is_empty() { "rootDSE" } else { "" };
        let asked = Asked::new(cx.side(), Verb::Query, "search", object)
            .detail("scope", scope)
            .detail("filter", filter.attributes.join(", "))
            .detail("attributes", wanted.join(", "));
        self.pending.ask(number, asked, cx);
        Some(())
    }

    fn result(&mut self, number: i64, tag: u8, operation: &[u8], cx: &mut Context<'_>) -> Option<bool> {
        let mut fields = Ber(operation);
        let code = integer(fields.expect(10)?)?;
        if tag == 0x61 {
            self.token(operation, cx);
        }
        let tls = tag == 0x78 && code == 0 && self.tls_asked == Some(number);
        let Some(mut asked) = self.pending.answer(&number) else { return Some(tls) };
        if let Some(at) = self.found.iter().position(|(n, _)| *n == number) {
            let (_, count) = self.found.swap_remove(at);
            asked = asked.detail("entries", count.to_string());
        }
        // A bind that goes on is told with its end.
        if code == 14 {
            return Some(false);
        }
        let name = result_name(code);
        let shown = if code == 0 { String::new() } else { name };
        let outcome = if code == 0 { Outcome::Success } else { Outcome::Failure };
        asked.detail("result", shown).report(outcome, cx);
        Some(tls)
    }
}

/// Names of the attributes that a ModifyRequest changes (RFC 4511 4.6).
fn modified(operation: &[u8]) -> Vec<String> {
    let mut request = Ber(operation);
    let mut names = Vec::new();
    let changes = request.expect(4).and_then(|_| request.expect(0x30)).unwrap_or(&[]);
    let mut changes = Ber(changes);
    while let Some(change) = changes.expect(0x30) {
        let mut change = Ber(change);
        let attribute = change.expect(10).and_then(|_| change.expect(0x30));
        if names.len() >= 16 {
            break;
        }
        names.extend(attribute.and_then(|a| Ber(a).expect(4)).map(clean_bytes));
    }
    names
}

/// Result codes (RFC 4511 4.1.9).
fn result_name(code: i64) -> String {
    match code {
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        7 => "authMethodNotSupported",
        8 => "strongerAuthRequired",
        10 => "referral",
        13 => "confidentialityRequired",
        32 => "noSuchObject",
        48 => "inappropriateAuthentication",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        68 => "entryAlreadyExists",
        other => return other.to_string(),
    }
    .to_owned()
}

impl Session for LdapSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if bytes.first() != Some(&0x30) {
            // After a SASL bind with protection each message stands behind its length, and is encrypted.
            return Progress::Quiet;
        }
        let Some((_, start, length)) = header(bytes) else {
            return if bytes.len() < 6 {
                Progress::Need(bytes.len() + 1)
            } else {
                Progress::GiveUp("ldap_bad_length")
            };
        };
        let total = start.saturating_add(length);
        if total > MAX_MESSAGE {
            return if cx.side() == Side::Responder || total < 16 * 1024 * 1024 {
                Progress::Consumed(total as u64)
            } else {
                Progress::GiveUp("ldap_bad_length")
            };
        }
        let Some(content) = bytes.get(start..total) else {
            return if cx.is_stream() {
                Progress::Need(total)
            } else {
                Progress::Consumed(bytes.len() as u64)
            };
        };
        let tls = self.message(content, cx).unwrap_or(false);
        let consumed = total as u64;
        if tls { Progress::Become { consumed, dissector: "tls" } } else { Progress::Consumed(consumed) }
    }

    fn gap(&mut self, _length: u64, _cx: &mut Context<'_>) -> Resync {
        Resync::GiveUp
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::LDAP;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x82, (content.len() >> 8) as u8, content.len() as u8][..], content].concat()
    }

    fn message(number: u8, operation: &[u8]) -> Vec<u8> {
        tlv(0x30, &[&[2, 1, number][..], operation].concat())
    }

    fn attribute(name: &str, value: &str) -> Vec<u8> {
        tlv(0x30, &[tlv(4, name.as_bytes()), tlv(0x31, &tlv(4, value.as_bytes()))].concat())
    }

    fn search(base: &str, filter: &[u8]) -> Vec<u8> {
        let head = [&tlv(4, base.as_bytes())[..], &[10, 1, 0, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0]].concat();
        tlv(0x63, &[&head[..], filter, &tlv(0x30, &tlv(4, b"netlogon"))].concat())
    }

    #[test]
    fn a_domain_controller_tells_its_name_and_level() {
        let attributes =
            [attribute("dnsHostName", "dc1.ward.example"), attribute("domainControllerFunctionality", "7")]
                .concat();
        let entry = tlv(0x64, &[tlv(4, b""), tlv(0x30, &attributes)].concat());
        let said = exercise(
            &LDAP,
            Transport::Tcp,
            &[
                (Side::Originator, &message(1, &search("", b"\x87\x0bobjectClass"))),
                (Side::Responder, &message(1, &entry)),
                (Side::Responder, &message(1, &tlv(0x65, &[10, 1, 0, 4, 0, 4, 0]))),
            ],
        );
        assert_eq!(said.values("dns-host"), ["dc1.ward.example"]);
        assert_eq!(said.values("functionality"), ["domaincontroller Windows Server 2016"]);
        assert_eq!(said.activity[0].outcome, Outcome::Success);
        assert!(said.activity[0].details.contains(&("entries", "1".into())));
    }

    #[test]
    fn a_ping_names_the_client() {
        let filter = tlv(0xa0, &tlv(0xa3, &[tlv(4, b"Host"), tlv(4, b"MR-CONSOLE")].concat()));
        let said = exercise(&LDAP, Transport::Udp, &[(Side::Originator, &message(1, &search("", &filter)))]);
        assert_eq!(said.values("ping-host"), ["MR-CONSOLE"]);
    }

    #[test]
    fn binds_keep_no_names() {
        let bind = tlv(0x60, &[&[2, 1, 3][..], &tlv(4, b"cn=jdoe"), &tlv(0x80, b"secret")].concat());
        // Short forms, as the probe reads a bind's first octets.
        let said = exercise(
            &LDAP,
            Transport::Tcp,
            &[
                (Side::Originator, &message(1, &bind)),
                (Side::Responder, &message(1, &tlv(0x61, &[10, 1, 49, 4, 0, 4, 0]))),
            ],
        );
        let login = said.activity.iter().find(|a| a.verb == Verb::Login).expect("a bind");
        assert_eq!(login.outcome, Outcome::Failure);
        assert!(!format!("{said:?}").contains("jdoe"));
    }

    #[test]
    fn start_tls_takes_over() {
        let ask = tlv(0x77, &tlv(0x80, b"1.3.6.1.4.1.1466.20037"));
        let said = exercise(
            &LDAP,
            Transport::Tcp,
            &[
                (Side::Originator, &message(1, &ask)),
                (Side::Responder, &message(1, &tlv(0x78, &[10, 1, 0, 4, 0, 4, 0]))),
            ],
        );
        assert_eq!(said.became, Some("tls"));
    }
}
