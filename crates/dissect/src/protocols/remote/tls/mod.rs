//! TLS and SSL over TCP: who asks for which server, and what the server's certificate says of it.
//!
//! Follows RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2; 1.0 and 1.1 have the same shapes), RFC 6101 (SSL 3.0), RFC 6066 3
//! (server name), RFC 7301 (application protocols), RFC 5280 (certificates), and the hello messages of SSL 2.0.
//! Handshake messages are joined across records and segments. The session is over at the first record that is
//! encrypted (ChangeCipherSpec or application data), so that a flow costs nothing after its handshake.
//!
//! Of the client: server names asked for, versions and protocols offered, the fingerprints JA3 and JA4, and its
//! certificate in mutual TLS. Of the server: version, cipher suite and protocol chosen, and its certificate. From
//! TLS 1.3 on certificates are encrypted and nothing is known of them.
//!
//! Limits: only the first certificate of a chain is read; a signature is not verified, so that *self-issued* means
//! that subject and issuer are the same name. Renegotiation is encrypted and not seen.

mod certificate;
mod fingerprint;
mod hello;

use medward_model::{Attribute, Field, Outcome, Verb};

use certificate::Certificate;
use hello::{ClientHello, ServerHello};

use super::nearby::{is_host_name, is_nearby};
use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

/// Longest handshake message that is joined: certificate chains are well below.
const MAX_MESSAGE: usize = 96 * 1024;
/// Longest record: 2^14 octets of text and 2,048 of protection (RFC 5246, 6.2.3).
const MAX_RECORD: usize = 16_384 + 2048;

static SNI: Field = Field::fact("sni", "Client: server_name extension, host_name (RFC 6066 3)");
static CLIENT_ALPN: Field =
    Field::fact("client-alpn", "Client: protocols offered, with commas (RFC 7301 3.1)");
static CLIENT_VERSION: Field =
    Field::fact("client-version", "Client: highest version offered (RFC 8446 4.2.1; legacy_version)");
static JA3: Field = Field::fact("ja3", "Client: JA3, MD5 of the fields of the ClientHello");
static JA4: Field = Field::fact("ja4", "Client: JA4 fingerprint of the ClientHello");
static VERSION: Field = Field::fact("version", "Server: version chosen (RFC 8446 4.1.3, 4.2.1)");
static CIPHER: Field =
    Field::fact("cipher", "Server: cipher suite chosen, by its IANA name (RFC 8446 4.1.3)");
static ALPN: Field = Field::fact("alpn", "Server: protocol chosen (RFC 7301 3.2)");
static CERT_SUBJECT: Field = Field::fact("cert-subject", "Certificate: subject (RFC 5280 4.1.2.6)");
static CERT_ISSUER: Field = Field::fact("cert-issuer", "Certificate: issuer (RFC 5280 4.1.2.4)");
static CERT_CN: Field = Field::fact("cert-cn", "Certificate: commonName of the subject (X.520 6.2.2)");
static CERT_O: Field = Field::fact("cert-o", "Certificate: organizationName of the subject (X.520 6.4.1)");
static CERT_OU: Field =
    Field::fact("cert-ou", "Certificate: organizationalUnitName of the subject (X.520 6.4.2)");
static CERT_SERIAL: Field =
    Field::fact("cert-device-serial", "Certificate: serialNumber attribute of the subject (X.520 6.2.9)");
static CERT_SAN: Field =
    Field::fact("cert-san", "Certificate: DNS names and addresses of subjectAltName (RFC 5280 4.2.1.6)");
static CERT_NOT_BEFORE: Field =
    Field::fact("cert-not-before", "Certificate: first day of validity (RFC 5280 4.1.2.5)");
static CERT_NOT_AFTER: Field =
    Field::fact("cert-not-after", "Certificate: last day of validity (RFC 5280 4.1.2.5)");
static CERT_KEY: Field =
    Field::fact("cert-key", "Certificate: kind and bits of the public key (RFC 5280 4.1.2.7)");
static CERT_SIGNATURE: Field =
    Field::fact("cert-signature", "Certificate: signature algorithm (RFC 5280 4.1.1.2)");
