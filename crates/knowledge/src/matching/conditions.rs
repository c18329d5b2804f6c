//! What the name, the version and the conditions of one product say of a device.
//!
//! Two kinds of claim are weighed: a product named by words or a CPE name with a claim of versions ([`named`]), and a
//! configuration of CPE terms joined by AND, OR and NOT ([`configured`], as the NVD writes them). Where a term cannot
//! be decided the answer is unknown, never yes.

use medward_model::{Detail, Method};

use super::base::{Claimed, Configuration, Term};
use super::name::{Comparison, Likeness};
use super::policy::{Grounds, VersionSays, confidence, verdict};
use super::subject::Subject;
use super::thing::{Hit, Sort, Thing, Things};
use crate::cpe::Value;
use crate::versions::{Certainty, Claim, DeviceVersion};

/// What was judged of one product.
/// What speaks for and against, of one product.
pub(super) struct Judged {
    pub(super) grounds: Grounds,
    pub(super) matched: Vec<Detail>,
    pub(super) unmatched: Vec<Detail>,
    /// What would settle it.
    pub(super) would_help: Vec<String>,
}

impl Judged {
    pub(super) fn new(grounds: Grounds) -> Judged {
        Judged { grounds, matched: Vec::new(), unmatched: Vec::new(), would_help: Vec::new() }
    }

    pub(super) fn version(
        &mut self,
        thing: &Thing,
        claim: &Claim,
        device: &DeviceVersion<'_>,
        written: &str,
        says: VersionSays,
    ) {
        let attribute = match thing.sort {
            Sort::Device => "firmware".to_owned(),
            Sort::System => "os_version".to_owned(),
            Sort::Program | Sort::Component => format!("software:{}", thing.shown),
        };
        let detail = Detail {
            attribute,
            device_value: device.version.unwrap_or_default().to_owned(),
            advisory_value: written.to_owned(),
            how: claim.explain(device),
        };
        match says {
            VersionSays::Named | VersionSays::All | VersionSays::AllUnknown => self.matched.push(detail),
            _ => {
                self.unmatched.push(detail);
                if device.version.is_none() {
                    self.would_help.push(match thing.sort {
                        Sort::Device => {
                            "the device's software version, from its service menu or label".to_owned()
                        }
                        Sort::System => "the full build of the operating system".to_owned(),
                        _ => format!("the version of {}", thing.shown),
                    });
                }
            }
        }
    }
}

