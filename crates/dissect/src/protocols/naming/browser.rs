//! The computer browser over the NetBIOS datagram service: Windows and Samba hosts announcing themselves.
//!
//! Standards: RFC 1002, 4.4 (datagrams on UDP 138), [MS-BRWS] 2.2 (frames in `\MAILSLOT\BROWSE`), [MS-CIFS] 2.2.4.33
//! (SMB_COM_TRANSACTION).
//!
//! What it tells: of the sender its name, domain, version of the announced operating system, kind of server (SQL,
//! print, domain controller, …) and comment. Traffic to `\MAILSLOT\NET\NETLOGON` is told by that name only.
//!
//! Limits: Samba announces a version of Windows; the "Xenix" bit of the server type gives it away. A datagram that
//! names another source address than the frame's counts for that address.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use super::netbios::NetbiosName;
use super::said::Said;
use super::value::host_name;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

static NAME: Field = Field::states(
    "name",
    Attribute::Hostname,
    92,
    "ServerName of a host announcement ([MS-BRWS] 2.2.1, 2.2.10)",
);
static SOURCE: Field = Field::states(
    "source-name",
    Attribute::Hostname,
    88,
    "SOURCE_NAME of a datagram, suffix 00 or 20 (RFC 1002, 4.4.2)",
);
static OS: Field = Field::states(
    "os",
    Attribute::Os,
    85,
    "ServerType with an NT bit and without the Xenix bit that Samba sets ([MS-BRWS] 2.2.1; [MS-SRVS] 2.2.2.7)",
);
static OS_VERSION: Field =
    Field::fact("os-version", "OSVersionMajor.OSVersionMinor of a host announcement ([MS-BRWS] 2.2.1)");
static SERVER_TYPE: Field = Field::fact("server-type", "bits of ServerType by name ([MS-SRVS] 2.2.2.7)");
static COMMENT: Field = Field::fact("comment", "Comment of a host announcement ([MS-BRWS] 2.2.1)");
static DOMAIN: Field =
    Field::fact("domain", "destination group name or MachineGroup: workgroup or domain ([MS-BRWS] 2.2.6)");

pub(super) static BROWSER: Dissector = Dissector {
    name: "browser",
    title: "Computer browser (NetBIOS datagrams)",
    label: "NetBIOS browser",
    group: Group::Naming,
    specification: &["RFC 1002 section 4.4", "[MS-BRWS]", "[MS-CIFS] 2.2.4.33"],
    ports: &[138],
    carrier: Carrier::Datagram { probe, session: || Box::new(Browser::default()) },
    fields: &[&NAME, &SOURCE, &OS, &OS_VERSION, &SERVER_TYPE, &COMMENT, &DOMAIN],
    basis: Basis::RealPeers,
};

/// A direct unique, direct group or broadcast datagram (RFC 1002, 4.4.2).
struct Datagram<'a> {
    source_ip: Ipv4Addr,
    source: NetbiosName,
    destination: NetbiosName,
    payload: &'a [u8],
}

impl<'a> Datagram<'a> {
    fn read(bytes: &'a [u8]) -> Option<Datagram<'a>> {
        let (head, rest) = bytes.split_first_chunk::<14>()?;
        let &[kind, flags, _, _, a, b, c, d, _, _, _, _, _, _] = head;
        // Message types and the reserved upper bits of FLAGS (RFC 1002, 4.4.1).
        if !matches!(kind, 0x10..=0x12) || flags & 0xf0 != 0 {
            return None;
        }
        let (source, rest) = encoded_name(rest)?;
        let (destination, payload) = encoded_name(rest)?;
        Some(Datagram { source_ip: Ipv4Addr::new(a, b, c, d), source, destination, payload })
    }
}

/// A name in wire form: 32, the letters, then scope labels up to the root.
fn encoded_name(bytes: &[u8]) -> Option<(NetbiosName, &[u8])> {
    let (name, end) = super::dns_message::Name::read(bytes, 0)?;
    Some((NetbiosName::decode(name.labels().next()?)?, bytes.get(end..)?))
}

fn probe(head: &Head<'_>) -> Probe {
    Probe::when(Datagram::read(head.any()).is_some())
}

#[derive(Default)]
struct Browser {
    said: Said,
}

impl Session for Browser {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(datagram) = Datagram::read(bytes) else { return done };
        let own = cx.flow().peer(cx.side()).host.ip;
        let source = IpAddr::V4(datagram.source_ip);
        let subject =
            if source == own || source.is_unspecified() { cx.sender() } else { Subject::Ip(source) };
        if let Some(name) = datagram.source.machine() {
            self.said.tell(cx, &subject, &SOURCE, &name);
        }
        let Some((slot, frame)) = mailslot(datagram.payload) else { return done };
        if slot.eq_ignore_ascii_case(b"\\MAILSLOT\\BROWSE")
            || slot.eq_ignore_ascii_case(b"\\MAILSLOT\\LANMAN")
        {
            self.frame(&subject, &datagram, frame, cx);
        } else {
            let slot = clean_bytes(slot);
            if self.said.first(&("slot", &slot)) {
                cx.activity(Verb::Lookup, &slot, &datagram.destination.shown());
            }
        }
        done
    }
}

