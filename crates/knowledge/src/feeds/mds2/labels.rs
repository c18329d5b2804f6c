//! The particulars of a device in a form: labels, and where their values stand.

use super::form::{Rows, cells, filled};
use super::ids::{Id, id};

/// How far right of a label its value may stand.
const REACH: usize = 6;

/// Particulars that are read, and others that only end the search for a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Label {
    Vendor,
    Model,
    Document,
    Released,
    Software,
    Other,
}

impl Label {
    pub fn of(cell: &str) -> Option<Label> {
        let cell = cell.trim().trim_end_matches(':').to_lowercase().replace("(s)", "");
        Some(match cell.trim() {
            "manufacturer name" | "manufacturer" | "device manufacturer" | "vendor" | "vendor name" => {
                Label::Vendor
            }
            "device model" | "device models" | "model" | "model name" | "product model"
            | "device model name" => Label::Model,
            "document id" | "document number" | "document no" | "document no." => Label::Document,
            "document release date" | "document date" | "release date" => Label::Released,
            "software revision"
            | "software release"
            | "software version"
            | "device software version"
            | "software revisions" => Label::Software,
            "device description"
            | "device category"
            | "software release date"
            | "question"
            | "question id"
            | "manufacturer contact information"
            | "manufacturer or representative contact information"
            | "company name"
            | "representative name/position"
            | "note"
            | "notes"
            | "note #"
            | "intended use of device in network-connected environment" => Label::Other,
            _ => return None,
        })
    }

    /// The particulars of 2019 by number.
    fn numbered(id: &str) -> Label {
        match id {
            "DOC-1" => Label::Vendor,
            "DOC-3" => Label::Model,
            "DOC-4" => Label::Document,
            "DOC-7" => Label::Released,
            _ => Label::Other,
        }
    }
}

/// Labels outside the questions, whose ids stand in `column`, with what stands beside or below them.
pub(super) fn particulars(rows: &Rows, column: usize, questions: &[(usize, String)]) -> Vec<(Label, String)> {
    let mut all = Vec::new();
    for (row, line) in rows.iter().enumerate() {
        if questions.iter().any(|(at, _)| *at == row) {
            continue;
        }
        if let Some((id, Id::Particular, text)) = cells(rows, row).get(column).and_then(|cell| id(cell)) {
            // Right of the id stands the label, in the same cell or the next; behind it the value.
            let skip = column + 1 + usize::from(text.is_empty());
            let behind = cells(rows, row).iter().skip(skip).find_map(|cell| filled(cell));
            all.extend(behind.map(|value| (Label::numbered(&id), value.to_owned())));
            continue;
        }
        for (at, cell) in line.iter().enumerate() {
            if let Some(label) = Label::of(cell) {
                all.extend(value(rows, row, at).map(|value| (label, value)));
            } else if let Some((name, value)) = cell.split_once(':')
                && let (Some(label), Some(value)) = (Label::of(name), filled(value))
            {
                all.push((label, value.to_owned()));
            }
        }
    }
    all
}

/// What belongs to the label at this place: the next filled cell to the right, else the one below.
fn value(rows: &Rows, row: usize, column: usize) -> Option<String> {
    let free = |cell: &str| Label::of(cell).is_none() && id(cell).is_none() && !cell.trim().ends_with(':');
    let right = cells(rows, row).iter().skip(column + 1).take(REACH).find_map(|cell| filled(cell));
    let below = cells(rows, row + 1).get(column).and_then(|cell| filled(cell));
    right.filter(|cell| free(cell)).or(below.filter(|cell| free(cell))).map(str::to_owned)
}
