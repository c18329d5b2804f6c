//! Where a device is: what it says, what is said of it, and what its address tells by rules of the house.

use std::net::IpAddr;

use medward_model::{Attribute, Device, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Position, Whereabouts};

/// A rule that tells a place from something known of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRule {
    /// "vlan", "subnet", "switch-port", "access-point", "hl7-location", "name", "rtls".
    pub how: String,
    /// A VLAN number; a network like 10.20.0.0/16; or text with `*` for anything, ignoring case.
    pub pattern: String,
}

/// The rules of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRules {
    /// Identifier of the place.
    pub place: String,
    /// As shown: "Building A / 3 West / Room 12".
    pub path: String,
    pub rules: Vec<PlaceRule>,
}

/// Ways of knowing, from the surest. What a device says of itself is older than where its cable ends.
const ORDER: [&str; 7] = ["rtls", "access-point", "switch-port", "hl7-location", "name", "subnet", "vlan"];

/// How long a position told by others is believed without being told again.
pub(crate) const BELIEVED_SECONDS: i64 = 24 * 3600;

/// Finds out where a device is. `told` are positions that others told of its MAC addresses, any order.
pub fn locate(
    device: &Device,
    told: &[Position],
    places: &[PlaceRules],
    before: Option<&Whereabouts>,
    now: Timestamp,
) -> Option<Whereabouts> {
    let mut candidates: Vec<(usize, String, String, Timestamp)> = Vec::new();
    for position in told.iter().filter(|p| now.seconds_since(p.at) <= BELIEVED_SECONDS) {
        candidates.push((rank(&position.how), position.how.clone(), position.position.clone(), position.at));
    }
    let last = device.last_seen.unwrap_or(now);
    if let Some(location) = device.attributes.get(Attribute::Location.name()) {
        candidates.push((rank("hl7-location"), "hl7-location".into(), location.value.clone(), last));
    }
    candidates.sort_by(|a, b| (a.0, b.3).cmp(&(b.0, a.3)));
    // The surest that is mapped to a place, else a rule on names and addresses, else the surest as it is.
    let mapped = candidates.iter().find_map(|(_, how, position, at)| {
        let place = places.iter().find(|place| place.tells(how, position))?;
        Some((Some(place.place.clone()), position.clone(), how.clone(), *at))
    });
    let found = mapped.or_else(|| {
        let by_rule = places
            .iter()
            .flat_map(|place| place.rules.iter().map(move |rule| (place, rule)))
            .filter(|(_, rule)| rule.fits(device))
            .min_by_key(|(_, rule)| (rank(&rule.how), std::cmp::Reverse(rule.pattern.len())));
        match (candidates.first(), by_rule) {
            (Some((_, how, position, at)), None) => Some((None, position.clone(), how.clone(), *at)),
            (told, Some((place, rule))) => {
                let position =
                    told.map_or_else(|| place.path.clone(), |(_, _, position, _)| position.clone());
                Some((Some(place.place.clone()), position, rule.how.clone(), last))
            }
            (None, None) => {
                device.vlans.first().map(|vlan| (None, format!("VLAN {vlan}"), "vlan".to_owned(), last))
            }
        }
    });
    let (place, position, how, at) = found?;
    let same = before.filter(|b| b.place == place && b.position == position && b.how == how);
    let since = same.map_or(at, |b| b.since);
    Some(Whereabouts { place, position, how, since, last: at })
}

/// The switch of a position at one of its ports ("sw-3" of "sw-3 port 12").
pub fn switch_of(position: &str) -> Option<&str> {
    position.rsplit_once(" port ").map(|(switch, _)| switch).filter(|switch| !switch.is_empty())
}

fn rank(how: &str) -> usize {
    ORDER.iter().position(|known| *known == how).unwrap_or(ORDER.len())
}

impl PlaceRules {
    fn tells(&self, how: &str, position: &str) -> bool {
        self.rules.iter().any(|rule| rule.how == how && glob(&rule.pattern, position))
    }
}

