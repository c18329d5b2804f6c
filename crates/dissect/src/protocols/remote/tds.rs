//! TDS, the protocol of Microsoft SQL Server: the server's version, the client's machine and program, logins.
//!
//! Follows \[MS-TDS\] 2.2.3.1 (packet header), 2.2.6.4 (LOGIN7), 2.2.6.5 (PRELOGIN), 2.2.7.10 (ERROR) and 2.2.7.14 (LOGINACK).
//!
//! Of the server: the version of SQL Server. Of the client: its host name, program and driver. User names, passwords and
//! SQL are never kept. Where both ends agree on encryption the login travels in TLS inside TDS and is not seen.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::at::{self, array, byte, le16, le32, slice, utf16};
use super::nearby::is_host_name;
use crate::credentials::{MAX_CREDENTIAL, known_default};
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, clear_login};
use crate::pending::Asked;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean};

const PRELOGIN: u8 = 0x12;
const LOGIN7: u8 = 0x10;
const RESPONSE: u8 = 0x04;
/// Bytes of an answer to a login that are looked at.
const MAX_LOOK: usize = 8 * 1024;
/// LOGIN7 with its variable part is at most 128 KiB; names stand in the first part.
const MAX_LOGIN: usize = 32 * 1024;

static VERSION: Field =
    Field::states("version", Attribute::Software, 92, "Server: VERSION of its PRELOGIN (MS-TDS 2.2.6.5)");
static PROGRAM: Field =
    Field::fact("server-program", "Server: ProgName and ProgVersion of LOGINACK (MS-TDS 2.2.7.14)");
static ENCRYPTION: Field = Field::fact("encryption", "Server: ENCRYPTION of its PRELOGIN (MS-TDS 2.2.6.5)");
static CLIENT_HOST: Field =
    Field::states("client-host", Attribute::Hostname, 90, "Client: HostName of LOGIN7 (MS-TDS 2.2.6.4)");
static CLIENT_APP: Field = Field::fact("client-app", "Client: AppName of LOGIN7 (MS-TDS 2.2.6.4)");
static CLIENT_LIBRARY: Field = Field::fact("client-library", "Client: CltIntName of LOGIN7 (MS-TDS 2.2.6.4)");
static TDS_VERSION: Field = Field::fact("tds-version", "Client: TDSVersion of LOGIN7 (MS-TDS 2.2.6.4)");

pub(super) static TDS: Dissector = Dissector {
    name: "tds",
    title: "TDS (SQL Server)",
    label: "SQL Server",
    group: Group::Remote,
    specification: &["MS-TDS 2.2.3, 2.2.6.4, 2.2.6.5, 2.2.7.10, 2.2.7.14"],
    ports: &[1433],
    carrier: Carrier::Stream { probe, session: || Box::new(TdsSession::default()) },
    fields: &[
        &VERSION,
        &PROGRAM,
        &ENCRYPTION,
        &CLIENT_HOST,
        &CLIENT_APP,
        &CLIENT_LIBRARY,
        &TDS_VERSION,
        &CLEAR_LOGIN,
        &DEFAULT_LOGIN,
    ],
    basis: Basis::DocumentOnly,
};

/// A PRELOGIN whose first option is the version, or a LOGIN7 whose length fits its packet.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.originator;
    let Some(header) = bytes.get(..8) else {
        return match bytes.first() {
            None | Some(&(PRELOGIN | LOGIN7)) if head.responder.is_empty() => Probe::NeedMore,
            Some(&(PRELOGIN | LOGIN7)) => Probe::NeedMore,
            _ => Probe::NoMatch,
        };
    };
    let [kind, status, high, low, ..] = header else { return Probe::NoMatch };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if !matches!(status, 0 | 1) || length < 8 + 17 {
        return Probe::NoMatch;
    }
    let Some(front) = bytes.get(8..8 + 13) else {
        return if matches!(*kind, PRELOGIN | LOGIN7) { Probe::NeedMore } else { Probe::NoMatch };
    };
    Probe::when(match *kind {
        // The version stands behind the list of options, each of five octets.
        PRELOGIN => {
            matches!(front, [0, 0, offset, 0, 6, 1, ..] if *offset >= 11 && (offset - 1) % 5 == 0)
        }
        LOGIN7 => {
            le32(front, 0).is_some_and(|n| n as usize + 8 >= length.min(4096) && n < 0x2_0000)
                && byte(front, 7).is_some_and(|b| (0x70..=0x74).contains(&b))
        }
        _ => false,
    })
}

#[derive(Default)]
struct TdsSession {
    client_encryption: Option<u8>,
    asked: Option<Asked>,
    version: String,
    /// A password was given in clear, and the factory default that it is, if one.
    password: Option<Option<&'static str>>,
}

