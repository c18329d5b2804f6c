//! Versions of RPM packages (rpmvercmp): segments of digits or letters; `~` sorts before the end, `^` after it.

use std::cmp::Ordering;

use super::Scheme;
use super::debian::number;

pub(super) static RPM: Scheme = Scheme {
    names: &["rpm", "red hat", "rocky linux", "almalinux", "suse", "opensuse", "mageia", "centos"],
    specification: "rpm: rpmvercmp, rpm-version(7)",
    fits: |text| text.bytes().any(|b| b.is_ascii_alphanumeric()) && text.is_ascii(),
    compare,
};

fn compare(a: &str, b: &str) -> Option<Ordering> {
    if !(RPM.fits)(a) || !(RPM.fits)(b) {
        return None;
    }
    let split = |text: &str| -> (u64, String, String) {
        let (epoch, rest) = text.trim().split_once(':').unwrap_or(("0", text.trim()));
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch.parse().unwrap_or(0), version.to_owned(), release.to_owned())
    };
    let (a, b) = (split(a), split(b));
    Some(a.0.cmp(&b.0).then_with(|| part(&a.1, &b.1)).then_with(|| part(&a.2, &b.2)))
}

fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let skip = |rest: &mut &[u8]| {
        let end =
            rest.iter().position(|c| c.is_ascii_alphanumeric() || b"~^".contains(c)).unwrap_or(rest.len());
        *rest = rest.get(end..).unwrap_or_default();
    };
    loop {
        skip(&mut a);
        skip(&mut b);
        for (mark, has_it, other_over) in
            [(b'~', Ordering::Less, Ordering::Less), (b'^', Ordering::Less, Ordering::Greater)]
        {
            let (x, y) = (a.first() == Some(&mark), b.first() == Some(&mark));
            match (x, y) {
                (true, true) => break,
                (true, false) => return if b.is_empty() { other_over } else { has_it },
                (false, true) => return if a.is_empty() { other_over.reverse() } else { has_it.reverse() },
                (false, false) => {}
            }
        }
        if a.first().is_some_and(|c| b"~^".contains(c)) {
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
            continue;
        }
        match (a.first(), b.first()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                let order = match (x.is_ascii_digit(), y.is_ascii_digit()) {
                    (true, true) => number(&mut a, &mut b),
                    // Numbers are newer than letters.
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    (false, false) => word(&mut a, &mut b),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

fn word(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    let take = |rest: &mut &[u8]| -> Vec<u8> {
        let end = rest.iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (letters, next) = rest.split_at(end);
        *rest = next;
        letters.to_vec()
    };
    take(a).cmp(&take(b))
}
