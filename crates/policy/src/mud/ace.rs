//! One entry of a list (RFC 8519, with RFC 8520's own matches).

use std::net::IpAddr;

use serde_json::Value;

use super::json::{At, below, number, wrong};
use super::{MudError, MudNote, Opener, Peer, Usage};
use crate::space::{ICMP, ICMPV6, Services, TCP, UDP, any_service, port_range, protocol};

/// Which list an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    FromDevice,
    ToDevice,
}

/// What an entry matches, as far as it was read.
struct Matched {
    peer: Peer,
    protocol: Option<u8>,
    /// Ports of the peer's side, and of the device's.
    peers: Option<Vec<(u16, u16)>>,
    own: Option<Vec<(u16, u16)>>,
    initiated: Option<Opener>,
    icmp: Option<(u8, Option<u8>)>,
}

/// What an entry says is needed; nothing where it permits nothing.
pub(super) fn read(entry: At<'_>, way: Way, notes: &mut Vec<MudNote>) -> Result<Option<Usage>, MudError> {
    if !permits(entry, notes)? {
        return Ok(None);
    }
    let mut matched =
        Matched { peer: Peer::Any, protocol: None, peers: None, own: None, initiated: None, icmp: None };
    if let Some((matches, path)) = entry.get("ietf-access-control-list", "matches")? {
        for (key, value) in (At { value: matches, path: &path }).object()? {
            let path = below(&path, key);
            let part = At { value, path: &path };
            match key.rsplit(':').next().unwrap_or(key) {
                "ipv4" => ip(part, way, true, &mut matched, notes)?,
                "ipv6" => ip(part, way, false, &mut matched, notes)?,
                "tcp" => ports(part, way, TCP, &mut matched, notes)?,
                "udp" => ports(part, way, UDP, &mut matched, notes)?,
                "icmp" => icmp(part, &mut matched, notes)?,
                "mud" => matched.peer = peer(part, notes)?,
                _ => left_out(&path, notes),
            }
        }
    }
    Ok(Some(usage(&matched, way, entry.path, notes)))
}

fn left_out(path: &str, notes: &mut Vec<MudNote>) {
    let text = "this condition is not understood and left out: more is allowed than the maker says";
    notes.push(MudNote { path: path.to_owned(), text: text.to_owned() });
}

fn permits(entry: At<'_>, notes: &mut Vec<MudNote>) -> Result<bool, MudError> {
    let Some((actions, path)) = entry.get("ietf-access-control-list", "actions")? else {
        return Err(wrong(entry.path, "'actions' is missing"));
    };
    let actions = At { value: actions, path: &path };
    let forwarding = actions
        .text("ietf-access-control-list", "forwarding")?
        .ok_or_else(|| wrong(&path, "'forwarding' is missing"))?;
    match forwarding.rsplit(':').next().unwrap_or(&forwarding) {
        "accept" => Ok(true),
        "drop" | "reject" => {
            let text = "it forbids: what is not permitted is forbidden all the same".to_owned();
            notes.push(MudNote { path: entry.path.to_owned(), text });
            Ok(false)
        }
        other => {
            Err(wrong(&below(&path, "forwarding"), format!("'{other}' is none of accept, drop and reject")))
        }
    }
}

fn ip(
    part: At<'_>,
    way: Way,
    v4: bool,
    matched: &mut Matched,
    notes: &mut Vec<MudNote>,
) -> Result<(), MudError> {
    let (theirs, own) =
        if way == Way::FromDevice { ("destination", "source") } else { ("source", "destination") };
    let short = if way == Way::FromDevice { "dst-dnsname" } else { "src-dnsname" };
    let family = if v4 { "ipv4-network" } else { "ipv6-network" };
    for (key, value) in part.object()? {
        let path = below(part.path, key);
        let bare = key.rsplit(':').next().unwrap_or(key);
        let text = || value.as_str().ok_or_else(|| wrong(&path, "a text is expected"));
        if bare == "protocol" {
            matched.protocol = Some(number(value, &path, 255)?);
        } else if bare == short {
            matched.peer = Peer::Domain(text()?.trim_end_matches('.').to_ascii_lowercase());
        } else if bare == format!("{theirs}-{family}") {
            matched.peer = Peer::Networks(vec![network(text()?, &path, v4)?]);
        } else if bare == format!("{own}-{family}") || bare.ends_with("-dnsname") {
            let text = "the address of the device itself is left out: the zone says where it is".to_owned();
            notes.push(MudNote { path, text });
        } else {
            left_out(&path, notes);
        }
    }
    Ok(())
}

fn network(text: &str, path: &str, v4: bool) -> Result<(IpAddr, u8), MudError> {
    let read = text
        .split_once('/')
        .and_then(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?)));
    let most = if v4 { 32 } else { 128 };
    read.filter(|(address, prefix)| address.is_ipv4() == v4 && *prefix <= most)
        .ok_or_else(|| wrong(path, format!("'{text}' is not a network like 192.0.2.0/24 or 2001:db8::/32")))
}

