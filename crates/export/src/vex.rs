//! What is known of each product, for other programs: CSAF VEX (CSAF 2.0, 4.5) and CycloneDX with vulnerabilities (a VDR).
//!
//! *Affected* and *likely* matches become `known_affected` and `exploitable`, *possible* ones `under_investigation` and
//! `in_triage`, hidden ones `known_not_affected` and `not_affected` with their reason.

use std::collections::BTreeMap;
use std::io::Write;

use medward_model::{Assessment, Attribute, Device, Finding, FindingKind, Verdict};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::WriteError;
use crate::inventory::{self, Inventory};
use crate::wording::clean;

/// CVE to what is said of devices.
type ByCve<'a> = BTreeMap<String, Vec<(&'a Finding, &'static str)>>;

fn by_cve(assessment: &Assessment) -> ByCve<'_> {
    let mut map: ByCve<'_> = BTreeMap::new();
    let known = assessment.findings.iter().map(|finding| {
        (finding, if finding.status == Verdict::Possible { "under_investigation" } else { "known_affected" })
    });
    let hidden = assessment.hidden.iter().map(|finding| (finding, "known_not_affected"));
    for (finding, status) in known.chain(hidden) {
        if finding.kind == FindingKind::Vulnerability {
            for cve in finding.advisory.iter().flat_map(|advisory| &advisory.cve) {
                map.entry(cve.clone()).or_default().push((finding, status));
            }
        }
    }
    map
}

fn version(device: &Device) -> String {
    device.value(Attribute::Firmware).map_or_else(|| "unknown".to_owned(), clean)
}

/// The moment that the document speaks of.
fn moment(assessment: &Assessment) -> String {
    let newest = assessment.knowledge.values().filter_map(|state| state.as_of).max();
    assessment.capture.last.or(newest).unwrap_or_default().to_string()
}

/// Writes a CSAF VEX document.
pub(crate) fn csaf(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let all = by_cve(assessment);
    let concerned: std::collections::BTreeSet<_> =
        all.values().flatten().map(|(finding, _)| &finding.device).collect();
    let mut vendors: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for device in concerned.iter().filter_map(|id| inventory.get(id)) {
        let vendor = device.value(Attribute::Vendor).map_or_else(|| "unknown".to_owned(), clean);
        let name = device.value(Attribute::Model).map_or_else(|| inventory::name(device), clean);
        let mut product =
            json!({"name": format!("{vendor} {name} {}", version(device)), "product_id": device.id});
        if let Some(serial) = device.value(Attribute::Serial) {
            put(&mut product, "product_identification_helper", json!({"serial_numbers": [clean(serial)]}));
        }
        vendors.entry(vendor).or_default().push(json!({
            "category": "product_name", "name": name,
            "branches": [{"category": "product_version", "name": version(device), "product": product}],
        }));
    }
    let branches: Vec<Value> = vendors
        .into_iter()
        .map(|(vendor, products)| json!({"category": "vendor", "name": vendor, "branches": products}))
        .collect();
    let vulnerabilities: Vec<Value> = all.iter().map(|(cve, said)| csaf_one(cve, said)).collect();
    let when = moment(assessment);
    let document = json!({
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "publisher": {"category": "user", "name": "Medward", "namespace": "https://medward.invalid"},
            "title": "Vulnerabilities of the devices of this network",
            "tracking": {
                "id": format!("MEDWARD-{}", digest(&vulnerabilities)),
                "version": "1", "status": "final",
                "initial_release_date": when, "current_release_date": when,
                "revision_history": [{"number": "1", "date": when, "summary": "Matched by Medward"}],
                "generator": {"engine": {"name": "medward", "version": env!("CARGO_PKG_VERSION")}},
            },
        },
        "product_tree": {"branches": branches},
        "vulnerabilities": vulnerabilities,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn csaf_one(cve: &str, said: &[(&Finding, &'static str)]) -> Value {
    let mut status: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (finding, name) in said {
        status.entry(name).or_default().push(&finding.device.0);
    }
    for list in status.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    let mut one = json!({"product_status": status, "notes": [{"category": "description", "text": said.first().map(|(f, _)| &*f.title).unwrap_or_default()}]});
    // Ids of other kinds have a place of their own.
    if cve.starts_with("CVE-") {
        put(&mut one, "cve", json!(cve));
    } else {
        put(&mut one, "ids", json!([{"system_name": "advisory", "text": cve}]));
    }
    let remediations: Vec<Value> = said
        .iter()
        .filter(|(_, name)| *name == "known_affected")
        .map(|(finding, _)| {
            let category = if finding.treatment == medward_model::Treatment::Patch {
                "vendor_fix"
            } else {
                "mitigation"
            };
            json!({"category": category, "details": finding.reason, "product_ids": [finding.device]})
        })
        .collect();
    if !remediations.is_empty() {
        put(&mut one, "remediations", json!(remediations));
    }
    let threats: Vec<Value> = said
        .iter()
        .filter_map(|(finding, _)| {
            let hidden = finding.hidden.as_ref()?;
            let words = hidden.justification.clone().unwrap_or_else(|| hidden.details.clone());
            Some(json!({"category": "impact", "details": format!("{}: {words}", hidden.by), "product_ids": [finding.device]}))
        })
        .collect();
    if !threats.is_empty() {
        put(&mut one, "threats", json!(threats));
    }
    one
}

/// Sets a member of an object.
fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn digest(values: &[Value]) -> String {
    let mut hash = Sha256::new();
    for value in values {
        hash.update(value.to_string());
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02X}")).collect()
}

/// Vulnerabilities in the form of CycloneDX 1.6, by the devices' bom-refs.
pub(crate) fn cyclonedx(assessment: &Assessment) -> Vec<Value> {
    // An analysis holds for all that a vulnerability affects, so each answer is an entry of its own.
    let mut answers: BTreeMap<(String, &str), Vec<(&Finding, &'static str)>> = BTreeMap::new();
    for (cve, said) in by_cve(assessment) {
        for (finding, name) in said {
            answers.entry((cve.clone(), name)).or_default().push((finding, name));
        }
    }
    answers
        .iter()
        .map(|((cve, answer), said)| {
            let first = said.first().map(|(finding, _)| *finding);
            let advisory = first.and_then(|finding| finding.advisory.as_ref());
            let state = match *answer {
                "known_affected" => "exploitable",
                "under_investigation" => "in_triage",
                _ => "not_affected",
            };
            let mut devices: Vec<&str> = said.iter().map(|(finding, _)| finding.device.0.as_str()).collect();
            devices.sort_unstable();
            devices.dedup();
            let mut one = json!({
                "bom-ref": format!("vulnerability-{cve}-{state}"),
                "id": cve,
                "source": {"name": advisory.map_or("", |a| a.feed.as_str())},
                "analysis": {"state": state, "detail": first.map_or("", |f| &*f.reason)},
                "affects": devices.iter().map(|id| json!({"ref": id})).collect::<Vec<_>>(),
            });
            if let Some(cvss) = advisory.and_then(|a| a.cvss.as_ref()) {
                let method = match cvss.version.as_str() {
                    "2.0" => "CVSSv2",
                    "3.0" => "CVSSv3",
                    "4.0" => "CVSSv4",
                    _ => "CVSSv31",
                };
                put(&mut one, "ratings", json!([{"score": cvss.score, "severity": first.map_or("none", |f| f.severity.name()), "method": method, "vector": cvss.vector}]));
            }
            if let Some(url) = advisory.and_then(|a| a.url.as_ref()) {
                put(&mut one, "advisories", json!([{"url": url}]));
            }
            one
        })
        .collect()
}
