//! Product names as advisories write them, and whether a device's name is one of them.
//!
//! A name is read once into variants: what must be there, what is one of several ("FM20/FM30/FM40"), what may be there,
//! numbers that identify it, short names in brackets, and what it does not include. Comparing looks at the words that tell
//! products apart; words that only describe may be missing on one side. Two names that each have a telling word the
//! other lacks are siblings, not the same product.

use super::words::{Vocabulary, Word, Worth};

/// Most variants of one name; further ones are left out, so that a strange text stays cheap.
const MAX_VARIANTS: usize = 12;

/// Letters and digits that a code must have to identify a product of a known maker by itself.
const MIN_TELLING_CODE: usize = 4;

/// A product's name, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProductName {
    pub variants: Vec<Variant>,
    /// Names that are expressly not meant.
    pub exclusions: Vec<Vec<Word>>,
    /// What must hold beside the name, in words ("with wireless option").
    pub conditions: Vec<Box<str>>,
}

/// One way to be that product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    /// In order.
    pub required: Vec<Word>,
    /// Of each group one.
    pub groups: Vec<Vec<Word>>,
    /// May be there.
    pub optional: Vec<Word>,
    /// Numbers that identify it alone.
    pub numbers: Vec<Word>,
    /// Short names; each may stand for the whole.
    pub short: Vec<Vec<Word>>,
    /// A whole line is meant.
    pub series: bool,
}

/// How a device's name stands to a product's, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Likeness {
    /// The same telling words.
    Same,
    /// The code, or the short name, is the same; words before it differ or are missing.
    ByCode,
    /// The same but for a letter.
    Spelling,
    /// The product is a line that the device belongs to.
    Covers,
    /// The device's name says less than the product's.
    Vaguer,
    /// The device's name says more: a member, a version or a sibling of the product.
    Narrower,
    /// The device's name has another number of the same line: another product, unless the advisory lists that number.
    OtherNumber,
}

/// A comparison that is not "different".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub likeness: Likeness,
    /// Telling words of the product that the device's name lacks.
    pub missing: Vec<Box<str>>,
    /// Telling words of the device's name that the product's lacks.
    pub extra: Vec<Box<str>>,
    /// Positions in `ProductName::conditions` that the device's name does not itself fulfil.
    pub unmet: Vec<usize>,
}

impl ProductName {
    /// Reads a name. `is_vendor` tells words that only name the maker.
    pub(crate) fn read(text: &str, vocabulary: &Vocabulary, is_vendor: &dyn Fn(&str) -> bool) -> ProductName {
        let mut name = ProductName::default();
        let (mut body, mut brackets) = (String::new(), Vec::new());
        take_brackets(text, &mut body, &mut brackets);
        let body = name.take_exclusions(&body, vocabulary);
        let body = name.take_conditions(&body);
        for part in parts(&body) {
            if name.variants.len() >= MAX_VARIANTS {
                break;
            }
            let mut variant = Variant::read(part, vocabulary, is_vendor);
            if variant.required.is_empty() && variant.groups.is_empty() {
                continue;
            }
            for bracket in &brackets {
                variant.take_bracket(bracket, vocabulary, is_vendor);
            }
            if !name.variants.contains(&variant) {
                name.variants.push(variant);
            }
        }
        for bracket in &brackets {
            if is_condition(bracket) {
                name.conditions.push(bracket.trim().into());
            }
        }
        name
    }

    fn take_exclusions(&mut self, body: &str, vocabulary: &Vocabulary) -> String {
        let plain = body.to_ascii_lowercase();
        for mark in [
            ", not including",
            " not including",
            ", excluding",
            " excluding",
            ", except",
            " except for",
            " except",
        ] {
            if let Some(at) = plain.find(mark) {
                let after = plain.get(at + mark.len()..).unwrap_or_default();
                for part in after.split([',', ';']).flat_map(|part| part.split(" and ")) {
                    let words: Vec<Word> = vocabulary
                        .words(part)
                        .into_iter()
                        .filter(|word| word.worth > Worth::Series)
                        .collect();
                    if !words.is_empty() {
                        self.exclusions.push(words);
                    }
                }
                let before = body.get(..at).unwrap_or(body);
                // What has exceptions is a line.
                return format!("{before} series");
            }
        }
        body.to_owned()
    }

