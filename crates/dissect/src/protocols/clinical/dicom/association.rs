//! A-ASSOCIATE-RQ, -AC and -RJ (PS3.8 chapter 9.3 and annex D; PS3.7 annex D.3).

use crate::clean_bytes;

/// Presentation contexts that are remembered; ids are odd and 8 bits wide, so that more cannot be.
const MAX_CONTEXTS: usize = 128;
/// Longest UID (PS3.5 chapter 9).
const MAX_UID: usize = 64;

/// A presentation context as proposed and as answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PresentationContext {
    pub id: u8,
    /// UID of the SOP class.
    pub abstract_syntax: String,
    /// Transfer syntaxes proposed.
    pub offered: Vec<String>,
    /// Transfer syntax chosen, where the acceptor took the context.
    pub accepted: Option<String>,
}

/// Roles that SCP/SCU role selection names (PS3.7 D.3.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleSelection {
    pub sop_class: String,
    pub scu: bool,
    pub scp: bool,
}

/// The variable items of an association PDU.
#[derive(Clone, Debug, Default)]
pub(super) struct Association {
    /// Called and calling AE titles as they stand in this PDU.
    pub called: String,
    pub calling: String,
    pub application_context: String,
    pub contexts: Vec<PresentationContext>,
    /// Answers: context id, result (0 acceptance), transfer syntax.
    pub results: Vec<(u8, u8, String)>,
    pub max_length: Option<u32>,
    pub implementation_uid: String,
    pub implementation_version: String,
    pub asynchronous: Option<(u16, u16)>,
    pub roles: Vec<RoleSelection>,
    /// User identity type (PS3.7 D.3.3.7.1); the identity itself is never read.
    pub identity_type: Option<u8>,
    /// The acceptor answered the user identity (item 59H).
    pub identity_answered: bool,
    /// Items did not fit their lengths.
    pub malformed: bool,
}

impl Association {
    /// Reads the body of an A-ASSOCIATE-RQ or -AC: what follows the six bytes of PDU header.
    pub fn read(body: &[u8]) -> Association {
        let mut read = Association {
            called: ae_title(body.get(4..20).unwrap_or_default()),
            calling: ae_title(body.get(20..36).unwrap_or_default()),
            ..Association::default()
        };
        let whole = each_item(body.get(68..).unwrap_or_default(), |kind, item| match kind {
            0x10 => read.application_context = uid(item),
            0x20 => read.proposed(item),
            0x21 => read.answered(item),
            0x50 => {
                let whole = each_item(item, |kind, item| read.user_information(kind, item));
                read.malformed |= !whole;
            }
            _ => {}
        });
        read.malformed |= !whole;
        read
    }

    fn proposed(&mut self, item: &[u8]) {
        let Some([id, ..]) = item.first_chunk::<4>().copied() else {
            self.malformed = true;
            return;
        };
        let mut context = PresentationContext { id, ..PresentationContext::default() };
        each_item(item.get(4..).unwrap_or_default(), |kind, item| match kind {
            0x30 => context.abstract_syntax = uid(item),
            0x40 if context.offered.len() < 32 => context.offered.push(uid(item)),
            _ => {}
        });
        if self.contexts.len() < MAX_CONTEXTS && self.contexts.iter().all(|known| known.id != id) {
            self.contexts.push(context);
        }
    }

    fn answered(&mut self, item: &[u8]) {
        let Some([id, _, result, _]) = item.first_chunk::<4>().copied() else {
            self.malformed = true;
            return;
        };
        let mut syntax = String::new();
        each_item(item.get(4..).unwrap_or_default(), |kind, item| {
            if kind == 0x40 {
                syntax = uid(item);
            }
        });
        if self.results.len() < MAX_CONTEXTS {
            self.results.push((id, result, syntax));
        }
    }

    fn user_information(&mut self, kind: u8, item: &[u8]) {
        match kind {
            0x51 => self.max_length = item.first_chunk::<4>().map(|v| u32::from_be_bytes(*v)),
            0x52 => self.implementation_uid = uid(item),
            0x53 => {
                if let Some([a, b, c, d]) = item.first_chunk::<4>().copied() {
                    self.asynchronous = Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])));
                }
            }
            0x54 => {
                let length = item.first_chunk::<2>().map_or(0, |v| usize::from(u16::from_be_bytes(*v)));
                let name = item.get(2..length.saturating_add(2)).unwrap_or_default();
                let roles = item.get(length.saturating_add(2)..).unwrap_or_default();
                if let Some([scu, scp]) = roles.first_chunk::<2>().copied()
                    && self.roles.len() < MAX_CONTEXTS
                {
                    self.roles.push(RoleSelection { sop_class: uid(name), scu: scu == 1, scp: scp == 1 });
                }
            }
            0x55 => {
                self.implementation_version = clean_bytes(item.get(..item.len().min(16)).unwrap_or_default())
            }
            0x58 => self.identity_type = item.first().copied(),
            0x59 => self.identity_answered = true,
            _ => {}
        }
    }
}

/// Result, source and reason of an A-ASSOCIATE-RJ in words (PS3.8 9.3.4).
pub(super) fn rejection(body: &[u8]) -> (&'static str, &'static str) {
    let [_, result, source, reason] = body.first_chunk::<4>().copied().unwrap_or_default();
    let result = match result {
        1 => "rejected-permanent",
        2 => "rejected-transient",
        _ => "rejected",
    };
    let reason = match (source, reason) {
        (1, 1) | (2, 1) => "no reason given",
        (1, 2) => "application context name not supported",
        (1, 3) => "calling AE title not recognized",
        (1, 7) => "called AE title not recognized",
        (2, 2) => "protocol version not supported",
        (3, 1) => "temporary congestion",
        (3, 2) => "local limit exceeded",
        _ => "reserved reason",
    };
    (result, reason)
}

/// User identity types (PS3.7 D.3.3.7.1).
pub(super) fn identity_name(kind: u8) -> &'static str {
    match kind {
        1 => "user name",
        2 => "user name and passcode",
        3 => "Kerberos service ticket",
        4 => "SAML assertion",
        5 => "JSON web token",
        _ => "reserved",
    }
}

/// Visits items of type, reserved byte, length and content; false where the last one was cut.
fn each_item<'a>(mut bytes: &'a [u8], mut visit: impl FnMut(u8, &'a [u8])) -> bool {
    while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
        let [kind, _, high, low] = *head;
        let Some((item, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low]))) else {
            return false;
        };
        visit(kind, item);
        bytes = rest;
    }
    bytes.is_empty()
}

/// An AE title (VR AE): 16 bytes, padded with blanks.
pub(super) fn ae_title(bytes: &[u8]) -> String {
    clean_bytes(bytes.get(..bytes.len().min(16)).unwrap_or_default())
}

/// A UID, as digits and dots; anything else makes it empty.
pub(super) fn uid(bytes: &[u8]) -> String {
    let bytes = bytes.trim_ascii_end();
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1));
    let bytes = bytes.get(..end).unwrap_or_default();
    if bytes.len() > MAX_UID || !bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return String::new();
    }
    bytes.iter().map(|b| char::from(*b)).collect()
}
