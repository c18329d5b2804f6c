//! Dates in the place of versions: "May 2018", "8/30/2024", "2019-05-07", "august 28, 2017".
//!
//! American order where it is month, day and year with slashes. A month stands for its first day.

use std::cmp::Ordering;

use medward_model::Day;

use super::Scheme;

pub(super) static DATE: Scheme = Scheme {
    names: &["date"],
    specification: "ISO 8601, and dates in English prose",
    fits: |text| read(text).is_some(),
    compare,
};

fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(read(a)?.cmp(&read(b)?))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The day that the text gives.
pub(crate) fn read(text: &str) -> Option<Day> {
    let text = text.trim().to_ascii_lowercase();
    if text.contains('-') && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Day::read(&text);
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "of")
        .collect();
    let number = |word: &str| -> Option<i16> {
        word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|n| *n > 0)
    };
    let month = |word: &str| -> Option<i8> {
        let name = word.get(..3)?;
        let at = MONTHS.iter().position(|month| *month == name)?;
        // "mayo" is no month; "sept" is.
        (word.len() == 3 || word == "sept" || FULL.get(at) == Some(&word))
            .then(|| i8::try_from(at).ok().map(|m| m + 1))?
    };
    match words.as_slice() {
        [a, b] => Day::new(number(b).filter(|year| *year >= 1900)?, month(a)?, 1),
        [a, b, c] => {
            let year = number(c).filter(|year| *year >= 1900)?;
            if let Some(month) = month(a) {
                return Day::new(year, month, i8::try_from(number(b)?).ok()?);
            }
            if let Some(month) = month(b) {
                return Day::new(year, month, i8::try_from(number(a)?).ok()?);
            }
            text.contains('/').then_some(())?;
            Day::new(year, i8::try_from(number(a)?).ok()?, i8::try_from(number(b)?).ok()?)
        }
        _ => None,
    }
}

const FULL: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
