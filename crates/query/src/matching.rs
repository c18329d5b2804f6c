//! Testing a device in memory.

use std::net::IpAddr;

use medward_model::{Attribute, Device, Scope, Timestamp};

use crate::standing::{Standing, folded, position_words};
use crate::tree::{Age, Field, Is, Node};

pub(crate) fn matches(node: &Node, device: &Device, standing: &Standing, now: Timestamp) -> bool {
    match node {
        Node::And(all) => all.iter().all(|node| matches(node, device, standing, now)),
        Node::Or(any) => any.iter().any(|node| matches(node, device, standing, now)),
        Node::Not(inner) => !matches(inner, device, standing, now),
        Node::Anywhere(text) => anywhere(device, standing, &Wanted::part(text)),
        Node::Text { field, value } => in_field(device, standing, *field, &Wanted::part(value)),
        Node::Equal { field, value } => in_field(device, standing, *field, &Wanted::whole(value)),
        Node::Network { address, prefix } => device.ips.iter().any(|ip| within(*ip, *address, *prefix)),
        Node::Port(port) => device.services.iter().any(|service| service.port == *port),
        Node::Position(words) => {
            standing.position.as_deref().is_some_and(|position| position_words(position).contains(words))
        }
        Node::Criticality { order, value } => {
            standing.criticality.is_some_and(|criticality| criticality.cmp(value) == *order)
        }
        Node::Is(is) => match is {
            Is::Medical => standing.medical,
            Is::Missing => standing.status == Some("missing"),
            Is::Unheard => standing.status == Some("unheard"),
            Is::New => device.first_seen.is_some_and(|first| now.seconds_since(first) <= Is::NEW_SECONDS),
            Is::External => device.scope == Scope::External,
            Is::LifeSupporting => device.value(Attribute::LifeSupporting) == Some("yes"),
        },
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

/// What is looked for in a field.
struct Wanted {
    /// Folded.
    text: String,
    /// All of the value, not a part of it.
    whole: bool,
}

impl Wanted {
    fn part(value: &str) -> Wanted {
        Wanted { text: folded(value), whole: false }
    }

    fn whole(value: &str) -> Wanted {
        Wanted { text: folded(value), whole: true }
    }
}

fn holds(text: &str, wanted: &Wanted) -> bool {
    let text = folded(text);
    if wanted.whole { text == wanted.text } else { text.contains(&wanted.text) }
}

const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Internal => "internal",
        Scope::External => "external",
        Scope::Multicast => "multicast",
    }
}

fn in_field(device: &Device, standing: &Standing, field: Field, wanted: &Wanted) -> bool {
    match field {
        Field::Id => holds(&device.id.0, wanted),
        Field::Mac => {
            // With any separators or none.
            let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
            let sought = Wanted { text: digits(&wanted.text), whole: wanted.whole };
            !sought.text.is_empty() && device.macs.iter().any(|mac| holds(&digits(&mac.to_string()), &sought))
        }
        Field::Name => device.hostnames.iter().any(|name| holds(name, wanted)),
        Field::Alias => device.aliases.iter().any(|name| holds(name, wanted)),
        Field::Scope => holds(scope(device.scope), wanted),
        Field::Service => device.services.iter().any(|service| holds(&service.protocol, wanted)),
        Field::Software => device.software.iter().any(|software| {
            let version = software.version.as_deref().unwrap_or("");
            let named = folded(&format!("{} {version}", software.name));
            // Without a version a blank stands after the name.
            holds(&named, wanted) || (wanted.whole && named.strip_suffix(' ') == Some(wanted.text.as_str()))
        }),
        Field::Attribute(attribute) => match attribute.name() {
            "hostname" => in_field(device, standing, Field::Name, wanted),
            "alias" => in_field(device, standing, Field::Alias, wanted),
            "software" => in_field(device, standing, Field::Software, wanted),
            name => device.attributes.get(name).is_some_and(|fused| holds(&fused.value, wanted)),
        },
        Field::Site => standing.site.as_deref().is_some_and(|site| holds(site, wanted)),
        Field::Tag => standing.tags.iter().any(|tag| holds(tag, wanted)),
        Field::Owner => standing.owner.as_deref().is_some_and(|owner| holds(owner, wanted)),
        Field::Place => {
            [&standing.position, &standing.place, &standing.belongs]
                .into_iter()
                .flatten()
                .any(|text| holds(text, wanted))
                || device.value(Attribute::Location).is_some_and(|text| holds(text, wanted))
        }
        Field::Status => standing.status.is_some_and(|status| holds(status, wanted)),
        Field::Lifecycle => standing.lifecycle.is_some_and(|lifecycle| holds(lifecycle, wanted)),
        Field::Finding => standing.findings.iter().any(|finding| folded(finding) == wanted.text),
        Field::Cve => standing.cves.iter().any(|cve| holds(cve, wanted)),
        Field::Group => standing.group.as_deref().is_some_and(|group| holds(group, wanted)),
    }
}

fn anywhere(device: &Device, standing: &Standing, wanted: &Wanted) -> bool {
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
        || device.ips.iter().any(|ip| ip.to_string().contains(&wanted.text))
        || device.macs.iter().any(|mac| mac.to_string().contains(&wanted.text))
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
