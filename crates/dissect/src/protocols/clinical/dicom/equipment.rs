//! Whose equipment the objects of an association tell of.
//!
//! An image names the device that acquired it. That is the sender only where the sender is that device, not an archive,
//! router or workstation that passes the image on. So nothing is said before the association is over, and then:
//!
//! - Several devices in one association, a Move Originator in a C-STORE, or a C-STORE that answers a C-GET: the sender
//!   passes on what others made. Nothing of the images is said of it; that it relays is a fact.
//! - One device, and a reason to take the sender for it (its AE title is that of the station or of the performed step,
//!   or carries the modality or model, or it offers worklist or performed procedure step as a modality does): the
//!   elements are stated of the sender.
//! - One device and no reason: they are facts of the sender ("image-…"), which claim nothing by themselves.
//!
//! Devices that images in an archive tell of are not reported as devices behind it: they may be long gone, or stand in
//! another hospital.

use medward_model::{Attribute, Field, Timestamp};

use crate::{Context, Side};

use super::dataset::{
    DEPARTMENT, DETECTOR, DEVICE_UID, Elements, GANTRY, INSTITUTION, MANUFACTURER, MODALITY, MODEL,
    PERFORMED_AE, PERFORMED_LOCATION, SERIAL, SOFTWARE, STATION_NAME, UDI,
};

static MANUFACTURER_FIELD: Field = Field::states(
    "manufacturer",
    Attribute::Vendor,
    93,
    "Manufacturer (0008,0070) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static MODEL_FIELD: Field = Field::states(
    "model-name",
    Attribute::Model,
    92,
    "Manufacturer's Model Name (0008,1090) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static SERIAL_FIELD: Field = Field::states(
    "device-serial",
    Attribute::Serial,
    92,
    "Device Serial Number (0018,1000) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static SOFTWARE_FIELD: Field = Field::states(
    "software-versions",
    Attribute::Firmware,
    90,
    "Software Versions (0018,1020), first value, of an object that its own device sent (PS3.3 C.7.5.1)",
);
static STATION_FIELD: Field = Field::states(
    "station-name",
    Attribute::Alias,
    88,
    "Station Name (0008,1010) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static DEVICE_UID_FIELD: Field = Field::states(
    "device-uid",
    Attribute::UniqueId,
    90,
    "Device UID (0018,1002) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static UDI_FIELD: Field = Field::states(
    "udi",
    Attribute::Udi,
    95,
    "Unique Device Identifier (0018,1009) in the UDI Sequence (0018,100A) of an object that its own device sent (PS3.3 C.7.5.1)",
);
pub(super) static LOCATION_FIELD: Field = Field::states(
    "performed-location",
    Attribute::Location,
    75,
    "Performed Location (0040,0243) of a step that the sender performed (PS3.3 C.4.13)",
);
static MODALITY_FIELD: Field =
    Field::fact("modality", "Modality (0008,0060) of objects that their own device sent (PS3.3 C.7.3.1)");
static INSTITUTION_FIELD: Field = Field::fact(
    "institution",
    "Institution Name (0008,0080) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static DEPARTMENT_FIELD: Field = Field::fact(
    "department",
    "Institutional Department Name (0008,1040) of an object that its own device sent (PS3.3 C.7.5.1)",
);
static GANTRY_FIELD: Field =
    Field::fact("gantry-id", "Gantry ID (0018,1008) of an object that its own device sent (PS3.3 C.7.5.1)");
static DETECTOR_FIELD: Field = Field::fact(
    "detector-id",
    "Detector ID (0018,700A) of an object that its own device sent (PS3.3 C.8.11.4)",
);
static IMAGE_MANUFACTURER: Field = Field::fact(
    "image-manufacturer",
    "Manufacturer (0008,0070) of objects that the sender stored; the sender may only pass them on",
);
static IMAGE_MODEL: Field = Field::fact(
    "image-model",
    "Manufacturer's Model Name (0008,1090) of objects that the sender stored; the sender may only pass them on",
);
static IMAGE_SERIAL: Field = Field::fact(
    "image-serial",
    "Device Serial Number (0018,1000) of objects that the sender stored; the sender may only pass them on",
);
static IMAGE_STATION: Field = Field::fact(
    "image-station",
    "Station Name (0008,1010) of objects that the sender stored; the sender may only pass them on",
);
static IMAGE_MODALITY: Field = Field::fact(
    "image-modality",
    "Modality (0008,0060) of objects that the sender stored; the sender may only pass them on",
);
static RELAYS: Field = Field::fact(
    "relays",
    "The sender passes on objects that others made (several devices in one association, sub-operations of C-MOVE or C-GET)",
);

