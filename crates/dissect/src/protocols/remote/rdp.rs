//! RDP, Microsoft's remote desktop: what is negotiated before encryption, and the client's name where nothing is.
//!
//! Follows \[MS-RDPBCGR\] 2.2.1.1 (X.224 Connection Request, with RDP_NEG_REQ), 2.2.1.2 (Confirm, with RDP_NEG_RSP or
//! RDP_NEG_FAILURE), 2.2.1.3 and 2.2.1.4 (MCS Connect Initial and Response with their GCC user data), on TPKT (RFC 1006).
//! After TLS or CredSSP was agreed on the flow becomes `tls`. With Standard RDP Security the client tells its computer
//! name and build, and the server the way it encrypts.
//!
//! The cookie `mstshash` holds a user name as a rule and is not kept.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::nearby::is_host_name;
use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean};

static CLIENT_NAME: Field = Field::states(
    "client-name",
    Attribute::Hostname,
    88,
    "Client: clientName of TS_UD_CS_CORE (MS-RDPBCGR 2.2.1.3.2), at most 15 characters",
);
static CLIENT_BUILD: Field =
    Field::fact("client-build", "Client: clientBuild of TS_UD_CS_CORE (MS-RDPBCGR 2.2.1.3.2)");
static KEYBOARD: Field = Field::fact(
    "keyboard",
    "Client: keyboardLayout of TS_UD_CS_CORE as hexadecimal digits (MS-RDPBCGR 2.2.1.3.2)",
);
static CLIENT_VERSION: Field =
    Field::fact("client-version", "Client: version of TS_UD_CS_CORE (MS-RDPBCGR 2.2.1.3.2)");
static REQUESTED: Field =
    Field::fact("requested-protocols", "Client: requestedProtocols of RDP_NEG_REQ (MS-RDPBCGR 2.2.1.1.1)");
static SELECTED: Field =
    Field::fact("security", "Server: selectedProtocol of RDP_NEG_RSP, or none (MS-RDPBCGR 2.2.1.2.1)");
static SERVER_VERSION: Field =
    Field::fact("server-version", "Server: version of TS_UD_SC_CORE (MS-RDPBCGR 2.2.1.4.2)");
static ENCRYPTION: Field = Field::fact(
    "encryption",
    "Server: encryptionMethod and encryptionLevel of TS_UD_SC_SEC1 (MS-RDPBCGR 2.2.1.4.3)",
);

pub(super) static RDP: Dissector = Dissector {
    name: "rdp",
    title: "RDP",
    label: "RDP",
    group: Group::Remote,
    specification: &["MS-RDPBCGR 2.2.1.1-2.2.1.4", "RFC 1006 6"],
    ports: &[3389],
    carrier: Carrier::Stream { probe, session: || Box::new(RdpSession::default()) },
    fields: &[
        &CLIENT_NAME,
        &CLIENT_BUILD,
        &KEYBOARD,
        &CLIENT_VERSION,
        &REQUESTED,
        &SELECTED,
        &SERVER_VERSION,
        &ENCRYPTION,
    ],
    basis: Basis::RealPeers,
};

/// A Connection Request with a cookie or a negotiation request; a bare one only on the usual port, as other protocols
/// on TPKT begin with it too.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.originator;
    let Some(front) = bytes.get(..11) else {
        return match Probe::magic(bytes, &[3, 0]) {
            Probe::NoMatch => Probe::NoMatch,
            _ => Probe::NeedMore,
        };
    };
    let (Some(total), Some(0xe0)) = (packet_length(front), front.get(5)) else { return Probe::NoMatch };
    if total == 11 {
        return Probe::when(head.on_port(3389) && head.from_start);
    }
    let Some(variable) = bytes.get(11..total) else { return Probe::NeedMore };
    Probe::when(variable.starts_with(b"Cookie: msts") || negotiation(variable, 1).is_some())
}

/// Length of a TPKT packet with an X.224 header that fits.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(bytes);
    let (version, _reserved, length, indicator) = (reader.u8()?, reader.u8()?, reader.u16()?, reader.u8()?);
    let length = usize::from(length);
    (version == 3 && length >= 7 && usize::from(indicator) + 5 <= length).then_some(length)
}

