//! What an advisory says of versions, read once, and what that means for a device's version.

use std::cmp::Ordering;

use medward_model::{Bound, Day, VersionSpan, Versions};

use super::number::{Kind, Piece, compare, extends, pieces};
use super::prose::{self, Test};
use super::schemes::{Scheme, date, scheme};

/// A device's version, and when it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceVersion<'v> {
    pub version: Option<&'v str>,
    pub manufactured: Option<Day>,
}

/// What a claim means for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The version is among those named.
    Inside,
    /// It is not certain, but more likely than not: "2" where "2.3 and earlier" are named.
    ProbablyInside,
    /// Nothing can be said: the version is not known, or numbered otherwise.
    Unknown,
    /// The claim states no version.
    Unstated,
    /// It is not certain, but less likely: "9.33.1.2" where "9.33.1 and earlier" are named.
    ProbablyOutside,
    /// It is expressly not among those named.
    Outside,
}

/// What an advisory says of versions.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    kind: ClaimKind,
    names: Box<[String]>,
    conditions: Box<[String]>,
}

#[derive(Clone, Debug, Default)]
enum ClaimKind {
    #[default]
    Unstated,
    All,
    Unread,
    Ranges {
        /// Each is one way to be affected, or not to be.
        ranges: Box<[Range]>,
        /// Whether what lies in none is affected; `None`: not known.
        default: Option<bool>,
    },
}

#[derive(Clone, Debug)]
struct Range {
    affected: bool,
    tests: Box<[Compiled]>,
    scheme: Option<&'static Scheme>,
}

#[derive(Clone, Debug)]
struct Compiled {
    how: How,
    text: Box<str>,
    pieces: Box<[Piece]>,
    /// "12.2.x": only so many pieces count.
    wild: Option<usize>,
    /// The bound is a day of manufacture or distribution.
    day: Option<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Exactly,
    Not,
}

impl Claim {
    /// Reads what an advisory says.
    pub fn read(versions: &Versions) -> Claim {
        match versions {
            Versions::Unstated => Claim::default(),
            Versions::All => Claim { kind: ClaimKind::All, ..Claim::default() },
            Versions::Prose(text) => Claim::prose(text),
            Versions::Spans { default, spans } => {
                let mut claim = Claim::default();
                let mut ranges: Vec<Range> = Vec::with_capacity(spans.len());
                for span in spans {
                    ranges.push(range(span));
                }
                claim.kind = ClaimKind::Ranges { ranges: ranges.into(), default: *default };
                claim
            }
        }
    }

    fn prose(text: &str) -> Claim {
        let expression = prose::read(text);
        let kind = if expression.all {
            ClaimKind::All
        } else if expression.ranges.is_empty() {
            if expression.names.is_empty() { ClaimKind::Unread } else { ClaimKind::Unstated }
        } else {
            let ranges = expression.ranges.iter().map(|tests| Range {
                affected: true,
                tests: tests.iter().map(compiled).collect(),
                scheme: None,
            });
            ClaimKind::Ranges { ranges: ranges.collect(), default: Some(false) }
        };
        Claim { kind, names: expression.names.into(), conditions: expression.conditions.into() }
    }

    /// Whether every version is named.
    pub fn is_all(&self) -> bool {
        match &self.kind {
            ClaimKind::All => true,
            ClaimKind::Ranges { ranges, default } => {
                ranges.iter().any(|range| range.affected && range.tests.is_empty())
                    && ranges.iter().all(|range| range.affected)
                    || *default == Some(true) && ranges.is_empty()
            }
            _ => false,
        }
    }

    /// Names of models that stand in the place of versions.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many conditions stand beside the versions.
    pub fn conditions(&self) -> usize {
        self.conditions.len()
    }

    /// The conditions, as written.
    pub fn condition_texts(&self) -> &[String] {
        &self.conditions
    }

    /// A share of certainty, 0 to 1, that a device of that version is meant.
    pub fn certainty(&self, version: Option<&str>, manufactured: Option<Day>) -> f64 {
        match self.weigh(&DeviceVersion { version, manufactured }) {
            Certainty::Inside if version.is_some() || !self.is_all() => 0.9,
            Certainty::Inside => 0.75,
            Certainty::ProbablyInside => 0.6,
            Certainty::Unknown | Certainty::Unstated => 0.5,
            Certainty::ProbablyOutside => 0.2,
            Certainty::Outside => 0.0,
        }
    }

