//! The facts that checks look at. All are given: nothing here asks a clock or a network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Conversation, Device, DeviceId, Timestamp, Transport};

use crate::language::Window;
use crate::plan::Plan;
use crate::ruleset::{Reading, Ruleset};
use crate::space::{ICMP, ICMPV6, Packet, SCTP, TCP, UDP};
use crate::zones::Membership;

/// What the time is where the change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Monday is 0.
    pub day: u8,
    /// Minutes since midnight.
    pub minute: u16,
}

impl Clock {
    /// The clock of a place that is some minutes before UTC.
    pub fn at(now: Timestamp, utc_offset_minutes: i16) -> Clock {
        let minutes = now.as_seconds().div_euclid(60) + i64::from(utc_offset_minutes);
        // The epoch was a Thursday.
        let day = (minutes.div_euclid(24 * 60) + 3).rem_euclid(7);
        let minute = minutes.rem_euclid(24 * 60);
        Clock { day: u8::try_from(day).unwrap_or(0), minute: u16::try_from(minute).unwrap_or(0) }
    }
}

/// What nearly every device needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EssentialKind {
    /// The way out of its network.
    Gateway,
    /// Addresses.
    Dhcp,
    /// Names.
    Dns,
    /// The record of the patient: orders and results.
    Ehr,
}

impl EssentialKind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            EssentialKind::Gateway => "gateway",
            EssentialKind::Dhcp => "DHCP server",
            EssentialKind::Dns => "name server",
            EssentialKind::Ehr => "record system",
        }
    }
}

/// One who gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Essential {
    /// What.
    pub kind: EssentialKind,
    /// Who.
    pub ip: IpAddr,
}

/// A way that must stay open so that people can still get at things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// What it is for, in words.
    pub what: String,
    /// Its first packet.
    pub packet: Packet,
}

/// A person's word that devices in use may be touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// For which devices; none named means all of the plan's.
    pub devices: BTreeSet<DeviceId>,
}

/// Bounds beyond which a check speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Affected devices, in hundredths of all, at which it warns.
    pub affected_warn: usize,
    /// And vetoes, unless a first part was tried.
    pub affected_veto: usize,
    /// Devices that no zone takes, in hundredths of all, at which it warns.
    pub unknown_warn: usize,
    /// And vetoes.
    pub unknown_veto: usize,
    /// Fewest affected devices that a share is told of.
    pub few: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { affected_warn: 10, affected_veto: 50, unknown_warn: 10, unknown_veto: 30, few: 5 }
    }
}

/// What is so at this moment. What is `None` was not given.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The time.
    pub now: Timestamp,
    /// The time of the place.
    pub clock: Clock,
    /// The devices.
    pub devices: &'a [Device],
    /// Where they are.
    pub membership: &'a Membership,
    /// What was seen of them lately.
    pub conversations: Option<&'a [Conversation]>,
    /// Devices with clinical activity now, and which.
    pub in_use: Option<&'a BTreeMap<DeviceId, String>>,
    /// Who gives what nearly every device needs.
    pub essentials: Option<&'a [Essential]>,
    /// Ways that must stay open.
    pub paths: Option<&'a [Path]>,
    /// When changes may be made.
    pub change_window: Option<Window>,
    /// Conduits whose last day is over, in words.
    pub expired_conduits: &'a [String],
    /// A first part was applied and confirmed.
    pub first_part_confirmed: bool,
    /// A person's word.
    pub consent: Option<&'a Consent>,
    /// Bounds.
    pub limits: Limits,
}

impl Situation<'_> {
    /// The device of that id.
    pub fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == *id)
    }

    /// Whether a person gave their word for a device.
    pub fn consented(&self, id: &DeviceId) -> bool {
        self.consent.is_some_and(|consent| consent.devices.is_empty() || consent.devices.contains(id))
    }

    /// Conversations of devices that are looked at which the plan would cut, with the device that each is told of.
    pub(super) fn cut<'c>(
        &self,
        plan: &Plan,
        looked_at: &BTreeSet<&DeviceId>,
        conversations: &'c [Conversation],
    ) -> Vec<(DeviceId, &'c Conversation)> {
        let by_id: BTreeMap<&DeviceId, &Device> =
            self.devices.iter().map(|device| (&device.id, device)).collect();
        let mut cut = Vec::new();
        for talk in conversations {
            let own: Vec<&DeviceId> =
                [&talk.originator, &talk.responder].into_iter().filter(|id| looked_at.contains(id)).collect();
            if own.is_empty() {
                continue;
            }
            let ends = by_id.get(&talk.originator).zip(by_id.get(&talk.responder));
            let Some((from, to)) = ends else { continue };
            if packets(talk, from, to).iter().any(|packet| drops(&plan.ruleset, packet)) {
                cut.extend(own.into_iter().map(|id| (id.clone(), talk)));
            }
        }
        cut
    }
}

/// Whether the packet that opens a flow may be dropped.
pub(super) fn drops(ruleset: &Ruleset, packet: &Packet) -> bool {
    let at = ruleset.decide(packet, Reading::Least);
    let action = at.and_then(|at| ruleset.rules.get(at)).map_or(ruleset.default, |rule| rule.action);
    !action.passes()
}

/// The packets that could open a conversation: one for each pair of addresses of one family.
fn packets(talk: &Conversation, from: &Device, to: &Device) -> Vec<Packet> {
    let mut packets = Vec::new();
    for source in &from.ips {
        for destination in to.ips.iter().filter(|ip| ip.is_ipv4() == source.is_ipv4()) {
            let (protocol, port) = match talk.transport {
                Transport::Link => continue,
                Transport::Tcp => (TCP, talk.port),
                Transport::Udp => (UDP, talk.port),
                Transport::Sctp => (SCTP, talk.port),
                // A request for an echo stands for all.
                Transport::Icmp if source.is_ipv4() => (ICMP, 8 << 8),
                Transport::Icmp => (ICMPV6, 128 << 8),
                Transport::Ip => (u8::try_from(talk.port).unwrap_or(u8::MAX), 0),
            };
            packets.push(Packet { source: *source, destination: *destination, protocol, port });
        }
    }
    packets
}

/// A conversation in words.
pub(super) fn words(talk: &Conversation) -> String {
    format!("{} from {} to {}", talk.protocol, talk.originator, talk.responder)
}
