//! SSH: banners, fingerprints of the algorithms, and the server's host key.
//!
//! Follows RFC 4253 (identification 4.2, binary packets 6, key exchange 7), RFC 4419 and RFC 5656 (replies with the
//! host key). HASSH and HASSHServer (Salesforce, BSD-3-Clause) are MD5 over the offered algorithms of one direction.
//!
//! Of both ends: software with its version, the comment (distribution), the fingerprint. Of the server: the host key's
//! type and fingerprint as OpenSSH shows it. Machines made from one image may share a host key, so that it is a fact
//! and not an identifier. Everything after the key exchange is encrypted: no logins are known.

use md5::{Digest, Md5};
use medward_model::{Attribute, Field, Outcome, Verb};
use sha2::Sha256;

use super::reader::{Reader, hex};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

/// Longest identification line (RFC 4253, 4.2), with leeway for old servers.
const MAX_LINE: usize = 1024;
/// Lines of text that a server may send first.
const MAX_LINES: u8 = 32;
/// Longest packet (RFC 4253, 6.1, with leeway).
const MAX_PACKET: usize = 64 * 1024;
/// Packets of the key exchange that are looked at in one direction.
const MAX_PACKETS: u8 = 8;

static BANNER: Field =
    Field::fact("banner", "Either end: identification string without \"SSH-\" (RFC 4253 4.2)");
static SOFTWARE: Field =
    Field::states("software", Attribute::Software, 93, "Either end: softwareversion (RFC 4253 4.2)");
static HASSH: Field = Field::fact("hassh", "Client: HASSH of its SSH_MSG_KEXINIT (RFC 4253 7.1)");
static HASSH_SERVER: Field =
    Field::fact("hassh-server", "Server: HASSHServer of its SSH_MSG_KEXINIT (RFC 4253 7.1)");
static HOST_KEY_TYPES: Field =
    Field::fact("host-key-types", "Server: server_host_key_algorithms (RFC 4253 7.1)");
static HOST_KEY: Field =
    Field::fact("host-key", "Server: type of its host key, bits for RSA and DSA (RFC 4253 8)");
static HOST_KEY_SHA256: Field = Field::fact(
    "host-key-sha256",
    "Server: SHA-256 of its host key in base64, as OpenSSH shows it (RFC 4253 8)",
);
static KEY_EXCHANGE: Field = Field::fact("kex", "Server: key exchange method agreed on (RFC 4253 7.1)");
static CIPHER: Field = Field::fact("cipher", "Server: cipher agreed on towards the server (RFC 4253 7.1)");

pub(super) static SSH: Dissector = Dissector {
    name: "ssh",
    title: "SSH",
    label: "SSH",
    group: Group::Remote,
    specification: &["RFC 4253 4.2, 6, 7", "RFC 4419", "RFC 5656", "HASSH"],
    ports: &[22, 2222],
    carrier: Carrier::Stream { probe, session: || Box::new(SshSession::default()) },
    fields: &[
        &BANNER,
        &SOFTWARE,
        &HASSH,
        &HASSH_SERVER,
        &HOST_KEY_TYPES,
        &HOST_KEY,
        &HOST_KEY_SHA256,
        &KEY_EXCHANGE,
        &CIPHER,
    ],
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    let sides = [head.originator, head.responder].map(|bytes| Probe::magic(bytes, b"SSH-"));
    match sides {
        [Probe::Match, _] | [_, Probe::Match] => Probe::Match,
        [Probe::NoMatch, _] | [_, Probe::NoMatch] => Probe::NoMatch,
        _ => Probe::NeedMore,
    }
}

/// The offer of one side (SSH_MSG_KEXINIT).
#[derive(Debug, Default)]
struct Offer {
    key_exchange: String,
    host_key: String,
    cipher_to_server: String,
    cipher_to_client: String,
    mac_to_server: String,
    mac_to_client: String,
    compression_to_server: String,
    compression_to_client: String,
}

impl Offer {
    fn read(payload: &[u8]) -> Option<Offer> {
        let mut reader = Reader::new(payload);
        reader.take(17)?;
        let mut list = || reader.counted32().filter(|l| l.len() <= 8192).map(listed);
        Some(Offer {
            key_exchange: list()?,
            host_key: list()?,
            cipher_to_server: list()?,
            cipher_to_client: list()?,
            mac_to_server: list()?,
            mac_to_client: list()?,
            compression_to_server: list()?,
            compression_to_client: list()?,
        })
    }

    fn hassh(&self) -> String {
        digest([&self.key_exchange, &self.cipher_to_server, &self.mac_to_server, &self.compression_to_server])
    }

    fn hassh_server(&self) -> String {
        digest([&self.key_exchange, &self.cipher_to_client, &self.mac_to_client, &self.compression_to_client])
    }
}

