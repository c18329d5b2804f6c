//! Devices that a message tells of: OBX containment and OBX-18 (IHE DEV TF-2, PCD-01), PRT and DEV segments (HL7 2.9,
//! 7.4.4 and 17.8.1).

use medward_model::{Attribute, Field, Subject};

use crate::{Context, Side};

use super::segment::{Part, Segment};

static INSTANCE: Field = Field::fact(
    "equipment-instance",
    "OBX-18 Equipment Instance Identifier (HL7 2.9, 7.4.2.18), as it stands",
);
static EUI64: Field = Field::states(
    "eui-64",
    Attribute::UniqueId,
    92,
    "EUI-64 of the device: OBX-18 with that identifier type, or MDC_ATTR_SYS_ID (IHE DEV TF-2, B.8)",
);
static MANUFACTURER: Field = Field::states(
    "device-manufacturer",
    Attribute::Vendor,
    92,
    "MDC_ID_MODEL_MANUFACTURER of the MDS (ISO/IEEE 11073-10101), or DEV-5",
);
static MODEL: Field = Field::states(
    "device-model",
    Attribute::Model,
    92,
    "MDC_ID_MODEL_NUMBER or MDC_ATTR_ID_MODEL of the MDS (ISO/IEEE 11073-10101), or DEV-7",
);
static SERIAL: Field = Field::states(
    "device-serial",
    Attribute::Serial,
    93,
    "MDC_ID_PROD_SPEC_SERIAL of the MDS (ISO/IEEE 11073-10101), PRT-20 or DEV-11",
);
static FIRMWARE: Field = Field::states(
    "device-firmware",
    Attribute::Firmware,
    90,
    "MDC_ID_PROD_SPEC_FW or _SW of the MDS (ISO/IEEE 11073-10101), or DEV-16",
);
static UDI: Field = Field::states(
    "device-udi",
    Attribute::Udi,
    94,
    "PRT-10 or DEV-2 with a UDI (HL7 2.9, 7.4.4.10), or the UDI of the MDS",
);
static UDI_DI: Field = Field::fact(
    "device-identifier",
    "PRT-16 or DEV-9: device identifier part of the UDI (HL7 2.9, 7.4.4.16)",
);
static LOT: Field = Field::fact("device-lot", "PRT-19 or DEV-10: lot number (HL7 2.9, 7.4.4.19)");
static MADE: Field =
    Field::fact("device-manufacture-date", "PRT-17 or DEV-12: manufacture date (HL7 2.9, 7.4.4.17)");
static KIND: Field = Field::fact(
    "device-type",
    "Type of the MDS (OBX-3, MDC_DEV_…_MDS of ISO/IEEE 11073-10101), PRT-22 or DEV-3",
);
static PART: Field =
    Field::fact("device-part-number", "MDC_ID_PROD_SPEC_PART or _HW of the MDS (ISO/IEEE 11073-10101)");
static LOCATION: Field = Field::states(
    "assigned-location",
    Attribute::Location,
    75,
    "PV1-3: the bed that the one device of the message monitors (HL7 2.9, 3.4.3.3)",
);
static BED: Field = Field::fact(
    "monitored-bed",
    "PV1-3 of messages with device observations that name no device (HL7 2.9, 3.4.3.3)",
);

pub(super) static FIELDS: [&Field; 14] = [
    &INSTANCE,
    &EUI64,
    &MANUFACTURER,
    &MODEL,
    &SERIAL,
    &FIRMWARE,
    &UDI,
    &UDI_DI,
    &LOT,
    &MADE,
    &KIND,
    &PART,
    &LOCATION,
    &BED,
];

/// Most devices remembered of one message.
const MAX_DEVICES: usize = 24;
/// Longest single value kept.
const MAX_VALUE: usize = 128;

