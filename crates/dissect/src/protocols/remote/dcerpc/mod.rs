//! DCE/RPC, the remote procedure calls of Windows, over TCP and in SMB pipes: which interfaces are bound, what is called.
//!
//! Follows C706 (DCE 1.1: RPC) chapter 12 (connection-oriented PDUs) and \[MS-RPCE\] 2.2.2 (bind, security trailer).
//! Interfaces and operations are named after their own standards (\[MS-SCMR\], \[MS-TSCH\], \[MS-DRSR\], \[MS-NRPC\],
//! \[MS-RPRN\], \[MS-SAMR\], \[MS-SRVS\] and others).
//!
//! Of both ends: what NTLM says when a bind carries it. Of the server: the interfaces that it accepted. Activity: each
//! bind with its outcome, each service, task or printer driver created (with the name of the service or task), each
//! authentication to Netlogon; of other operations the first call and, at the end, how many. Arguments are not kept
//! otherwise. Sealed calls show their operation only.

mod calls;
mod interfaces;

use medward_model::Field;

use super::at::{array, byte, le16, le32, slice};
use super::ntlmssp;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session};
pub(super) use calls::Calls;

/// Longest part of a PDU that is looked at.
const MAX_LOOK: usize = 8 * 1024;

static INTERFACE: Field =
    Field::fact("interface", "Server: interface bound and accepted, by name or UUID (C706 12.6.4.3)");

