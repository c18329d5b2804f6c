//! The ways in which makers write the day of a statement.

use medward_model::{Day, Timestamp};

/// A day as people and spreadsheets write it: a day number, "2019-05-07", "May 7, 2019", "07-MAY-2019", "07.05.2019", and
/// "5/7/2019" with the month first, as the forms are American, unless that is no month.
pub(super) fn day(text: &str, since_1904: bool) -> Option<Day> {
    // Days from 1899-12-30, which makes up for a 29 February 1900 that spreadsheets count (ECMA-376, 18.17.4.1).
    const EPOCH_1900: i64 = 25_569;
    const BETWEEN_EPOCHS: i64 = 1_462;
    let text = text.trim();
    if let Some(number) = text.split('.').next().and_then(|whole| whole.parse::<i64>().ok())
        && text.matches('.').count() <= 1
    {
        // Years 1954 to 2119: other numbers are no days of a form.
        let number = Some(number).filter(|number| (20_000..=80_000).contains(number))?;
        let days = number - EPOCH_1900 + if since_1904 { BETWEEN_EPOCHS } else { 0 };
        return Some(Day::of(Timestamp::from_parts(days * 86_400, 0)));
    }
    if let Some(day) = Day::read(text) {
        return Some(day);
    }
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.take(3).collect();
    let number = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<i16>().ok();
    let month = |text: &str| {
        const NAMES: [&str; 12] =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let text = text.to_lowercase();
        NAMES.iter().position(|name| text.starts_with(name)).and_then(|at| i16::try_from(at + 1).ok())
    };
    let [one, two, three] = parts.as_slice() else { return None };
    let (year, month, day) = match (month(one), month(two)) {
        (Some(month), _) => (number(three)?, month, number(two)?),
        (None, Some(month)) => (number(three)?, month, number(one)?),
        (None, None) => {
            let (first, second, third) = (number(one)?, number(two)?, number(three)?);
            match (first, second) {
                (1_000.., _) => (first, second, third),
                (13.., _) => (third, second, first),
                _ if text.contains('.') => (third, second, first),
                _ => (third, first, second),
            }
        }
    };
    let year = if (0..100).contains(&year) { year + 2_000 } else { year };
    Day::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        let expected = Day::new(2019, 5, 7);
        for text in [
            "2019-05-07",
            "43592",
            "43592.0",
            "May 7, 2019",
            "7 May 2019",
            "07-MAY-2019",
            "07.05.2019",
            "5/7/2019",
            "05/07/19",
            "2019/05/07",
        ] {
            assert_eq!(day(text, false), expected, "{text}");
        }
        assert_eq!(day("42130", true), expected);
        assert_eq!(day("17/5/2019", false), Day::new(2019, 5, 17));
        for none in ["", "soon", "12", "2019", "13/13/2019", "May 2019", "99999999999999999999"] {
            assert_eq!(day(none, false), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_it(text in ".{0,24}") {
            let _ = day(&text, false);
        }
    }
}