    fn take_conditions(&mut self, body: &str) -> String {
        let plain = body.to_ascii_lowercase();
        let mark =
            [" with ", " running ", " installed ", " when used ", " under ", " system integration with "]
                .into_iter()
                .filter_map(|mark| plain.find(mark))
                .min();
        match mark {
            Some(at) => {
                self.conditions.push(body.get(at..).unwrap_or_default().trim().into());
                body.get(..at).unwrap_or(body).to_owned()
            }
            None => body.to_owned(),
        }
    }

    /// How a device's name stands to this one; `None`: another product.
    pub(crate) fn compare(&self, device: &[Word], vocabulary: &Vocabulary) -> Option<Comparison> {
        if self.exclusions.iter().any(|exclusion| exclusion.iter().all(|word| device.contains(word))) {
            return None;
        }
        let mut extra_allowed: Vec<Word> = Vec::new();
        let mut unmet = Vec::new();
        for (position, condition) in self.conditions.iter().enumerate() {
            let words: Vec<Word> = vocabulary.words(condition);
            let telling = || words.iter().filter(|word| word.is_hard() && &*word.text != "with");
            if telling().count() == 0 || !telling().all(|word| device.contains(word)) {
                unmet.push(position);
            }
            extra_allowed.extend(words);
        }
        let mut best =
            self.variants.iter().filter_map(|variant| variant.compare(device, &extra_allowed)).min_by(
                |a, b| {
                    (a.likeness, a.missing.len() + a.extra.len())
                        .cmp(&(b.likeness, b.missing.len() + b.extra.len()))
                },
            )?;
        best.unmet = unmet;
        Some(best)
    }

    /// Whether the name alone tells the product: a code, or two words that tell products apart.
    pub(crate) fn tells_much(&self) -> bool {
        self.variants.iter().all(|variant| {
            let hard =
                variant.required.iter().chain(variant.groups.iter().flatten()).filter(|word| word.is_hard());
            let (count, code) = hard.fold((0, false), |(count, code), word| {
                (count + 1, code || word.worth == Worth::Code && tells(word))
            });
            count >= 2 || code
        })
    }

