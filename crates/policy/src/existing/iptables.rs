//! `iptables-save` and `ip6tables-save`.

use std::collections::BTreeMap;

use super::flatten::{Chain, Flattener, Line, Outcome};
use super::matches::{Match, addresses, icmp, keyed, ports, takes_ports};
use super::{LONGEST, ReadError};
use crate::ruleset::{Action, Ruleset};
use crate::space::{Addresses, ICMP, ICMPV6, Services, TCP, any_service, protocol, protocol_number, v4, v6};

/// Which of the two programs wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `iptables-save`
    V4,
    /// `ip6tables-save`
    V6,
}

/// Reads the table `filter`: one rule set for each of its built-in chains.
pub fn iptables(text: &str, family: Family) -> Result<Vec<Ruleset>, ReadError> {
    if text.len() > LONGEST {
        return Err(ReadError::TooLong);
    }
    let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
    let mut bases = Vec::new();
    let mut in_filter = false;
    for (number, line) in (1_u32..).zip(text.lines().map(str::trim)) {
        if let Some(table) = line.strip_prefix('*') {
            in_filter = table == "filter";
        } else if in_filter && let Some(declared) = line.strip_prefix(':') {
            let mut words = declared.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            match words.next() {
                Some("ACCEPT") => bases.push((name.clone(), Action::Accept)),
                Some("DROP") => bases.push((name.clone(), Action::Drop)),
                _ => {}
            }
            chains.entry(name).or_default();
        } else if in_filter && line.starts_with("-A ") {
            let words = words(line);
            if let Some(chain) = words.get(1) {
                let branch = rule(words.get(2..).unwrap_or_default(), family);
                let branches = branch.into_iter().collect();
                let line = Line { number, text: line.to_owned(), branches };
                chains.entry(chain.clone()).or_default().lines.push(line);
            }
        }
    }
    if bases.is_empty() {
        return Err(ReadError::Nothing("table 'filter' of iptables"));
    }
    let own = if family == Family::V4 { v4() } else { v6() };
    let read = bases.iter().map(|(name, policy)| {
        Flattener::new(&chains).ruleset(name, name, Match::family(&own), *policy, true)
    });
    Ok(read.collect())
}

/// Words; text in double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            '\\' if quoted => word.extend(chars.next()),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// What one rule says; `None` where it speaks of open flows only.
fn rule(words: &[String], family: Family) -> Option<(Match, Outcome)> {
    let icmp_number = if family == Family::V4 { ICMP } else { ICMPV6 };
    let mut all = Match::all();
    let mut number = None;
    let mut outcome = Outcome::Continue;
    let mut negated = false;
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        let not = std::mem::take(&mut negated);
        let flag = |read: Option<Match>, value: &str| {
            let sign = if not { "! " } else { "" };
            read.unwrap_or_else(|| Match::unread(format!("{sign}{word} {value}")))
        };
        let place = |value: &str, split: bool| {
            let parts: Vec<&str> = if split { value.split(',').collect() } else { vec![value] };
            let sum =
                parts.iter().try_fold(Addresses::empty(), |sum, part| Some(sum.union(&addresses(part)?)));
            sum.map(|sum| if not { sum.complement() } else { sum })
        };
        let service = |sum: Option<Services>, whole: Services| {
            sum.map(|sum| Match::services(if not { whole.difference(&sum) } else { sum }))
        };
        match word {
            "-s" | "--source" | "--src-range" => {
                let value = words.next().unwrap_or_default();
                all = all.and(&flag(place(value, true).map(Match::sources), value));
            }
            "-d" | "--destination" | "--dst-range" => {
                let value = words.next().unwrap_or_default();
                all = all.and(&flag(place(value, true).map(Match::destinations), value));
            }
            "-p" | "--protocol" => {
                let value = words.next().unwrap_or_default();
                number = if not { None } else { protocol_number(value) };
                let sum = if matches!(value, "all" | "0") {
                    Some(any_service())
                } else {
                    protocol_number(value).map(protocol)
                };
                all = all.and(&flag(service(sum, any_service()), value));
            }
            "--dport" | "--dports" | "--destination-port" | "--destination-ports" => {
                let value = words.next().unwrap_or_default();
                let read = number.filter(|number| takes_ports(*number)).and_then(|number| {
                    let sum = value
                        .split(',')
                        .try_fold(Services::empty(), |sum, part| Some(sum.union(&ports(number, part)?)));
                    service(sum, protocol(number))
                });
                all = all.and(&flag(read, value));
            }
            "--icmp-type" | "--icmpv6-type" => {
                let value = words.next().unwrap_or_default();
                let sum = if value == "any" { Some(protocol(icmp_number)) } else { icmp(icmp_number, value) };
                all = all.and(&flag(service(sum, protocol(icmp_number)), value));
            }
            "--ctstate" | "--state" => {
                let value = words.next().unwrap_or_default();
                let states: Vec<String> = value.split(',').map(str::to_owned).collect();
                keyed("ct state", &states, not)?;
            }
            // The first packet of a TCP flow is one.
            "--syn" => {
                if not {
                    return None;
                }
                all = all.and(&Match::services(protocol(TCP)));
            }
            "-m" | "--match" => {
                let module = words.next().unwrap_or_default();
                let plain = [
                    "tcp",
                    "udp",
                    "sctp",
                    "icmp",
                    "icmp6",
                    "multiport",
                    "conntrack",
                    "state",
                    "comment",
                    "iprange",
                ];
                if !plain.contains(&module) {
                    let mut text = format!("-m {module}");
                    while let Some(next) =
                        words.peek().copied().filter(|next| !matches!(*next, "-j" | "-g" | "-m"))
                    {
                        text.push(' ');
                        text.push_str(next);
                        words.next();
                    }
                    all = all.and(&Match::unread(text));
                }
            }
            "--comment" => {
                words.next();
            }
            "-j" | "--jump" => {
                outcome = match words.next().unwrap_or_default() {
                    "ACCEPT" => Outcome::Decide(Action::Accept),
                    "DROP" | "REJECT" => Outcome::Decide(Action::Drop),
                    "RETURN" => Outcome::Return,
                    "LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "TRACE" | "CT" | "TCPMSS" | "AUDIT" => {
                        Outcome::Continue
                    }
                    target @ ("QUEUE" | "NFQUEUE" | "TPROXY" | "SYNPROXY" | "SET") => {
                        Outcome::Unknown(format!("-j {target}"))
                    }
                    chain => Outcome::Jump(chain.to_owned()),
                };
                // The rest are the target's own options.
                break;
            }
            "-g" | "--goto" => {
                outcome = Outcome::Goto(words.next().unwrap_or_default().to_owned());
                break;
            }
            other => {
                let value = words.next_if(|next| !next.starts_with('-') && *next != "!").unwrap_or_default();
                let sign = if not { "! " } else { "" };
                all = all.and(&Match::unread(format!("{sign}{other} {value}").trim_end().to_owned()));
            }
        }
    }
    Some((all, outcome))
}
