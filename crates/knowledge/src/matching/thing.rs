//! The things on a device that advisories can speak of: the device itself, its operating system, its programs.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::base::{Base, NameId, cpe_key, package_key};
use super::makers::{Kinship, Maker};
use super::name::{Comparison, Likeness, strip_vendor};
use super::subject::{Program, Subject};
use super::system::{System, system};
use super::words::{Word, Worth};
use crate::cpe::{Cpe, Value};

/// Which kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sort {
    Device,
    System,
    Program,
    /// A program that the bill of materials of the model lists.
    Component,
}

/// One thing.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub sort: Sort,
    /// As shown: "Alaris PCU 8015", "Windows 10 1809", "OpenSSH".
    pub shown: String,
    pub makers: Vec<Arc<Maker>>,
    pub words: Vec<Word>,
    pub version: Option<String>,
    /// Names of the CPE dictionary that it has.
    pub cpes: Vec<(Box<str>, Box<str>)>,
    /// The whole CPE name, where one was given.
    pub cpe: Option<Cpe>,
    pub package: Option<(Box<str>, Box<str>)>,
    pub confidence: f64,
    /// Of several CPE names only one can be right.
    pub ambiguous: bool,
    /// Its version is what it says on the wire.
    pub from_wire: bool,
    /// It is a distribution of packages: what is wrong with one of them need not be there.
    pub distribution: bool,
}

impl Thing {
    /// Maker (lower case; empty: of no named maker) and word under which names of products that may be this are looked for.
    pub(super) fn each_lookup(&self, mut look: impl FnMut(&str, &str)) {
        let related: Vec<String> = self
            .makers
            .iter()
            .flat_map(|maker| maker.related.iter().map(|name| name.to_lowercase()))
            .collect();
        for word in self.words.iter().filter(|word| word.worth > Worth::Series) {
            for maker in &related {
                look(maker, &word.text);
            }
            look("", &word.text);
            // Codes begin with the letters of their line: "CX50" is found under "cx".
            let line: String = word.text.chars().take_while(|c| c.is_alphabetic()).collect();
            if word.worth == Worth::Code && !line.is_empty() {
                for maker in &related {
                    look(maker, &line);
                }
            }
        }
    }

    /// The same for recalls.
    pub(super) fn each_recall_lookup(&self, mut look: impl FnMut(&str, &str)) {
        let short = self.makers.iter().filter_map(|maker| maker.short()).map(str::to_owned);
        for maker in self.makers.iter().flat_map(|maker| maker.related.iter().cloned()).chain(short) {
            let maker = maker.to_lowercase();
            for word in self.words.iter().filter(|word| word.worth > Worth::Series) {
                look(&maker, &word.text);
            }
        }
    }
}

/// How a thing and a name of the base came together.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// Position among the things.
    pub thing: usize,
    pub comparison: Comparison,
    pub kinship: Kinship,
    pub how: String,
}

/// The things of a device and the names that fit them.
pub(crate) struct Things {
    pub all: Vec<Thing>,
    pub hits: HashMap<NameId, Vec<Hit>>,
    /// The ids of the names, in order.
    pub order: Vec<NameId>,
    pub system: Option<System>,
    /// The model is known: a platform that is not named is not there.
    pub device_known: bool,
}

/// Most programs of one device that are looked at.
const MAX_PROGRAMS: usize = 20_000;

impl Things {
    pub(crate) fn of(subject: &Subject, base: &Base) -> Things {
        let mut things = Things::listed(subject, base);
        for position in 0..things.all.len() {
            things.find(position, base);
        }
        things.order = things.hits.keys().copied().collect();
        things.order.sort_unstable();
        things
    }

    /// The things alone, before any name is looked for.
    pub(super) fn listed(subject: &Subject, base: &Base) -> Things {
        let mut all = Vec::new();
        let device = device(subject, base);
        let owner: Vec<Arc<Maker>> = device.as_ref().map(|thing| thing.makers.clone()).unwrap_or_default();
        let device_known = device.is_some();
        all.extend(device);
        let system = subject
            .os
            .as_ref()
            .and_then(|os| system(&os.value, subject.os_version.as_ref().map(|v| v.value.as_str())));
        all.extend(system_thing(subject, system.as_ref(), &owner, base));
        let boms = components(subject, all.first().filter(|thing| thing.sort == Sort::Device), base);
        for program in subject.programs.iter().chain(&boms).take(MAX_PROGRAMS) {
            all.push(program_thing(program, base));
        }
        Things { all, hits: HashMap::new(), order: Vec::new(), system, device_known }
    }

