//! What the TXT records of known service types say (RFC 6763, 6; the keys by their makers' or registries' pages).

use medward_model::{Attribute, Field, Mac, Subject};

use super::super::said::Said;
use super::super::value::{filled_in, host_name, serial, uuid};
use crate::{Context, clean_bytes};

pub(super) static SERVICE: Field = Field::fact("service", "service type announced (RFC 6763, 7)");
pub(super) static INSTANCE: Field =
    Field::fact("instance", "service type and instance name (RFC 6763, 4.1.1)");
pub(super) static TXT: Field = Field::fact(
    "txt",
    "service type and one TXT key with its value (RFC 6763, 6), of keys known to tell about a device",
);
pub(super) static MODEL: Field = Field::states(
    "txt-model",
    Attribute::Model,
    90,
    "TXT usb_MDL, mdl (Bonjour Printing 1.2.1, 9.4), md (Google Cast), modelid (Hue), app (Shelly): the model",
);
pub(super) static PRODUCT: Field = Field::states(
    "txt-product",
    Attribute::Model,
    75,
    "TXT ty of a printer without usb_MDL (Bonjour Printing 1.2.1, 9.2): maker and model for people",
);
pub(super) static RECEIVER_MODEL: Field = Field::states(
    "txt-receiver-model",
    Attribute::Model,
    70,
    "TXT model of AirPlay, am of RAOP, md of HomeKit: software on other hardware sends a model too",
);
pub(super) static VENDOR: Field = Field::states(
    "txt-vendor",
    Attribute::Vendor,
    90,
    "TXT usb_MFG, mfg (Bonjour Printing 1.2.1, 9.4), manufacturer (AirPlay): the maker",
);
pub(super) static SERIAL: Field = Field::states(
    "txt-serial",
    Attribute::Serial,
    90,
    "TXT serialNumber (AirPlay), serial, sn: the serial number",
);
pub(super) static FIRMWARE: Field = Field::states(
    "txt-firmware",
    Attribute::Firmware,
    90,
    "TXT ver (Shelly), fv (AirPlay 2): version of the firmware",
);
pub(super) static UNIQUE_ID: Field = Field::states(
    "txt-unique-id",
    Attribute::UniqueId,
    92,
    "TXT UUID (printers and scanners), bridgeid (Hue), id (Google Cast): an id made for one device",
);
pub(super) static LOCATION: Field = Field::states(
    "txt-note",
    Attribute::Location,
    80,
    "TXT note of printers and scanners (Bonjour Printing 1.2.1, 9.2): where it stands",
);
pub(super) static AE_TITLE: Field = Field::states(
    "txt-aet",
    Attribute::Alias,
    95,
    "TXT AET of _dicom._tcp and its kin (DICOM PS3.15, H): AE title",
);
pub(super) static WORKSTATION: Field = Field::states(
    "workstation",
    Attribute::Hostname,
    85,
    "instance name of _workstation._tcp: \"host [MAC address]\"",
);
pub(super) static SOFTWARE: Field =
    Field::fact("software", "TXT version keys of software (esphome version, srcvers, vers): key and value");

/// Services whose TXT records follow the printing specification.
const PRINTING: &[&str] = &[
    "_ipp._tcp",
    "_ipps._tcp",
    "_printer._tcp",
    "_pdl-datastream._tcp",
    "_scanner._tcp",
    "_uscan._tcp",
    "_uscans._tcp",
    "_privet._tcp",
    "_http._tcp",
];

/// DICOM's service types (PS3.15, H.1.3).
const DICOM: &[&str] = &[
    "_dicom._tcp",
    "_dicom-tls._tcp",
    "_dicom-iscl._tcp",
    "_acr-nema._tcp",
    "_acr-nema-tls._tcp",
    "_acr-nema-iscl._tcp",
];

/// Keys worth a fact, lower case. Others are left out: a TXT record may hold anything.
const TOLD: &[&str] = &[
    "aet",
    "am",
    "api_encryption",
    "app",
    "apiversion",
    "bd",
    "board",
    "bridgeid",
    "ci",
    "cn",
    "cpath",
    "cpuid",
    "deviceid",
    "devicename",
    "devid",
    "ff",
    "fn",
    "friendly_name",
    "fv",
    "fw_id",
    "fwversion",
    "gen",
    "hw",
    "hwversion",
    "id",
    "info",
    "integrator",
    "mac",
    "macaddress",
    "machine",
    "manufacturer",
    "md",
    "mdl",
    "mfg",
    "model",
    "modelid",
    "modelname",
    "name",
    "network",
    "note",
    "os",
    "osxvers",
    "osvers",
    "package_import_url",
    "pdl",
    "platform",
    "primarydevicetype",
    "product",
    "project_name",
    "project_version",
    "protovers",
    "pv",
    "rpmd",
    "rpvr",
    "serial",
    "serialnumber",
    "sn",
    "srcvers",
    "swversion",
    "ty",
    "type",
    "usb_mdl",
    "usb_mfg",
    "uuid",
    "variant",
    "vendor",
    "ve",
    "ver",
    "vers",
    "version",
];

/// The TXT record of an instance.
struct Txt<'a>(Vec<(String, &'a [u8])>);

