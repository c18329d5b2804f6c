//! Semantic versions (semver.org 2.0.0, 11), as npm, Cargo and Go use them. A missing minor or patch number is 0.

use std::cmp::Ordering;

use super::Scheme;

pub(super) static SEMVER: Scheme = Scheme {
    names: &["semver", "npm", "crates.io", "cargo", "go", "golang", "swifturl", "pub"],
    specification: "Semantic Versioning 2.0.0, 11",
    fits: |text| read(text).is_some(),
    compare,
};

/// Numbers, then identifiers of a pre-release; none stands above any.
fn read(text: &str) -> Option<([u64; 3], Vec<&str>)> {
    let text = text.trim().trim_start_matches(['v', 'V', '=']);
    let text = text.split('+').next().unwrap_or(text);
    let (numbers, pre) = text.split_once('-').map_or((text, ""), |(a, b)| (a, b));
    let mut triple = [0; 3];
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > 3 {
        return None;
    }
    for (slot, part) in triple.iter_mut().zip(parts) {
        *slot = part.parse().ok()?;
    }
    if text.contains('-') && (pre.is_empty() || pre.split('.').any(str::is_empty)) {
        return None;
    }
    Some((triple, pre.split('.').filter(|part| !part.is_empty()).collect()))
}

fn compare(a: &str, b: &str) -> Option<Ordering> {
    let ((a, a_pre), (b, b_pre)) = (read(a)?, read(b)?);
    let by_pre = match (a_pre.is_empty(), b_pre.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let each = a_pre.iter().zip(&b_pre).map(|(a, b)| identifier(a, b)).find(|order| order.is_ne());
            each.unwrap_or_else(|| a_pre.len().cmp(&b_pre.len()))
        }
    };
    Some(a.cmp(&b).then(by_pre))
}

fn identifier(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}
