//! VNC, the remote frame buffer protocol (RFC 6143): versions, ways to log in, and the name of the desktop.
//!
//! Reads ProtocolVersion (7.1.1), the security handshake (7.1.2, 7.1.3, 7.2) and ServerInit (7.3.2), versions 3.3, 3.7,
//! 3.8 and what Apple calls 3.889. Of the server: its version, the security types offered ("1 None" asks for no
//! password), the desktop's name, which often holds the host name. Whether a login succeeds is known for the types
//! None and VNC Authentication; other types have messages of their own that are not followed.

use medward_model::{Field, Outcome, Verb};

use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

static VERSION: Field = Field::fact("version", "Either end: ProtocolVersion (RFC 6143 7.1.1)");
static SECURITY: Field = Field::fact("security-types", "Server: security types offered (RFC 6143 7.1.2)");
static DESKTOP: Field = Field::fact("desktop-name", "Server: name-string of ServerInit (RFC 6143 7.3.2)");

/// Longest name of a desktop or reason that is read.
const MAX_TEXT: usize = 4096;

pub(super) static VNC: Dissector = Dissector {
    name: "vnc",
    title: "VNC",
    label: "VNC",
    group: Group::Remote,
    specification: &["RFC 6143 7.1-7.3"],
    ports: &[5900, 5901, 5902],
    carrier: Carrier::Stream { probe, session: || Box::new(VncSession::default()) },
    fields: &[&VERSION, &SECURITY, &DESKTOP],
    basis: Basis::RealPeers,
};

/// "RFB 003.008\n" from the server, which speaks first.
fn probe(head: &Head<'_>) -> Probe {
    if head.responder.is_empty() && head.originator.is_empty() {
        return Probe::NeedMore;
    }
    let bytes = if head.responder.is_empty() { head.originator } else { head.responder };
    if bytes.len() < 12 {
        return if b"RFB ".starts_with(bytes) || bytes.starts_with(b"RFB ") {
            Probe::NeedMore
        } else {
            Probe::NoMatch
        };
    }
    Probe::when(version(bytes).is_some())
}

fn version(bytes: &[u8]) -> Option<(u16, u16)> {
    let [b'R', b'F', b'B', b' ', a, b, c, b'.', d, e, f, b'\n'] = bytes.first_chunk::<12>()? else {
        return None;
    };
    let number = |digits: [&u8; 3]| {
        digits.iter().try_fold(0_u16, |n, d| d.is_ascii_digit().then(|| n * 10 + u16::from(**d - b'0')))
    };
    Some((number([a, b, c])?, number([d, e, f])?))
}

/// What the server sends next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Version,
    Security,
    /// What follows depends on what the client has chosen.
    Chosen,
    Challenge,
    Result,
    Init,
    Refused,
}

#[derive(Default)]
struct VncSession {
    begun: bool,
    at: At,
    client_version: Option<u16>,
    server_version: u16,
    /// Security type in use.
    chosen: Option<u8>,
    reported: bool,
}

impl VncSession {
    /// The version both use: the client's answer.
    fn minor(&self) -> u16 {
        self.client_version.unwrap_or(self.server_version)
    }

    fn client(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if self.client_version.is_none() {
            let Some(line) = bytes.get(..12) else { return Progress::Need(12) };
            let Some((_, minor)) = version(line) else { return Progress::GiveUp("vnc_bad_version") };
            self.client_version = Some(minor);
            cx.evidence(cx.sender(), &VERSION, &clean_bytes(line));
            return Progress::Consumed(12);
        }
        if self.minor() >= 7 {
            self.chosen = bytes.first().copied();
        }
        Progress::Finished
    }

    fn server(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        match self.at {
            At::Version => {
                let Some(line) = bytes.get(..12) else { return Progress::Need(12) };
                let Some((_, minor)) = version(line) else { return Progress::GiveUp("vnc_bad_version") };
                self.server_version = minor;
                self.at = At::Security;
                cx.evidence(cx.sender(), &VERSION, &clean_bytes(line));
                Progress::Consumed(12)
            }
            At::Security => self.security(bytes, cx),
            At::Chosen => {
                self.at = match self.chosen {
                    // None has no result before 3.8.
                    Some(1) if self.minor() < 8 => At::Init,
                    Some(1) => At::Result,
                    Some(2) => At::Challenge,
                    // Other types have messages of their own.
                    _ => return self.finish(Outcome::Unknown, cx),
                };
                self.server(bytes, cx)
            }
            At::Challenge => {
                self.at = At::Result;
                Progress::Consumed(16)
            }
            At::Result => {
                let Some(result) = Reader::new(bytes).u32() else { return Progress::Need(4) };
                if result != 0 {
                    return self.finish(Outcome::Failure, cx);
                }
                self.report(Outcome::Success, cx);
                self.at = At::Init;
                Progress::Consumed(4)
            }
            At::Init => self.init(bytes, cx),
            At::Refused => self.finish(Outcome::Failure, cx),
        }
    }

