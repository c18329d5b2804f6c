//! The recall work list as CSV: a row a device and recall, to be worked off and given back (`--work-list`).

use std::io::Write;

use foldhash::HashMap;
use medward_model::{Assessment, Attribute, DeviceId, Finding, FindingKind};

use crate::WriteError;
use crate::csv::write_row;
use crate::inventory::Inventory;

const HEADER: [&str; 15] = [
    "device",
    "name",
    "vendor",
    "model",
    "serial",
    "asset_tag",
    "location",
    "recall",
    "class",
    "title",
    "treatment",
    "state",
    "person",
    "date",
    "status",
];

/// Writes all rows: open ones first, then by device.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let inventory = Inventory::new(assessment);
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    write_row(&mut writer, &HEADER)?;
    let recalls: HashMap<(&DeviceId, &str), &Finding> = assessment
        .findings
        .iter()
        .chain(&assessment.hidden)
        .filter(|finding| finding.kind == FindingKind::Recall)
        .filter_map(|finding| Some(((&finding.device, finding.advisory.as_ref()?.id.as_str()), finding)))
        .collect();
    let mut items: Vec<_> = assessment.work_list.iter().collect();
    items.sort_by_key(|item| item.state != "open");
    for item in items {
        let device = inventory.get(&item.device);
        let value =
            |attribute: Attribute| device.and_then(|d| d.value(attribute)).unwrap_or_default().to_owned();
        let told = |name: &str| device.and_then(|d| d.particulars.get(name)).cloned().unwrap_or_default();
        let finding = recalls.get(&(&item.device, item.recall.as_str()));
        let class = finding.and_then(|f| f.advisory.as_ref()).and_then(|advisory| advisory.class);
        write_row(
            &mut writer,
            &[
                item.device.0.clone(),
                inventory.name(&item.device),
                value(Attribute::Vendor),
                value(Attribute::Model),
                value(Attribute::Serial),
                told("asset tag"),
                told("location"),
                item.recall.clone(),
                class.map(|class| class.to_string()).unwrap_or_default(),
                finding.map(|finding| finding.title.to_string()).unwrap_or_default(),
                finding.map(|finding| finding.treatment.name().to_owned()).unwrap_or_default(),
                item.state.clone(),
                item.person.clone().unwrap_or_default(),
                item.date.map(|day| day.to_string()).unwrap_or_default(),
                finding.map(|finding| finding.status.name().to_owned()).unwrap_or_default(),
            ],
        )?;
    }
    writer.flush()?;
    Ok(())
}