/// Name and data of an SMB_COM_TRANSACTION to a mailslot.
fn mailslot(smb: &[u8]) -> Option<(&[u8], &[u8])> {
    let word =
        |at: usize| smb.get(at..at + 2)?.first_chunk::<2>().map(|b| usize::from(u16::from_le_bytes(*b)));
    if !smb.starts_with(b"\xffSMB\x25") {
        return None;
    }
    // Header of 32 bytes, WordCount, then the words: DataCount and DataOffset are the twelfth and thirteenth.
    let words = usize::from(*smb.get(32)?);
    if words < 14 {
        return None;
    }
    let (length, offset) = (word(33 + 22)?, word(33 + 24)?);
    let name_at = 33 + 2 * words + 2;
    let name = smb.get(name_at..)?.split(|b| *b == 0).next()?;
    let data = smb.get(offset..)?;
    (name.len() < 64).then_some((name, data.get(..length).unwrap_or(data)))
}

/// Server types by bit ([MS-SRVS] 2.2.2.7).
const TYPES: [(u32, &str); 21] = [
    (0x0000_0001, "workstation"),
    (0x0000_0002, "server"),
    (0x0000_0004, "sql"),
    (0x0000_0008, "domain controller"),
    (0x0000_0010, "backup domain controller"),
    (0x0000_0020, "time source"),
    (0x0000_0040, "apple file protocol"),
    (0x0000_0080, "novell"),
    (0x0000_0100, "domain member"),
    (0x0000_0200, "print queue"),
    (0x0000_0400, "dial-in"),
    (0x0000_0800, "xenix"),
    (0x0000_1000, "nt"),
    (0x0000_2000, "windows for workgroups"),
    (0x0000_8000, "nt server"),
    (0x0001_0000, "potential browser"),
    (0x0002_0000, "backup browser"),
    (0x0004_0000, "master browser"),
    (0x0008_0000, "domain master"),
    (0x0040_0000, "windows 95"),
    (0x0400_0000, "terminal server"),
];

impl Browser {
    fn frame(&mut self, subject: &Subject, datagram: &Datagram<'_>, frame: &[u8], cx: &mut Context<'_>) {
        let operation = match frame.first() {
            Some(0x01) => "host announcement",
            Some(0x02) => "announcement request",
            Some(0x08) => "election request",
            Some(0x09) => "get backup list request",
            Some(0x0a) => "get backup list response",
            Some(0x0b) => "become backup",
            Some(0x0c) => "domain announcement",
            Some(0x0d) => "master announcement",
            Some(0x0e) => "reset browser state",
            Some(0x0f) => "local master announcement",
            _ => {
                cx.weird("browser_unknown_frame");
                return;
            }
        };
        let announcement =
            frame.first().filter(|c| matches!(c, 0x01 | 0x0c | 0x0f)).and_then(|_| Announcement::read(frame));
        let object =
            announcement.as_ref().map(|a| a.name.clone()).unwrap_or_else(|| datagram.destination.shown());
        if self.said.first(&(operation, &object)) {
            let verb =
                if matches!(frame.first(), Some(0x02 | 0x08 | 0x09)) { Verb::Lookup } else { Verb::Announce };
            cx.activity(verb, operation, &object).outcome(Outcome::Unknown);
        }
        let Some(announcement) = announcement else { return };
        if frame.first() == Some(&0x0c) {
            // The name is the domain's, the comment its master browser ([MS-BRWS] 2.2.6).
            self.said.tell(cx, subject, &DOMAIN, &announcement.name);
            return;
        }
        if matches!(datagram.destination.suffix, 0x1d | 0x1e | 0x00) {
            self.said.tell(cx, subject, &DOMAIN, &datagram.destination.name);
        }
        if let Some(name) = host_name(&announcement.name) {
            self.said.tell(cx, subject, &NAME, &name);
        }
        let kinds: Vec<&str> =
            TYPES.iter().filter(|(bit, _)| announcement.kinds & bit != 0).map(|(_, name)| *name).collect();
        self.said.tell(cx, subject, &SERVER_TYPE, &kinds.join(", "));
        self.said.tell(cx, subject, &OS_VERSION, &announcement.version);
        if announcement.kinds & 0x9000 != 0 && announcement.kinds & 0x0800 == 0 {
            self.said.tell(cx, subject, &OS, "Windows");
        }
        self.said.tell(cx, subject, &COMMENT, &announcement.comment);
    }
}

