//! Testing a device in memory.

use std::net::IpAddr;

use medward_model::{Device, Scope, Timestamp};

use crate::tree::{Age, Compare, Field, Node, Standing};

pub(crate) fn matches(node: &Node, device: &Device, standing: &Standing, now: Timestamp) -> bool {
    match node {
        Node::And(all) => all.iter().all(|node| matches(node, device, standing, now)),
        Node::Or(any) => any.iter().any(|node| matches(node, device, standing, now)),
        Node::Not(inner) => !matches(inner, device, standing, now),
        Node::Anywhere(text) => anywhere(device, standing, &folded(text)),
        Node::Text { field, value } => in_field(device, standing, *field, &folded(value)),
        Node::Medical => standing.medical,
        Node::Criticality { compare, value } => standing.criticality.is_some_and(|known| match compare {
            Compare::Less => known < *value,
            Compare::Equal => known == *value,
            Compare::Greater => known > *value,
        }),
        Node::Network { address, prefix } => device.ips.iter().any(|ip| within(*ip, *address, *prefix)),
        Node::Port(port) => device.services.iter().any(|service| service.port == *port),
        Node::Vlan(vlan) => device.vlans.contains(vlan),
        Node::Has(attribute) => match attribute.name() {
            "hostname" => !device.hostnames.is_empty(),
            "alias" => !device.aliases.is_empty(),
            "software" => !device.software.is_empty(),
            name => device.attributes.contains_key(name),
        },
        Node::Seen { which, younger, seconds } => {
            let time = match which {
                Age::First => device.first_seen,
                Age::Last => device.last_seen,
            };
            time.is_some_and(|time| (now.seconds_since(time) <= *seconds) == *younger)
        }
    }
}

/// Text as it is compared: lower case; blanks, hyphens and underscores alike.
pub fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if matches!(c, '-' | '_') { ' ' } else { c }).collect()
}

fn holds(text: &str, wanted: &str) -> bool {
    folded(text).contains(wanted)
}

const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Internal => "internal",
        Scope::External => "external",
        Scope::Multicast => "multicast",
    }
}

fn in_field(device: &Device, standing: &Standing, field: Field, wanted: &str) -> bool {
    match field {
        Field::Id => holds(&device.id.0, wanted),
        Field::Mac => {
            // With any separators or none.
            let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
            let wanted = digits(wanted);
            !wanted.is_empty() && device.macs.iter().any(|mac| digits(&mac.to_string()).contains(&wanted))
        }
        Field::Name => device.hostnames.iter().any(|name| holds(name, wanted)),
        Field::Alias => device.aliases.iter().any(|name| holds(name, wanted)),
        Field::Scope => holds(scope(device.scope), wanted),
        Field::Service => device.services.iter().any(|service| holds(&service.protocol, wanted)),
        Field::Software => device.software.iter().any(|software| {
            let version = software.version.as_deref().unwrap_or("");
            holds(&format!("{} {version}", software.name), wanted)
        }),
        Field::Site => holds(&standing.site, wanted),
        Field::Tag => standing.tags.iter().any(|tag| holds(tag, wanted)),
        Field::Owner => standing.owner.as_deref().is_some_and(|owner| holds(owner, wanted)),
        Field::Place => standing.place.iter().any(|place| holds(place, wanted)),
        Field::Status => holds(&standing.status, wanted),
        Field::Lifecycle => holds(&standing.lifecycle, wanted),
        Field::Group => standing.group.as_deref().is_some_and(|group| holds(group, wanted)),
        Field::Attribute(attribute) => match attribute.name() {
            "hostname" => in_field(device, standing, Field::Name, wanted),
            "alias" => in_field(device, standing, Field::Alias, wanted),
            "software" => in_field(device, standing, Field::Software, wanted),
            name => device.attributes.get(name).is_some_and(|fused| holds(&fused.value, wanted)),
        },
    }
}

fn anywhere(device: &Device, standing: &Standing, wanted: &str) -> bool {
    let texts = [
        Field::Id,
        Field::Name,
        Field::Alias,
        Field::Service,
        Field::Software,
        Field::Tag,
        Field::Owner,
        Field::Place,
    ];
    texts.into_iter().any(|field| in_field(device, standing, field, wanted))
        || device.attributes.values().any(|fused| holds(&fused.value, wanted))
        || device.ips.iter().any(|ip| ip.to_string().contains(wanted))
        || device.macs.iter().any(|mac| mac.to_string().contains(wanted))
}

fn within(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let ((ip, width), (network, other)) = (bits(ip), bits(network));
    let shift = 128_u32.saturating_sub(u32::from(prefix));
    width == other && (shift == 128 || ip.checked_shr(shift) == network.checked_shr(shift))
}