    /// Words by which an index finds this name: of each variant, its telling words (or all, where it has none).
    pub(crate) fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for variant in &self.variants {
            let all = || {
                variant
                    .required
                    .iter()
                    .chain(variant.groups.iter().flatten())
                    .chain(variant.numbers.iter())
                    .chain(variant.short.iter().flatten())
            };
            let before = keys.len();
            keys.extend(all().filter(|word| word.is_hard()).map(|word| &*word.text));
            if keys.len() == before {
                keys.extend(all().filter(|word| word.worth > Worth::Series).map(|word| &*word.text));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Variant {
    fn read(part: &str, vocabulary: &Vocabulary, is_vendor: &dyn Fn(&str) -> bool) -> Variant {
        let mut variant = Variant::default();
        // "FM20/FM30" and "Assurity/Allure": one of them; the blanks around a slash do not matter.
        let joined = part.replace(" / ", "/").replace("/ ", "/").replace(" /", "/");
        let without = strip_vendor(&joined, is_vendor);
        for piece in without.split_whitespace() {
            if piece.contains('/') && piece.split('/').all(|side| side.chars().any(char::is_alphanumeric)) {
                let group: Vec<Word> = alternatives(piece, vocabulary);
                if group.len() > 1 {
                    variant.groups.push(group);
                    continue;
                }
            }
            variant.required.extend(vocabulary.words(piece));
        }
        if variant.groups.is_empty() {
            // Read as a whole, so that "MX 40" is one word and spellings of several words are seen.
            variant.required = vocabulary.words(&without);
        } else {
            variant.required = regroup(&variant.required, vocabulary);
        }
        variant.series = variant.required.iter().any(|word| word.worth == Worth::Series);
        variant.required.retain(|word| word.worth > Worth::Series);
        variant.group_codes();
        variant
    }

    /// Codes of one shape in a row ("TC10 TC20 TC30") are alternatives.
    fn group_codes(&mut self) {
        let mut required = Vec::new();
        let mut run: Vec<Word> = Vec::new();
        for word in std::mem::take(&mut self.required) {
            let alike = word.worth == Worth::Code
                && run.last().is_none_or(|last: &Word| {
                    letters(&last.text) == letters(&word.text) && !letters(&word.text).is_empty()
                });
            if alike {
                run.push(word);
                continue;
            }
            self.end_run(&mut run, &mut required);
            if word.worth == Worth::Code { run.push(word) } else { required.push(word) }
        }
        self.end_run(&mut run, &mut required);
        self.required = required;
    }

    fn end_run(&mut self, run: &mut Vec<Word>, required: &mut Vec<Word>) {
        if run.len() > 1 {
            self.groups.push(std::mem::take(run));
        } else {
            required.append(run);
        }
    }

    fn take_bracket(&mut self, bracket: &str, vocabulary: &Vocabulary, is_vendor: &dyn Fn(&str) -> bool) {
        let lower = bracket.trim().to_ascii_lowercase();
        if let Some(list) = lower.strip_prefix("including").or_else(|| lower.strip_prefix("incl")) {
            let group: Vec<Word> = list
                .split(['/', ',', ';', ' '])
                .flat_map(|side| vocabulary.words(side))
                .filter(|word| word.worth == Worth::Code)
                .collect();
            if !group.is_empty() {
                // Members are named, but the line as a whole is meant.
                self.numbers.extend(group);
                self.series = true;
            }
            return;
        }
        if is_condition(bracket) {
            self.optional.extend(vocabulary.words(bracket));
            return;
        }
        let words: Vec<Word> = vocabulary
            .words(&strip_vendor(bracket, is_vendor))
            .into_iter()
            .filter(|word| word.worth > Worth::Series)
            .collect();
        if let Some(range) = code_range(&words, &lower) {
            self.numbers.extend(range);
            return;
        }
        if !words.is_empty() && words.iter().all(|word| word.worth == Worth::Code) {
            self.numbers.extend(words);
        } else if !words.is_empty() && words.len() <= 3 {
            self.short.push(words);
        } else {
            self.optional.extend(words);
        }
    }

    fn compare(&self, device: &[Word], allowed: &[Word]) -> Option<Comparison> {
        let mut device: Vec<&Word> = device.iter().filter(|word| word.worth > Worth::Series).collect();
        // "Q-Stress Cardiac Stress System": a word counts once.
        let mut seen: Vec<&str> = Vec::new();
        device.retain(|word| {
            let new = !seen.contains(&&*word.text);
            seen.push(&word.text);
            new
        });
        if device.is_empty() {
            return None;
        }
        // A number that identifies it alone.
        if device.iter().any(|word| word.text.len() >= MIN_TELLING_CODE && self.numbers.contains(word)) {
            return Some(Comparison::of(Likeness::ByCode, Vec::new(), Vec::new()));
        }
        let by_words = self.compare_words(&device, allowed);
        if by_words.as_ref().is_some_and(|comparison| comparison.likeness == Likeness::Same) {
            return by_words;
        }
        if self.short.iter().any(|short| self.is_called(short, &device)) {
            return Some(Comparison::of(Likeness::ByCode, Vec::new(), Vec::new()));
        }
        by_words
    }

    fn compare_words(&self, device: &[&Word], allowed: &[Word]) -> Option<Comparison> {
        let mut used = vec![false; device.len()];
        let mut spelled = false;
        let mut missing: Vec<&Word> = Vec::new();
        let mut missing_after_code = false;
        let mut code_seen = false;
        let mut found_hard = 0usize;
        let mut found_soft = 0usize;
        let joined = joined(&self.required, device, &mut used);
        for (position, word) in self.required.iter().enumerate() {
            let found = if joined.contains(&position) { Found::Yes } else { find(word, device, &mut used) };
            match found {
                Found::Yes => {
                    if word.is_hard() {
                        found_hard += 1
                    } else {
                        found_soft += 1
                    }
                    code_seen |= word.worth == Worth::Code;
                }
                Found::Nearly => {
                    spelled = true;
                    found_hard += 1;
                }
                Found::No => {
                    missing_after_code |= code_seen && word.is_hard();
                    missing.push(word);
                }
            }
        }
        let mut telling_code = self
            .required
            .iter()
            .any(|word| word.worth == Worth::Code && tells(word) && device.contains(&word));
        for group in &self.groups {
            let hits: Vec<&Word> =
                group.iter().filter(|word| find(word, device, &mut used) == Found::Yes).collect();
            match hits.first() {
                Some(word) => {
                    if word.is_hard() {
                        found_hard += 1
                    } else {
                        found_soft += 1
                    }
                    telling_code |= word.worth == Worth::Code && tells(word);
                }
                None => missing.extend(group.first()),
            }
        }
        // A code of letters and digits tells more than a number.
        let telling_mixed = self.required.iter().chain(self.groups.iter().flatten()).any(|word| {
            word.worth == Worth::Code
                && tells(word)
                && !letters(&word.text).is_empty()
                && device.contains(&word)
        });
        let is_allowed = |word: &Word| {
            self.optional.contains(word)
                || allowed.contains(word)
                || self.numbers.contains(word)
                || self.short.iter().any(|short| short.contains(word))
        };
        let extra: Vec<&Word> = device
            .iter()
            .zip(&used)
            .filter(|(word, used)| !**used && !is_allowed(word))
            .map(|(word, _)| *word)
            .collect();
        let hard_missing: Vec<Box<str>> = hard(&missing);
        let hard_extra: Vec<Box<str>> = hard(&extra);
        if is_of_line(&missing, &extra) {
            return Some(Comparison::of(Likeness::Covers, Vec::new(), hard_extra));
        }
        if found_hard == 0 {
            // Nothing but describing words: all of them, and no others.
            let all = missing.is_empty() && extra.is_empty() && found_soft > 0;
            return all.then(|| Comparison::of(Likeness::Same, Vec::new(), Vec::new()));
        }
        let same = if spelled { Likeness::Spelling } else { Likeness::Same };
        let likeness = match (hard_missing.is_empty(), hard_extra.is_empty()) {
            (true, true) => {
                let soft_missing = missing.len() > hard_missing.len();
                let soft_extra = extra.len() > hard_extra.len();
                let code = telling_code || self.required.iter().any(|word| word.worth == Worth::Code);
                // Each describes itself otherwise: "Connex … monitor" and "Connex … pump".
                if soft_missing && soft_extra && !code { return None } else { same }
            }
            // "8015" for "Alaris PCU 8015"; but "XR656" is not "XR656 Plus".
            (false, true) if telling_code && !missing_after_code => Likeness::ByCode,
            // Half of what tells it apart must be there.
            (false, true) if hard_missing.len() > found_hard => return None,
            (false, true) => Likeness::Vaguer,
            (true, false) => {
                if telling_mixed && extra_before_code(device, &used) {
                    return Some(Comparison::of(Likeness::ByCode, hard_missing, hard_extra));
                }
                let member = extra.iter().filter(|word| word.is_hard()).all(|word| word.worth == Worth::Code);
                let has_code =
                    self.required.iter().chain(self.groups.iter().flatten()).any(|w| w.worth == Worth::Code);
                if self.series && !has_code {
                    Likeness::Covers
                } else if member && has_code {
                    Likeness::OtherNumber
                } else {
                    Likeness::Narrower
                }
            }
            (false, false) => {
                let other_code = extra.iter().any(|word| word.worth == Worth::Code)
                    && missing.iter().any(|word| word.worth == Worth::Code);
                let code_is_last =
                    self.required.last().is_none_or(|word| word.worth == Worth::Code || !word.is_hard());
                if telling_code
                    && (telling_mixed || found_hard >= 2)
                    && !missing_after_code
                    && !other_code
                    && code_is_last
                    && extra_before_code(device, &used)
                {
                    Likeness::ByCode
                } else {
                    return None;
                }
            }
        };
        Some(Comparison::of(likeness, hard_missing, hard_extra))
    }
}

impl Variant {
    /// Whether the device's telling words are the short name, alone or with words of the long one.
    fn is_called(&self, short: &[Word], device: &[&Word]) -> bool {
        let telling = || short.iter().filter(|word| word.is_hard());
        telling().count() > 0
            && telling().all(|word| device.contains(&word))
            && device
                .iter()
                .filter(|word| word.is_hard())
                .all(|word| short.contains(word) || self.required.contains(word))
    }
}

impl Comparison {
    fn of(likeness: Likeness, missing: Vec<Box<str>>, extra: Vec<Box<str>>) -> Comparison {
        Comparison { likeness, missing, extra, unmet: Vec::new() }
    }
}

fn tells(word: &Word) -> bool {
    word.text.len() >= MIN_TELLING_CODE
}

fn hard(words: &[&Word]) -> Vec<Box<str>> {
    words.iter().filter(|word| word.is_hard()).map(|word| word.text.clone()).collect()
}

/// Whether every telling word of the device that was not used stands before its last code.
fn extra_before_code(device: &[&Word], used: &[bool]) -> bool {
    let last_code = device.iter().rposition(|word| word.worth == Worth::Code).unwrap_or(0);
    let last_extra = device.iter().zip(used).rposition(|(word, used)| word.is_hard() && !used);
    last_extra.is_none_or(|at| at < last_code)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    /// But for a letter.
    Nearly,
    No,
}

fn find(word: &Word, device: &[&Word], used: &mut [bool]) -> Found {
    if let Some(at) = device.iter().position(|own| own.text == word.text) {
        mark(used, at);
        return Found::Yes;
    }
    // Written apart on the device's side: "Med Station".
    for (at, pair) in device.windows(2).enumerate() {
        if let [a, b] = pair
            && word.text.strip_prefix(&*a.text) == Some(&*b.text)
        {
            mark(used, at);
            mark(used, at + 1);
            return Found::Yes;
        }
    }
    if word.worth == Worth::Proper
        && let Some(at) =
            device.iter().position(|own| own.worth == Worth::Proper && nearly(&own.text, &word.text))
    {
        mark(used, at);
        return Found::Nearly;
    }
    Found::No
}

/// "CX50" is of the line "CX": each telling word that is missing begins a code that is extra, and nothing else is.
fn is_of_line(missing: &[&Word], extra: &[&Word]) -> bool {
    let lines: Vec<&Word> = missing.iter().copied().filter(|word| word.is_hard()).collect();
    let codes: Vec<&Word> = extra.iter().copied().filter(|word| word.is_hard()).collect();
    !lines.is_empty()
        && lines.len() == codes.len()
        && lines.iter().all(|line| {
            line.worth == Worth::Proper
                && codes.iter().any(|code| code.worth == Worth::Code && letters(&code.text) == &*line.text)
        })
}

/// Positions of neighbours among `required` that the device's name writes as one word ("MMT 503", "MMT503").
fn joined(required: &[Word], device: &[&Word], used: &mut [bool]) -> Vec<usize> {
    let mut positions = Vec::new();
    for (at, pair) in required.windows(2).enumerate() {
        if let [a, b] = pair
            && let Some(own) = device.iter().position(|own| own.text.strip_prefix(&*a.text) == Some(&*b.text))
        {
            mark(used, own);
            positions.extend([at, at + 1]);
        }
    }
    positions
}

fn mark(used: &mut [bool], at: usize) {
    if let Some(flag) = used.get_mut(at) {
        *flag = true;
    }
}

/// Long words that differ in one letter, or in a letter that one has more.
fn nearly(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if short.len() < 7 || long.len() - short.len() > 1 {
        return false;
    }
    let front = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    let back = short.iter().rev().zip(long.iter().rev()).take_while(|(x, y)| x == y).count();
    // The first letters must agree: other first letters make other words.
    front >= 2 && front + back + usize::from(short.len() == long.len()) >= short.len()
}

/// The letters that a code begins with.
fn letters(code: &str) -> &str {
    let end = code.find(|c: char| !c.is_alphabetic()).unwrap_or(code.len());
    code.get(..end).unwrap_or_default()
}

/// "522K/722K" → both; "500/550"; "Fetal/Maternal". "EPIQ/Affiniti".
fn alternatives(piece: &str, vocabulary: &Vocabulary) -> Vec<Word> {
    let mut group: Vec<Word> = Vec::new();
    for side in piece.split('/') {
        let mut words = vocabulary.words(side);
        words.retain(|word| word.worth > Worth::Series);
        if words.len() == 1 {
            group.append(&mut words);
        } else {
            return Vec::new();
        }
    }
    group
}

/// Words that were read piece by piece, read again as a whole: "MX", "40" → "MX40".
fn regroup(words: &[Word], vocabulary: &Vocabulary) -> Vec<Word> {
    let text: Vec<&str> = words.iter().map(|word| &*word.text).collect();
    vocabulary.words(&text.join(" "))
}

/// "MX400-550": the ends of a range of codes, and the round numbers between them.
fn code_range(words: &[Word], text: &str) -> Option<Vec<Word>> {
    let (from, to) = text.split_once('-').map(|(a, b)| (a.trim(), b.trim()))?;
    let prefix = letters(from);
    let first: u32 = from.get(prefix.len()..)?.parse().ok()?;
    let last: u32 = to.strip_prefix(prefix).unwrap_or(to).parse().ok()?;
    if words.is_empty() || first >= last || last - first > 1_000 || first < 10 {
        return None;
    }
    let step = if first.is_multiple_of(50) && last.is_multiple_of(50) {
        50
    } else if first.is_multiple_of(10) && last.is_multiple_of(10) {
        10
    } else {
        1
    };
    Some(
        (first..=last)
            .step_by(step)
            .take(64)
            .map(|number| Word { text: format!("{prefix}{number}").into(), worth: Worth::Code })
            .collect(),
    )
}

/// Brackets that state a condition rather than another name.
fn is_condition(bracket: &str) -> bool {
    let lower = bracket.trim().to_ascii_lowercase();
    ["with ", "enabled", "integrated", "running", "if ", "when ", "only ", "not "]
        .iter()
        .any(|mark| lower.starts_with(mark))
        || lower.ends_with(" only")
        || lower.contains("option")
}

fn take_brackets(text: &str, body: &mut String, brackets: &mut Vec<String>) {
    let mut depth = 0usize;
    let mut inner = String::new();
    for c in text.chars() {
        match c {
            '(' | '[' => {
                if depth > 0 {
                    inner.push(' ');
                }
                depth += 1;
            }
            ')' | ']' if depth > 0 => {
                depth -= 1;
                if depth == 0 && brackets.len() < MAX_VARIANTS {
                    brackets.push(std::mem::take(&mut inner));
                    body.push(' ');
                }
            }
            c if depth > 0 => inner.push(c),
            c => body.push(c),
        }
    }
    // A bracket that is never closed is no bracket.
    body.push_str(&inner);
}

/// Names joined by "and", "," or ";" are each a product where each has a telling word of its own.
fn parts(body: &str) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    let pieces: Vec<&str> = body
        .split([';', ','])
        .flat_map(|part| part.split(" and "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let name_like = |part: &str| {
        part.split_whitespace().count() <= 6
            && part.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && part.chars().any(|c| c.is_uppercase() || c.is_ascii_digit())
    };
    if pieces.len() > 1 && pieces.iter().all(|part| name_like(part)) {
        all.extend(pieces);
    }
    // "Welch Allyn Spot 4400 Device / Welch Allyn Spot 4400 Extended Care Device": two whole names.
    if let Some((a, b)) = body.split_once(" / ")
        && a.split_whitespace().count() >= 3
        && b.split_whitespace().count() >= 3
    {
        all.push(a);
        all.push(b);
        return all;
    }
    if all.is_empty() {
        all.push(body);
    }
    all
}

/// The text without the maker's name at its front.
pub(crate) fn strip_vendor<'t>(text: &'t str, is_vendor: &dyn Fn(&str) -> bool) -> std::borrow::Cow<'t, str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    // The longest beginning that is the maker's name; something must be left.
    for length in (1..words.len().min(5)).rev() {
        let front = words.get(..length).unwrap_or_default().join(" ");
        if is_vendor(&front) {
            return words.get(length..).unwrap_or_default().join(" ").into();
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(product: &str, device: &str) -> Option<Likeness> {
        let vocabulary = Vocabulary::builtin().expect("the file is of its shape");
        let is_vendor = |word: &str| {
            ["bd", "philips", "ge", "welch allyn", "cme", "siemens"]
                .contains(&word.to_ascii_lowercase().as_str())
        };
        let name = ProductName::read(product, &vocabulary, &is_vendor);
        let device = vocabulary.words(&strip_vendor(device, &is_vendor));
        name.compare(&device, &vocabulary).map(|comparison| comparison.likeness)
    }

    #[test]
    fn names_compare_as_a_reader_would_compare_them() {
        use Likeness::{ByCode, Covers, Narrower, OtherNumber, Same, Spelling, Vaguer};
        for (product, device, expected) in [
            ("Alaris PC Unit Model 8015", "Alaris PC Unit 8015", Some(Same)),
            ("Alaris PC Unit Model 8015", "Alaris PCU 8015", Some(Same)),
            ("Alaris PC Unit Model 8015", "Alaris 8015", Some(ByCode)),
            ("Alaris PC Unit Model 8015", "8015", Some(ByCode)),
            ("Alaris PC Unit Model 8015", "BD Alaris PC Unit Model 8015", Some(Same)),
            ("Alaris PC Unit Model 8015", "Alaris 8100", None),
            ("Alaris PC Unit Model 8015", "Alaris PC Unit 8000", None),
            ("Alaris PC Unit Model 8015", "Alaris PC Unit", Some(Vaguer)),
            ("Alaris Systems Manager", "Alaris PC Unit", None),
            ("Alaris Systems Manager", "Alaris System Manager", Some(Same)),
            ("IntelliVue MX40 Patient Worn Monitor (WLAN only)", "IntelliVue MX40", Some(Same)),
            ("IntelliVue MX40 Patient Worn Monitor (WLAN only)", "MX40", Some(ByCode)),
            ("IntelliVue MX40 Patient Worn Monitor (WLAN only)", "IntelliVue MX450", None),
            ("Discovery XR656", "Discovery XR656 Plus", Some(Narrower)),
            ("Discovery XR656 Plus", "Discovery XR656", Some(Vaguer)),
            ("BD Pyxis SupplyStation", "Pyxis SupplyStation EC", Some(Narrower)),
            ("BD Pyxis MedStation ES", "Pyxis MedStation ES", Some(Same)),
            ("BD Pyxis MedStation ES", "Pyxis MedStation 4000", None),
            ("BD Pyxis MedStation 4000", "Pyxis Med Station 4000", Some(Same)),
            ("Avalon Fetal/Maternal Monitors FM20/FM30/FM40/FM50", "Avalon FM30", Some(Same)),
            ("Avalon Fetal/Maternal Monitors FM20/FM30/FM40/FM50", "Avalon CL", None),
            ("PageWriter TC10 TC20 TC30 TC50 TC70 Cardiographs", "PageWriter TC50", Some(Same)),
            ("PageWriter TC10 TC20 TC30 TC50 TC70 Cardiographs", "PageWriter TC35", None),
            ("MiniMed Paradigm 522K/722K pumps", "MiniMed Paradigm 722K", Some(Same)),
            ("MiniMed Paradigm 522K/722K pumps", "MiniMed Paradigm 722", None),
            ("MiniMed 670G", "MiniMed 670G MMT-1780", Some(OtherNumber)),
            ("B650", "CARESCAPE B650", Some(ByCode)),
            ("BD Pyxis Anesthesia System 4000", "Pyxis MedStation 4000", Some(Narrower)),
            ("Welch Allyn Connex Spot Monitor (CSM)", "Connex Spot Monitor", Some(Same)),
            ("Welch Allyn Connex Spot Monitor (CSM)", "Connex CSM", Some(ByCode)),
            ("Welch Allyn Connex Spot Monitor (CSM)", "CSM", Some(ByCode)),
            ("Welch Allyn Connex Central Station (CS)", "Connex Spot Monitor", None),
            ("Patient Information Center iX (PIC iX)", "PIC iX", Some(Same)),
            ("Philips IntelliVue Information Center iX", "Patient Information Center iX", None),
            ("Millenium MyoSIGHT", "Millennium MyoSIGHT", Some(Spelling)),
            ("Ultrasound CX", "CX50", Some(Covers)),
            ("Ultrasound CX", "CX50 Ultrasound System", Some(Covers)),
            ("Ultrasound EPIQ/Affiniti", "Affiniti", Some(Same)),
            ("LOGIQ, not including LOGIQ 100 Pro", "LOGIQ E9", Some(Covers)),
            ("LOGIQ, not including LOGIQ 100 Pro", "LOGIQ 100 Pro", None),
            ("Vivid products, not including EchoPAC", "Vivid E95", Some(Covers)),
            ("Patient Portal", "Patient Portal", Some(Same)),
            ("Patient Portal", "Patient Monitor", None),
            ("Valleylab FT10 Energy Platform (VLFT10GEN)", "VLFT10GEN", Some(ByCode)),
            ("Valleylab FT10 Energy Platform (VLFT10GEN)", "Valleylab FT10", Some(Same)),
            ("Valleylab FT10 Energy Platform (VLFT10GEN)", "Valleylab LS10", None),
            ("alaris_8015_pcu", "Alaris PC Unit 8015", Some(Same)),
            ("IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue MX450", Some(ByCode)),
        ] {
            assert_eq!(compare(product, device), expected, "{product} ~ {device}");
        }
    }
}
