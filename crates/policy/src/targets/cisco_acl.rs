//! Cisco IOS and IOS XE: named extended access lists of IPv4 and IPv6, with object groups and time ranges.
//!
//! By the command references of IOS XE 17 (`ip access-list extended`, `ipv6 access-list`, `object-group network`,
//! `time-range`). Text to be applied by hand; it was read back with equal meaning, and **never loaded by a real device**.
//!
//! A list keeps no state. What comes nearest: TCP answers pass by `established`, and what is let in over other protocols opens
//! the way back by `reflect`, which the first entry evaluates. A list has no rate, and that is refused rather than left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::{comment, name};
use super::{Artefact, Cannot, Capabilities, Settings, Target, understood};
use crate::existing::{ReadError, cisco};
use crate::language::Window;
use crate::plan::{Step, digest};
use crate::ruleset::{Action, Condition, Rule, Ruleset};
use crate::space::{Addresses, ICMP, ICMPV6, Prefix, TCP, UDP, any_service, prefixes, v4, v6};

/// Most ports of one `eq`.
const PORTS: usize = 10;

/// Cisco IOS access lists.
pub(super) struct CiscoAcl;

impl Target for CiscoAcl {
    fn name(&self) -> &'static str {
        "cisco-acl"
    }

    fn title(&self) -> &'static str {
        "Cisco IOS extended access lists, as text"
    }

    fn specification(&self) -> &'static str {
        "Cisco IOS XE 17 command references"
    }

    fn proven(&self) -> &'static str {
        "read back with equal meaning; not loaded by a real device"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            stateful: false,
            ipv6: true,
            expiry: true,
            alert: true,
            counters: false,
            rate: false,
            windows: true,
            applied: false,
        }
    }

    fn render(&self, ruleset: &Ruleset, _: &Settings) -> Result<Artefact, Cannot> {
        understood(ruleset)?;
        let mut writer = Writer::default();
        let mut lists = String::new();
        for ipv6 in [false, true] {
            let list = if ipv6 { "ipv6 access-list MEDWARD-IPV6" } else { "ip access-list extended MEDWARD" };
            let _ =
                writeln!(lists, "no {list}\n{list}\n evaluate MEDWARD-OPEN\n permit tcp any any established");
            if ipv6 {
                for kind in (130..=137).chain([143]) {
                    let _ = writeln!(lists, " permit icmp any any {kind}");
                }
            }
            for (number, rule) in (1..).zip(&ruleset.rules) {
                writer.entries(rule, number, ipv6, &mut lists)?;
            }
            let ip = if ipv6 { "ipv6" } else { "ip" };
            let rest = match ruleset.default {
                Action::Accept => format!(" permit {ip} any any\n"),
                Action::Drop => format!(" deny {ip} any any\n"),
                Action::Alert => format!(" permit {ip} any any log\n"),
            };
            lists.push_str(&rest);
        }
        let text = format!("! medward {}\n{}{lists}", digest(ruleset), writer.head);
        let notes = vec![
            "Put the lists on the interfaces of the zones, in both directions.".to_owned(),
            "A list is taken away and written anew: between the two it lets pass what it likes. Use 'configure replace' \
             or a second list under another name where that matters."
                .to_owned(),
            "Windows are by the device's own clock.".to_owned(),
        ];
        Ok(Artefact { text, notes })
    }

    fn steps(&self, artefact: &Artefact, _: &str, _: u32) -> Vec<Step> {
        vec![Step::Show { text: artefact.text.clone() }]
    }

    fn undo(&self, _: &Settings) -> Vec<Step> {
        let text = "no ip access-list extended MEDWARD\nno ipv6 access-list MEDWARD-IPV6\n".to_owned();
        vec![Step::Show { text }]
    }

    fn read_back(&self, text: &str) -> Option<Result<Vec<Ruleset>, ReadError>> {
        Some(cisco(text))
    }
}

#[derive(Default)]
struct Writer {
    head: String,
    groups: BTreeMap<(bool, Addresses), String>,
    times: BTreeMap<(Option<Window>, Option<i64>), String>,
}

impl Writer {
    fn entries(&mut self, rule: &Rule, number: usize, ipv6: bool, out: &mut String) -> Result<(), Cannot> {
        let family = if ipv6 { v6() } else { v4() };
        if !rule.sources.meets(&family) || !rule.destinations.meets(&family) {
            return Ok(());
        }
        let lacks =
            |what| Cannot::Lacks { target: "cisco-acl", what, rule: number, label: rule.label.clone() };
        let mut window = None;
        for condition in &rule.conditions {
            match condition {
                Condition::Window(hours) => window = Some(*hours),
                Condition::Rate(_) => return Err(lacks("rate")),
                Condition::Unread(_) => {}
            }
        }
        let from = self.end(ipv6, &rule.sources.intersection(&family), &family);
        let to = self.end(ipv6, &rule.destinations.intersection(&family), &family);
        let time = self.time(window, rule.expires.map(medward_model::Timestamp::as_seconds));
        let verb = if rule.action == Action::Drop { "deny" } else { "permit" };
        let log = if rule.action == Action::Alert { " log" } else { "" };
        let _ = writeln!(out, " remark {}", comment(&rule.label));
        for (protocol, stated, what) in services(rule, ipv6).ok_or_else(|| lacks("ports of that protocol"))? {
            let reflect = if verb == "permit" && !stated { " reflect MEDWARD-OPEN" } else { "" };
            let _ = writeln!(out, " {verb} {protocol} {from} {to}{what}{reflect}{log}{time}");
        }
        Ok(())
    }

