//! Cisco IOS extended access lists: `access-list 101 …`, `ip access-list extended NAME`, `ipv6 access-list NAME`, with object
//! groups.
//!
//! A list keeps no state: it is asked of every packet. What it says of packets that open flows is read here; an entry with
//! `established` matches none of these, and answers of what the list lets in the other way are a question of their own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::flatten::{Chain, Flattener, Line, Outcome};
use super::matches::{Match, addresses, icmp, mask_length, port, takes_ports};
use super::{LONGEST, ReadError};
use crate::ruleset::{Action, Note, Ruleset};
use crate::space::{
    Addresses, ICMP, ICMPV6, Services, TCP, UDP, any_service, network, place, port_range, protocol,
    protocol_number, single, v4, v6,
};

/// Most networks that a wildcard with gaps is written out as.
const WRITTEN_OUT: u32 = 10;

#[derive(Default)]
struct Groups {
    networks: BTreeMap<String, Addresses>,
    services: BTreeMap<String, Services>,
    /// Groups that were not understood in full.
    partly: BTreeMap<String, String>,
}

/// Which block the lines stand in.
enum Block {
    None,
    List(String),
    Networks(String),
    Services(String),
}

/// Reads a configuration: one rule set for each extended access list, in order of names.
pub fn cisco(text: &str) -> Result<Vec<Ruleset>, ReadError> {
    if text.len() > LONGEST {
        return Err(ReadError::TooLong);
    }
    let groups = groups(text);
    let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
    let mut families: BTreeMap<String, Addresses> = BTreeMap::new();
    let mut silent: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut block = Block::None;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, entry): (String, &[&str]) = match words.as_slice() {
            ["ip", "access-list", "extended", name, ..] | ["ipv6", "access-list", name, ..] => {
                let family = if words.first() == Some(&"ip") { v4() } else { v6() };
                families.insert((*name).to_owned(), family);
                chains.entry((*name).to_owned()).or_default();
                block = Block::List((*name).to_owned());
                continue;
            }
            ["access-list", name, entry @ ..]
                if matches!(name.parse::<u32>(), Ok(100..=199 | 2000..=2699)) =>
            {
                families.entry((*name).to_owned()).or_insert_with(v4);
                ((*name).to_owned(), entry)
            }
            ["object-group", kind, name, ..] if !line.starts_with(' ') => {
                block = group_block(kind, name);
                continue;
            }
            entry => match &block {
                Block::List(name) if line.starts_with(char::is_whitespace) => (name.clone(), entry),
                _ => {
                    block = Block::None;
                    continue;
                }
            },
        };
        let entry = match entry {
            ["sequence", _, rest @ ..] => rest,
            [first, rest @ ..] if first.bytes().all(|b| b.is_ascii_digit()) => rest,
            entry => entry,
        };
        let action = match entry.first() {
            Some(&"permit") => Action::Accept,
            Some(&"deny") => Action::Drop,
            _ => continue,
        };
        let family = families.get(&name).cloned().unwrap_or_else(v4);
        match Entry::read(entry.get(1..).unwrap_or_default(), &family, &groups) {
            Some(matches) => {
                let branches =
                    matches.into_iter().map(|matched| (matched, Outcome::Decide(action))).collect();
                let line = Line { number, text: line.trim().to_owned(), branches };
                chains.entry(name).or_default().lines.push(line);
            }
            None => silent.entry(name).or_default().push(number),
        }
    }
    if chains.is_empty() {
        return Err(ReadError::Nothing("extended access list"));
    }
    let read = chains.keys().map(|name| {
        let entry = Match::family(&families.get(name).cloned().unwrap_or_else(v4));
        let mut read = Flattener::new(&chains).ruleset(name, name, entry, Action::Drop, false);
        read.notes.extend(silent.get(name).into_iter().flatten().map(|line| Note {
            line: *line,
            text: "established: matches no packet that opens a flow".to_owned(),
            widens: false,
        }));
        read
    });
    Ok(read.collect())
}

fn group_block(kind: &str, name: &str) -> Block {
    match kind {
        "network" | "v6-network" => Block::Networks(name.to_owned()),
        "service" | "v6-service" => Block::Services(name.to_owned()),
        _ => Block::None,
    }
}