/// RDP_NEG_REQ (1), RDP_NEG_RSP (2) or RDP_NEG_FAILURE (3) at the end of the variable part: its number.
fn negotiation(variable: &[u8], kind: u8) -> Option<u32> {
    let start = match variable.windows(2).position(|pair| pair == b"\r\n") {
        Some(at) if variable.starts_with(b"Cookie: ") => at + 2,
        _ => 0,
    };
    let mut reader = Reader::new(variable.get(start..)?);
    let (found, _flags, length) = (reader.u8()?, reader.u8()?, reader.le16()?);
    if found != kind || length != 8 {
        return None;
    }
    reader.le32()
}

#[derive(Default)]
struct RdpSession {
    requested: String,
    confirmed: bool,
    /// Connect Initial and Response were read.
    read: [bool; 2],
}

impl RdpSession {
    fn confirm(&mut self, variable: &[u8], total: u64, cx: &mut Context<'_>) -> Progress {
        self.confirmed = true;
        let server = cx.sender();
        let requested = std::mem::take(&mut self.requested);
        if let Some(code) = negotiation(variable, 3) {
            cx.activity_by(Side::Originator, Verb::Connect, "RDP", "")
                .outcome(Outcome::Failure)
                .detail("requested", &requested)
                .detail("failure", failure_name(code));
            return Progress::Quiet;
        }
        let selected = negotiation(variable, 2).unwrap_or(0);
        let shown = selected_name(selected);
        cx.evidence(server, &SELECTED, shown);
        cx.activity_by(Side::Originator, Verb::Connect, "RDP", "")
            .outcome(Outcome::Success)
            .detail("requested", &requested)
            .detail("security", shown);
        match selected {
            0 => Progress::Consumed(total),
            // TLS, CredSSP, RDSTLS and CredSSP with early authorisation all begin with TLS.
            1 | 2 | 4 | 8 => Progress::Become { consumed: total, dissector: "tls" },
            _ => Progress::Quiet,
        }
    }

    /// MCS Connect Initial (BER application tag 101) or Response (102): user data behind the H.221 key.
    fn connect(&mut self, content: &[u8], cx: &mut Context<'_>) -> Progress {
        let client = cx.side() == Side::Originator;
        let (tag, key): (_, &[u8]) = if client { (0x65, b"Duca") } else { (0x66, b"McDn") };
        if !content.starts_with(&[0x7f, tag]) {
            return Progress::GiveUp("rdp_no_connect");
        }
        if let Some(at) = content.windows(4).position(|window| window == key)
            && let Some(blocks) = content.get(at + 4..).and_then(counted)
        {
            user_data(blocks, client, cx);
        }
        if let Some(read) = self.read.get_mut(cx.side().index()) {
            *read = true;
        }
        if self.read == [true, true] { Progress::Quiet } else { Progress::Finished }
    }
}

/// What stands behind a PER length (X.691, 10.9).
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    let length = if first & 0x80 == 0 {
        usize::from(first)
    } else {
        usize::from(first & 0x3f) << 8 | usize::from(reader.u8()?)
    };
    let rest = reader.rest();
    Some(rest.get(..length).unwrap_or(rest))
}

fn user_data(bytes: &[u8], client: bool, cx: &mut Context<'_>) {
    let mut reader = Reader::new(bytes);
    while let (Some(kind), Some(length)) = (reader.le16(), reader.le16()) {
        let Some(content) = usize::from(length).checked_sub(4).and_then(|length| reader.take(length)) else {
            return;
        };
        // A block that is too short says nothing.
        let _ = match (client, kind) {
            (true, 0xc001) => client_core(content, cx),
            (false, 0x0c01) => server_core(content, cx),
            (false, 0x0c02) => server_security(content, cx),
            _ => Some(()),
        };
    }
}

fn client_core(content: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let mut reader = Reader::new(content);
    let client = cx.sender();
    let version = reader.le32()?;
    cx.evidence(client.clone(), &CLIENT_VERSION, version_name(version));
    reader.take(8)?;
    let (keyboard, build) = (reader.le32()?, reader.le32()?);
    let (units, _) = reader.take(32)?.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let name: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let name = clean(&name);
    if is_host_name(&name) {
        cx.evidence(client.clone(), &CLIENT_NAME, &name);
    }
    if build != 0 {
        cx.evidence(client.clone(), &CLIENT_BUILD, &build.to_string());
    }
    if keyboard != 0 {
        cx.evidence(client, &KEYBOARD, &format!("{keyboard:08x}"));
    }
    Some(())
}

fn server_core(content: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let version = Reader::new(content).le32()?;
    cx.evidence(cx.sender(), &SERVER_VERSION, version_name(version));
    Some(())
}