impl TdsSession {
    fn prelogin(&mut self, content: &[u8], cx: &mut Context<'_>) -> Option<Progress> {
        let (mut version, mut encryption) = (None, None);
        for place in (0..16).map(|n| n * 5) {
            let [token, a, b, c, d] = array::<5>(content, place).unwrap_or([0xff, 0, 0, 0, 0]);
            if token == 0xff {
                break;
            }
            let value = slice(
                content,
                usize::from(u16::from_be_bytes([a, b])),
                usize::from(u16::from_be_bytes([c, d])),
            );
            match (token, value) {
                (0, Some(value)) => version = array::<4>(value, 0),
                (1, Some([value, ..])) => encryption = Some(*value),
                _ => {}
            }
        }
        if cx.side() == Side::Originator {
            self.client_encryption = encryption;
            return None;
        }
        if let Some([major, minor, high, low]) = version.filter(|[major, ..]| (7..=40).contains(major)) {
            self.version = format!("{major}.{minor}.{}", u16::from_be_bytes([high, low]));
            let version = self.version.clone();
            cx.software(cx.sender(), &VERSION, "Microsoft SQL Server", Some(&version));
        }
        let encryption = encryption?;
        let name = match encryption {
            0 => "off",
            1 => "on",
            2 => "not supported",
            3 => "required",
            _ => "",
        };
        cx.evidence(cx.sender(), &ENCRYPTION, name);
        // Off and off: the login alone is encrypted; only without support at one end it is in clear.
        if encryption == 2 || self.client_encryption == Some(2) {
            return None;
        }
        cx.activity_by(Side::Originator, Verb::Connect, "PRELOGIN", "")
            .outcome(Outcome::Success)
            .detail("encryption", name)
            .detail("version", &self.version);
        Some(Progress::Quiet)
    }

    fn login(&mut self, content: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let text = |place: usize| {
            let (offset, length) = (le16(content, place)?, le16(content, place + 2)?);
            let text = utf16(slice(content, usize::from(offset), usize::from(length.min(128)) * 2)?);
            Some(clean(&text).into_owned())
        };
        let client = cx.sender();
        let host = text(36).unwrap_or_default();
        if is_host_name(&host) {
            cx.evidence(client.clone(), &CLIENT_HOST, &host);
        }
        let (app, library) = (text(48).unwrap_or_default(), text(60).unwrap_or_default());
        cx.evidence(client.clone(), &CLIENT_APP, &app);
        cx.evidence(client.clone(), &CLIENT_LIBRARY, &library);
        let [minor, _, _, major] = array::<4>(content, 4)?;
        let version = format!("{}.{}", major >> 4, major & 15);
        cx.evidence(client, &TDS_VERSION, &format!("{version} (0x{major:02x}{minor:02x})"));
        // Integrated security: bit 7 of OptionFlags2.
        let integrated = byte(content, 25)? & 0x80 != 0;
        if !integrated {
            self.password = Some(default(content));
        }
        self.asked = Some(
            Asked::new(Side::Originator, Verb::Login, "LOGIN7", "")
                .detail("mechanism", if integrated { "integrated" } else { "password" })
                .detail("app", app)
                .detail("library", library),
        );
        Some(())
    }

    /// The tokens of an answer to a login; what matters is found by its token, as the lengths of some others vary.
    fn answer(&mut self, content: &[u8], cx: &mut Context<'_>) -> Progress {
        let mut rest = content;
        let mut error = None;
        for _ in 0..32 {
            let Some(token) = rest.first() else { break };
            // LOGINACK, ERROR, INFO, ENVCHANGE and SSPI have a length of two octets.
            let (0xad | 0xaa | 0xab | 0xe3 | 0xed) = *token else { break };
            let Some(length) = le16(rest, 1) else { break };
            let body = rest.get(3..).unwrap_or(&[]);
            let body = body.get(..usize::from(length)).unwrap_or(body);
            match *token {
                0xad => {
                    let count = usize::from(byte(body, 5).unwrap_or(0));
                    let name = clean(&utf16(slice(body, 6, count * 2).unwrap_or(&[]))).into_owned();
                    if let Some([major, minor, high, low]) = array::<4>(body, 6 + count * 2) {
                        let version = format!("{major}.{minor}.{}", u16::from_be_bytes([high, low]));
                        cx.evidence(cx.sender(), &PROGRAM, &format!("{name} {version}"));
                    }
                    if let Some(asked) = self.asked.take() {
                        asked.report(Outcome::Success, cx);
                    }
                    self.told(Outcome::Success, cx);
                    return Progress::Quiet;
                }
                0xaa if error.is_none() => error = at::le32(body, 0),
                // The exchange of integrated security goes on.
                0xed => return Progress::Consumed(0),
                _ => {}
            }
            rest = rest.get(3 + usize::from(length)..).unwrap_or(&[]);
        }
        if let (Some(code), Some(asked)) = (error, self.asked.take()) {
            asked.detail("error", code.to_string()).report(Outcome::Failure, cx);
            self.told(Outcome::Failure, cx);
        }
        Progress::Quiet
    }

