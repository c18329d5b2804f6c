//! Unique device identifiers as carried (21 CFR 801.40): GS1, HIBCC, or a bare device identifier.

use medward_model::Day;

/// A UDI, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Udi {
    /// The device identifier; of GS1 fourteen digits.
    pub di: String,
    pub lot: Option<String>,
    pub serial: Option<String>,
    pub manufactured: Option<Day>,
    pub expires: Option<Day>,
}

/// Longest text that is read.
const LONGEST: usize = 512;

impl Udi {
    /// Reads a UDI; `None` where it is none.
    pub fn read(text: &str) -> Option<Udi> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        if let Some(rest) = text.strip_prefix('+') {
            return hibc(rest);
        }
        if text.starts_with('(') {
            return bracketed(text);
        }
        if text.len() > 16
            && text.starts_with("01")
            && text.get(2..16).is_some_and(|gtin| gtin.bytes().all(|b| b.is_ascii_digit()))
        {
            return concatenated(text);
        }
        gtin(text).map(|di| Udi { di, ..Udi::default() })
    }

    fn put(&mut self, identifier: &str, value: &str) -> Option<()> {
        let value = value.trim();
        match identifier {
            "01" => self.di = gtin(value)?,
            "10" => self.lot = Some(value.to_owned()),
            "21" => self.serial = Some(value.to_owned()),
            "11" => self.manufactured = day(value),
            "17" => self.expires = day(value),
            _ => {}
        }
        Some(())
    }
}

/// Fourteen digits with a right check digit (GS1 General Specifications, 7.9), from 8, 12, 13 or 14.
pub(crate) fn gtin(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    if !matches!(digits.len(), 8 | 12 | 13 | 14)
        || text.bytes().any(|b| !b.is_ascii_digit() && b != b' ' && b != b'-')
    {
        return None;
    }
    let (check, front) = digits.split_last()?;
    let sum: u32 = front
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(*digit) * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    let plain: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    ((10 - sum % 10) % 10 == u32::from(*check)).then(|| format!("{plain:0>14}"))
}

/// YYMMDD; day 00 is the last of the month (GS1, 7.12).
fn day(text: &str) -> Option<Day> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let (year, month, day) =
        (number(0..2)?, i8::try_from(number(2..4)?).ok()?, i8::try_from(number(4..6)?).ok()?);
    let year = if year > 50 { 1900 + year } else { 2000 + year };
    if day == 0 {
        (28..=31).rev().find_map(|day| Day::new(year, month, day))
    } else {
        Day::new(year, month, day)
    }
}

fn bracketed(text: &str) -> Option<Udi> {
    let mut udi = Udi::default();
    for part in text.split('(').skip(1) {
        let (identifier, value) = part.split_once(')')?;
        udi.put(identifier, value);
    }
    (!udi.di.is_empty()).then_some(udi)
}

/// Lengths of values that have a fixed one (GS1 General Specifications, 7.8.5).
const FIXED: [(&str, usize); 6] = [("00", 18), ("01", 14), ("11", 6), ("15", 6), ("17", 6), ("20", 2)];

fn concatenated(text: &str) -> Option<Udi> {
    let mut udi = Udi::default();
    let mut rest = text;
    while let Some(identifier) = rest.get(..2) {
        let body = rest.get(2..)?;
        let fixed = FIXED.iter().find(|(known, _)| *known == identifier).map(|(_, length)| *length);
        let end = fixed.unwrap_or_else(|| body.find('\u{1d}').unwrap_or(body.len()));
        udi.put(identifier, body.get(..end)?);
        rest = body.get(end..)?.trim_start_matches('\u{1d}');
    }
    (!udi.di.is_empty()).then_some(udi)
}

/// HIBC (ANSI/HIBC 2.6): labeller, product and unit of use, then lot or serial behind a slash.
fn hibc(text: &str) -> Option<Udi> {
    let (primary, secondary) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    if primary.len() < 6 || !primary.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut udi = Udi { di: primary.to_owned(), ..Udi::default() };
    for part in secondary.into_iter().flat_map(|rest| rest.split('/')) {
        if let Some(serial) =
            part.strip_prefix("$$+7").or_else(|| part.strip_prefix("$+")).or_else(|| part.strip_prefix('S'))
        {
            udi.serial = Some(serial.to_owned());
        } else if let Some(lot) = part.strip_prefix("$$7").or_else(|| part.strip_prefix('$')) {
            udi.lot = Some(lot.trim_start_matches('$').to_owned());
        }
    }
    Some(udi)
}

#[cfg(test)]
mod tests {
    use super::Udi;
    use proptest::prelude::*;

    #[test]
    fn a_udi_is_the_same_in_brackets_and_without() {
        let bracketed = Udi::read("(01)10887709062112(17)250101(10)4572842").expect("a UDI");
        assert_eq!(bracketed.di, "10887709062112");
        assert_eq!(bracketed.lot.as_deref(), Some("4572842"));
        assert_eq!(
            Udi::read("01108877090621121725010110 4572842".replace(' ', "").as_str()),
            Some(bracketed)
        );
    }

    #[test]
    fn a_bare_identifier_needs_a_right_check_digit() {
        assert!(Udi::read("10887709062112").is_some());
        assert!(Udi::read("10887709062113").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            let _ = Udi::read(&text);
            let _ = Udi::read(&format!("01{text}"));
        }
    }
}
