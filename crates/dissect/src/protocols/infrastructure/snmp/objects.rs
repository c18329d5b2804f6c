//! Which objects of an agent tell who it is.

use medward_model::{Attribute, Field, Mac, Subject};

use super::super::octets::{hex, says_something};
use super::ber::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Oid, number};
use crate::{Context, clean_bytes};

pub(super) static DESCRIPTION: Field = Field::fact("sys-descr", "sysDescr.0 (RFC 3418)");
pub(super) static OBJECT_ID: Field = Field::fact("sys-object-id", "sysObjectID.0 (RFC 3418)");
pub(super) static NAME: Field = Field::states("sys-name", Attribute::Hostname, 92, "sysName.0 (RFC 3418)");
pub(super) static LOCATION: Field =
    Field::states("sys-location", Attribute::Location, 88, "sysLocation.0 (RFC 3418)");
pub(super) static SERIAL: Field = Field::states(
    "serial",
    Attribute::Serial,
    95,
    "entPhysicalSerialNum of the only chassis (RFC 6933), prtGeneralSerialNumber (RFC 3805), or the maker's own object",
);
pub(super) static MODEL: Field = Field::states(
    "model",
    Attribute::Model,
    92,
    "entPhysicalModelName of the only chassis (RFC 6933), upsIdentModel (RFC 1628), or the maker's own object",
);
pub(super) static VENDOR: Field = Field::states(
    "manufacturer",
    Attribute::Vendor,
    92,
    "entPhysicalMfgName of the only chassis (RFC 6933), upsIdentManufacturer (RFC 1628)",
);
pub(super) static FIRMWARE: Field = Field::states(
    "firmware",
    Attribute::Firmware,
    85,
    "entPhysicalSoftwareRev, else entPhysicalFirmwareRev, of the only chassis (RFC 6933); upsIdentUPSSoftwareVersion",
);
pub(super) static HARDWARE: Field =
    Field::fact("hardware", "entPhysicalHardwareRev of the only chassis (RFC 6933)");
pub(super) static PART: Field =
    Field::fact("chassis-descr", "entPhysicalDescr of the only chassis (RFC 6933)");
pub(super) static HOST_DEVICE: Field = Field::fact("hr-device", "hrDeviceDescr (RFC 2790)");
pub(super) static INSTALLED: Field =
    Field::states("hr-software", Attribute::Software, 95, "hrSWInstalledName (RFC 2790)");
pub(super) static INTERFACE_MAC: Field = Field::states(
    "interface-mac",
    Attribute::UniqueId,
    85,
    "ifPhysAddress of a maker-assigned address (RFC 2863)",
);
pub(super) static CHASSIS: Field =
    Field::states("chassis-id", Attribute::UniqueId, 93, "lldpLocChassisId, a MAC address (IEEE 802.1AB 11)");
pub(super) static ENTERPRISE: Field =
    Field::fact("enterprise", "Private enterprise numbers under which the agent has objects (1.3.6.1.4.1)");
pub(super) static DEVICE_ID: Field =
    Field::fact("ieee-1284-id", "Printer's IEEE 1284 device id (HP private MIB, gdStatusId)");
pub(super) static PRINTER_NAME: Field = Field::fact("printer-name", "prtGeneralPrinterName (RFC 3805)");

const MIB2: [u32; 6] = [1, 3, 6, 1, 2, 1];
pub(super) const ENTERPRISES: [u32; 6] = [1, 3, 6, 1, 4, 1];
const LLDP_CHASSIS: [u32; 10] = [1, 0, 8802, 1, 1, 2, 1, 3, 2, 0];

/// Objects with one instance, below mib-2.
static STANDARD: &[(&[u32], &Field)] = &[
    (&[1, 1, 0], &DESCRIPTION),
    (&[1, 5, 0], &NAME),
    (&[1, 6, 0], &LOCATION),
    (&[33, 1, 1, 1, 0], &VENDOR),
    (&[33, 1, 1, 2, 0], &MODEL),
    (&[33, 1, 1, 3, 0], &FIRMWARE),
    (&[43, 5, 1, 1, 16, 1], &PRINTER_NAME),
    (&[43, 5, 1, 1, 17, 1], &SERIAL),
];

