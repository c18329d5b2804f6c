//! HL7 FHIR over HTTP: what a server says of itself, devices that resources tell of, and who did what.
//!
//! Follows the RESTful API of FHIR R4 (3.1.0) and R5 (3.2.0) with the resources CapabilityStatement (Conformance in
//! DSTU 2) and Device, in JSON and XML. An exchange is FHIR where a media type says so, or where a JSON body opens with
//! `resourceType`.
//!
//! Identity: software name and version, FHIR version, kind and implementation of the server, from the answer to
//! `metadata`. Device resources tell of devices behind whoever sends them, by serial number, UDI or logical id; a Device
//! that names a patient is left out (an implant's serial number is patient data). Of all other resources only the type
//! is read.
//!
//! Activity: one per exchange when its answer is seen: interaction, resource type, names of search parameters; no ids, no
//! values. Limits: a cut JSON body is read up to the cut, a cut XML body not at all; unanswered requests are not told.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::{Basis, Carrier, Context, Dissector, Group, HttpKind, HttpMessage};

static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    93,
    "CapabilityStatement.software name and version (FHIR R4 5.2)",
);
static FHIR_VERSION: Field = Field::fact("fhir-version", "CapabilityStatement.fhirVersion (FHIR R4 5.2)");
static PUBLISHER: Field = Field::fact("publisher", "CapabilityStatement.publisher (FHIR R4 5.2)");
static IMPLEMENTATION: Field =
    Field::fact("implementation", "CapabilityStatement.implementation.description (FHIR R4 5.2)");
static SERVES: Field = Field::fact("serves", "The responder answered a FHIR request (FHIR R4 3.1.0)");
static MANUFACTURER: Field =
    Field::states("device-manufacturer", Attribute::Vendor, 90, "Device.manufacturer (FHIR R4 8.11)");
static MODEL: Field = Field::states(
    "device-model",
    Attribute::Model,
    88,
    "Device.modelNumber, Device.model before R4 (FHIR R4 8.11)",
);
static NAME: Field = Field::fact("device-name", "Device.deviceName.name, Device.name in R5 (FHIR R4 8.11)");
static SERIAL: Field = Field::states(
    "device-serial",
    Attribute::Serial,
    90,
    "Device.serialNumber, or an identifier of type SNO (FHIR R4 8.11)",
);
static UDI: Field = Field::states(
    "device-udi",
    Attribute::Udi,
    92,
    "Device.udiCarrier.carrierHRF, Device.udi before R4 (FHIR R4 8.11)",
);
static UDI_DI: Field = Field::fact("device-identifier", "Device.udiCarrier.deviceIdentifier (FHIR R4 8.11)");
static FIRMWARE: Field = Field::states(
    "device-version",
    Attribute::Firmware,
    80,
    "Device.version of firmware or software, or the only one (FHIR R4 8.11)",
);
static KIND: Field = Field::fact("device-type", "Device.type as text, display or code (FHIR R4 8.11)");
static LOT: Field = Field::fact("device-lot", "Device.lotNumber (FHIR R4 8.11)");

/// FHIR.
pub(super) static FHIR: Dissector = Dissector {
    name: "fhir",
    title: "HL7 FHIR",
    label: "FHIR",
    group: Group::Clinical,
    specification: &["HL7 FHIR R4 3.1.0, 5.2, 8.11", "HL7 FHIR R5 3.2.0"],
    ports: &[443, 80, 8080],
    carrier: Carrier::Http { wants, message },
    fields: &[
        &SOFTWARE,
        &FHIR_VERSION,
        &PUBLISHER,
        &IMPLEMENTATION,
        &SERVES,
        &MANUFACTURER,
        &MODEL,
        &NAME,
        &SERIAL,
        &UDI,
        &UDI_DI,
        &FIRMWARE,
        &KIND,
        &LOT,
        &CLEAR_PATIENT,
    ],
    basis: Basis::DocumentOnly,
};

/// Devices read of one bundle.
const MAX_DEVICES: usize = 64;