    fn end(&mut self, ipv6: bool, addresses: &Addresses, family: &Addresses) -> String {
        if addresses == family {
            return "any".to_owned();
        }
        let all = prefixes(addresses);
        if let [one] = all.as_slice() {
            return written(one, false);
        }
        let next = self.groups.len() + 1;
        let head = &mut self.head;
        let name = self.groups.entry((ipv6, addresses.clone())).or_insert_with(|| {
            let name = format!("MEDWARD-NET-{next}");
            let kind = if ipv6 { "v6-network" } else { "network" };
            let _ = writeln!(head, "object-group {kind} {name}");
            for prefix in &all {
                let _ = writeln!(head, " {}", written(prefix, true));
            }
            name
        });
        format!("object-group {name}")
    }

    fn time(&mut self, window: Option<Window>, until: Option<i64>) -> String {
        if window.is_none() && until.is_none() {
            return String::new();
        }
        let next = self.times.len() + 1;
        let head = &mut self.head;
        let name = self.times.entry((window, until)).or_insert_with(|| {
            let name = name(&format!("MEDWARD-TIME-{next}"));
            let _ = writeln!(head, "time-range {name}");
            if let Some(until) = until.and_then(ended) {
                let _ = writeln!(head, " absolute end {until}");
            }
            for line in window.map(periodic).unwrap_or_default() {
                let _ = writeln!(head, " periodic {line}");
            }
            name
        });
        format!(" time-range {name}")
    }
}

/// A network on its own or inside of a group, where IPv4 has a mask in place of a wildcard.
fn written(prefix: &Prefix, grouped: bool) -> String {
    let std::net::IpAddr::V4(address) = prefix.address else {
        return if prefix.length == 128 { format!("host {}", prefix.address) } else { prefix.to_string() };
    };
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.length)).unwrap_or(0);
    let shown = std::net::Ipv4Addr::from_bits(if grouped { mask } else { !mask });
    if prefix.length == 32 { format!("host {address}") } else { format!("{address} {shown}") }
}

/// Entries: the protocol, whether its answers are known by `established`, and what follows the ends.
fn services(rule: &Rule, ipv6: bool) -> Option<Vec<(String, bool, String)>> {
    if rule.services == any_service() {
        return Some(vec![((if ipv6 { "ipv6" } else { "ip" }).to_owned(), false, String::new())]);
    }
    let own = if ipv6 { ICMPV6 } else { ICMP };
    let mut all = Vec::new();
    let mut ports: BTreeMap<u8, Vec<u16>> = BTreeMap::new();
    for (first, last) in rule.services.iter() {
        let mut at = first;
        loop {
            let end = last.min(at | 0xffff);
            let [_, number, ..] = at.to_be_bytes();
            let low = u16::try_from(at & 0xffff).unwrap_or(0);
            let high = u16::try_from(end & 0xffff).unwrap_or(u16::MAX);
            let word = match number {
                TCP => "tcp".to_owned(),
                UDP => "udp".to_owned(),
                number if number == own => "icmp".to_owned(),
                number => number.to_string(),
            };
            match number {
                _ if (low, high) == (0, u16::MAX) => all.push((word, number == TCP, String::new())),
                TCP | UDP if low == high => ports.entry(number).or_default().push(low),
                TCP | UDP => all.push((word, number == TCP, format!(" range {low} {high}"))),
                number if number == own => {
                    for message in low..=high {
                        let (kind, code) = (message >> 8, message & 0xff);
                        let whole = code == 0 && message.checked_add(0xff).is_some_and(|end| end <= high);
                        let inside = message & 0xff != 0 && low <= kind << 8 && kind << 8 | 0xff <= high;
                        if whole {
                            all.push((word.clone(), false, format!(" {kind}")));
                        } else if !inside {
                            all.push((word.clone(), false, format!(" {kind} {code}")));
                        }
                    }
                }
                // The other family has no such messages.
                ICMP | ICMPV6 => {}
                _ => return None,
            }
            match end.checked_add(1) {
                Some(next) if next <= last => at = next,
                _ => break,
            }
        }
    }
    for (number, ports) in ports {
        for some in ports.chunks(PORTS) {
            let shown: Vec<String> = some.iter().map(ToString::to_string).collect();
            let word = if number == TCP { "tcp" } else { "udp" };
            all.push((word.to_owned(), number == TCP, format!(" eq {}", shown.join(" "))));
        }
    }
    Some(all)
}

/// `00:00 01 January 2027`, in UTC.
fn ended(seconds: i64) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = medward_model::Timestamp::from_parts(seconds, 0).to_string();
    let (date, clock) = text.split_once('T')?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
    Some(format!("{} {day} {} {year}", clock.get(..5)?, MONTHS.get(month.checked_sub(1)?)?))
}

fn periodic(window: Window) -> Vec<String> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let clock = |minute: u16| format!("{}:{:02}", minute / 60, minute % 60);
    // The last minute of a range belongs to it.
    let last = |minute: u16| clock(minute.checked_sub(1).unwrap_or(24 * 60 - 1));
    let days: Vec<usize> = (0..7).filter(|day| window.days & (1 << day) != 0).collect();
    let name = |day: usize| DAYS.get(day % 7).copied().unwrap_or("Monday");
    if window.from < window.to {
        let names: Vec<&str> = days.iter().map(|day| name(*day)).collect();
        return vec![format!("{} {} to {}", names.join(" "), clock(window.from), last(window.to))];
    }
    let over = |day: &usize| {
        format!("{} {} to {} {}", name(*day), clock(window.from), name(day + 1), last(window.to))
    };
    days.iter().map(over).collect()
}
