//! Versions of Debian packages (Debian Policy 5.6.12): epoch, upstream version, revision; `~` sorts before the end.

use std::cmp::Ordering;

use super::Scheme;

pub(super) static DEBIAN: Scheme = Scheme {
    names: &["debian", "deb", "ubuntu", "dpkg"],
    specification: "Debian Policy Manual 5.6.12",
    fits,
    compare,
};

fn fits(text: &str) -> bool {
    let (_, upstream, revision) = parts(text);
    let sound = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-~:".contains(&b));
    !upstream.is_empty() && sound(upstream) && sound(revision)
}

fn parts(text: &str) -> (u64, &str, &str) {
    let text = text.trim();
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit()) => {
            (epoch.parse().unwrap_or(u64::MAX), rest)
        }
        _ => (0, text),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

fn compare(a: &str, b: &str) -> Option<Ordering> {
    if !fits(a) || !fits(b) {
        return None;
    }
    let ((a_epoch, a_up, a_rev), (b_epoch, b_up, b_rev)) = (parts(a), parts(b));
    Some(a_epoch.cmp(&b_epoch).then_with(|| part(a_up, b_up)).then_with(|| part(a_rev, b_rev)))
}

/// `~` before the end, the end before letters, letters before other signs.
fn weight(c: Option<u8>) -> i32 {
    match c {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_digit() => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(c),
        Some(c) => i32::from(c) + 256,
    }
}

fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        let is_word = |rest: &[u8]| rest.first().is_some_and(|c| !c.is_ascii_digit());
        while is_word(a) || is_word(b) {
            let order = weight(a.first().copied()).cmp(&weight(b.first().copied()));
            if order.is_ne() {
                return order;
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let order = number(&mut a, &mut b);
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The numbers at the front, taken off.
pub(super) fn number(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    let take = |rest: &mut &[u8]| -> Vec<u8> {
        let end = rest.iter().position(|c| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, next) = rest.split_at(end);
        *rest = next;
        digits.iter().copied().skip_while(|c| *c == b'0').collect()
    };
    let (a, b) = (take(a), take(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
}
