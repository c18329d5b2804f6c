//! Which of two versions is newer, as far as numbers tell.

use std::cmp::Ordering;

/// Compares by runs of digits and of other characters; `None` where the two are not of one kind.
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parts(a), parts(b));
    for (a, b) in a.iter().zip(&b) {
        let order = match (a, b) {
            (Run::Number(a), Run::Number(b)) => a.cmp(b),
            (Run::Word(a), Run::Word(b)) if a == b => Ordering::Equal,
            // Letters after equal numbers (1.0.2k and 1.0.2l) count in order; other words are another naming.
            (Run::Word(a), Run::Word(b)) if a.len() == 1 && b.len() == 1 => a.cmp(b),
            _ => return None,
        };
        if order != Ordering::Equal {
            return Some(order);
        }
    }
    Some(a.len().cmp(&b.len()))
}

#[derive(PartialEq)]
enum Run {
    Number(u128),
    Word(String),
}

fn parts(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut digits = String::new();
    let mut word = String::new();
    for c in text.trim().trim_start_matches(['v', 'V']).chars().chain(['.']) {
        if !c.is_ascii_digit() && !digits.is_empty() {
            runs.push(digits.parse().map_or_else(|_| Run::Word(digits.clone()), Run::Number));
            digits.clear();
        }
        if !c.is_alphabetic() && !word.is_empty() {
            runs.push(Run::Word(std::mem::take(&mut word)));
        }
        match c {
            c if c.is_ascii_digit() => digits.push(c),
            c if c.is_alphabetic() => word.extend(c.to_lowercase()),
            _ => {}
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::compare;

    #[test]
    fn numbers_count_by_value_and_other_namings_do_not_compare() {
        assert_eq!(compare("1.9", "1.10"), Some(Less));
        assert_eq!(compare("v2.0", "1.99"), Some(Greater));
        assert_eq!(compare("10.0.17763", "10.0.17763"), Some(Equal));
        assert_eq!(compare("1.0.2k", "1.0.2l"), Some(Less));
        assert_eq!(compare("B.01.23", "C.01.00"), Some(Less));
        assert_eq!(compare("Embedded Standard 7", "10.0.19045"), None);
        assert_eq!(compare("1.0", "1.0.1"), Some(Less));
    }
}
