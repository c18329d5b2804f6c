//! Activity: who did what to whom, in the protocol's own terms, without patients. One of the types of the waist.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Timestamp};

/// What was done. One list for all protocols; the protocol's own word stands in `Activity::operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// A session, association or connection was asked for.
    Connect,
    /// It was ended in order, or aborted.
    Disconnect,
    /// A login or bind was tried.
    Login,
    /// A name was asked for (DNS, LLMNR, NBNS, mDNS) or a service searched (SSDP, WS-Discovery).
    Lookup,
    /// A name, service or presence was announced or answered.
    Announce,
    /// An address was asked for, offered or given (DHCP).
    Address,
    /// Data was asked for by criteria (C-FIND, LDAP search, SQL, SNMP GET, BACnet ReadProperty).
    Query,
    /// An object or file was read or retrieved (C-MOVE, C-GET, WADO, SMB read, FTP RETR).
    Read,
    /// An object or file was stored or written (C-STORE, STOW, SMB write, FTP STOR, TFTP WRQ).
    Write,
    /// An object or file was deleted.
    Delete,
    /// A name was changed.
    Rename,
    /// A setting, output or register of a device was changed (SNMP SET, Modbus write, BACnet WriteProperty, SDC Set).
    Set,
    /// A command was given that is none of the others (DICOM N-ACTION, POCT1-A directive, SMB pipe, remote procedure).
    Command,
    /// A clinical order was sent or changed (HL7 ORM/OMG/OML/RDE, worklist).
    Order,
    /// A result, observation or measurement was sent (HL7 ORU, POCT1-A OBS, ASTM R, vital signs).
    Result,
    /// An admission, transfer or demographic message was sent (HL7 ADT); its content is not kept.
    Admission,
    /// An alarm was raised or cleared by a device.
    Alarm,
    /// A subscription to later messages (MQTT, SDC eventing, BACnet COV).
    Subscribe,
    /// A message to subscribers.
    Publish,
    /// A service, task or scheduled job was created on another machine.
    CreateService,
    /// Time was asked for or set.
    Time,
    /// A call or media session (SIP).
    Call,
    /// A log line or trap was sent.
    Report,
}

/// How it went, where the other side's answer was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No answer was seen (yet).
    #[default]
    Unknown,
    Success,
    Failure,
}

/// Who did what to whom. `operation`, `object` and `details` are in the protocol's own terms and hold no patient data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    pub time: Timestamp,
    /// Number of the packet, counted from 1 over the whole input.
    pub packet: u64,
    /// Name of the dissector.
    pub protocol: &'static str,
    pub actor: Endpoint,
    pub target: Endpoint,
    pub verb: Verb,
    /// The protocol's own word ("C-FIND-RQ", "ORU^R01", "Write Multiple Registers").
    pub operation: Box<str>,
    /// What it was done to: a SOP class, a file name, a register range, a host name; empty where there is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub object: Box<str>,
    pub outcome: Outcome,
    /// More, as name and value ("level": "STUDY", "status": "0xA700", "count": "12").
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    pub details: Vec<(&'static str, Box<str>)>,
}

fn as_map<S: serde::Serializer>(
    details: &[(&'static str, Box<str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(details.iter().map(|(name, value)| (name, value)))
}
