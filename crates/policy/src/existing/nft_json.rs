//! `nft -j list ruleset` (libnftables-json(5)).

use serde_json::Value;

use super::flatten::{Line, Outcome};
use super::nft::{Base, Element, RuleBuilder, Tables, compared, full, verdict};
use super::{LONGEST, ReadError};
use crate::ruleset::{Action, Ruleset};

/// Reads it: one rule set for each base chain that filters. Rules go by their handles instead of lines.
pub fn nft_json(text: &str) -> Result<Vec<Ruleset>, ReadError> {
    if text.len() > LONGEST {
        return Err(ReadError::TooLong);
    }
    let root: Value = serde_json::from_str(text).map_err(|error| ReadError::NotJson(error.to_string()))?;
    let mut tables = Tables::default();
    let objects: Vec<(&str, &Value)> = root
        .get("nftables")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|object| object.as_object()?.iter().next().map(|(kind, value)| (kind.as_str(), value)))
        .collect();
    for (kind, value) in &objects {
        match *kind {
            "chain" => chain(value, &mut tables),
            "set" | "map" => set(value, &mut tables),
            _ => {}
        }
    }
    for (_, value) in objects.iter().filter(|(kind, _)| *kind == "rule") {
        rule(value, &mut tables);
    }
    tables.rulesets()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn chain(value: &Value, tables: &mut Tables) {
    let (family, table) = (text(value, "family"), text(value, "table"));
    let name = full(family, table, text(value, "name"));
    tables.chains.entry(name.clone()).or_default();
    let hook = text(value, "hook").to_owned();
    match text(value, "type") {
        "" => {}
        "filter" => {
            let policy = if text(value, "policy") == "drop" { Action::Drop } else { Action::Accept };
            tables.bases.push(Base { chain: name, family: family.to_owned(), hook, policy });
        }
        _ => tables.others.push((name, hook)),
    }
}

fn set(value: &Value, tables: &mut Tables) {
    let (family, table) = (text(value, "family"), text(value, "table"));
    let name = full(family, table, text(value, "name"));
    let entries = value.get("elem").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    tables.sets.insert(name.clone(), entries.iter().map(element).collect());
    tables.maps.insert(name, entries.iter().filter_map(|entry| row(entry, family, table)).collect());
}

/// A row of a verdict map: `[key, verdict]`.
fn row(entry: &Value, family: &str, table: &str) -> Option<(Element, Outcome)> {
    let [key, what] = entry.as_array()?.as_slice() else { return None };
    Some((element(key), outcome(what, family, table)?))
}

fn element(value: &Value) -> Element {
    if let Some(inner) = value.get("elem").and_then(|elem| elem.get("val")) {
        return element(inner);
    }
    match value.get("concat").and_then(Value::as_array) {
        Some(parts) => parts.iter().map(one).collect(),
        None => vec![one(value)],
    }
}

/// A value as the other listing writes it.
fn one(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if let Some(inner) = value.get("elem").and_then(|elem| elem.get("val")) {
        return one(inner);
    }
    if let Some(prefix) = value.get("prefix") {
        return format!("{}/{}", text(prefix, "addr"), prefix.get("len").unwrap_or(&Value::Null));
    }
    if let Some([first, last]) = value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return format!("{}-{}", one(first), one(last));
    }
    value.to_string()
}

/// The keys on the left of a match.
fn keys(left: &Value) -> Vec<String> {
    if let Some(parts) = left.get("concat").and_then(Value::as_array) {
        return parts.iter().flat_map(keys).collect();
    }
    vec![if let Some(payload) = left.get("payload") {
        format!("{} {}", text(payload, "protocol"), text(payload, "field"))
    } else if let Some(meta) = left.get("meta") {
        format!("meta {}", text(meta, "key"))
    } else if let Some(ct) = left.get("ct") {
        format!("ct {}", text(ct, "key"))
    } else {
        left.to_string()
    }]
}

