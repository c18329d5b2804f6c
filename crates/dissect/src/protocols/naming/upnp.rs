//! UPnP device descriptions and control inside HTTP.
//!
//! Standard: UPnP Device Architecture 2.0, 2.3 (device description) and 3.2 (control by SOAP).
//!
//! Shape: XML with the root element `root` in `urn:schemas-upnp-org:device-1-0`; requests carry the action in the
//! SOAPACTION header as `"urn:…:service:Type:1#Action"`.
//!
//! What it tells: of the responder maker, model, serial number and UDN of its root device; embedded devices only as
//! facts. Actions are told as activity, with the service they are for; their arguments are not.
//!
//! Limits: media servers and renderers are often programs on a computer, whose maker and model are not those of the
//! hardware: theirs are facts only. Documents of more than 128 KiB, with a DTD, or cut short are not read.

use medward_model::{Attribute, Field, Outcome, Verb};
use roxmltree::{Document, Node, ParsingOptions};

use super::value::{filled_in, serial, uuid};
use crate::{Basis, Carrier, Context, Dissector, Group, HttpKind, HttpMessage};

static VENDOR: Field = Field::states(
    "manufacturer",
    Attribute::Vendor,
    85,
    "manufacturer of the root device (UPnP DA 2.0, 2.3)",
);
static MODEL: Field =
    Field::states("model-name", Attribute::Model, 85, "modelName of the root device (UPnP DA 2.0, 2.3)");
static SERIAL: Field = Field::states(
    "serial-number",
    Attribute::Serial,
    85,
    "serialNumber of the root device (UPnP DA 2.0, 2.3)",
);
static UDN: Field =
    Field::states("udn", Attribute::UniqueId, 92, "UDN of the root device (UPnP DA 2.0, 2.3)");
static DESCRIPTION: Field = Field::fact(
    "description",
    "element and value of the root device: deviceType, friendlyName, manufacturer, manufacturerURL, modelDescription, \
     modelName, modelNumber, modelURL, presentationURL, serialNumber, UDN, UPC (UPnP DA 2.0, 2.3)",
);
static EMBEDDED: Field =
    Field::fact("embedded", "deviceType and modelName of an embedded device (UPnP DA 2.0, 2.3)");
static ACTS: Field =
    Field::fact("controls", "service type whose actions the client calls (UPnP DA 2.0, 3.2.1)");

pub(super) static UPNP: Dissector = Dissector {
    name: "upnp",
    title: "UPnP description and control",
    label: "UPnP",
    group: Group::Naming,
    specification: &["UPnP Device Architecture 2.0 sections 2 and 3"],
    ports: &[80, 49152],
    carrier: Carrier::Http { wants, message },
    fields: &[&VENDOR, &MODEL, &SERIAL, &UDN, &DESCRIPTION, &EMBEDDED, &ACTS],
    basis: Basis::RealPeers,
};

const NAMESPACE: &str = "urn:schemas-upnp-org:device-1-0";

/// Elements told as facts.
const TOLD: &[&str] = &[
    "deviceType",
    "friendlyName",
    "manufacturer",
    "manufacturerURL",
    "modelDescription",
    "modelName",
    "modelNumber",
    "modelURL",
    "presentationURL",
    "serialNumber",
    "UDN",
    "UPC",
];

fn wants(message: &HttpMessage<'_>) -> bool {
    match message.kind {
        HttpKind::Request => action(message).is_some(),
        HttpKind::Response(_) => {
            message.body.windows(NAMESPACE.len()).take(1024).any(|window| window == NAMESPACE.as_bytes())
        }
    }
}

/// Service type and action out of `"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping"`.
fn action<'a>(message: &HttpMessage<'a>) -> Option<(&'a str, &'a str)> {
    let header = message.headers.get("soapaction").or_else(|| message.headers.get("01-soapaction"))?;
    let (service, action) = header.trim().trim_matches('"').rsplit_once('#')?;
    (service.starts_with("urn:") && service.contains(":service:")).then_some((service, action))
}

fn message(message: &HttpMessage<'_>, cx: &mut Context<'_>) {
    match message.kind {
        HttpKind::Request => {
            if let Some((service, action)) = action(message) {
                cx.evidence(cx.sender(), &ACTS, service);
                cx.activity(verb(action), action, service);
            }
        }
        HttpKind::Response(status) => description(message, status, cx),
    }
}

/// What an action does, by the names that UPnP services follow.
fn verb(action: &str) -> Verb {
    let starts = |fronts: &[&str]| fronts.iter().any(|front| action.starts_with(front));
    if starts(&["Get", "Browse", "Search", "List", "Query"]) {
        Verb::Query
    } else if starts(&["Set", "Add", "Update", "Config"]) {
        Verb::Set
    } else if starts(&["Delete", "Remove", "Destroy"]) {
        Verb::Delete
    } else {
        Verb::Command
    }
}