/// HostAnnouncement and its kin ([MS-BRWS] 2.2.1, 2.2.6, 2.2.10).
struct Announcement {
    name: String,
    version: String,
    kinds: u32,
    comment: String,
}

impl Announcement {
    fn read(frame: &[u8]) -> Option<Announcement> {
        let name = clean_bytes(frame.get(6..22)?);
        let &[major, minor] = frame.get(22..24)?.first_chunk::<2>()?;
        let kinds = u32::from_le_bytes(*frame.get(24..28)?.first_chunk::<4>()?);
        let comment = clean_bytes(frame.get(32..).unwrap_or_default());
        Some(Announcement { name, version: format!("{major}.{minor}"), kinds, comment })
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::super::dns_message::build::name;
    use super::super::netbios::encode;
    use super::BROWSER;
    use crate::{Side, exercise};

    /// Laid out by RFC 1002, 4.4.2, [MS-CIFS] 2.2.4.33 and [MS-BRWS] 2.2.1.
    fn announcement(kinds: u32) -> Vec<u8> {
        let mut frame = vec![0x01, 0, 0x80, 0xa9, 0x03, 0];
        frame.extend_from_slice(b"NURSE-PC\0\0\0\0\0\0\0\0");
        frame.extend_from_slice(&[10, 0]);
        frame.extend_from_slice(&kinds.to_le_bytes());
        frame.extend_from_slice(&[0x0f, 0x01, 0x55, 0xaa]);
        frame.extend_from_slice(b"Ward 3\0");
        let slot = b"\\MAILSLOT\\BROWSE\0";
        let mut smb = vec![0xff, b'S', b'M', b'B', 0x25];
        smb.resize(32, 0);
        let offset = (33 + 34 + 2 + slot.len()) as u16;
        smb.push(17);
        let mut words = vec![0_u8; 34];
        words[22..24].copy_from_slice(&(frame.len() as u16).to_le_bytes());
        words[24..26].copy_from_slice(&offset.to_le_bytes());
        words[26] = 3;
        smb.extend_from_slice(&words);
        smb.extend_from_slice(&((slot.len() + frame.len()) as u16).to_le_bytes());
        smb.extend_from_slice(slot);
        smb.extend_from_slice(&frame);
        let mut bytes = vec![0x11, 0x02, 0, 1, 10, 0, 0, 1, 0, 138, 0, 0, 0, 0];
        bytes.extend_from_slice(&name(&encode("NURSE-PC", 0x00)));
        bytes.extend_from_slice(&name(&encode("WARD", 0x1d)));
        bytes.extend_from_slice(&smb);
        bytes
    }

    #[test]
    fn a_host_announces_itself() {
        let said = exercise(&BROWSER, Transport::Udp, &[(Side::Originator, &announcement(0x0000_1003))]);
        assert_eq!(said.values("name"), ["NURSE-PC"]);
        assert_eq!(said.values("domain"), ["WARD"]);
        assert_eq!(said.values("os"), ["Windows"]);
        assert_eq!(said.values("os-version"), ["10.0"]);
        assert_eq!(said.values("server-type"), ["workstation, server, nt"]);
        assert_eq!(said.values("comment"), ["Ward 3"]);
    }

    #[test]
    fn samba_is_not_windows() {
        let said = exercise(&BROWSER, Transport::Udp, &[(Side::Originator, &announcement(0x0000_9803))]);
        assert!(said.values("os").is_empty());
    }
}
