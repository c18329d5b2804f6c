//! Versions taken apart: numbers and letters in order.

use std::cmp::Ordering;

/// One piece of a version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Piece {
    pub kind: Kind,
    /// Nothing stands between it and the piece before.
    pub glued: bool,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Digits without leading zeros, so that numbers of any length compare; the flag: it had leading zeros.
    Number(Box<str>, bool),
    /// Lower case.
    Letters(Box<str>),
}

/// Longest text that is taken apart, in bytes, and most pieces: a version is short.
const LONGEST: usize = 96;
const MOST_PIECES: usize = 24;

/// Words before a version that are none of it.
const PREFIXES: [&str; 19] = [
    "version",
    "versions",
    "ver",
    "v",
    "revision",
    "revisions",
    "rev",
    "release",
    "releases",
    "software",
    "firmware",
    "sw",
    "fw",
    "build",
    "app",
    "application",
    "os",
    "r",
    "level",
];

/// Words that come before the release that they name: "1.0-rc1" is older than "1.0" (semver.org 11; PEP 440).
const BEFORE: [&str; 10] = ["dev", "alpha", "a", "beta", "b", "pre", "preview", "rc", "cr", "snapshot"];

/// Words that come after it: a service pack, patch or hotfix.
const AFTER: [&str; 14] =
    ["sp", "service pack", "p", "patch", "hotfix", "hf", "update", "u", "cu", "post", "r", "mr", "fix", "ga"];

/// Takes a version apart.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut lower = text.trim().to_ascii_lowercase().replace("service pack", "sp");
    if lower.len() > LONGEST {
        let cut = (0..=LONGEST).rev().find(|at| lower.is_char_boundary(*at)).unwrap_or(0);
        lower.truncate(cut);
    }
    // What stands in brackets behind a version remarks on it: "3.1.4 (build 55)".
    if let Some(at) = lower.find('(').filter(|at| *at > 0) {
        lower.truncate(at);
    }
    let mut all: Vec<Piece> = Vec::new();
    let mut glued = false;
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let class = |c: char| {
            if c.is_ascii_digit() {
                0
            } else if c.is_alphabetic() {
                1
            } else {
                2
            }
        };
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (run, next) = rest.split_at(end);
        match class(first) {
            0 => {
                let plain = run.trim_start_matches('0');
                let digits = if plain.is_empty() { "0" } else { plain };
                let padded = digits.len() < run.len();
                all.push(Piece { kind: Kind::Number(digits.into(), padded), glued });
                glued = true;
            }
            1 => {
                all.push(Piece { kind: Kind::Letters(run.into()), glued });
                glued = true;
            }
            _ => glued = false,
        }
        rest = next;
        if all.len() >= MOST_PIECES {
            break;
        }
    }
    strip_prefixes(&mut all);
    all
}

/// Takes off words before the version. A letter that is glued to a number stays, but for "v".
fn strip_prefixes(all: &mut Vec<Piece>) {
    while all.len() > 1 {
        let strip = match (all.first().map(|piece| &piece.kind), all.get(1)) {
            (Some(Kind::Letters(word)), Some(next)) => {
                PREFIXES.contains(&&**word) && (!next.glued || &**word == "v" || word.len() > 1)
            }
            _ => false,
        };
        if !strip {
            break;
        }
        all.remove(0);
    }
}

fn is_before(word: &str) -> bool {
    BEFORE.contains(&word) && word.len() > 1
}

/// Orders two versions; `None`: they are not numbered alike.
pub(crate) fn compare(a: &[Piece], b: &[Piece]) -> Option<Ordering> {
    let (a, b) = (drop_release_letter(a, b), drop_release_letter(b, a));
    let mut at = 0;
    loop {
        match (a.get(at), b.get(at)) {
            (None, None) => return Some(Ordering::Equal),
            (Some(more), None) => return Some(tail(more, a.get(at..).unwrap_or_default())),
            (None, Some(more)) => return Some(tail(more, b.get(at..).unwrap_or_default()).reverse()),
            (Some(x), Some(y)) => match piece(x, y, at, a, b)? {
                Ordering::Equal => {}
                order => return Some(order),
            },
        }
        at += 1;
    }
}

/// "R3.2.0" and "3.2.0" are numbered alike.
fn drop_release_letter<'p>(own: &'p [Piece], other: &[Piece]) -> &'p [Piece] {
    match (own.first().map(|piece| &piece.kind), own.get(1), other.first().map(|piece| &piece.kind)) {
        (Some(Kind::Letters(word)), Some(next), Some(Kind::Number(..))) if &**word == "r" && next.glued => {
            own.get(1..).unwrap_or_default()
        }
        _ => own,
    }
}

/// How what goes on stands to what ended.
fn tail(more: &Piece, rest: &[Piece]) -> Ordering {
    match &more.kind {
        Kind::Letters(word) if is_before(word) => Ordering::Less,
        _ => {
            let zeros =
                rest.iter().all(|piece| matches!(&piece.kind, Kind::Number(digits, _) if &**digits == "0"));
            if zeros { Ordering::Equal } else { Ordering::Greater }
        }
    }
}

