//! Parts of rules as nftables writes them.

use crate::language::Window;
use crate::space::{Addresses, ICMP, ICMPV6, Services, address, any_service, has_ports, v4};

/// A range of addresses: one, a network, or from and to.
pub(super) fn element(first: u128, last: u128) -> String {
    if first == last {
        return address(first).to_string();
    }
    let width = if v4().contains(first) { 32_u32 } else { 128 };
    let size = last - first;
    let host = size.trailing_ones();
    let shaped = size.checked_add(1).is_none_or(u128::is_power_of_two) && first.trailing_zeros() >= host;
    if shaped && host <= width {
        return format!("{}/{}", address(first), width - host);
    }
    format!("{}-{}", address(first), address(last))
}

/// All of a family as one network.
pub(super) fn elements(addresses: &Addresses) -> Vec<String> {
    addresses.iter().map(|(first, last)| element(first, last)).collect()
}

/// One service set, taken apart.
#[derive(Default)]
struct Taken {
    ports: Vec<(u8, u16, u16)>,
    whole: Vec<u8>,
    icmp: Vec<(u8, u16, u16)>,
}

fn taken(services: &Services) -> Taken {
    let mut taken = Taken::default();
    for (first, last) in services.iter() {
        let mut at = first;
        loop {
            let block = at | 0xffff;
            let end = last.min(block);
            let [_, number, ..] = at.to_be_bytes();
            let low = u16::try_from(at & 0xffff).unwrap_or(0);
            let high = u16::try_from(end & 0xffff).unwrap_or(u16::MAX);
            match number {
                // Other protocols have no parts.
                _ if (low, high) == (0, u16::MAX) => taken.whole.push(number),
                ICMP | ICMPV6 => taken.icmp.push((number, low, high)),
                _ if has_ports(number) => taken.ports.push((number, low, high)),
                _ => taken.whole.push(number),
            }
            match end.checked_add(1) {
                Some(next) if next <= last => at = next,
                _ => break,
            }
        }
    }
    taken
}

/// What must stand in a packet for its service to be among these; one match is enough. `wide` is all of IPv4 or of IPv6 that
/// the rule is about, where it is about one of them only.
pub(super) fn services(services: &Services, family: Option<Family>) -> Vec<String> {
    if *services == any_service() {
        return vec![String::new()];
    }
    let taken = taken(services);
    let mut all = Vec::new();
    if let [(number, ..), ..] = taken.ports.as_slice() {
        if taken.ports.iter().all(|(other, ..)| other == number) {
            let ranges: Vec<String> = taken.ports.iter().map(|(_, low, high)| range(*low, *high)).collect();
            all.push(format!("{} dport {}", protocol(*number), braced(&ranges)));
        } else {
            let pairs = taken
                .ports
                .iter()
                .map(|(number, low, high)| format!("{} . {}", protocol(*number), range(*low, *high)));
            all.push(format!("meta l4proto . th dport {{ {} }}", pairs.collect::<Vec<_>>().join(", ")));
        }
    }
    if !taken.whole.is_empty() {
        let names: Vec<String> = taken.whole.iter().map(|number| protocol(*number)).collect();
        all.push(format!("meta l4proto {}", braced(&names)));
    }
    for (number, low, high) in taken.icmp {
        // The other family has no such messages.
        let (word, own) = if number == ICMP { ("icmp", Family::V4) } else { ("icmpv6", Family::V6) };
        if family.is_none_or(|family| family == own) {
            all.extend(messages(low, high).iter().map(|(types, codes)| match codes {
                Some(codes) => format!("{word} type {types} {word} code {codes}"),
                None => format!("{word} type {types}"),
            }));
        }
    }
    all
}