    /// What the claim means for a device.
    pub fn weigh(&self, device: &DeviceVersion<'_>) -> Certainty {
        match &self.kind {
            ClaimKind::Unstated => Certainty::Unstated,
            ClaimKind::Unread => Certainty::Unknown,
            ClaimKind::All => Certainty::Inside,
            ClaimKind::Ranges { ranges, default } => {
                if self.is_all() {
                    return Certainty::Inside;
                }
                let taken = device.version.map(pieces);
                self.weigh_ranges(ranges, *default, device, taken.as_deref())
            }
        }
    }

    fn weigh_ranges(
        &self,
        ranges: &[Range],
        default: Option<bool>,
        device: &DeviceVersion<'_>,
        taken: Option<&[Piece]>,
    ) -> Certainty {
        let mut inside = Certainty::Outside;
        let mut spared = Certainty::Outside;
        // Of "<= U61 | <= L81" only the one that is numbered like the device's version counts.
        let weighed = || ranges.iter().map(|range| (range.affected, range.weigh(device, taken)));
        let comparable = weighed().any(|(affected, found)| affected && found.is_some());
        for (affected, found) in weighed() {
            let found = match found {
                Some(found) => found,
                None if comparable && affected => continue,
                None => Certainty::Unknown,
            };
            if affected {
                inside = inside.min(found);
            } else {
                spared = spared.min(found);
            }
        }
        // What is expressly not affected is not, whatever a wider span says.
        match spared {
            Certainty::Inside => return Certainty::Outside,
            Certainty::ProbablyInside if inside == Certainty::Inside => return Certainty::ProbablyInside,
            _ => {}
        }
        match (inside, default) {
            (Certainty::Outside, Some(true)) if device.version.is_some() => match spared {
                Certainty::Outside => Certainty::Inside,
                Certainty::ProbablyOutside => Certainty::ProbablyInside,
                _ => Certainty::Unknown,
            },
            (Certainty::Outside, Some(true)) => Certainty::ProbablyInside,
            (Certainty::Outside, None) if device.version.is_none() => Certainty::Unknown,
            (found, _) => found,
        }
    }

    /// How the version stands to the claim, in words.
    pub fn explain(&self, device: &DeviceVersion<'_>) -> String {
        let own = device.version.unwrap_or("the device's version");
        match (self.weigh(device), device.version) {
            (Certainty::Inside, _) if self.is_all() => "every version is named".to_owned(),
            (Certainty::Inside, _) => format!("{own} is among the versions named"),
            (Certainty::Unstated, _) => "the advisory states no version".to_owned(),
            (_, None) => match self.by_date() {
                true => "the advisory goes by a date, and the device's is not known".to_owned(),
                false => "the device's version is not known".to_owned(),
            },
            (Certainty::ProbablyInside, _) => {
                format!("{own} is probably among them: it is given less exactly than the bound")
            }
            (Certainty::ProbablyOutside, _) => {
                format!("{own} is probably newer: it goes on where the bound ends")
            }
            (Certainty::Outside, _) => format!("{own} is not among the versions named"),
            (Certainty::Unknown, _) if self.by_date() => {
                "the advisory goes by a date, and the device's is not known".to_owned()
            }
            (Certainty::Unknown, _) => format!("{own} is numbered otherwise, or the text could not be read"),
        }
    }

    fn by_date(&self) -> bool {
        match &self.kind {
            ClaimKind::Ranges { ranges, .. } => {
                ranges.iter().flat_map(|range| range.tests.iter()).any(|test| test.day.is_some())
            }
            _ => false,
        }
    }
}

fn range(span: &VersionSpan) -> Range {
    let declared = span.scheme.as_deref().map(scheme).filter(|own| own.names.first() != Some(&"generic"));
    let open = |bound: &Option<Bound>| {
        bound.as_ref().is_none_or(|bound| matches!(&*bound.version, "0" | "*" | "" | "n/a" | "unspecified"))
    };
    let mut tests = Vec::new();
    match (&span.from, &span.to) {
        (Some(from), Some(to)) if from == to && from.inclusive && &*from.version != "*" => {
            tests.push(compile(How::Exactly, &from.version));
        }
        (from, to) => {
            if let (Some(from), false) = (from, open(from)) {
                tests.push(compile(if from.inclusive { How::AtLeast } else { How::Greater }, &from.version));
            }
            if let Some(to) = to.as_ref().filter(|to| &*to.version != "*" && !to.version.is_empty()) {
                tests.push(compile(if to.inclusive { How::AtMost } else { How::Less }, &to.version));
            }
        }
    }
    Range { affected: span.affected, tests: tests.into(), scheme: declared }
}

