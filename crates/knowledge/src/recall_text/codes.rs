//! Lots, serial numbers, identifiers and dates.

use std::sync::LazyLock;

use medward_model::Day;
use regex::Regex;

use crate::udi::gtin;
use crate::versions::day_of;

/// Whether a unit is among those named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Units {
    /// Its number is listed.
    Named,
    /// Its number, or the day it was made, lies in a range.
    InRange,
    /// Every unit is recalled.
    All,
    /// Probably.
    Probably,
    /// No units are stated.
    Unstated,
    /// What would decide it is not known, or could not be read.
    Unknown,
    /// It is expressly not among them.
    NotNamed,
}

/// Numbers from one to another; an open end is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Option<String>,
    pub to: Option<String>,
    /// Numbers that begin so.
    pub prefix: bool,
}

impl Span {
    fn one(text: &str) -> Span {
        Span { from: Some(text.to_owned()), to: Some(text.to_owned()), prefix: false }
    }

    pub(crate) fn is_one(&self) -> bool {
        !self.prefix && self.from.is_some() && self.from == self.to
    }

    pub(crate) fn shown(&self) -> String {
        match (&self.from, &self.to, self.prefix) {
            (Some(from), _, true) => format!("beginning with {from}"),
            (Some(from), Some(to), _) if from == to => from.clone(),
            (Some(from), Some(to), _) => format!("{from} to {to}"),
            (Some(from), None, _) => format!("{from} and higher"),
            (None, Some(to), _) => format!("{to} and lower"),
            (None, None, _) => "all".to_owned(),
        }
    }
}

/// What the text says of units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codes {
    pub dis: Vec<String>,
    pub serials: Vec<Span>,
    pub lots: Vec<Span>,
    pub all: bool,
    /// Made, distributed or sold from one day to another.
    pub made: Option<(Option<Day>, Option<Day>)>,
    pub unread: Vec<String>,
}

/// Most numbers of one recall; further ones are told as unread.
const MOST: usize = 20_000;

/// A number as labels have it.
const NUMBER: &str = r"[A-Za-z]{0,5}[-.]?\d[A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*";

type Pattern = LazyLock<Option<Regex>>;

static LABEL: Pattern = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?P<serial>(?:device |unit |pump )?serial(?:\s*(?:numbers?|nos?\.?|#s?|nbrs?\.?|range))*|s/ns?|sns?)(?-u:\b)|(?P<lot>\blot(?:s|\s*/\s*batch)?(?:\s*(?:numbers?|nos?\.?|#s?|codes?))*|\bbatch(?:es)?(?:\s*(?:numbers?|nos?\.?|#s?|codes?))*)(?-u:\b)|(?P<di>\b(?:udi(?:-di)?|gtin|device identifier|upc)s?(?:\s*(?:numbers?|nos?\.?|#|codes?))*)(?-u:\b)|(?P<model>\b(?:models?|catalog(?:ue)?|cat\.?|part|ref|product|item|list|material|reference|order)(?:\s*(?:numbers?|nos?\.?|#s?|codes?))+)(?-u:\b)|(?P<date>\b(?:expir(?:ation|y)|exp\.?|use by)(?:\s*dates?)?)(?-u:\b)|(?P<software>\b(?:software|firmware)(?:\s*(?:versions?|revisions?|releases?|levels?))*)(?-u:\b)",
    )
    .ok()
});
static RANGE: Pattern = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^({NUMBER})\s*(?:through|thru|to|until|[-–—]{{1,2}}|up to)\s*({NUMBER})$")).ok()
});
static BELOW: Pattern = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^(?:all\s+)?(?:below|lower than|less than|prior to|before|up to(?: and including)?|through|under|earlier than|<=?|≤)\s*({NUMBER})$")).ok()
});
static ABOVE: Pattern = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^(?:all\s+)?(?:above|higher than|greater than|after|from|starting (?:with|at|from)|>=?|≥)\s*({NUMBER})(?:\s+(?:and (?:higher|above|up|later|greater)|onwards?))?$")).ok()
});
static AND_MORE: Pattern = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)^({NUMBER})\s+(?:and|or)\s+(higher|above|up|later|greater|lower|below|earlier|less|prior)$"
    ))
    .ok()
});
static PREFIX: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:all\s+)?(?:that\s+)?(?:begin(?:s|ning)?|start(?:s|ing)?)\s+with\s+(?:the\s+(?:prefix|letters?|digits?|numbers?)\s+)?[\x22']?([A-Za-z0-9-]+)[\x22']?$").ok()
});
static ALONE: Pattern = LazyLock::new(|| Regex::new(&format!(r"^(?:{NUMBER}|[A-Z]{{2,10}})$")).ok());
static MADE: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)(?:distributed|manufactured|shipped|sold|produced|made|released|delivered|purchased)\s+(?:between|from)\s+(.{4,30}?)\s+(?:and|to|through|until|[-–])\s+(.{4,30}?)(?:[.,;)]|$)").ok()
});
static MADE_BEFORE: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)(?:distributed|manufactured|shipped|sold|produced|made|released|delivered|purchased)\s+(before|prior to|after|since|on or before|on or after|up to|through)\s+(.{4,30}?)(?:[.,;)]|$)").ok()
});
static ALL: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:this recall (?:affects|includes) )?all\s+(?:(?:affected|distributed|units?|devices?|serial|lot|lots|product|products|codes?|systems?|models?|numbers?|software|versions?|unexpired|manufactured|pumps?|batch(?:es)?|serials?|instruments?|and|of|the|within expiry|marketed|in distribution|are affected)\W*)+\.?$").ok()
});
static ALL_WITHIN: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)\ball\s+(?:units?|devices?|serial numbers?|serials?|lots?|lot numbers?|codes?|systems?|products?|lot codes?|versions?)\b").ok()
});