static CERT_SHA256: Field =
    Field::fact("cert-sha256", "Certificate: SHA-256 of the whole, in hexadecimal digits");
static SELF_ISSUED: Field =
    Field::fact("self-issued", "Certificate: subject and issuer are the same: the subject");
static SELF_ISSUED_O: Field =
    Field::fact("self-issued-o", "Certificate that is self-issued: organizationName, usually of the maker");
static CERT_HOSTNAME: Field = Field::states(
    "cert-hostname",
    Attribute::Hostname,
    60,
    "Certificate of a server on a private address: its only DNS name in subjectAltName, no wildcard",
);

pub(super) static TLS: Dissector = Dissector {
    name: "tls",
    title: "TLS and SSL",
    label: "TLS",
    group: Group::Remote,
    specification: &[
        "RFC 8446 4.1",
        "RFC 5246 7.4",
        "RFC 6101 5.6",
        "RFC 6066 3",
        "RFC 7301 3",
        "RFC 5280 4.1",
        "JA3",
        "JA4 (TLS client)",
    ],
    ports: &[443, 8443, 2762, 636, 993, 995, 465, 5061, 8883, 6514, 9443],
    carrier: Carrier::Stream { probe, session: || Box::new(TlsSession::default()) },
    fields: &[
        &SNI,
        &CLIENT_ALPN,
        &CLIENT_VERSION,
        &JA3,
        &JA4,
        &VERSION,
        &CIPHER,
        &ALPN,
        &CERT_SUBJECT,
        &CERT_ISSUER,
        &CERT_CN,
        &CERT_O,
        &CERT_OU,
        &CERT_SERIAL,
        &CERT_SAN,
        &CERT_NOT_BEFORE,
        &CERT_NOT_AFTER,
        &CERT_KEY,
        &CERT_SIGNATURE,
        &CERT_SHA256,
        &SELF_ISSUED,
        &SELF_ISSUED_O,
        &CERT_HOSTNAME,
    ],
    basis: Basis::RealPeers,
};

/// A hello in a record, an SSL 2.0 hello, or (where the beginning is missing) two records in a row.
fn probe(head: &Head<'_>) -> Probe {
    let mut undecided = false;
    for bytes in [head.originator, head.responder] {
        match probe_side(bytes, head.from_start) {
            Probe::Match => return Probe::Match,
            Probe::NeedMore => undecided = true,
            Probe::NoMatch => return Probe::NoMatch,
        }
    }
    if undecided { Probe::NeedMore } else { Probe::NoMatch }
}

fn probe_side(bytes: &[u8], from_start: bool) -> Probe {
    let Some((kind, rest)) = bytes.split_first() else { return Probe::NeedMore };
    if kind & 0x80 != 0 {
        let Some(([high, low], body)) = bytes.split_first_chunk::<2>() else { return Probe::NeedMore };
        let length = usize::from(high & 0x7f) << 8 | usize::from(*low);
        if !(28..=1024).contains(&length) || body.first().is_some_and(|kind| *kind != 1) {
            return Probe::NoMatch;
        }
        let Some(body) = body.get(..length) else { return Probe::NeedMore };
        return Probe::when(ClientHello::read_old(body).is_some());
    }
    if !(20..=24).contains(kind) || (from_start && !matches!(kind, 21 | 22)) {
        return Probe::NoMatch;
    }
    if rest.first().is_some_and(|major| *major != 3) || rest.get(1).is_some_and(|minor| *minor > 4) {
        return Probe::NoMatch;
    }
    let Some((header, body)) = bytes.split_first_chunk::<5>() else { return Probe::NeedMore };
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    if length == 0 || length > MAX_RECORD {
        return Probe::NoMatch;
    }
    match (kind, body) {
        // ClientHello or ServerHello: the message's length, then version 3.x.
        (22, [message, length, _, _, major, ..]) => {
            if matches!(message, 1 | 2) && *length == 0 && *major == 3 {
                return Probe::Match;
            }
            if from_start {
                return Probe::NoMatch;
            }
        }
        (22, _) => return Probe::NeedMore,
        (21, _) if from_start => return Probe::when(length == 2),
        _ => {}
    }
    match body.get(length..) {
        Some([next, 3, minor, ..]) => Probe::when((20..=24).contains(next) && *minor <= 4),
        Some([_, _, _, ..]) => Probe::NoMatch,
        _ => Probe::NeedMore,
    }
}

