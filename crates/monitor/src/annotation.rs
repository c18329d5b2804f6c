//! What people say of a device, beside what the wire says.

use std::collections::BTreeSet;

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a device stands between being ordered and being thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    Ordered,
    #[default]
    InService,
    Stored,
    Retired,
    Lost,
}

impl Lifecycle {
    /// All of them, in order.
    pub const ALL: [Lifecycle; 5] =
        [Lifecycle::Ordered, Lifecycle::InService, Lifecycle::Stored, Lifecycle::Retired, Lifecycle::Lost];

    /// As in output and search.
    pub const fn name(self) -> &'static str {
        match self {
            Lifecycle::Ordered => "ordered",
            Lifecycle::InService => "in-service",
            Lifecycle::Stored => "stored",
            Lifecycle::Retired => "retired",
            Lifecycle::Lost => "lost",
        }
    }
}

/// A time in which a device is worked on, and silence or change is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    pub from: Timestamp,
    pub until: Timestamp,
    #[serde(default)]
    pub reason: String,
}

/// All that people said of one device. `version` counts changes, from 0 for "nothing said".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotation {
    /// At most 32, each at most 64 characters.
    pub tags: BTreeSet<String>,
    /// Person or department.
    pub owner: Option<String>,
    pub note: Option<String>,
    /// Clinical criticality as people see it, 1 (least) to 5 (life depends on it); overrides the catalogue's.
    pub criticality: Option<u8>,
    pub lifecycle: Lifecycle,
    pub maintenance: Vec<Maintenance>,
    /// Identifier of the place (a document of kind "place") where it belongs.
    pub place: Option<String>,
    /// What it is worth, or would cost to replace, in whole units of a currency.
    pub value: Option<u64>,
    /// Sign or code of that currency, at most 8 characters; the house's own where it is not said.
    pub currency: Option<String>,
    pub version: u64,
}

/// A change to what people said: what is `None` stays as it is; `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub add_tags: BTreeSet<String>,
    pub remove_tags: BTreeSet<String>,
    pub owner: Option<Option<String>>,
    pub note: Option<Option<String>>,
    pub criticality: Option<Option<u8>>,
    pub lifecycle: Option<Lifecycle>,
    pub maintenance: Option<Vec<Maintenance>>,
    pub place: Option<Option<String>>,
    pub value: Option<Option<u64>>,
    pub currency: Option<Option<String>>,
}

impl Patch {
    /// Applies the change and counts the version up.
    pub fn apply(&self, to: &mut Annotation) {
        to.tags.extend(self.add_tags.iter().cloned());
        to.tags.retain(|tag| !self.remove_tags.contains(tag));
        if let Some(owner) = &self.owner {
            to.owner.clone_from(owner);
        }
        if let Some(note) = &self.note {
            to.note.clone_from(note);
        }
        if let Some(criticality) = self.criticality {
            to.criticality = criticality;
        }
        if let Some(lifecycle) = self.lifecycle {
            to.lifecycle = lifecycle;
        }
        if let Some(maintenance) = &self.maintenance {
            to.maintenance.clone_from(maintenance);
        }
        if let Some(place) = &self.place {
            to.place.clone_from(place);
        }
        if let Some(value) = self.value {
            to.value = value;
        }
        if let Some(currency) = &self.currency {
            to.currency.clone_from(currency);
        }
        to.version = to.version.saturating_add(1);
    }
}
