//! The table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use super::TABLE;
use super::classes::{Part, classes, parts};
use super::matches::{Family, elements, services, window};
use crate::plan::digest;
use crate::ruleset::{Action, Condition, Rule, Ruleset};
use crate::space::{Addresses, v4, v6};
use crate::targets::text::{comment, name};
use crate::targets::{Artefact, Layer, Settings};

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

impl Family {
    fn all(self) -> Addresses {
        match self {
            Family::V4 => v4(),
            Family::V6 => v6(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Family::V4 => "ip",
            Family::V6 => "ip6",
        }
    }

    const fn set(self) -> &'static str {
        match self {
            Family::V4 => "ipv4_addr",
            Family::V6 => "ipv6_addr",
        }
    }

    const fn digit(self) -> char {
        match self {
            Family::V4 => '4',
            Family::V6 => '6',
        }
    }
}

/// The table as one transaction.
pub(super) fn table(ruleset: &Ruleset, settings: &Settings) -> Artefact {
    let mut writer = Writer::new(settings);
    let mut main = Vec::new();
    if settings.layer == Layer::Bridge {
        main.push("ether type arp accept".to_owned());
    }
    main.push("ct state established,related accept".to_owned());
    main.push("icmpv6 type { 130, 131, 132, 133, 134, 135, 136, 137, 143 } accept".to_owned());
    for part in parts(&ruleset.rules) {
        match part {
            Part::Plain(range) => {
                for rule in ruleset.rules.get(range).unwrap_or_default() {
                    let once =
                        settings.layer == Layer::Inet && rule.sources.is_all() && rule.destinations.is_all();
                    // What is about both families in full needs to be said once.
                    for family in FAMILIES.into_iter().take(if once { 1 } else { 2 }) {
                        main.extend(writer.lines(rule, family));
                    }
                }
            }
            Part::BySource(range) => writer.by_source(&ruleset.rules, &range, &mut main),
            Part::Ends(range) => writer.ends(&ruleset.rules, &range, &mut main),
        }
    }
    match (ruleset.default, settings.layer) {
        (Action::Accept, _) => {}
        (Action::Alert, _) => main.push("log prefix \"medward-alert default \" accept".to_owned()),
        (Action::Drop, Layer::Inet) => main.push("drop".to_owned()),
        (Action::Drop, Layer::Bridge) => main.push("ether type { ip, ip6 } drop".to_owned()),
    }
    Artefact { text: writer.finish(ruleset, &main), notes: writer.notes() }
}

struct Writer<'a> {
    settings: &'a Settings,
    counters: BTreeSet<String>,
    limits: BTreeMap<String, String>,
    /// Sets of addresses that several rules may share, with their names, and how they are told.
    names: BTreeMap<(Family, Addresses), String>,
    sets: String,
    chains: String,
    maps: usize,
    windows: bool,
}

