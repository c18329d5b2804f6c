//! Conversations: flows between two devices, aggregated.

use serde::Serialize;

use crate::{DeviceId, Timestamp, Transport};

/// Flows from one device to a service of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conversation {
    pub originator: DeviceId,
    pub responder: DeviceId,
    pub transport: Transport,
    /// The responder's port (the protocol number for `Transport::Ip`, 0 for ICMP and link-layer protocols).
    pub port: u16,
    /// Name of the dissector that recognised it, or "unknown".
    pub protocol: String,
    pub flows: u64,
    /// Both directions.
    pub packets: u64,
    /// Both directions, IP bytes and up.
    pub bytes: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}