    /// Names that fit the thing: by CPE, by maker and word, and programs by their name alone.
    fn find(&mut self, position: usize, base: &Base) {
        let Some(thing) = self.all.get(position).cloned() else { return };
        for key in &thing.cpes {
            if let Some(id) = base.with_cpe(key) {
                let comparison =
                    Comparison { likeness: Likeness::Same, missing: vec![], extra: vec![], unmet: vec![] };
                let how = format!("CPE name {}:{}", key.0, key.1);
                self.hit(id, Hit { thing: position, comparison, kinship: Kinship::Same, how });
            }
        }
        if thing.sort == Sort::Program || thing.sort == Sort::Component {
            if thing.cpes.is_empty() {
                self.find_program(position, &thing, base);
            }
            return;
        }
        let mut candidates: Vec<NameId> = Vec::new();
        thing.each_lookup(|maker, word| candidates.extend_from_slice(base.with_word(maker, word)));
        candidates.sort_unstable();
        candidates.dedup();
        for id in candidates {
            let Some(name) = base.names.get(id as usize) else { continue };
            let Some(comparison) = name.name.compare(&thing.words, &base.vocabulary) else { continue };
            let kinship = thing.makers.iter().find_map(|maker| base.makers.kinship(maker, &name.makers));
            let (kinship, how) = match kinship {
                Some(found) => found,
                // Without a maker on both sides only a name that tells much by itself is a match.
                None if (name.makers.is_empty() || thing.makers.is_empty())
                    && comparison.likeness <= Likeness::ByCode
                    && name.name.tells_much() =>
                {
                    (Kinship::Unknown, "the maker is not known on one side".to_owned())
                }
                None => continue,
            };
            self.hit(id, Hit { thing: position, comparison, kinship, how });
        }
    }

    /// A program without a CPE name: the dictionary's product of that name, where only one maker has one.
    fn find_program(&mut self, position: usize, thing: &Thing, base: &Base) {
        let ids = base.with_program(&thing.shown);
        let supplier = thing.makers.first();
        for id in ids {
            let Some(name) = base.names.get(*id as usize) else { continue };
            let kinship = supplier.and_then(|maker| base.makers.kinship(maker, &name.makers));
            let (kinship, how) = match kinship {
                Some(found) => found,
                None if supplier.is_none() && ids.len() == 1 => {
                    (Kinship::Unknown, "the only product of that name in the dictionary".to_owned())
                }
                None => continue,
            };
            let comparison =
                Comparison { likeness: Likeness::Same, missing: vec![], extra: vec![], unmet: vec![] };
            self.hit(*id, Hit { thing: position, comparison, kinship, how });
        }
    }

    fn hit(&mut self, id: NameId, hit: Hit) {
        let hits = self.hits.entry(id).or_default();
        if !hits.iter().any(|other| other.thing == hit.thing) {
            hits.push(hit);
        }
    }
}

fn device(subject: &Subject, base: &Base) -> Option<Thing> {
    let model = subject.model.as_ref().or(subject.family.as_ref())?;
    let mut makers: Vec<Arc<Maker>> = Vec::new();
    let mut confidence = model.confidence;
    if let Some(vendor) = &subject.vendor {
        makers = base.makers.named(&vendor.value);
        confidence = confidence.min(vendor.confidence);
    }
    // An inventory may name the maker in the model's column only.
    if makers.is_empty() {
        let words: Vec<&str> = model.value.split_whitespace().collect();
        for length in (1..words.len().min(4)).rev() {
            let front = words.get(..length).unwrap_or_default().join(" ");
            if base.makers.is_name(&front) {
                makers.push(base.makers.resolve(&front));
                break;
            }
        }
    }
    let is_vendor = |front: &str| base.names_maker(front, &makers);
    let mut words = base.vocabulary.words(&strip_vendor(&model.value, &is_vendor));
    let telling = |words: &[Word]| words.iter().any(|word| word.worth == Worth::Proper);
    // A bare number gains by its family's name.
    if !telling(&words)
        && let Some(family) = &subject.family
    {
        let mut whole = base.vocabulary.words(&strip_vendor(&family.value, &is_vendor));
        whole.retain(|word| !words.contains(word));
        whole.extend(words);
        words = whole;
    }
    for number in subject.catalog_number.iter() {
        let number = base.vocabulary.words(number);
        words.extend(number.into_iter().filter(|word| word.worth == Worth::Code && word.text.len() >= 4));
    }
    words.dedup();
    let cpe = subject.cpes.first().and_then(|cpe| Cpe::parse(cpe));
    let version = subject.firmware.as_ref().map(|firmware| firmware.value.clone()).or_else(|| {
        cpe.as_ref().and_then(|cpe| match &cpe.version {
            Value::Is(version) => Some(version.clone()),
            _ => None,
        })
    });
    Some(Thing {
        sort: Sort::Device,
        shown: model.value.clone(),
        makers,
        words,
        version,
        cpes: cpe.as_ref().and_then(cpe_key).into_iter().collect(),
        cpe,
        package: None,
        confidence,
        ambiguous: false,
        from_wire: false,
        distribution: false,
    })
}

