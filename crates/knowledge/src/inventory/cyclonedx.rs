//! CycloneDX as an inventory (ECMA-424): components of type "device" are devices, what they contain is their software.
//! Without any, the product that the document describes is the one device.

use medward_model::Attribute;
use serde_json::Value;

use super::json::program;
use super::{Inventory, InventoryError, Row};
use crate::json::member;

/// How deep components may lie within components.
const MAX_DEPTH: usize = 16;

pub(super) fn read(name: &str, document: &Value) -> Result<Inventory, InventoryError> {
    let mut inventory = Inventory::default();
    let components = member(document, "components").as_array().map_or(&[][..], Vec::as_slice);
    let mut number = 0;
    for component in components.iter().filter(|component| is_device(component)) {
        number += 1;
        let mut row = Row::new(name, number);
        describe(&mut row, component);
        contained(&mut row, component, 0);
        inventory.devices.extend(row.finish());
    }
    if inventory.devices.is_empty() {
        let subject = member(member(document, "metadata"), "component");
        if subject.is_null() && components.is_empty() {
            return Err(InventoryError::Shape);
        }
        let mut row = Row::new(name, 1);
        describe(&mut row, subject);
        for component in components {
            program(&mut row, component);
            contained(&mut row, component, 0);
        }
        inventory.devices.extend(row.finish());
    }
    Ok(inventory)
}

fn is_device(component: &Value) -> bool {
    member(component, "type") == "device"
}

fn describe(row: &mut Row<'_>, component: &Value) {
    let text =
        |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let maker = text(member(member(component, "manufacturer"), "name"))
        .or_else(|| text(member(member(component, "supplier"), "name")))
        .or_else(|| text(member(component, "publisher")))
        .or_else(|| text(member(component, "author")));
    if let Some(maker) = maker {
        row.claim(Attribute::Vendor, "manufacturer", &maker);
    }
    if let Some(model) = text(member(component, "name")) {
        row.claim(Attribute::Model, "name", &model);
    }
    if let Some(version) = text(member(component, "version")) {
        row.claim(Attribute::Firmware, "version", &version);
    }
    if let Some(cpe) = text(member(component, "cpe")) {
        row.particular("cpe", &cpe);
    }
    for property in member(component, "properties").as_array().into_iter().flatten() {
        if let (Some(key), Some(value)) = (text(&property["name"]), text(&property["value"])) {
            // "cdx:device:serialNumber", "medward:serial": the last part names it.
            let last = key.rsplit(':').next().unwrap_or(&key).to_owned();
            row.put(super::columns::column(&last), &key, &value);
        }
    }
}

fn contained(row: &mut Row<'_>, component: &Value, depth: usize) {
    if depth >= MAX_DEPTH {
        return;
    }
    for inner in member(component, "components").as_array().into_iter().flatten() {
        program(row, inner);
        contained(row, inner, depth + 1);
    }
}
