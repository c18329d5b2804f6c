//! SMB, the file sharing of Windows and Samba, versions 1 to 3: the two machines, logins, shares, what happens to files.
//!
//! Follows \[MS-CIFS\] 2.2 and \[MS-SMB\] 2.2 (SMB 1), \[MS-SMB2\] 2.2 (SMB 2 and 3), RFC 1002 4.3 (NetBIOS session
//! service) and \[MS-NLMP\] (NTLM in session setup).
//!
//! Of the server: NTLM names and version, dialect, signing, capabilities, with SMB 1 its NativeOS, NativeLanMan and
//! name. Of the client: dialects offered, signing, NTLM version and workstation, NativeOS, the name that it calls
//! itself by in the NetBIOS session request. ServerGuid is a fact and not an identifier, as machines made from one image
//! share it; Samba's is its name and not told.
//!
//! Activity: negotiation, logins, tree connects, pipes by name, one entry for each file that was read, written, made,
//! deleted or renamed (share and extension only; names of files may hold patients' names), counts for each share at the
//! end. Encrypted messages tell that they are.

mod connection;
mod ledger;
mod smb1;
mod smb2;

use medward_model::{Attribute, Field};

use super::at::{byte, find};
use super::nearby::is_host_name;
use super::ntlmssp;
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};
use connection::Connection;

/// Longest part of a message that is looked at, and of one that moves file content.
const MAX_LOOK: usize = 64 * 1024;
const MAX_BULK_LOOK: usize = 4 * 1024;

static DIALECTS: Field =
    Field::fact("dialects", "Client: dialects that it offers (MS-CIFS 2.2.4.52.1, MS-SMB2 2.2.3)");
static DIALECT: Field =
    Field::fact("dialect", "Either end: dialect agreed on (MS-CIFS 2.2.4.52.2, MS-SMB2 2.2.4)");
static SIGNING: Field = Field::fact(
    "signing",
    "Either end: required, enabled or disabled (MS-CIFS 2.2.4.52.2 and MS-SMB2 2.2.3, 2.2.4 SecurityMode)",
);
static CAPABILITIES: Field = Field::fact("capabilities", "Server: Capabilities (MS-SMB2 2.2.4)");
static SERVER_GUID: Field =
    Field::fact("server-guid", "Server: ServerGuid (MS-SMB 2.2.4.5.2, MS-SMB2 2.2.4)");
static CLIENT_GUID: Field = Field::fact("client-guid", "Client: ClientGuid (MS-SMB2 2.2.3)");
static ENCRYPTION: Field =
    Field::fact("encryption", "Either end: it sends encrypted messages (MS-SMB2 2.2.41)");
static NATIVE_OS: Field =
    Field::fact("native-os", "Either end: NativeOS of session setup (MS-CIFS 2.2.4.53, MS-SMB 2.2.4.6)");
static NATIVE_LANMAN: Field =
    Field::fact("native-lanman", "Either end: NativeLanMan of session setup (MS-CIFS 2.2.4.53)");
static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    95,
    "Either end: Samba with its version in NativeLanMan (MS-CIFS 2.2.4.53)",
);
static SERVER_NAME: Field = Field::states(
    "server-name",
    Attribute::Hostname,
    92,
    "Server: ServerName of the negotiation without extended security (MS-SMB 2.2.4.5.2.2)",
);
static DOMAIN: Field = Field::fact(
    "domain",
    "Server: DomainName of the negotiation without extended security (MS-CIFS 2.2.4.52.2)",
);
static KERBEROS_REALM: Field =
    Field::fact("kerberos-realm", "Server: realm of the ticket that a client shows it (RFC 4120 5.3)");
static KERBEROS_SERVICE: Field = Field::fact(
    "kerberos-service",
    "Server: service of the ticket that a client shows it, such as cifs/name (RFC 4120 5.3)",
);
static CALLING: Field = Field::states(
    "calling-name",
    Attribute::Hostname,
    90,
    "Client: CALLING NAME of the session request (RFC 1002 4.3.2)",
);
static CALLED: Field = Field::states(
    "called-name",
    Attribute::Hostname,
    85,
    "Server: CALLED NAME of a session request that it accepted (RFC 1002 4.3.2, 4.3.3)",
);

