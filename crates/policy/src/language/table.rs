//! Reading a TOML table key by key, keeping all that is wrong.

use std::ops::Range;

use medward_model::Day;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Error, nearest};
use super::{Errors, Place};

pub(super) type Span = Range<usize>;

/// A value with where it stands.
pub(super) type At<T> = (T, Span);

/// A text that is being read.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Where lines begin.
    lines: Vec<usize>,
    errors: Vec<Error>,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Reader { text, lines, errors: Vec::new() }
    }

    pub fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: short(line), column: short(column) }
    }

    pub fn wrong(&mut self, span: &Span, what: impl Into<String>) {
        self.suggest(span, what, None);
    }

    pub fn suggest(&mut self, span: &Span, what: impl Into<String>, suggestion: Option<String>) {
        let place = self.place(span.start);
        self.errors.push(Error { place, what: what.into(), suggestion });
    }

    pub fn slice(&self, span: &Span) -> &'a str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// All errors, in the order of the text.
    pub fn finish(mut self) -> Errors {
        self.errors.sort_by_key(|error| error.place);
        self.errors.dedup();
        Errors(self.errors)
    }

    /// Tells of keys that mean nothing here.
    pub fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let suggestion = nearest(name, known.iter().copied());
                self.suggest(&key.span(), format!("'{name}' means nothing here"), suggestion);
            }
        }
    }

    fn mistyped(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let kind = value.get_ref().type_str();
        self.wrong(&value.span(), format!("'{key}' is {wanted}, not a value of type {kind}"));
    }

    /// A text.
    pub fn string(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<String>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            _ => {
                self.mistyped(value, key, "text");
                None
            }
        }
    }

    /// A text that must be there.
    pub fn needed(&mut self, table: &DeTable<'_>, key: &str, span: &Span) -> Option<At<String>> {
        if !table.contains_key(key) {
            self.wrong(span, format!("'{key}' is missing"));
        }
        self.string(table, key)
    }

    /// One of some words.
    pub fn word<T: Copy>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let (text, span) = self.string(table, key)?;
        let found = all.iter().copied().find(|word| name(*word) == text);
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|word| name(*word)).collect();
            let suggestion = nearest(&text, names.iter().copied());
            self.suggest(&span, format!("'{text}' is no {key}: there are {}", names.join(", ")), suggestion);
        }
        found
    }

    /// A text or a list of texts.
    pub fn strings(&mut self, table: &DeTable<'_>, key: &str) -> Option<Vec<At<String>>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(vec![(text.to_string(), value.span())]),
            DeValue::Array(all) => {
                let mut texts = Vec::new();
                for entry in all.iter() {
                    match entry.get_ref() {
                        DeValue::String(text) => texts.push((text.to_string(), entry.span())),
                        _ => self.mistyped(entry, key, "a list of texts"),
                    }
                }
                Some(texts)
            }
            _ => {
                self.mistyped(value, key, "a text or a list of texts");
                None
            }
        }
    }

    /// A number from 0 to 1.
    pub fn share(&mut self, table: &DeTable<'_>, key: &str) -> Option<f64> {
        let value = table.get(key)?;
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let found = number.filter(|number| (0.0..=1.0).contains(number));
        if found.is_none() {
            self.wrong(&value.span(), format!("'{key}' is a number from 0 to 1"));
        }
        found
    }

    /// A whole number of at least 1.
    pub fn count(&mut self, table: &DeTable<'_>, key: &str) -> Option<u32> {
        let value = table.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let found = number.filter(|number| *number > 0);
        if found.is_none() {
            self.wrong(&value.span(), format!("'{key}' is a whole number of at least 1"));
        }
        found
    }

    /// Yes or no.
    pub fn flag(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<bool>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some((*flag, value.span())),
            _ => {
                self.mistyped(value, key, "true or false");
                None
            }
        }
    }

    /// A day, as a date or as text.
    pub fn day(&mut self, table: &DeTable<'_>, key: &str) -> Option<Day> {
        let value = table.get(key)?;
        let day = match value.get_ref() {
            DeValue::Datetime(time) => Day::read(&time.to_string()),
            DeValue::String(text) => Day::read(text),
            _ => None,
        };
        if day.is_none() {
            self.wrong(&value.span(), format!("'{key}' is a day like 2026-12-31"));
        }
        day
    }

    /// A table.
    pub fn table<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Option<At<&'t DeTable<'i>>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some((inner, value.span())),
            _ => {
                self.mistyped(value, key, "a table");
                None
            }
        }
    }

    /// Tables that stand under `[[key]]`.
    pub fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<At<&'t DeTable<'i>>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let mut found = Vec::new();
        match value.get_ref() {
            DeValue::Array(all) => {
                for entry in all.iter() {
                    match entry.get_ref() {
                        DeValue::Table(inner) => found.push((inner, entry.span())),
                        _ => self.mistyped(entry, key, "a table"),
                    }
                }
            }
            DeValue::Table(inner) => {
                self.wrong(&value.span(), format!("write [[{key}]] with two brackets: there can be several"));
                found.push((inner, value.span()));
            }
            _ => self.mistyped(value, key, "a list of tables"),
        }
        found
    }
}
