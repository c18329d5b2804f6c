//! What a device can be found by: words in fields, addresses, and bits of what is known.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use medward_model::{Attribute, Device, Scope};
use medward_monitor::{Annotation, DeviceRow};
use medward_query::{folded, position_words};

/// Fields of terms. Those below [`ANYWHERE`] are looked at where no field is given.
pub(crate) const ID: i64 = 0;
pub(crate) const NAME: i64 = 1;
pub(crate) const ALIAS: i64 = 2;
pub(crate) const SERVICE: i64 = 3;
pub(crate) const SOFTWARE: i64 = 4;
pub(crate) const IP: i64 = 5;
pub(crate) const MAC: i64 = 6;
pub(crate) const TAG: i64 = 7;
pub(crate) const OWNER: i64 = 8;
pub(crate) const POSITION: i64 = 9;
pub(crate) const PLACE: i64 = 10;
pub(crate) const BELONGS: i64 = 11;
const ATTRIBUTES: i64 = 16;
const OTHER: i64 = 63;
pub(crate) const ANYWHERE: i64 = 64;
pub(crate) const MAC_DIGITS: i64 = 64;
pub(crate) const VLAN: i64 = 65;
pub(crate) const PORT: i64 = 66;
pub(crate) const WORDS: i64 = 67;
pub(crate) const GROUP: i64 = 68;

/// The bit of `device.known` that says: life depends on it.
pub(crate) const LIFE_SUPPORTING: i64 = 1 << 32;

/// Longest value, in bytes; an index of PostgreSQL takes little more.
const LONGEST: usize = 2000;

/// Field and folded value, to the value as shown.
pub(crate) type Terms = BTreeMap<(i64, String), String>;

fn position_of(attribute: Attribute) -> i64 {
    Attribute::ALL
        .iter()
        .position(|other| *other == attribute)
        .and_then(|at| i64::try_from(at).ok())
        .unwrap_or(0)
}

/// The field of an attribute's values.
pub(crate) fn attribute_field(attribute: Attribute) -> i64 {
    match attribute {
        Attribute::Hostname => NAME,
        Attribute::Alias => ALIAS,
        Attribute::Software => SOFTWARE,
        other => ATTRIBUTES + position_of(other),
    }
}

/// The bit of `device.known` for an attribute.
pub(crate) fn known_bit(attribute: Attribute) -> i64 {
    1 << position_of(attribute)
}

/// A field whose terms come from what people say; the others come from the device.
pub(crate) const fn is_said(field: i64) -> bool {
    matches!(field, TAG | OWNER | BELONGS)
}

/// Characters that a word of one letter is looked up by.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-.:_/ ";

/// The bit of a text that is one such character.
pub(crate) fn letter(text: &str) -> Option<i64> {
    let mut chars = text.chars();
    let letter = chars.next().filter(|_| chars.next().is_none())?;
    LETTERS.chars().position(|other| other == letter).map(|at| 1 << at)
}

/// Which letters occur in the terms that are looked at where no field is given, as bits.
pub(crate) fn letters(terms: &Terms) -> i64 {
    let looked_at = terms.keys().filter(|(field, _)| *field < ANYWHERE).flat_map(|(_, value)| value.chars());
    looked_at
        .fold(0, |bits, c| LETTERS.chars().position(|other| other == c).map_or(bits, |at| bits | 1 << at))
}

/// Only the hexadecimal digits.
pub(crate) fn hex_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).collect()
}

/// As it is stored.
fn clipped(value: &str) -> String {
    let mut value = value.replace('\0', "\u{fffd}");
    if value.len() > LONGEST {
        let mut end = LONGEST;
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        value.truncate(end);
    }
    value
}

/// The term of an identifier.
pub(crate) fn id_term(uid: &str) -> String {
    clipped(&folded(uid))
}

fn add(terms: &mut Terms, field: i64, value: String, shown: &str) {
    terms.entry((field, clipped(&value))).or_insert_with(|| shown.to_owned());
}

fn text(terms: &mut Terms, field: i64, shown: &str) {
    add(terms, field, folded(shown), shown);
}

