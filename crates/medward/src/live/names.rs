//! What is compiled in, found again by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use medward_dissect::{Group, dissectors};
use medward_identify::{DeviceFact, Names};
use medward_model::{Device, Field, Finding, Timestamp};
use medward_monitor::Lore;

/// Names of protocols that no dissector has and that are remembered all the same: of a sensor with a later version.
const STRANGERS: usize = 1024;
/// The field that tells until when a certificate is good.
const CERTIFICATE_END: &str = "cert-not-after";
/// The longest of them, in bytes.
const LONGEST: usize = 64;

/// All dissectors, with their fields and names.
pub struct Compiled {
    fields: BTreeMap<(&'static str, &'static str), (&'static str, &'static Field)>,
    protocols: BTreeMap<&'static str, &'static str>,
    clinical: BTreeSet<&'static str>,
    strangers: Mutex<BTreeSet<&'static str>>,
}

impl Compiled {
    pub fn new() -> Compiled {
        let mut fields = BTreeMap::new();
        let mut protocols = BTreeMap::new();
        let mut clinical = BTreeSet::new();
        for dissector in dissectors() {
            protocols.insert(dissector.name, dissector.name);
            for field in dissector.fields {
                fields.insert((dissector.name, field.name), (dissector.name, *field));
            }
            if dissector.group == Group::Clinical {
                clinical.insert(dissector.name);
            }
        }
        for source in medward_sources::SOURCES {
            for field in source.fields {
                fields.insert((source.name, field.name), (source.name, *field));
            }
        }
        for name in ["other", "unknown"] {
            protocols.insert(name, name);
        }
        Compiled { fields, protocols, clinical, strangers: Mutex::default() }
    }
}

impl Names for Compiled {
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)> {
        self.fields.get(&(source, field)).copied()
    }

    fn protocol(&self, name: &str) -> Option<&'static str> {
        if let Some(known) = self.protocols.get(name) {
            return Some(known);
        }
        let mut strangers = self.strangers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = strangers.get(name) {
            return Some(known);
        }
        if name.len() > LONGEST || strangers.len() >= STRANGERS {
            return None;
        }
        // Bounded above: it is kept as long as the program runs.
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        strangers.insert(kept);
        Some(kept)
    }
}

impl Lore for Compiled {
    fn is_clinical(&self, protocol: &str) -> bool {
        self.clinical.contains(protocol)
    }

    fn wants(&self, source: &str, field: &str) -> bool {
        medward_knowledge::wants(source, field)
    }

    fn exposures(&self, devices: &[Device], facts: &[DeviceFact], now: Timestamp) -> Vec<Finding> {
        medward_knowledge::exposures(devices, facts, now)
    }

    fn ages(&self, fact: &DeviceFact) -> bool {
        fact.field == CERTIFICATE_END
    }
}
