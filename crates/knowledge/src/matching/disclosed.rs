//! What a device's maker states of its model in a disclosure statement (MDS2).

use std::sync::Arc;

use medward_model::Disclosure;

use super::base::Base;
use super::makers::Maker;
use super::name::{Likeness, ProductName};
use super::thing::{Sort, Thing, Things};
use crate::{DisclosedFacts, answers_of_interest};

/// A statement as matching keeps it.
#[derive(Debug)]
pub(crate) struct Disclosed {
    makers: Vec<Arc<Maker>>,
    name: ProductName,
    release: Option<Box<str>>,
    stated: Stated,
}

/// What a maker states of a device's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    pub facts: DisclosedFacts,
    /// The statement, as a person would look for it: "MDS2 of 2019, Example Pump 7 (DOC-12)".
    pub statement: String,
}

impl Stated {
    /// The facts by name, as they stand beside a device: "maker states: patient data" → "yes".
    pub fn particulars(&self) -> Vec<(String, String)> {
        let facts = &self.facts;
        let mut all: Vec<(String, String)> = [
            ("patient data", facts.handles_private_data),
            ("patient data kept", facts.stores_private_data),
            ("patient data sent", facts.transmits_private_data),
            ("operator can patch", facts.operator_can_patch),
            ("anti-malware", facts.anti_malware),
            ("remote service", facts.remote_service),
            ("bill of materials", facts.sbom_available),
        ]
        .into_iter()
        .filter_map(|(name, fact)| {
            Some((format!("maker states: {name}"), if fact? { "yes" } else { "no" }.to_owned()))
        })
        .collect();
        if !all.is_empty() {
            all.push(("disclosure statement".to_owned(), self.statement.clone()));
        }
        all
    }
}

impl Disclosed {
    /// The model that it speaks of.
    pub(super) fn model(&self) -> (&Vec<Arc<Maker>>, &ProductName) {
        (&self.makers, &self.name)
    }

    pub(crate) fn new(disclosure: &Disclosure, base: &Base) -> Disclosed {
        let makers = base.makers.named(&disclosure.vendor);
        let name = base.read_name(&disclosure.model, &makers);
        let document = disclosure.document.as_deref().map_or(String::new(), |id| format!(" ({id})"));
        Disclosed {
            makers,
            name,
            release: disclosure.software_release.clone(),
            stated: Stated {
                facts: answers_of_interest(disclosure),
                statement: format!(
                    "MDS2 of {}, {} {}{document}",
                    disclosure.form, disclosure.vendor, disclosure.model
                ),
            },
        }
    }
}

impl Base {
    /// The statement on the very model of the device; of several, the one for its software release, else the last loaded.
    pub(super) fn stated(&self, things: &Things) -> Option<Stated> {
        let device = things.all.first().filter(|thing| thing.sort == Sort::Device)?;
        let fitting = self.disclosures.iter().filter(|disclosed| self.is_of(disclosed, device));
        let best = fitting.max_by_key(|disclosed| {
            disclosed.release.is_some() && disclosed.release.as_deref() == device.version.as_deref()
        })?;
        Some(best.stated.clone())
    }

    fn is_of(&self, disclosed: &Disclosed, device: &Thing) -> bool {
        device.makers.iter().any(|maker| self.makers.kinship(maker, &disclosed.makers).is_some())
            && disclosed.name.compare(&device.words, &self.vocabulary).is_some_and(|found| {
                matches!(found.likeness, Likeness::Same | Likeness::ByCode | Likeness::Spelling)
            })
    }
}
