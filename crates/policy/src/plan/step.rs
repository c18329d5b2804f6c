//! What the executor does, without a choice.

use serde::{Deserialize, Serialize};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// Keep what the target lists now: the undo.
    KeepFormer,
    /// Start what restores it unless somebody confirms; it must not depend on Medward living.
    ScheduleRevert {
        /// Seconds until then.
        seconds: u32,
    },
    /// Load this, as a whole or not at all.
    Apply {
        /// What the control reads.
        text: String,
    },
    /// Read back: the target must carry these rules.
    Verify {
        /// Their digest.
        digest: String,
    },
    /// Wait for a person's word.
    AwaitConfirmation {
        /// Seconds until it reverts.
        seconds: u32,
    },
    /// Load what was kept.
    RestoreFormer,
    /// Show this to a person, who applies it.
    Show {
        /// What the control reads.
        text: String,
    },
}

impl Step {
    /// In one line.
    pub fn words(&self) -> String {
        match self {
            Step::KeepFormer => "keep what is there".to_owned(),
            Step::ScheduleRevert { seconds } => {
                format!("start what restores it after {seconds} s unless confirmed")
            }
            Step::Apply { text } => format!("load {} lines as one transaction", text.lines().count()),
            Step::Verify { digest } => format!("read back, and compare with {digest}"),
            Step::AwaitConfirmation { seconds } => format!("wait {seconds} s for a confirmation"),
            Step::RestoreFormer => "restore what was there".to_owned(),
            Step::Show { text } => format!("show {} lines, to be applied by hand", text.lines().count()),
        }
    }
}
