//! Versions in words, as advisories write them, into bounds.
//!
//! What is not understood never widens a range: it becomes names (of models), a condition, or nothing that can be judged.

use std::sync::LazyLock;

use regex::Regex;

/// One bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Less(String),
    AtMost(String),
    Greater(String),
    AtLeast(String),
    Exactly(String),
    Not(String),
}

impl Test {
    fn is_lower(&self) -> bool {
        matches!(self, Test::Greater(_) | Test::AtLeast(_))
    }

    fn is_upper(&self) -> bool {
        matches!(self, Test::Less(_) | Test::AtMost(_))
    }
}

/// What a text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expression {
    /// Every version.
    pub all: bool,
    /// One of these must hold, each wholly.
    pub ranges: Vec<Vec<Test>>,
    /// Names of models in the place of versions.
    pub names: Vec<String>,
    /// What must hold beside the version.
    pub conditions: Vec<String>,
    /// Nothing of it could be understood.
    pub unread: bool,
}

/// A version in a text: digits with letters and points around them, or a revision letter after "Rev".
const VERSION: &str = r"(?:v(?:er(?:sion)?)?\.? ?)?[a-z]{0,3}\.?\d[a-z0-9]*(?:[._\-+~:][a-z0-9*]+)*\.?(?:\s*(?:service pack|sp|hotfix|hf|patch|update)\s*\d+)?|(?-u:\b)[a-z](?-u:\b)";

