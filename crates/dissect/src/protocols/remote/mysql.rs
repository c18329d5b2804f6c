//! MySQL and MariaDB: the server's version, what its clients are, logins.
//!
//! Follows MySQL Internals, client/server protocol: packets, Initial Handshake V10, SSL Request, Handshake Response 41,
//! OK and ERR packets; MariaDB writes its version behind "5.5.5-" for old clients.
//!
//! Of the server: software and version, authentication plugin. Of the client: its connection attributes (operating
//! system, platform, driver and its version, program). User names, databases, passwords and statements are never kept.

use medward_model::{Attribute, Field, Outcome, Verb};

use super::at::{byte, find, le16, le32};
use crate::pending::Asked;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

const MAX_PACKET: usize = 16 * 1024;
/// Capability flags.
const SSL: u32 = 0x0800;
const PROTOCOL_41: u32 = 0x0200;
const CONNECT_WITH_DB: u32 = 0x0008;
const SECURE_CONNECTION: u32 = 0x8000;
const PLUGIN_AUTH: u32 = 0x0008_0000;
const CONNECT_ATTRS: u32 = 0x0010_0000;
const AUTH_LENENC: u32 = 0x0020_0000;

static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    93,
    "Server: name and version in \"server version\" (Initial Handshake V10)",
);
static SERVER_VERSION: Field =
    Field::fact("server-version", "Server: \"server version\" as it stands (Initial Handshake V10)");
static AUTH_PLUGIN: Field = Field::fact("auth-plugin", "Server: auth_plugin_name (Initial Handshake V10)");
static CLIENT_OS: Field =
    Field::fact("client-os", "Client: connection attribute _os (Handshake Response 41)");
static CLIENT_PLATFORM: Field =
    Field::fact("client-platform", "Client: connection attribute _platform (Handshake Response 41)");
static CLIENT_NAME: Field = Field::fact(
    "client-name",
    "Client: connection attributes _client_name and _client_version (Handshake Response 41)",
);
static PROGRAM: Field =
    Field::fact("program", "Client: connection attribute program_name (Handshake Response 41)");

pub(super) static MYSQL: Dissector = Dissector {
    name: "mysql",
    title: "MySQL",
    label: "MySQL",
    group: Group::Remote,
    specification: &["MySQL Internals: Connection Phase (Handshake V10, Handshake Response 41)"],
    ports: &[3306],
    carrier: Carrier::Stream { probe, session: || Box::new(MysqlSession::default()) },
    fields: &[&SOFTWARE, &SERVER_VERSION, &AUTH_PLUGIN, &CLIENT_OS, &CLIENT_PLATFORM, &CLIENT_NAME, &PROGRAM],
    basis: Basis::RealPeers,
};

/// The server speaks first: packet 0, protocol 10, a version that ends in NUL and begins with a digit.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.responder;
    if bytes.is_empty() {
        // Clients wait for the server.
        return if head.originator.is_empty() { Probe::NeedMore } else { Probe::NoMatch };
    }
    let is = |at: usize, test: fn(u8) -> bool| bytes.get(at).is_none_or(|b| test(*b));
    if !(is(2, |b| b == 0) && is(3, |b| b == 0) && is(4, |b| b == 10) && is(5, |b| b.is_ascii_digit())) {
        return Probe::NoMatch;
    }
    let Some(rest) = bytes.get(5..) else { return Probe::NeedMore };
    let end = rest.iter().position(|b| *b == 0);
    let version = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    if version.len() > 120 || !version.iter().all(|b| (0x20..0x7f).contains(b)) {
        return Probe::NoMatch;
    }
    let Some(end) = end else { return Probe::NeedMore };
    // Connection id, 8 octets of challenge, filler 0 behind it.
    match rest.get(end + 13) {
        Some(0) => {
            Probe::when(le16(bytes, 0).is_some_and(|n| usize::from(n) > end + 14) && version.contains(&b'.'))
        }
        Some(_) => Probe::NoMatch,
        None => Probe::NeedMore,
    }
}