/// Objects with one instance, below enterprises, from the makers' published MIBs.
static PRIVATE: &[(&[u32], &Field)] = &[
    // Cisco OLD-CISCO-CHASSIS-MIB chassisId.
    (&[9, 3, 6, 3, 0], &SERIAL),
    // HP: gdStatusId, and serial-number of the printer.
    (&[11, 2, 3, 9, 1, 1, 7, 0], &DEVICE_ID),
    (&[11, 2, 3, 9, 4, 2, 1, 1, 3, 3, 0], &SERIAL),
    // APC PowerNet-MIB upsBasicIdentModel, upsAdvIdentSerialNumber.
    (&[318, 1, 1, 1, 1, 1, 1, 0], &MODEL),
    (&[318, 1, 1, 1, 1, 2, 3, 0], &SERIAL),
    // Synology SYNOLOGY-SYSTEM-MIB modelName, serialNumber, version.
    (&[6574, 1, 5, 1, 0], &MODEL),
    (&[6574, 1, 5, 2, 0], &SERIAL),
    (&[6574, 1, 5, 3, 0], &FIRMWARE),
    // Fortinet FORTINET-CORE-MIB fnSysSerial.
    (&[12356, 100, 1, 1, 1, 0], &SERIAL),
];

/// Entries of the entity table, interfaces, software and so on kept of one agent.
const MAX_ENTITIES: usize = 48;
const MAX_SOFTWARE: usize = 256;
const MAX_INTERFACES: usize = 16;
const MAX_ENTERPRISES: usize = 8;
const MAX_DEVICES: usize = 8;

/// entPhysicalClass (RFC 6933).
const CLASS_CHASSIS: i64 = 3;
const CLASS_STACK: i64 = 11;

#[derive(Default)]
struct Entity {
    index: u32,
    class: Option<i64>,
    contained_in: Option<i64>,
    /// Descr, HardwareRev, FirmwareRev, SoftwareRev, SerialNum, MfgName, ModelName.
    texts: [Option<Box<str>>; 7],
}

/// What was said of one agent, so that nothing is said twice, and what only its end decides.
#[derive(Default)]
pub(super) struct Agent {
    /// FNV hashes of what was said.
    said: Vec<u64>,
    entities: Vec<Entity>,
    cut: bool,
    software: usize,
    interfaces: usize,
    enterprises: Vec<u32>,
    devices: usize,
}

impl Agent {
    /// One variable binding of a response or notification.
    pub(super) fn binding(
        &mut self,
        oid: &Oid,
        tag: u8,
        value: &[u8],
        subject: &Subject,
        cx: &mut Context<'_>,
    ) {
        if let Some(rest) = oid.under(&MIB2) {
            self.standard(rest, tag, value, subject, cx);
        } else if let Some(rest @ [enterprise, ..]) = oid.under(&ENTERPRISES) {
            if !self.enterprises.contains(enterprise) && self.enterprises.len() < MAX_ENTERPRISES {
                self.enterprises.push(*enterprise);
                cx.evidence(subject.clone(), &ENTERPRISE, &enterprise.to_string());
            }
            if let Some((_, field)) = PRIVATE.iter().find(|(arcs, _)| *arcs == rest) {
                self.text(field, tag, value, subject, cx);
            }
        } else if oid.arcs() == LLDP_CHASSIS
            && tag == OCTET_STRING
            && let Some(mac) = whole_mac(value)
        {
            self.once(&CHASSIS, &format!("lldp chassis {mac}"), subject, cx);
        }
    }