fn piece(x: &Piece, y: &Piece, at: usize, a: &[Piece], b: &[Piece]) -> Option<Ordering> {
    match (&x.kind, &y.kind) {
        // "012U000040" is numbered otherwise than "9.33".
        (Kind::Number(..), Kind::Number(..)) if at == 0 && is_padded_code(a) != is_padded_code(b) => None,
        (Kind::Number(x, _), Kind::Number(y, _)) => Some(x.len().cmp(&y.len()).then_with(|| x.cmp(y))),
        (Kind::Letters(x_word), Kind::Letters(y_word)) => letters(x_word, y_word, at, a, b),
        // "1.0rc1" against "1.0.1"; "1.0.2k" against "1.0.2.1" cannot be told.
        (Kind::Letters(word), Kind::Number(digits, _)) => mixed(word, digits, at),
        (Kind::Number(digits, _), Kind::Letters(word)) => mixed(word, digits, at).map(Ordering::reverse),
    }
}

/// A number with leading zeros and letters glued to it.
fn is_padded_code(all: &[Piece]) -> bool {
    matches!(all, [first, second, ..] if matches!(first.kind, Kind::Number(_, true)) && second.glued && matches!(second.kind, Kind::Letters(_)))
}

fn mixed(word: &str, digits: &str, at: usize) -> Option<Ordering> {
    if at == 0 {
        return None;
    }
    if is_before(word) {
        return Some(Ordering::Less);
    }
    // "4.1 SP1" against "4.1.0" goes on as "4.1"; against "4.1.2" it is older.
    (AFTER.contains(&word) && digits != "0").then_some(Ordering::Less)
}

fn letters(x: &str, y: &str, at: usize, a: &[Piece], b: &[Piece]) -> Option<Ordering> {
    if x == y {
        return Some(Ordering::Equal);
    }
    match (is_before(x), is_before(y)) {
        (true, true) => {
            let rank = |word: &str| BEFORE.iter().position(|known| *known == word);
            return Some(rank(x).cmp(&rank(y)));
        }
        (true, false) => return Some(Ordering::Less),
        (false, true) => return Some(Ordering::Greater),
        (false, false) => {}
    }
    let glued_number = |all: &[Piece]| {
        all.get(at + 1).is_some_and(|next| next.glued && matches!(next.kind, Kind::Number(..)))
    };
    let padded = |all: &[Piece]| {
        at.checked_sub(1)
            .and_then(|before| all.get(before))
            .is_some_and(|before| matches!(before.kind, Kind::Number(_, true)))
    };
    // "U61" and "L81", "012U000040" and "012L000040" are different families; "B.06" and "C.02" are revisions of one.
    if at == 0 && (glued_number(a) || glued_number(b)) || padded(a) || padded(b) {
        return None;
    }
    // Words are not ordered; letters are: "1.0.2k" before "1.0.2zb" (OpenSSL), "Rev J" before "Rev K".
    if x.len() > 2 || y.len() > 2 {
        return None;
    }
    Some(x.len().cmp(&y.len()).then_with(|| x.cmp(y)))
}

/// Whether `longer` is `shorter` with something more behind it that is not nothing.
pub(crate) fn extends(longer: &[Piece], shorter: &[Piece]) -> bool {
    let (longer, shorter) = (drop_release_letter(longer, shorter), drop_release_letter(shorter, longer));
    longer.len() > shorter.len()
        && !shorter.is_empty()
        && longer.iter().zip(shorter).all(|(a, b)| match (&a.kind, &b.kind) {
            (Kind::Number(a, _), Kind::Number(b, _)) => a == b,
            (Kind::Letters(a), Kind::Letters(b)) => a == b,
            _ => false,
        })
        && compare(longer, shorter) != Some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: &str, b: &str) -> Option<Ordering> {
        compare(&pieces(a), &pieces(b))
    }

    #[test]
    fn versions_are_ordered_as_their_makers_order_them() {
        for (smaller, greater) in [
            ("1.9", "1.10"),
            ("1.0.2k", "1.0.2zb"),
            ("7.2R3", "7.2R10"),
            ("1.0-rc1", "1.0"),
            ("1.0-beta2", "1.0-rc1"),
            ("1.8.4", "1.8.4 Service Pack 01"),
            ("2.6A", "2.7A"),
            ("012U000040", "012U000061"),
            ("B.06.18", "C.02.01"),
            ("Rev J", "Rev K"),
            ("VC10A", "VC10B"),
            ("VC10.9", "VC10.10.1"),
            ("R4.1L1", "R4.2"),
            ("20D29", "20D32"),
            ("2018-1", "2021-1"),
            ("9.1p1", "9.2p1"),
            ("9.33.1", "9.33.1_hotfix2"),
            ("U58", "U61"),
        ] {
            assert_eq!(order(smaller, greater), Some(Ordering::Less), "{smaller} < {greater}");
            assert_eq!(order(greater, smaller), Some(Ordering::Greater), "{greater} > {smaller}");
        }
    }

    #[test]
    fn the_same_is_equal_however_it_is_written() {
        for (a, b) in [
            ("9.33", "v9.33"),
            ("9.33", "Version 9.33.0"),
            ("3.6.7", "3.6.7.0"),
            ("012u000062", "012U000062"),
            ("R3.2.0", "3.2.0"),
            ("SW 2.43.02", "2.43.2"),
            ("3.1.4 (build 55)", "3.1.4"),
            ("5.9.1.0.", "5.9.1"),
        ] {
            assert_eq!(order(a, b), Some(Ordering::Equal), "{a} = {b}");
        }
    }

    #[test]
    fn what_is_numbered_otherwise_is_not_ordered() {
        for (a, b) in [
            ("U61", "L81"),
            ("012U000040", "9.33"),
            ("012U000040", "012L000040"),
            ("VC10A", "1.0"),
            ("1.0.2k", "1.0.2.1"),
            ("alpha centauri", "1"),
        ] {
            assert_eq!(order(a, b), None, "{a} and {b}");
        }
    }
}
