//! Whether an address can be one of the site's own.

use std::net::IpAddr;

/// Private, shared (RFC 6598), link-local and unique local addresses. What servers elsewhere call themselves is no
/// concern of an inventory.
pub(super) fn is_nearby(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            four.is_private() || four.is_link_local() || four.is_loopback() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local() || six.is_loopback(),
    }
}

/// A DNS name that can name a host: letters, digits, hyphens, dots, with a letter, neither an address nor a wildcard
/// nor a name that every machine has.
pub(super) fn is_host_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let first = name.split('.').next().unwrap_or("").to_ascii_lowercase();
    (2..=253).contains(&name.len())
        && name.chars().all(plain)
        && name.chars().any(|c| c.is_ascii_alphabetic())
        && name.parse::<IpAddr>().is_err()
        && !first.is_empty()
        && !matches!(
            &*first,
            "localhost" | "localdomain" | "example" | "unknown" | "default" | "none" | "www"
        )
}