#[derive(Default)]
struct MysqlSession {
    greeted: bool,
    asked: Option<Asked>,
}

impl MysqlSession {
    fn greeting(&mut self, packet: &[u8], cx: &mut Context<'_>) -> Option<()> {
        self.greeted = true;
        let rest = packet.get(1..)?;
        let end = rest.iter().position(|b| *b == 0)?;
        let banner = clean_bytes(rest.get(..end)?);
        let server = cx.sender();
        let (name, version) = product(&banner);
        cx.software(server.clone(), &SOFTWARE, name, Some(version));
        cx.evidence(server.clone(), &SERVER_VERSION, &banner);
        // Version, connection id 4, challenge 8, filler 1, flags 2, charset 1, status 2, flags 2, length 1, reserved 10.
        let tail = rest.get(end + 1..)?;
        let flags = u32::from(le16(tail, 13)?) | u32::from(le16(tail, 18)?) << 16;
        let length = usize::from(byte(tail, 20)?);
        if flags & PLUGIN_AUTH != 0 {
            let plugin = tail.get(31 + length.saturating_sub(8).max(13)..)?;
            cx.evidence(server, &AUTH_PLUGIN, &clean_bytes(plugin));
        }
        Some(())
    }

    /// Handshake Response 41, or the request for TLS that stands before it.
    fn response(&mut self, packet: &[u8], cx: &mut Context<'_>) -> Option<bool> {
        let mut asked = Asked::new(Side::Originator, Verb::Login, "login", "");
        let flags = le32(packet, 0)?;
        if flags & PROTOCOL_41 == 0 {
            self.asked = Some(asked);
            return Some(false);
        }
        if flags & SSL != 0 && packet.len() <= 32 {
            cx.activity(Verb::Connect, "SSL request", "").outcome(Outcome::Success);
            return Some(true);
        }
        if let Some(attributes) = attributes(packet, flags) {
            let client = cx.sender();
            let get = |name: &str| {
                attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
            };
            let driver = format!("{} {}", get("_client_name"), get("_client_version"));
            for (field, value) in [
                (&CLIENT_OS, get("_os")),
                (&CLIENT_PLATFORM, get("_platform")),
                (&CLIENT_NAME, driver.trim()),
                (&PROGRAM, get("program_name")),
            ] {
                cx.evidence(client.clone(), field, value);
            }
            asked = asked.detail("client", driver).detail("program", get("program_name"));
        }
        self.asked = Some(asked);
        Some(false)
    }
}

/// Server software and its version: MariaDB says so, all else is MySQL or speaks like it.
fn product(banner: &str) -> (&str, &str) {
    let version = banner.strip_prefix("5.5.5-").filter(|v| v.contains("MariaDB")).unwrap_or(banner);
    match version.split_once("-MariaDB") {
        Some((number, _)) => ("MariaDB", number),
        None => ("MySQL", version),
    }
}

/// A length-encoded integer and what follows it.
fn counted(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0..=0xfa => Some((usize::from(*first), rest)),
        0xfc => Some((usize::from(le16(rest, 0)?), rest.get(2..)?)),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = counted(bytes)?;
    rest.split_at_checked(length)
}

fn past_nul(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(find(bytes, &[0])? + 1..)
}

/// The connection attributes behind user, password, database and plugin, which are skipped.
fn attributes(packet: &[u8], flags: u32) -> Option<Vec<(String, String)>> {
    if flags & CONNECT_ATTRS == 0 {
        return None;
    }
    let mut rest = past_nul(packet.get(32..)?)?;
    rest = if flags & AUTH_LENENC != 0 {
        text(rest)?.1
    } else if flags & SECURE_CONNECTION != 0 {
        let (length, after) = rest.split_first()?;
        after.get(usize::from(*length)..)?
    } else {
        past_nul(rest)?
    };
    if flags & CONNECT_WITH_DB != 0 {
        rest = past_nul(rest)?;
    }
    if flags & PLUGIN_AUTH != 0 {
        rest = past_nul(rest)?;
    }
    let (mut list, _) = text(rest)?;
    let mut found = Vec::new();
    while let Some((key, after)) = text(list)
        && let Some((value, after)) = text(after)
        && found.len() < 32
    {
        found.push((clean_bytes(key), clean_bytes(value)));
        list = after;
    }
    Some(found)
}