impl<'a> Writer<'a> {
    fn new(settings: &'a Settings) -> Writer<'a> {
        Writer {
            settings,
            counters: BTreeSet::new(),
            limits: BTreeMap::new(),
            names: BTreeMap::new(),
            sets: String::new(),
            chains: String::new(),
            maps: 0,
            windows: false,
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.windows {
            let minutes = self.settings.utc_offset_minutes;
            notes.push(format!(
                "Windows are rendered for a clock {minutes} minutes before UTC: plan again when that changes."
            ));
        }
        if self.settings.layer == Layer::Bridge {
            notes.push(
                "The kernel must track connections of bridges (CONFIG_NF_CONNTRACK_BRIDGE).".to_owned(),
            );
        }
        notes
    }

    fn finish(&self, ruleset: &Ruleset, main: &[String]) -> String {
        let family = self.settings.layer.word();
        let mut text = super::removal(self.settings);
        let _ = writeln!(text, "table {family} {TABLE} {{");
        let _ = writeln!(text, "\tcomment \"medward {}\"", digest(ruleset));
        for counter in &self.counters {
            let _ = writeln!(text, "\tcounter {counter} {{\n\t}}");
        }
        for (limit, rate) in &self.limits {
            let _ = writeln!(text, "\tlimit {limit} {{\n\t\t{rate}\n\t}}");
        }
        text.push_str(&self.sets);
        text.push_str(&self.chains);
        text.push_str("\tchain forward {\n\t\ttype filter hook forward priority 0; policy accept;\n");
        for line in main {
            let _ = writeln!(text, "\t\t{line}");
        }
        text.push_str("\t}\n}\n");
        text
    }

    /// One end of a rule; nothing where it is the whole family.
    fn end(&mut self, family: Family, side: &str, addresses: &Addresses) -> Option<String> {
        let own = addresses.intersection(&family.all());
        if own == family.all() {
            return None;
        }
        let (word, key) = (family.word(), (family, own));
        if let Some(known) = self.names.get(&key) {
            return Some(format!("{word} {side} @{known}"));
        }
        let all = elements(&key.1);
        if let [one] = all.as_slice() {
            return Some(format!("{word} {side} {one}"));
        }
        let name = format!("net{}-{}", family.digit(), self.names.len() + 1);
        let _ = writeln!(
            self.sets,
            "\tset {name} {{\n\t\ttype {}\n\t\tflags interval\n\t\telements = {{ {} }}\n\t}}",
            family.set(),
            all.join(",\n\t\t\t")
        );
        let shown = format!("{word} {side} @{name}");
        self.names.insert(key, name);
        Some(shown)
    }

    /// A rule for one family; nothing where it is not about it.
    fn lines(&mut self, rule: &Rule, family: Family) -> Vec<String> {
        let own = family.all();
        if !rule.sources.meets(&own) || !rule.destinations.meets(&own) {
            return Vec::new();
        }
        let from = self.end(family, "saddr", &rule.sources);
        let to = self.end(family, "daddr", &rule.destinations);
        let unbound = from.is_none() && to.is_none();
        let both = unbound && rule.sources.is_all() && rule.destinations.is_all();
        // On a bridge a rule speaks of IP only; elsewhere there is nothing but IP.
        let spoken = match (unbound, both, self.settings.layer) {
            (true, true, Layer::Inet) => None,
            (true, _, Layer::Inet) => Some(format!("meta nfproto {}", named(family))),
            (true, _, Layer::Bridge) => Some(format!("ether type {}", family.word())),
            _ => None,
        };
        let mut after = Vec::new();
        let mut windows = vec![String::new()];
        for condition in &rule.conditions {
            match condition {
                Condition::Window(hours) => {
                    self.windows = true;
                    windows = window(*hours, self.settings.utc_offset_minutes);
                }
                Condition::Rate(rate) => {
                    let limit = name(&format!("rate-{}", rule.counter));
                    let unit = match rate.seconds {
                        1 => "second",
                        60 => "minute",
                        3_600 => "hour",
                        _ => "day",
                    };
                    let burst = rate.flows.max(1);
                    let text = format!("rate {burst}/{unit} burst {burst} packets");
                    self.limits.insert(limit.clone(), text);
                    after.push(format!("limit name \"{limit}\""));
                }
                Condition::Unread(_) => {}
            }
        }
        if let Some(until) = rule.expires {
            after.insert(0, format!("meta time < {}", until.as_seconds().max(0)));
        }
        let wide = (!both).then_some(family);
        let verdict = self.verdict(rule);
        let mut lines = Vec::new();
        for service in services(&rule.services, wide) {
            for hours in &windows {
                let ends = [spoken.as_deref(), from.as_deref(), to.as_deref()];
                // A message of ICMP tells the family by itself.
                let ends = ends.into_iter().flatten().filter(|_| !(unbound && service.starts_with("icmp")));
                let mut words: Vec<&str> = ends.collect();
                words.extend([service.as_str(), hours.as_str()].into_iter().filter(|word| !word.is_empty()));
                words.extend(after.iter().map(String::as_str));
                words.push(&verdict);
                lines.push(words.join(" "));
            }
        }
        lines
    }

    fn verdict(&mut self, rule: &Rule) -> String {
        let counter = name(&rule.counter);
        let what = match rule.action {
            Action::Accept => "accept".to_owned(),
            Action::Drop => "drop".to_owned(),
            Action::Alert => format!("log prefix \"medward-alert {counter} \" accept"),
        };
        let label = comment(&rule.label);
        let verdict = format!("counter name \"{counter}\" {what} comment \"{label}\"");
        self.counters.insert(counter);
        verdict
    }

    /// Rules by the address of who opens.
    fn by_source(&mut self, rules: &[Rule], range: &Range<usize>, main: &mut Vec<String>) {
        for family in FAMILIES {
            let mut rows = Vec::new();
            for (addresses, numbers) in classes(rules, range, &family.all()) {
                let mut lines = Vec::new();
                for rule in numbers.iter().filter_map(|number| rules.get(*number)) {
                    // The look-up has seen to the source.
                    let rest = Rule { sources: Addresses::all(), ..rule.clone() };
                    lines.extend(self.lines(&rest, family));
                }
                if lines.is_empty() {
                    continue;
                }
                self.maps += 1;
                let chain = format!("from{}-{}", family.digit(), self.maps);
                self.chain(&chain, &lines);
                rows.extend(elements(&addresses).into_iter().map(|range| format!("{range} : jump {chain}")));
            }
            self.look_up(family, "saddr", "by-source", &rows, main);
        }
    }

    /// Rules about one end each that all do the same.
    fn ends(&mut self, rules: &[Rule], range: &Range<usize>, main: &mut Vec<String>) {
        let mut chains: BTreeMap<usize, String> = BTreeMap::new();
        for family in FAMILIES {
            for (side, stem) in [("daddr", "closed-in"), ("saddr", "closed-out")] {
                let mut taken = Addresses::empty();
                let mut rows = Vec::new();
                for at in range.clone() {
                    let Some(rule) = rules.get(at) else { continue };
                    if rule.sources.is_all() != (side == "daddr") {
                        continue;
                    }
                    let own = if side == "daddr" { &rule.destinations } else { &rule.sources };
                    let own = own.intersection(&family.all());
                    let left = own.difference(&taken);
                    if left.is_empty() {
                        continue;
                    }
                    taken = taken.union(&own);
                    let chain = match chains.get(&at) {
                        Some(chain) => chain.clone(),
                        None => {
                            let chain = format!("do-{}", at + 1);
                            let verdict = self.verdict(rule);
                            self.chain(&chain, &[verdict]);
                            chains.insert(at, chain.clone());
                            chain
                        }
                    };
                    let all = elements(&left);
                    rows.extend(all.into_iter().map(|range| format!("{range} : jump {chain}")));
                }
                self.look_up(family, side, stem, &rows, main);
            }
        }
    }

    fn chain(&mut self, name: &str, lines: &[String]) {
        let _ = writeln!(self.chains, "\tchain {name} {{");
        for line in lines {
            let _ = writeln!(self.chains, "\t\t{line}");
        }
        self.chains.push_str("\t}\n");
    }

    fn look_up(&mut self, family: Family, side: &str, stem: &str, rows: &[String], main: &mut Vec<String>) {
        if rows.is_empty() {
            return;
        }
        self.maps += 1;
        let map = format!("{stem}{}-{}", family.digit(), self.maps);
        let _ = writeln!(
            self.sets,
            "\tmap {map} {{\n\t\ttype {} : verdict\n\t\tflags interval\n\t\telements = {{ {} }}\n\t}}",
            family.set(),
            rows.join(",\n\t\t\t")
        );
        main.push(format!("{} {side} vmap @{map}", family.word()));
    }
}

const fn named(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}