fn outcome(value: &Value, family: &str, table: &str) -> Option<Outcome> {
    let (word, inner) = value.as_object()?.iter().next()?;
    verdict(word, inner.get("target").and_then(Value::as_str), family, table)
}

fn rule(value: &Value, tables: &mut Tables) {
    let (family, table) = (text(value, "family"), text(value, "table"));
    let chain = full(family, table, text(value, "chain"));
    let handle = value.get("handle").and_then(Value::as_u64).unwrap_or(0);
    let comment = text(value, "comment");
    let label =
        if comment.is_empty() { format!("handle {handle}") } else { format!("handle {handle}: {comment}") };
    let mut rule = RuleBuilder::new();
    for expression in value.get("expr").and_then(Value::as_array).into_iter().flatten() {
        if let Some(known) = outcome(expression, family, table) {
            rule.outcome(&known);
            continue;
        }
        let Some((kind, inner)) = expression.as_object().and_then(|object| object.iter().next()) else {
            continue;
        };
        match kind.as_str() {
            "match" => matched(inner, tables, family, table, &mut rule),
            "vmap" => verdicts(inner, tables, family, table, &mut rule),
            "counter" | "log" | "mangle" | "set" | "map" | "notrack" | "quota" | "ct helper" | "flow" => {}
            "queue" | "snat" | "dnat" | "masquerade" | "redirect" | "tproxy" | "synproxy" | "dup" | "fwd" => {
                rule.outcome(&Outcome::Unknown(kind.clone()));
            }
            other => rule.statement(format!("{other} {inner}")),
        }
    }
    let branches = rule.finish();
    let number = u32::try_from(handle).unwrap_or(0);
    tables.chains.entry(chain).or_default().lines.push(Line { number, text: label, branches });
}

fn matched(inner: &Value, tables: &Tables, family: &str, table: &str, rule: &mut RuleBuilder) {
    let (Some(left), Some(right)) = (inner.get("left"), inner.get("right")) else {
        rule.unread(inner.to_string());
        return;
    };
    let keys = keys(left);
    let operator = text(inner, "op");
    let negated = operator == "!=";
    let elements: Vec<Element> = if let Some(name) = right.as_str().and_then(|text| text.strip_prefix('@')) {
        match tables.sets.get(&full(family, table, name)) {
            Some(set) => set.clone(),
            None => return rule.unread(format!("{} @{name}", keys.join(" . "))),
        }
    } else if let Some(all) = right.get("set").and_then(Value::as_array).or(right.as_array()) {
        all.iter().map(element).collect()
    } else if let Some(set) = right.get("set") {
        vec![element(set)]
    } else {
        vec![element(right)]
    };
    if matches!(operator, "<" | ">" | "<=" | ">=") {
        let value = elements.first().and_then(|element| element.first()).map_or("", String::as_str);
        match compared(operator, value) {
            Some(range) => rule.matched(&keys, &[vec![range]], false),
            None => rule.unread(format!("{} {operator} {value}", keys.join(" . "))),
        }
        return;
    }
    rule.matched(&keys, &elements, negated);
}

fn verdicts(inner: &Value, tables: &Tables, family: &str, table: &str, rule: &mut RuleBuilder) {
    let keys = inner.get("key").map(keys).unwrap_or_default();
    let data = inner.get("data");
    if let Some(name) = data.and_then(Value::as_str).and_then(|text| text.strip_prefix('@')) {
        match tables.maps.get(&full(family, table, name)) {
            Some(rows) => rule.verdicts(&keys, rows),
            None => rule.outcome(&Outcome::Unknown(format!("vmap @{name}"))),
        }
        return;
    }
    let entries = data.and_then(|data| data.get("set")).and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        match row(entry, family, table) {
            Some(row) => rule.verdicts(&keys, &[row]),
            None => rule.outcome(&Outcome::Unknown(format!("vmap {entry}"))),
        }
    }
}
