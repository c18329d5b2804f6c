//! placeholder
use crate::WriteError;
use medward_model::Assessment;
use std::io::Write;
pub(crate) fn write(_assessment: &Assessment, _out: &mut dyn Write) -> Result<(), WriteError> {
    Ok(())
}
