//! QUIC: that a client opened a connection, and in which version.
//!
//! Follows RFC 8999 (invariants), RFC 9000 17.2 (long header packets), RFC 9369 (version 2). Only the clear part of
//! Initial packets is read. The ClientHello inside is encrypted with keys that follow from the packet itself; it is not
//! decrypted here, so that neither server name nor fingerprint are known.

use medward_model::{Field, Outcome, Verb};

use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side};

static CLIENT_VERSION: Field =
    Field::fact("client-version", "Client: Version of its Initial packet (RFC 9000 17.2)");
static VERSIONS: Field =
    Field::fact("versions", "Server: versions in its Version Negotiation packet (RFC 9000 17.2.1)");

/// Least size of a datagram with a client's Initial packet (RFC 9000, 14.1).
const LEAST_INITIAL: usize = 1200;

pub(super) static QUIC: Dissector = Dissector {
    name: "quic",
    title: "QUIC",
    label: "QUIC",
    group: Group::Remote,
    specification: &["RFC 8999 5", "RFC 9000 17.2", "RFC 9369 3"],
    ports: &[443, 80, 8443],
    carrier: Carrier::Datagram { probe, session: || Box::new(QuicSession::default()) },
    fields: &[&CLIENT_VERSION, &VERSIONS],
    basis: Basis::RealPeers,
};

/// The clear part of a long header packet.
struct LongHeader<'a> {
    first: u8,
    version: u32,
    rest: &'a [u8],
}

impl<'a> LongHeader<'a> {
    /// `None` where connection ids do not fit (RFC 9000, 17.2: at most 20 octets).
    fn read(bytes: &'a [u8]) -> Option<LongHeader<'a>> {
        let mut reader = Reader::new(bytes);
        let (first, version) = (reader.u8()?, reader.u32()?);
        let (to, from) = (reader.counted8()?, reader.counted8()?);
        if first & 0x80 == 0 || to.len() > 20 || from.len() > 20 {
            return None;
        }
        Some(LongHeader { first, version, rest: reader.rest() })
    }

    /// An Initial packet of a known version: the fixed bit is set, token and length fit.
    fn is_initial(&self) -> bool {
        let kind = self.first >> 4 & 0x07;
        let initial = match self.version {
            1 | 0xff00_001d..=0xff00_0022 => kind == 0b100,
            0x6b33_43cf => kind == 0b101,
            _ => false,
        };
        let mut reader = Reader::new(self.rest);
        let mut fits = || {
            let token = variable(&mut reader)?;
            reader.take(usize::try_from(token).ok()?)?;
            let length = variable(&mut reader)?;
            (length >= 20 && length <= reader.rest().len() as u64).then_some(())
        };
        initial && fits().is_some()
    }
}

/// A variable-length integer (RFC 9000, 16).
fn variable(reader: &mut Reader<'_>) -> Option<u64> {
    let first = reader.u8()?;
    let more = (1_usize << (first >> 6)) - 1;
    let bytes = reader.take(more)?;
    Some(bytes.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    Probe::when(
        bytes.len() >= LEAST_INITIAL && LongHeader::read(bytes).is_some_and(|header| header.is_initial()),
    )
}

fn version_name(version: u32) -> String {
    match version {
        1 => "1".to_owned(),
        0x6b33_43cf => "2".to_owned(),
        0xff00_0000..=0xff00_00ff => format!("draft {}", version & 0xff),
        other => format!("0x{other:08x}"),
    }
}

#[derive(Default)]
struct QuicSession {
    version: Option<u32>,
    client: Option<Side>,
    answered: bool,
}

impl Session for QuicSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(header) = LongHeader::read(bytes) else {
            // Short headers follow when the handshake is over.
            if self.version.is_none() {
                return Progress::Consumed(bytes.len() as u64);
            }
            return Progress::Quiet;
        };
        match self.client {
            None => {
                self.client = Some(side);
                self.version = Some(header.version);
                cx.evidence(cx.sender(), &CLIENT_VERSION, &version_name(header.version));
            }
            Some(client) if client != side => {
                if header.version == 0 {
                    let (known, _) = header.rest.as_chunks::<4>();
                    let known: Vec<u32> = known.iter().map(|v| u32::from_be_bytes(*v)).collect();
                    // Reserved to keep clients tolerant (RFC 9000, 15).
                    let kept = known.iter().filter(|v| **v & 0x0f0f_0f0f != 0x0a0a_0a0a).take(16);
                    let names: Vec<String> = kept.map(|v| version_name(*v)).collect();
                    cx.evidence(cx.sender(), &VERSIONS, &names.join(", "));
                } else {
                    self.answered = true;
                }
                return Progress::Quiet;
            }
            Some(_) => {}
        }
        Progress::Consumed(bytes.len() as u64)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if let (Some(client), Some(version)) = (self.client, self.version.take()) {
            cx.activity_by(client, Verb::Connect, "QUIC", "")
                .outcome(if self.answered { Outcome::Success } else { Outcome::Unknown })
                .detail("version", &version_name(version));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QUIC;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport};

    /// Header of the client's Initial in RFC 9001, A.2, and of the server's in A.3.
    #[test]
    fn an_initial_packet_of_version_1() {
        let mut client = b"\xc0\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00\x00\x44\x9e".to_vec();
        client.resize(1200, 0x55);
        let mut server = b"\xcf\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5\x00\x40\x75".to_vec();
        server.resize(135, 0x55);
        let said =
            exercise(&QUIC, Transport::Udp, &[(Side::Originator, &client), (Side::Responder, &server)]);
        assert_eq!(said.values("client-version"), ["1"]);
        assert_eq!(said.activity.first().map(|a| a.outcome), Some(Outcome::Success));
        client.truncate(600);
        assert!(exercise(&QUIC, Transport::Udp, &[(Side::Originator, &client)]).unmatched);
    }
}