/// What the wire says of a device, as terms.
pub(crate) fn of_device(row: &DeviceRow) -> Terms {
    let device = &row.device;
    let mut terms = Terms::new();
    text(&mut terms, ID, &device.id.0);
    for name in &device.hostnames {
        text(&mut terms, NAME, name);
    }
    for alias in &device.aliases {
        text(&mut terms, ALIAS, alias);
    }
    for service in &device.services {
        text(&mut terms, SERVICE, &service.protocol);
        let port = service.port.to_string();
        add(&mut terms, PORT, port.clone(), &port);
    }
    for software in &device.software {
        let version = software.version.as_deref().unwrap_or("");
        text(&mut terms, SOFTWARE, &format!("{} {version}", software.name));
    }
    for ip in &device.ips {
        let ip = ip.to_string();
        add(&mut terms, IP, ip.clone(), &ip);
    }
    for mac in &device.macs {
        let mac = mac.to_string();
        add(&mut terms, MAC, mac.clone(), &mac);
        add(&mut terms, MAC_DIGITS, hex_digits(&mac), &mac);
    }
    for vlan in &device.vlans {
        let vlan = vlan.to_string();
        add(&mut terms, VLAN, vlan.clone(), &vlan);
    }
    for (name, fused) in &device.attributes {
        let field = Attribute::by_name(name).map_or(OTHER, |attribute| ATTRIBUTES + position_of(attribute));
        text(&mut terms, field, &fused.value);
    }
    if let Some(whereabouts) = &row.whereabouts {
        text(&mut terms, POSITION, &whereabouts.position);
        add(&mut terms, WORDS, position_words(&whereabouts.position), &whereabouts.position);
        if let Some(place) = &whereabouts.place {
            text(&mut terms, PLACE, place);
        }
    }
    if let Some(group) = &row.group {
        text(&mut terms, GROUP, group);
    }
    terms
}

/// What people say of a device, as terms.
pub(crate) fn of_annotation(annotation: &Annotation) -> Terms {
    let mut terms = Terms::new();
    for tag in &annotation.tags {
        text(&mut terms, TAG, tag);
    }
    if let Some(owner) = &annotation.owner {
        text(&mut terms, OWNER, owner);
    }
    if let Some(place) = &annotation.place {
        text(&mut terms, BELONGS, place);
    }
    terms
}

/// A number that tells sets of terms and addresses apart: where it is the same, nothing needs writing.
pub(crate) fn fingerprint(terms: &Terms, device: &Device) -> i64 {
    // The seeds are fixed: the number is stored.
    let mut hasher = std::hash::DefaultHasher::new();
    for (key, shown) in terms {
        (key, shown).hash(&mut hasher);
    }
    device.ips.hash(&mut hasher);
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

/// Tells when advisories may say something else of a device: of all that they are compared with, but for times.
pub(crate) fn matter(device: &Device) -> i64 {
    // The seeds are fixed: the number is stored.
    let mut hasher = std::hash::DefaultHasher::new();
    for (name, fused) in &device.attributes {
        (name, &fused.value, fused.confidence.to_bits()).hash(&mut hasher);
    }
    for software in &device.software {
        (&software.name, &software.version, &software.cpe, &software.purl).hash(&mut hasher);
        software.confidence.to_bits().hash(&mut hasher);
    }
    (&device.particulars, scope_code(device.scope)).hash(&mut hasher);
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

/// Which attributes are known, as bits.
pub(crate) fn known(device: &Device) -> i64 {
    let mut bits = 0;
    for attribute in Attribute::ALL {
        let has = match attribute {
            Attribute::Hostname => !device.hostnames.is_empty(),
            Attribute::Alias => !device.aliases.is_empty(),
            Attribute::Software => !device.software.is_empty(),
            other => device.attributes.contains_key(other.name()),
        };
        if has {
            bits |= known_bit(attribute);
        }
    }
    if device.value(Attribute::LifeSupporting) == Some("yes") {
        bits |= LIFE_SUPPORTING;
    }
    bits
}

/// An address in bytes that sort like addresses, each family for itself.
pub(crate) fn address_key(ip: IpAddr) -> Vec<u8> {
    let mut key = Vec::with_capacity(17);
    match ip {
        IpAddr::V4(v4) => {
            key.push(4);
            key.extend(v4.octets());
        }
        IpAddr::V6(v6) => {
            key.push(6);
            key.extend(v6.octets());
        }
    }
    key
}

/// The first and the last address of a network.
pub(crate) fn network_range(ip: IpAddr, prefix: u8) -> (Vec<u8>, Vec<u8>) {
    match ip {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
            let first = v4.to_bits() & !host;
            (address_key(IpAddr::V4(first.into())), address_key(IpAddr::V4((first | host).into())))
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
            let first = v6.to_bits() & !host;
            (address_key(IpAddr::V6(first.into())), address_key(IpAddr::V6((first | host).into())))
        }
    }
}

pub(crate) const fn scope_code(scope: Scope) -> i64 {
    match scope {
        Scope::Internal => 0,
        Scope::External => 1,
        Scope::Multicast => 2,
    }
}

/// Names of scopes, by their codes.
pub(crate) const SCOPES: [&str; 3] = ["internal", "external", "multicast"];