/// Maker, model and versions by name.
pub(super) fn named(
    claimed: &Claimed,
    by_cpe: bool,
    hit: &Hit,
    thing: &Thing,
    subject: &Subject,
) -> Option<Judged> {
    let device = DeviceVersion { version: thing.version.as_deref(), manufactured: subject.manufactured };
    let mut likeness = hit.comparison.likeness;
    let mut open = hit.comparison.unmet.len() + claimed.claim.conditions();
    let mut method = Method::NameVersion;
    // Versions that are model names ("MMT-1711"): the device's name must have one.
    let models = claimed.claim.names();
    let mut model_hit = None;
    if !models.is_empty() {
        model_hit = models.iter().find(|name| names_model(name, thing, subject)).cloned();
        likeness = match &model_hit {
            Some(_) if likeness > Likeness::Covers => Likeness::ByCode,
            Some(_) => likeness,
            // Other models are named; a device that gives no such number may be one of them.
            None if hit.comparison.extra.iter().any(|word| word.bytes().any(|b| b.is_ascii_digit())) => {
                return None;
            }
            None => likeness.max(Likeness::Vaguer),
        };
    }
    let number = claimed.model_numbers.iter().find(|pattern| {
        [subject.model.as_ref().map(|m| m.value.as_str()), subject.catalog_number.as_deref()]
            .into_iter()
            .flatten()
            .any(|own| wild(pattern, own))
    });
    if number.is_some() {
        method = Method::ModelNumber;
        likeness = Likeness::Same;
    }
    if likeness == Likeness::OtherNumber {
        return None;
    }
    let serial = subject.serial.as_ref().map(|serial| serial.value.as_str());
    let mut serial_hit = None;
    if !claimed.serial_numbers.is_empty() {
        match serial {
            Some(own) => {
                serial_hit = claimed.serial_numbers.iter().find(|pattern| wild(pattern, own));
                serial_hit?;
            }
            None => open += 1,
        }
    }
    let says = if models.is_empty() {
        says(&claimed.claim, &device)?
    } else if model_hit.is_some() {
        if thing.version.is_some() { VersionSays::All } else { VersionSays::AllUnknown }
    } else {
        VersionSays::Unstated
    };
    method = match (thing.sort, method) {
        (Sort::Device, Method::NameVersion) if says == VersionSays::Unstated => Method::VendorModel,
        (Sort::System, _) => Method::OperatingSystem,
        (Sort::Program, _) => Method::Software,
        (Sort::Component, _) => Method::SbomComponent,
        (_, method) => method,
    };
    let says = if thing.distribution { VersionSays::Unknown } else { says };
    let mut judged = Judged::new(Grounds {
        method,
        // A distribution has packages that may not be there.
        likeness: if thing.ambiguous && by_cpe { likeness.max(Likeness::Covers) } else { likeness },
        kinship: hit.kinship,
        version: says,
        wildcard: false,
        open_conditions: open,
        identity: thing.confidence,
    });
    judged.matched.push(Detail {
        attribute: "vendor".to_owned(),
        device_value: thing.makers.first().map(|maker| maker.name.clone()).unwrap_or_default(),
        advisory_value: claimed.vendor.to_string(),
        how: hit.how.clone(),
    });
    judged.name(thing, &claimed.product, &hit.comparison, judged.grounds.likeness);
    if let Some(name) = model_hit {
        judged.matched.push(Detail {
            attribute: "model".to_owned(),
            device_value: thing.shown.clone(),
            advisory_value: name,
            how: "the advisory names this model".to_owned(),
        });
    }
    if let Some(pattern) = number {
        judged.matched.push(Detail {
            attribute: "model".to_owned(),
            device_value: thing.shown.clone(),
            advisory_value: pattern.to_string(),
            how: "the advisory lists this model number".to_owned(),
        });
    }
    if let (Some(pattern), Some(own)) = (serial_hit, serial) {
        judged.matched.push(Detail {
            attribute: "serial".to_owned(),
            device_value: own.to_owned(),
            advisory_value: pattern.to_string(),
            how: "the advisory lists this serial number".to_owned(),
        });
    }
    if models.is_empty() {
        judged.version(thing, &claimed.claim, &device, &claimed.versions, says);
    }
    if thing.from_wire {
        judged.patch_level();
    }
    for condition in claimed.claim.condition_texts() {
        judged.unmatched.push(Detail {
            attribute: "condition".to_owned(),
            device_value: String::new(),
            advisory_value: condition.clone(),
            how: "nothing decides this".to_owned(),
        });
        judged.would_help.push(format!("whether this holds: {condition}"));
    }
    Some(judged)
}

impl Judged {
    /// A program's banner does not tell what a distribution mended in it.
    pub(super) fn patch_level(&mut self) {
        self.grounds.open_conditions += 1;
        self.would_help.push(
            "the version of the distribution's package, which may be mended under the same number".to_owned(),
        );
    }

    pub(super) fn name(&mut self, thing: &Thing, written: &str, comparison: &Comparison, likeness: Likeness) {
        let attribute = match thing.sort {
            Sort::Device => "model".to_owned(),
            Sort::System => "os".to_owned(),
            Sort::Program | Sort::Component => format!("software:{}", thing.shown),
        };
        let list = |words: &[Box<str>]| words.join(", ");
        let how = match likeness {
            Likeness::Same => "the same name".to_owned(),
            Likeness::ByCode => "the same model number or short name".to_owned(),
            Likeness::Spelling => "the same name but for a letter".to_owned(),
            Likeness::Covers => "the advisory names the line that this belongs to".to_owned(),
            Likeness::Vaguer => {
                format!("the device's name does not say: {}", list(&comparison.missing))
            }
            Likeness::OtherNumber => "another number of the same line".to_owned(),
            Likeness::Narrower => format!("the advisory does not say: {}", list(&comparison.extra)),
        };
        let detail =
            Detail { attribute, device_value: thing.shown.clone(), advisory_value: written.to_owned(), how };
        if likeness <= Likeness::Covers {
            self.matched.push(detail);
        } else {
            self.unmatched.push(detail);
            self.would_help.push("the exact model, from the device's label".to_owned());
        }
    }
}

