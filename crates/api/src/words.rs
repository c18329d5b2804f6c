//! Conclusions in plain words.

use std::collections::BTreeMap;

use medward_monitor::AttributeChange;
use serde_json::Value;

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn sure(confidence: f64) -> &'static str {
    match confidence {
        c if c >= 0.95 => "almost certainly",
        c if c >= 0.8 => "very likely",
        c if c >= 0.6 => "probably",
        c if c >= 0.4 => "perhaps",
        _ => "possibly, on weak grounds,",
    }
}

fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Who says so: sources with their fields, the weightiest first, at most three.
fn sources(evidence: &[Value]) -> String {
    let mut by_source: BTreeMap<(&str, &str), (f64, &str, u64)> = BTreeMap::new();
    for support in evidence {
        let weight = support.get("weight").and_then(Value::as_f64).unwrap_or(0.0);
        let entry = by_source.entry((text(support, "source"), text(support, "field"))).or_insert((
            weight,
            text(support, "value"),
            0,
        ));
        entry.2 += 1;
        if weight > entry.0 {
            *entry = (weight, text(support, "value"), entry.2);
        }
    }
    let mut all: Vec<_> = by_source.into_iter().collect();
    all.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    let more = all.len().saturating_sub(3);
    let mut parts: Vec<String> = all
        .iter()
        .take(3)
        .map(|((source, field), (_, value, _))| {
            let value: String = value.chars().take(80).collect();
            if field.is_empty() {
                format!("{source} says '{value}'")
            } else {
                format!("{source} says '{value}' in {field}")
            }
        })
        .collect();
    if more > 0 {
        parts.push(format!("{more} more agree"));
    }
    listed(&parts)
}

/// Why an attribute has its value, in one paragraph.
pub fn why(
    name: &str,
    attribute: &str,
    value: Option<&str>,
    confidence: Option<f64>,
    evidence: &[Value],
    rejected: &[Value],
    history: &[AttributeChange],
) -> String {
    let what = attribute.replace('_', " ");
    let mut words = match value {
        Some(value) => {
            let confidence = confidence.unwrap_or(0.0);
            let percent = (confidence * 100.0).clamp(0.0, 99.0).round();
            let because =
                if evidence.is_empty() { String::new() } else { format!(", because {}", sources(evidence)) };
            format!("The {what} of {name} is {} {value} ({percent} %){because}.", sure(confidence))
        }
        None => format!("The {what} of {name} is not known: nothing that was heard or said tells it."),
    };
    if let Some(lost) = rejected.first() {
        let evidence = lost.get("evidence").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let other = text(lost, "value");
        let from = sources(evidence);
        if from.is_empty() {
            words.push_str(&format!(" '{other}' was considered too and lost."));
        } else {
            words.push_str(&format!(
                " '{other}' was considered too ({from}) and lost, because it weighs less."
            ));
        }
    }
    if let [latest, before, ..] = history {
        let old = before.value.as_deref().unwrap_or("unknown");
        words.push_str(&format!(" Before {} it was {old}.", day(&latest.at.to_string())));
    } else if let [first] = history {
        words.push_str(&format!(" It is known since {}.", day(&first.at.to_string())));
    }
    words
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_told_with_its_grounds_and_with_what_lost() {
        let evidence = [json!({"source": "dhcp", "field": "option 60", "value": "B. Braun", "weight": 0.9})];
        let rejected = [json!({"value": "Baxter", "confidence": 0.1, "evidence":
            [{"source": "oui", "field": "mac", "value": "Baxter", "weight": 0.3}]})];
        let words = why("pump-7", "vendor", Some("B. Braun"), Some(0.93), &evidence, &rejected, &[]);
        assert_eq!(
            words,
            "The vendor of pump-7 is very likely B. Braun (93 %), because dhcp says 'B. Braun' in option 60. \
             'Baxter' was considered too (oui says 'Baxter' in mac) and lost, because it weighs less."
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        assert!(
            why("pump-7", "os_version", None, None, &[], &[], &[])
                .contains("os version of pump-7 is not known")
        );
    }
}
