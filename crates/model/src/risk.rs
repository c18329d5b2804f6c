//! Risk of a device, with the factors that it is made of, and what to do first.

use serde::Serialize;

use crate::{Day, DeviceId, Treatment};

/// The risk of one device. `score` is the rounded sum of the points of all factors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    pub device: DeviceId,
    /// 0 to 100.
    pub score: u8,
    /// Probability-like, 0 to 1: how likely it is that somebody gets in.
    pub likelihood: f64,
    /// 0 to 1: how bad that would be.
    pub impact: f64,
    /// What adds up to the score.
    pub factors: Vec<Factor>,
    pub treatment: Treatment,
    pub reason: String,
    /// Points that the treatment takes away.
    pub removes: f64,
    /// Shortest ways in, nearest first; at most three.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<AttackPath>,
}

/// One factor of a risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Stable name ("known-exploited", "life-supporting").
    pub name: &'static str,
    /// "likelihood" or "impact".
    pub part: &'static str,
    /// What was found, in words.
    pub value: String,
    /// Where the value is from: a finding's id, a conversation, a catalogue entry.
    pub source: String,
    /// Share of the part, 0 to 1; weights of a part need not add up to 1.
    pub weight: f64,
    /// Points of the score that it accounts for; negative for what protects.
    pub points: f64,
}

/// A way from somewhere less trusted to a device, over conversations that were seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttackPath {
    /// What the first hop is: "internet", "guest", "personal", "it", "building", "vendor".
    pub origin: &'static str,
    /// From the first hop to the device.
    pub hops: Vec<Hop>,
}

/// One hop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hop {
    pub device: DeviceId,
    /// By which service the *next* hop is reached ("tcp/445 smb"); empty at the last.
    pub via: String,
}

/// Something doable that takes risk from several devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// `act-` and twelve hexadecimal digits, derived from what it does.
    pub id: String,
    pub treatment: Treatment,
    pub title: String,
    pub reason: String,
    /// Sorted.
    pub devices: Vec<DeviceId>,
    /// Ids of the findings that it settles.
    pub findings: Vec<String>,
    /// Points of risk over all devices.
    pub removes: f64,
    /// Hours of work, estimated by the model.
    pub effort: f64,
    /// Position in the list, from 1: most risk removed an hour first.
    pub rank: u32,
}

/// A recalled device that is to be taken out of use: a row of the recall work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkItem {
    pub device: DeviceId,
    pub recall: String,
    /// "open", "removed", "corrected", "not-ours".
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
}
