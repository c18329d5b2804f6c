//! Completion of the last word of a search.

use super::devices::{Suggestion, SuggestionKind};
use crate::caller::Caller;
use crate::{Answer, App, find};

/// Fields with what they mean.
const FIELDS: [(&str, &str); 33] = [
    ("category", "kind of device"),
    ("vendor", "who makes it"),
    ("model", "model"),
    ("family", "product line"),
    ("serial", "serial number"),
    ("name", "host name"),
    ("alias", "name in an application protocol"),
    ("ip", "address or network, 10.20.0.0/16"),
    ("mac", "hardware address"),
    ("vlan", "VLAN number"),
    ("os", "operating system"),
    ("os_version", "its version"),
    ("firmware", "firmware version"),
    ("service", "protocol that it offers"),
    ("software", "software component"),
    ("port", "port number, or switch port sw-3/12"),
    ("site", "site"),
    ("place", "where it is"),
    ("location", "where it says it is"),
    ("status", "active, silent, missing, unheard"),
    ("is", "medical, missing, new, external, …"),
    ("has", "an attribute that is known"),
    ("seen", "last seen: seen<24h"),
    ("first", "first seen: first<7d"),
    ("tag", "tag"),
    ("owner", "owner"),
    ("lifecycle", "ordered, in-service, stored, retired, lost"),
    ("criticality", "1 to 5"),
    ("group", "group of categories"),
    ("role", "what it does in care"),
    ("scope", "internal, external, multicast"),
    ("finding", "critical, high, exploited, recall, …"),
    ("cve", "a weakness, CVE-2024-1234"),
];

const MOST: usize = 12;

/// What can stand where the last word is.
pub async fn suggest(app: &App, caller: &Caller, text: &str) -> Answer<Vec<Suggestion>> {
    let word = last_word(text);
    let (minus, word) = word.strip_prefix('-').map_or(("", word), |rest| ("-", rest));
    if let Some((field, begun)) = word.split_once(':') {
        return values(app, caller, minus, field, begun.trim_matches('"')).await;
    }
    let begun = word.trim_start_matches('(').to_lowercase();
    let mut found: Vec<Suggestion> = FIELDS
        .iter()
        .filter(|(name, _)| name.starts_with(&begun))
        .take(MOST)
        .map(|(name, meaning)| Suggestion {
            insert: match *name {
                "seen" | "first" => format!("{minus}{name}<"),
                _ => format!("{minus}{name}:"),
            },
            label: format!("{name} · {meaning}"),
            kind: SuggestionKind::Field,
        })
        .collect();
    if begun.len() >= 2 {
        for field in ["vendor", "model", "category"] {
            for value in app.store.complete(field, &begun, caller.sites.as_deref(), 3).await? {
                found.push(of_value(minus, field, &value));
            }
        }
    }
    if begun.is_empty() {
        found.truncate(MOST - 1);
        found.push(Suggestion {
            insert: String::new(),
            label: "Words are looked for everywhere; 'or', '-' and parentheses join them.".to_owned(),
            kind: SuggestionKind::Help,
        });
    }
    Ok(found)
}

async fn values(
    app: &App,
    caller: &Caller,
    minus: &str,
    field: &str,
    begun: &str,
) -> Answer<Vec<Suggestion>> {
    let fixed: &[&str] = match field {
        "status" => &["active", "silent", "missing", "unheard"],
        "is" => &[
            "medical",
            "active",
            "silent",
            "missing",
            "unheard",
            "new",
            "internal",
            "external",
            "life-supporting",
        ],
        "lifecycle" => &["ordered", "in-service", "stored", "retired", "lost"],
        "scope" => &["internal", "external", "multicast"],
        "criticality" => &["1", "2", "3", "4", "5"],
        "has" => &["vendor", "model", "serial", "udi", "os", "firmware", "category", "location"],
        _ => &[],
    };
    if !fixed.is_empty() {
        let fits = fixed.iter().filter(|value| value.starts_with(begun));
        return Ok(fits.map(|value| of_value(minus, field, value)).collect());
    }
    if !FIELDS.iter().any(|(name, _)| *name == field) {
        return Ok(Vec::new());
    }
    let begun: String = begun.chars().take(100).collect();
    let most = u32::try_from(MOST).unwrap_or(12);
    let found = app.store.complete(field, &begun, caller.sites.as_deref(), most).await?;
    Ok(found.iter().map(|value| of_value(minus, field, value)).collect())
}

fn of_value(minus: &str, field: &str, value: &str) -> Suggestion {
    let plain =
        value.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/')) && !value.is_empty();
    let written = if plain { value.to_owned() } else { find::quoted(value) };
    Suggestion {
        insert: format!("{minus}{field}:{written}"),
        label: format!("{field}: {value}"),
        kind: SuggestionKind::Value,
    }
}

/// The word that is being typed; blanks within quotes do not end it.
fn last_word(text: &str) -> &str {
    let (mut begin, mut open) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => open = !open,
            c if c.is_whitespace() && !open => begin = at + c.len_utf8(),
            '(' if !open && begin == at => begin = at + 1,
            _ => {}
        }
    }
    text.get(begin..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_search_may_hold_blanks_within_quotes() {
        assert_eq!(last_word("vendor:BD category:\"infusion pu"), "category:\"infusion pu");
        assert_eq!(last_word("(vendor:BD or mod"), "mod");
        assert_eq!(last_word("seen<24h "), "");
    }
}
