//! What is matched: a device, reduced to what advisories speak of.

use medward_model::{Attribute, Day, Device, DeviceId};

/// A device as matching sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    pub id: Option<DeviceId>,
    pub vendor: Option<Known>,
    pub family: Option<Known>,
    pub model: Option<Known>,
    pub firmware: Option<Known>,
    pub os: Option<Known>,
    pub os_version: Option<Known>,
    pub category: Option<Known>,
    pub serial: Option<Known>,
    pub udi: Option<Known>,
    pub lot: Option<String>,
    /// Catalogue, part or order number.
    pub catalog_number: Option<String>,
    pub manufactured: Option<Day>,
    /// FDA's product codes, where the register of identifiers has them.
    pub product_codes: Vec<String>,
    /// CPE names of the device as a whole, where an inventory gives them.
    pub cpes: Vec<String>,
    pub programs: Vec<Program>,
}

/// A value with the confidence in it, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub value: String,
    pub confidence: f64,
}

/// A program on a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    pub name: String,
    pub version: Option<String>,
    pub supplier: Option<String>,
    pub cpe: Option<String>,
    pub purl: Option<String>,
    pub confidence: f64,
    /// It is from a bill of materials of the model, not seen on this device.
    pub from_bom: bool,
    /// Its version is from what it says on the wire: a distribution may have mended it without changing that.
    pub from_wire: bool,
}

impl Subject {
    /// From a device of an assessment or an inventory.
    pub fn of(device: &Device) -> Subject {
        let known = |attribute: Attribute| {
            device
                .attributes
                .get(attribute.name())
                .map(|fused| Known { value: fused.value.clone(), confidence: fused.confidence })
        };
        let told = |name: &str| device.particulars.get(name).cloned();
        Subject {
            id: Some(device.id.clone()),
            vendor: known(Attribute::Vendor),
            family: known(Attribute::Family),
            model: known(Attribute::Model),
            firmware: known(Attribute::Firmware),
            os: known(Attribute::Os),
            os_version: known(Attribute::OsVersion),
            category: known(Attribute::Category),
            serial: known(Attribute::Serial),
            udi: known(Attribute::Udi),
            lot: told("lot"),
            catalog_number: told("catalog number"),
            product_codes: Vec::new(),
            manufactured: told("manufactured").as_deref().and_then(Day::read),
            cpes: told("cpe").into_iter().collect(),
            programs: device
                .software
                .iter()
                .map(|software| Program {
                    name: software.name.clone(),
                    version: software.version.clone(),
                    supplier: None,
                    cpe: software.cpe.clone(),
                    purl: software.purl.clone(),
                    confidence: software.confidence,
                    from_bom: false,
                    from_wire: !software
                        .evidence
                        .iter()
                        .any(|support| support.source.starts_with("inventory:")),
                })
                .collect(),
        }
    }

    /// From a device as it stands in schema medward.assessment/1; `None` where it is none, or only a group address.
    pub fn of_document(document: &serde_json::Value) -> Option<Subject> {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let id = text(document.get("id")?)?;
        if document.get("scope").and_then(|scope| scope.as_str()) == Some("multicast") {
            return None;
        }
        let known = |attribute: Attribute| {
            let fused = document.get("attributes")?.get(attribute.name())?;
            let confidence = fused.get("confidence")?.as_f64()?;
            Some(Known { value: text(fused.get("value")?)?, confidence })
        };
        let told = |name: &str| document.get("particulars")?.get(name).and_then(&text);
        let programs = document.get("software").and_then(|all| all.as_array()).map(Vec::as_slice);
        let program = |software: &serde_json::Value| {
            let field = |name: &str| software.get(name).and_then(&text);
            let evidence = software.get("evidence").and_then(|all| all.as_array()).map(Vec::as_slice);
            let from_inventory = evidence.unwrap_or_default().iter().any(|support| {
                let source = support.get("source").and_then(|source| source.as_str());
                source.is_some_and(|source| source.starts_with("inventory:"))
            });
            Some(Program {
                name: field("name")?,
                version: field("version"),
                supplier: None,
                cpe: field("cpe"),
                purl: field("purl"),
                confidence: software.get("confidence")?.as_f64()?,
                from_bom: false,
                from_wire: !from_inventory,
            })
        };
        Some(Subject {
            id: Some(DeviceId(id)),
            vendor: known(Attribute::Vendor),
            family: known(Attribute::Family),
            model: known(Attribute::Model),
            firmware: known(Attribute::Firmware),
            os: known(Attribute::Os),
            os_version: known(Attribute::OsVersion),
            category: known(Attribute::Category),
            serial: known(Attribute::Serial),
            udi: known(Attribute::Udi),
            lot: told("lot"),
            catalog_number: told("catalog number"),
            product_codes: Vec::new(),
            manufactured: told("manufactured").as_deref().and_then(Day::read),
            cpes: told("cpe").into_iter().collect(),
            programs: programs.unwrap_or_default().iter().filter_map(program).collect(),
        })
    }

