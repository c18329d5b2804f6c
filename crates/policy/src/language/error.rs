//! What is wrong with a text, where, and what was meant.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use super::Place;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
#[error("line {}, column {}: {what}{}", .place.line, .place.column, suggested(.suggestion))]
pub struct Error {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

/// All mistakes of a text, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Errors(pub Vec<Error>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// The name that is nearest to `word`, where one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let most = (word.chars().count() / 3).max(1);
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|(_, name)| name.to_owned())
}

/// Letters to add, drop, change or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 4 || a.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut cost = (at(&row, j) + usize::from(x != y)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_where_it_is_near() {
        assert_eq!(nearest("dicmo", ["dns", "dicom"]), Some("dicom".to_owned()));
        assert_eq!(nearest("Pumps", ["pumps", "lamps"]), Some("pumps".to_owned()));
        assert_eq!(nearest("xyz", ["dns", "dicom"]), None);
    }
}