impl Codes {
    /// Reads a `code_info`.
    pub(crate) fn read(text: &str) -> Codes {
        let mut codes = Codes::default();
        let text = text.trim();
        if text.is_empty() {
            return codes;
        }
        codes.take_identifiers(text);
        codes.take_dates(text);
        if ALL.as_ref().is_some_and(|pattern| pattern.is_match(text)) {
            codes.all = codes.made.is_none();
            return codes;
        }
        codes.labelled(text);
        if codes.serials.is_empty()
            && codes.lots.is_empty()
            && ALL_WITHIN.as_ref().is_some_and(|p| p.is_match(text))
        {
            codes.all = codes.made.is_none();
            codes.unread.clear();
        }
        codes
    }

    /// Reads what a description says of units, where there is no `code_info`: only what is labelled.
    pub(crate) fn read_within(text: &str) -> Codes {
        let mut codes = Codes::default();
        codes.take_identifiers(text);
        codes.take_dates(text);
        codes.labelled(text);
        // A description is no list of units: what it leaves open is not unread.
        codes.unread.clear();
        codes
    }

    /// Device identifiers: fourteen digits (or twelve, thirteen) with a right check digit.
    pub(crate) fn take_identifiers(&mut self, text: &str) {
        for word in text.split(|c: char| !c.is_ascii_digit()) {
            if matches!(word.len(), 12..=14)
                && let Some(di) = gtin(word)
                && !self.dis.contains(&di)
                && self.dis.len() < MOST
            {
                self.dis.push(di);
            }
        }
    }

    fn take_dates(&mut self, text: &str) {
        let day = |text: &str| day_of(text.trim().trim_end_matches(['.', ',']));
        if let Some(found) = MADE.as_ref().and_then(|pattern| pattern.captures(text)) {
            let (from, to) =
                (found.get(1).map_or("", |m| m.as_str()), found.get(2).map_or("", |m| m.as_str()));
            if let (Some(from), Some(to)) = (day(from), day(to)) {
                self.made = Some((Some(from), Some(last_of(to, found.get(2).map_or("", |m| m.as_str())))));
                return;
            }
        }
        if let Some(found) = MADE_BEFORE.as_ref().and_then(|pattern| pattern.captures(text)) {
            let word = found.get(1).map_or("", |m| m.as_str()).to_ascii_lowercase();
            if let Some(at) = found.get(2).and_then(|m| day(m.as_str())) {
                self.made = Some(match word.as_str() {
                    "after" | "since" | "on or after" => (Some(at), None),
                    "before" | "prior to" => (None, Some(Day::of(at.start().plus_seconds(-1)))),
                    _ => (None, Some(at)),
                });
            }
        }
    }