impl PlaceRule {
    /// True where the rule fits what is known of the device itself.
    fn fits(&self, device: &Device) -> bool {
        match self.how.as_str() {
            "vlan" => self.pattern.trim().parse().is_ok_and(|vlan: u16| device.vlans.contains(&vlan)),
            "subnet" => device.ips.iter().any(|ip| within(*ip, &self.pattern)),
            "name" => device.hostnames.iter().chain(&device.aliases).any(|name| glob(&self.pattern, name)),
            _ => false,
        }
    }

    /// What is wrong with the rule, in words; `None` where nothing is.
    pub fn fault(&self) -> Option<String> {
        match self.how.as_str() {
            "vlan" => self
                .pattern
                .trim()
                .parse::<u16>()
                .is_err()
                .then(|| format!("'{}' is not a VLAN number (0 to 4095)", self.pattern)),
            "subnet" => network(&self.pattern)
                .is_none()
                .then(|| format!("'{}' is not a network like 10.20.0.0/16", self.pattern)),
            how if ORDER.contains(&how) => {
                self.pattern.trim().is_empty().then(|| "the pattern is empty".to_owned())
            }
            how => Some(format!("there is no rule '{how}'; there are: {}", ORDER.join(", "))),
        }
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?),
        None => {
            let address = text.trim().parse::<IpAddr>().ok()?;
            (address, if address.is_ipv4() { 32 } else { 128 })
        }
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some((address, prefix))
}

fn within(ip: IpAddr, pattern: &str) -> bool {
    let Some((network, prefix)) = network(pattern) else { return false };
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 4),
        IpAddr::V6(v6) => (v6.to_bits(), 6),
    };
    let ((ip, family), (network, other)) = (bits(ip), bits(network));
    let shift = 128_u32.saturating_sub(u32::from(prefix));
    family == other && ip.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
}

/// True where `pattern`, in which `*` stands for anything, is the whole of `text`, ignoring case.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut open = false;
    for part in parts {
        open = true;
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    // The last part must end the text; where it occurs more than once, its last place counts.
    match pattern.rsplit('*').next() {
        Some(last) if open => {
            last.is_empty() || text.ends_with(last) && text.len() >= first.len() + last.len()
        }
        _ => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PlaceRule, glob, switch_of, within};

    #[test]
    fn stars_stand_for_anything() {
        assert!(glob("3-west-*", "3-West-12"));
        assert!(glob("*icu*", "Bed 4 ICU south"));
        assert!(glob("sw-3 port *", "sw-3 port 12"));
        assert!(glob("a*b", "a-b-b"));
        assert!(!glob("a*b", "a-b-c"));
        assert!(!glob("ct", "ct-2"));
        assert!(!glob("aa*aa", "aaa"));
    }

    #[test]
    fn a_port_is_of_a_switch() {
        assert_eq!(switch_of("sw-3 port Gi1/0/3"), Some("sw-3"));
        assert_eq!(switch_of("bed 4"), None);
    }

    #[test]
    fn networks_hold_their_addresses() {
        assert!(within("10.20.3.4".parse().unwrap(), "10.20.0.0/16"));
        assert!(!within("10.21.3.4".parse().unwrap(), "10.20.0.0/16"));
        assert!(within("10.21.3.4".parse().unwrap(), "0.0.0.0/0"));
        assert!(!within("::1".parse().unwrap(), "0.0.0.0/0"));
    }

    #[test]
    fn a_rule_that_cannot_fit_says_why() {
        let fault = |how: &str, pattern: &str| PlaceRule { how: how.into(), pattern: pattern.into() }.fault();
        assert_eq!(fault("vlan", "20"), None);
        assert!(fault("vlan", "twenty").unwrap().contains("VLAN number"));
        assert!(fault("subnet", "10.20/99").unwrap().contains("network"));
        assert!(fault("smell", "x").unwrap().contains("there are"));
    }

    proptest! {
        #[test]
        fn text_without_stars_fits_itself_only(text in "[a-z0-9 -]{1,12}", other in "[a-z0-9 -]{1,12}") {
            prop_assert!(glob(&text, &text.to_uppercase()) || text.trim() != text);
            prop_assert_eq!(glob(text.trim(), other.trim()), text.trim() == other.trim());
        }
    }
}
