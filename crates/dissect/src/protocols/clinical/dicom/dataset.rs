//! Which elements of a data set are kept: an allow-list of equipment elements (PS3.3 C.7.5.1, C.7.5.2, C.4.10), and for
//! queries the names of the keys, never their values. Patients, studies and people are on no list.

use crate::clean_bytes;

use super::keywords::keyword;

/// What is wanted of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocols::clinical) enum Wanted {
    /// The equipment that an object tells of.
    Equipment,
    /// Level and keys of a query or retrieve identifier (PS3.4 annexes C and K).
    Query,
    /// Only whether a patient is identified, of the answers to a query.
    Patient,
}

pub(in crate::protocols::clinical) const CHARACTER_SET: u32 = 0x0008_0005;
pub(in crate::protocols::clinical) const LEVEL: u32 = 0x0008_0052;
pub(in crate::protocols::clinical) const MODALITY: u32 = 0x0008_0060;
pub(in crate::protocols::clinical) const MANUFACTURER: u32 = 0x0008_0070;
pub(in crate::protocols::clinical) const INSTITUTION: u32 = 0x0008_0080;
pub(in crate::protocols::clinical) const STATION_NAME: u32 = 0x0008_1010;
pub(in crate::protocols::clinical) const DEPARTMENT: u32 = 0x0008_1040;
pub(in crate::protocols::clinical) const MODEL: u32 = 0x0008_1090;
pub(in crate::protocols::clinical) const SERIAL: u32 = 0x0018_1000;
pub(in crate::protocols::clinical) const DEVICE_UID: u32 = 0x0018_1002;
pub(in crate::protocols::clinical) const GANTRY: u32 = 0x0018_1008;
pub(in crate::protocols::clinical) const UDI: u32 = 0x0018_1009;
const UDI_SEQUENCE: u32 = 0x0018_100A;
pub(in crate::protocols::clinical) const SOFTWARE: u32 = 0x0018_1020;
pub(in crate::protocols::clinical) const DETECTOR: u32 = 0x0018_700A;
pub(in crate::protocols::clinical) const SCHEDULED_AE: u32 = 0x0040_0001;
const SCHEDULED_STATION: u32 = 0x0040_0010;
const SCHEDULED_STEP: u32 = 0x0040_0100;
pub(in crate::protocols::clinical) const PERFORMED_AE: u32 = 0x0040_0241;
pub(in crate::protocols::clinical) const PERFORMED_STATION: u32 = 0x0040_0242;
pub(in crate::protocols::clinical) const PERFORMED_LOCATION: u32 = 0x0040_0243;

/// Patient's Name and Patient ID (PS3.3 C.7.1.1): that they hold something is seen, what they hold is not kept.
const PATIENT: [u32; 2] = [0x0010_0010, 0x0010_0020];

/// Elements that name equipment, on the outermost level.
const EQUIPMENT: [u32; 15] = [
    MODALITY,
    MANUFACTURER,
    INSTITUTION,
    STATION_NAME,
    DEPARTMENT,
    MODEL,
    SERIAL,
    DEVICE_UID,
    GANTRY,
    SOFTWARE,
    DETECTOR,
    PERFORMED_AE,
    PERFORMED_STATION,
    PERFORMED_LOCATION,
    SCHEDULED_AE,
];

/// Most keys that are remembered of one query.
const MAX_KEYS: usize = 48;

impl Wanted {
    /// Whether the items of that sequence are of interest.
    pub(super) fn enters(self, tag: u32) -> bool {
        match self {
            Wanted::Equipment => tag == UDI_SEQUENCE,
            Wanted::Query => tag == SCHEDULED_STEP,
            Wanted::Patient => false,
        }
    }

    /// Whether the value of that element is looked at; `parent` is the sequence it is in, or 0.
    pub(super) fn takes(self, parent: u32, tag: u32, depth: usize) -> bool {
        if tag == CHARACTER_SET && depth == 0 {
            return true;
        }
        if depth == 0 && PATIENT.contains(&tag) {
            return true;
        }
        match self {
            Wanted::Patient => false,
            Wanted::Equipment if depth == 0 => EQUIPMENT.contains(&tag),
            Wanted::Equipment => depth == 2 && parent == UDI_SEQUENCE && tag == UDI,
            Wanted::Query => depth == 0 || depth == 2 && parent == SCHEDULED_STEP,
        }
    }
}

/// What was found in a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::protocols::clinical) struct Elements {
    utf8: bool,
    values: Vec<(u32, String)>,
    /// Patient's Name or Patient ID holds more than a placeholder.
    pub patient: bool,
    /// Query keys that were asked to be returned (empty value).
    pub returned: u32,
    /// Names of the keys that had a value to match.
    pub keys: Vec<String>,
    /// Names of the keys whose value had a wildcard or was only wildcards.
    pub wildcards: Vec<String>,
}