fn wants(message: &HttpMessage<'_>) -> bool {
    let says = |value: Option<&str>| {
        value.is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("fhir+json") || value.contains("fhir+xml") || value.contains("+fhir")
        })
    };
    says(message.headers.get("content-type"))
        || says(message.headers.get("accept"))
        || says(message.request_headers.get("accept"))
        || says(message.request_headers.get("content-type"))
        || is_resource(message)
}

/// A JSON body whose first member is `resourceType`.
fn is_resource(message: &HttpMessage<'_>) -> bool {
    let opening = message.body.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    opening.is_some_and(|body| body.starts_with(b"\"resourceType\""))
}

fn message(message: &HttpMessage<'_>, cx: &mut Context<'_>) {
    let resource = read_body(message);
    if let Some(resource) = &resource {
        for device in resource.devices.iter().chain((resource.kind == "Device").then_some(resource)) {
            tell_device(device, cx);
        }
    }
    if resource.as_ref().is_some_and(|resource| resource.patient) {
        let server = if message.kind == HttpKind::Request { cx.side().other() } else { cx.side() };
        cx.of_service(server, &CLEAR_PATIENT, "Patient resources of FHIR");
    }
    let HttpKind::Response(status) = message.kind else {
        let interaction = Interaction::of(message);
        if !interaction.name.is_empty() {
            cx.asks(cx.side(), interaction.verb(), interaction.name, &interaction.resource, &[]);
        }
        return;
    };
    if let Some(resource) = &resource
        && matches!(resource.kind.as_str(), "CapabilityStatement" | "Conformance")
        && message.path().trim_end_matches('/').ends_with("/metadata")
    {
        tell_server(resource, cx);
    }
    let answered = resource.is_some() || message.media_type().contains("fhir");
    if answered {
        cx.evidence(cx.sender(), &SERVES, "FHIR");
    }
    let interaction = Interaction::of(message);
    if interaction.name.is_empty() && !answered {
        return;
    }
    let outcome = if status < 400 { Outcome::Success } else { Outcome::Failure };
    let mut entry = cx
        .activity_by(cx.side().other(), interaction.verb(), interaction.name, &interaction.resource)
        .outcome(outcome)
        .detail("status", &status.to_string())
        .detail("keys", &interaction.keys.join(" "));
    if let Some(total) = resource.as_ref().and_then(|resource| resource.total) {
        entry = entry.detail("matches", &total.to_string());
    }
    entry.detail("fhir-operation", &interaction.operation);
}

fn tell_server(statement: &Resource, cx: &mut Context<'_>) {
    let server = cx.sender();
    let software = statement.get("software");
    let part = |value: Option<&Value>, name: &str| text(value.and_then(|value| value.get(name)));
    let (name, version) = (part(software, "name"), part(software, "version"));
    if !is_placeholder(&name) {
        let version = Some(version).filter(|version| !is_placeholder(version));
        cx.software(server.clone(), &SOFTWARE, &name, version.as_deref());
    }
    for (field, value) in [
        (&FHIR_VERSION, text(statement.get("fhirVersion"))),
        (&PUBLISHER, text(statement.get("publisher"))),
        (&IMPLEMENTATION, part(statement.get("implementation"), "description")),
    ] {
        if !is_placeholder(&value) {
            cx.evidence(server.clone(), field, &value);
        }
    }
}

fn tell_device(device: &Resource, cx: &mut Context<'_>) {
    if ["patient", "subject"].iter().any(|name| device.get(name).is_some()) {
        return;
    }
    let udi = first(device.get("udiCarrier")).or(device.get("udi"));
    let hrf = udi.map(|udi| if udi.is_string() { text(Some(udi)) } else { text(udi.get("carrierHRF")) });
    let udi_di = udi.map(|udi| text(udi.get("deviceIdentifier"))).unwrap_or_default();
    let mut serial = text(device.get("serialNumber"));
    if serial.is_empty() {
        serial = serial_identifier(device.get("identifier"));
    }
    let mut model = text(device.get("modelNumber"));
    if model.is_empty() {
        model = text(device.get("model"));
    }
    let name = first(device.get("deviceName")).map(|name| text(name.get("name")));
    let name =
        name.or_else(|| first(device.get("name")).map(|name| text(name.get("value")))).unwrap_or_default();
    let said = [
        (&MANUFACTURER, text(device.get("manufacturer"))),
        (&MODEL, model),
        (&NAME, name),
        (&SERIAL, serial.clone()),
        (&UDI, hrf.clone().unwrap_or_default()),
        (&UDI_DI, udi_di),
        (&FIRMWARE, version(device.get("version"))),
        (&KIND, concept(device.get("type"))),
        (&LOT, text(device.get("lotNumber"))),
    ];
    let keys = [serial, hrf.unwrap_or_default(), text(device.get("id"))];
    let Some(key) = keys.iter().find(|key| !is_placeholder(key)) else { return };
    let told = said.iter().take(5).any(|(_, value)| !is_placeholder(value));
    if !told {
        return;
    }
    let subject: Subject = cx.behind(cx.side(), &format!("fhir {key}"));
    for (field, value) in said {
        if !is_placeholder(&value) {
            cx.evidence(subject.clone(), field, &value);
        }
    }
}