fn groups(text: &str) -> Groups {
    let mut groups = Groups::default();
    let mut block = Block::None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !line.starts_with(char::is_whitespace) {
            block = match words.as_slice() {
                ["object-group", kind, name, ..] => group_block(kind, name),
                _ => Block::None,
            };
            match &block {
                Block::Networks(name) => drop(groups.networks.entry(name.clone()).or_default()),
                Block::Services(name) => drop(groups.services.entry(name.clone()).or_default()),
                _ => {}
            }
            continue;
        }
        if matches!(words.first(), None | Some(&"description" | &"!")) {
            continue;
        }
        let (name, read) = match &block {
            Block::Networks(name) => {
                let set = match words.as_slice() {
                    ["group-object", other] => groups.networks.get(*other).cloned(),
                    ["host", address] => addresses(address),
                    ["range", first, last] => addresses(&format!("{first}-{last}")),
                    ["any"] => Some(Addresses::all()),
                    // A mask here, not a wildcard.
                    [address, mask] => addresses(&format!("{address}/{mask}")),
                    [network] => addresses(network),
                    _ => None,
                };
                let read =
                    set.map(|set| groups.networks.entry(name.clone()).or_default().clone().union(&set));
                (name, read.map(|set| drop(groups.networks.insert(name.clone(), set))))
            }
            Block::Services(name) => {
                let set = match words.as_slice() {
                    ["group-object", other] => groups.services.get(*other).cloned(),
                    words => {
                        let mut words = Words { words, at: 0 };
                        let numbers = words.protocol(&v4());
                        let read = words.ports(numbers.as_ref());
                        read.filter(|_| words.at == words.words.len())
                    }
                };
                let read =
                    set.map(|set| groups.services.entry(name.clone()).or_default().clone().union(&set));
                (name, read.map(|set| drop(groups.services.insert(name.clone(), set))))
            }
            _ => continue,
        };
        if read.is_none() {
            groups.partly.insert(name.clone(), line.trim().to_owned());
        }
    }
    groups
}

/// The words of an entry, one after the other.
struct Words<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += usize::from(word.is_some());
        word
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    /// The protocols: one, or TCP and UDP.
    fn protocol(&mut self, family: &Addresses) -> Option<Vec<u8>> {
        match self.next()? {
            "ip" | "ipv6" => Some(Vec::new()),
            "tcp-udp" => Some(vec![TCP, UDP]),
            "icmp" if *family == v6() => Some(vec![ICMPV6]),
            name => protocol_number(name).map(|number| vec![number]),
        }
    }

    /// The ports of protocols, or all of these.
    fn ports(&mut self, numbers: Option<&Vec<u8>>) -> Option<Services> {
        let numbers = numbers?;
        if numbers.is_empty() {
            return Some(any_service());
        }
        let each = |read: &dyn Fn(u8) -> Services| {
            numbers.iter().fold(Services::empty(), |sum, number| sum.union(&read(*number)))
        };
        let whole = each(&protocol);
        let numbered = numbers.iter().all(|number| takes_ports(*number));
        match self.peek() {
            Some(operator @ ("eq" | "neq")) if numbered => {
                self.next();
                let mut sum = Services::empty();
                while let Some(one) = self.peek().and_then(port) {
                    self.next();
                    sum = sum.union(&each(&|number| port_range(number, one, one)));
                }
                (!sum.is_empty()).then(|| if operator == "eq" { sum } else { whole.difference(&sum) })
            }
            Some(operator @ ("gt" | "lt")) if numbered => {
                self.next();
                let one = self.next().and_then(port)?;
                let (first, last) = if operator == "gt" {
                    (one.checked_add(1), Some(u16::MAX))
                } else {
                    (Some(0), one.checked_sub(1))
                };
                let (Some(first), Some(last)) = (first, last) else { return Some(Services::empty()) };
                Some(each(&|number| port_range(number, first, last)))
            }
            Some("range") if numbered => {
                self.next();
                let (first, last) = (self.next().and_then(port)?, self.next().and_then(port)?);
                Some(each(&|number| port_range(number, first, last)))
            }
            _ => Some(whole),
        }
    }
}

struct Entry;

