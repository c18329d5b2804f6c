//! What people did about recalled devices, given back as the list that was worked off.

use std::collections::BTreeMap;
use std::path::Path;

use medward_model::{Assessment, Attribute, Day, Device, DeviceId, FindingKind, Hidden, Treatment, WorkItem};

use crate::exit::Failure;

/// States of a recalled device.
const STATES: [&str; 4] = ["open", "removed", "corrected", "not-ours"];

/// A row of the list.
struct Row {
    device: String,
    asset_tag: String,
    serial: String,
    item: WorkItem,
}

/// The list of a file, and its name.
pub struct WorkList {
    rows: Vec<Row>,
    name: String,
}

impl WorkList {
    /// Reads a list.
    pub fn read(path: &Path) -> anyhow::Result<WorkList> {
        let name = path.display().to_string();
        let wrong = |what: String| Failure::usage(format!("--work-list {name}: {what}"));
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|error| Failure::unreadable(format!("{name}: {error}")))?;
        let header = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
        let column =
            |wanted: &str| header.iter().position(|name| name.trim_start_matches('\u{feff}') == wanted);
        for needed in ["recall", "state"] {
            if column(needed).is_none() {
                return Err(wrong(format!(
                    "it has no column '{needed}'; `--format work-list` writes one that has"
                )));
            }
        }
        if ["device", "asset_tag", "serial"].into_iter().all(|name| column(name).is_none()) {
            return Err(wrong(
                "it has none of the columns device, asset_tag and serial, that say which device it is"
                    .to_owned(),
            ));
        }
        let mut rows = Vec::new();
        for (at, record) in reader.records().enumerate() {
            let line = at + 2;
            let record = record.map_err(|error| wrong(format!("line {line}: {error}")))?;
            let cell =
                |name: &str| column(name).and_then(|at| record.get(at)).unwrap_or_default().trim().to_owned();
            let state = match cell("state").to_lowercase().replace([' ', '_'], "-") {
                state if state.is_empty() => "open".to_owned(),
                state => state,
            };
            if !STATES.contains(&state.as_str()) {
                return Err(wrong(format!(
                    "line {line}: the state '{state}' is none of {}",
                    STATES.join(", ")
                )));
            }
            let date =
                match cell("date") {
                    text if text.is_empty() => None,
                    text => Some(Day::read(&text).ok_or_else(|| {
                        wrong(format!("line {line}: '{text}' is no date; write 2026-11-26"))
                    })?),
                };
            rows.push(Row {
                device: cell("device"),
                asset_tag: cell("asset_tag"),
                serial: cell("serial"),
                item: WorkItem {
                    device: DeviceId(String::new()),
                    recall: cell("recall"),
                    state,
                    person: Some(cell("person")).filter(|person| !person.is_empty()),
                    date,
                },
            });
        }
        Ok(WorkList { rows, name })
    }

    /// What was done about each device and recall. A device keeps its id as long as what names it stays; else it is found by
    /// asset tag, then by serial number.
    ///
    /// Rows of devices that are not here keep the id that they came with.
    fn of<'l>(&'l self, devices: &[Device]) -> BTreeMap<(DeviceId, &'l str), &'l Row> {
        let mut by: BTreeMap<(u8, &str), &DeviceId> = BTreeMap::new();
        for device in devices {
            by.insert((0, device.id.0.as_str()), &device.id);
            if let Some(tag) = device.particulars.get("asset tag") {
                by.insert((1, tag), &device.id);
            }
            if let Some(serial) = device.value(Attribute::Serial) {
                by.insert((2, serial), &device.id);
            }
        }
        let find = |row: &'l Row| {
            [(0, &row.device), (1, &row.asset_tag), (2, &row.serial)]
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .find_map(|(what, text)| by.get(&(what, text.as_str())).copied())
        };
        self.rows
            .iter()
            .filter(|row| !row.item.recall.is_empty())
            .filter_map(|row| {
                let elsewhere = || (!row.device.is_empty()).then(|| DeviceId(row.device.clone()));
                let device = find(row).cloned().or_else(elsewhere)?;
                Some(((device, row.item.recall.as_str()), row))
            })
            .collect()
    }
}

/// Makes the list: what is recalled for removal and open, and what `done` says was done, whose findings are hidden.
pub fn apply(assessment: &mut Assessment, done: Option<&WorkList>) {
    let rows = done.map(|done| done.of(&assessment.devices)).unwrap_or_default();
    let name = done.map(|done| done.name.as_str()).unwrap_or_default();
    let mut items: BTreeMap<(DeviceId, String), WorkItem> = BTreeMap::new();
    let mut kept = Vec::with_capacity(assessment.findings.len());
    for mut finding in std::mem::take(&mut assessment.findings) {
        let recall = match &finding.advisory {
            Some(advisory) if finding.kind == FindingKind::Recall => advisory.id.clone(),
            _ => {
                kept.push(finding);
                continue;
            }
        };
        let row = rows.get(&(finding.device.clone(), recall.as_str()));
        let key = (finding.device.clone(), recall.clone());
        let item = |state: &str| WorkItem {
            device: finding.device.clone(),
            recall: recall.clone(),
            state: state.to_owned(),
            person: row.and_then(|row| row.item.person.clone()),
            date: row.and_then(|row| row.item.date),
        };
        match row.map(|row| row.item.state.as_str()) {
            Some(state) if state != "open" => {
                items.insert(key, item(state));
                let by = row.and_then(|row| row.item.person.as_deref()).unwrap_or("somebody");
                let on = row.and_then(|row| row.item.date).map_or(String::new(), |day| format!(" on {day}"));
                finding.hidden = Some(Box::new(Hidden {
                    by: "work list".to_owned(),
                    document: name.to_owned(),
                    justification: Some(state.to_owned()),
                    details: format!("{state} by {by}{on}"),
                }));
                assessment.hidden.push(finding);
            }
            _ => {
                if finding.treatment == Treatment::Remove || row.is_some() {
                    items.insert(key, item("open"));
                }
                kept.push(finding);
            }
        }
    }
    // What was written stays written, though nobody finds it any more.
    for ((device, recall), row) in &rows {
        items.entry((device.clone(), (*recall).to_owned())).or_insert_with(|| WorkItem {
            device: device.clone(),
            recall: (*recall).to_owned(),
            ..row.item.clone()
        });
    }
    assessment.findings = kept;
    assessment.hidden.sort_by(|a, b| a.id.cmp(&b.id));
    assessment.work_list = items.into_values().collect();
}