/// A month and a year, or a day: a bound of dates.
const DATE: &str = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? ?(?:\d{1,2}(?:st|nd|rd|th)?,? ?)?(?:\d{4})?|\d{1,2}[- ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[- ,]*\d{4}|\d{1,2}/\d{1,2}/\d{4}";

macro_rules! pattern {
    ($text:expr) => {
        LazyLock::new(|| Regex::new(&$text).ok())
    };
}

type Pattern = LazyLock<Option<Regex>>;

static OPERATOR: Pattern = pattern!(format!(r"^(<=|>=|=<|=>|==|!=|<|>|=|≤|≥)\s*({DATE}|{VERSION})"));
static BETWEEN: Pattern = pattern!(format!(
    r"^(?:between|from|starting with|starting at|since)?\s*({DATE}|{VERSION})\s*(?:,?\s*(?:through|thru|to|until|up to(?: and including)?|[-–—]|and)\s*)({DATE}|{VERSION})$"
));
static OPERATOR_BETWEEN: Pattern = pattern!(format!(r"^({VERSION})\s*(<=|<|≤)\s*({VERSION})$"));
static UPPER_AFTER: Pattern = pattern!(format!(
    r"^({DATE}|{VERSION})\s*,?\s*(?:and|or|&)?\s*(?:all\s+)?(?:earlier|prior|below|lower|older|previous|before|under|downwards|less)(?:\s+(?:versions?|releases?|revisions?|models?))?$"
));
static LOWER_AFTER: Pattern = pattern!(format!(
    r"^({DATE}|{VERSION})\s*,?\s*(?:(?:and|or|&)\s*)?(?:all\s+)?(?:later|newer|above|higher|greater|up|onwards?|upwards?|after|subsequent)(?:\s+(?:versions?|releases?|revisions?|models?))?$"
));
static BELOW: Pattern = pattern!(format!(
    r"^(?:(?:any|all)?\s*(?:versions?|releases?|revisions?|software|devices|units|distributed|manufactured|released|shipped|produced|made)?\s*)*(?:prior to|before|earlier than|lower than|older than|below|less than|preceding|up to but not including|up to, but not including|until|up to \(not including\)|up to \(excluding\))\s*(?:and not including\s*)?(?:versions?|releases?|revisions?|rev\.?)?\s*({DATE}|{VERSION})$"
));
static AT_MOST: Pattern = pattern!(format!(
    r"^(?:(?:any|all)?\s*(?:versions?|releases?|revisions?|software)?\s*)*(?:through|thru|up to,? and including|up to \(including\)|up to|until|no later than)\s*(?:versions?|releases?|revisions?|rev\.?)?\s*({DATE}|{VERSION})$"
));
static ABOVE: Pattern = pattern!(format!(
    r"^(?:(?:any|all)?\s*(?:versions?|releases?|revisions?|software)?\s*)*(?:after|later than|newer than|higher than|greater than|above)\s*(?:versions?|releases?|revisions?|rev\.?)?\s*({DATE}|{VERSION})$"
));
static AT_LEAST: Pattern = pattern!(format!(
    r"^(?:starting with|starting from|starting at|since|from|beginning with)\s*(?:versions?|releases?)?\s*({DATE}|{VERSION})(?:\s+on)?$"
));
static ONE: Pattern = pattern!(format!(r"^({DATE}|{VERSION})$"));
static LEADING: Pattern = pattern!(
    r"^(?:(?:all|any|the|following|affected|with|using|running|has|have|only|is|are)\s+)*(?:(?:software|firmware|application|product|control|operating)\s+)?(?:versions?|releases?|revisions?|builds?|rev\.?|ver\.?|sw)\b[:.]?\s*"
);
static VERS: Pattern = pattern!(r"^vers:[a-z0-9.\-]+/(.*)$");

/// Longest text that is read.
const LONGEST: usize = 2_000;

/// Most alternatives that are kept.
const MOST: usize = 200;

/// Reads a text.
pub(crate) fn read(text: &str) -> Expression {
    let mut expression = Expression::default();
    let text = text.trim().trim_end_matches(['.', ';', ',']);
    if text.len() > LONGEST {
        expression.unread = true;
        return expression;
    }
    let lower = text.to_lowercase().replace(['\u{a0}', '\t', '\n'], " ");
    // "<V3.2.4_only_when_made_between…"
    let lower = if lower.contains(' ') { lower } else { lower.replace('_', " ") };
    let lower = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_all(&lower) {
        expression.all = true;
        return expression;
    }
    if let Some(rest) =
        VERS.as_ref().and_then(|pattern| pattern.captures(&lower)).and_then(|found| found.get(1))
    {
        read_vers(rest.as_str(), &mut expression);
        return expression;
    }
    let plain = take_brackets(&lower, &mut expression);
    let plain = take_conditions(&plain, &mut expression);
    if is_all(&plain) || plain.is_empty() && !expression.conditions.is_empty() {
        expression.all = true;
        return expression;
    }
    let mut tests: Vec<Vec<Test>> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    for part in plain.split(['|', ';']).map(str::trim).filter(|part| !part.is_empty()).take(MOST) {
        match segment(part) {
            Some(mut found) => {
                // A lower bound before an upper one is a range; everything else is another way to be affected.
                let joins = found.len() == 1
                    && tests
                        .last()
                        .is_some_and(|last| last.len() == 1 && last.first().is_some_and(Test::is_lower))
                    && found
                        .first()
                        .is_some_and(|one| one.len() == 1 && one.first().is_some_and(Test::is_upper));
                match (joins, tests.last_mut()) {
                    (true, Some(last)) => last.extend(found.swap_remove(0)),
                    _ => tests.append(&mut found),
                }
            }
            None => failed.push(part.to_owned()),
        }
    }
    let numbers_only =
        || tests.iter().flatten().all(|test| matches!(test, Test::Exactly(text) if is_model_number(text)));
    let unclear = |part: &String| {
        part.contains(['<', '>', '=']) || part.contains("serial") || part.contains("firmware")
    };
    if failed.iter().any(unclear) && tests.is_empty() {
        expression.conditions.extend(failed);
        expression.unread = true;
    } else if !failed.is_empty() && tests.iter().flatten().all(|test| matches!(test, Test::Exactly(_))) {
        // Words: names of models, with numbers among them ("3002 S3 | 3005 S3").
        expression.names = failed.iter().flat_map(|part| names_in(part)).collect();
        expression.names.extend(tests.iter().flatten().filter_map(|test| match test {
            Test::Exactly(text) => Some(text.clone()),
            _ => None,
        }));
        expression.unread = expression.names.is_empty();
    } else if !tests.is_empty() && numbers_only() {
        expression.names = tests
            .iter()
            .flatten()
            .filter_map(|test| match test {
                Test::Exactly(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        expression.ranges = tests;
    } else {
        expression.ranges = tests;
        expression.conditions.extend(failed);
        expression.unread = expression.ranges.is_empty();
    }
    expression.ranges.truncate(MOST);
    expression.names.truncate(MOST);
    expression
}

fn is_all(text: &str) -> bool {
    matches!(
        text,
        "*" | "all"
            | "any"
            | "all versions"
            | "any version"
            | "vers:all/*"
            | "all/*"
            | "every version"
            | "all models"
            | "all units"
            | "all devices"
            | "all releases"
            | "all software versions"
            | "all firmware versions"
            | "all revisions"
            | "all supported versions"
    )
}

/// "<=1.2|>=2.0|<2.4" of a VERS range (vers specification, "version range").
fn read_vers(rest: &str, expression: &mut Expression) {
    let mut open: Option<Test> = None;
    for part in rest.split('|').map(str::trim).filter(|part| !part.is_empty()).take(MOST) {
        if part == "*" {
            expression.all = true;
            continue;
        }
        let split = part.find(|c: char| !matches!(c, '<' | '>' | '=' | '!')).unwrap_or(part.len());
        let (operator, version) = part.split_at(split);
        let version = version.trim().to_owned();
        match test(operator, version) {
            Some(lower) if lower.is_lower() => {
                expression.ranges.extend(open.take().map(|test| vec![test]));
                open = Some(lower);
            }
            Some(upper) if upper.is_upper() => {
                expression.ranges.push(open.take().into_iter().chain([upper]).collect());
            }
            Some(other) => expression.ranges.push(vec![other]),
            None => {}
        }
    }
    expression.ranges.extend(open.map(|test| vec![test]));
    expression.unread = !expression.all && expression.ranges.is_empty();
}

fn test(operator: &str, version: String) -> Option<Test> {
    let version = clean(&version);
    Some(match operator {
        "<" => Test::Less(version),
        "<=" | "=<" | "≤" => Test::AtMost(version),
        ">" => Test::Greater(version),
        ">=" | "=>" | "≥" => Test::AtLeast(version),
        "" | "=" | "==" => Test::Exactly(version),
        "!=" => Test::Not(version),
        _ => return None,
    })
}

/// Brackets hold the version itself ("(Release 1.3.2 1.4.0)"), a remark ("end-of-life 2011"), or a condition.
fn take_brackets(text: &str, expression: &mut Expression) -> String {
    let mut plain = String::new();
    let mut inner = String::new();
    let mut depth = 0usize;
    let mut brackets = Vec::new();
    for c in text.chars() {
        match c {
            '(' => {
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    brackets.push((plain.trim().is_empty(), std::mem::take(&mut inner)));
                    plain.push(' ');
                }
            }
            c if depth > 0 => inner.push(c),
            c => plain.push(c),
        }
    }
    plain.push_str(&inner);
    for (leads, bracket) in brackets {
        let bracket = bracket.trim();
        let remark = [
            "end-of-life",
            "end of life",
            "eol",
            "inclusive",
            "including",
            "build",
            "global",
            "u.s.",
            "us",
            "all",
        ]
        .iter()
        .any(|mark| bracket.starts_with(mark));
        if leads && plain.trim().is_empty() {
            return bracket.to_owned();
        }
        // A letter or two belong to a name: "MMT-523(K)".
        if !remark && bracket.len() > 2 {
            expression.conditions.push(bracket.to_owned());
        }
    }
    plain.trim().to_owned()
}

/// "… on Windows 8.1", "… running on …", "… with wireless option".
fn take_conditions(text: &str, expression: &mut Expression) -> String {
    const MARKS: [&str; 17] = [
        " on windows",
        " on linux",
        " running on",
        " running",
        " when ",
        " if ",
        " installed",
        " with ",
        " that have been",
        " which have been",
        " using ",
        " in combination",
        " shipped",
        " which are",
        " only when",
        " only if",
        " only with",
    ];
    let found = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    if let Some(at) = found {
        let (version, condition) = text.split_at(at);
        expression.conditions.push(condition.trim().to_owned());
        return version.trim().to_owned();
    }
    if ["with ", "running ", "on "].iter().any(|mark| text.starts_with(mark)) {
        expression.conditions.push(text.to_owned());
        return String::new();
    }
    text.to_owned()
}

fn captures(pattern: &Pattern, text: &str) -> Option<Vec<String>> {
    let found = pattern.as_ref()?.captures(text)?;
    Some(
        found
            .iter()
            .skip(1)
            .map(|group| group.map_or(String::new(), |group| group.as_str().to_owned()))
            .collect(),
    )
}

/// One part between bars: alternatives of bounds.
fn segment(text: &str) -> Option<Vec<Vec<Test>>> {
    let text = text.trim().trim_end_matches(['.', ',']);
    if is_all(text) {
        return Some(vec![vec![]]);
    }
    if let Some(found) = operators(text) {
        return Some(found);
    }
    if let Some([from, operator, to]) = captures(&OPERATOR_BETWEEN, text).as_deref() {
        let upper =
            if operator == "<" && !is_revision(to) { Test::Less(clean(to)) } else { Test::AtMost(clean(to)) };
        return Some(vec![vec![Test::AtLeast(clean(from)), upper]]);
    }
    for (pattern, make) in [
        (&BELOW, Test::Less as fn(String) -> Test),
        (&AT_MOST, Test::AtMost),
        (&ABOVE, Test::Greater),
        (&AT_LEAST, Test::AtLeast),
    ] {
        if let Some([version]) = captures(pattern, text).as_deref() {
            return Some(vec![vec![make(clean(version))]]);
        }
    }
    let plain = LEADING
        .as_ref()
        .map_or(text, |pattern| pattern.find(text).map_or(text, |m| text.get(m.end()..).unwrap_or(text)));
    let plain = plain.trim();
    if plain != text
        && let Some(found) = operators(plain)
    {
        return Some(found);
    }
    for (pattern, make) in [
        (&UPPER_AFTER, Test::AtMost as fn(String) -> Test),
        (&LOWER_AFTER, Test::AtLeast),
        (&BELOW, Test::Less),
        (&AT_MOST, Test::AtMost),
    ] {
        if let Some([version]) = captures(pattern, plain).as_deref() {
            return Some(vec![vec![make(clean(version))]]);
        }
    }
    // "2.5 through 3.11", "between 1.0 and 2.0"; but "A10 and A11" are two.
    let lists_two = plain.contains(" and ") && !plain.starts_with("between");
    if !lists_two
        && let Some([from, to]) = captures(&BETWEEN, plain).as_deref()
        && !glued_dash(plain, from, to)
    {
        return Some(vec![vec![Test::AtLeast(clean(from)), Test::AtMost(clean(to))]]);
    }
    if let Some([one]) = captures(&ONE, plain).as_deref() {
        // "M-Q": revisions from one letter to another.
        return Some(vec![vec![Test::Exactly(clean(one))]]);
    }
    list(plain)
}

/// "2018-1" is one version; "2.5-3.11" and "J-M" are ranges.
fn glued_dash(text: &str, from: &str, to: &str) -> bool {
    text == format!("{from}-{to}")
        && !(from.contains('.') && to.contains('.'))
        && !(from.len() == 1 && to.len() == 1 && from.chars().all(char::is_alphabetic))
}

fn operators(text: &str) -> Option<Vec<Vec<Test>>> {
    let mut rest = text;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let found = OPERATOR.as_ref()?.captures(rest)?;
        all.push(test(found.get(1)?.as_str(), found.get(2)?.as_str().to_owned())?);
        let end = found.get(0)?.end();
        rest = rest.get(end..)?.trim_start_matches([' ', ',', '&']).trim_start();
        rest = rest.strip_prefix("and ").unwrap_or(rest);
        // "<= 8.1.8 or lower": said twice.
        if ["or lower", "or earlier", "and prior", "and earlier", "and below", "or prior"].contains(&rest) {
            rest = "";
        }
    }
    (!all.is_empty()).then(|| vec![all])
}

/// "1.0, 1.1 and 1.2", "1.3.2 1.4.0 1.4.1".
fn list(text: &str) -> Option<Vec<Vec<Test>>> {
    let mut all = Vec::new();
    let comma = text
        .split(',')
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" or "))
        .flat_map(|part| part.split(" & "));
    let parts: Vec<&str> = comma.map(str::trim).filter(|part| !part.is_empty()).collect();
    let parts: Vec<&str> = if parts.len() == 1 { text.split_whitespace().collect() } else { parts };
    if parts.len() < 2 {
        return None;
    }
    for part in parts {
        let part = part.trim_start_matches("and ").trim_start_matches("or ");
        if let Some([one]) = captures(&ONE, part).as_deref() {
            all.push(vec![Test::Exactly(clean(one))]);
        } else {
            all.extend(segment_of_list(part)?);
        }
    }
    Some(all)
}

