//! Builds of Windows: four numbers, "10.0.17763.1577". Builds of different releases are ordered by release.

use std::cmp::Ordering;

use super::Scheme;

pub(super) static WINDOWS: Scheme = Scheme {
    names: &["windows"],
    specification: "Microsoft: VerifyVersionInfo, version numbers of releases",
    fits: |text| read(text).is_some(),
    compare,
};

fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(read(a)?.cmp(&read(b)?))
}

fn read(text: &str) -> Option<[u32; 4]> {
    let mut numbers = [0; 4];
    let parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() < 3 || parts.len() > 4 {
        return None;
    }
    for (slot, part) in numbers.iter_mut().zip(parts) {
        *slot = part.parse().ok()?;
    }
    Some(numbers)
}
