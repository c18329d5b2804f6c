//! Ids of questions, by which the forms are known.

/// Sections of the form of 2019; SHAD is a misprint of SAHD in the form itself.
const SECTIONS: &[&str] = &[
    "MPII", "ALOF", "AUDT", "AUTH", "CSUP", "DIDT", "DTBK", "EMRG", "IGAU", "MLDP", "NAUT", "CONN", "PAUT",
    "PLOK", "RDMP", "SBOM", "SAHD", "SHAD", "SGUD", "STCF", "TXCF", "TXIG", "RMOT", "OTHR",
];

/// Sections of the form of 2013 that have numbers.
const LAST_SECTION: u32 = 20;

/// The longest question id.
const MAX_ID: usize = 16;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Id {
    Particular,
    Question { year: u16 },
}

/// The id at the beginning of a cell, in one spelling, what kind it is, and the text behind it.
pub(super) fn id(cell: &str) -> Option<(String, Id, &str)> {
    let end = cell.find(char::is_whitespace).unwrap_or(cell.len());
    let (first, rest) = cell.split_at_checked(end)?;
    let first = first.trim_end_matches([':', '.', ',', ')']);
    if first.is_empty() || first.len() > MAX_ID {
        return None;
    }
    // Spreadsheets like to turn a hyphen into something longer.
    let plain: String = first
        .chars()
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c.to_ascii_uppercase() })
        .collect();
    let numbers = |text: &str| {
        let mut parts = text.split('.');
        parts.all(|part| !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    if let Some((section, number)) = plain.split_once('-') {
        if !numbers(number) {
            return None;
        }
        if section == "DOC" {
            return Some((plain, Id::Particular, rest.trim()));
        }
        if SECTIONS.contains(&section) {
            return Some((plain.replace("SHAD-", "SAHD-"), Id::Question { year: 2019 }, rest.trim()));
        }
        let numbered = section.parse().is_ok_and(|number: u32| (1..=LAST_SECTION).contains(&number));
        // "1-2 users" is no id: those of 2013 stand alone.
        return (numbered && rest.is_empty()).then_some((plain, Id::Question { year: 2013 }, ""));
    }
    let (letter, number) = plain.split_once('.').unwrap_or((&plain, "1"));
    let lettered = matches!(letter, "A" | "B" | "C" | "D") && numbers(number) && !number.contains('.');
    (lettered && rest.is_empty()).then_some((plain, Id::Question { year: 2013 }, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_in_their_spellings() {
        let year = |cell: &str| match id(cell) {
            Some((id, Id::Question { year }, _)) => Some((id, year)),
            _ => None,
        };
        assert_eq!(year("MPII\u{2013}2.3"), Some(("MPII-2.3".to_owned(), 2019)));
        assert_eq!(year("mldp-2."), Some(("MLDP-2".to_owned(), 2019)));
        assert_eq!(year("SHAD-15"), Some(("SAHD-15".to_owned(), 2019)));
        assert_eq!(year("AUDT-2.8.1 Support from afar?"), Some(("AUDT-2.8.1".to_owned(), 2019)));
        assert_eq!(year("20-2.1"), Some(("20-2.1".to_owned(), 2013)));
        assert_eq!(year("B.6"), Some(("B.6".to_owned(), 2013)));
        for none in [
            "AC-12",
            "CVE-2020-1",
            "21-1",
            "1-1 of 3",
            "E.1",
            "A.9.4",
            "a sentence",
            "MPII-",
            "2019-05-07",
            "",
        ] {
            assert_eq!(year(none), None, "{none}");
        }
    }
}