fn server_security(content: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let mut reader = Reader::new(content);
    let method = match reader.le32()? {
        0 => "none",
        1 => "40-bit RC4",
        2 => "128-bit RC4",
        8 => "56-bit RC4",
        16 => "FIPS 140-1 3DES",
        _ => "unknown method",
    };
    let level = match reader.le32()? {
        0 => "level none",
        1 => "level low",
        2 => "level client compatible",
        3 => "level high",
        4 => "level FIPS",
        _ => "unknown level",
    };
    cx.evidence(cx.sender(), &ENCRYPTION, &format!("{method}, {level}"));
    Some(())
}

fn version_name(version: u32) -> &'static str {
    match version {
        0x0008_0001 => "4.0",
        0x0008_0004 => "5.0 to 8.1",
        0x0008_0005 => "10.0",
        0x0008_0006 => "10.1",
        0x0008_0007 => "10.2",
        0x0008_0008 => "10.3",
        0x0008_0009 => "10.4",
        0x0008_000a => "10.5",
        0x0008_000b => "10.6",
        0x0008_000c => "10.7",
        0x0008_000d => "10.8",
        0x0008_000e => "10.9",
        0x0008_000f => "10.10",
        0x0008_0010 => "10.11",
        0x0008_0011 => "10.12",
        _ => "unknown",
    }
}

fn selected_name(protocol: u32) -> &'static str {
    match protocol {
        0 => "Standard RDP Security",
        1 => "TLS",
        2 => "CredSSP",
        4 => "RDSTLS",
        8 => "CredSSP with early user authorization",
        16 => "RDS AAD",
        _ => "unknown",
    }
}

fn requested_names(protocols: u32) -> String {
    let all = [(1, "TLS"), (2, "CredSSP"), (4, "RDSTLS"), (8, "CredSSP-EX"), (16, "RDS AAD")];
    let names: Vec<&str> =
        all.iter().filter(|(bit, _)| protocols & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "Standard RDP Security".to_owned() } else { names.join(", ") }
}

fn failure_name(code: u32) -> &'static str {
    match code {
        1 => "TLS required by server",
        2 => "TLS not allowed by server",
        3 => "no certificate on server",
        4 => "inconsistent flags",
        5 => "CredSSP required by server",
        6 => "TLS with user authentication required by server",
        _ => "unknown",
    }
}

impl Session for RdpSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if bytes.len() < 7 {
            return Progress::Need(7);
        }
        let Some(total) = packet_length(bytes) else { return Progress::GiveUp("rdp_bad_packet") };
        let Some(packet) = bytes.get(..total) else { return Progress::Need(total) };
        let consumed = total as u64;
        let variable = packet.get(11..).unwrap_or(&[]);
        match packet.get(5) {
            Some(0xe0) => {
                self.requested = requested_names(negotiation(variable, 1).unwrap_or(0));
                cx.evidence(cx.sender(), &REQUESTED, &self.requested);
                Progress::Consumed(consumed)
            }
            Some(0xd0) if !self.confirmed => self.confirm(variable, consumed, cx),
            Some(0xf0) => self.connect(packet.get(7..).unwrap_or(&[]), cx),
            _ => Progress::Quiet,
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if !self.confirmed && !self.requested.is_empty() {
            cx.activity_by(Side::Originator, Verb::Connect, "RDP", "").detail("requested", &self.requested);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RDP;
    use crate::{Side, exercise};
    use medward_model::Transport;

    /// The messages of \[MS-RDPBCGR\] 4.1.1 and 4.1.2.
    #[test]
    fn the_cookie_is_not_kept_and_tls_follows() {
        let request = b"\x03\x00\x00\x2c\x27\xe0\x00\x00\x00\x00\x00Cookie: mstshash=eltons\r\n\x01\x00\x08\x00\x03\x00\x00\x00";
        let confirm = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00";
        let said = exercise(&RDP, Transport::Tcp, &[(Side::Originator, request), (Side::Responder, confirm)]);
        assert_eq!(said.values("requested-protocols"), ["TLS, CredSSP"]);
        assert_eq!(said.values("security"), ["CredSSP"]);
        assert_eq!(said.became, Some("tls"));
        assert!(!format!("{said:?}").contains("eltons"));
    }

    #[test]
    fn other_protocols_on_tpkt_are_left_alone() {
        let s7 = b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02";
        assert!(exercise(&RDP, Transport::Tcp, &[(Side::Originator, s7)]).unmatched);
    }
}