/// A device as one message tells of it.
#[derive(Clone, Debug, Default)]
struct Device {
    /// First number of the containment in OBX-4 (the MDS); empty where it came from elsewhere.
    mds: String,
    eui64: String,
    said: Vec<(&'static Field, String)>,
}

impl Device {
    fn say(&mut self, field: &'static Field, value: String) {
        let room = self.said.len() < 16 && value.len() <= MAX_VALUE && !is_placeholder(&value);
        if room && self.said.iter().all(|(known, _)| !std::ptr::eq(*known, field)) {
            self.said.push((field, value));
        }
    }

    fn get(&self, field: &'static Field) -> Option<&str> {
        self.said.iter().find(|(known, _)| std::ptr::eq(*known, field)).map(|(_, value)| value.as_str())
    }

    /// What tells it from others behind the same sender.
    fn key(&self) -> Option<String> {
        let eui = Some(self.eui64.as_str()).filter(|eui| !eui.is_empty());
        let key = eui.or(self.get(&SERIAL)).or(self.get(&UDI)).or(self.get(&INSTANCE))?;
        Some(format!("hl7 {key}"))
    }
}

/// The devices of one message.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices {
    devices: Vec<Device>,
    /// The device of the OBX at hand, to which a PRT that follows belongs.
    current: Option<usize>,
    /// Observations in terms of ISO/IEEE 11073-10101.
    pub speaks_mdc: bool,
    /// Samples of a waveform were among them.
    pub waveforms: bool,
    /// PV1-3, as point of care, room and bed.
    pub bed: String,
}

impl Devices {
    /// How many were told of.
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// PV1-3: point of care, room, bed.
    pub fn location(&mut self, segment: &Segment<'_>) {
        let place = segment.field(3);
        let parts: Vec<String> =
            (1..=3).map(|n| place.text(n)).filter(|part| !is_placeholder(part)).collect();
        self.bed = parts.join("/");
        if self.bed.len() > MAX_VALUE {
            self.bed.clear();
        }
    }

    /// An OBX. Values of observations are not looked at, those of device attributes are.
    pub fn observation(&mut self, segment: &Segment<'_>) {
        self.current = None;
        let code = segment.field(3);
        let (number, name, system) = (code.text(1), code.text(2), code.text(3));
        let is_mdc = system == "MDC" || name.starts_with("MDC_");
        self.speaks_mdc |= is_mdc;
        self.waveforms |= is_mdc && matches!(segment.field(2).first(), b"NA" | b"MA");
        let containment = segment.field(4).text(1);
        let mut levels = containment.split('.');
        let mds = levels.next().unwrap_or("").to_owned();
        let of_mds =
            levels.next().is_none_or(|vmd| vmd == "0") && levels.next().is_none_or(|channel| channel == "0");
        if is_mdc && of_mds && (name.ends_with("_MDS") || name.starts_with("MDC_DEV_SPEC_PROFILE_")) {
            let Some(at) = self.device_of(&mds) else { return };
            self.current = Some(at);
            let Some(device) = self.devices.get_mut(at) else { return };
            device.say(&KIND, name);
            device.instance(&segment.field(18));
        } else if let Some(field) = is_mdc.then(|| attribute(&number, &name)).flatten() {
            if !of_mds || mds.is_empty() {
                return;
            }
            let Some(at) = self.device_of(&mds) else { return };
            self.current = Some(at);
            let Some(device) = self.devices.get_mut(at) else { return };
            let value = segment.field(5);
            if std::ptr::eq(field, &EUI64) {
                device.set_eui64(&value.text(1));
            } else if std::ptr::eq(field, &MODEL) && !value.component(2).is_empty() {
                // MDC_ATTR_ID_MODEL carries manufacturer and model number.
                device.say(&MANUFACTURER, value.text(1));
                device.say(&MODEL, value.text(2));
            } else {
                device.say(field, value.text(1));
            }
        } else if !is_mdc || self.devices.is_empty() {
            for instance in segment.field(18).repetitions() {
                let whole = instance.whole();
                let known = self.devices.iter().any(|device| device.get(&INSTANCE) == Some(&whole));
                if !is_placeholder(&whole) && !known && self.devices.len() < MAX_DEVICES {
                    let mut device = Device::default();
                    device.instance(&instance);
                    self.devices.push(device);
                }
            }
        }
    }

