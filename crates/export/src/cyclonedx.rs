//! A CycloneDX 1.6 JSON bill of materials (ECMA-424): devices on the network as components of type `device`.
//!
//! A device's `name` is its model, else what a person calls it; `version` its firmware. What the format has no field for
//! stands in `properties` named `medward:…`. `evidence.identity` tells how sure the name (and the version) is and what
//! was read. Software stands nested in its device and as its dependency. Neither clock nor chance goes in: the timestamp is the
//! capture's end, the serial number a version 8 UUID (RFC 9562, 5.8) of the content's SHA-256.

use std::io::Write;

use medward_model::{Assessment, Attribute, Device, Fused, Software, Support};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::WriteError;
use crate::inventory::{self, Inventory};

/// Pieces of evidence that are told for one identity; the rest stands in the JSON output.
const METHODS: usize = 5;

/// Writes the bill of materials.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let mut devices: Vec<&Device> = inventory.internal.iter().map(|placed| placed.device).collect();
    devices.sort_by_key(|device| &device.id);
    let mut bom = Map::new();
    bom.insert("bomFormat".into(), "CycloneDX".into());
    bom.insert("specVersion".into(), "1.6".into());
    bom.insert("version".into(), 1.into());
    bom.insert("metadata".into(), metadata(assessment));
    bom.insert("components".into(), devices.iter().map(|device| component(device)).collect());
    bom.insert("dependencies".into(), devices.iter().flat_map(|device| dependencies(device)).collect());
    let vulnerabilities = crate::vex::cyclonedx(assessment);
    if !vulnerabilities.is_empty() {
        bom.insert("vulnerabilities".into(), vulnerabilities.into());
    }
    let digest = Sha256::digest(serde_json::to_vec(&bom)?);
    bom.insert("serialNumber".into(), urn(&digest).into());
    serde_json::to_writer_pretty(&mut *out, &bom)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn metadata(assessment: &Assessment) -> Value {
    let mut metadata = Map::new();
    if let Some(last) = assessment.capture.last {
        metadata.insert("timestamp".into(), last.to_string().into());
    }
    let tool = json!({
        "type": "application",
        "name": "medward",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Device inventory from network captures",
    });
    metadata.insert("tools".into(), json!({ "components": [tool] }));
    metadata.insert("lifecycles".into(), json!([{ "phase": "discovery" }]));
    let files = assessment.capture.files.iter().map(|file| property("capture", &file.path));
    metadata.insert("properties".into(), files.collect());
    Value::Object(metadata)
}

fn component(device: &Device) -> Value {
    let known = |attribute: Attribute| device.attributes.get(attribute.name());
    let mut component = Map::new();
    component.insert("type".into(), "device".into());
    component.insert("bom-ref".into(), device.id.0.as_str().into());
    let model = known(Attribute::Model);
    let name = model.map_or_else(|| inventory::name(device), |model| model.value.clone());
    component.insert("name".into(), name.into());
    if let Some(vendor) = known(Attribute::Vendor) {
        component.insert("manufacturer".into(), json!({ "name": vendor.value }));
    }
    if let Some(firmware) = known(Attribute::Firmware) {
        component.insert("version".into(), firmware.value.as_str().into());
    }
    component.insert("description".into(), inventory::category_words(device).into());
    component.insert("properties".into(), properties(device));
    let identity: Vec<Value> = [("name", model), ("version", known(Attribute::Firmware))]
        .into_iter()
        .filter_map(|(field, fused)| fused.map(|fused| identity(field, fused)))
        .collect();
    if !identity.is_empty() {
        component.insert("evidence".into(), json!({ "identity": identity }));
    }
    if !device.software.is_empty() {
        let software = device.software.iter().enumerate();
        component.insert("components".into(), software.map(|(i, part)| part_of(device, i, part)).collect());
    }
    Value::Object(component)
}