#[derive(Default)]
struct Half {
    /// Front of a handshake message that is not yet whole.
    message: Vec<u8>,
    /// Nothing more in clear.
    done: bool,
    records: bool,
}

/// Follows the handshake in both directions.
#[derive(Default)]
pub(super) struct TlsSession {
    halves: [Half; 2],
    client: Option<Side>,
    server_name: Option<String>,
    offered_alpn: String,
    chosen: Option<ServerHello>,
    client_certificate: bool,
    certificate_said: [bool; 2],
    alert: Option<u8>,
    reported: bool,
    /// Only the client end of the flow is an end of the TLS connection (through a proxy).
    tunnelled: bool,
}

impl TlsSession {
    /// For TLS inside a tunnel through the responder: what the far server says is not about the responder.
    pub(super) fn tunnelled() -> TlsSession {
        TlsSession { tunnelled: true, ..TlsSession::default() }
    }

    fn half(&mut self, side: Side) -> &mut Half {
        let [originator, responder] = &mut self.halves;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    fn finish(&mut self, side: Side, cx: &mut Context<'_>) -> Progress {
        let half = self.half(side);
        half.done = true;
        half.message = Vec::new();
        if self.halves.iter().all(|half| half.done) || self.alert.is_some() {
            self.report(cx);
            return Progress::Quiet;
        }
        Progress::Finished
    }

    fn messages(&mut self, side: Side, cx: &mut Context<'_>) -> bool {
        loop {
            let half = self.half(side);
            let mut reader = Reader::new(&half.message);
            let (Some(kind), Some(length)) = (reader.u8(), reader.u24()) else { return true };
            if length > MAX_MESSAGE {
                cx.weird("tls_long_handshake_message");
                return false;
            }
            let Some(body) = reader.take(length) else { return true };
            let body = body.to_vec();
            let rest = reader.rest().to_vec();
            half.message = rest;
            self.message(side, kind, &body, cx);
        }
    }

    fn message(&mut self, side: Side, kind: u8, body: &[u8], cx: &mut Context<'_>) {
        match kind {
            1 => match ClientHello::read(body) {
                Some(hello) => self.client_hello(side, &hello, cx),
                None => cx.weird("tls_bad_client_hello"),
            },
            2 => match ServerHello::read(body) {
                Some(hello) => self.server_hello(side, hello, cx),
                None => cx.weird("tls_bad_server_hello"),
            },
            11 => {
                let mut reader = Reader::new(body);
                let first = reader.counted24().and_then(|list| Reader::new(list).counted24());
                if let Some(der) = first {
                    self.certificate(side, der, cx);
                }
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, side: Side, hello: &ClientHello, cx: &mut Context<'_>) {
        if self.client.is_some() {
            return;
        }
        self.client = Some(side);
        self.server_name.clone_from(&hello.server_name);
        self.offered_alpn = hello.alpn_shown();
        report_client(hello, cx.host(side), cx);
    }

    fn server_hello(&mut self, side: Side, hello: ServerHello, cx: &mut Context<'_>) {
        self.client.get_or_insert(side.other());
        if !self.tunnelled && self.chosen.is_none() {
            let server = cx.host(side);
            cx.evidence(server.clone(), &VERSION, &hello::version_name(hello.version));
            cx.evidence(server.clone(), &CIPHER, &hello::cipher_name(hello.cipher));
            if let Some(alpn) = &hello.alpn {
                cx.evidence(server, &ALPN, alpn);
            }
        }
        self.chosen = Some(hello);
    }

    fn certificate(&mut self, side: Side, der: &[u8], cx: &mut Context<'_>) {
        let from_client = self.client == Some(side);
        self.client_certificate |= from_client;
        let Some(said) = self.certificate_said.get_mut(side.index()) else { return };
        if std::mem::replace(said, true) || (self.tunnelled && !from_client) {
            return;
        }
        match Certificate::read(der) {
            Some(certificate) => report_certificate(&certificate, side, from_client, cx),
            None => cx.weird("tls_bad_certificate"),
        }
    }

    fn report(&mut self, cx: &mut Context<'_>) {
        let Some(client) = self.client else { return };
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let outcome = if self.alert.is_some() {
            Outcome::Failure
        } else if self.chosen.is_some() && self.halves.iter().all(|half| half.done) {
            Outcome::Success
        } else {
            Outcome::Unknown
        };
        let chosen = self.chosen.take().unwrap_or_default();
        let version = if chosen.version == 0 { String::new() } else { hello::version_name(chosen.version) };
        let cipher = if chosen.version == 0 { String::new() } else { hello::cipher_name(chosen.cipher) };
        let alert = self.alert.map(alert_name).unwrap_or_default();
        cx.activity_by(client, Verb::Connect, "TLS handshake", self.server_name.as_deref().unwrap_or(""))
            .outcome(outcome)
            .detail("version", &version)
            .detail("cipher", &cipher)
            .detail("alpn", chosen.alpn.as_deref().unwrap_or(&self.offered_alpn))
            .detail("client_certificate", if self.client_certificate { "yes" } else { "" })
            .detail("alert", &alert);
    }

    /// SSL 2.0: one hello each way; all that follows is encrypted or of no use.
    fn old_record(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(([high, low], rest)) = bytes.split_first_chunk::<2>() else { return Progress::Need(2) };
        let length = usize::from(high & 0x7f) << 8 | usize::from(*low);
        let Some(body) = rest.get(..length) else { return Progress::Need(length.saturating_add(2)) };
        if let Some(hello) = ClientHello::read_old(body) {
            self.client_hello(side, &hello, cx);
            if hello.highest() != 2 {
                return Progress::Consumed((length as u64).saturating_add(2));
            }
        } else if let Some((version, der)) = old_server_hello(body) {
            self.client.get_or_insert(side.other());
            self.chosen = Some(ServerHello { version, ..ServerHello::default() });
            if !self.tunnelled {
                cx.evidence(cx.host(side), &VERSION, &hello::version_name(version));
            }
            self.certificate(side, der, cx);
        } else {
            return Progress::GiveUp("tls_bad_record");
        }
        self.finish(side, cx)
    }
}

/// SERVER-HELLO of SSL 2.0: version and certificate.
fn old_server_hello(body: &[u8]) -> Option<(u16, &[u8])> {
    let mut reader = Reader::new(body);
    let (kind, _hit, certificate_kind) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let version = reader.u16()?;
    let (certificate, specs, connection) = (reader.u16()?, reader.u16()?, reader.u16()?);
    let total = 11 + usize::from(certificate) + usize::from(specs) + usize::from(connection);
    if kind != 4 || certificate_kind > 1 || version != 2 || body.len() != total {
        return None;
    }
    Some((version, reader.take(usize::from(certificate))?))
}

impl Session for TlsSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        if self.half(side).done {
            return Progress::Finished;
        }
        if bytes.first().is_some_and(|first| first & 0x80 != 0) && !self.half(side).records {
            return self.old_record(bytes, cx);
        }
        let Some((header, rest)) = bytes.split_first_chunk::<5>() else { return Progress::Need(5) };
        let [kind, major, minor, high, low] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(20..=24).contains(&kind) || major != 3 || minor > 4 || length > MAX_RECORD {
            return Progress::GiveUp("tls_bad_record");
        }
        self.half(side).records = true;
        if matches!(kind, 20 | 23) {
            return self.finish(side, cx);
        }
        let whole = length.saturating_add(5);
        let Some(content) = rest.get(..length) else { return Progress::Need(whole) };
        match (kind, content) {
            (21, [level, description]) => {
                // A warning ends nothing by itself, but close_notify (0) does.
                if *level == 2 {
                    self.alert = Some(*description);
                    return self.finish(side, cx);
                }
                if *description == 0 {
                    return self.finish(side, cx);
                }
            }
            (21, _) => return self.finish(side, cx),
            (22, _) => {
                self.half(side).message.extend_from_slice(content);
                if !self.messages(side, cx) {
                    return self.finish(side, cx);
                }
            }
            _ => {}
        }
        Progress::Consumed(whole as u64)
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        let half = self.half(cx.side());
        half.done = true;
        half.message = Vec::new();
        if self.halves.iter().all(|half| half.done) { Resync::GiveUp } else { Resync::Continue }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.report(cx);
    }
}

/// What a ClientHello says of the client.
fn report_client(hello: &ClientHello, client: medward_model::Subject, cx: &mut Context<'_>) {
    if let Some(name) = &hello.server_name {
        cx.evidence(client.clone(), &SNI, name);
    }
    cx.evidence(client.clone(), &CLIENT_ALPN, &hello.alpn_shown());
    let version = match hello.lowest() {
        Some(lowest) if lowest != hello.highest() => {
            format!("{} to {}", hello::version_name(lowest), hello::version_name(hello.highest()))
        }
        _ => hello::version_name(hello.highest()),
    };
    cx.evidence(client.clone(), &CLIENT_VERSION, &version);
    // A hello in the form of SSL 2.0 has no lists of extensions and groups to make a fingerprint of.
    if !hello.old_form {
        cx.evidence(client.clone(), &JA3, &fingerprint::ja3(hello));
        cx.evidence(client, &JA4, &fingerprint::ja4(hello));
    }
}

fn report_certificate(certificate: &Certificate, side: Side, from_client: bool, cx: &mut Context<'_>) {
    let holder = cx.host(side);
    let mut say = |field: &'static Field, value: &str| cx.evidence(holder.clone(), field, value);
    say(&CERT_SUBJECT, &certificate.subject);
    say(&CERT_ISSUER, &certificate.issuer);
    say(&CERT_CN, certificate.common_name.as_deref().unwrap_or(""));
    say(&CERT_O, certificate.organisation.as_deref().unwrap_or(""));
    for unit in &certificate.units {
        say(&CERT_OU, unit);
    }
    say(&CERT_SERIAL, certificate.device_serial.as_deref().unwrap_or(""));
    for name in &certificate.names {
        say(&CERT_SAN, name);
    }
    say(&CERT_NOT_BEFORE, &certificate.not_before);
    say(&CERT_NOT_AFTER, &certificate.not_after);
    say(&CERT_KEY, &certificate.key);
    say(&CERT_SIGNATURE, &certificate.signature);
    say(&CERT_SHA256, &certificate.sha256);
    if certificate.self_issued {
        say(&SELF_ISSUED, &certificate.subject);
        say(&SELF_ISSUED_O, certificate.organisation.as_deref().unwrap_or(""));
    }
    if let [name] = &*certificate.dns_names
        && !from_client
        && is_host_name(name)
        && is_nearby(cx.flow().peer(side).host.ip)
    {
        cx.evidence(holder, &CERT_HOSTNAME, name);
    }
}

/// Alert descriptions (RFC 8446, 6; RFC 5246, 7.2) by name.
fn alert_name(description: u8) -> String {
    let name = match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        other => return other.to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::TLS;
    use crate::{Exercise, Side, exercise};
    use medward_model::{Outcome, Transport};

    use Side::{Originator as C, Responder as S};

    /// Made with OpenSSL: EC P-256, self-signed, O, OU, CN and serialNumber, one DNS name.
    const CERTIFICATE: &str = "30820216308201bca00302010202142f39f336710b2253f5840686dea4483b4e9dde69300a06082a8648ce3d04030230\
        4f31183016060355040a0c0f4578616d706c65204d65646963616c310e300c060355040b0c0550756d70733112301006\
        035504030c0970756d702d30303432310f300d06035504051306534e30303432301e170d323631313232303631373137\
        5a170d3336313131393036313731375a304f31183016060355040a0c0f4578616d706c65204d65646963616c310e300c\
        060355040b0c0550756d70733112301006035504030c0970756d702d30303432310f300d06035504051306534e303034\
        323059301306072a8648ce3d020106082a8648ce3d03010703420004e96ae515c2570c12e8b9abb70a128188fbf7f757\
        8189c5cb2527a871f65f04110bb299b029ef46559db2d006838ecb62c24c92584d130a3ac10027e16142991ca3763074\
        301d0603551d0e04160414d21d696742845b54ebdda588ae79396846db6dc5301f0603551d23041830168014d21d6967\
        42845b54ebdda588ae79396846db6dc5300f0603551d130101ff040530030101ff30210603551d11041a301882167075\
        6d702d303034322e686f73702e6578616d706c65300a06082a8648ce3d040302034800304502203f22318fc9cce93521\
        106dd3c584ebd019763bb9b4d1802b2bef1de6730de9f8022100f9484e9fd79f9c3e5872b1b011965765938a16bbc0a7\
        45d26c8b448a19e93492";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32).to_be_bytes();
        [&[kind], &length[1..], body].concat()
    }

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3], &(content.len() as u16).to_be_bytes()[..], content].concat()
    }

    fn client_hello() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend(hex("00 0004 c02b 000a 01 00"));
        // server_name "pacs.hosp.example", ALPN "h2".
        let extensions =
            hex("0000 0016 0014 00 0011 706163732e686f73702e6578616d706c65 0010 0005 0003 02 6832");
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        message(1, &body)
    }

    fn server_flight() -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend([9; 32]);
        hello.extend(hex("00 c02b 00"));
        let der = hex(CERTIFICATE);
        let counted = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
        [message(2, &hello), message(11, &counted(&counted(&der))), message(14, &[])].concat()
    }

    fn run(chunks: &[(Side, &[u8])]) -> Exercise {
        exercise(&TLS, Transport::Tcp, chunks)
    }

    #[test]
    fn a_handshake_tells_both_ends() {
        let flight = server_flight();
        // Messages go across records.
        let (first, second) = flight.split_at(60);
        let server = [record(22, first), record(22, second)].concat();
        let change = record(20, &[1]);
        let said = run(&[(C, &record(22, &client_hello())), (S, &server), (C, &change), (S, &change)]);
        assert_eq!(said.values("sni"), ["pacs.hosp.example"]);
        assert_eq!(said.values("client-alpn"), ["h2"]);
        assert_eq!(said.values("version"), ["TLS 1.2"]);
        assert_eq!(said.values("cipher"), ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]);
        assert_eq!(
            said.values("cert-subject"),
            ["O=Example Medical, OU=Pumps, CN=pump-0042, serialNumber=SN0042"]
        );
        assert_eq!(said.values("cert-device-serial"), ["SN0042"]);
        assert_eq!(said.values("cert-key"), ["EC 256"]);
        assert_eq!(said.values("cert-hostname"), ["pump-0042.hosp.example"]);
        assert_eq!(said.values("self-issued-o"), ["Example Medical"]);
        assert_eq!(
            said.activity.first().map(|a| (&*a.object, a.outcome)),
            Some(("pacs.hosp.example", Outcome::Success))
        );
    }

    #[test]
    fn an_alert_is_a_failure_and_says_why() {
        let said = run(&[(C, &record(22, &client_hello())), (S, &record(21, &[2, 40]))]);
        assert_eq!(said.activity.first().map(|a| a.outcome), Some(Outcome::Failure));
        assert!(format!("{:?}", said.activity).contains("handshake_failure"));
    }

    #[test]
    fn a_hello_of_ssl_2_is_recognised() {
        let mut hello = hex("802e 01 0002 0015 0000 0010 010080 020080 030080 040080 050080 060040 0700c0");
        hello.extend([5; 16]);
        let said = run(&[(C, &hello)]);
        assert_eq!(said.values("client-version"), ["SSL 2.0"]);
        assert!(said.values("ja3").is_empty());
    }

    #[test]
    fn after_a_loss_the_other_side_still_speaks() {
        let said = run(&[(C, &record(22, &client_hello())), (C, &[]), (S, &record(22, &server_flight()))]);
        assert_eq!(said.values("cert-o"), ["Example Medical"]);
    }

    #[test]
    fn other_traffic_is_not_tls() {
        assert!(run(&[(C, b"\x16\x03\x01\x00\x20\x05\x00\x00\x10abcdefghijk")]).unmatched);
        assert!(run(&[(C, b"GET / HTTP/1.1\r\n\r\n")]).unmatched);
    }
}
