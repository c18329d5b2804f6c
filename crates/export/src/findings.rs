//! Findings as CSV: one row a finding, hidden ones last, for spreadsheets and tickets.

use std::borrow::Cow;
use std::io::Write;

use medward_model::{AdvisoryRef, Assessment, Attribute, Detail, Finding};

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

/// Rows that a thread writes at a time.
const AT_A_TIME: usize = 4_096;

/// Writes all rows.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    out.write_all(&table(&[], &inventory, true)?)?;
    let all: Vec<&Finding> = assessment.findings.iter().chain(&assessment.hidden).collect();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for wave in all.chunks(AT_A_TIME * threads) {
        let parts: Vec<Result<Vec<u8>, WriteError>> = std::thread::scope(|scope| {
            let inventory = &inventory;
            let workers: Vec<_> = wave
                .chunks(AT_A_TIME)
                .map(|findings| scope.spawn(move || table(findings, inventory, false)))
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for part in parts {
            out.write_all(&part?)?;
        }
    }
    Ok(())
}

/// Rows as bytes, with the header or without.
fn table(findings: &[&Finding], inventory: &Inventory<'_>, header: bool) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(&mut bytes);
    if header {
        write_row(&mut writer, &HEADER)?;
    }
    for finding in findings {
        write_row(&mut writer, &row(finding, inventory))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(bytes)
}

fn row<'f>(finding: &'f Finding, inventory: &Inventory<'f>) -> [Cow<'f, str>; HEADER.len()] {
    let device = inventory.get(&finding.device);
    let value = |attribute: Attribute| -> Cow<'f, str> {
        device.and_then(|device| device.value(attribute)).unwrap_or_default().into()
    };
    let advisory = finding.advisory.as_deref();
    let of = |take: fn(&'f AdvisoryRef) -> Option<Cow<'f, str>>| advisory.and_then(take).unwrap_or_default();
    let shown = |truth: Option<bool>| truth.map_or("", |truth| if truth { "yes" } else { "no" });
    let matched = finding.matched.as_deref();
    let details = |list: &'f [Detail]| -> Cow<'f, str> {
        let mut text = String::new();
        for one in list {
            if !text.is_empty() {
                text.push_str("; ");
            }
            for part in
                [&one.attribute, ": ", &one.device_value, " / ", &one.advisory_value, " (", &one.how, ")"]
            {
                text.push_str(part);
            }
        }
        text.into()
    };
    [
        finding.id.as_str().into(),
        finding.device.0.as_str().into(),
        inventory.name(&finding.device).into(),
        value(Attribute::Vendor),
        value(Attribute::Model),
        value(Attribute::Serial),
        device.and_then(|device| device.particulars.get("asset tag")).map_or("", String::as_str).into(),
        finding.kind.name().into(),
        finding.status.name().into(),
        finding.severity.name().into(),
        format!("{:.2}", finding.confidence).into(),
        (*finding.title).into(),
        of(|advisory| Some(advisory.feed.as_str().into())),
        of(|advisory| Some(advisory.id.as_str().into())),
        of(|advisory| match advisory.cve.as_slice() {
            [one] => Some(one.as_str().into()),
            several => Some(several.join(" ").into()),
        }),
        shown(advisory.and_then(|advisory| advisory.kev)).into(),
        of(|advisory| advisory.epss.map(|epss| epss.to_string().into())),
        of(|advisory| advisory.cvss.as_ref().map(|cvss| format!("{:.1}", cvss.score).into())),
        of(|advisory| advisory.class.map(|class| class.to_string().into())),
        of(|advisory| advisory.published.map(|day| day.to_string().into())),
        matched.map_or("", |m| m.method.name()).into(),
        matched.map(|m| details(&m.matched)).unwrap_or_default(),
        matched.map(|m| details(&m.unmatched)).unwrap_or_default(),
        matched.map(|m| m.would_help.join("; ")).unwrap_or_default().into(),
        finding.treatment.name().into(),
        (*finding.reason).into(),
        finding.hidden.as_ref().map_or("", |hidden| hidden.by.as_str()).into(),
    ]
}