    /// What decides every match that does not rest on serial number, lot, UDI or date: devices with the same key have
    /// the same findings but for those.
    pub fn kind(&self) -> String {
        let value = |known: &Option<Known>| {
            known.as_ref().map_or(String::new(), |k| format!("{}~{:.2}", k.value, k.confidence))
        };
        let mut kind = [
            value(&self.vendor),
            value(&self.family),
            value(&self.model),
            value(&self.firmware),
            value(&self.os),
            value(&self.os_version),
            self.catalog_number.clone().unwrap_or_default(),
            self.cpes.join(","),
            self.manufactured.map_or(String::new(), |day| day.to_string()),
        ]
        .join("\u{1f}");
        for program in &self.programs {
            kind.push('\u{1e}');
            for part in [&program.name, program.version.as_ref().unwrap_or(&program.name)] {
                kind.push_str(part);
                kind.push('\u{1f}');
            }
            kind.push_str(program.cpe.as_deref().unwrap_or_default());
            kind.push_str(program.purl.as_deref().unwrap_or_default());
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use medward_model::{Device, Fused, Scope, Software, Support};

    use super::*;

    #[test]
    fn a_stored_device_is_the_same_subject() {
        let fused = |value: &str| Fused {
            value: value.to_owned(),
            confidence: 0.731_25,
            evidence: vec![],
            rejected: vec![],
        };
        let support = |source: &str| Support {
            source: source.to_owned(),
            field: String::new(),
            value: String::new(),
            packet: None,
            time: None,
            weight: 1.0,
        };
        let software = |name: &str, source: &str| Software {
            name: name.to_owned(),
            version: Some("1.2".to_owned()),
            cpe: None,
            purl: Some("pkg:deb/debian/openssl@1.2".to_owned()),
            confidence: 0.3,
            evidence: vec![support(source)],
        };
        let device = Device {
            id: DeviceId("dev-1".to_owned()),
            macs: vec![],
            ips: vec![],
            vlans: vec![],
            hostnames: vec![],
            aliases: vec![],
            first_seen: None,
            last_seen: None,
            parent: None,
            scope: Scope::Internal,
            attributes: BTreeMap::from([
                ("vendor", fused("BD")),
                ("model", fused("Alaris")),
                ("udi", fused("x")),
            ]),
            software: vec![software("OpenSSH", "ssh"), software("OpenSSL", "inventory:list.csv")],
            services: vec![],
            remarks: vec![],
            particulars: BTreeMap::from([
                ("lot".to_owned(), "A1".to_owned()),
                ("manufactured".to_owned(), "2019-02-03".to_owned()),
            ]),
            row: None,
        };
        let document = serde_json::to_value(&device).unwrap();
        assert_eq!(Subject::of_document(&document), Some(Subject::of(&device)));
        let group = Device { scope: Scope::Multicast, ..device };
        assert_eq!(Subject::of_document(&serde_json::to_value(&group).unwrap()), None);
    }
}
