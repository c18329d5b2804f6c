//! Recalls: is this device one of those that a firm calls back?
//!
//! A recall names products in prose and units by lot, serial number, device identifier or date. The product must be the
//! one meant, and the unit among those named. A unit that the text expressly leaves out is no match; where the text has
//! more than could be read, it stays possible.

use std::sync::Arc;

use medward_model::{
    AdvisoryRef, Detail, DeviceId, Finding, FindingKind, Match, Method, Recall, RecallState, Severity,
    Treatment, Verdict,
};

use super::base::Base;
use super::makers::{Kinship, Maker, owners};
use super::name::{Likeness, ProductName};
use super::policy::{Grounds, VersionSays, confidence, verdict};
use super::subject::Subject;
use super::thing::{Sort, Thing, Things};
use super::words::{Word, Worth};
use crate::recall_text::{DeviceCodes, RecallClaims, Units};
use crate::udi::Udi;

/// A recall, read.
#[derive(Debug)]
pub(crate) struct Recalled {
    pub feeds: Vec<&'static str>,
    pub recall: Recall,
    pub makers: Vec<Arc<Maker>>,
    claims: RecallClaims,
    names: Vec<ProductName>,
    models: Vec<Word>,
}

/// Most names of one recall that are looked at.
const MAX_NAMES: usize = 24;

impl Recalled {
    pub(crate) fn new(feed: &'static str, recall: Recall, makers: Vec<Arc<Maker>>) -> Recalled {
        Recalled {
            feeds: vec![feed],
            recall,
            makers,
            claims: RecallClaims::default(),
            names: Vec::new(),
            models: Vec::new(),
        }
    }

    /// Takes from another source of the same recall what this one does not say.
    pub(crate) fn merge(&mut self, other: Recalled) {
        self.feeds.extend(other.feeds);
        let own = &mut self.recall;
        let theirs = other.recall;
        own.class = own.class.or(theirs.class);
        own.initiated = own.initiated.or(theirs.initiated);
        own.posted = own.posted.or(theirs.posted);
        own.terminated = own.terminated.or(theirs.terminated);
        own.product_code = own.product_code.take().or(theirs.product_code);
        own.action = own.action.take().or(theirs.action);
        own.root_cause = own.root_cause.take().or(theirs.root_cause);
        if own.state == RecallState::Unknown || theirs.state == RecallState::Terminated {
            own.state = theirs.state;
        }
        // The longer text has more lots.
        if theirs.codes.len() > own.codes.len() {
            own.codes = theirs.codes;
        }
        if theirs.description.len() > own.description.len() {
            own.description = theirs.description;
        }
        if self.makers.is_empty() {
            self.makers = other.makers;
        }
    }

    /// Reads the texts, once.
    pub(crate) fn read(&mut self, base: &Base) {
        self.claims = RecallClaims::read(&self.recall.description, &self.recall.codes);
        let names: Vec<String> =
            self.claims.names().iter().take(MAX_NAMES).map(|name| (*name).to_owned()).collect();
        self.names = names.iter().map(|name| base.read_name(name, &self.makers)).collect();
        for model in self.claims.models().iter().take(4 * MAX_NAMES) {
            let words = base.vocabulary.words(model);
            self.models.extend(words.into_iter().filter(|word| word.worth == Worth::Code));
        }
        self.models.sort();
        self.models.dedup();
    }

    pub(crate) fn dis(&self) -> Vec<Box<str>> {
        self.claims.dis().iter().map(|di| (*di).into()).collect()
    }

    /// Maker's key and telling word, for the index.
    pub(crate) fn keys(&self) -> Vec<(Box<str>, Box<str>)> {
        let mut words: Vec<&str> = self.names.iter().flat_map(ProductName::keys).collect();
        words.extend(self.models.iter().map(|word| &*word.text));
        words.sort_unstable();
        words.dedup();
        let mut keys = Vec::new();
        for owner in owners(&self.makers) {
            keys.extend(words.iter().map(|word| (owner.clone(), (*word).into())));
        }
        keys
    }

    fn is_over(&self) -> bool {
        self.recall.state == RecallState::Terminated || self.recall.terminated.is_some()
    }
}

