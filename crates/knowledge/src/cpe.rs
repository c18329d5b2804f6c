//! CPE names: 2.3 formatted strings (NISTIR 7695, 6.2) and 2.2 URIs (6.1), read into unescaped values.
//!
//! `*` is ANY, `-` is NA: they are not the same. Values are lower case. Limits: percent codes of the URI form are undone,
//! its packed edition field (`~…~…`) is taken apart; wildcards inside values are kept as they stand.

use std::fmt;

/// One attribute of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Value {
    /// `*`: any, nothing is said.
    #[default]
    Any,
    /// `-`: not applicable, there is none.
    Na,
    /// Unescaped, lower case.
    Is(String),
}

impl Value {
    fn read(text: &str) -> Value {
        match text {
            "*" | "" => Value::Any,
            "-" => Value::Na,
            text => Value::Is(unescape(text)),
        }
    }

    /// Whether everything that `other` stands for, this stands for too (NISTIR 7696, 6.2). `*` and `?` at the ends of a value
    /// are wild.
    pub fn covers(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Any, _) => true,
            (Value::Na, Value::Na) => true,
            (Value::Is(own), Value::Is(other)) => own == other || wild(own, other),
            _ => false,
        }
    }
}

/// `*` at either end stands for any characters, each `?` for one or none.
fn wild(pattern: &str, text: &str) -> bool {
    let any_front = pattern.starts_with('*');
    let any_back = pattern.len() > 1 && pattern.ends_with('*');
    if any_front || any_back {
        let core = pattern.trim_matches('*');
        return match (any_front, any_back) {
            (true, true) => text.contains(core),
            (true, false) => text.ends_with(core),
            _ => text.starts_with(core),
        };
    }
    let behind = pattern.trim_start_matches('?');
    let core = behind.trim_end_matches('?');
    let (front, back) = (pattern.len() - behind.len(), behind.len() - core.len());
    // Each stands for a character at its own end.
    front + back > 0
        && text.char_indices().map(|(at, _)| at).chain([text.len()]).enumerate().any(|(before, at)| {
            before <= front
                && text
                    .get(at..)
                    .and_then(|rest| rest.strip_prefix(core))
                    .is_some_and(|after| after.chars().count() <= back)
        })
}

/// A CPE name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cpe {
    /// "a", "o" or "h".
    pub part: Value,
    pub vendor: Value,
    pub product: Value,
    pub version: Value,
    pub update: Value,
    pub edition: Value,
    pub language: Value,
    pub sw_edition: Value,
    pub target_sw: Value,
    pub target_hw: Value,
    pub other: Value,
}

impl Cpe {
    /// Reads either form; missing fields at the end are ANY. `None` where it is neither.
    pub fn parse(text: &str) -> Option<Cpe> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("cpe:2.3:") {
            return Cpe::from_fields(split(rest));
        }
        let rest = text.strip_prefix("cpe:/")?;
        let mut fields: Vec<String> = rest.split(':').map(percent).collect();
        // Edition packs five fields: ~edition~sw_edition~target_sw~target_hw~other.
        if let Some(packed) = fields.get(5).filter(|field| field.starts_with('~')).cloned() {
            let parts: Vec<&str> = packed.split('~').skip(1).collect();
            let language = fields.get(6).cloned().unwrap_or_default();
            fields.truncate(5);
            let part = |at: usize| parts.get(at).map_or_else(String::new, |part| (*part).to_owned());
            fields.extend([part(0), language, part(1), part(2), part(3), part(4)]);
        }
        Cpe::from_fields(fields)
    }

    fn from_fields(fields: Vec<String>) -> Option<Cpe> {
        if fields.len() > 11 || fields.len() < 2 {
            return None;
        }
        let mut values = fields.iter().map(|field| Value::read(field));
        let mut next = || values.next().unwrap_or_default();
        let cpe = Cpe {
            part: next(),
            vendor: next(),
            product: next(),
            version: next(),
            update: next(),
            edition: next(),
            language: next(),
            sw_edition: next(),
            target_sw: next(),
            target_hw: next(),
            other: next(),
        };
        let known =
            matches!(&cpe.part, Value::Any | Value::Na) || ['a', 'o', 'h'].contains(&cpe.part_letter());
        known.then_some(cpe)
    }

    /// 'a' (application), 'o' (operating system or firmware), 'h' (hardware); '*' where none is said.
    pub fn part_letter(&self) -> char {
        match &self.part {
            Value::Is(part) => part.chars().next().filter(|_| part.len() == 1).unwrap_or('?'),
            _ => '*',
        }
    }

    /// Whether editions or targets are asked for.
    pub fn has_qualifiers(&self) -> bool {
        [&self.edition, &self.sw_edition, &self.target_sw, &self.target_hw, &self.other]
            .into_iter()
            .any(|value| matches!(value, Value::Is(_)))
    }

    /// Whether this name stands for `device`, its version aside (NISTIR 7696, 6.3).
    pub fn covers(&self, device: &Cpe) -> bool {
        let pairs = self.fields().into_iter().zip(device.fields());
        pairs.enumerate().all(|(at, (own, other))| at == VERSION || own.covers(other))
    }

    fn fields(&self) -> [&Value; 11] {
        [
            &self.part,
            &self.vendor,
            &self.product,
            &self.version,
            &self.update,
            &self.edition,
            &self.language,
            &self.sw_edition,
            &self.target_sw,
            &self.target_hw,
            &self.other,
        ]
    }
}

