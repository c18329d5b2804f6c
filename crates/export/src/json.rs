//! JSON: the serialised [`Assessment`], indented, with a line feed at the end.

use std::io::Write;

use medward_model::Assessment;

use crate::WriteError;

/// Writes the whole document.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    serde_json::to_writer_pretty(&mut *out, assessment)?;
    out.write_all(b"\n")?;
    Ok(())
}
