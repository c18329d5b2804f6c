//! Versions of Python packages (PEP 440): epoch, release, pre-release, post-release, development release. A local part
//! behind `+` is not compared.

use std::cmp::Ordering;

use super::Scheme;

pub(super) static PYPI: Scheme = Scheme {
    names: &["pypi", "pep440", "python"],
    specification: "PEP 440",
    fits: |text| read(text).is_some(),
    compare,
};

/// Ordered as the PEP orders: development releases lowest, post-releases highest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// (0: only a development release, 1: alpha, 2: beta, 3: candidate, 4: none), and its number.
    pre: (u8, u64),
    /// Number of the post-release, plus one; 0 where there is none.
    post: u64,
    /// Number of the development release; the greatest where there is none.
    dev: u64,
}

fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(read(a)?.cmp(&read(b)?))
}

fn read(text: &str) -> Option<Version> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.trim_start_matches('v');
    let text = text.split('+').next().unwrap_or(text);
    let (epoch, rest) = match text.split_once('!') {
        Some((epoch, rest)) => (epoch.parse().ok()?, rest),
        None => (0, text),
    };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let (numbers, mut tail) = rest.split_at(end);
    let numbers = numbers.trim_end_matches('.');
    let mut release: Vec<u64> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let (mut pre, mut post, mut dev) = (None, 0, u64::MAX);
    while !tail.is_empty() {
        tail = tail.trim_start_matches(['.', '-', '_']);
        let word_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (word, next) = tail.split_at(word_end);
        let next = next.trim_start_matches(['.', '-', '_']);
        let digits = next.find(|c: char| !c.is_ascii_digit()).unwrap_or(next.len());
        let (number, next) = next.split_at(digits);
        let number: u64 = if number.is_empty() { 0 } else { number.parse().ok()? };
        match word {
            "a" | "alpha" => pre = Some((1, number)),
            "b" | "beta" => pre = Some((2, number)),
            "rc" | "c" | "pre" | "preview" => pre = Some((3, number)),
            "post" | "rev" | "r" => post = number.saturating_add(1),
            "" if !digits.eq(&0) => post = number.saturating_add(1),
            "dev" => dev = number,
            _ => return None,
        }
        tail = next;
    }
    let none = if dev != u64::MAX && post == 0 { (0, 0) } else { (4, 0) };
    Some(Version { epoch, release, pre: pre.unwrap_or(none), post, dev })
}
