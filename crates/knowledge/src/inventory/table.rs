//! CSV.

use super::columns::{Column, column};
use super::{Inventory, InventoryError, MAX_ROWS, Row};

pub(super) fn read(name: &str, text: &str) -> Result<Inventory, InventoryError> {
    // A few exports begin with a title or blank lines: the header is the first line that names a device.
    let mut offset = 0;
    let mut best = None;
    for line in text.lines().take(20) {
        let delimiter = delimiter(line);
        let known = fields(line, delimiter).iter().filter(|field| names_device(column(field))).count();
        if known > 0 && best.is_none_or(|(_, most, _)| known > most) {
            best = Some((offset, known, delimiter));
        }
        offset += line.len() + 1;
    }
    let Some((start, _, delimiter)) = best else {
        let first = text.lines().next().unwrap_or_default();
        let shown: String = first.chars().take(120).collect();
        return Err(InventoryError::NoColumns(format!("'{shown}'")));
    };
    let body = text.get(start..).unwrap_or_default();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(body.as_bytes());
    let headers = reader.headers().map_err(|error| InventoryError::NoColumns(error.to_string()))?.clone();
    let columns: Vec<(Option<Column>, String)> =
        headers.iter().map(|header| (column(header), header.to_owned())).collect();
    let mut inventory = Inventory::default();
    for (column, header) in &columns {
        if let Some(column) = column {
            inventory.recognised.insert(header.clone(), column.name());
        }
    }
    for (at, record) in reader.records().enumerate().take(MAX_ROWS) {
        let number = at as u64 + 1;
        match record {
            Ok(record) => {
                let mut row = Row::new(name, number);
                for ((column, header), value) in columns.iter().zip(record.iter()) {
                    row.put(*column, header, value);
                }
                if let Some(device) = row.finish() {
                    inventory.devices.push(device);
                } else if record.iter().any(|field| !field.trim().is_empty()) {
                    inventory.skipped.push((format!("row {number}"), "names no device".to_owned()));
                }
            }
            Err(error) => inventory.skipped.push((format!("row {number}"), error.to_string())),
        }
    }
    Ok(inventory)
}

fn names_device(column: Option<Column>) -> bool {
    use medward_model::Attribute::{Firmware, Model, Os, Serial, Udi, Vendor};
    matches!(
        column,
        Some(
            Column::Attribute(Vendor | Model | Serial | Udi | Os | Firmware)
                | Column::Software
                | Column::Particular("cpe" | "description")
        )
    )
}

fn delimiter(line: &str) -> u8 {
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|mark| line.bytes().filter(|byte| byte == mark).count())
        .unwrap_or(b',')
}

fn fields(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(line.as_bytes());
    reader
        .records()
        .next()
        .and_then(Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect())
        .unwrap_or_default()
}
