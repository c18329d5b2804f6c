//! Rules out of the documents that they were written to: the same values come back.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::space::{Addresses, Services, any_service, network, port_range, protocol, protocol_number};

/// `"any"`, or a list of networks.
pub(crate) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Addresses, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Any(String),
        Networks(Vec<String>),
    }
    match Written::deserialize(deserializer)? {
        Written::Any(word) if word == "any" => Ok(Addresses::all()),
        Written::Any(word) => {
            Err(D::Error::custom(format!("'{word}' is neither 'any' nor a list of networks")))
        }
        Written::Networks(all) => {
            let read = all
                .iter()
                .map(|text| one(text).ok_or_else(|| D::Error::custom(format!("'{text}' is not a network"))));
            let read = read.collect::<Result<Vec<Addresses>, D::Error>>()?;
            Ok(Addresses::joined(read.iter().flat_map(Addresses::iter)))
        }
    }
}

fn one(text: &str) -> Option<Addresses> {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let address: std::net::IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length =
        length.map_or(Some(whole), |length| length.parse().ok()).filter(|length| *length <= whole)?;
    Some(network(address, length))
}

/// Services as [`services_text`](crate::services_text) writes them.
pub(crate) fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Services, D::Error> {
    let text = String::deserialize(deserializer)?;
    services_of(&text).ok_or_else(|| D::Error::custom(format!("'{text}' is not a list of services")))
}

/// Services from a text like `tcp/104, udp/161-162, icmp type 8, ip/47`.
pub fn services_of(text: &str) -> Option<Services> {
    match text {
        "any" => return Some(any_service()),
        "" => return Some(Services::empty()),
        _ => {}
    }
    text.split(", ").try_fold(Services::empty(), |sum, part| Some(sum.union(&part_of(part)?)))
}

fn part_of(part: &str) -> Option<Services> {
    if let Some((name, kinds)) = part.split_once(" type ") {
        let number = protocol_number(name)?;
        if let Ok(kind) = kinds.parse::<u8>() {
            let base = u16::from(kind) << 8;
            return Some(port_range(number, base, base | 0xff));
        }
        let at = |text: &str| -> Option<u16> {
            let (kind, code) = text.split_once('.')?;
            Some(u16::from(kind.parse::<u8>().ok()?) << 8 | u16::from(code.parse::<u8>().ok()?))
        };
        let (first, last) = kinds.split_once('-')?;
        return Some(port_range(number, at(first)?, at(last)?));
    }
    let (number, range) = match part.strip_prefix("ip/") {
        Some(rest) => {
            let (number, range) = rest.split_once('/').map_or((rest, None), |(n, r)| (n, Some(r)));
            (number.parse().ok()?, range)
        }
        None => {
            let (name, range) = part.split_once('/').map_or((part, None), |(n, r)| (n, Some(r)));
            (protocol_number(name)?, range)
        }
    };
    let Some(range) = range else { return Some(protocol(number)) };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some(port_range(number, first.parse().ok()?, last.parse().ok()?))
}
