//! Findings as CSV: one row a finding, hidden ones last, for spreadsheets and tickets.

use std::io::Write;

use medward_model::{Assessment, Attribute, Finding};

use crate::WriteError;
use crate::csv::write_row;
use crate::inventory::Inventory;

const HEADER: [&str; 27] = [
    "finding",
    "device",
    "name",
    "vendor",
    "model",
    "serial",
    "asset_tag",
    "kind",
    "status",
    "severity",
    "confidence",
    "title",
    "feed",
    "advisory",
    "cve",
    "kev",
    "epss",
    "cvss",
    "class",
    "published",
    "method",
    "matched",
    "unmatched",
    "would_help",
    "treatment",
    "reason",
    "hidden_by",
];

/// Writes all rows.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    write_row(&mut writer, HEADER.map(String::from).to_vec())?;
    for finding in assessment.findings.iter().chain(&assessment.hidden) {
        write_row(&mut writer, row(finding, &inventory))?;
    }
    writer.flush()?;
    Ok(())
}

fn row(finding: &Finding, inventory: &Inventory) -> Vec<String> {
    let device = inventory.get(&finding.device);
    let value = |attribute: Attribute| device.and_then(|d| d.value(attribute)).unwrap_or_default().to_owned();
    let advisory = finding.advisory.clone().unwrap_or_default();
    let shown = |truth: Option<bool>| truth.map_or("", |truth| if truth { "yes" } else { "no" }).to_owned();
    let matched = finding.matched.as_ref();
    let details = |list: &[medward_model::Detail]| {
        list.iter()
            .map(|d| format!("{}: {} / {} ({})", d.attribute, d.device_value, d.advisory_value, d.how))
            .collect::<Vec<_>>()
            .join("; ")
    };
    vec![
        finding.id.clone(),
        finding.device.to_string(),
        inventory.name(&finding.device),
        value(Attribute::Vendor),
        value(Attribute::Model),
        value(Attribute::Serial),
        device.and_then(|d| d.particulars.get("asset tag").cloned()).unwrap_or_default(),
        finding.kind.name().to_owned(),
        finding.status.name().to_owned(),
        finding.severity.name().to_owned(),
        format!("{:.2}", finding.confidence),
        finding.title.to_string(),
        advisory.feed.clone(),
        advisory.id.clone(),
        advisory.cve.join(" "),
        shown(advisory.kev),
        advisory.epss.map(|epss| format!("{epss}")).unwrap_or_default(),
        advisory.cvss.as_ref().map(|cvss| format!("{:.1}", cvss.score)).unwrap_or_default(),
        advisory.class.map(|class| class.to_string()).unwrap_or_default(),
        advisory.published.map(|day| day.to_string()).unwrap_or_default(),
        matched.map(|m| m.method.name().to_owned()).unwrap_or_default(),
        matched.map(|m| details(&m.matched)).unwrap_or_default(),
        matched.map(|m| details(&m.unmatched)).unwrap_or_default(),
        matched.map(|m| m.would_help.join("; ")).unwrap_or_default(),
        finding.treatment.name().to_owned(),
        finding.reason.to_string(),
        finding.hidden.as_ref().map(|hidden| hidden.by.clone()).unwrap_or_default(),
    ]
}