pub(super) static SMB: Dissector = Dissector {
    name: "smb",
    title: "SMB",
    label: "SMB",
    group: Group::Remote,
    specification: &["MS-CIFS 2.2", "MS-SMB 2.2", "MS-SMB2 2.2", "MS-NLMP 2.2", "RFC 1002 4.3"],
    ports: &[445, 139],
    carrier: Carrier::Stream { probe, session: || Box::new(SmbSession::default()) },
    fields: &[
        &DIALECTS,
        &DIALECT,
        &SIGNING,
        &CAPABILITIES,
        &SERVER_GUID,
        &CLIENT_GUID,
        &ENCRYPTION,
        &NATIVE_OS,
        &NATIVE_LANMAN,
        &SOFTWARE,
        &SERVER_NAME,
        &DOMAIN,
        &KERBEROS_REALM,
        &KERBEROS_SERVICE,
        &CALLING,
        &CALLED,
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

/// A message of any version behind its length, or a NetBIOS session request.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if !is_start(bytes) {
        return Probe::NoMatch;
    }
    match bytes.first() {
        Some(0) if bytes.len() >= 8 => Probe::Match,
        // The session request is two names of 34 octets, or more with scopes.
        Some(0x81) if bytes.len() >= 6 => Probe::Match,
        _ => Probe::NeedMore,
    }
}

/// Whether a frame may begin here, as far as there are bytes.
fn is_start(bytes: &[u8]) -> bool {
    let is = |at: usize, test: fn(u8) -> bool| bytes.get(at).is_none_or(|b| test(*b));
    match bytes.first() {
        Some(0) => {
            is(4, |b| matches!(b, 0xfc..=0xff))
                && is(5, |b| b == b'S')
                && is(6, |b| b == b'M')
                && is(7, |b| b == b'B')
        }
        Some(0x81) => {
            is(1, |b| b == 0)
                && is(2, |b| b <= 2)
                && is(4, |b| b == 0x20)
                && is(5, |b| (b'A'..=b'P').contains(&b))
        }
        Some(_) => false,
        None => true,
    }
}

/// A server's GUID; Samba writes the machine's name there, padded with zeros, and others nothing.
fn server_guid(guid: &[u8; 16], cx: &mut Context<'_>) {
    let name = guid.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let text = guid.get(..name).is_some_and(|name| name.iter().all(u8::is_ascii_graphic));
    if !text {
        cx.evidence(cx.sender(), &SERVER_GUID, &smb2::uuid(guid));
    }
}

/// Name of a SecurityMode of SMB 2.
const fn signing(mode: u16) -> &'static str {
    match mode & 3 {
        0 => "disabled",
        1 => "enabled",
        _ => "required",
    }
}

#[derive(Default)]
struct SmbSession {
    connection: Connection,
    /// Bytes were lost on this side.
    lost: [bool; 2],
    /// The name that the session request called.
    called: String,
}

impl SmbSession {
    /// A frame of the NetBIOS session service that is no message.
    fn session_service(&mut self, kind: u8, content: &[u8], cx: &mut Context<'_>) {
        match kind {
            0x81 if cx.side() == Side::Originator => {
                self.called = netbios(content).unwrap_or_default();
                if let Some(calling) = content.get(34..).and_then(netbios) {
                    cx.evidence(cx.sender(), &CALLING, &calling);
                }
            }
            0x82 => {
                let called = std::mem::take(&mut self.called);
                cx.evidence(cx.sender(), &CALLED, &called);
            }
            _ => {}
        }
    }

    fn message(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        match bytes.first() {
            Some(0xff) => smb1::read(bytes, &mut self.connection, cx),
            Some(0xfe) => smb2::read(bytes, &mut self.connection, cx),
            Some(0xfd) if self.connection.said.first(("encrypted", cx.side())) => {
                cx.evidence(cx.sender(), &ENCRYPTION, "yes");
            }
            _ => {}
        }
    }
}