impl<'a> Txt<'a> {
    fn read(strings: &[&'a [u8]]) -> Txt<'a> {
        Txt(strings
            .iter()
            .filter_map(|string| {
                let at = string.iter().position(|b| *b == b'=')?;
                let (key, value) = string.split_at_checked(at)?;
                Some((clean_bytes(key).to_ascii_lowercase(), value.get(1..)?))
            })
            .collect())
    }

    /// The value of a key, where it says something. Keys compare without case; the first one counts (RFC 6763, 6.4).
    fn get(&self, key: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(name, _)| name == key)?;
        filled_in(&clean_bytes(value))
    }
}

/// Tells what a TXT record holds.
pub(super) fn keys(
    said: &mut Said,
    cx: &mut Context<'_>,
    subject: &Subject,
    service: &str,
    instance: &str,
    strings: &[&[u8]],
) {
    let txt = Txt::read(strings);
    for (key, value) in &txt.0 {
        if TOLD.contains(&key.as_str()) && key.len() + value.len() < 300 {
            let value = clean_bytes(value);
            if !value.is_empty() {
                said.tell(cx, subject, &TXT, &format!("{service} {key}={value}"));
            }
        }
    }
    let mut state = |field, value: Option<String>| {
        if let Some(value) = value {
            said.tell(cx, subject, field, &value);
        }
    };
    match service {
        "_airplay._tcp" => {
            state(&RECEIVER_MODEL, txt.get("model"));
            state(&VENDOR, txt.get("manufacturer"));
            state(&SERIAL, txt.get("serialnumber").and_then(|s| serial(&s)));
            state(&FIRMWARE, txt.get("fv"));
        }
        "_raop._tcp" => state(&RECEIVER_MODEL, txt.get("am")),
        "_hap._tcp" => state(&RECEIVER_MODEL, txt.get("md")),
        "_googlecast._tcp" => {
            state(&MODEL, txt.get("md"));
            state(
                &UNIQUE_ID,
                txt.get("id")
                    .filter(|id| is_hex(id, 32))
                    .map(|id| format!("cast:{}", id.to_ascii_lowercase())),
            );
        }
        "_hue._tcp" => {
            state(&MODEL, txt.get("modelid"));
            state(
                &UNIQUE_ID,
                txt.get("bridgeid")
                    .filter(|id| is_hex(id, 16))
                    .map(|id| format!("hue:{}", id.to_ascii_lowercase())),
            );
        }
        "_shelly._tcp" => {
            state(&MODEL, txt.get("app"));
            state(&FIRMWARE, txt.get("ver"));
        }
        "_esphomelib._tcp" => {
            let version = txt.get("version").map(|v| format!("esphome {v}"));
            state(&SOFTWARE, version);
        }
        _ if DICOM.contains(&service) => state(&AE_TITLE, txt.get("aet").filter(|aet| aet.len() <= 16)),
        _ if PRINTING.contains(&service) => printing(&txt, service, instance, &mut state),
        _ => state(
            &SERIAL,
            txt.get("serialnumber")
                .or_else(|| txt.get("serial"))
                .and_then(|s| serial(&s))
                .filter(|_| service == "_axis-video._tcp"),
        ),
    }
}

/// Printers and scanners. A print server's queues (`rp=printers/…`) are not the printer: they say nothing of the host.
fn printing(
    txt: &Txt<'_>,
    service: &str,
    instance: &str,
    state: &mut impl FnMut(&'static Field, Option<String>),
) {
    let queue = txt.get("rp").is_some_and(|rp| rp.starts_with("printers/") || rp.starts_with("classes/"))
        || instance.contains(" @ ");
    if queue {
        return;
    }
    if service == "_http._tcp" {
        // No printing keys belong here; small devices put generation, application and version (Shelly).
        if txt.get("gen").is_some() && instance.to_ascii_lowercase().starts_with("shelly") {
            state(&MODEL, txt.get("app"));
            state(&FIRMWARE, txt.get("ver"));
        }
        return;
    }
    let model = txt.get("usb_mdl").or_else(|| txt.get("mdl"));
    if model.is_none() {
        state(&PRODUCT, txt.get("ty"));
    }
    state(&MODEL, model);
    state(&VENDOR, txt.get("usb_mfg").or_else(|| txt.get("mfg")));
    state(&UNIQUE_ID, txt.get("uuid").and_then(|id| uuid(&id)));
    state(&LOCATION, txt.get("note"));
}

/// What an instance name alone says.
pub(super) fn from_instance(
    said: &mut Said,
    cx: &mut Context<'_>,
    subject: &Subject,
    service: &str,
    instance: &str,
) {
    if service == "_workstation._tcp"
        && let Some((host, rest)) = instance.split_once(" [")
        && rest.trim_end_matches(']').parse::<Mac>().is_ok()
        && let Some(name) = host_name(host)
    {
        said.tell(cx, subject, &WORKSTATION, &name);
    }
    if service == "_sonos._tcp"
        && let Some((id, _)) = instance.split_once('@')
        && id.starts_with("RINCON_")
    {
        said.tell(cx, subject, &UNIQUE_ID, &format!("sonos:{id}"));
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| Some(b) != text.bytes().next())
}