fn system_thing(
    subject: &Subject,
    known: Option<&System>,
    owner: &[Arc<Maker>],
    base: &Base,
) -> Option<Thing> {
    let os = subject.os.as_ref()?;
    let version = subject.os_version.as_ref();
    let shown = match version {
        Some(version) if !os.value.contains(&version.value) => format!("{} {}", os.value, version.value),
        _ => os.value.clone(),
    };
    let mut makers: Vec<Arc<Maker>> = owner.to_vec();
    if let Some(maker) = known.and_then(|system| system.maker) {
        makers.insert(0, base.makers.resolve(maker));
    }
    Some(Thing {
        sort: Sort::System,
        words: base.vocabulary.words(known.map_or(shown.as_str(), |system| system.name.as_str())),
        shown,
        makers,
        version: known.map_or(version.map(|v| v.value.clone()), |system| system.version.clone()),
        cpes: known
            .map(|system| system.cpes.iter().map(|(v, p)| (v.as_str().into(), p.as_str().into())).collect())
            .unwrap_or_default(),
        cpe: None,
        package: None,
        confidence: version.map_or(os.confidence, |v| os.confidence.min(v.confidence)),
        ambiguous: known.is_some_and(|system| system.cpes.len() > 1),
        from_wire: false,
        distribution: known.is_some_and(|system| system.distribution),
    })
}

fn program_thing(program: &Program, base: &Base) -> Thing {
    let cpe = program.cpe.as_deref().and_then(Cpe::parse);
    let version = program.version.clone().or_else(|| match cpe.as_ref().map(|cpe| &cpe.version) {
        Some(Value::Is(version)) => Some(version.clone()),
        _ => None,
    });
    Thing {
        sort: if program.from_bom { Sort::Component } else { Sort::Program },
        shown: program.name.clone(),
        makers: program.supplier.as_deref().map(|supplier| base.makers.named(supplier)).unwrap_or_default(),
        words: base.vocabulary.words(&program.name),
        version,
        cpes: cpe.as_ref().and_then(cpe_key).into_iter().collect(),
        cpe,
        package: program.purl.as_deref().map(|purl| package_key(Some(purl), "", "")),
        confidence: program.confidence,
        ambiguous: false,
        from_wire: program.from_wire,
        distribution: false,
    }
}

/// What bills of materials of this very model list.
fn components(subject: &Subject, device: Option<&Thing>, base: &Base) -> Vec<Program> {
    let Some(device) = device else { return Vec::new() };
    let mut all = Vec::new();
    for (makers, name, claim, bom) in &base.boms {
        let related = device.makers.iter().any(|maker| base.makers.kinship(maker, makers).is_some());
        let same = name
            .compare(&device.words, &base.vocabulary)
            .is_some_and(|found| matches!(found.likeness, Likeness::Same | Likeness::ByCode));
        if !related || !same {
            continue;
        }
        let certainty = claim.certainty(device.version.as_deref(), subject.manufactured);
        if certainty <= 0.0 {
            continue;
        }
        all.extend(bom.components.iter().map(|component| Program {
            name: component.name.to_string(),
            version: component.version.as_deref().map(str::to_owned),
            supplier: component.supplier.as_deref().map(str::to_owned),
            cpe: component.cpe.as_deref().map(str::to_owned),
            purl: component.purl.as_deref().map(str::to_owned),
            confidence: certainty,
            from_bom: true,
            from_wire: false,
        }));
    }
    all
}