    fn standard(&mut self, rest: &[u32], tag: u8, value: &[u8], subject: &Subject, cx: &mut Context<'_>) {
        match rest {
            [1, 2, 0] if tag == OBJECT_IDENTIFIER => {
                if let Some(oid) = Oid::read(value).filter(|o| o.arcs().len() > 3) {
                    self.once(&OBJECT_ID, &oid.dotted(40), subject, cx);
                }
            }
            [2, 2, 1, 6, _] if tag == OCTET_STRING && self.interfaces < MAX_INTERFACES => {
                if let Some(mac) = whole_mac(value).filter(|m| is_assigned(*m)) {
                    self.interfaces += 1;
                    self.once(&INTERFACE_MAC, &format!("mac {mac}"), subject, cx);
                }
            }
            [25, 3, 2, 1, 3, _] if self.devices < MAX_DEVICES => {
                self.devices += 1;
                self.text(&HOST_DEVICE, tag, value, subject, cx);
            }
            [25, 6, 3, 1, 2, _] if tag == OCTET_STRING && self.software < MAX_SOFTWARE => {
                self.software += 1;
                let name = clean_bytes(value);
                if says_something(&name) && self.is_new(&INSTALLED, &name) {
                    cx.software(subject.clone(), &INSTALLED, &name, None);
                }
            }
            [47, 1, 1, 1, 1, column, index] => {
                self.entity(*column, *index, tag, value);
            }
            _ => {
                if let Some((_, field)) = STANDARD.iter().find(|(arcs, _)| *arcs == rest) {
                    self.text(field, tag, value, subject, cx);
                }
            }
        }
    }

    fn text(
        &mut self,
        field: &'static Field,
        tag: u8,
        value: &[u8],
        subject: &Subject,
        cx: &mut Context<'_>,
    ) {
        let text = clean_bytes(value);
        if tag == OCTET_STRING && says_something(&text) {
            self.once(field, &text, subject, cx);
        }
    }

    fn once(&mut self, field: &'static Field, text: &str, subject: &Subject, cx: &mut Context<'_>) {
        if self.is_new(field, text) {
            cx.evidence(subject.clone(), field, text);
        }
    }