fn description(message: &HttpMessage<'_>, status: u16, cx: &mut Context<'_>) {
    if !message.complete || status != 200 {
        return;
    }
    let Ok(text) = std::str::from_utf8(message.body) else {
        cx.weird("upnp_not_utf8");
        return;
    };
    // DTDs are refused: no entity can expand.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 20_000, ..ParsingOptions::default() };
    let text = text
        .trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t'])
        .trim_end_matches(['\0', ' ', '\r', '\n']);
    let Ok(document) = Document::parse_with_options(text, options) else {
        cx.weird("upnp_bad_xml");
        return;
    };
    let root = document.root_element();
    let Some(device) = child(root, "device").filter(|_| root.tag_name().name() == "root") else { return };
    let subject = cx.sender();
    for name in TOLD {
        if let Some(value) = value(device, name) {
            cx.evidence(subject.clone(), &DESCRIPTION, &format!("{name} {value}"));
        }
    }
    let kind = value(device, "deviceType").unwrap_or_default();
    let program = [":MediaServer:", ":MediaRenderer:"].iter().any(|media| kind.contains(media));
    if let Some(id) = value(device, "UDN").and_then(|udn| uuid(&udn)) {
        cx.evidence(subject.clone(), &UDN, &id);
    }
    if !program {
        for (name, field) in [("manufacturer", &VENDOR), ("modelName", &MODEL)] {
            if let Some(value) = value(device, name) {
                cx.evidence(subject.clone(), field, &value);
            }
        }
        if let Some(number) = value(device, "serialNumber").and_then(|text| serial(&text)) {
            cx.evidence(subject.clone(), &SERIAL, &number);
        }
    }
    let embedded = device.descendants().filter(|node| node.tag_name().name() == "device" && *node != device);
    for inner in embedded.take(16) {
        let kind = value(inner, "deviceType").unwrap_or_default();
        let model = value(inner, "modelName").unwrap_or_default();
        cx.evidence(subject.clone(), &EMBEDDED, &format!("{kind} {model}"));
    }
    let name = value(device, "friendlyName").unwrap_or_default();
    cx.activity(Verb::Announce, "description", &kind).outcome(Outcome::Success).detail("name", &name);
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn value(device: Node<'_, '_>, name: &str) -> Option<String> {
    filled_in(child(device, name)?.text()?)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use medward_model::{HostKey, Mac, Timestamp, Transport, Verb};

    use super::{UPNP, message, verb, wants};
    use crate::{Context, Event, FlowInfo, Headers, HttpKind, HttpMessage, Outbox, Peer, Side};

    const HUE: &str = r#"<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">
        <device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
        <friendlyName>Philips hue (10.0.0.2)</friendlyName><manufacturer>Royal Philips Electronics</manufacturer>
        <modelName>Philips hue bridge 2012</modelName><modelNumber>929000226503</modelNumber>
        <serialNumber>00178810d7a4</serialNumber><UDN>uuid:2f402f80-da50-11e1-9b23-00178810d7a4</UDN>
        <deviceList><device><deviceType>urn:x:device:Inner:1</deviceType><modelName>Part</modelName>
        <serialNumber>99887766</serialNumber></device></deviceList></device></root>"#;

    fn read(kind: HttpKind, headers: &[(&str, &str)], body: &str) -> Vec<(String, String)> {
        let peer = |last| Peer {
            host: HostKey { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), mac: Mac::ZERO, vlan: 0 },
            port: 80,
        };
        let flow = FlowInfo { originator: peer(1), responder: peer(2), transport: Transport::Tcp };
        let mut outbox = Outbox::default();
        let side = if kind == HttpKind::Request { Side::Originator } else { Side::Responder };
        let mut cx = Context::new(Timestamp::from_parts(0, 0), 1, &flow, side, &UPNP, &mut outbox);
        let http = HttpMessage {
            kind,
            method: "GET",
            target: "/",
            headers: Headers(headers),
            request_headers: Headers(&[]),
            body: body.as_bytes(),
            complete: true,
        };
        if wants(&http) {
            message(&http, &mut cx);
        }
        outbox
            .events
            .into_iter()
            .map(|event| match event {
                Event::Evidence(e) => (e.field.name.to_owned(), e.value.shown()),
                Event::Activity(a) => (format!("{:?}", a.verb), a.operation.to_string()),
                Event::Link(_) | Event::Asked(_) => unreachable!("no links here"),
            })
            .collect()
    }

    fn has(said: &[(String, String)], field: &str, value: &str) -> bool {
        said.iter().any(|(f, v)| f == field && v == value)
    }

    #[test]
    fn the_root_device_is_described() {
        let said = read(HttpKind::Response(200), &[], HUE);
        assert!(has(&said, "manufacturer", "Royal Philips Electronics"));
        assert!(has(&said, "model-name", "Philips hue bridge 2012"));
        assert!(has(&said, "serial-number", "00178810d7a4"));
        assert!(has(&said, "embedded", "urn:x:device:Inner:1 Part"));
        assert!(!has(&said, "serial-number", "99887766"));
        assert!(has(&said, "description", "modelNumber 929000226503"));
    }

    #[test]
    fn a_media_server_states_neither_model_nor_serial() {
        let said = read(HttpKind::Response(200), &[], &HUE.replace("device:Basic:1", "device:MediaServer:1"));
        assert!(
            !said.iter().any(|(f, _)| ["manufacturer", "model-name", "serial-number"].contains(&f.as_str()))
        );
        assert!(has(&said, "description", "modelName Philips hue bridge 2012"));
    }

    #[test]
    fn documents_with_a_dtd_are_refused() {
        let bomb = HUE.replace("<root", "<!DOCTYPE root [<!ENTITY a \"b\">]><root");
        assert!(read(HttpKind::Response(200), &[], &bomb).is_empty());
    }

    #[test]
    fn actions_are_told_without_arguments() {
        let action = [("SOAPACTION", "\"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"")];
        let said = read(HttpKind::Request, &action, "<x/>");
        assert!(has(&said, "Set", "AddPortMapping"));
        assert_eq!(verb("GetVolume"), Verb::Query);
    }
}
