//! What is told of one device, as it stands in schema medward.assessment/1, and how `why` writes it.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;

use medward_identify::Catalog;
use medward_model::Mac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One piece of evidence.
#[derive(Debug, Deserialize, Serialize)]
struct Support {
    source: String,
    field: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packet: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    weight: f64,
}

/// A value that lost.
#[derive(Debug, Deserialize, Serialize)]
struct Candidate {
    value: String,
    confidence: f64,
    #[serde(default)]
    evidence: Vec<Support>,
}

/// A value that is believed, and why.
#[derive(Debug, Deserialize, Serialize)]
struct Belief {
    value: String,
    confidence: f64,
    #[serde(default)]
    evidence: Vec<Support>,
    #[serde(default)]
    rejected: Vec<Candidate>,
}

/// A software component.
#[derive(Debug, Deserialize, Serialize)]
struct Component {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpe: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    confidence: f64,
    #[serde(default)]
    evidence: Vec<Support>,
}

/// A device with what is believed of it.
#[derive(Debug, Deserialize)]
pub struct Known {
    pub id: String,
    #[serde(default)]
    macs: Vec<String>,
    #[serde(default)]
    ips: Vec<String>,
    #[serde(default)]
    hostnames: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Belief>,
    #[serde(default)]
    software: Vec<Component>,
}

impl Known {
    /// Reads a device of schema medward.assessment/1.
    pub fn read(document: Value) -> serde_json::Result<Known> {
        serde_json::from_value(document)
    }

    /// Whether it goes by that id, address, name or number.
    pub fn is_called(&self, name: &str) -> bool {
        let same = |own: &String| own.eq_ignore_ascii_case(name);
        let address: Option<IpAddr> = name.parse().ok();
        let station: Option<Mac> = name.parse().ok();
        same(&self.id)
            || station.is_some() && self.macs.iter().any(|mac| mac.parse().ok() == station)
            || address.is_some() && self.ips.iter().any(|ip| ip.parse().ok() == address)
            || self.hostnames.iter().chain(&self.aliases).any(same)
            || self.attributes.get("serial").is_some_and(|belief| same(&belief.value))
    }

    fn wanted<'d>(&'d self, only: Option<&'d str>) -> impl Iterator<Item = (&'d String, &'d Belief)> {
        self.attributes.iter().filter(move |(name, _)| only.is_none_or(|only| only == **name))
    }

    fn components(&self, only: Option<&str>) -> &[Component] {
        if only.is_none_or(|name| name == "software") { &self.software } else { &[] }
    }
}

/// What the catalogue says of the rule that a support comes from.
fn rule<'c>(catalog: &'c Catalog, support: &Support) -> Option<&'c str> {
    catalog.rule(&support.source).map(|rule| rule.source)
}

/// Writes it for people.
pub fn text(
    device: &Known,
    only: Option<&str>,
    catalog: &Catalog,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let addresses: Vec<&str> = device.ips.iter().chain(&device.macs).map(String::as_str).collect();
    writeln!(out, "{}  {}", device.id, addresses.join("  "))?;
    if device.wanted(only).next().is_none() && only.is_none_or(|name| name != "software") {
        writeln!(
            out,
            "\nNothing is claimed{}.",
            only.map(|name| format!(" for {name}")).unwrap_or_default()
        )?;
    }
    for (name, belief) in device.wanted(only) {
        writeln!(out, "\n{name}: {}   (confidence {:.2})", belief.value, belief.confidence)?;
        supports(&belief.evidence, catalog, out)?;
        for lost in &belief.rejected {
            writeln!(out, "  rejected: {}   (confidence {:.2})", lost.value, lost.confidence)?;
            supports(&lost.evidence, catalog, out)?;
        }
    }
    for component in device.components(only) {
        let version = component.version.as_deref().unwrap_or("(version unknown)");
        writeln!(out, "\nsoftware: {} {version}   (confidence {:.2})", component.name, component.confidence)?;
        supports(&component.evidence, catalog, out)?;
    }
    Ok(())
}

fn supports(evidence: &[Support], catalog: &Catalog, out: &mut dyn Write) -> std::io::Result<()> {
    for support in evidence {
        let place = match (support.packet, &support.time) {
            (Some(packet), Some(time)) => format!("packet {packet}, {time}"),
            (Some(packet), None) => format!("packet {packet}"),
            _ => "no packet".to_owned(),
        };
        writeln!(out, "  {:.2}  {place}", support.weight)?;
        writeln!(out, "        {} = \"{}\"", support.field, support.value)?;
        match rule(catalog, support) {
            Some(source) => writeln!(out, "        read by catalogue entry {}: {source}", support.source)?,
            None => writeln!(out, "        said by {}", support.source)?,
        }
    }
    Ok(())
}

/// Writes it for programs: schema medward.why/1.
pub fn document(device: &Known, only: Option<&str>, catalog: &Catalog) -> Value {
    let components = device.components(only);
    let believed = device.wanted(only).flat_map(|(_, belief)| {
        belief.evidence.iter().chain(belief.rejected.iter().flat_map(|lost| lost.evidence.iter()))
    });
    let mut rules = serde_json::Map::new();
    for support in believed.chain(components.iter().flat_map(|component| component.evidence.iter())) {
        if let Some(source) = rule(catalog, support) {
            rules.insert(support.source.clone(), json!(source));
        }
    }
    let attributes: serde_json::Map<String, Value> =
        device.wanted(only).map(|(name, belief)| (name.clone(), json!(belief))).collect();
    json!({
        "schema": "medward.why/1",
        "device": {"id": device.id, "macs": device.macs, "ips": device.ips},
        "attributes": attributes,
        "software": components,
        "catalog": rules,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Known;

    #[test]
    fn a_device_is_known_by_any_of_its_names() {
        let known = Known::read(json!({
            "id": "dev-1", "macs": ["00:09:fb:00:00:01"], "ips": ["fe80::1", "10.0.0.7"], "hostnames": ["CT-1"],
            "attributes": {"serial": {"value": "SN7", "confidence": 0.9, "evidence": [], "rejected": []}},
            "scope": "internal",
        }))
        .unwrap();
        for name in ["DEV-1", "00-09-FB-00-00-01", "fe80:0::1", "10.0.0.7", "ct-1", "sn7"] {
            assert!(known.is_called(name), "{name}");
        }
        for name in ["", "10.0.0.8", "ct", "0.9"] {
            assert!(!known.is_called(name), "{name}");
        }
    }
}
