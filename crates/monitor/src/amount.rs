//! Amounts of money as tables write them: "12.500,00 €", "$4,500", "CHF 1'200.-".

/// The largest amount that is taken, in whole units.
const MOST: u64 = 1_000_000_000_000;
/// Letters behind a number that multiply it: such an amount is not guessed at.
const FACTORS: [&str; 7] = ["mio", "mill", "mrd", "tsd", "mn", "bn", "tds"];

/// An amount in whole units, with its currency where one is written. `None` where it is no amount, or not surely which.
pub fn read_amount(text: &str) -> Option<(u64, Option<String>)> {
    let text = text.trim();
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    let (before, number, after) = (text.get(..first)?, text.get(first..=last)?, text.get(last + 1..)?);
    let words = [before, after].map(|part| part.trim().trim_matches(['.', '-', ',', '\u{2013}']).trim());
    if before.contains('-') {
        return None;
    }
    let currency = match words {
        ["", ""] => None,
        [one, ""] | ["", one] => Some(currency(one)?),
        _ => return None,
    };
    Some((whole(number)?, currency))
}

/// A sign or a code; at most four letters.
pub fn currency(text: &str) -> Option<String> {
    let text = text.trim();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let sign = text.chars().any(|c| !c.is_alphanumeric() && !c.is_ascii_punctuation() || c == '$');
    let odd = text.chars().any(|c| c.is_ascii_digit() || c.is_control() || c.is_whitespace());
    let length = text.chars().count();
    let fits = if sign { length <= 4 } else { (2..=4).contains(&letters) && length <= 5 };
    (fits && !odd && !FACTORS.contains(&text.to_lowercase().as_str())).then(|| text.to_owned())
}

/// Digits with separators, rounded to a whole. The last `.` or `,` parts off the fraction where one or two digits follow.
fn whole(number: &str) -> Option<u64> {
    let separator = |c: char| matches!(c, '.' | ',' | '\'' | '\u{2019}') || c.is_whitespace();
    if number.chars().any(|c| !c.is_ascii_digit() && !separator(c)) {
        return None;
    }
    let (units, fraction) = match number.rfind(['.', ',']) {
        Some(at) if matches!(number.len() - at, 2 | 3) => (number.get(..at)?, number.get(at + 1..)?),
        _ => (number, ""),
    };
    // Thousands are parted in threes: "4,5000" is a slip.
    let mut groups = units.split(separator);
    let head = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    if head.is_empty() || rest.iter().any(|group| group.len() != 3) || !rest.is_empty() && head.len() > 3 {
        return None;
    }
    let digits: String = units.chars().filter(char::is_ascii_digit).collect();
    let up = u64::from(fraction.bytes().next().is_some_and(|digit| digit >= b'5'));
    let amount = digits.parse::<u64>().ok()?.checked_add(up)?;
    (amount <= MOST).then_some(amount)
}

/// An amount as people read it: "4,500 EUR".
pub fn worth(value: u64, currency: Option<&str>) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(currency) = currency.filter(|currency| !currency.is_empty()) {
        text.push(' ');
        text.push_str(currency);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{read_amount, worth};

    #[test]
    fn amounts_of_many_countries_are_read() {
        let read = |text: &str| {
            let (value, currency) = read_amount(text)?;
            Some(format!("{value}/{}", currency.unwrap_or_default()))
        };
        for (text, amount) in [
            ("4500", "4500/"),
            ("12.500,00 €", "12500/€"),
            ("$4,500.99", "4501/$"),
            ("US$ 4500", "4500/US$"),
            ("CHF 1'200.-", "1200/CHF"),
            ("1 234 567,5 kr", "1234568/kr"),
            ("EUR 1.234", "1234/EUR"),
            ("1,234", "1234/"),
            ("0.50", "1/"),
            ("Rs. 900", "900/Rs"),
        ] {
            assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        }
        for text in [
            "",
            "n/a",
            "-5",
            "4.5k",
            "3 Mio",
            "12-03-2024",
            "4,5000",
            "EUR 5 USD",
            "2024-01-31",
            "9999999999999",
            "unknown 3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_in_threes() {
        assert_eq!(worth(0, None), "0");
        assert_eq!(worth(999, Some("")), "999");
        assert_eq!(worth(1_234_567, Some("EUR")), "1,234,567 EUR");
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_is_too_odd(text in "\\PC{0,24}") {
            let _ = read_amount(&text);
        }

        #[test]
        fn what_is_written_is_read_again(value in 0u64..=1_000_000_000_000) {
            prop_assert_eq!(read_amount(&worth(value, Some("EUR"))), Some((value, Some("EUR".to_owned()))));
        }
    }
}
