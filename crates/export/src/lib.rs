//! An assessment as text, JSON, JSON lines, CSV, HTML and CycloneDX.
//!
//! One module a format. All of them are pure functions of the assessment and the [`View`]: the same assessment gives
//! the same bytes. What was read from the wire is untrusted: text and HTML show control and direction characters as
//! `\u{…}`, HTML escapes the rest and forbids by its content security policy whatever is not its own style and script,
//! CSV defuses formulas.
#![forbid(unsafe_code)]

mod category;
mod csv;
mod cyclonedx;
mod facts;
mod findings;
mod html;
mod inventory;
mod json;
mod jsonl;
mod judgement;
mod overview;
mod protocol;
mod text;
mod vex;
mod wording;
mod work_list;

use std::io::Write;

use medward_model::Assessment;

/// A form in which an assessment can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a person at a terminal: the overview, then the table of devices.
    Text,
    /// One JSON document of schema `medward.assessment/1`, indented.
    Json,
    /// The objects of that document, one a line, each with its `type`.
    Jsonl,
    /// One row a device (RFC 4180).
    Csv,
    /// One self-contained page.
    Html,
    /// A CycloneDX 1.6 bill of materials with the devices as components, and their vulnerabilities.
    Cyclonedx,
    /// One row a finding (RFC 4180).
    Findings,
    /// A CSAF 2.0 VEX document.
    Vex,
    /// The recall work list, one row a device and recall (RFC 4180).
    WorkList,
}

/// How a person looks at the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Colour with ANSI escape sequences.
    pub colour: bool,
    /// Columns of the terminal; 0 where there is none: nothing is wrapped or cut.
    pub width: usize,
}

/// Why an assessment could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output took no more.
    #[error("the output cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The assessment does not fit JSON.
    #[error("the assessment cannot be put as JSON: {0}")]
    Json(serde_json::Error),
    /// The page could not be made.
    #[error("the HTML page cannot be made: {0}")]
    Page(#[from] minijinja::Error),
}

impl WriteError {
    /// True where the reader of the output went away (`medward … | head`), which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, WriteError::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl From<serde_json::Error> for WriteError {
    fn from(error: serde_json::Error) -> WriteError {
        if error.is_io() { WriteError::Io(error.into()) } else { WriteError::Json(error) }
    }
}

/// Writes `assessment` to `out` in `format`. `view` concerns [`Format::Text`] only. Does not flush `out`.
pub fn write(
    assessment: &Assessment,
    format: Format,
    view: &View,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    match format {
        Format::Text => text::write(assessment, view, out),
        Format::Json => json::write(assessment, out),
        Format::Jsonl => jsonl::write(assessment, out),
        Format::Csv => csv::write(assessment, out),
        Format::Html => html::write(assessment, out),
        Format::Cyclonedx => cyclonedx::write(assessment, out),
        Format::Findings => findings::write(assessment, out),
        Format::Vex => vex::csaf(assessment, out),
        Format::WorkList => work_list::write(assessment, out),
    }
}