impl Base {
    /// Recalls whose words fit the device's name.
    pub(crate) fn recall_candidates(&self, things: &Things) -> Vec<u32> {
        let mut candidates: Vec<u32> = Vec::new();
        if let Some(device) = things.all.iter().find(|thing| thing.sort == Sort::Device) {
            device.each_recall_lookup(|maker, word| {
                let key = (maker.into(), word.into());
                candidates.extend(self.recalls_by_word.get(&key).into_iter().flatten());
            });
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// Recalls that concern the device, of those that fit its name and those that name its identifier.
    pub(crate) fn recalled(&self, subject: &Subject, things: &Things, by_name: &[u32]) -> Vec<Finding> {
        let udi = subject.udi.as_ref().and_then(|udi| Udi::read(&udi.value));
        let device = things.all.iter().find(|thing| thing.sort == Sort::Device);
        let mut candidates = by_name.to_vec();
        if let Some(udi) = &udi {
            candidates.extend(self.recalls_by_di.get(udi.di.as_str()).into_iter().flatten());
            candidates.sort_unstable();
            candidates.dedup();
        }
        candidates
            .into_iter()
            .filter_map(|at| self.recalls.get(at as usize))
            .filter_map(|recalled| self.judge_recall(recalled, subject, device, udi.as_ref()))
            .collect()
    }

    fn judge_recall(
        &self,
        recalled: &Recalled,
        subject: &Subject,
        device: Option<&Thing>,
        udi: Option<&Udi>,
    ) -> Option<Finding> {
        let by_di = udi.is_some_and(|udi| recalled.claims.dis().iter().any(|di| *di == udi.di));
        let (kinship, how) = match device {
            Some(device) => device
                .makers
                .iter()
                .find_map(|maker| self.makers.kinship(maker, &recalled.makers))
                .or_else(|| {
                    by_di.then(|| (Kinship::Unknown, "the device identifier names the product".to_owned()))
                })?,
            None => (Kinship::Unknown, "the maker is not known".to_owned()),
        };
        let mut matched = Vec::new();
        let mut unmatched = Vec::new();
        let likeness = if by_di { Likeness::Same } else { self.recall_likeness(recalled, device?)? };
        let shown = device.map(|device| device.shown.clone()).unwrap_or_default();
        if by_di {
            let di = udi.map(|udi| udi.di.clone()).unwrap_or_default();
            matched.push(Detail {
                attribute: "udi".to_owned(),
                device_value: di.clone(),
                advisory_value: di,
                how: "the recall names this device identifier".to_owned(),
            });
        } else {
            matched.push(Detail {
                attribute: "vendor".to_owned(),
                device_value: device
                    .and_then(|d| d.makers.first())
                    .map(|m| m.name.clone())
                    .unwrap_or_default(),
                advisory_value: recalled.recall.firm.to_string(),
                how,
            });
            let detail = Detail {
                attribute: "model".to_owned(),
                device_value: shown,
                advisory_value: shorten(&recalled.recall.description),
                how: match likeness {
                    Likeness::Same | Likeness::Spelling => "the recall names this product".to_owned(),
                    Likeness::ByCode => "the recall names this model number".to_owned(),
                    Likeness::Covers => "the recall names the line that this belongs to".to_owned(),
                    Likeness::Vaguer => "the recall is of a more particular product".to_owned(),
                    Likeness::Narrower | Likeness::OtherNumber => {
                        "the recall does not name this model".to_owned()
                    }
                },
            };
            if likeness <= Likeness::Covers { matched.push(detail) } else { unmatched.push(detail) }
        }
        let codes = DeviceCodes {
            serial: subject
                .serial
                .as_ref()
                .map(|serial| serial.value.as_str())
                .or(udi.and_then(|udi| udi.serial.as_deref())),
            lot: subject.lot.as_deref().or(udi.and_then(|udi| udi.lot.as_deref())),
            manufactured: subject.manufactured.or(udi.and_then(|udi| udi.manufactured)),
            expires: udi.and_then(|udi| udi.expires),
        };
        let units = recalled.claims.judge(&codes);
        let by_product = if by_di { Method::Udi } else { Method::VendorModel };
        let by_unit = if units.by_serial { Method::SerialRange } else { Method::Lot };
        let (version, method) = match units.answer {
            Units::NotNamed => return None,
            Units::Named | Units::InRange => (VersionSays::Named, by_unit),
            Units::All => (VersionSays::All, by_product),
            Units::Probably => (VersionSays::Probably, Method::VendorModel),
            Units::Unstated => (VersionSays::Probably, by_product),
            Units::Unknown => (VersionSays::Unknown, by_product),
        };
        let mut likeness = likeness;
        // FDA sorts products by code: of another code it is another product, though it is named alike.
        let code =
            recalled.recall.product_code.as_deref().filter(|_| !by_di && !subject.product_codes.is_empty());
        if let Some(code) = code {
            let same = subject.product_codes.iter().any(|own| own == code);
            let detail = Detail {
                attribute: "product code".to_owned(),
                device_value: subject.product_codes.join(", "),
                advisory_value: code.to_owned(),
                how: if same { "the same kind of product" } else { "another kind of product" }.to_owned(),
            };
            if same {
                matched.push(detail);
            } else {
                unmatched.push(detail);
                likeness = likeness.max(Likeness::Narrower);
            }
        }
        let detail = Detail {
            attribute: units.attribute.to_owned(),
            device_value: units.device_value,
            advisory_value: units.recall_value,
            how: units.how,
        };
        if matches!(version, VersionSays::Named | VersionSays::All) {
            matched.push(detail)
        } else {
            unmatched.push(detail)
        }
        let recall = &recalled.recall;
        let over = recalled.is_over();
        let grounds = Grounds {
            method,
            likeness,
            kinship: if by_di { Kinship::Same } else { kinship },
            version,
            wildcard: false,
            open_conditions: 0,
            identity: device.map_or(0.95, |device| device.confidence),
        };
        let status = verdict(&grounds);
        let (treatment, reason) = treat(recall, status, over);
        let what = shorten(&recall.reason);
        Some(Finding {
            id: String::new(),
            kind: FindingKind::Recall,
            device: DeviceId(String::new()),
            title: match recall.class {
                Some(class) => {
                    format!("Class {} recall {}: {what}", "I".repeat(usize::from(class)), recall.number)
                }
                None => format!("Recall {}: {what}", recall.number),
            }
            .into(),
            severity: match (over, recall.class) {
                (true, _) => Severity::Low,
                (_, Some(1)) => Severity::Critical,
                (_, Some(2)) => Severity::High,
                (_, Some(_)) => Severity::Medium,
                (_, None) => Severity::High,
            },
            confidence: (confidence(&grounds) * 1e4).round() / 1e4,
            status,
            advisory: Some(Arc::new(AdvisoryRef {
                feed: recalled.feeds.first().copied().unwrap_or_default().to_owned(),
                id: recall.number.to_string(),
                published: recall.posted.or(recall.initiated),
                class: recall.class,
                also: recalled.feeds.iter().skip(1).map(|feed| format!("{feed} {}", recall.number)).collect(),
                ..AdvisoryRef::default()
            })),
            matched: Some(Arc::new(Match { method, matched, unmatched, would_help: units.would_help })),
            treatment,
            reason: reason.into(),
            hidden: None,
        })
    }

    /// How the device's name stands to what the recall names; a model that is not among the listed ones is another.
    fn recall_likeness(&self, recalled: &Recalled, device: &Thing) -> Option<Likeness> {
        let by_name = recalled
            .names
            .iter()
            .filter_map(|name| name.compare(&device.words, &self.vocabulary))
            .map(|comparison| comparison.likeness)
            .min();
        let codes: Vec<&Word> = device.words.iter().filter(|word| word.worth == Worth::Code).collect();
        let listed = codes.iter().any(|code| recalled.models.contains(code));
        let telling = codes.iter().any(|code| code.text.len() >= 4 && recalled.models.contains(code));
        match by_name {
            // Models are listed, and this is none of them.
            Some(likeness) if !recalled.models.is_empty() && !codes.is_empty() && !listed => {
                (likeness == Likeness::Same).then_some(Likeness::Same)
            }
            Some(likeness) if listed => Some(likeness.min(Likeness::ByCode)),
            Some(Likeness::OtherNumber) => None,
            Some(likeness) => Some(likeness),
            None if telling => Some(Likeness::ByCode),
            None => None,
        }
    }
}

fn treat(recall: &Recall, status: Verdict, over: bool) -> (Treatment, String) {
    if over {
        return (
            Treatment::Review,
            "This recall is closed; check that the correction was made on this device.".to_owned(),
        );
    }
    if status == Verdict::Possible {
        return (
            Treatment::Review,
            "It is not certain that this unit is recalled: compare its label with the notice.".to_owned(),
        );
    }
    let action = recall.action.as_deref().unwrap_or_default().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| action.contains(word));
    let firm = &recall.firm;
    if says(&[
        "stop using",
        "discontinue",
        "quarantine",
        "remove",
        "return",
        "cease use",
        "do not use",
        "destroy",
        "dispose",
    ]) {
        return (
            Treatment::Remove,
            format!("{firm} asks to take it out of use: {}", shorten(&recall.reason)),
        );
    }
    if says(&["software", "firmware", "upgrade", "update", "patch"]) {
        return (Treatment::Patch, format!("{firm} corrects it by an update: {}", shorten(&recall.reason)));
    }
    if recall.class == Some(1) {
        return (
            Treatment::Remove,
            format!("Class I: it can kill or seriously harm. {}", shorten(&recall.reason)),
        );
    }
    (Treatment::Review, format!("Follow the notice of {firm}: {}", shorten(&recall.reason)))
}

/// The beginning of a long text.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 160;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= LONGEST {
        return one_line;
    }
    let cut: String = one_line.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(front, _)| front))
}