/// Position of the version among the fields.
const VERSION: usize = 3;

impl fmt::Display for Cpe {
    /// The formatted string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cpe:2.3")?;
        for value in self.fields() {
            match value {
                Value::Any => f.write_str(":*")?,
                Value::Na => f.write_str(":-")?,
                Value::Is(text) => {
                    f.write_str(":")?;
                    let last = text.chars().count().saturating_sub(1);
                    for (at, c) in text.chars().enumerate() {
                        let is_wild = matches!(c, '*' | '?') && text.len() > 1 && (at == 0 || at == last);
                        if !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-') || is_wild) || text == "-" {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// At colons that are not escaped.
fn split(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match c {
            ':' if !escaped => fields.push(String::new()),
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
        escaped = c == '\\' && !escaped;
    }
    fields
}

/// Without the backslashes that quote: "treck:tcp\/ip" names "tcp/ip".
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            plain.extend(c.to_lowercase());
            escaped = false;
        }
    }
    plain
}

/// Percent codes of the URI form.
fn percent(text: &str) -> String {
    let mut plain: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| byte == b'%') {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Cpe, Value};
    use proptest::prelude::*;

    #[test]
    fn both_forms_name_the_same() {
        let formatted = Cpe::parse(r"cpe:2.3:a:treck:tcp\/ip:6.0.1.66:*:*:*:*:*:*:*").expect("a name");
        assert_eq!(formatted.product, Value::Is("tcp/ip".to_owned()));
        assert_eq!(Cpe::parse("cpe:/a:treck:tcp%2fip:6.0.1.66"), Some(formatted));
        let packed = Cpe::parse("cpe:/a:vendor:product:1.0:sp1:~~~wordpress~~").expect("a name");
        assert_eq!(packed.target_sw, Value::Is("wordpress".to_owned()));
    }

    #[test]
    fn any_is_not_none() {
        let any = Cpe::parse("cpe:2.3:h:ge:aestiva_7100:*:*:*:*:*:*:*:*").expect("a name");
        let none = Cpe::parse("cpe:2.3:h:ge:aestiva_7100:-:*:*:*:*:*:*:*").expect("a name");
        assert_ne!(any, none);
        assert!(any.covers(&none));
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in ["", "cpe:", "cpe:2.3:", "cpe:2.3:x:a:b:1", "alaris", "cpe:/"] {
            assert_eq!(Cpe::parse(text), None, "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![Just(Value::Any), Just(Value::Na), "[a-z0-9_.\\-:/\\\\+!]{2,12}".prop_map(Value::Is),]
    }

    proptest! {
        #[test]
        fn every_name_survives_its_own_text(
            part in prop::sample::select(vec!["a", "o", "h"]),
            values in prop::collection::vec(value(), 10),
        ) {
            let mut values = values.into_iter();
            let mut next = || values.next().unwrap_or_default();
            let cpe = Cpe {
                part: Value::Is(part.to_owned()), vendor: next(), product: next(), version: next(), update: next(),
                edition: next(), language: next(), sw_edition: next(), target_sw: next(), target_hw: next(), other: next(),
            };
            prop_assert_eq!(Cpe::parse(&cpe.to_string()), Some(cpe.clone()));
            prop_assert!(cpe.covers(&cpe), "a name covers itself");
            let all = Cpe { part: cpe.part.clone(), ..Cpe::default() };
            prop_assert!(all.covers(&cpe), "ANY covers everything");
        }

        #[test]
        fn covering_goes_on_from_name_to_name(a in value(), b in value(), c in value()) {
            prop_assert!(a.covers(&a));
            if a.covers(&b) && b.covers(&c) {
                prop_assert!(a.covers(&c), "{a:?} {b:?} {c:?}");
            }
        }

        #[test]
        fn wild_ends_cover_what_they_stand_for_and_nothing_else(
            front in "[a-z]{0,3}", core in "[0-9.]{1,6}", back in "[a-z]{0,3}", other in "[0-9a-z.]{0,8}",
        ) {
            let text = Value::Is(format!("{front}{core}{back}"));
            for (pattern, stands) in [
                (format!("{front}{core}*"), true),
                (format!("*{core}{back}"), true),
                (format!("*{core}*"), true),
                (format!("{}{core}{}", "?".repeat(front.len()), "?".repeat(back.len())), true),
                (format!("{core}{}", "?".repeat(back.len())), front.is_empty()),
            ] {
                prop_assert_eq!(Value::Is(pattern.clone()).covers(&text), stands, "{} {:?}", pattern, text);
            }
            let begins = Value::Is(format!("{core}*"));
            prop_assert_eq!(begins.covers(&Value::Is(other.clone())), other.starts_with(&core));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = Cpe::parse(&text);
            let _ = Cpe::parse(&format!("cpe:2.3:{text}"));
            let _ = Cpe::parse(&format!("cpe:/{text}"));
        }
    }
}
