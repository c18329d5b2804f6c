//! Words of product names: which tell products apart, which only describe, and how one is spelled.
//!
//! From `catalog/products.toml`. Words are compared in lower case without accents; a plural `s` does not count.

use foldhash::HashMap;
use hashbrown::HashSet;
use serde::Deserialize;

/// The catalogue's file, built in.
pub(super) const BUILTIN: &str = include_str!("../../../../catalog/products.toml");

/// What a word is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worth {
    /// Says nothing.
    Neutral,
    /// Says that a whole line is meant.
    Series,
    /// Describes what it does.
    Descriptive,
    /// Tells products apart: a proper name, or what part of a system it is.
    Proper,
    /// Tells products apart: has a digit.
    Code,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Word {
    pub text: Box<str>,
    pub worth: Worth,
}

impl Word {
    pub(crate) fn is_hard(&self) -> bool {
        self.worth >= Worth::Proper
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    words: Vec<WordsShape>,
    spelling: Vec<SpellingShape>,
    kin: Vec<KinShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsShape {
    kind: String,
    words: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpellingShape {
    #[serde(rename = "as")]
    one: String,
    of: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KinShape {
    names: Vec<String>,
    why: String,
    #[serde(rename = "source")]
    _source: String,
}

/// The words of a spelling, and what they become.
type Spelling = (Vec<Box<str>>, Box<str>);

/// The vocabulary.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    neutral: HashSet<Box<str>>,
    series: HashSet<Box<str>>,
    descriptive: HashSet<Box<str>>,
    /// First word of a spelling to its whole and what it becomes, longest first.
    spellings: HashMap<Box<str>, Vec<Spelling>>,
    /// Makers that are kin, with the reason.
    pub(crate) kin: Vec<(Vec<String>, String)>,
}

impl Vocabulary {
    /// What is built in.
    ///
    /// # Errors
    /// Where the file is not of its shape; a test holds that it is.
    pub(crate) fn builtin() -> Result<Vocabulary, toml::de::Error> {
        let file: File = toml::from_str(BUILTIN)?;
        let mut vocabulary = Vocabulary::default();
        for entry in file.words {
            let all =
                entry.words.iter().flat_map(|words| words.split(' ')).map(|word| stem(&fold(word)).into());
            match entry.kind.as_str() {
                "neutral" => vocabulary.neutral.extend(all),
                "series" => vocabulary.series.extend(all),
                _ => vocabulary.descriptive.extend(all),
            }
        }
        for entry in file.spelling {
            for written in entry.of {
                let words: Vec<Box<str>> = split(&written).into_iter().map(Into::into).collect();
                let Some(first) = words.first().cloned() else { continue };
                vocabulary.spellings.entry(first).or_default().push((words, entry.one.as_str().into()));
            }
        }
        for list in vocabulary.spellings.values_mut() {
            list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        vocabulary.kin = file.kin.into_iter().map(|kin| (kin.names, kin.why)).collect();
        Ok(vocabulary)
    }

    /// The words of a name, in order.
    pub(crate) fn words(&self, text: &str) -> Vec<Word> {
        let raw = split(text);
        let mut words = Vec::with_capacity(raw.len());
        let mut at = 0;
        'word: while let Some(word) = raw.get(at) {
            if let Some(candidates) = self.spellings.get(word.as_str()) {
                for (written, one) in candidates {
                    let here = raw.get(at..at + written.len()).unwrap_or_default();
                    if here.len() == written.len() && here.iter().zip(written).all(|(a, b)| **a == **b) {
                        words.push(self.word(one));
                        at += written.len();
                        continue 'word;
                    }
                }
            }
            words.push(self.word(word));
            at += 1;
        }
        words
    }

    fn word(&self, text: &str) -> Word {
        let worth = if text.bytes().any(|b| b.is_ascii_digit()) {
            Worth::Code
        } else if self.series.contains(text) {
            Worth::Series
        } else if self.neutral.contains(text) {
            Worth::Neutral
        } else if self.descriptive.contains(text) {
            Worth::Descriptive
        } else {
            Worth::Proper
        };
        Word { text: text.into(), worth }
    }
}

/// Lower case without accents and marks.
pub(crate) fn fold(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ä' | 'à' | 'á' | 'â' | 'ã' | 'å' | 'Ä' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => {
                plain.push('a')
            }
            'ö' | 'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'Ö' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => {
                plain.push('o')
            }
            'ü' | 'ù' | 'ú' | 'û' | 'Ü' | 'Ù' | 'Ú' | 'Û' => plain.push('u'),
            'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => plain.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => plain.push('i'),
            'ç' | 'Ç' => plain.push('c'),
            'ñ' | 'Ñ' => plain.push('n'),
            'ß' => plain.push_str("ss"),
            '®' | '™' | '©' | '\'' | '’' => {}
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain
}

/// Without a plural ending; short words and codes stay.
fn stem(word: &str) -> &str {
    if word.len() > 3 && !word.ends_with("ss") && !word.bytes().any(|b| b.is_ascii_digit()) {
        word.strip_suffix('s').unwrap_or(word)
    } else {
        word
    }
}

/// Folded words. Letters and digits that belong together are one word however they are set: "MX 40", "MX-40", "MX40".
/// A number with points stays one word ("2.43.02").
fn split(text: &str) -> Vec<String> {
    let plain = fold(text);
    // Each with whether a hyphen joins it to the one before.
    let mut raw: Vec<(String, bool)> = Vec::new();
    let mut word = String::new();
    let mut hyphen = false;
    let mut previous = ' ';
    let mut chars = plain.chars().peekable();
    let flush = |word: &mut String, hyphen: &mut bool, raw: &mut Vec<(String, bool)>| {
        if !word.is_empty() {
            raw.push((std::mem::take(word), std::mem::take(hyphen)));
        }
    };
    while let Some(c) = chars.next() {
        let next_digit = chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() {
            word.push(c);
        } else if c == '.' && previous.is_ascii_digit() && next_digit {
            word.push('.');
        } else if c == '+' && previous.is_alphanumeric() {
            flush(&mut word, &mut hyphen, &mut raw);
            raw.push(("plus".to_owned(), false));
        } else {
            flush(&mut word, &mut hyphen, &mut raw);
            hyphen = c == '-' && previous.is_alphanumeric();
        }
        previous = c;
    }
    flush(&mut word, &mut hyphen, &mut raw);
    // Long letters before digits are a name and a number; the rest is a code.
    let mut parts: Vec<(String, bool)> = Vec::with_capacity(raw.len());
    for (word, hyphen) in raw {
        let letters = word.chars().take_while(|c| c.is_alphabetic()).count();
        let cut = word.char_indices().nth(letters).map_or(word.len(), |(at, _)| at);
        let (name, rest) = word.split_at(cut);
        if letters > MAX_CODE_LETTERS && rest.starts_with(|c: char| c.is_ascii_digit()) {
            parts.push((name.to_owned(), hyphen));
            parts.push((rest.to_owned(), false));
        } else {
            parts.push((word, hyphen));
        }
    }
    // Few letters before a number belong to it.
    let mut words: Vec<String> = Vec::with_capacity(parts.len());
    for (part, hyphen) in parts {
        let most = if hyphen { MAX_CODE_LETTERS } else { MAX_LOOSE_LETTERS };
        let numeric = part.starts_with(|c: char| c.is_ascii_digit());
        if numeric
            && !part.contains('.')
            && let Some(last) = words.last_mut()
            && last.chars().count() <= most
            && last.chars().all(|c| c.is_ascii_alphabetic())
            && !NOT_IN_CODES.contains(&last.as_str())
        {
            last.push_str(&part);
        } else {
            words.push(stem(&part).to_owned());
        }
    }
    words
}

/// Letters that a code may begin with, set together or with a hyphen.
const MAX_CODE_LETTERS: usize = 3;

/// Letters that a code may begin with where a blank follows them.
const MAX_LOOSE_LETTERS: usize = 2;

/// Short words that stand before numbers without being part of a code.
const NOT_IN_CODES: [&str; 16] =
    ["the", "and", "for", "pc", "no", "ct", "mr", "rev", "ver", "v", "sp", "or", "to", "of", "iv", "ref"];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        let vocabulary = Vocabulary::builtin().expect("the file is of its shape");
        vocabulary.words(name).into_iter().map(|word| word.text.into()).collect()
    }

    #[test]
    fn codes_are_one_word_however_they_are_set() {
        for written in ["IntelliVue MX40", "IntelliVue MX 40", "intellivue mx-40"] {
            assert_eq!(texts(written), ["intellivue", "mx40"], "{written}");
        }
        assert_eq!(texts("Plum360"), ["plum", "360"]);
        assert_eq!(texts("Plum 360"), ["plum", "360"]);
        assert_eq!(texts("THUNIS-800+"), ["thuni", "800", "plu"]);
        assert_eq!(texts("Dräger Babylog VN800"), ["drager", "babylog", "vn800"]);
    }

    #[test]
    fn spellings_become_one_word() {
        assert_eq!(texts("Alaris PC Unit Model 8015"), ["alari", "pcu", "model", "8015"]);
        assert_eq!(texts("Alaris PCU 8015"), ["alari", "pcu", "8015"]);
    }
}