impl Entry {
    /// What an entry matches; `None` where that is no packet that opens a flow.
    fn read(words: &[&str], family: &Addresses, groups: &Groups) -> Option<Vec<Match>> {
        let mut words = Words { words, at: 0 };
        let mut all = Match::family(family);
        let mut numbers = Some(Vec::new());
        if words.peek() == Some("object-group") {
            words.next();
            let name = words.next().unwrap_or("");
            all = all.and(&named(
                name,
                groups.services.get(name).map(|set| Match::services(set.clone())),
                groups,
            ));
        } else {
            let name = words.peek().unwrap_or("").to_owned();
            numbers = words.protocol(family);
            match &numbers {
                Some(read) if !read.is_empty() => {
                    let set =
                        read.iter().fold(Services::empty(), |sum, number| sum.union(&protocol(*number)));
                    all = all.and(&Match::services(set));
                }
                Some(_) => {}
                None => all = all.and(&Match::unread(format!("the protocol {name}"))),
            }
        }
        let from = side(&mut words, groups, &Match::sources);
        all = all.and(&from);
        if matches!(words.peek(), Some("eq" | "neq" | "gt" | "lt" | "range")) {
            // A port of the one that opens.
            let start = words.at;
            let read = words.ports(numbers.as_ref());
            let text = words.words.get(start..words.at).unwrap_or_default().join(" ");
            if read.is_none_or(|set| {
                numbers.as_ref().is_none_or(|all| !all.iter().all(|number| protocol(*number).is_within(&set)))
            }) {
                all = all.and(&Match::unread(format!("source port {text}")));
            }
        }
        let to = side(&mut words, groups, &Match::destinations);
        all = all.and(&to);
        if matches!(words.peek(), Some("eq" | "neq" | "gt" | "lt" | "range")) {
            let start = words.at;
            match words.ports(numbers.as_ref()) {
                Some(set) => all = all.and(&Match::services(set)),
                None => {
                    let text = words.words.get(start..).unwrap_or_default().join(" ");
                    words.at = words.words.len();
                    all = all.and(&Match::unread(text));
                }
            }
        }
        let ping = numbers.as_deref().and_then(|numbers| match numbers {
            [number @ (ICMP | ICMPV6)] => Some(*number),
            _ => None,
        });
        while let Some(word) = words.next() {
            match (word, ping) {
                ("established", _) => return None,
                ("log" | "log-input", _) => {}
                // It opens the way back for answers.
                ("reflect", _) => {
                    words.next();
                    if words.peek() == Some("timeout") {
                        words.next();
                        words.next();
                    }
                }
                (kind, Some(number)) if icmp(number, kind).is_some() => {
                    let code =
                        words.peek().filter(|next| next.parse::<u8>().is_ok() && kind.parse::<u8>().is_ok());
                    let text = match code {
                        Some(code) => {
                            words.next();
                            format!("{kind}/{code}")
                        }
                        None => kind.to_owned(),
                    };
                    all = all.and(&icmp(number, &text).map_or_else(|| Match::unread(text), Match::services));
                }
                (other, _) => {
                    let rest = words.words.get(words.at..).unwrap_or_default();
                    let closing = rest.contains(&"established");
                    if closing {
                        return None;
                    }
                    let text = [&[other], rest].concat().join(" ");
                    words.at = words.words.len();
                    all = all.and(&Match::unread(text));
                }
            }
        }
        Some(vec![all])
    }
}

fn named(name: &str, set: Option<Match>, groups: &Groups) -> Match {
    match (set, groups.partly.get(name)) {
        (Some(set), None) => set,
        // What was understood of it may not be all: nothing can be said of what is not in it.
        (_, Some(line)) => Match::unread(format!("object-group {name}: {line}")),
        (None, None) => Match::unread(format!("object-group {name} is not there")),
    }
}

/// One side of an entry.
fn side(words: &mut Words<'_>, groups: &Groups, on: &dyn Fn(Addresses) -> Match) -> Match {
    match words.next() {
        Some("any" | "any4" | "any6") => Match::all(),
        Some("host") => {
            let text = words.next().unwrap_or("");
            text.parse::<IpAddr>().map_or_else(|_| Match::unread(format!("host {text}")), |ip| on(single(ip)))
        }
        Some("object-group" | "addrgroup") => {
            let name = words.next().unwrap_or("");
            named(name, groups.networks.get(name).map(|set| on(set.clone())), groups)
        }
        Some(text) if text.contains('/') => {
            addresses(text).map_or_else(|| Match::unread(text.to_owned()), on)
        }
        Some(text) => {
            let mask = words.next().unwrap_or("");
            let read = text.parse::<Ipv4Addr>().ok().zip(mask.parse::<Ipv4Addr>().ok());
            read.and_then(|(address, wildcard)| wildcarded(address, wildcard))
                .map_or_else(|| Match::unread(format!("{text} {mask}")), on)
        }
        None => Match::unread("an end that is missing"),
    }
}

/// The addresses that differ from one only in the bits of a wildcard; `None` where these stand too scattered.
fn wildcarded(address: Ipv4Addr, wildcard: Ipv4Addr) -> Option<Addresses> {
    let free = wildcard.to_bits();
    if let Some(length) = mask_length(!free) {
        return Some(network(IpAddr::V4(address), length));
    }
    let low = free.trailing_ones();
    let high = free & !((1_u32 << low) - 1);
    let bits: Vec<u32> = (0..32).map(|at| 1_u32 << at).filter(|bit| high & bit != 0).collect();
    if bits.len() > WRITTEN_OUT as usize {
        return None;
    }
    let base = address.to_bits() & !free;
    let width = (1_u32 << low) - 1;
    let spread = (0..1_u32 << bits.len()).map(|pick| {
        let set =
            bits.iter().enumerate().filter(|(at, _)| pick & (1 << at) != 0).map(|(_, bit)| bit).sum::<u32>();
        let first = Ipv4Addr::from_bits(base | set);
        let last = Ipv4Addr::from_bits(base | set | width);
        (place(first.into()), place(last.into()))
    });
    Some(Addresses::joined(spread))
}