    /// A PRT segment: the device that took part. Persons are not looked at.
    pub fn participation(&mut self, segment: &Segment<'_>) {
        let role = segment.field(4).text(1);
        if !role.is_empty() && !role.eq_ignore_ascii_case("EQUIP") {
            return;
        }
        let mut told = Device::default();
        told.identifier(&segment.field(10));
        told.say(&UDI_DI, segment.field(16).text(1));
        told.say(&MADE, segment.field(17).text(1));
        told.say(&LOT, segment.field(19).text(1));
        told.say(&SERIAL, segment.field(20).text(1));
        let kind = segment.field(22);
        told.say(&KIND, if kind.component(2).is_empty() { kind.text(1) } else { kind.text(2) });
        self.add(told);
    }

    /// A DEV segment.
    pub fn described(&mut self, segment: &Segment<'_>) {
        self.current = None;
        let mut told = Device::default();
        told.identifier(&segment.field(2));
        let kind = segment.field(3);
        told.say(&KIND, if kind.component(2).is_empty() { kind.text(1) } else { kind.text(2) });
        told.say(&MANUFACTURER, segment.field(5).text(1));
        told.say(&MODEL, segment.field(7).text(1));
        told.say(&UDI_DI, segment.field(9).text(1));
        told.say(&LOT, segment.field(10).text(1));
        told.say(&SERIAL, segment.field(11).text(1));
        told.say(&MADE, segment.field(12).text(1));
        told.say(&FIRMWARE, segment.field(16).text(1));
        self.add(told);
    }

    /// Segments that are neither OBX nor PRT end what a PRT belongs to.
    pub fn other_segment(&mut self) {
        self.current = None;
    }

    fn add(&mut self, told: Device) {
        if let Some(device) = self.current.and_then(|at| self.devices.get_mut(at)) {
            for (field, value) in told.said {
                device.say(field, value);
            }
            if device.eui64.is_empty() {
                device.eui64 = told.eui64;
            }
        } else if told.key().is_some() && self.devices.len() < MAX_DEVICES {
            self.devices.push(told);
        }
    }

    fn device_of(&mut self, mds: &str) -> Option<usize> {
        if let Some(at) = self.devices.iter().position(|device| device.mds == mds && !mds.is_empty()) {
            return Some(at);
        }
        (self.devices.len() < MAX_DEVICES).then(|| {
            self.devices.push(Device { mds: mds.to_owned(), ..Device::default() });
            self.devices.len() - 1
        })
    }

    /// Reports them. `sender_id` is the EUI-64 that the sender gives itself in MSH-3, `once` tells whether a statement
    /// is new, `beds` remembers which bed the sender spoke of.
    pub fn report(
        &self,
        side: Side,
        sender_id: &str,
        beds: &mut Beds,
        mut once: impl FnMut(&Subject, &'static Field, &str) -> bool,
        cx: &mut Context<'_>,
    ) {
        let single = self.devices.iter().filter(|device| device.key().is_some()).count() == 1;
        let mut say = |subject: &Subject, field: &'static Field, value: &str, cx: &mut Context<'_>| {
            if once(subject, field, value) {
                cx.evidence(subject.clone(), field, value);
            }
        };
        for device in &self.devices {
            let Some(key) = device.key() else { continue };
            let own = !device.eui64.is_empty() && device.eui64.eq_ignore_ascii_case(sender_id);
            let subject = if own { cx.host(side) } else { cx.behind(side, &key) };
            if !device.eui64.is_empty() {
                say(&subject, &EUI64, &device.eui64, cx);
            }
            for (field, value) in &device.said {
                say(&subject, field, value, cx);
            }
            if single && self.speaks_mdc && !self.bed.is_empty() {
                say(&subject, &LOCATION, &self.bed, cx);
            }
        }
        let nameless = self.devices.iter().all(|device| device.key().is_none());
        if nameless && self.speaks_mdc && !self.bed.is_empty() {
            // One bed: the sender may be the monitor there. A second bed: it is a gateway, and each bed a device.
            let subject = if beds.are_several(&self.bed) {
                cx.behind(side, &format!("hl7 bed {}", self.bed))
            } else {
                cx.host(side)
            };
            let gateway = matches!(subject, Subject::Behind { .. });
            say(&subject, if gateway { &LOCATION } else { &BED }, &self.bed, cx);
            if let Some(kind) = self.devices.first().and_then(|device| device.get(&KIND)) {
                say(&subject, &KIND, kind, cx);
            }
        }
    }
}

impl Device {
    /// OBX-18 as an entity identifier: id, namespace, universal id, universal id type.
    fn instance(&mut self, field: &Part<'_>) {
        if field.component(4) == b"EUI-64" {
            self.set_eui64(&field.text(3));
        } else if field.component(2) == b"EUI-64" {
            self.set_eui64(&field.text(1));
        }
        self.say(&INSTANCE, field.whole());
    }