pub(super) static FIELDS: [&Field; 19] = [
    &MANUFACTURER_FIELD,
    &MODEL_FIELD,
    &SERIAL_FIELD,
    &SOFTWARE_FIELD,
    &STATION_FIELD,
    &DEVICE_UID_FIELD,
    &UDI_FIELD,
    &LOCATION_FIELD,
    &MODALITY_FIELD,
    &INSTITUTION_FIELD,
    &DEPARTMENT_FIELD,
    &GANTRY_FIELD,
    &DETECTOR_FIELD,
    &IMAGE_MANUFACTURER,
    &IMAGE_MODEL,
    &IMAGE_SERIAL,
    &IMAGE_STATION,
    &IMAGE_MODALITY,
    &RELAYS,
];

/// Elements stated of a device, with the fields that state them.
static STATED: [(u32, &Field); 13] = [
    (MANUFACTURER, &MANUFACTURER_FIELD),
    (MODEL, &MODEL_FIELD),
    (SERIAL, &SERIAL_FIELD),
    (SOFTWARE, &SOFTWARE_FIELD),
    (STATION_NAME, &STATION_FIELD),
    (DEVICE_UID, &DEVICE_UID_FIELD),
    (UDI, &UDI_FIELD),
    (PERFORMED_LOCATION, &LOCATION_FIELD),
    (MODALITY, &MODALITY_FIELD),
    (INSTITUTION, &INSTITUTION_FIELD),
    (DEPARTMENT, &DEPARTMENT_FIELD),
    (GANTRY, &GANTRY_FIELD),
    (DETECTOR, &DETECTOR_FIELD),
];

static SUPPOSED: [(u32, &Field); 5] = [
    (MANUFACTURER, &IMAGE_MANUFACTURER),
    (MODEL, &IMAGE_MODEL),
    (SERIAL, &IMAGE_SERIAL),
    (STATION_NAME, &IMAGE_STATION),
    (MODALITY, &IMAGE_MODALITY),
];

/// Elements in which two devices differ.
const DISTINGUISHING: [u32; 5] = [MANUFACTURER, MODEL, SERIAL, STATION_NAME, DEVICE_UID];

/// Elements that tell of a device at all.
const TELLING: [u32; 4] = [MANUFACTURER, MODEL, SERIAL, DEVICE_UID];

/// The equipment that one side's objects told of, in one association.
#[derive(Debug, Default)]
pub(super) struct Equipment {
    first: Option<(Elements, u64, Timestamp)>,
    several: bool,
    /// Sub-operations of retrieval by others were seen.
    relays: bool,
}

impl Equipment {
    /// An object of this side told this.
    pub fn note(&mut self, elements: Elements, packet: u64, now: Timestamp) {
        if self.several || TELLING.iter().all(|tag| elements.get(*tag).is_none()) {
            return;
        }
        let Some((first, ..)) = &mut self.first else {
            self.first = Some((elements, packet, now));
            return;
        };
        let differs = |tag: &u32| match (first.get(*tag), elements.get(*tag)) {
            (Some(a), Some(b)) => !a.eq_ignore_ascii_case(b),
            _ => false,
        };
        if DISTINGUISHING.iter().any(differs) {
            self.several = true;
            return;
        }
        for (tag, _) in &STATED {
            if let Some(value) = elements.get(*tag) {
                first.keep(*tag, value);
            }
        }
    }

    /// This side sent objects that somebody else had asked for.
    pub fn note_relay(&mut self) {
        self.relays = true;
    }

    /// Reports at the end of the association. `ae_title` is the sender's own.
    pub fn report(&mut self, side: Side, ae_title: &str, acts_as_modality: bool, cx: &mut Context<'_>) {
        let subject = cx.host(side);
        if self.several || self.relays {
            let why =
                if self.several { "objects of several devices" } else { "sub-operations of a retrieval" };
            cx.evidence(subject, &RELAYS, why);
            self.first = None;
            return;
        }
        let Some((elements, packet, now)) = self.first.take() else { return };
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = (packet, now);
        if is_own(ae_title, &elements, acts_as_modality) {
            state(&elements, &STATED, side, cx);
        } else {
            state(&elements, &SUPPOSED, side, cx);
        }
        (cx.packet, cx.now) = stands;
    }
}

/// States what a device said of itself (N-GET of a printer, performed procedure step).
pub(super) fn state_own(elements: &Elements, side: Side, cx: &mut Context<'_>) {
    state(elements, &STATED, side, cx);
}

fn state(elements: &Elements, list: &'static [(u32, &'static Field)], side: Side, cx: &mut Context<'_>) {
    for (tag, field) in list {
        let Some(value) = elements.get(*tag) else { continue };
        let value = if *tag == SOFTWARE { value.split('\\').next().unwrap_or(value) } else { value };
        cx.evidence(cx.host(side), field, value);
    }
}