fn ports(
    part: At<'_>,
    way: Way,
    carrier: u8,
    matched: &mut Matched,
    notes: &mut Vec<MudNote>,
) -> Result<(), MudError> {
    matched.protocol.get_or_insert(carrier);
    for (key, value) in part.object()? {
        let path = below(part.path, key);
        match key.rsplit(':').next().unwrap_or(key) {
            "source-port" => {
                let ports = Some(range(At { value, path: &path })?);
                if way == Way::FromDevice { matched.own = ports } else { matched.peers = ports }
            }
            "destination-port" => {
                let ports = Some(range(At { value, path: &path })?);
                if way == Way::FromDevice { matched.peers = ports } else { matched.own = ports }
            }
            "direction-initiated" => {
                matched.initiated = match value.as_str() {
                    Some("from-device") => Some(Opener::Device),
                    Some("to-device") => Some(Opener::Peer),
                    _ => return Err(wrong(&path, "'from-device' or 'to-device' is expected")),
                };
            }
            _ => left_out(&path, notes),
        }
    }
    Ok(())
}

/// An operator and a port, or a range (RFC 8519, port-range-or-operator).
fn range(part: At<'_>) -> Result<Vec<(u16, u16)>, MudError> {
    let port = |name: &str| -> Result<Option<u16>, MudError> {
        part.get("ietf-access-control-list", name)?
            .map(|(value, path)| number(value, &path, 65_535))
            .transpose()
    };
    if let (Some(first), Some(last)) = (port("lower-port")?, port("upper-port")?) {
        if first > last {
            return Err(wrong(part.path, format!("the range {first}-{last} stands the wrong way round")));
        }
        return Ok(vec![(first, last)]);
    }
    let Some(port) = port("port")? else {
        return Err(wrong(part.path, "'port', or 'lower-port' and 'upper-port', is missing"));
    };
    let operator = part.text("ietf-access-control-list", "operator")?;
    match operator.as_deref().unwrap_or("eq") {
        "eq" => Ok(vec![(port, port)]),
        "lte" => Ok(vec![(0, port)]),
        "gte" => Ok(vec![(port, u16::MAX)]),
        "neq" => {
            let below = port.checked_sub(1).map(|last| (0, last));
            let above = port.checked_add(1).map(|first| (first, u16::MAX));
            Ok(below.into_iter().chain(above).collect())
        }
        other => Err(wrong(part.path, format!("the operator '{other}' is none of eq, neq, lte and gte"))),
    }
}

fn icmp(part: At<'_>, matched: &mut Matched, notes: &mut Vec<MudNote>) -> Result<(), MudError> {
    let value = |name: &str| -> Result<Option<u8>, MudError> {
        part.get("ietf-access-control-list", name)?.map(|(value, path)| number(value, &path, 255)).transpose()
    };
    let code = value("code")?;
    match value("type")? {
        Some(kind) => matched.icmp = Some((kind, code)),
        None if code.is_some() => left_out(&below(part.path, "code"), notes),
        None => {}
    }
    Ok(())
}

/// RFC 8520's own matches: one of them names the peer.
fn peer(part: At<'_>, notes: &mut Vec<MudNote>) -> Result<Peer, MudError> {
    let mut found = Peer::Any;
    for (key, value) in part.object()? {
        let path = below(part.path, key);
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| wrong(&path, "a text is expected"));
        // An empty leaf is [null] (RFC 7951, 6.9).
        let flag = || match value {
            Value::Array(all) if all.as_slice() == [Value::Null] => Ok(()),
            Value::Null | Value::Bool(true) => Ok(()),
            _ => Err(wrong(&path, "[null] is expected")),
        };
        found = match key.rsplit(':').next().unwrap_or(key) {
            "manufacturer" => Peer::Manufacturer(text()?.to_ascii_lowercase()),
            "same-manufacturer" => flag().map(|()| Peer::SameManufacturer)?,
            "model" => Peer::Model(text()?),
            "local-networks" => flag().map(|()| Peer::LocalNetworks)?,
            "controller" => Peer::Controller(text()?),
            "my-controller" => flag().map(|()| Peer::MyController)?,
            _ => {
                left_out(&path, notes);
                found
            }
        };
    }
    Ok(found)
}

fn usage(matched: &Matched, way: Way, path: &str, notes: &mut Vec<MudNote>) -> Usage {
    // Who answers has the port.
    let opener = matched.initiated.unwrap_or(match (&matched.peers, &matched.own) {
        (Some(_), None) => Opener::Device,
        (None, Some(_)) => Opener::Peer,
        _ if way == Way::FromDevice => Opener::Device,
        _ => Opener::Peer,
    });
    let answering = if opener == Opener::Device { &matched.peers } else { &matched.own };
    let opening = if opener == Opener::Device { &matched.own } else { &matched.peers };
    if opening.is_some() {
        let text = "the port of the side that opens is left out: rules speak of the port that is opened to";
        notes.push(MudNote { path: path.to_owned(), text: text.to_owned() });
    }
    let services = match (matched.protocol, matched.icmp, answering) {
        (Some(number), _, Some(ranges)) => ranges
            .iter()
            .fold(Services::empty(), |sum, (first, last)| sum.union(&port_range(number, *first, *last))),
        (number, Some((kind, code)), _) => {
            let (first, last) = code.map_or((0, 255), |code| (code, code));
            let high = u16::from(kind) << 8;
            let number = number.unwrap_or(ICMP);
            port_range(number, high | u16::from(first), high | u16::from(last))
        }
        (Some(ICMP | ICMPV6), None, None) => protocol(ICMP).union(&protocol(ICMPV6)),
        (Some(number), ..) => protocol(number),
        (None, ..) => any_service(),
    };
    Usage { opener, peer: matched.peer.clone(), services, path: path.to_owned() }
}
