//! JSON: a list of objects with the names of columns, or an assessment.

use medward_model::Attribute;
use serde_json::Value;

use super::columns::column;
use super::{Inventory, InventoryError, MAX_ROWS, Row, cyclonedx};
use crate::json::member;

pub(super) fn read(name: &str, text: &str) -> Result<Inventory, InventoryError> {
    let value: Value = serde_json::from_str(text).map_err(|error| InventoryError::Json(error.to_string()))?;
    if member(&value, "bomFormat") == "CycloneDX" {
        return cyclonedx::read(name, &value);
    }
    let rows = value
        .as_array()
        .or_else(|| {
            ["devices", "assets", "items", "results", "equipment"]
                .iter()
                .find_map(|key| member(&value, key).as_array())
        })
        .ok_or(InventoryError::Shape)?;
    let mut inventory = Inventory::default();
    for (at, item) in rows.iter().enumerate().take(MAX_ROWS) {
        let number = at as u64 + 1;
        let Some(object) = item.as_object() else {
            inventory.skipped.push((format!("item {number}"), "is no object".to_owned()));
            continue;
        };
        let mut row = Row::new(name, number);
        for (key, value) in object {
            match (key.as_str(), value) {
                ("attributes", Value::Object(attributes)) => own(&mut row, attributes),
                ("software" | "components", Value::Array(programs)) => {
                    for program in programs {
                        self::program(&mut row, program);
                    }
                }
                ("macs" | "ips" | "hostnames", Value::Array(values)) => {
                    let column = column(key.trim_end_matches('s'));
                    for value in values.iter().filter_map(Value::as_str) {
                        row.put(column, key, value);
                    }
                }
                (_, Value::String(text)) => {
                    note(&mut inventory, key);
                    row.put(column(key), key, text);
                }
                (_, Value::Number(number)) => {
                    note(&mut inventory, key);
                    row.put(column(key), key, &number.to_string());
                }
                _ => {}
            }
        }
        match row.finish() {
            Some(device) => inventory.devices.push(device),
            None => inventory.skipped.push((format!("item {number}"), "names no device".to_owned())),
        }
    }
    Ok(inventory)
}

fn note(inventory: &mut Inventory, key: &str) {
    if let Some(column) = column(key) {
        inventory.recognised.insert(key.to_owned(), column.name());
    }
}

/// Attributes of an assessment: objects with a value, or plain values.
fn own(row: &mut Row<'_>, attributes: &serde_json::Map<String, Value>) {
    for (name, value) in attributes {
        let text = member(value, "value").as_str().or_else(|| value.as_str());
        if let (Some(attribute), Some(text)) = (Attribute::by_name(name), text) {
            row.claim(attribute, name, text);
        }
    }
}

pub(super) fn program(row: &mut Row<'_>, program: &Value) {
    let text = |key: &str| program[key].as_str().filter(|text| !text.trim().is_empty());
    match (program.as_str(), text("name")) {
        (Some(line), _) => row.put(Some(super::Column::Software), "software", line),
        (None, Some(name)) => {
            let version = text("version");
            let cpe = text("cpe").map(str::to_owned).or_else(|| medward_identify::program_cpe(name, version));
            row.software("software", name, version, cpe, text("purl").map(str::to_owned));
        }
        _ => {}
    }
}