impl Session for MysqlSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let Some([a, b, c, _sequence]) = bytes.first_chunk::<4>() else { return Progress::Need(4) };
        let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        let total = length.saturating_add(4);
        if length == 0 || length > MAX_PACKET {
            return Progress::GiveUp("mysql_bad_length");
        }
        let Some(packet) = bytes.get(4..total) else { return Progress::Need(total) };
        let consumed = total as u64;
        match (cx.side(), packet.first()) {
            (Side::Responder, Some(10)) if !self.greeted => {
                self.greeting(packet, cx);
            }
            (Side::Originator, _)
                if self.greeted && self.asked.is_none() && self.response(packet, cx) == Some(true) =>
            {
                return Progress::Become { consumed, dissector: "tls" };
            }
            (Side::Responder, Some(0)) => {
                if let Some(asked) = self.asked.take() {
                    asked.report(Outcome::Success, cx);
                }
                return Progress::Quiet;
            }
            (Side::Responder, Some(0xff)) => {
                let code = le16(packet, 1).unwrap_or(0);
                let asked = self.asked.take();
                let asked =
                    asked.unwrap_or_else(|| Asked::new(Side::Originator, Verb::Connect, "connect", ""));
                asked.detail("error", code.to_string()).report(Outcome::Failure, cx);
                return Progress::Quiet;
            }
            // Other steps of authentication.
            _ => {}
        }
        Progress::Consumed(consumed)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(asked) = self.asked.take() {
            asked.report(Outcome::Unknown, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MYSQL, product};
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport};

    fn packet(sequence: u8, content: &[u8]) -> Vec<u8> {
        [&[content.len() as u8, 0, 0, sequence][..], content].concat()
    }

    fn greeting() -> Vec<u8> {
        let mut content = b"\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec();
        content.extend([0; 10]);
        content.extend(b"abcdefghijkl\0caching_sha2_password\0");
        packet(0, &content)
    }

    #[test]
    fn server_and_client_software_is_told_and_no_user() {
        let mut login = 0x0018_8200_u32.to_le_bytes().to_vec();
        login.resize(32, 0);
        login.extend(b"jdoe\0\0plugin\0\x12\x03_os\x05Win64\x03_x1\x03abc");
        let at = login.iter().rposition(|b| *b == 0x12).expect("the count");
        login[at] = (login.len() - at - 1) as u8;
        let said = exercise(
            &MYSQL,
            Transport::Tcp,
            &[
                (Side::Responder, &greeting()),
                (Side::Originator, &packet(1, &login)),
                (Side::Responder, &packet(2, b"\xff\x15\x04#28000Access denied for user 'jdoe'")),
            ],
        );
        assert_eq!(said.values("software"), ["MySQL 8.0.36"]);
        assert_eq!(said.values("auth-plugin"), ["caching_sha2_password"]);
        assert_eq!(said.values("client-os"), ["Win64"]);
        assert_eq!(said.activity[0].outcome, Outcome::Failure);
        assert!(!format!("{said:?}").contains("jdoe"));
    }

    #[test]
    fn tls_takes_over() {
        let mut request = 0x0000_0a00_u32.to_le_bytes().to_vec();
        request.resize(32, 0);
        let said = exercise(
            &MYSQL,
            Transport::Tcp,
            &[(Side::Responder, &greeting()), (Side::Originator, &packet(1, &request))],
        );
        assert_eq!(said.became, Some("tls"));
    }

    #[test]
    fn mariadb_is_told_from_mysql() {
        assert_eq!(product("5.5.5-10.11.4-MariaDB-1~deb12u1"), ("MariaDB", "10.11.4"));
        assert_eq!(product("10.11.19-MariaDB-0+deb12u1"), ("MariaDB", "10.11.19"));
        assert_eq!(product("5.7.44-log"), ("MySQL", "5.7.44-log"));
    }
}