/// The version of firmware or software; where types are not told, the only one.
fn version(value: Option<&Value>) -> String {
    let Some(Value::Array(versions)) = value else { return text(value) };
    let typed = versions.iter().find(|version| {
        let kind = concept(version.get("type")).to_ascii_lowercase();
        kind.contains("firmware")
            || kind.contains("software")
            || kind.contains("531975")
            || kind.contains("531976")
    });
    match (typed, versions.as_slice()) {
        (Some(version), _) => text(version.get("value")),
        (None, [only]) if only.get("type").is_none() => text(only.get("value")),
        _ => String::new(),
    }
}

/// The identifier whose type is "serial number" (HL7 table 0203, SNO).
fn serial_identifier(value: Option<&Value>) -> String {
    let Some(Value::Array(identifiers)) = value else { return String::new() };
    let is_serial = |identifier: &&Value| {
        let coding = first(identifier.get("type").and_then(|kind| kind.get("coding")));
        coding.is_some_and(|coding| text(coding.get("code")) == "SNO")
    };
    identifiers.iter().find(is_serial).map(|identifier| text(identifier.get("value"))).unwrap_or_default()
}

/// Text of a CodeableConcept; R5 has a list of them.
fn concept(value: Option<&Value>) -> String {
    let value = first(value).or(value);
    let written = text(value.and_then(|value| value.get("text")));
    if !written.is_empty() {
        return written;
    }
    let coding = first(value.and_then(|value| value.get("coding")));
    let display = text(coding.and_then(|coding| coding.get("display")));
    if display.is_empty() { text(coding.and_then(|coding| coding.get("code"))) } else { display }
}

fn first(value: Option<&Value>) -> Option<&Value> {
    value?.as_array()?.first()
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).map(|text| crate::clean(text).into_owned()).unwrap_or_default()
}

fn is_placeholder(value: &str) -> bool {
    value.is_empty()
        || value.chars().all(|c| matches!(c, '0' | '-' | '.' | '?' | ' '))
        || ["unknown", "none", "n/a", "null", "test", "example", "not set"]
            .iter()
            .any(|w| value.eq_ignore_ascii_case(w))
}

/// What a request asks for (FHIR R4 3.1.0.1.1).
struct Interaction {
    name: &'static str,
    resource: String,
    operation: String,
    keys: Vec<String>,
}