/// A name-list; names are printable ASCII (RFC 4251, 6).
fn listed(bytes: &[u8]) -> String {
    bytes.iter().filter(|b| b.is_ascii_graphic()).map(|b| char::from(*b)).collect()
}

fn digest(parts: [&String; 4]) -> String {
    hex(&Md5::digest(parts.map(String::as_str).join(";").as_bytes()))
}

#[derive(Debug, Default)]
struct Half {
    identified: bool,
    lines: u8,
    packets: u8,
    offer: Option<Offer>,
    done: bool,
}

#[derive(Default)]
struct SshSession {
    halves: [Half; 2],
    banners: [String; 2],
    reported: bool,
}

impl SshSession {
    fn half(&mut self, side: Side) -> &mut Half {
        let [originator, responder] = &mut self.halves;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    fn identification(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            if bytes.len() > MAX_LINE {
                return Progress::GiveUp("ssh_long_banner");
            }
            return Progress::Need(bytes.len().saturating_add(1));
        };
        let consumed = Progress::Consumed((end as u64).saturating_add(1));
        let line = bytes.get(..end).unwrap_or(bytes);
        let Some(text) = line.strip_prefix(b"SSH-") else {
            let half = self.half(side);
            half.lines = half.lines.saturating_add(1);
            return if half.lines > MAX_LINES { Progress::GiveUp("ssh_no_banner") } else { consumed };
        };
        let banner = clean_bytes(text);
        cx.evidence(cx.sender(), &BANNER, &banner);
        if let Some((_, rest)) = banner.split_once('-') {
            let software = rest.split(' ').next().unwrap_or("");
            let (name, version) = product(software);
            cx.software(cx.sender(), &SOFTWARE, name, version);
        }
        if let Some(slot) = self.banners.get_mut(side.index()) {
            *slot = banner;
        }
        self.half(side).identified = true;
        consumed
    }

    fn packet(&mut self, payload: &[u8], cx: &mut Context<'_>) -> bool {
        let side = cx.side();
        match payload.first() {
            Some(20) => {
                let Some(offer) = Offer::read(payload) else { return false };
                if side == Side::Originator {
                    cx.evidence(cx.sender(), &HASSH, &offer.hassh());
                } else {
                    cx.evidence(cx.sender(), &HASSH_SERVER, &offer.hassh_server());
                    cx.evidence(cx.sender(), &HOST_KEY_TYPES, &offer.host_key);
                }
                self.half(side).offer = Some(offer);
                self.agreed(cx);
                // The client says nothing more of itself in clear.
                side == Side::Responder
            }
            // Replies of all key exchange methods: the host key is the first string; 31 is also the group of RFC 4419.
            Some(31 | 33) if side == Side::Responder => {
                let key = Reader::new(payload.get(1..).unwrap_or(&[])).counted32();
                match key.and_then(host_key) {
                    Some((kind, sha256)) => {
                        cx.evidence(cx.sender(), &HOST_KEY, &kind);
                        cx.evidence(cx.sender(), &HOST_KEY_SHA256, &sha256);
                        false
                    }
                    None => true,
                }
            }
            Some(1 | 21) | None => false,
            _ => true,
        }
    }

    /// Both offers are known: what is agreed on is the client's first that the server has (RFC 4253, 7.1).
    fn agreed(&mut self, cx: &mut Context<'_>) {
        let [originator, responder] = &self.halves;
        let (Some(client), Some(server)) = (&originator.offer, &responder.offer) else { return };
        let common = |ours: &str, theirs: &str| {
            ours.split(',')
                .find(|name| theirs.split(',').any(|other| other == *name))
                .unwrap_or("")
                .to_owned()
        };
        let exchange = common(&client.key_exchange, &server.key_exchange);
        let cipher = common(&client.cipher_to_server, &server.cipher_to_server);
        let mac = common(&client.mac_to_server, &server.mac_to_server);
        let responder = cx.host(Side::Responder);
        cx.evidence(responder.clone(), &KEY_EXCHANGE, &exchange);
        cx.evidence(responder, &CIPHER, &cipher);
        if !std::mem::replace(&mut self.reported, true) {
            let [_, server_banner] = &self.banners;
            cx.activity_by(Side::Originator, Verb::Connect, "SSH", "")
                .outcome(Outcome::Success)
                .detail("server", server_banner)
                .detail("kex", &exchange)
                .detail("cipher", &cipher)
                .detail("mac", &mac);
        }
    }

    fn finish(&mut self, side: Side) -> Progress {
        self.half(side).done = true;
        if self.halves.iter().all(|half| half.done) { Progress::Quiet } else { Progress::Finished }
    }
}