    /// LOGIN7 with a password came in clear: MS-TDS 2.2.6.4 disguises the password, it does not encrypt it.
    fn told(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        if let Some(default) = self.password.take() {
            clear_login(Side::Responder, "LOGIN7", default, outcome, cx);
        }
    }
}

/// The factory default that user and password of a LOGIN7 are, if one. In the password the halves of each octet are
/// swapped, then all is combined with A5H (MS-TDS 2.2.6.4).
fn default(content: &[u8]) -> Option<&'static str> {
    let part = |place: usize| {
        let (offset, length) = (le16(content, place)?, usize::from(le16(content, place + 2)?));
        if length > MAX_CREDENTIAL { None } else { slice(content, usize::from(offset), length * 2) }
    };
    let user = utf16(part(40)?);
    let plain: Vec<u8> = part(44)?.iter().map(|b| (b ^ 0xa5).rotate_left(4)).collect();
    known_default(TDS.name, user.as_bytes(), utf16(&plain).as_bytes())
}

impl Session for TdsSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let Some([kind, _, high, low, ..]) = bytes.first_chunk::<8>() else { return Progress::Need(8) };
        let total = usize::from(u16::from_be_bytes([*high, *low]));
        if total < 8 {
            return Progress::GiveUp("tds_bad_length");
        }
        let consumed = Progress::Consumed(total as u64);
        let look = match (*kind, cx.side()) {
            (PRELOGIN, _) => total,
            (LOGIN7, Side::Originator) => total.min(MAX_LOGIN),
            (RESPONSE, Side::Responder) => total.min(MAX_LOOK),
            // TLS in TDS and the messages of integrated security are skipped, other requests come after the login.
            (0x11, _) => return consumed,
            _ => return Progress::Quiet,
        };
        let Some(content) = bytes.get(8..look) else { return Progress::Need(look) };
        match *kind {
            LOGIN7 => {
                self.login(content, cx);
            }
            // The server answers PRELOGIN with a response packet.
            RESPONSE if self.asked.is_some() => {
                let progress = self.answer(content, cx);
                return if progress == Progress::Quiet { progress } else { consumed };
            }
            _ => {
                if let Some(progress) = self.prelogin(content, cx) {
                    return progress;
                }
            }
        }
        consumed
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(asked) = self.asked.take() {
            asked.report(Outcome::Unknown, cx);
        }
        self.told(Outcome::Unknown, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::TDS;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport};

    fn packet(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() + 8) as u16;
        [&[kind, 1][..], &length.to_be_bytes(), &[0, 0, 1, 0], content].concat()
    }

    #[test]
    fn a_login_names_the_client_and_no_user() {
        let hello = [&[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff][..], &[9, 0, 0, 0, 0, 0, 2]].concat();
        let answer = [&[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff][..], &[15, 0, 0x10, 0x06, 0, 0, 2]].concat();
        let (host, user, app) = ("CT-SRV-1", "sa", "Viewer");
        let mut login = vec![0; 94];
        login[4..8].copy_from_slice(&[0, 0, 0, 0x72]);
        for (place, text) in [(36, host), (40, user), (48, app)] {
            let offset = login.len() as u16;
            login[place..place + 2].copy_from_slice(&offset.to_le_bytes());
            login[place + 2] = text.len() as u8;
            login.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        }
        let length = login.len() as u32;
        login[..4].copy_from_slice(&length.to_le_bytes());
        let error = [&[0xaa, 4, 0][..], &18456_u32.to_le_bytes()].concat();
        let said = exercise(
            &TDS,
            Transport::Tcp,
            &[
                (Side::Originator, &packet(0x12, &hello)),
                (Side::Responder, &packet(4, &answer)),
                (Side::Originator, &packet(0x10, &login)),
                (Side::Responder, &packet(4, &error)),
            ],
        );
        assert_eq!(said.values("version"), ["Microsoft SQL Server 15.0.4102"]);
        assert_eq!(said.values("client-host"), ["CT-SRV-1"]);
        assert_eq!(said.values("client-app"), ["Viewer"]);
        assert_eq!(said.activity.len(), 1);
        assert_eq!(said.activity[0].outcome, Outcome::Failure);
        assert!(said.activity[0].details.contains(&("error", "18456".into())));
    }
}
