//! The state of a sensor, and what cannot be seen.

use std::collections::BTreeMap;

use medward_model::{DeviceId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a sensor last said of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SensorState {
    pub name: String,
    pub site: String,
    pub version: String,
    /// What it listens on: interface names, or the file that it replays.
    pub interfaces: Vec<String>,
    pub epoch: u64,
    pub sequence: u64,
    pub started: Timestamp,
    /// When its last report was received.
    pub last_report: Timestamp,
    /// Time of the last packet it saw.
    pub last_packet: Timestamp,
    /// Since it started.
    pub packets: u64,
    pub bytes: u64,
    /// Packets that the kernel or the interface dropped, since it started.
    pub dropped: u64,
    /// Reports that wait in its spool, and bytes of them.
    pub spooled: u64,
    pub spooled_bytes: u64,
    /// Reports that its spool had to give up for want of room.
    pub lost_reports: u64,
    pub packets_per_second: f64,
    pub bits_per_second: f64,
    /// Resident memory in bytes.
    pub memory: u64,
    pub weirds: BTreeMap<String, u64>,
    pub evictions: BTreeMap<String, u64>,
}

/// What is known to exist and was never heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    pub site: String,
    /// Devices of the site that speak on the wire.
    pub heard: u64,
    /// Known only from others (DHCP leases, ARP, an inventory): never heard to speak themselves.
    pub unheard: u64,
    /// The first of those.
    pub blind_spots: Vec<DeviceId>,
    /// VLANs with the number of devices heard in each.
    pub vlans: BTreeMap<u16, u64>,
    /// VLANs with the number of devices never heard in each.
    pub unheard_vlans: BTreeMap<u16, u64>,
    /// Switches with the number of devices heard at the ports of each, as far as somebody tells ports.
    pub switches: BTreeMap<String, u64>,
    /// Switches with the number of devices never heard at the ports of each.
    pub unheard_switches: BTreeMap<String, u64>,
}