impl Interaction {
    fn of(message: &HttpMessage<'_>) -> Interaction {
        let segments: Vec<&str> = message.path().split('/').filter(|segment| !segment.is_empty()).collect();
        let is_type = |segment: &&&str| {
            segment.len() <= 40
                && segment.starts_with(|c: char| c.is_ascii_uppercase())
                && segment.chars().all(|c| c.is_ascii_alphabetic())
                && segment.chars().any(|c| c.is_ascii_lowercase())
        };
        let at = segments.iter().position(|segment| is_type(&segment));
        let resource =
            at.and_then(|at| segments.get(at)).map(|segment| (*segment).to_owned()).unwrap_or_default();
        let after = at.map_or(0, |at| segments.len().saturating_sub(at.saturating_add(1)));
        let last = segments.last().copied().unwrap_or("");
        let operation = segments.iter().find(|segment| segment.starts_with('$'));
        let operation =
            operation.filter(|name| plain(name)).map(|name| (*name).to_owned()).unwrap_or_default();
        let history = segments.contains(&"_history");
        let name = match message.method {
            _ if !operation.is_empty() => "operation",
            "GET" | "HEAD" if last == "metadata" => "capabilities",
            "GET" | "HEAD" if history => "history",
            "GET" | "HEAD" if after == 0 && at.is_some() => "search",
            "GET" | "HEAD" if at.is_some() => "read",
            "POST" if last == "_search" => "search",
            "POST" if at.is_some() => "create",
            "POST" => "transaction",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "",
        };
        let query = message.target.split_once('?').map_or("", |(_, query)| query);
        let mut keys: Vec<String> = Vec::new();
        for pair in query.split('&').take(64) {
            let key = pair.split(['=', ':']).next().unwrap_or("");
            if plain(key) && !keys.iter().any(|known| known == key) && keys.len() < 24 {
                keys.push(key.to_owned());
            }
        }
        let resource = if name == "capabilities" { "CapabilityStatement".to_owned() } else { resource };
        Interaction { name, resource, operation, keys }
    }

    fn verb(&self) -> Verb {
        match (self.name, self.resource.as_str()) {
            ("search" | "capabilities" | "history", _) => Verb::Query,
            ("read", _) => Verb::Read,
            ("delete", _) => Verb::Delete,
            ("operation", _) => Verb::Command,
            ("create" | "update" | "patch", "Subscription") => Verb::Subscribe,
            ("create" | "update" | "patch", "Observation" | "DiagnosticReport") => Verb::Result,
            (
                "create" | "update" | "patch",
                "ServiceRequest" | "MedicationRequest" | "DeviceRequest" | "NutritionOrder",
            ) => Verb::Order,
            _ => Verb::Write,
        }
    }
}

/// A name of the API, not something that a person typed.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.' | b'$'))
}

/// Members of a resource that are read; devices of a bundle.
#[derive(Debug, Default)]
struct Resource {
    kind: String,
    total: Option<u64>,
    members: Vec<(String, Value)>,
    devices: Vec<Resource>,
    /// It is a Patient with a name or identifier, or a bundle that has one.
    patient: bool,
}

/// The members that are kept, of all resources.
const KEPT: [&str; 20] = [
    "id",
    "software",
    "fhirVersion",
    "publisher",
    "implementation",
    "manufacturer",
    "modelNumber",
    "model",
    "deviceName",
    "name",
    "serialNumber",
    "udiCarrier",
    "udi",
    "version",
    "type",
    "lotNumber",
    "identifier",
    "patient",
    "subject",
    "status",
];

impl Resource {
    fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Only servers and devices are of interest; what was kept of another resource is let go.
    fn is_of_interest(&self) -> bool {
        matches!(self.kind.as_str(), "CapabilityStatement" | "Conformance" | "Device")
    }
}

fn read_body(message: &HttpMessage<'_>) -> Option<Resource> {
    let media = message.media_type();
    let body = message.body.trim_ascii_start();
    let mut resource = Resource::default();
    if body.starts_with(b"{") && (media.contains("json") || is_resource(message)) {
        // A cut body ends in an error; what came before it was kept.
        let mut reader = serde_json::Deserializer::from_slice(body);
        let _cut = ResourceSeed { into: &mut resource, nested: false }.deserialize(&mut reader);
    } else if body.starts_with(b"<") && media.contains("xml") && message.complete {
        let text = std::str::from_utf8(body).ok()?;
        let options =
            roxmltree::ParsingOptions { nodes_limit: 50_000, ..roxmltree::ParsingOptions::default() };
        let document = roxmltree::Document::parse_with_options(text, options).ok()?;
        from_xml(document.root_element(), &mut resource, false);
    }
    (!resource.kind.is_empty()).then_some(resource)
}

/// Reads a resource into a place outside, so that a cut loses only what follows it.
struct ResourceSeed<'r> {
    into: &'r mut Resource,
    nested: bool,
}