pub(super) static DCERPC: Dissector = Dissector {
    name: "dcerpc",
    title: "DCE/RPC",
    label: "DCE/RPC",
    group: Group::Remote,
    specification: &["C706 12", "MS-RPCE 2.2.2", "MS-NLMP 2.2.1", "MS-SCMR 3.1.4", "MS-TSCH 3.2.5"],
    ports: &[135],
    carrier: Carrier::Stream { probe, session: || Box::new(RpcSession::default()) },
    fields: &[
        &INTERFACE,
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

/// A connection-oriented PDU (C706 12.6.3.1), possibly cut.
#[derive(Clone, Copy, Debug)]
struct Pdu<'a> {
    kind: u8,
    flags: u8,
    little: bool,
    /// As its header says.
    length: usize,
    verifier_length: usize,
    call: u32,
    bytes: &'a [u8],
}

impl<'a> Pdu<'a> {
    /// The PDU at the front. Strict: this is what the probe relies on.
    fn read(bytes: &'a [u8]) -> Option<Pdu<'a>> {
        let [major, minor, kind, flags, representation, float, 0, 0] = array::<8>(bytes, 0)? else {
            return None;
        };
        if major != 5 || minor > 1 || kind > 19 || !matches!(representation, 0 | 0x10) || float > 3 {
            return None;
        }
        let little = representation == 0x10;
        let mut pdu = Pdu { kind, flags, little, length: 0, verifier_length: 0, call: 0, bytes };
        pdu.length = usize::from(pdu.u16(8)?);
        pdu.verifier_length = usize::from(pdu.u16(10)?);
        pdu.call = pdu.u32(12)?;
        let least = match kind {
            0 | 2 | 3 => 24,
            11 | 14 => 52,
            12 | 15 => 24,
            _ => 16,
        };
        if pdu.length < least || pdu.verifier_length >= pdu.length {
            return None;
        }
        pdu.bytes = bytes.get(..pdu.length).unwrap_or(bytes);
        Some(pdu)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        le16(self.bytes, at).map(|n| if self.little { n } else { n.swap_bytes() })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        le32(self.bytes, at).map(|n| if self.little { n } else { n.swap_bytes() })
    }

    fn uuid(&self, at: usize) -> Option<String> {
        let (a, b, c) = (self.u32(at)?, self.u16(at + 4)?, self.u16(at + 6)?);
        let [d, e, rest @ ..] = array::<8>(self.bytes, at + 8)?;
        Some(format!("{a:08x}-{b:04x}-{c:04x}-{d:02x}{e:02x}-{}", super::reader::hex(&rest)))
    }

    /// Type, level and token of the security trailer, where all of it is there.
    fn verifier(&self) -> Option<(u8, u8, &'a [u8])> {
        if self.verifier_length == 0 {
            return None;
        }
        let token = self.length.checked_sub(self.verifier_length)?;
        let head = token.checked_sub(8)?;
        let bytes = slice(self.bytes, token, self.verifier_length)?;
        Some((byte(self.bytes, head)?, byte(self.bytes, head + 1)?, bytes))
    }

    /// Where the arguments end.
    fn stub_end(&self) -> Option<usize> {
        if self.verifier_length == 0 {
            return Some(self.length);
        }
        let head = self.length.checked_sub(self.verifier_length)?.checked_sub(8)?;
        head.checked_sub(usize::from(byte(self.bytes, head + 2)?))
    }
}

/// A bind; in the middle of a connection also a request or a response with a plausible context.
fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if bytes.len() < 28 {
        return match Probe::magic(bytes.get(..1).unwrap_or(bytes), &[5]) {
            Probe::NoMatch => Probe::NoMatch,
            _ if matches!(bytes.get(1), Some(2..)) || matches!(bytes.get(2), Some(20..)) => Probe::NoMatch,
            _ => Probe::NeedMore,
        };
    }
    let Some(pdu) = Pdu::read(bytes) else { return Probe::NoMatch };
    let fragment = |at| pdu.u16(at).is_some_and(|n| n >= 1024);
    Probe::when(match pdu.kind {
        11 => fragment(16) && fragment(18) && matches!(byte(bytes, 24), Some(1..=32)),
        0 | 2 if !head.from_start => {
            pdu.flags & 3 != 0 && pdu.little && pdu.u16(20).is_some_and(|context| context < 64)
        }
        _ => false,
    })
}

#[derive(Default)]
struct RpcSession {
    calls: Calls,
    lost: [bool; 2],
}

impl Session for RpcSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if bytes.len() < 16 {
            return Progress::Need(16);
        }
        let Some(pdu) = Pdu::read(bytes) else {
            // After a loss the next PDU begins with a segment as a rule.
            let lost = self.lost.get(cx.side().index()).copied().unwrap_or(false);
            return if lost {
                Progress::Consumed(bytes.len() as u64)
            } else {
                Progress::GiveUp("dcerpc_bad_pdu")
            };
        };
        let look = pdu.length.min(MAX_LOOK);
        if bytes.len() < look {
            return Progress::Need(look);
        }
        if let Some(lost) = self.lost.get_mut(cx.side().index()) {
            *lost = false;
        }
        self.calls.pdu(&pdu, cx);
        Progress::Consumed(pdu.length as u64)
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        if let Some(lost) = self.lost.get_mut(cx.side().index()) {
            *lost = true;
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.calls.end(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::DCERPC;
    use super::calls::known;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    fn pdu(kind: u8, call: u8, body: &[u8]) -> Vec<u8> {
        let length = (16 + body.len()) as u16;
        let mut bytes = vec![5, 0, kind, 3, 0x10, 0, 0, 0];
        bytes.extend(length.to_le_bytes());
        bytes.extend([0, 0, call, 0, 0, 0]);
        bytes.extend(body);
        bytes
    }

    fn bind() -> Vec<u8> {
        let mut body = vec![0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
        body.extend([
            0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0, 0x10, 3,
        ]);
        body.extend([2, 0, 0, 0]);
        body.extend([
            0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60,
        ]);
        body.extend([2, 0, 0, 0]);
        pdu(11, 1, &body)
    }

    #[test]
    fn a_service_made_from_afar_is_named() {
        assert!(known("367abb81-9844-35f1-ad32-98f038001003"));
        let mut ack = vec![0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0, 4, 0];
        ack.extend(b"135\0");
        ack.extend([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        ack.extend([0; 20]);
        let mut create = vec![0; 4];
        create.extend([0, 0, 12, 0]);
        create.extend([7; 20]);
        create.extend([9, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
        create.extend("PSEXESVC\0".encode_utf16().flat_map(u16::to_le_bytes));
        let done = [&[4, 0, 0, 0, 0, 0, 0, 0][..], &[0; 20], &[0, 0, 0, 0]].concat();
        let said = exercise(
            &DCERPC,
            Transport::Tcp,
            &[
                (Side::Originator, &bind()),
                (Side::Responder, &pdu(12, 1, &ack)),
                (Side::Originator, &pdu(0, 2, &create)),
                (Side::Responder, &pdu(2, 2, &done)),
            ],
        );
        assert_eq!(said.values("interface"), ["svcctl"]);
        let made = said.activity.iter().find(|a| a.verb == Verb::CreateService).expect("a creation");
        assert_eq!(made.outcome, Outcome::Success);
        assert!(made.details.contains(&("name", "PSEXESVC".into())));
    }

    #[test]
    fn other_protocols_are_not_taken() {
        let socks: &[u8] =
            &[5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert!(exercise(&DCERPC, Transport::Tcp, &[(Side::Originator, socks)]).unmatched);
    }
}