/// Name and version in "OpenSSH_9.2p1", "dropbear_2019.78", "ROSSSH", "libssh2-1.4".
fn product(text: &str) -> (&str, Option<&str>) {
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, '_' | '-')) {
        let (name, version) = text.split_at(at);
        let version = version.trim_start_matches(c);
        if version.starts_with(|d: char| d.is_ascii_digit()) && !name.is_empty() {
            return (name, Some(version));
        }
    }
    (text, None)
}

/// Type (with bits) and SHA-256 of a host key.
fn host_key(blob: &[u8]) -> Option<(String, String)> {
    let mut reader = Reader::new(blob);
    let kind = reader.counted32()?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'@' | b'.');
    if !(4..=64).contains(&kind.len()) || !kind.iter().all(plain) {
        return None;
    }
    let name = listed(kind);
    let shown = match name.as_str() {
        "ssh-rsa" => {
            reader.counted32()?;
            format!("{name} {}", bits(reader.counted32()?))
        }
        "ssh-dss" => format!("{name} {}", bits(reader.counted32()?)),
        _ => name,
    };
    Some((shown, format!("SHA256:{}", base64(&Sha256::digest(blob)))))
}

/// Length of a positive mpint in bits (RFC 4251, 5).
fn bits(integer: &[u8]) -> usize {
    let digits = integer.iter().position(|b| *b != 0).and_then(|first| integer.get(first..)).unwrap_or(&[]);
    digits.first().map_or(0, |first| (digits.len() * 8).saturating_sub(first.leading_zeros() as usize))
}

/// Base64 without padding (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() as u32 {
            let value = (bits >> (18 - 6 * digit)) & 0x3f;
            text.extend(ALPHABET.get(value as usize).map(|b| char::from(*b)));
        }
    }
    text
}

impl Session for SshSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let half = self.half(side);
        if half.done {
            return Progress::Finished;
        }
        if !half.identified {
            return self.identification(bytes, cx);
        }
        // SSH 1 has other packets; its banners are all that counts.
        if self.banners.iter().any(|banner| banner.starts_with("1.") && !banner.starts_with("1.99")) {
            return self.finish(side);
        }
        let mut reader = Reader::new(bytes);
        let Some(length) = reader.u32() else { return Progress::Need(4) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(2..=MAX_PACKET).contains(&length) {
            cx.weird("ssh_bad_packet");
            return self.finish(side);
        }
        let Some(packet) = reader.take(length) else { return Progress::Need(length.saturating_add(4)) };
        let padding = usize::from(packet.first().copied().unwrap_or(0));
        let payload = packet.get(1..length.saturating_sub(padding)).unwrap_or(&[]);
        let half = self.half(side);
        half.packets = half.packets.saturating_add(1);
        let more = half.packets < MAX_PACKETS;
        if self.packet(payload, cx) && more {
            Progress::Consumed((length as u64).saturating_add(4))
        } else {
            self.finish(side)
        }
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        self.half(cx.side()).done = true;
        if self.halves.iter().all(|half| half.done) { Resync::GiveUp } else { Resync::Continue }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        let [_, server_banner] = &self.banners;
        if !server_banner.is_empty() && !std::mem::replace(&mut self.reported, true) {
            cx.activity_by(Side::Originator, Verb::Connect, "SSH", "").detail("server", server_banner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SSH, base64, product};
    use crate::{Side, exercise};
    use medward_model::Transport;

    #[test]
    fn products_are_split_from_versions() {
        assert_eq!(product("OpenSSH_7.9p1"), ("OpenSSH", Some("7.9p1")));
        assert_eq!(product("OpenSSH_for_Windows_8.1"), ("OpenSSH_for_Windows", Some("8.1")));
        assert_eq!(product("dropbear_2019.78"), ("dropbear", Some("2019.78")));
        assert_eq!(product("Cisco-1.25"), ("Cisco", Some("1.25")));
        assert_eq!(product("ROSSSH"), ("ROSSSH", None));
        assert_eq!(product("2.1.1.5"), ("2.1.1.5", None));
    }

    #[test]
    fn base64_has_no_padding() {
        assert_eq!(base64(b"foob"), "Zm9vYg");
        assert_eq!(base64(b"fooba"), "Zm9vYmE");
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
    }

    #[test]
    fn a_banner_behind_text_tells_software() {
        let said = exercise(
            &SSH,
            Transport::Tcp,
            &[
                (Side::Originator, b"SSH-2.0-PuTTY_Release_0.70\r\n"),
                (Side::Responder, b"Welcome\r\nSSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1\r\n"),
            ],
        );
        assert_eq!(said.values("software"), ["PuTTY_Release 0.70", "OpenSSH 8.9p1"]);
        assert_eq!(said.values("banner"), ["2.0-PuTTY_Release_0.70", "2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1"]);
    }
}