/// A name in the first-level encoding (RFC 1001 14.1), where it names a machine: a workstation (00), a server (20).
fn netbios(content: &[u8]) -> Option<String> {
    let encoded = content.strip_prefix(&[0x20])?.first_chunk::<32>()?;
    let mut name = Vec::with_capacity(16);
    for [high, low] in encoded.as_chunks::<2>().0 {
        let nibble = |b: &u8| b.checked_sub(b'A').filter(|n| *n < 16);
        name.push(nibble(high)? << 4 | nibble(low)?);
    }
    let kind = name.pop()?;
    let name = clean_bytes(&name);
    let machine = matches!(kind, 0 | 0x20) && is_host_name(&name) && !name.eq_ignore_ascii_case("smbserver");
    machine.then_some(name)
}

impl Session for SmbSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let lost = self.lost.get(cx.side().index()).copied().unwrap_or(false);
        if lost && !is_start(bytes) {
            // The next message may begin anywhere: four octets before its magic.
            let at =
                [&b"\xfeSMB"[..], b"\xffSMB", b"\xfdSMB"].iter().filter_map(|magic| find(bytes, magic)).min();
            let place = at.and_then(|at| at.checked_sub(4)).filter(|at| byte(bytes, *at) == Some(0));
            return match place {
                Some(at) if at > 0 => Progress::Consumed(at as u64),
                _ => Progress::Consumed((bytes.len().saturating_sub(7) as u64).max(1)),
            };
        }
        let Some([kind, high, middle, low]) = bytes.first_chunk::<4>() else { return Progress::Need(4) };
        let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let total = length.saturating_add(4);
        if *kind != 0 {
            if !matches!(kind, 0x81..=0x85) || length > 1024 {
                return Progress::GiveUp("smb_bad_frame");
            }
            let Some(content) = bytes.get(4..total) else { return Progress::Need(total) };
            self.session_service(*kind, content, cx);
            return Progress::Consumed(total as u64);
        }
        let least = total.min(4 + 32);
        if bytes.len() < least {
            return Progress::Need(least);
        }
        let message = bytes.get(4..).unwrap_or(&[]);
        let bulk = match message.first() {
            Some(0xff) => smb1::is_bulk(message),
            Some(0xfe) => smb2::is_bulk(message),
            Some(0xfc | 0xfd) => true,
            _ => return Progress::GiveUp("smb_bad_message"),
        };
        let look = total.min(if bulk { MAX_BULK_LOOK } else { MAX_LOOK });
        let Some(seen) = bytes.get(4..look) else { return Progress::Need(look) };
        if let Some(lost) = self.lost.get_mut(cx.side().index()) {
            *lost = false;
        }
        self.message(seen, cx);
        Progress::Consumed(total as u64)
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        if let Some(lost) = self.lost.get_mut(cx.side().index()) {
            *lost = true;
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.connection.end(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::{SMB, netbios};
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    fn framed(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    fn smb1(command: u8, answer: bool, status: u32, words: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut message = vec![0xff, b'S', b'M', b'B', command];
        message.extend(status.to_le_bytes());
        message.push(if answer { 0x80 } else { 0 });
        message.extend(0x4001_u16.to_le_bytes());
        message.extend([0; 20]);
        message.push((words.len() / 2) as u8);
        message.extend(words);
        message.extend((bytes.len() as u16).to_le_bytes());
        message.extend(bytes);
        framed(&message)
    }

    fn smb2(command: u16, answer: bool, id: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![0xfe, b'S', b'M', b'B', 64, 0, 0, 0, 0, 0, 0, 0];
        message.extend(command.to_le_bytes());
        message.extend([1, 0, u8::from(answer), 0, 0, 0, 0, 0, 0, 0]);
        message.extend([id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0]);
        message.resize(64, 0);
        message.extend(body);
        framed(&message)
    }

    #[test]
    fn an_old_server_names_itself() {
        let mut words = vec![0, 0, 3];
        words.resize(33, 0);
        words.push(8);
        let answer = smb1(0x72, true, 0, &words, b"12345678WARD\0MR-CONSOLE\0");
        let mut setup = vec![0xff, 0, 0, 0];
        setup.resize(26, 0);
        let login = smb1(0x73, false, 0, &setup, b"\0\0Windows 5.1\0Windows 2000 LAN Manager\0");
        let granted = smb1(0x73, true, 0xc000_006d, &[0xff, 0, 0, 0, 0, 0], b"Unix\0Samba 3.0.37\0WARD\0");
        let said = exercise(
            &SMB,
            Transport::Tcp,
            &[
                (Side::Originator, &smb1(0x72, false, 0, &[], b"\x02NT LM 0.12\0")),
                (Side::Responder, &answer),
                (Side::Originator, &login),
                (Side::Responder, &granted),
            ],
        );
        assert_eq!(said.values("dialect"), ["NT LM 0.12"]);
        assert_eq!(said.values("server-name"), ["MR-CONSOLE"]);
        assert_eq!(said.values("native-os"), ["Windows 5.1", "Unix"]);
        assert_eq!(said.values("software"), ["Samba 3.0.37"]);
        let login = said.activity.iter().find(|a| a.verb == Verb::Login).expect("a login");
        assert_eq!(login.outcome, Outcome::Failure);
        assert!(login.details.contains(&("status", "STATUS_LOGON_FAILURE".into())));
    }

    #[test]
    fn files_are_told_by_extension_only() {
        let name: Vec<u8> = "Doe^Jane.dcm".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut create = vec![57, 0];
        create.resize(36, 0);
        create.extend([2, 0, 0, 0, 0, 0, 0, 0, 120, 0, name.len() as u8, 0]);
        create.resize(56, 0);
        create.extend(&name);
        let mut created = vec![89, 0, 0, 0, 2, 0, 0, 0];
        created.resize(64, 0);
        created.extend([7; 16]);
        created.resize(89, 0);
        let mut write = vec![49, 0, 112, 0, 4, 0, 0, 0];
        write.resize(16, 0);
        write.extend([7; 16]);
        write.resize(48, 0);
        write.extend(b"DICM");
        let wrote = [17, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let close = [&[24, 0, 0, 0, 0, 0, 0, 0][..], &[7; 16]].concat();
        let said = exercise(
            &SMB,
            Transport::Tcp,
            &[
                (Side::Originator, &smb2(5, false, 1, &create)),
                (Side::Responder, &smb2(5, true, 1, &created)),
                (Side::Originator, &smb2(9, false, 2, &write)),
                (Side::Responder, &smb2(9, true, 2, &wrote)),
                (Side::Originator, &smb2(6, false, 3, &close)),
                (Side::Responder, &smb2(6, true, 3, &[0; 60])),
            ],
        );
        let wrote = said.activity.iter().find(|a| a.verb == Verb::Write).expect("a write");
        assert_eq!(&*wrote.object, "*.dcm");
        assert!(wrote.details.contains(&("bytes-written", "4".into())));
        assert!(!format!("{said:?}").contains("Jane"));
    }

    #[test]
    fn session_requests_name_the_caller() {
        let encode = |name: &[u8; 16]| {
            let mut bytes = vec![0x20];
            bytes.extend(name.iter().flat_map(|b| [b'A' + (b >> 4), b'A' + (b & 15)]));
            bytes.push(0);
            bytes
        };
        assert_eq!(netbios(&encode(b"*SMBSERVER      ")), None);
        let content = [encode(b"*SMBSERVER      "), encode(b"XR-ROOM-3      \0")].concat();
        let request = [&[0x81, 0, 0, content.len() as u8][..], &content].concat();
        let said = exercise(
            &SMB,
            Transport::Tcp,
            &[(Side::Originator, &request), (Side::Responder, &[0x82, 0, 0, 0])],
        );
        assert_eq!(said.values("calling-name"), ["XR-ROOM-3"]);
        assert!(said.values("called-name").is_empty());
    }
}