impl<'de> DeserializeSeed<'de> for ResourceSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ResourceSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a FHIR resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "resourceType" => self.into.kind = map.next_value()?,
                "total" => self.into.total = map.next_value::<Value>()?.as_u64(),
                "entry" if !self.nested => map.next_value_seed(EntriesSeed { into: self.into })?,
                // `resourceType` comes first in practice; before it, nothing tells whose members these are.
                name if self.into.is_of_interest()
                    && KEPT.contains(&name)
                    && self.into.members.len() < KEPT.len() =>
                {
                    let value = map.next_value()?;
                    self.into.members.push((key, value));
                }
                name => {
                    self.into.patient |= self.into.kind == "Patient" && matches!(name, "name" | "identifier");
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// `Bundle.entry`.
struct EntriesSeed<'r> {
    into: &'r mut Resource,
}

impl<'de> DeserializeSeed<'de> for EntriesSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EntriesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("entries of a bundle")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        loop {
            let mut resource = Resource::default();
            let more = entries.next_element_seed(EntrySeed { into: &mut resource })?;
            if more.is_none() {
                return Ok(());
            }
            self.into.patient |= resource.patient;
            if resource.kind == "Device" && self.into.devices.len() < MAX_DEVICES {
                self.into.devices.push(resource);
            }
        }
    }
}

/// One entry: only its resource is read.
struct EntrySeed<'r> {
    into: &'r mut Resource,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an entry of a bundle")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "resource" {
                map.next_value_seed(ResourceSeed { into: self.into, nested: true })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The XML form: elements with a `value` attribute; made into the JSON form, lists where the element may repeat.
fn from_xml(node: roxmltree::Node<'_, '_>, into: &mut Resource, nested: bool) {
    into.kind = node.tag_name().name().to_owned();
    if into.kind == "Bundle" && !nested {
        let resources = (node.children().filter(|entry| entry.has_tag_name_local("entry")))
            .flat_map(|entry| entry.children())
            .filter(|part| part.has_tag_name_local("resource"))
            .flat_map(|part| part.children())
            .filter(|resource| resource.has_tag_name_local("Device"));
        for resource in resources.take(MAX_DEVICES) {
            let mut device = Resource::default();
            from_xml(resource, &mut device, true);
            into.devices.push(device);
        }
    }
    into.patient |= node.descendants().filter(|part| part.has_tag_name_local("Patient")).any(|patient| {
        patient
            .children()
            .any(|part| part.has_tag_name_local("name") || part.has_tag_name_local("identifier"))
    });
    if !into.is_of_interest() {
        return;
    }
    for child in node.children().filter(roxmltree::Node::is_element) {
        let name = child.tag_name().name();
        if KEPT.contains(&name) && into.get(name).is_none() {
            let value = xml_value(child, 0);
            let listed = matches!(name, "udiCarrier" | "deviceName" | "identifier")
                || name == "version" && value.is_object();
            into.members.push((name.to_owned(), if listed { Value::Array(vec![value]) } else { value }));
        }
    }
}

fn xml_value(node: roxmltree::Node<'_, '_>, depth: usize) -> Value {
    if let Some(value) = node.attribute("value") {
        return Value::String(value.to_owned());
    }
    let mut members = serde_json::Map::new();
    if depth < 4 {
        for child in node.children().filter(roxmltree::Node::is_element).take(32) {
            let name = child.tag_name().name();
            let value = xml_value(child, depth + 1);
            let value = if name == "coding" { Value::Array(vec![value]) } else { value };
            members.entry(name.to_owned()).or_insert(value);
        }
    }
    Value::Object(members)
}