fn properties(device: &Device) -> Value {
    let mut properties = vec![property("label", &inventory::name(device))];
    for attribute in Attribute::ALL {
        if let Some(fused) = device.attributes.get(attribute.name()) {
            properties.push(property(attribute.name(), &fused.value));
            let confidence = format!("{:.3}", fused.confidence);
            properties.push(property(&format!("{}:confidence", attribute.name()), &confidence));
        }
    }
    properties.extend(device.macs.iter().map(|mac| property("mac", &mac.to_string())));
    properties.extend(device.ips.iter().map(|ip| property("ip", &ip.to_string())));
    properties.extend(device.vlans.iter().map(|vlan| property("vlan", &vlan.to_string())));
    properties.extend(device.hostnames.iter().map(|name| property("hostname", name)));
    properties.extend(device.aliases.iter().map(|name| property("alias", name)));
    properties.extend(device.parent.iter().map(|parent| property("parent", &parent.0)));
    properties.extend(device.first_seen.map(|time| property("first_seen", &time.to_string())));
    properties.extend(device.last_seen.map(|time| property("last_seen", &time.to_string())));
    properties.extend(device.services.iter().map(|service| {
        let place = format!("{}/{} {}", service.transport.name(), service.port, service.protocol);
        property("service", &place)
    }));
    Value::Array(properties)
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("medward:{name}"), "value": value })
}

fn identity(field: &str, fused: &Fused) -> Value {
    json!({
        "field": field,
        "confidence": share(fused.confidence),
        "concludedValue": fused.value,
        "methods": methods(&fused.evidence),
    })
}

/// What was read. The format has no technique for reading network traffic, so it is `other`.
fn methods(evidence: &[Support]) -> Vec<Value> {
    let said = evidence.iter().take(METHODS).map(|support| {
        let packet = support.packet.map(|packet| format!(", packet {packet}")).unwrap_or_default();
        json!({
            "technique": "other",
            "confidence": share(support.weight),
            "value": format!("{} {} = {}{packet}", support.source, support.field, support.value),
        })
    });
    said.collect()
}

fn share(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

fn part_of(device: &Device, position: usize, software: &Software) -> Value {
    let mut part = Map::new();
    part.insert("type".into(), "application".into());
    part.insert("bom-ref".into(), part_ref(device, position).into());
    part.insert("name".into(), software.name.as_str().into());
    if let Some(version) = &software.version {
        part.insert("version".into(), version.as_str().into());
    }
    if let Some(cpe) = software.cpe.as_deref().filter(|cpe| is_cpe(cpe)) {
        part.insert("cpe".into(), cpe.into());
    }
    if let Some(purl) = software.purl.as_deref().filter(|purl| purl.starts_with("pkg:")) {
        part.insert("purl".into(), purl.into());
    }
    let identity = json!({
        "field": "name",
        "confidence": share(software.confidence),
        "concludedValue": software.name,
        "methods": methods(&software.evidence),
    });
    part.insert("evidence".into(), json!({ "identity": [identity] }));
    Value::Object(part)
}

/// Formatted as CPE 2.3 (NISTIR 7695, 6.2): thirteen parts, none empty, no white space.
fn is_cpe(text: &str) -> bool {
    let parts = text.replace("\\:", "").split(':').map(str::is_empty).collect::<Vec<_>>();
    text.starts_with("cpe:2.3:")
        && parts.len() == 13
        && !parts.contains(&true)
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn part_ref(device: &Device, position: usize) -> String {
    format!("{}/software/{}", device.id, position + 1)
}

fn dependencies(device: &Device) -> Vec<Value> {
    let parts: Vec<_> = (0..device.software.len()).map(|i| part_ref(device, i)).collect();
    let mut all = vec![match parts.is_empty() {
        true => json!({ "ref": device.id.0 }),
        false => json!({ "ref": device.id.0, "dependsOn": parts }),
    }];
    all.extend(parts.iter().map(|part| json!({ "ref": part })));
    all
}

/// A version 8 UUID of the digest's first sixteen bytes.
fn urn(digest: &[u8]) -> String {
    let mut bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::{is_cpe, urn};

    #[test]
    fn the_serial_number_is_a_uuid_of_version_eight() {
        assert_eq!(urn(&[0xff; 32]), "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff");
    }

    #[test]
    fn only_a_whole_cpe_passes() {
        assert!(is_cpe("cpe:2.3:a:nginx:nginx:1.22.1:*:*:*:*:*:*:*"));
        assert!(is_cpe(r"cpe:2.3:a:x:y\:z:1:*:*:*:*:*:*:*"));
        assert!(!is_cpe("cpe:2.3:a:nginx:nginx:1 22:*:*:*:*:*:*:*"));
        assert!(!is_cpe("cpe:/a:nginx:nginx"));
    }
}