    fn labelled(&mut self, text: &str) {
        let Some(pattern) = LABEL.as_ref() else { return };
        let labels: Vec<(usize, usize, &'static str)> = pattern
            .captures_iter(text)
            .filter_map(|found| {
                let kind = ["serial", "lot", "di", "model", "date", "software"]
                    .into_iter()
                    .find(|name| found.name(name).is_some())?;
                let whole = found.get(0)?;
                Some((whole.start(), whole.end(), kind))
            })
            .collect();
        if labels.is_empty() {
            // Bare numbers: what they number is not said, so either may.
            let before = self.serials.len();
            if self.made.is_none() && self.dis.is_empty() {
                self.list(text, true);
                let bare: Vec<Span> = self.serials.split_off(before);
                self.lots.extend(bare.iter().cloned());
                self.serials.extend(bare);
            }
            return;
        }
        for (at, (_, end, kind)) in labels.iter().enumerate() {
            let next = labels.get(at + 1).map_or(text.len(), |(start, _, _)| *start);
            let part = text.get(*end..next).unwrap_or_default();
            match *kind {
                "serial" => self.list(part, true),
                "lot" => self.list(part, false),
                _ => {}
            }
        }
    }

    /// "1234, 1240 through 1250; A12".
    fn list(&mut self, text: &str, serials: bool) {
        let text = text.trim_start_matches([' ', ':', '#', '.', '-', '(']).trim();
        for part in text.split([',', ';', '\n', '|']).flat_map(split_and) {
            let part = part
                .trim()
                .trim_matches(|c: char| matches!(c, '.' | ':' | ')' | '(' | '"' | '*' | '•'))
                .trim();
            if part.is_empty() || is_filler(part) {
                continue;
            }
            if self.serials.len() + self.lots.len() >= MOST {
                self.unread.push("more numbers than are kept".to_owned());
                return;
            }
            let spans = spans(part);
            if spans.is_empty() {
                if self.unread.len() < 50 && part.bytes().any(|b| b.is_ascii_digit()) && gtin(part).is_none()
                {
                    self.unread.push(part.chars().take(80).collect());
                }
                continue;
            }
            let into = if serials { &mut self.serials } else { &mut self.lots };
            into.extend(spans);
        }
    }

    pub(crate) fn shown_serials(&self) -> String {
        shown(&self.serials)
    }

    pub(crate) fn shown_lots(&self) -> String {
        shown(&self.lots)
    }
}

fn shown(spans: &[Span]) -> String {
    let mut all: Vec<String> = spans.iter().take(6).map(Span::shown).collect();
    if spans.len() > 6 {
        all.push(format!("and {} more", spans.len() - 6));
    }
    all.join(", ")
}

/// "12 and 15" are two; "12 and higher" is one.
fn split_and(part: &str) -> Vec<&str> {
    let more = [
        "and higher",
        "and above",
        "and up",
        "and later",
        "and lower",
        "and below",
        "and earlier",
        "and greater",
        "and prior",
        "and including",
    ];
    let lower = part.to_ascii_lowercase();
    if more.iter().any(|word| lower.contains(word)) {
        return vec![part];
    }
    part.split(" and ").flat_map(|part| part.split(" & ")).flat_map(|part| part.split(" or ")).collect()
}

/// Words in lists that say nothing.
fn is_filler(part: &str) -> bool {
    let plain = part.to_ascii_lowercase();
    !plain.bytes().any(|b| b.is_ascii_digit())
        && !plain.contains("begin")
        && !plain.contains("start")
        && plain.len() > 3
        || ["and", "or", "to", "the", "all", "s"].contains(&plain.as_str())
}

fn one(pattern: &Pattern, text: &str) -> Option<Vec<String>> {
    let found = pattern.as_ref()?.captures(text)?;
    Some(
        found
            .iter()
            .skip(1)
            .map(|group| group.map_or(String::new(), |group| group.as_str().to_owned()))
            .collect(),
    )
}

fn spans(part: &str) -> Vec<Span> {
    // "range 1000 - 2000", "numbers 12".
    let part =
        ["numbers ", "number ", "range ", "ranges ", "from ", "are ", "is ", "ranging from ", "between "]
            .iter()
            .fold(part, |text, word| text.strip_prefix(word).unwrap_or(text))
            .trim();
    if let Some([from, to]) = one(&RANGE, part).as_deref() {
        // "12-345" is one number where the ends are not of one shape.
        if shape(from) == shape(to) || !part.contains('-') && !part.contains('–') || part.contains(" - ") {
            return vec![Span { from: Some(from.clone()), to: Some(full(from, to)), prefix: false }];
        }
        return vec![Span::one(part)];
    }
    if let Some([number]) = one(&PREFIX, part).as_deref() {
        return vec![Span { from: Some(number.clone()), to: None, prefix: true }];
    }
    if let Some([number, word]) = one(&AND_MORE, part).as_deref() {
        let higher =
            ["higher", "above", "up", "later", "greater"].contains(&word.to_ascii_lowercase().as_str());
        let number = Some(number.clone());
        return vec![if higher {
            Span { from: number, to: None, prefix: false }
        } else {
            Span { from: None, to: number, prefix: false }
        }];
    }
    if let Some([number]) = one(&BELOW, part).as_deref() {
        let inclusive =
            ["up to", "through", "<=", "≤"].iter().any(|word| part.to_ascii_lowercase().contains(word));
        let to = if inclusive { number.clone() } else { before(number) };
        return vec![Span { from: None, to: Some(to), prefix: false }];
    }
    if let Some([number]) = one(&ABOVE, part).as_deref() {
        return vec![Span { from: Some(number.clone()), to: None, prefix: false }];
    }
    if ALONE.as_ref().is_some_and(|pattern| pattern.is_match(part))
        && gtin(part).is_none_or(|_| part.len() < 12)
    {
        return vec![Span::one(part)];
    }
    // "1234 1235 1236": numbers with blanks between.
    let words: Vec<&str> = part.split_whitespace().collect();
    let all = words.len() > 1
        && words.iter().all(|word| {
            ALONE.as_ref().is_some_and(|p| p.is_match(word)) && word.bytes().any(|b| b.is_ascii_digit())
        });
    if all { words.into_iter().map(Span::one).collect() } else { Vec::new() }
}

/// "1234-50" ends with 1250.
fn full(from: &str, to: &str) -> String {
    if from.bytes().all(|b| b.is_ascii_digit())
        && to.bytes().all(|b| b.is_ascii_digit())
        && to.len() < from.len()
    {
        return format!("{}{to}", from.get(..from.len() - to.len()).unwrap_or_default());
    }
    to.to_owned()
}

/// The number before, so that "below" leaves out its end.
fn before(number: &str) -> String {
    let (front, digits) = split(number);
    match digits.parse::<u128>() {
        Ok(value) if value > 0 => format!("{front}{:0width$}", value - 1, width = digits.len()),
        _ => number.to_owned(),
    }
}

/// Letters and marks in front, and the last digits.
fn split(number: &str) -> (&str, &str) {
    let digits = number.len() - number.bytes().rev().take_while(u8::is_ascii_digit).count();
    number.split_at(digits)
}

fn shape(number: &str) -> (String, usize) {
    let (front, digits) = split(number);
    (front.to_ascii_lowercase(), digits.len())
}

/// Whether a number lies in a span; `None`: it is of another shape.
pub(crate) fn compare_serial(own: &str, span: &Span) -> Option<bool> {
    let own = own.trim();
    if span.prefix {
        let prefix = span.from.as_deref()?;
        return Some(own.get(..prefix.len()).is_some_and(|front| front.eq_ignore_ascii_case(prefix)));
    }
    if span.is_one() {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        return Some(plain(own) == plain(span.from.as_deref()?));
    }
    let (front, digits) = split(own);
    let value: u128 = digits.parse().ok()?;
    let end = |text: &Option<String>| -> Option<Option<u128>> {
        let Some(text) = text else { return Some(None) };
        let (other_front, other) = split(text);
        if !front.eq_ignore_ascii_case(other_front) {
            return None;
        }
        Some(Some(other.parse().ok()?))
    };
    let (from, to) = (end(&span.from)?, end(&span.to)?);
    // Numbers of another length than both ends are of another series, unless the ends differ themselves.
    let lengths: Vec<usize> =
        [&span.from, &span.to].into_iter().flatten().map(|text| split(text).1.len()).collect();
    let fits =
        lengths.contains(&digits.len()) || lengths.iter().min() < lengths.iter().max() || lengths.len() == 1;
    if !fits {
        return None;
    }
    Some(from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to))
}

/// A month stands for its last day where it ends a time.
fn last_of(day: Day, text: &str) -> Day {
    let has_day = text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()).count() > 1;
    if has_day {
        return day;
    }
    let (year, month, _) = day.parts();
    (28..=31).rev().find_map(|last| Day::new(year, month, last)).unwrap_or(day)
}