fn segment_of_list(part: &str) -> Option<Vec<Vec<Test>>> {
    // Only what is shorter is read again, so this ends.
    (part.contains(' ') || part.starts_with(['<', '>', '='])).then(|| segment(part))?
}

/// Without "version" before and points behind.
fn clean(version: &str) -> String {
    let version = version.trim().trim_end_matches(['.', ',']);
    for prefix in ["version ", "ver. ", "ver ", "v. ", "rev ", "rev. "] {
        if let Some(rest) = version.strip_prefix(prefix) {
            return rest.trim().to_owned();
        }
    }
    version.to_owned()
}

fn is_revision(text: &str) -> bool {
    !text.contains('.') && text.starts_with(|c: char| c.is_alphabetic())
}

/// Four digits or more without a point, with few letters: "A51200", "7100", "mmt-1711".
fn is_model_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4
        && !text.contains('.')
        && !text.contains('/')
        // "012U000040" is a version.
        && !text.starts_with('0')
        && text.bytes().filter(u8::is_ascii_alphabetic).count() <= 4
}

/// Names of models in words: the words that have a digit, else the whole.
fn names_in(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text
        .split([' ', '/', ','])
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.bytes().filter(u8::is_ascii_digit).count() >= 2 && word.len() >= 3)
        .map(str::to_owned)
        .collect();
    if names.is_empty() && text.split(' ').count() <= 4 && !text.contains("windows") {
        names.push(text.to_owned());
    }
    names
}