fn compiled(test: &Test) -> Compiled {
    match test {
        Test::Less(text) => compile(How::Less, text),
        Test::AtMost(text) => compile(How::AtMost, text),
        Test::Greater(text) => compile(How::Greater, text),
        Test::AtLeast(text) => compile(How::AtLeast, text),
        Test::Exactly(text) => compile(How::Exactly, text),
        Test::Not(text) => compile(How::Not, text),
    }
}

fn compile(how: How, text: &str) -> Compiled {
    let mut own = pieces(text);
    // "12.2.x.x", "2.X", "3.*": what stands before the wild card counts. "C.0x" is wild inside a piece.
    let is_wild =
        |piece: &Piece| matches!(&piece.kind, Kind::Letters(word) if &**word == "x" || &**word == "xx");
    let mut wild = own.iter().position(is_wild).filter(|at| *at > 0);
    if text.ends_with(".*") {
        wild = wild.or(Some(own.len()));
    }
    if let Some(at) = wild {
        own.truncate(at);
        // "C.0x": the number before is open too.
        if own.last().is_some_and(|piece| matches!(&piece.kind, Kind::Number(digits, _) if &**digits == "0"))
            && text.to_lowercase().contains("0x")
        {
            own.pop();
        }
        wild = Some(own.len());
    }
    let day = date::read(text);
    Compiled { how, text: text.into(), pieces: own.into(), wild, day }
}

impl Range {
    /// `None`: the device's version is numbered otherwise.
    fn weigh(&self, device: &DeviceVersion<'_>, taken: Option<&[Piece]>) -> Option<Certainty> {
        let mut worst = Some(Certainty::Inside);
        for test in &self.tests {
            worst = match (worst, test.weigh(device, taken, self.scheme)) {
                (_, Some(Certainty::Outside)) => return Some(Certainty::Outside),
                (Some(worst), Some(found)) => Some(worst.max(found)),
                _ => None,
            };
        }
        worst
    }
}

impl Compiled {
    fn weigh(
        &self,
        device: &DeviceVersion<'_>,
        taken: Option<&[Piece]>,
        scheme: Option<&'static Scheme>,
    ) -> Option<Certainty> {
        let by_day = |own: Day| self.day.map(|bound| self.ordered(own.cmp(&bound)));
        let Some(version) = device.version else {
            return Some(device.manufactured.and_then(by_day).unwrap_or(Certainty::Unknown));
        };
        if self.day.is_some() {
            let own = date::read(version).or(device.manufactured);
            return Some(own.and_then(by_day).unwrap_or(Certainty::Unknown));
        }
        if let Some(scheme) = scheme
            && (scheme.fits)(version)
            && (scheme.fits)(&self.text)
        {
            return (scheme.compare)(version, &self.text).map(|order| self.ordered(order));
        }
        let own = taken.filter(|own| !own.is_empty())?;
        if let Some(length) = self.wild {
            return self.wildly(own, length);
        }
        let order = compare(own, &self.pieces)?;
        let bare = own.len() == 1 && self.pieces.len() > 1 && extends(&self.pieces, own);
        Some(match (self.how, order) {
            // "9.33.1.2" against "9.33.1 and earlier": a build of it, or a newer one.
            (How::AtMost, Ordering::Greater) if extends(own, &self.pieces) => Certainty::ProbablyOutside,
            (How::Exactly, Ordering::Greater) if extends(own, &self.pieces) => Certainty::ProbablyInside,
            // "4" where "4.0.2" is named.
            (How::Exactly, Ordering::Less) if extends(&self.pieces, own) => Certainty::Unknown,
            // A bare "2" against "< 2.3.5" may be 2.4.
            (How::Less | How::AtMost, Ordering::Less) if bare => Certainty::ProbablyInside,
            (How::AtLeast | How::Greater, Ordering::Less) if bare => Certainty::Unknown,
            (_, order) => self.ordered(order),
        })
    }

    fn ordered(&self, order: Ordering) -> Certainty {
        let holds = match self.how {
            How::Less => order.is_lt(),
            How::AtMost => order.is_le(),
            How::Greater => order.is_gt(),
            How::AtLeast => order.is_ge(),
            How::Exactly => order.is_eq(),
            How::Not => order.is_ne(),
        };
        if holds { Certainty::Inside } else { Certainty::Outside }
    }

    /// Only the front counts.
    fn wildly(&self, own: &[Piece], length: usize) -> Option<Certainty> {
        let front = own.get(..length.min(own.len())).unwrap_or_default();
        let order = compare(front, &self.pieces)?;
        if own.len() < length && order.is_ne() && extends(&self.pieces, own) {
            return Some(Certainty::Unknown);
        }
        Some(self.ordered(order))
    }
}
