//! Inventories in: a maintenance system's export becomes devices.
//!
//! CSV with a header (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252), JSON (a list of objects with the same names
//! as columns, or an assessment of Medward), CycloneDX 1.4 to 1.6 (devices with their software, or one product with its
//! components). Columns are recognised by name; every column is kept and returned. A value is believed to 0.95: an
//! inventory is kept by people.

mod columns;
mod cyclonedx;
mod json;
mod table;

use std::collections::BTreeMap;

use medward_model::{Attribute, Device, DeviceId, Fused, Mac, Scope, Software, Support};
use sha2::{Digest, Sha256};

pub use columns::Column;

/// Confidence in what a person entered.
const CONFIDENCE: f64 = 0.95;

/// Most rows of one inventory.
pub const MAX_ROWS: usize = 5_000_000;

/// An inventory, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// In the order of the file.
    pub devices: Vec<Device>,
    /// Columns that were recognised, by the name in the file.
    pub recognised: BTreeMap<String, &'static str>,
    /// Rows that could not be read: which, and why.
    pub skipped: Vec<(String, String)>,
}

/// Why an inventory could not be read at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InventoryError {
    #[error("is empty")]
    Empty,
    #[error(
        "has no column that names a device: none of vendor, model, serial number, UDI, OS or software was found among {0}. The first row must be the header"
    )]
    NoColumns(String),
    #[error("is no JSON: {0}")]
    Json(String),
    #[error(
        "is JSON, but neither a list of devices, an assessment, nor CycloneDX with devices or components"
    )]
    Shape,
}

/// Reads an inventory; `name` is the file's, for evidence.
///
/// # Errors
/// Where nothing of it can be read. A row that cannot be read is counted in [`Inventory::skipped`].
pub fn read_inventory(name: &str, bytes: &[u8]) -> Result<Inventory, InventoryError> {
    let text = crate::wording::decoded(bytes);
    let plain = text.trim_start_matches('\u{feff}').trim_start();
    if plain.is_empty() {
        return Err(InventoryError::Empty);
    }
    let mut inventory =
        if plain.starts_with(['{', '[']) { json::read(name, plain)? } else { table::read(name, plain)? };
    name_apart(&mut inventory.devices);
    Ok(inventory)
}

/// One row under way to a device.
pub(crate) struct Row<'n> {
    source: &'n str,
    device: Device,
}

impl<'n> Row<'n> {
    pub(crate) fn new(source: &'n str, number: u64) -> Row<'n> {
        Row {
            source,
            device: Device {
                id: DeviceId(String::new()),
                macs: Vec::new(),
                ips: Vec::new(),
                vlans: Vec::new(),
                hostnames: Vec::new(),
                aliases: Vec::new(),
                first_seen: None,
                last_seen: None,
                parent: None,
                scope: Scope::Internal,
                attributes: BTreeMap::new(),
                software: Vec::new(),
                services: Vec::new(),
                remarks: Vec::new(),
                particulars: BTreeMap::new(),
                row: Some(number),
            },
        }
    }

    /// A value of a column as written in the file.
    pub(crate) fn put(&mut self, column: Option<Column>, header: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() || columns::says_nothing(value) {
            return;
        }
        let device = &mut self.device;
        match column {
            Some(Column::Attribute(attribute)) => self.claim(attribute, header, value),
            Some(Column::Mac) => {
                device.macs.extend(value.split([',', ';', ' ']).filter_map(|mac| mac.parse::<Mac>().ok()));
            }
            Some(Column::Ip) => {
                device.ips.extend(
                    value.split([',', ';', ' ']).filter_map(|ip| ip.parse::<std::net::IpAddr>().ok()),
                );
            }
            Some(Column::Hostname) => device.hostnames.push(value.to_owned()),
            Some(Column::Software) => {
                for part in value.split([';', '|', '\n']) {
                    self.program(header, part);
                }
            }
            Some(Column::Particular(name)) => {
                device.particulars.insert(name.to_owned(), value.to_owned());
            }
            None => {
                device.particulars.insert(header.trim().to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn claim(&mut self, attribute: Attribute, field: &str, value: &str) {
        let support = self.support(field, value);
        self.device.attributes.entry(attribute.name()).or_insert(Fused {
            value: value.to_owned(),
            confidence: CONFIDENCE,
            evidence: vec![support],
            rejected: Vec::new(),
        });
    }

    fn support(&self, field: &str, value: &str) -> Support {
        Support {
            source: format!("inventory:{}", self.source),
            field: field.trim().to_owned(),
            value: value.to_owned(),
            packet: None,
            time: None,
            weight: CONFIDENCE,
        }
    }

    /// "OpenSSH 7.4": the last word that begins with a digit is the version.
    fn program(&mut self, header: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let (name, version) = match text.rsplit_once([' ', '/']) {
            Some((name, version))
                if version.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit()) =>
            {
                (name.trim(), Some(version.trim_start_matches(['v', 'V'])))
            }
            _ => (text, None),
        };
        let cpe = medward_identify::program_cpe(name, version);
        self.software(header, name, version, cpe, None);
    }

    pub(crate) fn software(
        &mut self,
        field: &str,
        name: &str,
        version: Option<&str>,
        cpe: Option<String>,
        purl: Option<String>,
    ) {
        let support = self.support(field, name);
        self.device.software.push(Software {
            name: name.to_owned(),
            version: version.map(str::to_owned),
            cpe,
            purl,
            confidence: CONFIDENCE,
            evidence: vec![support],
        });
    }

    pub(crate) fn particular(&mut self, name: &str, value: &str) {
        self.device.particulars.insert(name.to_owned(), value.to_owned());
    }

    /// The device, where the row says anything.
    pub(crate) fn finish(mut self) -> Option<Device> {
        let model = Attribute::Model.name();
        // A description names the device where no model does.
        if !self.device.attributes.contains_key(model)
            && let Some(description) = self.device.particulars.get("description").cloned()
            && description.len() <= 120
        {
            self.claim(Attribute::Model, "description", &description);
        }
        let device = &self.device;
        let says = !device.attributes.is_empty()
            || !device.software.is_empty()
            || !device.macs.is_empty()
            || device.particulars.contains_key("cpe");
        says.then_some(self.device)
    }
}

/// Ids from content: what names a device first, the row last.
fn name_apart(devices: &mut [Device]) {
    let mut taken: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    for device in devices {
        let value = |attribute: Attribute| device.value(attribute).unwrap_or_default().to_lowercase();
        let mut parts = vec![
            value(Attribute::Vendor),
            value(Attribute::Model),
            value(Attribute::Serial),
            value(Attribute::Udi),
            device.particulars.get("asset tag").cloned().unwrap_or_default(),
        ];
        parts.extend(device.macs.iter().map(ToString::to_string));
        let names_one = parts.iter().skip(2).any(|part| !part.is_empty());
        if !names_one {
            parts.push(device.row.unwrap_or_default().to_string());
        }
        let mut id = digest(&parts);
        if taken.contains(&id) {
            parts.push(format!("row {}", device.row.unwrap_or_default()));
            id = digest(&parts);
        }
        taken.insert(id.clone());
        device.id = DeviceId(id);
    }
}

fn digest(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("dev-{hex}")
}

#[cfg(test)]
mod tests;