/// CPE applicability: three-valued, so that what is not known stays not known.
pub(super) fn configured(
    configuration: &Configuration,
    things: &Things,
    subject: &Subject,
) -> Option<Judged> {
    let mut best: Option<Judged> = None;
    let mut values = Vec::with_capacity(configuration.nodes.len());
    for (all, negate, terms) in &configuration.nodes {
        let each = terms.iter().map(|term| {
            let (value, judged) = term_value(term, things, subject);
            if let Some(judged) = judged {
                // The surest vulnerable term is the one that is told.
                let better = best.as_ref().is_none_or(|b| {
                    (verdict(&judged.grounds), -confidence(&judged.grounds))
                        < (verdict(&b.grounds), -confidence(&b.grounds))
                });
                if better {
                    best = Some(judged);
                }
            }
            value
        });
        let each: Vec<Truth> = each.collect();
        values.push(not_if(*negate, combine(*all, &each)));
    }
    let truth = not_if(configuration.negate, combine(configuration.all, &values));
    let mut judged = best?;
    match truth {
        Truth::No => None,
        Truth::Yes => Some(judged),
        Truth::Unknown => {
            // The version's own doubt is counted already; a platform's is not.
            if matches!(judged.grounds.version, VersionSays::Named | VersionSays::All) {
                judged.grounds.open_conditions += 1;
                judged.would_help.push("the platform that the advisory asks for".to_owned());
            }
            Some(judged)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    No,
    Unknown,
    Yes,
}

fn combine(all: bool, values: &[Truth]) -> Truth {
    let value = if all { values.iter().min() } else { values.iter().max() };
    value.copied().unwrap_or(Truth::No)
}

fn not_if(negate: bool, value: Truth) -> Truth {
    match (negate, value) {
        (false, value) => value,
        (true, Truth::No) => Truth::Yes,
        (true, Truth::Yes) => Truth::No,
        (true, Truth::Unknown) => Truth::Unknown,
    }
}

fn term_value(term: &Term, things: &Things, subject: &Subject) -> (Truth, Option<Judged>) {
    let hits = things.hits.get(&term.name).map_or(&[][..], Vec::as_slice);
    if hits.is_empty() {
        // What runs beside or below may be there unseen; what is vulnerable is not assumed.
        let unseen = match term.part {
            'h' => !things.device_known,
            'o' => things.system.is_none() && !things.all.iter().any(|thing| thing.sort == Sort::System),
            _ => true,
        };
        return (if !term.vulnerable && unseen { Truth::Unknown } else { Truth::No }, None);
    }
    let mut best = (Truth::No, None);
    for hit in hits.iter().filter(|hit| hit.comparison.likeness != Likeness::OtherNumber) {
        let Some(thing) = things.all.get(hit.thing) else { continue };
        // Hardware is named without versions; what is compared is the firmware.
        let device = DeviceVersion { version: thing.version.as_deref(), manufactured: subject.manufactured };
        let (says, mut open) = if term.part == 'h' || !term.vulnerable && term.unbounded {
            (if term.vulnerable { Some(VersionSays::Unstated) } else { Some(VersionSays::Named) }, 0)
        } else {
            (says(&term.claim, &device), 0)
        };
        let Some(says) = says else { continue };
        match qualified(term, thing) {
            Truth::No => continue,
            Truth::Unknown => open += 1,
            Truth::Yes => {}
        }
        let likeness = match hit.comparison.likeness {
            Likeness::Same if thing.ambiguous => Likeness::Covers,
            other => other,
        };
        let sure = matches!(says, VersionSays::Named | VersionSays::All)
            && likeness <= Likeness::Spelling
            && open == 0;
        let truth = if sure { Truth::Yes } else { Truth::Unknown };
        let judged = term.vulnerable.then(|| {
            let says = if thing.distribution { VersionSays::Unknown } else { says };
            let mut judged = Judged::new(Grounds {
                method: match thing.sort {
                    Sort::Component => Method::SbomComponent,
                    Sort::System => Method::OperatingSystem,
                    _ => Method::CpeApplicability,
                },
                likeness,
                kinship: hit.kinship,
                version: says,
                wildcard: term.unbounded,
                open_conditions: open,
                identity: thing.confidence,
            });
            judged.name(thing, &term.criteria, &hit.comparison, likeness);
            judged.version(thing, &term.claim, &device, &term.range, says);
            if thing.from_wire {
                judged.patch_level();
            }
            if open > 0 {
                judged.would_help.push("edition and target platform of the software".to_owned());
            }
            judged
        });
        if truth > best.0 || best.1.is_none() {
            best = (truth.max(best.0), judged);
        }
    }
    best
}

/// Update, editions and targets that the criteria ask for.
fn qualified(term: &Term, thing: &Thing) -> Truth {
    let Some(asked) = &term.qualifiers else { return Truth::Yes };
    let own = thing.cpe.as_ref();
    let mut truth = Truth::Yes;
    let pairs = [
        (&asked.edition, own.map(|cpe| &cpe.edition)),
        (&asked.sw_edition, own.map(|cpe| &cpe.sw_edition)),
        (&asked.target_sw, own.map(|cpe| &cpe.target_sw)),
        (&asked.target_hw, own.map(|cpe| &cpe.target_hw)),
        (&asked.other, own.map(|cpe| &cpe.other)),
    ];
    for (asked, own) in pairs {
        let Value::Is(asked) = asked else { continue };
        truth = truth.min(match own {
            Some(Value::Is(own)) if own.eq_ignore_ascii_case(asked) => Truth::Yes,
            Some(Value::Is(_) | Value::Na) => Truth::No,
            _ => Truth::Unknown,
        });
    }
    truth
}

/// What the claim says of the version; `None`: it is expressly not among those named.
pub(super) fn says(claim: &Claim, device: &DeviceVersion<'_>) -> Option<VersionSays> {
    Some(match claim.weigh(device) {
        Certainty::Outside => return None,
        Certainty::Inside if claim.is_all() && device.version.is_none() => VersionSays::AllUnknown,
        Certainty::Inside if claim.is_all() => VersionSays::All,
        Certainty::Inside => VersionSays::Named,
        Certainty::ProbablyInside => VersionSays::Probably,
        Certainty::ProbablyOutside => VersionSays::ProbablyNot,
        Certainty::Unknown => VersionSays::Unknown,
        Certainty::Unstated => VersionSays::Unstated,
    })
}

/// Whether the device's name has what the advisory gives as a model name in the place of a version.
pub(super) fn names_model(name: &str, thing: &Thing, subject: &Subject) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(name);
    let numbers = [Some(thing.shown.as_str()), subject.catalog_number.as_deref()];
    wanted.len() >= 2
        && numbers.into_iter().flatten().any(|own| {
            // As whole words: "3002" is not in "13002".
            own.split([' ', '/', ',', '(', ')']).any(|word| plain(word) == wanted) || plain(own) == wanted
        })
}

/// CSAF 2.0, 3.1.3.3: `*` stands for any characters, `?` for one.
fn wild(pattern: &str, text: &str) -> bool {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| fits(rest, text.get(at..).unwrap_or_default())),
            Some(('?', rest)) => text.split_first().is_some_and(|(_, more)| fits(rest, more)),
            Some((c, rest)) => text.split_first().is_some_and(|(own, more)| own == c && fits(rest, more)),
        }
    }
    // Patterns with many stars would take long on long texts; real ones have one or two.
    if pattern.matches('*').count() > 3 || pattern.len() > 128 || text.len() > 256 {
        return false;
    }
    let letters = |text: &str| -> Vec<char> { text.trim().to_lowercase().chars().collect() };
    fits(&letters(pattern), &letters(text))
}
