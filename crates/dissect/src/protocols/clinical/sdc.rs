//! IEEE 11073 SDC: service-oriented device connectivity between devices at the point of care, over HTTP; and the DPWS
//! metadata that it is built on, also where other devices (printers, scanners) give it.
//!
//! Standards: OASIS DPWS 1.1 (5.1 ThisModel, 5.2 ThisDevice, 5.3 Relationship), WS-Transfer and WS-MetadataExchange, WS-Eventing;
//! IEEE 11073-20702 (MDPWS), IEEE 11073-10207 (BICEPS participant and message model), IEEE 11073-20701 (binding). Ports are
//! dynamic; TLS is normal in the field, what is read here is clear text. WS-Discovery is another dissector.
//!
//! What it can identify: the provider: maker, model, model number, serial, firmware and friendly name from the metadata; maker,
//! model, serial, UDI and production specification from the MdsDescriptor's MetaData; the endpoint address as a unique id;
//! care unit, room and bed from the LocationContext.
//!
//! Limits: checked against one independent implementation (provider and consumer). Several MDS in one MDIB count as devices
//! behind the provider. Patient context, metric values and texts of alerts are not read. An operation's request and its
//! response are separate activities, for messages are read one by one.

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use crate::xml::{Node, Walk, attribute};
use crate::{Basis, Carrier, Context, Dissector, Group, HttpKind, HttpMessage, clean};

static MAKER: Field =
    Field::states("this-model-manufacturer", Attribute::Vendor, 93, "ThisModel/Manufacturer (DPWS 1.1, 5.1)");
static MODEL: Field =
    Field::states("this-model-name", Attribute::Model, 92, "ThisModel/ModelName (DPWS 1.1, 5.1)");
static NUMBER: Field = Field::fact("this-model-number", "ThisModel/ModelNumber (DPWS 1.1, 5.1)");
static MAKER_URL: Field =
    Field::fact("this-model-manufacturer-url", "ThisModel/ManufacturerUrl (DPWS 1.1, 5.1)");
static NAME: Field = Field::fact(
    "this-device-friendly-name",
    "ThisDevice/FriendlyName (DPWS 1.1, 5.2); a product name or a given name",
);
static FIRMWARE: Field = Field::states(
    "this-device-firmware",
    Attribute::Firmware,
    93,
    "ThisDevice/FirmwareVersion (DPWS 1.1, 5.2)",
);
static SERIAL: Field =
    Field::states("this-device-serial", Attribute::Serial, 94, "ThisDevice/SerialNumber (DPWS 1.1, 5.2)");
static COMPUTER: Field = Field::states(
    "computer",
    Attribute::Hostname,
    93,
    "Host/Computer before its / or \\: the computer that the host is (Microsoft PnP-X, pub:Computer)",
);
static PROGRAM: Field = Field::states(
    "program",
    Attribute::Software,
    95,
    "ThisModel/Manufacturer where it names the program that announces a computer, not the computer's maker",
);
static ENDPOINT: Field = Field::states(
    "endpoint",
    Attribute::UniqueId,
    94,
    "Host/EndpointReference/Address where it is a urn:uuid (DPWS 1.1, 5.3)",
);
static TYPES: Field = Field::fact("host-types", "Host/Types, local names (DPWS 1.1, 5.3)");
static SERVICES: Field = Field::fact("hosted-types", "Hosted/Types, local names (DPWS 1.1, 5.3)");
static MDS_MAKER: Field = Field::states(
    "mds-manufacturer",
    Attribute::Vendor,
    95,
    "MdsDescriptor/MetaData/Manufacturer (IEEE 11073-10207)",
);
static MDS_MODEL: Field =
    Field::states("mds-model", Attribute::Model, 94, "MdsDescriptor/MetaData/ModelName (IEEE 11073-10207)");
static MDS_NUMBER: Field =
    Field::fact("mds-model-number", "MdsDescriptor/MetaData/ModelNumber (IEEE 11073-10207)");
