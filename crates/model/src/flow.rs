//! A flow as it was seen, when it is over.

use crate::{HostKey, Timestamp, Transport};

/// One flow (5-tuple and VLAN, both directions), reported when it closes, is evicted, or the input ends; of one that goes
/// on for long, what is new of it in between.
///
/// For `Transport::Link` (frames without IP) both `ip`s are unspecified, the MACs count, and `responder_port` is the
/// EtherType; for `Transport::Ip` it is the IP protocol number, for ICMP 0.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRecord {
    pub originator: HostKey,
    pub originator_port: u16,
    pub responder: HostKey,
    pub responder_port: u16,
    pub transport: Transport,
    /// Name of the dissector that recognised it.
    pub protocol: Option<&'static str>,
    /// From the originator, from the responder.
    pub packets: [u64; 2],
    /// The same in bytes, from the IP header up (the whole frame for `Transport::Link`).
    pub bytes: [u64; 2],
    pub first: Timestamp,
    pub last: Timestamp,
    /// Number of its first packet.
    pub first_packet: u64,
    /// The responder answered so that a service stands behind the port: SYN-ACK, or a datagram or segment back
    /// that is no refusal.
    pub answered: bool,
    /// Who opened it is known (handshake, request) rather than guessed from the first packet seen and the ports.
    pub oriented: bool,
    /// It was reported before while it went on, and this record holds only what came since: how many packets the
    /// originator had sent by then.
    pub continues: Option<u64>,
}