/// Names compare without namespace: FHIR has one.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::{FHIR, message, wants};
    use crate::{Context, Event, FlowInfo, Headers, HttpKind, HttpMessage, Outbox, Peer, Side};
    use medward_model::{HostKey, Mac, Outcome, Timestamp, Transport, Verb};

    fn heard(
        kind: HttpKind,
        method: &str,
        target: &str,
        media: &str,
        body: &str,
        complete: bool,
    ) -> Vec<Event> {
        let host = |last| HostKey { ip: [10, 0, 0, last].into(), mac: Mac::ZERO, vlan: 0 };
        let flow = FlowInfo {
            originator: Peer { host: host(1), port: 40000 },
            responder: Peer { host: host(2), port: 80 },
            transport: Transport::Tcp,
        };
        let side = if kind == HttpKind::Request { Side::Originator } else { Side::Responder };
        let mut outbox = Outbox::default();
        let headers = [("Content-Type", media)];
        let heard = HttpMessage {
            kind,
            method,
            target,
            headers: Headers(&headers),
            request_headers: Headers(&[]),
            body: body.as_bytes(),
            complete,
        };
        assert!(wants(&heard));
        message(&heard, &mut Context::new(Timestamp::from_parts(0, 0), 1, &flow, side, &FHIR, &mut outbox));
        outbox.events
    }

    fn said(events: &[Event]) -> Vec<(String, &'static str, String)> {
        let evidence = events.iter().filter_map(|event| match event {
            Event::Evidence(e) => Some((e.subject.to_string(), e.field.name, e.value.shown())),
            _ => None,
        });
        evidence.collect()
    }

    #[test]
    fn a_cut_capability_statement_still_names_the_server() {
        let body = r#"{"resourceType":"CapabilityStatement","status":"active","publisher":"Acme","kind":"instance",
            "software":{"name":"HAPI FHIR Server","version":"6.10.1"},"fhirVersion":"4.0.1","rest":[{"mode":"ser"#;
        let events =
            heard(HttpKind::Response(200), "GET", "/fhir/metadata", "application/fhir+json", body, false);
        let server = "10.0.0.2".to_owned();
        assert!(said(&events).contains(&(server.clone(), "software", "HAPI FHIR Server 6.10.1".to_owned())));
        assert!(said(&events).contains(&(server, "fhir-version", "4.0.1".to_owned())));
    }

    #[test]
    fn devices_are_behind_the_sender_and_patients_devices_stay_out() {
        let pump = r#"{"resourceType":"Device","id":"p1","manufacturer":"B. Braun","modelNumber":"Infusomat Space",
            "serialNumber":"117811","udiCarrier":[{"carrierHRF":"(01)04046964725975(21)117811"}],
            "version":[{"type":{"text":"Firmware"},"value":"686U040002"}]}"#;
        let events = heard(HttpKind::Request, "PUT", "/Device/p1", "application/fhir+json", pump, true);
        let device = "fhir 117811 behind 10.0.0.1".to_owned();
        assert!(said(&events).contains(&(device.clone(), "device-serial", "117811".to_owned())));
        assert!(said(&events).contains(&(device, "device-version", "686U040002".to_owned())));

        let implant = pump.replace("\"id\"", "\"patient\":{\"reference\":\"Patient/7\"},\"id\"");
        let bundle = format!(r#"{{"resourceType":"Bundle","total":1,"entry":[{{"resource":{implant}}}]}}"#);
        let events = heard(
            HttpKind::Response(200),
            "GET",
            "/Device?patient=7",
            "application/fhir+json",
            &bundle,
            true,
        );
        assert_eq!(said(&events), [("10.0.0.2".to_owned(), "serves", "FHIR".to_owned())]);
    }

    #[test]
    fn a_search_keeps_names_not_values() {
        let body = r#"{"resourceType":"Bundle","total":3}"#;
        let events = heard(
            HttpKind::Response(200),
            "GET",
            "/r4/Patient?family=DOE&birthdate=ge1970",
            "application/json",
            body,
            true,
        );
        let Some(Event::Activity(activity)) = events.last() else { panic!("no activity") };
        assert_eq!(
            (activity.verb, activity.operation.as_ref(), activity.object.as_ref()),
            (Verb::Query, "search", "Patient")
        );
        assert_eq!(activity.outcome, Outcome::Success);
        assert!(activity.details.contains(&("keys", "family birthdate".into())));
        assert!(activity.details.contains(&("matches", "3".into())));
        assert!(!format!("{events:?}").contains("DOE"));
    }

    #[test]
    fn xml_says_the_same() {
        let body = r#"<Device xmlns="http://hl7.org/fhir"><id value="d"/><manufacturer value="Mindray"/><serialNumber value="CM-1"/><modelNumber value="N15"/></Device>"#;
        let events = heard(HttpKind::Response(200), "GET", "/Device/d", "application/fhir+xml", body, true);
        assert!(said(&events).iter().any(|(_, field, value)| *field == "device-model" && value == "N15"));
    }
}
