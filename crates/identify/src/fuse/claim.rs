//! Claims and how their values compare.

use medward_model::{Attribute, Support};

use crate::catalog::{Catalog, normal};

/// That an attribute of a device has a value, with what says so.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub attribute: Attribute,
    pub value: String,
    /// Claims of one family are not independent.
    pub family: String,
    pub support: Support,
}

/// That a device has a software component.
#[derive(Clone, Debug)]
pub(crate) struct SoftwareClaim {
    pub name: String,
    pub version: Option<String>,
    pub cpe: Option<String>,
    pub purl: Option<String>,
    pub family: String,
    pub support: Support,
}

/// Sources that repeat one another's words: what a host says of itself in its name services, in one list; what a server wrote down
/// of a client, which the wire told as well.
pub(crate) fn family(source: &str) -> &str {
    match source {
        "dhcpv4" | "dhcpv6" | "dhcp-log" | "dnsmasq-leases" | "isc-dhcpd-leases" | "kea-leases"
        | "windows-dhcp" => "dhcp",
        "mdns" | "dns" | "llmnr" => "dns",
        "nbns" | "browser" => "netbios",
        "ssdp" | "upnp" => "upnp",
        "lldp" | "cdp" => "link-discovery",
        "ldap" | "smb" | "rdp" | "tds" => "windows",
        "service" | "client" | "activity" => "behaviour",
        other => other,
    }
}

/// The value as published, and the form in which values are compared. `None` for what is no value.
pub(crate) fn normalise(attribute: Attribute, value: &str, catalog: &Catalog) -> Option<(String, String)> {
    let value = value.trim().trim_end_matches(|c: char| c == '\0' || c.is_whitespace());
    if is_placeholder(value) || is_stand_in(attribute, value) {
        return None;
    }
    let (shown, compared) = match attribute {
        Attribute::Vendor => {
            let name = catalog.vendors.canonical(value);
            let compared = normal(&name);
            (name, compared)
        }
        Attribute::Os => {
            let name = catalog.systems.known(value).unwrap_or(value).to_owned();
            let compared = normal(&name);
            (name, compared)
        }
        Attribute::Category | Attribute::LifeSupporting | Attribute::FdaClass => {
            let slug = value.to_ascii_lowercase();
            (slug.clone(), slug)
        }
        Attribute::Serial | Attribute::Udi | Attribute::UniqueId => {
            let compared: String =
                value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
            (value.to_owned(), compared)
        }
        Attribute::Hostname => {
            let name = value.trim_end_matches('.').to_lowercase();
            if !is_host_name(&name) {
                return None;
            }
            (name.clone(), name)
        }
        Attribute::Location => {
            let place = place(value);
            let compared = normal(&place);
            (place, compared)
        }
        Attribute::Firmware | Attribute::OsVersion => {
            let compared = value.trim_start_matches(['v', 'V']).to_lowercase();
            (value.to_owned(), compared)
        }
        Attribute::Alias => (value.to_owned(), value.to_owned()),
        _ => (value.to_owned(), normal(value)),
    };
    if compared.is_empty() || attribute == Attribute::Serial && is_no_serial(&compared) {
        return None;
    }
    Some((shown, compared))
}

/// What a host may call itself: letters, digits and hyphens in parts of 1 to 63 (RFC 1123, 2.1), the underscores of
/// NetBIOS names, and blanks and brackets, which system names hold; neither an address nor the name of a service.
fn is_host_name(name: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '(' | ')' | ' '))
    };
    name.len() <= 253
        && name.split('.').all(part)
        && !name.ends_with(".arpa")
        && name.parse::<std::net::IpAddr>().is_err()
}