static MDS_SERIAL: Field = Field::states(
    "mds-serial",
    Attribute::Serial,
    95,
    "MdsDescriptor/MetaData/SerialNumber (IEEE 11073-10207)",
);
static MDS_UDI: Field = Field::states(
    "mds-udi",
    Attribute::Udi,
    96,
    "MdsDescriptor/MetaData/Udi/HumanReadableForm (IEEE 11073-10207)",
);
static MDS_DI: Field = Field::fact(
    "mds-udi-device-identifier",
    "MdsDescriptor/MetaData/Udi/DeviceIdentifier (IEEE 11073-10207)",
);
static MDS_TYPE: Field = Field::fact(
    "mds-type",
    "MdsDescriptor/Type/@Code, ISO/IEEE 11073-10101 unless another coding system is named",
);
static MDS_SPEC: Field = Field::fact(
    "mds-production-specification",
    "MdsDescriptor/MetaData/ProductionSpecification as code=text (IEEE 11073-10207)",
);
static LOCATION: Field = Field::states(
    "location",
    Attribute::Location,
    93,
    "LocationContextState/LocationDetail as PoC^Room^Bed, associated (IEEE 11073-10207)",
);

pub(super) static SDC: Dissector = Dissector {
    name: "sdc",
    title: "IEEE 11073 SDC and DPWS metadata",
    label: "SDC",
    group: Group::Clinical,
    specification: &["IEEE 11073-20701, 11073-10207, 11073-20702", "OASIS DPWS 1.1"],
    ports: &[],
    carrier: Carrier::Http { wants, message },
    fields: &[
        &MAKER,
        &MODEL,
        &NUMBER,
        &MAKER_URL,
        &NAME,
        &FIRMWARE,
        &SERIAL,
        &COMPUTER,
        &PROGRAM,
        &ENDPOINT,
        &TYPES,
        &SERVICES,
        &MDS_MAKER,
        &MDS_MODEL,
        &MDS_NUMBER,
        &MDS_SERIAL,
        &MDS_UDI,
        &MDS_DI,
        &MDS_TYPE,
        &MDS_SPEC,
        &LOCATION,
    ],
    basis: Basis::RealPeers,
};

/// Namespaces by which a message is recognised, in their constant parts.
const MEDICAL: [&[u8]; 3] = [b"/11073-10207-", b"/11073-20701-", b"/11073-20702-"];
const PLAIN: [&[u8]; 2] = [b"docs.oasis-open.org/ws-dd/ns/dpws/", b"schemas.xmlsoap.org/ws/2006/02/devprof"];
/// Namespaces are declared at the front.
const FRONT: usize = 4096;
const MAX_DEPTH: usize = 64;
/// Programs that announce the computer they run on, with their own name as its maker and model.
const PROGRAMS: [&str; 2] = ["wsdd", "wsdd2"];

