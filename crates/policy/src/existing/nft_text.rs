//! `nft list ruleset` (nft(8)).

use std::iter::Peekable;
use std::vec::IntoIter;

use super::flatten::{Line, Outcome};
use super::nft::{Base, Element, RuleBuilder, Tables, compared, full, verdict};
use super::{LONGEST, ReadError};
use crate::ruleset::{Action, Ruleset};

/// A word with its line; the end of a line is a word as well.
type Word = (u32, String);
type Words = Peekable<IntoIter<Word>>;

/// Rules whose sets may stand further below: table, chain, words.
type Waiting = (String, String, String, Vec<Word>);

/// Reads it: one rule set for each base chain that filters.
pub fn nft_text(text: &str) -> Result<Vec<Ruleset>, ReadError> {
    if text.len() > LONGEST {
        return Err(ReadError::TooLong);
    }
    let mut words = split(text).into_iter().peekable();
    let mut tables = Tables::default();
    let mut waiting = Vec::new();
    while let Some((_, word)) = words.next() {
        if word == "table" {
            let family = next(&mut words);
            let name = next(&mut words);
            if next(&mut words) == "{" {
                table(&mut words, &family, &name, &mut tables, &mut waiting);
            }
        }
    }
    for (family, table, chain, words) in waiting {
        let number = words.first().map_or(0, |(line, _)| *line);
        let text = words.iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ");
        let branches = rule(words, &tables, &family, &table);
        tables.chains.entry(full(&family, &table, &chain)).or_default().lines.push(Line {
            number,
            text,
            branches,
        });
    }
    tables.rulesets()
}

fn split(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                c if c.is_whitespace() => {}
                '#' => break,
                '{' | '}' | ',' | ';' => words.push((number, c.to_string())),
                '"' => {
                    let mut word = String::new();
                    for c in chars.by_ref().take_while(|c| *c != '"') {
                        word.push(c);
                    }
                    words.push((number, word));
                }
                c => {
                    let mut word = c.to_string();
                    while let Some(c) =
                        chars.next_if(|c| !c.is_whitespace() && !matches!(c, '{' | '}' | ',' | ';' | '"'))
                    {
                        word.push(c);
                    }
                    words.push((number, word));
                }
            }
        }
        words.push((number, "\n".to_owned()));
    }
    words
}

fn next(words: &mut Words) -> String {
    words.next().map(|(_, word)| word).unwrap_or_default()
}

/// The words up to the brace that closes what was opened.
fn block(words: &mut Words) -> Vec<Word> {
    let mut inside = Vec::new();
    let mut depth = 1_usize;
    for (line, word) in words.by_ref() {
        match word.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        inside.push((line, word));
    }
    inside
}

fn table(words: &mut Words, family: &str, name: &str, tables: &mut Tables, waiting: &mut Vec<Waiting>) {
    while let Some((_, word)) = words.next() {
        match word.as_str() {
            "}" => return,
            "set" | "map" => {
                let set = next(words);
                next(words);
                elements(block(words), &full(family, name, &set), family, name, tables);
            }
            "chain" => {
                let chain = next(words);
                next(words);
                chain_lines(block(words), family, name, &chain, tables, waiting);
            }
            // Flow tables, named counters and the like.
            "{" => {
                block(words);
            }
            _ => {}
        }
    }
}

fn elements(words: Vec<Word>, key: &str, family: &str, table: &str, tables: &mut Tables) {
    let (mut sets, mut maps) = (Vec::new(), Vec::new());
    let mut words = words.into_iter().peekable();
    while let Some((_, word)) = words.next() {
        if word == "elements" && next(&mut words) == "=" && next(&mut words) == "{" {
            for entry in entries(block(&mut words)) {
                let (value, what) = row(&entry, family, table);
                maps.extend(what.map(|what| (value.clone(), what)));
                sets.push(value);
            }
        }
    }
    tables.sets.insert(key.to_owned(), sets);
    tables.maps.insert(key.to_owned(), maps);
}

/// What stands between commas.
fn entries(words: Vec<Word>) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for (_, word) in words {
        match word.as_str() {
            "," => all.push(Vec::new()),
            "\n" => {}
            _ => all.last_mut().into_iter().for_each(|entry| entry.push(word.clone())),
        }
    }
    all.retain(|entry| !entry.is_empty());
    all
}