/// A place as its parts from wide to narrow with "/" between: "ICU^^3" (HL7 PL) and "ICU//3" (SDC) are "ICU/3".
fn place(value: &str) -> String {
    let value = if value.contains('^') { value.replace(['^', '&'], "/") } else { value.to_owned() };
    let parts: Vec<&str> = value.split('/').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

/// Programs and systems that stand where the maker or model of a device should be.
pub(crate) fn is_stand_in(attribute: Attribute, value: &str) -> bool {
    const NAMES: [&str; 38] = [
        "wsdd",
        "wsdd2",
        "miniupnpd",
        "miniupnp",
        "minidlna",
        "readymedia",
        "justin maggard",
        "linux",
        "gnu/linux",
        "samba",
        "generic",
        "debian",
        "ubuntu",
        "fedora",
        "openwrt",
        "busybox",
        "windows",
        "android",
        "embedded",
        "standard",
        "custom",
        "manufacturer",
        "vendor",
        "model",
        "device",
        "product",
        "product name",
        "model name",
        "upnp",
        "gupnp",
        "portable sdk for upnp devices",
        "rygel",
        "gmediarender",
        "kodi",
        "xbmc",
        "jellyfin",
        "plex",
        "net-snmp",
    ];
    matches!(attribute, Attribute::Vendor | Attribute::Model | Attribute::Family)
        && NAMES.contains(&value.trim().to_lowercase().as_str())
}

/// Words that makers leave where a value should be.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 34] = [
        "",
        "-",
        "--",
        "?",
        ".",
        "0",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "unspecified",
        "undefined",
        "not specified",
        "not available",
        "not set",
        "not defined",
        "default",
        "default string",
        "empty",
        "test",
        "to be filled by o.e.m.",
        "to be filled by oem",
        "o.e.m.",
        "oem",
        "system serial number",
        "system product name",
        "system manufacturer",
        "localhost",
        "localhost.localdomain",
        "(none)",
        "tbd",
        "xxx",
    ];
    WORDS.contains(&value.to_lowercase().as_str())
}

/// One character again and again, or the rows of the keyboard.
fn is_no_serial(compared: &str) -> bool {
    let same = compared.chars().next().is_some_and(|first| compared.chars().all(|c| c == first));
    same || compared.len() < 3
        || "0123456789ABCDEF".starts_with(compared)
        || "123456789".starts_with(compared)
        || "1234567890".starts_with(compared)
        || ["SERIALNUMBER", "SERIAL", "SN", "NOTSPECIFIED"].contains(&compared)
}

/// Whether a device may have several values of it at once.
pub(crate) fn is_multiple(attribute: Attribute) -> bool {
    matches!(attribute, Attribute::Hostname | Attribute::Alias | Attribute::UniqueId | Attribute::Software)
}

/// How two values of one attribute stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Only one of them can be right.
    Excludes,
    /// The second says the same more precisely.
    Narrower,
    /// Both may stand (a vendor and its owner).
    Agrees,
}

/// Whether the second group's value says the first's more precisely.
pub(crate) fn is_narrower(
    attribute: Attribute,
    wide: &super::Group<'_>,
    narrow: &super::Group<'_>,
    catalog: &Catalog,
) -> bool {
    let relation =
        relation(attribute, (&wide.value, &wide.compared), (&narrow.value, &narrow.compared), catalog);
    relation == Relation::Narrower
}

/// How `narrow` stands to `wide`; both as (shown, compared).
pub(crate) fn relation(
    attribute: Attribute,
    wide: (&str, &str),
    narrow: (&str, &str),
    catalog: &Catalog,
) -> Relation {
    let extends = || {
        narrow.1.strip_prefix(wide.1).is_some_and(|rest| {
            rest.starts_with([' ', '.', '-', '_', '/', '(', '+']) || wide.1.ends_with([' ', '.', '-'])
        })
    };
    match attribute {
        Attribute::Vendor => match catalog.vendors.lies_within(narrow.0, wide.0) {
            true => Relation::Narrower,
            false => Relation::Excludes,
        },
        Attribute::Os => match catalog.systems.lies_within(narrow.0, wide.0) || extends() {
            true => Relation::Narrower,
            false => Relation::Excludes,
        },
        Attribute::Category => {
            let mut at = narrow.0;
            for _ in 0..8 {
                match catalog.category(at).and_then(|c| c.within.as_deref()) {
                    Some(within) if within == wide.0 => return Relation::Narrower,
                    Some(within) => at = within,
                    None => break,
                }
            }
            Relation::Excludes
        }
        Attribute::OsVersion
        | Attribute::Firmware
        | Attribute::Model
        | Attribute::Family
        | Attribute::Location
            if extends() =>
        {
            Relation::Narrower
        }
        // A product code that ends in the model's number says the same.
        Attribute::Model
            if wide.1.len() >= 5
                && wide.1.contains(|c: char| c.is_ascii_digit())
                && narrow.1.len() > wide.1.len()
                && narrow.1.ends_with(wide.1) =>
        {
            Relation::Agrees
        }
        // The same place, told with the house in front.
        Attribute::Location if narrow.1.strip_suffix(wide.1).is_some_and(|rest| rest.ends_with(' ')) => {
            Relation::Narrower
        }
        // A model's name with its vendor's or family's in front says the same.
        Attribute::Model if narrow.1.strip_suffix(wide.1).is_some_and(|rest| rest.ends_with(' ')) => {
            Relation::Agrees
        }
        _ => Relation::Excludes,
    }
}