fn wants(message: &HttpMessage<'_>) -> bool {
    let front = message.body.get(..FRONT).unwrap_or(message.body);
    let start = front.iter().take(8).position(|b| *b == b'<');
    start.is_some()
        && contains(front.get(..512).unwrap_or(front), b"Envelope")
        && MEDICAL.iter().chain(&PLAIN).any(|name| contains(front, name))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn message(message: &HttpMessage<'_>, cx: &mut Context<'_>) {
    let front = message.body.get(..FRONT).unwrap_or(message.body);
    if !MEDICAL.iter().any(|name| contains(front, name)) {
        cx.label("dpws");
    }
    let envelope = Envelope::read(&String::from_utf8_lossy(message.body));
    // A provider speaks in responses and in reports; what a consumer proposes in a request is not evidence.
    let provider = matches!(message.kind, HttpKind::Response(_)) || envelope.operation.ends_with("Report");
    if provider {
        // A body that ends with the connection may have been cut off there.
        let whole = message.complete && message.body.trim_ascii_end().ends_with(b"Envelope>");
        envelope.say(whole, cx);
    }
    envelope.act(message, cx);
}

/// The fields of one device, with what they held.
type Said = Vec<(&'static Field, String)>;

/// What a message holds that is reported.
#[derive(Default)]
struct Envelope {
    /// The first element of the body.
    operation: String,
    /// The last segment of the action.
    action: String,
    host: Said,
    /// Each MDS: handle and fields.
    systems: Vec<(String, Said)>,
    location: String,
    handle: String,
    invocation: String,
    error: String,
    filter: String,
    metrics: u32,
    alerts: Vec<String>,
    cleared: u32,
}

impl Envelope {
    fn read(text: &str) -> Envelope {
        let mut envelope = Envelope::default();
        let mut path: Vec<&str> = Vec::new();
        // How deep the location context state is that we are in, when we are in one.
        let mut located: Option<usize> = None;
        let mut specification = String::new();
        for node in Walk::new(text) {
            match node {
                Node::Start { name, attributes, empty } => {
                    if path.len() >= MAX_DEPTH {
                        break;
                    }
                    path.push(name);
                    envelope.start(&path, attributes, &mut located, &mut specification);
                    if empty {
                        path.pop();
                    }
                }
                Node::Text(text) if path.ends_with(&["Subscribe", "Filter"]) => envelope.filter(&text),
                Node::Text(text) => envelope.text(&path, &clean(&text), &specification),
                Node::End { name } => {
                    if path.last() == Some(&name) {
                        path.pop();
                    }
                }
            }
            if located.is_some_and(|depth| path.len() < depth) {
                located = None;
            }
        }
        envelope
    }

    fn start(
        &mut self,
        path: &[&str],
        attributes: &str,
        located: &mut Option<usize>,
        specification: &mut String,
    ) {
        let get = |name: &str| {
            attribute(attributes, name).map(|value| clean(&value).into_owned()).unwrap_or_default()
        };
        match path {
            [.., "Body", name] if self.operation.is_empty() => self.operation = (*name).to_owned(),
            [.., "MdDescription", "Mds"] if self.systems.len() < 16 => {
                self.systems.push((get("Handle"), Vec::new()));
            }
            [.., "Mds", "Type"] => self.system(&MDS_TYPE, &get("Code")),
            [.., "MetaData", "ProductionSpecification", "SpecType"] => *specification = get("Code"),
            [.., "LocationDetail"] if located.is_some() => {
                let place = [get("PoC"), get("Room"), get("Bed")];
                if place.iter().any(|part| !part.is_empty()) {
                    self.location = place.join("^");
                }
            }
            [.., "MetricState"] => self.metrics = self.metrics.saturating_add(1),
            [.., "AlertState"]
                // Only conditions have a presence.
                if get("type").ends_with("ConditionState") => {
                    if get("Presence") == "true" {
                        if self.alerts.len() < 16 {
                            self.alerts.push(get("DescriptorHandle"));
                        }
                    } else {
                        self.cleared = self.cleared.saturating_add(1);
                    }
                }
            [.., "ReportPart"] if self.operation == "OperationInvokedReport" => {
                self.handle = get("OperationHandleRef")
            }
            [.., last]
                if get("type").ends_with("LocationContextState") || *last == "LocationContextState" =>
            {
                *located = (get("ContextAssociation") == "Assoc").then_some(path.len());
            }
            _ => {}
        }
    }

    fn text(&mut self, path: &[&str], text: &str, specification: &str) {
        match path {
            [.., "Header", "Action"] => {
                self.action = text.rsplit('/').next().unwrap_or_default().to_owned();
            }
            [.., "ThisModel", name] => match *name {
                "Manufacturer" => self.host(&MAKER, text),
                "ManufacturerUrl" => self.host(&MAKER_URL, text),
                "ModelName" => self.host(&MODEL, text),
                "ModelNumber" => self.host(&NUMBER, text),
                _ => {}
            },
            [.., "ThisDevice", name] => match *name {
                "FriendlyName" => self.host(&NAME, text),
                "FirmwareVersion" => self.host(&FIRMWARE, text),
                "SerialNumber" => self.host(&SERIAL, text),
                _ => {}
            },
            [.., "Host", "EndpointReference", "Address"] => {
                let uuid = text.strip_prefix("urn:uuid:").filter(|uuid| uuid.len() == 36);
                if let Some(uuid) = uuid.filter(|uuid| uuid.chars().any(|c| c != '0' && c != '-')) {
                    self.host(&ENDPOINT, &format!("urn:uuid:{}", uuid.to_ascii_lowercase()));
                }
            }
            [.., "Host", "Computer"] => {
                let name = text.split(['/', '\\']).next().unwrap_or_default();
                if !name.eq_ignore_ascii_case("localhost") {
                    self.host(&COMPUTER, name);
                }
            }
            [.., "Host", "Types"] => self.host(&TYPES, &local_names(text)),
            [.., "Hosted", "Types"] if self.host.len() < 64 => self.host.push((&SERVICES, local_names(text))),
            [.., "Mds", "MetaData", "Udi", name] => match *name {
                "HumanReadableForm" => self.system(&MDS_UDI, text),
                "DeviceIdentifier" => self.system(&MDS_DI, text),
                _ => {}
            },
            [.., "Mds", "MetaData", name] => match *name {
                "Manufacturer" => self.system(&MDS_MAKER, text),
                "ModelName" => self.system(&MDS_MODEL, text),
                "ModelNumber" => self.system(&MDS_NUMBER, text),
                "SerialNumber" => self.system(&MDS_SERIAL, text),
                _ => {}
            },
            [.., "Mds", "MetaData", "ProductionSpecification", "ProductionSpec"] => {
                if let Some((_, said)) = self.systems.last_mut().filter(|(_, said)| said.len() < 32) {
                    said.push((&MDS_SPEC, format!("{specification}={text}")));
                }
            }
            [.., "OperationHandleRef"] => self.handle = text.to_owned(),
            [.., "InvocationInfo", "InvocationState"] => self.invocation = text.to_owned(),
            [.., "InvocationInfo", "InvocationError"] => self.error = text.to_owned(),
            _ => {}
        }
    }

    /// The actions that a subscription is for, by their last segments.
    fn filter(&mut self, text: &str) {
        let wanted: Vec<&str> =
            text.split_whitespace().filter_map(|action| action.rsplit('/').next()).take(24).collect();
        self.filter = wanted.join(" ");
    }

    /// Keeps a field of the host, the first value (others are translations).
    fn host(&mut self, field: &'static Field, text: &str) {
        keep(&mut self.host, field, text);
    }

    fn system(&mut self, field: &'static Field, text: &str) {
        if let Some((_, said)) = self.systems.last_mut() {
            keep(said, field, text);
        }
    }

    fn say(&self, complete: bool, cx: &mut Context<'_>) {
        let say = |cx: &mut Context<'_>, subject: Subject, said: &Said| {
            for (field, text) in said {
                cx.evidence(subject.clone(), field, text);
            }
        };
        // What a program says of itself in its computer's place is not said of the computer; and which of both it is
        // cannot be told while the maker is not known.
        let maker = self.host.iter().find(|(field, _)| std::ptr::eq(*field, &MAKER));
        let program = maker.filter(|(_, maker)| PROGRAMS.iter().any(|name| maker.eq_ignore_ascii_case(name)));
        if let Some((_, name)) = program {
            cx.software(cx.sender(), &PROGRAM, name, None);
        }
        let own = [&MAKER, &MODEL, &NUMBER, &MAKER_URL, &FIRMWARE, &SERIAL];
        let unclear = program.is_some() || maker.is_none() && !complete;
        let of_host =
            self.host.iter().filter(|(f, _)| !(unclear && own.iter().any(|o| std::ptr::eq(*f, *o))));
        say(cx, cx.sender(), &of_host.cloned().collect());
        match &self.systems[..] {
            [(_, said)] => say(cx, cx.sender(), said),
            several => {
                for (handle, said) in several.iter().filter(|(handle, _)| !handle.is_empty()) {
                    let subject = cx.behind(cx.side(), &format!("sdc {handle}"));
                    say(cx, subject, said);
                }
            }
        }
        if !self.location.is_empty() {
            cx.evidence(cx.sender(), &LOCATION, &self.location);
        }
    }

    fn act(&self, message: &HttpMessage<'_>, cx: &mut Context<'_>) {
        let answer = match message.kind {
            HttpKind::Response(status) => Some(status),
            HttpKind::Request => None,
        };
        let operation = self.operation.as_str();
        match (operation, answer) {
            ("Subscribe", None) => {
                cx.activity(Verb::Subscribe, operation, &self.filter);
            }
            ("GetMetadata" | "GetMdib" | "GetMdDescription" | "GetMdState" | "GetContextStates", None) => {
                cx.activity(Verb::Query, operation, "");
            }
            (
                "SetValue" | "SetString" | "SetContextState" | "SetMetricState" | "SetComponentState"
                | "SetAlertState",
                None,
            ) => {
                cx.activity(Verb::Set, operation, &self.handle);
            }
            ("Activate", None) => {
                cx.activity(Verb::Command, operation, &self.handle);
            }
            (
                "SetValueResponse"
                | "SetStringResponse"
                | "SetContextStateResponse"
                | "SetMetricStateResponse"
                | "SetComponentStateResponse"
                | "SetAlertStateResponse"
                | "ActivateResponse",
                Some(_),
            ) => {
                let verb = if operation.starts_with("Activate") { Verb::Command } else { Verb::Set };
                let asker = cx.side().other();
                cx.activity_by(asker, verb, operation, "")
                    .outcome(invoked(&self.invocation))
                    .detail("state", &self.invocation)
                    .detail("error", &self.error);
            }
            ("OperationInvokedReport", None) => {
                cx.activity(Verb::Report, operation, &self.handle)
                    .outcome(invoked(&self.invocation))
                    .detail("state", &self.invocation)
                    .detail("error", &self.error);
            }
            ("EpisodicMetricReport" | "PeriodicMetricReport", None) => {
                cx.activity(Verb::Result, operation, "").detail("count", &self.metrics.to_string());
            }
            ("EpisodicAlertReport" | "PeriodicAlertReport", None)
                if (!self.alerts.is_empty() || self.cleared > 0) =>
            {
                cx.activity(Verb::Alarm, operation, &self.alerts.join(" "))
                    .detail("present", &self.alerts.len().to_string())
                    .detail("absent", &self.cleared.to_string());
            }
            ("EpisodicContextReport" | "DescriptionModificationReport", None) => {
                cx.activity(Verb::Report, operation, "");
            }
            // WS-Transfer Get has an empty body.
            ("", None) if self.action == "Get" => {
                cx.activity(Verb::Query, "Get", "metadata");
            }
            _ => {}
        }
    }
}

/// Outcome of an invocation state (IEEE 11073-10207): final states only.
fn invoked(state: &str) -> Outcome {
    match state {
        "Fin" | "FinMod" => Outcome::Success,
        "Fail" | "Cnclld" | "CnclldMan" => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

fn keep(said: &mut Said, field: &'static Field, text: &str) {
    let meant = text.chars().any(|c| c.is_alphanumeric() && c != '0')
        && !["n/a", "none", "unknown"].iter().any(|none| text.eq_ignore_ascii_case(none));
    if meant && said.len() < 32 && !said.iter().any(|(f, _)| std::ptr::eq(*f, field)) {
        said.push((field, text.to_owned()));
    }
}

/// QNames without their prefixes.
fn local_names(types: &str) -> String {
    let names: Vec<&str> =
        types.split_whitespace().map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local)).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{SDC, message, wants};
    use crate::{Context, Event, FlowInfo, Headers, HttpKind, HttpMessage, Outbox, Peer, Side};
    use medward_model::{Activity, Evidence, HostKey, Mac, Outcome, Subject, Timestamp, Transport, Verb};

    fn play(kind: HttpKind, body: &str) -> (Vec<Evidence>, Vec<Activity>) {
        let peer = |last| Peer {
            host: HostKey { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), mac: Mac::ZERO, vlan: 0 },
            port: 80,
        };
        let flow = FlowInfo { originator: peer(1), responder: peer(2), transport: Transport::Tcp };
        let mut outbox = Outbox::default();
        let side = if kind == HttpKind::Request { Side::Originator } else { Side::Responder };
        let text = format!(
            "<?xml version='1.0'?><s12:Envelope xmlns:s12='http://www.w3.org/2003/05/soap-envelope' \
             xmlns:msg='http://standards.ieee.org/downloads/11073/11073-10207-2017/message' \
             xmlns:dpws='http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01'>{body}"
        );
        let http = HttpMessage {
            kind,
            method: "POST",
            target: "/x",
            headers: Headers(&[]),
            request_headers: Headers(&[]),
            body: text.as_bytes(),
            complete: true,
        };
        assert!(wants(&http));
        let mut cx = Context::new(Timestamp::from_parts(0, 0), 1, &flow, side, &SDC, &mut outbox);
        message(&http, &mut cx);
        let (mut evidence, mut activity) = (Vec::new(), Vec::new());
        for event in outbox.events {
            match event {
                Event::Evidence(e) => evidence.push(e),
                Event::Activity(a) => activity.push(a),
                Event::Link(_) | Event::Asked(_) => {}
            }
        }
        (evidence, activity)
    }

    fn value<'a>(evidence: &'a [Evidence], field: &str) -> Vec<(&'a Subject, String)> {
        evidence.iter().filter(|e| e.field.name == field).map(|e| (&e.subject, e.value.shown())).collect()
    }

    #[test]
    fn metadata_names_the_device_even_when_cut() {
        let body = "<s12:Header><wsa:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</wsa:Action></s12:Header>\
            <s12:Body><wsx:Metadata><dpws:ThisModel><dpws:Manufacturer>ACME Infusion</dpws:Manufacturer>\
            <dpws:Manufacturer xml:lang='de'>ACME Infusionen</dpws:Manufacturer><dpws:ModelName>Pump 9000</dpws:ModelName>\
            <dpws:ModelNumber>P9K-3</dpws:ModelNumber></dpws:ThisModel><dpws:ThisDevice>\
            <dpws:FriendlyName>ICU pump bed 3</dpws:FriendlyName><dpws:FirmwareVersion>4.2.1</dpws:FirmwareVersion>\
            <dpws:SerialNumber>SN-4711</dpws:SerialNumber></dpws:ThisDevice><dpws:Relationship><dpws:Host><wsa:EndpointReference>\
            <wsa:Address>urn:uuid:FFC2D6F5-04f2-56c7-a5ae-0c03bc4fd1d3</wsa:Address></wsa:EndpointReference>\
            <dpws:Types>dpws:Device mdpws:MedicalDevice</dpws:Types></dpws:Host><dpws:Hosted><dpws:Types>sdc:Get";
        let (evidence, _) = play(HttpKind::Response(200), body);
        assert_eq!(value(&evidence, "this-model-manufacturer").len(), 1);
        assert_eq!(value(&evidence, "this-model-name")[0].1, "Pump 9000");
        assert_eq!(value(&evidence, "this-device-serial")[0].1, "SN-4711");
        assert_eq!(value(&evidence, "endpoint")[0].1, "urn:uuid:ffc2d6f5-04f2-56c7-a5ae-0c03bc4fd1d3");
        assert_eq!(value(&evidence, "host-types")[0].1, "Device MedicalDevice");
        assert!(
            evidence
                .iter()
                .all(|e| matches!(&e.subject, Subject::Host(h) if h.ip == Ipv4Addr::new(10, 0, 0, 2)))
        );
    }

    #[test]
    fn a_program_is_not_the_maker_of_its_computer() {
        let body = "<s12:Body><wsx:Metadata><dpws:ThisModel><dpws:Manufacturer>wsdd</dpws:Manufacturer>\
            <dpws:ModelName>wsdd</dpws:ModelName></dpws:ThisModel><dpws:ThisDevice><dpws:FirmwareVersion>1.0</dpws:FirmwareVersion>\
            <dpws:SerialNumber>1</dpws:SerialNumber></dpws:ThisDevice><dpws:Relationship><dpws:Host>\
            <dpws:Types>pub:Computer</dpws:Types><pub:Computer>FILES-3/Workgroup:RADIOLOGY</pub:Computer></dpws:Host>";
        let (evidence, _) = play(HttpKind::Response(200), body);
        let said: Vec<(&str, String)> = evidence.iter().map(|e| (e.field.name, e.value.shown())).collect();
        let wanted = [("program", "wsdd"), ("host-types", "Computer"), ("computer", "FILES-3")];
        assert_eq!(said, wanted.map(|(field, text)| (field, text.to_owned())));
    }

    #[test]
    fn the_mdib_gives_meta_data_and_location_but_no_patient() {
        let body = "<s12:Body><msg:GetMdibResponse><msg:Mdib><pm:MdDescription><pm:Mds Handle='mds0'><pm:Type Code='69985'/>\
            <pm:MetaData><pm:Udi><pm:DeviceIdentifier>04012345678901</pm:DeviceIdentifier>\
            <pm:HumanReadableForm>(01)04012345678901(21)4711</pm:HumanReadableForm></pm:Udi>\
            <pm:Manufacturer>ACME</pm:Manufacturer><pm:ModelName>Pump 9000</pm:ModelName>\
            <pm:SerialNumber>SN-4711</pm:SerialNumber><pm:ProductionSpecification><pm:SpecType Code='531975'/>\
            <pm:ProductionSpec>4.2.1</pm:ProductionSpec></pm:ProductionSpecification></pm:MetaData>\
            <pm:Vmd Handle='v'><pm:Type Code='1'/></pm:Vmd></pm:Mds></pm:MdDescription><pm:MdState>\
            <pm:State xsi:type='pm:PatientContextState' ContextAssociation='Assoc'><pm:CoreData><pm:Familyname>Planted</pm:Familyname>\
            <pm:LocationDetail PoC='PLANTED'/></pm:CoreData></pm:State>\
            <pm:State xsi:type='pm:LocationContextState' ContextAssociation='Assoc'><pm:LocationDetail Facility='HOSP' PoC='ICU' Bed='3'/>\
            </pm:State></pm:MdState></msg:Mdib></msg:GetMdibResponse></s12:Body></s12:Envelope>";
        let (evidence, _) = play(HttpKind::Response(200), body);
        assert_eq!(value(&evidence, "mds-udi")[0].1, "(01)04012345678901(21)4711");
        assert_eq!(value(&evidence, "mds-type").len(), 1);
        assert_eq!(value(&evidence, "mds-type")[0].1, "69985");
        assert_eq!(value(&evidence, "mds-production-specification")[0].1, "531975=4.2.1");
        assert_eq!(value(&evidence, "location")[0].1, "ICU^^3");
        assert!(!format!("{evidence:?}").to_lowercase().contains("planted"));
    }

    #[test]
    fn several_systems_are_behind_the_provider() {
        let body = "<s12:Body><msg:GetMdDescriptionResponse><msg:MdDescription><pm:Mds Handle='a'><pm:MetaData>\
            <pm:SerialNumber>S1</pm:SerialNumber></pm:MetaData></pm:Mds><pm:Mds Handle='b'><pm:MetaData>\
            <pm:SerialNumber>S2</pm:SerialNumber></pm:MetaData></pm:Mds></msg:MdDescription>";
        let (evidence, _) = play(HttpKind::Response(200), body);
        let serials = value(&evidence, "mds-serial");
        assert_eq!(serials.len(), 2);
        assert!(serials.iter().all(|(subject, _)| matches!(subject, Subject::Behind { .. })));
    }

    #[test]
    fn operations_reports_and_alarms_are_activity() {
        let set = "<s12:Body><msg:SetValue><msg:OperationHandleRef>set_flow</msg:OperationHandleRef>\
            <msg:RequestedNumericValue>250</msg:RequestedNumericValue></msg:SetValue></s12:Body>";
        let (_, activity) = play(HttpKind::Request, set);
        assert_eq!((activity[0].verb, &*activity[0].object), (Verb::Set, "set_flow"));
        assert!(!format!("{activity:?}").contains("250"));
        let failed = "<s12:Body><msg:SetValueResponse><msg:InvocationInfo><msg:TransactionId>1</msg:TransactionId>\
            <msg:InvocationState>Fail</msg:InvocationState><msg:InvocationError>Inv</msg:InvocationError></msg:InvocationInfo>";
        let (_, activity) = play(HttpKind::Response(200), failed);
        assert_eq!(
            (activity[0].outcome, activity[0].actor.ip),
            (Outcome::Failure, Ipv4Addr::new(10, 0, 0, 1).into())
        );
        let alarm = "<s12:Body><msg:EpisodicAlertReport><msg:ReportPart><msg:AlertState xsi:type='dom:LimitAlertConditionState' \
            DescriptorHandle='ac0' Presence='true'/></msg:ReportPart></msg:EpisodicAlertReport></s12:Body>";
        let (_, activity) = play(HttpKind::Request, alarm);
        assert_eq!((activity[0].verb, &*activity[0].object), (Verb::Alarm, "ac0"));
    }
}