/// `value [. value]… [: verdict [chain]]`, without what is said of time and counters.
fn row(entry: &[String], family: &str, table: &str) -> (Element, Option<Outcome>) {
    let end = entry.iter().position(|word| word == ":").unwrap_or(entry.len());
    let (left, right) = entry.split_at_checked(end).unwrap_or((entry, &[]));
    let said = ["timeout", "expires", "counter", "comment"];
    let value =
        left.iter().take_while(|word| !said.contains(&word.as_str())).filter(|word| *word != ".").cloned();
    let what = match right {
        [_, word, rest @ ..] => Some(
            verdict(word, rest.first().map(String::as_str), family, table)
                .unwrap_or_else(|| Outcome::Unknown(word.clone())),
        ),
        _ => None,
    };
    (value.collect(), what)
}

fn chain_lines(
    words: Vec<Word>,
    family: &str,
    table: &str,
    chain: &str,
    tables: &mut Tables,
    waiting: &mut Vec<Waiting>,
) {
    let key = full(family, table, chain);
    tables.chains.entry(key.clone()).or_default();
    let mut line: Vec<Word> = Vec::new();
    let mut depth = 0_usize;
    let end = (0, "\n".to_owned());
    for (number, word) in words.into_iter().chain([end]) {
        match word.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "\n" if depth > 0 => continue,
            "\n" => {
                let whole = std::mem::take(&mut line);
                match whole.first().map(|(_, word)| word.as_str()) {
                    None => {}
                    Some("type") => base(&whole, &key, family, tables),
                    Some("policy" | "comment") => {}
                    Some(_) => waiting.push((family.to_owned(), table.to_owned(), chain.to_owned(), whole)),
                }
                continue;
            }
            _ => {}
        }
        line.push((number, word));
    }
}

/// `type filter hook forward priority filter; policy drop;`
fn base(words: &[Word], chain: &str, family: &str, tables: &mut Tables) {
    let after = |name: &str| {
        let at = words.iter().position(|(_, word)| word == name)?;
        words.get(at + 1).map(|(_, word)| word.as_str())
    };
    let hook = after("hook").unwrap_or("").to_owned();
    if after("type") != Some("filter") {
        tables.others.push((chain.to_owned(), hook));
        return;
    }
    let policy = if after("policy") == Some("drop") { Action::Drop } else { Action::Accept };
    tables.bases.push(Base { chain: chain.to_owned(), family: family.to_owned(), hook, policy });
}

const VERDICTS: [&str; 7] = ["accept", "drop", "reject", "return", "continue", "jump", "goto"];

fn rule(
    words: Vec<Word>,
    tables: &Tables,
    family: &str,
    table: &str,
) -> Vec<(super::matches::Match, Outcome)> {
    let mut words = words.into_iter().peekable();
    let mut rule = RuleBuilder::new();
    while let Some((_, word)) = words.next() {
        match word.as_str() {
            "accept" | "drop" | "return" | "continue" => {
                verdict(&word, None, family, table).iter().for_each(|outcome| rule.outcome(outcome));
            }
            "reject" => {
                rule.outcome(&Outcome::Decide(Action::Drop));
                break;
            }
            "jump" | "goto" => {
                let chain = next(&mut words);
                verdict(&word, Some(&chain), family, table).iter().for_each(|outcome| rule.outcome(outcome));
            }
            "counter" => {
                if words.next_if(|(_, next)| next == "packets").is_some() {
                    (0..3).for_each(|_| drop(words.next()));
                } else if words.next_if(|(_, next)| next == "name").is_some() {
                    words.next();
                }
            }
            "log" => {
                let options = ["prefix", "level", "flags", "group", "snaplen", "queue-threshold"];
                while words.next_if(|(_, next)| options.contains(&next.as_str())).is_some() {
                    words.next();
                }
            }
            "comment" => {
                words.next();
            }
            "notrack" | ";" => {}
            "queue" | "snat" | "dnat" | "masquerade" | "redirect" | "tproxy" | "synproxy" | "dup" | "fwd" => {
                rule.outcome(&Outcome::Unknown(word.clone()));
                break;
            }
            _ => part(word, &mut words, tables, family, table, &mut rule),
        }
    }
    rule.finish()
}