    fn security(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let mut reader = Reader::new(bytes);
        if self.minor() < 7 {
            // Before 3.7 the server decides.
            let Some(kind) = reader.u32() else { return Progress::Need(4) };
            let kind = u8::try_from(kind).unwrap_or(u8::MAX);
            self.chosen = Some(kind);
            self.offer(&[kind], cx);
            self.at = match kind {
                0 => At::Refused,
                1 => At::Init,
                2 => At::Challenge,
                _ => At::Chosen,
            };
            return Progress::Consumed(4);
        }
        let Some(count) = reader.u8() else { return Progress::Need(1) };
        let Some(kinds) = reader.take(usize::from(count)) else {
            return Progress::Need(usize::from(count).saturating_add(1));
        };
        self.offer(kinds, cx);
        self.at = if count == 0 { At::Refused } else { At::Chosen };
        Progress::Consumed(u64::from(count).saturating_add(1))
    }

    fn offer(&self, kinds: &[u8], cx: &mut Context<'_>) {
        let names: Vec<String> =
            kinds.iter().take(24).map(|kind| format!("{kind} {}", security_name(*kind))).collect();
        cx.evidence(cx.sender(), &SECURITY, &names.join(", "));
    }

    fn init(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        self.report(Outcome::Success, cx);
        let mut reader = Reader::new(bytes);
        let Some(front) = reader.take(20) else { return Progress::Need(24) };
        let Some(length) = reader.u32() else { return Progress::Need(24) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        // Bits of a pixel: 8, 16 or 32 (RFC 6143, 7.4).
        if length > MAX_TEXT || !front.get(4).is_some_and(|bits| matches!(bits, 8 | 16 | 32)) {
            return Progress::GiveUp("vnc_bad_server_init");
        }
        let Some(name) = reader.take(length) else { return Progress::Need(length.saturating_add(24)) };
        cx.evidence(cx.sender(), &DESKTOP, &clean_bytes(name));
        Progress::Quiet
    }

    fn finish(&mut self, outcome: Outcome, cx: &mut Context<'_>) -> Progress {
        self.report(outcome, cx);
        Progress::Quiet
    }

    fn report(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let way = self.chosen.map(|kind| format!("{kind} {}", security_name(kind))).unwrap_or_default();
        cx.activity_by(Side::Originator, Verb::Login, "VNC", "").outcome(outcome).detail("security", &way);
    }
}

/// Security types (RFC 6143, 7.1.2, and the IANA registry).
fn security_name(kind: u8) -> &'static str {
    match kind {
        0 => "invalid",
        1 => "None",
        2 => "VNC Authentication",
        3 | 4 | 7..=15 | 128..=255 => "RealVNC",
        5 => "RA2",
        6 => "RA2ne",
        16 => "Tight",
        17 => "Ultra",
        18 => "TLS",
        19 => "VeNCrypt",
        20 => "SASL",
        21 => "MD5",
        22 => "xvp",
        23 => "Secure Tunnel",
        24 => "Integrated SSH",
        30..=35 => "Apple",
        _ => "unassigned",
    }
}

impl Session for VncSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !std::mem::replace(&mut self.begun, true) {
            cx.asks(Side::Originator, Verb::Connect, "session", "", &[]);
        }
        match cx.side() {
            Side::Originator => self.client(bytes, cx),
            Side::Responder => self.server(bytes, cx),
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if self.client_version.is_some() {
            self.report(Outcome::Unknown, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VNC;
    use crate::{Exercise, Side, exercise};
    use medward_model::{Outcome, Transport};

    use Side::{Originator as C, Responder as S};

    fn run(chunks: &[(Side, &[u8])]) -> Exercise {
        exercise(&VNC, Transport::Tcp, chunks)
    }

    const INIT: &[u8] =
        b"\x04\x00\x03\x00\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\0\0\0\0\0\0\x07bed3-ws";

    #[test]
    fn a_desktop_without_password() {
        let said = run(&[
            (S, b"RFB 003.008\n"),
            (C, b"RFB 003.008\n"),
            (S, b"\x02\x01\x02"),
            (C, b"\x01"),
            (S, b"\0\0\0\0"),
            (C, b"\x01"),
            (S, INIT),
        ]);
        assert_eq!(said.values("security-types"), ["1 None, 2 VNC Authentication"]);
        assert_eq!(said.values("desktop-name"), ["bed3-ws"]);
        assert_eq!(said.activity.iter().map(|a| a.outcome).collect::<Vec<_>>(), [Outcome::Success]);
    }

    #[test]
    fn an_old_server_decides_and_a_wrong_password_is_a_failure() {
        let said = run(&[
            (S, b"RFB 003.003\n"),
            (C, b"RFB 003.003\n"),
            (S, b"\0\0\0\x020123456789abcdef"),
            (C, b"0123456789abcdef"),
            (S, b"\0\0\0\x01"),
        ]);
        assert_eq!(said.activity.iter().map(|a| a.outcome).collect::<Vec<_>>(), [Outcome::Failure]);
        assert!(said.values("desktop-name").is_empty());
    }

    #[test]
    fn what_follows_another_type_is_not_guessed_at() {
        let said = run(&[
            (S, b"RFB 003.889\n"),
            (C, b"RFB 003.889\n"),
            (S, b"\x01\x1e"),
            (C, b"\x1e"),
            (S, b"\0\x02\0\x80\xff\xff"),
        ]);
        assert_eq!(said.activity.iter().map(|a| a.outcome).collect::<Vec<_>>(), [Outcome::Unknown]);
    }
}