/// Types whole, and of single types some codes.
fn messages(low: u16, high: u16) -> Vec<(String, Option<String>)> {
    let (first, last) = (low >> 8, high >> 8);
    let mut all = Vec::new();
    for kind in first..=last {
        let from = if kind == first { low & 0xff } else { 0 };
        let to = if kind == last { high & 0xff } else { 0xff };
        let codes = ((from, to) != (0, 0xff)).then(|| range(from, to));
        all.push((kind.to_string(), codes));
    }
    let whole: Vec<String> =
        all.iter().filter(|(_, codes)| codes.is_none()).map(|(kind, _)| kind.clone()).collect();
    all.retain(|(_, codes)| codes.is_some());
    if !whole.is_empty() {
        all.push((braced(&whole), None));
    }
    all
}

fn range(low: u16, high: u16) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

fn braced(words: &[String]) -> String {
    match words {
        [one] => one.clone(),
        all => format!("{{ {} }}", all.join(", ")),
    }
}

/// A protocol by a name that nft knows of itself, or its number.
fn protocol(number: u8) -> String {
    match number {
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        33 => "dccp".to_owned(),
        132 => "sctp".to_owned(),
        136 => "udplite".to_owned(),
        other => other.to_string(),
    }
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A window by a clock that goes some minutes before UTC, as days and hours of UTC; one match is enough.
pub(super) fn window(window: Window, offset: i16) -> Vec<String> {
    const DAY: i32 = 24 * 60;
    let length =
        i32::from(window.to) - i32::from(window.from) + if window.to <= window.from { DAY } else { 0 };
    // Days by their hours.
    let mut hours: Vec<((i32, i32), u8)> = Vec::new();
    let mut add = |day: i32, from: i32, to: i32| {
        let bit = 1_u8 << day.rem_euclid(7);
        match hours.iter_mut().find(|(known, _)| *known == (from, to)) {
            Some((_, bits)) => *bits |= bit,
            None => hours.push(((from, to), bit)),
        }
    };
    for day in (0..7).filter(|day| window.days & (1 << day) != 0) {
        let begin = day * DAY + i32::from(window.from) - i32::from(offset);
        let end = begin + length;
        let (first, from) = (begin.div_euclid(DAY), begin.rem_euclid(DAY));
        if end - first * DAY <= DAY {
            add(first, from, end - first * DAY);
        } else {
            add(first, from, DAY);
            add(first + 1, 0, end - (first + 1) * DAY);
        }
    }
    hours.sort_unstable();
    let written = hours.iter().map(|((from, to), bits)| {
        let mut parts = Vec::new();
        if *bits != 0x7f {
            let days = DAYS.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
            let days: Vec<String> = days.map(|(_, name)| format!("\"{name}\"")).collect();
            parts.push(format!("meta day {}", braced(&days)));
        }
        if (*from, *to) != (0, DAY) {
            let (last, seconds) = (to - 1, 59);
            parts.push(format!(
                "meta hour \"{:02}:{:02}\"-\"{:02}:{:02}:{seconds}\"",
                from / 60,
                from % 60,
                last / 60,
                last % 60
            ));
        }
        parts.join(" ")
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn windows_move_to_utc() {
        let of = |text: &str, offset| window(text.parse().unwrap(), offset);
        assert_eq!(
            of("daily 00:00-24:00", 60),
            ["meta hour \"00:00\"-\"22:59:59\"", "meta hour \"23:00\"-\"23:59:59\""]
        );
        assert_eq!(of("daily 00:00-24:00", 0), [""]);
        assert_eq!(of("mon 07:00-19:00", 120), ["meta day \"Monday\" meta hour \"05:00\"-\"16:59:59\""]);
        assert_eq!(
            of("mon,tue 22:00-04:00", 0),
            [
                "meta day { \"Tuesday\", \"Wednesday\" } meta hour \"00:00\"-\"03:59:59\"",
                "meta day { \"Monday\", \"Tuesday\" } meta hour \"22:00\"-\"23:59:59\"",
            ]
        );
        assert_eq!(
            of("mon 00:30-01:30", 60),
            [
                "meta day \"Monday\" meta hour \"00:00\"-\"00:29:59\"",
                "meta day \"Sunday\" meta hour \"23:30\"-\"23:59:59\"",
            ]
        );
    }
}