const TWO_WORDS: [&str; 13] =
    ["ip", "ip6", "tcp", "udp", "sctp", "dccp", "udplite", "th", "icmp", "icmpv6", "meta", "ct", "ether"];

/// One key, or several with `.` between them, and what must stand there.
fn part(
    first: String,
    words: &mut Words,
    tables: &Tables,
    family: &str,
    table: &str,
    rule: &mut RuleBuilder,
) {
    let mut keys = Vec::new();
    let mut word = first;
    loop {
        let two = TWO_WORDS.contains(&word.as_str());
        keys.push(if two { format!("{word} {}", next(words)) } else { word });
        if words.next_if(|(_, next)| next == ".").is_none() {
            break;
        }
        word = next(words);
    }
    let known = ["iif", "oif", "iifname", "oifname", "mark", "iifgroup", "oifgroup", "l4proto", "nfproto"];
    let single = keys.iter().find(|key| !key.contains(' ') && !known.contains(&key.as_str()));
    if let Some(key) = single {
        let mut text = key.clone();
        while let Some((_, word)) =
            words.next_if(|(_, word)| !VERDICTS.contains(&word.as_str()) && word != "counter")
        {
            text.push(' ');
            text.push_str(&word);
        }
        return rule.statement(text);
    }
    let operator = words
        .next_if(|(_, word)| {
            matches!(word.as_str(), "==" | "!=" | "<" | ">" | "<=" | ">=" | "vmap" | "set" | "&" | "and")
        })
        .map(|(_, word)| word)
        .unwrap_or_default();
    let (elements, rows, named) = value(words, family, table);
    match (operator.as_str(), named) {
        // Marks and the like are set.
        ("set", _) => {}
        ("vmap", Some(name)) => match tables.maps.get(&full(family, table, &name)) {
            Some(rows) => rule.verdicts(&keys, rows),
            None => rule.outcome(&Outcome::Unknown(format!("vmap @{name}"))),
        },
        ("vmap", None) => rule.verdicts(&keys, &rows),
        (operator @ ("<" | ">" | "<=" | ">="), _) => {
            let value = elements.first().and_then(|element| element.first()).map_or("", String::as_str);
            match compared(operator, value) {
                Some(range) => rule.matched(&keys, &[vec![range]], false),
                None => rule.unread(format!("{} {operator} {value}", keys.join(" . "))),
            }
        }
        ("&" | "and", _) => {
            while words.next_if(|(_, word)| !VERDICTS.contains(&word.as_str()) && word != "counter").is_some()
            {
            }
            rule.unread(format!("bits of {}", keys.join(" . ")));
        }
        (operator, Some(name)) => match tables.sets.get(&full(family, table, &name)) {
            Some(set) => rule.matched(&keys, set, operator == "!="),
            None => rule.unread(format!("{} @{name}", keys.join(" . "))),
        },
        (operator, None) => rule.matched(&keys, &elements, operator == "!="),
    }
}

/// What stands on the right: a set in braces, `@name`, or words with commas between them.
fn value(
    words: &mut Words,
    family: &str,
    table: &str,
) -> (Vec<Element>, Vec<(Element, Outcome)>, Option<String>) {
    let first = next(words);
    if let Some(name) = first.strip_prefix('@') {
        return (Vec::new(), Vec::new(), Some(name.to_owned()));
    }
    if first == "{" {
        let read: Vec<_> = entries(block(words)).iter().map(|entry| row(entry, family, table)).collect();
        let rows = read.iter().filter_map(|(value, what)| Some((value.clone(), what.clone()?))).collect();
        return (read.into_iter().map(|(value, _)| value).collect(), rows, None);
    }
    let mut elements = vec![vec![first]];
    loop {
        if words.next_if(|(_, word)| word == ",").is_some() {
            elements.push(vec![next(words)]);
        } else if words.next_if(|(_, word)| word == ".").is_some() {
            let more = next(words);
            elements.last_mut().into_iter().for_each(|element| element.push(more.clone()));
        } else {
            return (elements, Vec::new(), None);
        }
    }
}