/// Whether there is reason to take the sender for the device that made the objects.
fn is_own(ae_title: &str, elements: &Elements, acts_as_modality: bool) -> bool {
    let ae = normalised(ae_title);
    let mut words = ae_title.split(|c: char| !c.is_ascii_alphabetic());
    if ae.is_empty()
        || PASSING_ON.iter().any(|word| ae.contains(word))
        || words.any(|word| PASSING_ON_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
    {
        return false;
    }
    if elements.get(PERFORMED_AE).is_some_and(|performed| performed.eq_ignore_ascii_case(ae_title))
        || elements.get(STATION_NAME).is_some_and(|station| related(&ae, &normalised(station)))
    {
        return true;
    }
    if acts_as_modality {
        return true;
    }
    let model = elements.get(MODEL).unwrap_or("");
    let first_word = normalised(model.split_whitespace().next().unwrap_or(""));
    if first_word.len() >= 4 && ae.contains(&first_word) {
        return true;
    }
    let modality = elements.get(MODALITY).unwrap_or("");
    modality.len() >= 2
        && ae_title.split(|c: char| !c.is_ascii_alphabetic()).any(|word| {
            word.eq_ignore_ascii_case(modality)
                || modality_words(modality).iter().any(|known| word.eq_ignore_ascii_case(known))
        })
}

/// Parts of AE titles that archives, routers, gateways and workstations carry.
const PASSING_ON: [&str; 17] = [
    "PACS", "ARCH", "ROUT", "VNA", "GATEW", "SERVER", "SRV", "RTR", "ORTHANC", "DCM4", "CONQUEST", "BROKER",
    "WORKST", "VIEW", "STORE", "IMPORT", "CACHE",
];

/// The same where they stand alone.
const PASSING_ON_WORDS: [&str; 6] = ["WS", "WKS", "GW", "QR", "MWL", "RIS"];

/// Words that AE titles use for a modality beside its code.
fn modality_words(modality: &str) -> &'static [&'static str] {
    match modality {
        "CT" => &["CTSCANNER", "CTSCAN"],
        "MR" => &["MRI", "MRSCANNER"],
        "US" => &["ULTRASOUND", "ECHO", "SONO", "USOUND"],
        "CR" | "DX" => &["XRAY", "CR", "DX", "DR", "XR"],
        "MG" => &["MAMMO"],
        "XA" | "RF" => &["ANGIO", "CATH", "CATHLAB", "CARM", "XA", "RF", "FLUORO"],
        "PT" => &["PET", "PETCT"],
        "NM" => &["SPECT", "GAMMA", "NUC"],
        "ES" => &["ENDO", "ENDOSCOPE", "ENDOSCOPY"],
        "ECG" => &["EKG"],
        "OP" | "OPT" => &["FUNDUS", "OCT"],
        _ => &[],
    }
}

/// Upper case letters and digits, without the zeros that open a number ("CT01_OC0" and "ct1-oc0" are the same).
fn normalised(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut in_number = false;
    for c in name.chars().filter(char::is_ascii_alphanumeric) {
        if c == '0' && !in_number {
            continue;
        }
        in_number = c.is_ascii_digit();
        kept.push(c.to_ascii_uppercase());
    }
    kept
}

/// Whether one name holds the other, and that is more than a vendor's or modality's two letters.
fn related(a: &str, b: &str) -> bool {
    a.len().min(b.len()) >= 3 && (a.contains(b) || b.contains(a))
}

#[cfg(test)]
mod tests {
    use super::{is_own, normalised, related};
    use crate::protocols::clinical::dicom::dataset::{Elements, MODALITY, MODEL, STATION_NAME};

    fn image(station: &str, model: &str) -> Elements {
        let mut elements = Elements::default();
        elements.keep(MODALITY, "CT");
        elements.keep(STATION_NAME, station);
        elements.keep(MODEL, model);
        elements
    }

    #[test]
    fn names_of_one_station_are_related() {
        assert_eq!(normalised("ct01_oc0"), "CT1OC");
        assert!(related("CT1", "CT1OC"));
        assert!(!related("CT", "CT1OC"));
    }

    #[test]
    fn only_a_sender_that_looks_like_the_device_is_taken_for_it() {
        assert!(is_own("CT1", &image("", ""), false));
        assert!(is_own("AWP40277", &image("AWP40277", "Aera"), false));
        assert!(is_own("REVOLUTION_2", &image("", "Revolution CT"), false));
        assert!(!is_own("DEPT_A", &image("AWP40277", "Aera"), false));
        assert!(!is_own("PACS_CT", &image("PACS_CT", "Aera"), false));
        assert!(!is_own("", &image("", ""), true));
    }
}