    fn is_new(&mut self, field: &Field, text: &str) -> bool {
        let bytes = field.name.bytes().chain([0]).chain(text.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.said.contains(&hash) {
            return false;
        }
        if self.said.len() < 512 {
            self.said.push(hash);
        }
        true
    }

    fn entity(&mut self, column: u32, index: u32, tag: u8, value: &[u8]) {
        let slot = match column {
            2 => Some(0),
            8..=13 => Some(column as usize - 7),
            4 | 5 => None,
            _ => return,
        };
        if tag != if slot.is_some() { OCTET_STRING } else { INTEGER } {
            return;
        }
        let at = match self.entities.iter().position(|e| e.index == index) {
            Some(at) => at,
            None if self.entities.len() < MAX_ENTITIES => {
                self.entities.push(Entity { index, ..Entity::default() });
                self.entities.len() - 1
            }
            None => {
                self.cut = true;
                return;
            }
        };
        let Some(entity) = self.entities.get_mut(at) else { return };
        match slot {
            Some(slot) => {
                let text = clean_bytes(value.get(..128).unwrap_or(value));
                if says_something(&text)
                    && let Some(kept) = entity.texts.get_mut(slot)
                {
                    *kept = Some(text.into());
                }
            }
            None if column == 4 => entity.contained_in = number(value),
            None => entity.class = number(value),
        }
    }

    /// What the entity table says of the device as a whole: only the one chassis counts, never a module.
    pub(super) fn finish(&mut self, subject: &Subject, cx: &mut Context<'_>) {
        let Some(chassis) = self.chassis() else { return };
        let [description, hardware, firmware, software, serial, maker, model] = &chassis.texts;
        let revision = software.as_ref().or(firmware.as_ref());
        let said = [
            (&PART, description.as_ref()),
            (&HARDWARE, hardware.as_ref()),
            (&FIRMWARE, revision),
            (&SERIAL, serial.as_ref()),
            (&VENDOR, maker.as_ref()),
            (&MODEL, model.as_ref()),
        ];
        let said: Vec<(&'static Field, Box<str>)> =
            said.into_iter().filter_map(|(field, text)| Some((field, text?.clone()))).collect();
        for (field, text) in said {
            self.once(field, &text, subject, cx);
        }
        self.entities.clear();
    }

    fn chassis(&self) -> Option<&Entity> {
        let is_chassis = |e: &&Entity| e.class == Some(CLASS_CHASSIS);
        let stacked = self.entities.iter().any(|e| e.class == Some(CLASS_STACK));
        let mut found = self.entities.iter().filter(is_chassis);
        match (found.next(), found.next()) {
            (Some(only), None) if !(stacked && self.cut) => return Some(only),
            (Some(_), _) => {
                let mut roots = self.entities.iter().filter(is_chassis).filter(|e| e.contained_in == Some(0));
                return match (roots.next(), roots.next()) {
                    (Some(only), None) if !stacked && !self.cut => Some(only),
                    _ => None,
                };
            }
            (None, _) => {}
        }
        // Without classes: what is contained in nothing, and is the only one such.
        let mut roots = self.entities.iter().filter(|e| e.contained_in == Some(0) && e.class.is_none());
        match (roots.next(), roots.next()) {
            (Some(only), None) if !self.cut => Some(only),
            _ => None,
        }
    }
}

fn whole_mac(value: &[u8]) -> Option<Mac> {
    if value.len() != 6 {
        return None;
    }
    Mac::read(value).filter(|mac| mac.is_station())
}

/// Assigned by a maker to one interface: not local, and none of the constants that software uses everywhere
/// (VRRP, HSRP, GLBP, VMware host adapters, Windows WAN miniports, TAP adapters).
fn is_assigned(mac: Mac) -> bool {
    const SHARED: &[&[u8]] = &[
        &[0x00, 0x00, 0x5e],
        &[0x00, 0x00, 0x0c, 0x07, 0xac],
        &[0x00, 0x00, 0x0c, 0x9f],
        &[0x00, 0x05, 0x73, 0xa0],
        &[0x00, 0x07, 0xb4],
        &[0x00, 0x50, 0x56, 0xc0],
        &[0x20, 0x41, 0x53],
        &[0x50, 0x50, 0x54],
        &[0x00, 0xff],
    ];
    !mac.is_local() && !SHARED.iter().any(|prefix| mac.0.starts_with(prefix))
}

/// What an SNMP engine id says (RFC 3411 5, SnmpEngineID).
pub(super) struct EngineId {
    pub enterprise: u32,
    /// "mac 00:…", "text …", "ipv4", "octets", "maker" …
    pub form: String,
    /// Whether it can tell two devices apart.
    pub unique: bool,
    pub text: String,
}

pub(super) fn engine_id(bytes: &[u8]) -> Option<EngineId> {
    if !(5..=32).contains(&bytes.len()) {
        return None;
    }
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let head = u32::from_be_bytes(*head);
    let enterprise = head & 0x7fff_ffff;
    let text = format!("snmp engine {}", hex(bytes));
    let uniform = rest.iter().all(|b| *b == 0) || rest.iter().all(|b| *b == 0xff);
    if enterprise == 0 || uniform {
        return None;
    }
    if head & 0x8000_0000 == 0 {
        let unique = bytes.len() == 12;
        return Some(EngineId { enterprise, form: "maker".to_owned(), unique, text });
    }
    let (format, value) = rest.split_first()?;
    let (form, unique) = match format {
        1 => ("ipv4".to_owned(), false),
        2 => ("ipv6".to_owned(), false),
        3 => match whole_mac(value) {
            Some(mac) => (format!("mac {mac}"), is_assigned(mac)),
            None => ("mac".to_owned(), false),
        },
        4 => ("text".to_owned(), false),
        5 => ("octets".to_owned(), value.len() >= 6),
        128..=255 => ("maker".to_owned(), value.len() >= 6),
        _ => ("reserved".to_owned(), false),
    };
    Some(EngineId { enterprise, form, unique, text })
}

#[cfg(test)]
mod tests {
    use super::engine_id;

    #[test]
    fn engine_ids_name_maker_and_form() {
        let id = engine_id(&[0x80, 0, 0, 9, 3, 0, 0x1b, 0x21, 1, 2, 3]).unwrap();
        assert_eq!((id.enterprise, id.form.as_str(), id.unique), (9, "mac 00:1b:21:01:02:03", true));
        let ip = engine_id(&[0x80, 0, 0, 9, 1, 10, 0, 0, 1]).unwrap();
        assert!(!ip.unique);
        assert!(engine_id(&[0x80, 0, 0x1f, 0x88, 0]).is_none());
        assert!(engine_id(&[0x80, 0]).is_none());
    }
}