impl Elements {
    /// The value of an element, where it was told and says something.
    pub fn get(&self, tag: u32) -> Option<&str> {
        self.values.iter().find(|(t, _)| *t == tag).map(|(_, value)| value.as_str())
    }

    /// Keeps an identity value that came by another way (JSON).
    pub fn keep(&mut self, tag: u32, value: &str) {
        if (EQUIPMENT.contains(&tag) || tag == UDI) && !is_placeholder(value) && self.get(tag).is_none() {
            self.values.push((tag, value.to_owned()));
        }
    }

    /// Takes an element in that `Wanted::takes` named.
    pub(super) fn present(&mut self, wanted: Wanted, parent: u32, tag: u32, value: &[u8]) {
        match wanted {
            _ if tag == CHARACTER_SET => {
                self.utf8 = value.split(|b| *b == b'\\').any(|set| set.trim_ascii() == b"ISO_IR 192");
            }
            Wanted::Equipment | Wanted::Patient if PATIENT.contains(&tag) => self.identified(value),
            Wanted::Patient => {}
            Wanted::Equipment => {
                let text = self.text(value);
                self.keep(if parent == 0 { tag } else { UDI }, &text);
            }
            Wanted::Query => {
                if PATIENT.contains(&tag) && parent == 0 {
                    self.identified(value);
                }
                self.key(tag, value);
            }
        }
    }

    fn identified(&mut self, value: &[u8]) {
        self.patient |= !is_placeholder(self.text(value).trim_matches('^'));
    }

    /// A value too long to keep: as a key it still matches (lists of UIDs).
    pub(super) fn long_value(&mut self, wanted: Wanted, tag: u32) {
        if wanted == Wanted::Query && self.keys.len() < MAX_KEYS {
            self.keys.push(key_name(tag));
        }
    }

    fn key(&mut self, tag: u32, value: &[u8]) {
        let value = value.trim_ascii().strip_suffix(b"\0").unwrap_or(value.trim_ascii());
        if tag & 0xFFFF == 0 {
            return;
        }
        if tag == LEVEL {
            if matches!(value, b"PATIENT" | b"STUDY" | b"SERIES" | b"IMAGE") {
                self.values.push((LEVEL, clean_bytes(value)));
            }
            return;
        }
        // An item that opens: a sequence, whose keys are not looked at.
        let sequence =
            value.starts_with(&[0xFE, 0xFF, 0x00, 0xE0]) || value.starts_with(&[0xFF, 0xFE, 0xE0, 0x00]);
        if value.is_empty() || sequence {
            self.returned = self.returned.saturating_add(1);
            return;
        }
        let name = key_name(tag);
        let text = value.is_ascii() && !name.ends_with("UID");
        if text && value.iter().any(|b| matches!(b, b'*' | b'?')) && self.wildcards.len() < MAX_KEYS {
            self.wildcards.push(name.clone());
        }
        if value.iter().all(|b| *b == b'*') {
            return;
        }
        if self.keys.len() < MAX_KEYS {
            self.keys.push(name);
        }
        // Which station and modality a worklist is asked for names equipment, not patients.
        if matches!(tag, SCHEDULED_AE | SCHEDULED_STATION | MODALITY)
            && !value.iter().any(|b| matches!(b, b'*' | b'?' | b'\\'))
        {
            self.values.push((tag, clean_bytes(value)));
        }
    }

    /// Text of a value: UTF-8 where the data set says so, else ISO 8859-1, which the default repertoire is part of.
    fn text(&self, value: &[u8]) -> String {
        let value = value.split(|b| *b == 0).next().unwrap_or(value);
        if self.utf8 || value.is_ascii() {
            return clean_bytes(value);
        }
        crate::clean(&value.iter().map(|b| char::from(*b)).collect::<String>()).into_owned()
    }
}

/// The keyword of a key, or its tag where it has none that we know.
pub(in crate::protocols::clinical) fn key_name(tag: u32) -> String {
    match keyword(tag) {
        Some(keyword) => keyword.to_owned(),
        None => format!("({:04X},{:04X})", tag >> 16, tag & 0xFFFF),
    }
}

/// Values that are there to fill the element, or that an anonymiser left.
pub(in crate::protocols::clinical) fn is_placeholder(value: &str) -> bool {
    let plain = value.trim();
    plain.is_empty()
        || plain.chars().all(|c| matches!(c, '0' | '-' | '.' | '?' | '*' | ' ' | '_' | '\\'))
        || [
            "unknown",
            "none",
            "n/a",
            "na",
            "null",
            "anonymous",
            "anonymized",
            "anonymised",
            "removed",
            "undefined",
            "not available",
            "not specified",
            "default",
            "unspecified",
            "deidentified",
            "de-identified",
            "other",
            "manufacturer",
            "model",
            "serial",
            "serial number",
            "test",
            "no manufacturer",
            "xxx",
            "xxxx",
        ]
        .iter()
        .any(|word| plain.eq_ignore_ascii_case(word))
}