    /// PRT-10, DEV-2: a UDI, or another identifier.
    fn identifier(&mut self, field: &Part<'_>) {
        let text = field.text(1);
        if is_udi(&text) {
            self.say(&UDI, text);
        } else {
            self.instance(field);
        }
    }

    /// Takes an EUI-64 where it is one of a device: the last three bytes of a vendor's own number are not all zero.
    fn set_eui64(&mut self, text: &str) {
        let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':' | ' ')).collect();
        let valid = digits.len() == 16
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && !digits.ends_with("000000")
            && !digits.to_ascii_uppercase().ends_with("FFFFFF");
        if valid && self.eui64.is_empty() {
            self.eui64 = digits.to_ascii_uppercase();
        }
    }
}

/// The one bed that a sender spoke of, or that they are several.
#[derive(Clone, Debug, Default)]
pub(super) struct Beds {
    first: String,
    several: bool,
}

impl Beds {
    fn are_several(&mut self, bed: &str) -> bool {
        if self.first.is_empty() {
            self.first = bed.to_owned();
        }
        self.several |= self.first != bed;
        self.several
    }
}

/// Which statement an attribute of the MDS makes (ISO/IEEE 11073-10101, by reference id or code).
fn attribute(number: &str, name: &str) -> Option<&'static Field> {
    Some(match (number, name) {
        (_, "MDC_ID_MODEL_NUMBER" | "MDC_ATTR_ID_MODEL") | ("531969", _) => &MODEL,
        (_, "MDC_ID_MODEL_MANUFACTURER" | "MDC_ID_MANUFACTURER") | ("531970", _) => &MANUFACTURER,
        (_, "MDC_ID_PROD_SPEC_SERIAL") | ("531972", _) => &SERIAL,
        (_, "MDC_ID_PROD_SPEC_PART" | "MDC_ID_PROD_SPEC_HW") | ("531973" | "531974", _) => &PART,
        (_, "MDC_ID_PROD_SPEC_FW" | "MDC_ID_PROD_SPEC_SW") | ("531975" | "531976", _) => &FIRMWARE,
        (_, "MDC_ATTR_SYS_ID") => &EUI64,
        (_, "MDC_UDI" | "MDC_ATTR_UDI" | "MDC_ID_UDI" | "MDC_REG_CERT_DATA_UDI") => &UDI,
        _ => return None,
    })
}

/// GS1, HIBCC or ICCBBA form (21 CFR 830.20 issuing agencies).
fn is_udi(text: &str) -> bool {
    text.len() >= 16
        && (text.starts_with("(01)")
            || text.starts_with('+')
            || text.starts_with("=/")
            || text.starts_with("010"))
}

fn is_placeholder(value: &str) -> bool {
    value.is_empty()
        || value.chars().all(|c| matches!(c, '0' | '-' | '.' | '?' | '*' | ' ' | '_' | '^'))
        || ["unknown", "none", "n/a", "na", "null", "unassigned", "undefined", "test"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}
