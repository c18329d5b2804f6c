//! CSV (RFC 4180): a header, then one row a device; group addresses are left out.
//!
//! Lists are joined by `; `. Confidences are shares from 0 to 1, empty where the attribute is not known. A cell that a
//! spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, tab or carriage return) gets a leading
//! apostrophe. Control and direction characters are shown as `\u{…}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use medward_model::{Assessment, Attribute, Device, DeviceId, Finding, Risk, Scope, Verdict};

use crate::WriteError;
use crate::inventory::{self, Inventory};
use crate::judgement;
use crate::wording::cleaned;

/// Attributes whose confidence has a column of its own, after the value's.
const WEIGHED: [Attribute; 7] = [
    Attribute::Vendor,
    Attribute::Model,
    Attribute::Serial,
    Attribute::Os,
    Attribute::OsVersion,
    Attribute::Firmware,
    Attribute::Category,
];

/// Attributes that are lists of the device instead.
const LISTED: [Attribute; 4] =
    [Attribute::Hostname, Attribute::Alias, Attribute::Software, Attribute::UniqueId];

/// Writes all rows.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let judged = (judgement::by_device(&assessment.findings), judgement::risks(assessment));
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    let attributes: Vec<_> =
        Attribute::ALL.into_iter().filter(|attribute| !LISTED.contains(attribute)).collect();
    write_row(&mut writer, &header(&attributes))?;
    for device in assessment.devices.iter().filter(|device| device.scope != Scope::Multicast) {
        write_row(&mut writer, &row(device, &attributes, &inventory, &judged))?;
    }
    writer.flush()?;
    Ok(())
}

fn header(attributes: &[Attribute]) -> Vec<String> {
    let mut cells: Vec<String> = ["id", "name", "scope", "medical"].map(String::from).to_vec();
    for attribute in attributes {
        cells.push(attribute.name().to_owned());
        if WEIGHED.contains(attribute) {
            cells.push(format!("{}_confidence", attribute.name()));
        }
    }
    let rest = [
        "hostname",
        "alias",
        "ip",
        "mac",
        "vlan",
        "software",
        "services",
        "parent",
        "parent_name",
        "first_seen",
        "last_seen",
        "risk",
        "affected",
        "likely",
        "possible",
        "worst",
        "treatment",
        "reason",
        "row",
        "particulars",
    ];
    cells.extend(rest.map(String::from));
    cells
}

type Judged<'a> = (BTreeMap<&'a DeviceId, Vec<&'a Finding>>, BTreeMap<&'a DeviceId, &'a Risk>);

fn row(device: &Device, attributes: &[Attribute], inventory: &Inventory, judged: &Judged<'_>) -> Vec<String> {
    let mut cells = vec![
        device.id.to_string(),
        inventory::name(device),
        match device.scope {
            Scope::Internal => "internal",
            Scope::External => "external",
            Scope::Multicast => "multicast",
        }
        .to_owned(),
        if inventory::group(device).medical { "yes" } else { "no" }.to_owned(),
    ];
    for attribute in attributes {
        let fused = device.attributes.get(attribute.name());
        cells.push(fused.map(|fused| fused.value.clone()).unwrap_or_default());
        if WEIGHED.contains(attribute) {
            cells.push(fused.map(|fused| format!("{:.3}", fused.confidence)).unwrap_or_default());
        }
    }
    let software = device.software.iter().map(|software| match &software.version {
        Some(version) => format!("{} {version}", software.name),
        None => software.name.clone(),
    });
    let services = device
        .services
        .iter()
        .map(|service| format!("{}/{} {}", service.transport.name(), service.port, service.protocol));
    cells.extend([
        device.hostnames.join("; "),
        device.aliases.join("; "),
        join(device.ips.iter().map(ToString::to_string)),
        join(device.macs.iter().map(ToString::to_string)),
        join(device.vlans.iter().map(ToString::to_string)),
        join(software),
        join(services),
        device.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
        device.parent.as_ref().map(|parent| inventory.name(parent)).unwrap_or_default(),
        device.first_seen.map(|time| time.to_string()).unwrap_or_default(),
        device.last_seen.map(|time| time.to_string()).unwrap_or_default(),
    ]);
    let findings = judged.0.get(&device.id).map_or(&[][..], Vec::as_slice);
    let how_many =
        |verdict: Verdict| findings.iter().filter(|finding| finding.status == verdict).count().to_string();
    let risk = judged.1.get(&device.id);
    cells.extend([
        risk.map(|risk| risk.score.to_string()).unwrap_or_default(),
        how_many(Verdict::Affected),
        how_many(Verdict::Likely),
        how_many(Verdict::Possible),
        findings.first().map(|finding| finding.title.to_string()).unwrap_or_default(),
        risk.map(|risk| risk.treatment.name().to_owned()).unwrap_or_default(),
        risk.map(|risk| risk.reason.clone()).unwrap_or_default(),
        device.row.map(|row| row.to_string()).unwrap_or_default(),
        join(device.particulars.iter().map(|(name, value)| format!("{name}={value}"))),
    ]);
    cells
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("; ")
}

pub(crate) fn write_row<W: Write>(
    writer: &mut ::csv::Writer<W>,
    cells: &[impl AsRef<str>],
) -> Result<(), WriteError> {
    writer.write_record(cells.iter().map(|cell| Cell(safe(cell.as_ref())))).map_err(|error| {
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => WriteError::Io(error),
            other => WriteError::Io(std::io::Error::other(format!("{other:?}"))),
        }
    })
}

/// The cell as text that no spreadsheet computes.
fn safe(cell: &str) -> Cow<'_, str> {
    let shown = cleaned(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{shown}").into() } else { shown }
}

/// A cell as the writer takes it.
struct Cell<'t>(Cow<'t, str>);

impl AsRef<[u8]> for Cell<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn formulas_are_defused() {
        let shown = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r", "pump-1"].map(safe);
        let expected =
            ["'=HYPERLINK(\"http://x\")", "'+1", "'-1", "'@SUM(A1)", "'\\u{9}=1", "'\\u{d}", "pump-1"];
        assert_eq!(shown, expected);
    }
}
