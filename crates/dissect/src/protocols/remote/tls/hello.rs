//! ClientHello and ServerHello (RFC 8446, 4.1.2 and 4.1.3; RFC 5246, 7.4.1; SSL 2.0, 2.5).

use tls_parser::TlsCipherSuite;

use crate::clean_bytes;
use crate::protocols::remote::reader::{Reader, words};

/// Most cipher suites, extensions and the like that are kept of one message.
const MOST: usize = 512;

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    /// `legacy_version`.
    pub(super) version: u16,
    pub(super) ciphers: Vec<u16>,
    /// Extension types in order.
    pub(super) extensions: Vec<u16>,
    pub(super) groups: Vec<u16>,
    pub(super) point_formats: Vec<u8>,
    pub(super) signatures: Vec<u16>,
    /// supported_versions (43).
    pub(super) versions: Vec<u16>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) server_name: Option<String>,
    /// Sent in the form of SSL 2.0: no extensions are possible.
    pub(super) old_form: bool,
}

/// What a server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) version: u16,
    pub(super) cipher: u16,
    pub(super) alpn: Option<String>,
}

impl ClientHello {
    /// The body of the handshake message.
    pub(super) fn read(body: &[u8]) -> Option<ClientHello> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        reader.take(32)?;
        reader.counted8()?;
        let mut ciphers = words(reader.counted16()?);
        ciphers.truncate(MOST);
        reader.counted8()?;
        let mut hello = ClientHello { version, ciphers, ..ClientHello::default() };
        if reader.is_empty() {
            return Some(hello);
        }
        let mut list = Reader::new(reader.counted16()?);
        while !list.is_empty() && hello.extensions.len() < MOST {
            let kind = list.u16()?;
            let content = list.counted16()?;
            hello.extensions.push(kind);
            // A malformed extension says nothing; the message goes on.
            let _ = hello.extension(kind, content);
        }
        Some(hello)
    }

    fn extension(&mut self, kind: u16, content: &[u8]) -> Option<()> {
        let mut reader = Reader::new(content);
        match kind {
            0 => {
                let mut names = Reader::new(reader.counted16()?);
                if names.u8()? == 0 {
                    self.server_name = host_name(names.counted16()?);
                }
            }
            10 => self.groups = words(reader.counted16()?),
            11 => self.point_formats = reader.counted8()?.to_vec(),
            13 => self.signatures = words(reader.counted16()?),
            16 => {
                let mut names = Reader::new(reader.counted16()?);
                while !names.is_empty() && self.alpn.len() < 16 {
                    self.alpn.push(names.counted8()?.to_vec());
                }
            }
            43 => self.versions = words(reader.counted8()?),
            _ => {}
        }
        Some(())
    }

    /// CLIENT-HELLO of SSL 2.0 after its two octets of length; also used to offer SSL 3.0 and TLS (RFC 5246, E.2).
    pub(super) fn read_old(body: &[u8]) -> Option<ClientHello> {
        let mut reader = Reader::new(body);
        if reader.u8()? != 1 {
            return None;
        }
        let version = reader.u16()?;
        let (specs, id, challenge) = (reader.u16()?, reader.u16()?, reader.u16()?);
        let known = version == 2 || (0x0300..=0x0303).contains(&version);
        if !known
            || specs == 0
            || specs % 3 != 0
            || !matches!(id, 0 | 16)
            || !(16..=32).contains(&challenge)
            || body.len() != 9 + usize::from(specs) + usize::from(id) + usize::from(challenge)
        {
            return None;
        }
        let ciphers = reader.take(usize::from(specs))?;
        let (triples, _) = ciphers.as_chunks::<3>();
        let ciphers = triples.iter().filter(|t| t[0] == 0).map(|[_, a, b]| u16::from_be_bytes([*a, *b]));
        Some(ClientHello { version, ciphers: ciphers.collect(), old_form: true, ..ClientHello::default() })
    }

    /// The highest version offered.
    pub(super) fn highest(&self) -> u16 {
        let offered = self.versions.iter().copied().filter(|v| !is_grease(*v));
        offered.max().unwrap_or(self.version)
    }

    /// The lowest version that the message tells; SSL 3.0 to TLS 1.2 clients tell only the highest.
    pub(super) fn lowest(&self) -> Option<u16> {
        self.versions.iter().copied().filter(|v| !is_grease(*v)).min()
    }

    /// Application protocols offered, as text.
    pub(super) fn alpn_shown(&self) -> String {
        let names = self.alpn.iter().filter(|n| !grease_name(n)).map(|n| clean_bytes(n));
        names.collect::<Vec<_>>().join(",")
    }
}

impl ServerHello {
    /// The body of the handshake message. A HelloRetryRequest has the same shape.
    pub(super) fn read(body: &[u8]) -> Option<ServerHello> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        reader.take(32)?;
        // Drafts of TLS 1.3 before 22 have neither session id nor compression.
        let draft = version & 0xff00 == 0x7f00;
        if !draft {
            reader.counted8()?;
        }
        let cipher = reader.u16()?;
        if !draft {
            reader.u8()?;
        }
        let mut hello = ServerHello { version, cipher, alpn: None };
        let Some(list) = reader.counted16() else { return Some(hello) };
        let mut list = Reader::new(list);
        while let (Some(kind), Some(content)) = (list.u16(), list.counted16()) {
            let mut content = Reader::new(content);
            match kind {
                43 => hello.version = content.u16()?,
                16 => {
                    let mut names = Reader::new(content.counted16()?);
                    hello.alpn = Some(clean_bytes(names.counted8()?));
                }
                _ => {}
            }
        }
        Some(hello)
    }
}

/// A DNS host name (RFC 6066, 3), in lower case; anything else is not kept.
fn host_name(bytes: &[u8]) -> Option<String> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if bytes.is_empty() || bytes.len() > 255 || !bytes.iter().all(plain) {
        return None;
    }
    Some(clean_bytes(bytes).to_ascii_lowercase())
}

/// Reserved values that keep servers tolerant (RFC 8701).
pub(super) const fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

fn grease_name(name: &[u8]) -> bool {
    matches!(name, [a, b] if is_grease(u16::from_be_bytes([*a, *b])))
}

/// The version as people write it.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0002 => "SSL 2.0".to_owned(),
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        0x0303 => "TLS 1.2".to_owned(),
        0x0304 => "TLS 1.3".to_owned(),
        0x7f00..=0x7fff => format!("TLS 1.3 draft {}", version & 0xff),
        other => format!("0x{other:04x}"),
    }
}

/// The name in the IANA registry of TLS cipher suites, or the number.
pub(super) fn cipher_name(cipher: u16) -> String {
    TlsCipherSuite::from_id(cipher).map_or_else(|| format!("0x{cipher:04x}"), |suite| suite.name.to_owned())
}
