//! What came of a replay.

use medward_model::{DeviceId, Timestamp, Transport};
use serde::Serialize;

use crate::meaning::Meaning;
use crate::prove::Decider;

/// The schema of a simulation.
pub const SIMULATION_SCHEMA: &str = "medward.policy-simulation/1";

/// What would happen, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It would be cut.
    Cut,
    /// It would be cut for some of the device's addresses, at some times, or when too often.
    PerhapsCut,
    /// It would pass, and raise an alert.
    Alerts,
    /// It would pass.
    Passes,
}

impl Fate {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Fate::Cut => "would be cut",
            Fate::PerhapsCut => "may be cut",
            Fate::Alerts => "would pass with an alert",
            Fate::Passes => "would pass",
        }
    }
}

/// How much it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Conversations, or flows where those were replayed.
    pub conversations: u64,
    /// Flows.
    pub flows: u64,
    /// Packets, both ways.
    pub packets: u64,
    /// Bytes, both ways.
    pub bytes: u64,
}

impl Total {
    pub(super) fn add(&mut self, other: &Total) {
        self.conversations = self.conversations.saturating_add(other.conversations);
        self.flows = self.flows.saturating_add(other.flows);
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Conversations of two zones on one service that fare alike, by one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Struck {
    /// What would happen.
    pub fate: Fate,
    /// What it means to patients.
    pub meaning: Meaning,
    /// The zone of who opens; absent for none.
    pub from: Option<String>,
    /// The zone that is opened to; absent for none.
    pub to: Option<String>,
    /// `tcp/104`, `icmp`, …
    pub service: String,
    /// The protocol that was recognised.
    pub protocol: String,
    /// How many devices opened, and how many were opened to.
    pub devices: [usize; 2],
    /// Who opened; at most [`Struck::DEVICES`].
    pub originators: Vec<DeviceId>,
    /// Who was opened to; at most as many.
    pub responders: Vec<DeviceId>,
    /// How much.
    #[serde(flatten)]
    pub total: Total,
    /// When first.
    pub first_seen: Timestamp,
    /// When last.
    pub last_seen: Timestamp,
    /// The rule that decides.
    pub rule: Decider,
}

impl Struck {
    /// Devices that are named on each side.
    pub const DEVICES: usize = 100;
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulation {
    /// [`SIMULATION_SCHEMA`].
    pub schema: &'static str,
    /// Which policy.
    pub policy: String,
    /// All that was replayed.
    pub total: Total,
    /// What would pass without an alert.
    pub passes: Total,
    /// What would be cut.
    pub cut: Total,
    /// What may be cut.
    pub perhaps_cut: Total,
    /// What would pass with an alert.
    pub alerts: Total,
    /// What rules do not speak of: what keeps links together.
    pub beside: Total,
    /// What cannot be told: no address of a device is known.
    pub undecided: Total,
    /// What does not just pass, and had no room among the groups; in none of the sums but the first.
    pub untold: Total,
    /// How many devices take part in what does not just pass.
    pub devices: usize,
    /// When it was seen first.
    pub first_seen: Option<Timestamp>,
    /// When it was seen last.
    pub last_seen: Option<Timestamp>,
    /// What does not just pass: the gravest first.
    pub groups: Vec<Struck>,
}

impl Simulation {
    pub(super) fn new(policy: &str) -> Simulation {
        let nothing = Total::default();
        Simulation {
            schema: SIMULATION_SCHEMA,
            policy: policy.to_owned(),
            total: nothing,
            passes: nothing,
            cut: nothing,
            perhaps_cut: nothing,
            alerts: nothing,
            beside: nothing,
            undecided: nothing,
            untold: nothing,
            devices: 0,
            first_seen: None,
            last_seen: None,
            groups: Vec::new(),
        }
    }

    pub(super) fn seen(&mut self, first: Timestamp, last: Timestamp) {
        self.first_seen = Some(self.first_seen.map_or(first, |before| before.min(first)));
        self.last_seen = Some(self.last_seen.map_or(last, |before| before.max(last)));
    }

    /// Sums up and puts in order: what is cut before what may be, within that by meaning, then by how often.
    pub(super) fn settled(mut self) -> Simulation {
        for group in &self.groups {
            let sum = match group.fate {
                Fate::Cut => &mut self.cut,
                Fate::PerhapsCut => &mut self.perhaps_cut,
                Fate::Alerts => &mut self.alerts,
                Fate::Passes => &mut self.passes,
            };
            sum.add(&group.total);
        }
        self.groups.sort_by(|a, b| {
            (a.fate, a.meaning, b.total.flows)
                .cmp(&(b.fate, b.meaning, a.total.flows))
                .then_with(|| (&a.from, &a.to, &a.service).cmp(&(&b.from, &b.to, &b.service)))
                .then_with(|| (&a.protocol, a.rule.number).cmp(&(&b.protocol, b.rule.number)))
        });
        self
    }

    /// What fares so and means that.
    pub fn of(&self, fate: Fate, meaning: Meaning) -> impl Iterator<Item = &Struck> {
        self.groups.iter().filter(move |group| group.fate == fate && group.meaning == meaning)
    }
}

pub(super) fn service(transport: Transport, port: u16) -> String {
    match transport {
        Transport::Icmp | Transport::Link => transport.name().to_owned(),
        other => format!("{}/{port}", other.name()),
    }
}
