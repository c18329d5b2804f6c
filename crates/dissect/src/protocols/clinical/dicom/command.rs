//! DIMSE command sets (PS3.7 chapters 9 and 10, annex E): always implicit VR little endian, group 0000.

use medward_model::{Outcome, Verb};

use super::association::{ae_title, uid};

/// Response bit of the command field (PS3.7 E.1).
const RESPONSE: u16 = 0x8000;
/// Command Data Set Type: no data set follows.
const NO_DATA_SET: u16 = 0x0101;

pub(super) const C_STORE: u16 = 0x0001;
pub(super) const C_GET: u16 = 0x0010;
pub(super) const C_FIND: u16 = 0x0020;
pub(super) const C_MOVE: u16 = 0x0021;
pub(super) const C_ECHO: u16 = 0x0030;
pub(super) const C_CANCEL: u16 = 0x0FFF;
pub(super) const N_EVENT_REPORT: u16 = 0x0100;
pub(super) const N_GET: u16 = 0x0110;
pub(super) const N_SET: u16 = 0x0120;
pub(super) const N_ACTION: u16 = 0x0130;
pub(super) const N_CREATE: u16 = 0x0140;
pub(super) const N_DELETE: u16 = 0x0150;

/// The elements of a command that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Command field without the response bit.
    pub kind: u16,
    pub is_response: bool,
    /// Affected or Requested SOP Class UID.
    pub sop_class: String,
    /// Message ID, or Message ID Being Responded To.
    pub message: u16,
    pub has_data: bool,
    pub status: u16,
    /// Move Destination AE title.
    pub destination: String,
    /// Move Originator AE title: the C-STORE is a sub-operation of somebody's C-MOVE.
    pub originator: String,
    pub remaining: Option<u16>,
    pub completed: Option<u16>,
    pub failed: Option<u16>,
    pub warning: Option<u16>,
    /// Event or action type id.
    pub type_id: Option<u16>,
}

impl Command {
    /// Reads a command set; `None` where it is not one.
    pub fn read(mut bytes: &[u8]) -> Option<Command> {
        let mut read = Command::default();
        let mut field = None;
        while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
            let [g0, g1, e0, e1, l0, l1, l2, l3] = *head;
            let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
            let (value, rest) = rest.split_at_checked(length)?;
            bytes = rest;
            if [g0, g1] != [0, 0] {
                return None;
            }
            let number = value.first_chunk::<2>().map(|v| u16::from_le_bytes(*v));
            match u16::from_le_bytes([e0, e1]) {
                0x0002 | 0x0003 => read.sop_class = uid(value),
                0x0100 => field = number,
                0x0110 | 0x0120 => read.message = number.unwrap_or(0),
                0x0600 => read.destination = ae_title(value),
                0x0800 => read.has_data = number.is_some_and(|n| n != NO_DATA_SET),
                0x0900 => read.status = number.unwrap_or(0),
                0x1002 | 0x1008 => read.type_id = number,
                0x1020 => read.remaining = number,
                0x1021 => read.completed = number,
                0x1022 => read.failed = number,
                0x1023 => read.warning = number,
                0x1030 => read.originator = ae_title(value),
                _ => {}
            }
        }
        let field = field?;
        read.is_response = field & RESPONSE != 0 && field != C_CANCEL;
        read.kind = if read.is_response { field & !RESPONSE } else { field };
        (bytes.is_empty() && known(read.kind)).then_some(read)
    }

    /// More responses to the same request follow (PS3.7 C.5.3 pending).
    pub fn is_pending(&self) -> bool {
        matches!(self.status, 0xFF00 | 0xFF01)
    }
}

fn known(kind: u16) -> bool {
    operation(kind).1 != "DIMSE"
}

/// What a request does, and its name.
pub(super) fn operation(kind: u16) -> (Verb, &'static str) {
    match kind {
        C_STORE => (Verb::Write, "C-STORE-RQ"),
        C_GET => (Verb::Read, "C-GET-RQ"),
        C_FIND => (Verb::Query, "C-FIND-RQ"),
        C_MOVE => (Verb::Read, "C-MOVE-RQ"),
        C_ECHO => (Verb::Command, "C-ECHO-RQ"),
        C_CANCEL => (Verb::Command, "C-CANCEL-RQ"),
        N_EVENT_REPORT => (Verb::Report, "N-EVENT-REPORT-RQ"),
        N_GET => (Verb::Query, "N-GET-RQ"),
        N_SET => (Verb::Set, "N-SET-RQ"),
        N_ACTION => (Verb::Command, "N-ACTION-RQ"),
        N_CREATE => (Verb::Write, "N-CREATE-RQ"),
        N_DELETE => (Verb::Delete, "N-DELETE-RQ"),
        _ => (Verb::Command, "DIMSE"),
    }
}

/// Success and warnings did what was asked; cancel and failures did not (PS3.7 annex C).
pub(super) fn outcome(status: u16) -> Outcome {
    match status {
        0x0000 | 0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => Outcome::Success,
        _ => Outcome::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::{C_ECHO, Command};

    #[test]
    fn an_echo_is_read_and_other_groups_are_refused() {
        let echo: &[u8] = &[
            0, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0, 0, //
            0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0, //
            0, 0, 0x10, 1, 2, 0, 0, 0, 7, 0, //
            0, 0, 0, 8, 2, 0, 0, 0, 1, 1,
        ];
        let read = Command::read(echo);
        assert_eq!(read.as_ref().map(|c| (c.kind, c.message, c.has_data)), Some((C_ECHO, 7, false)));
        assert_eq!(Command::read(&[8, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Command::read(&echo[..15]), None);
    }
}
