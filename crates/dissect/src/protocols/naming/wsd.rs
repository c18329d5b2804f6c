//! WS-Discovery: Windows hosts, printers, ONVIF cameras and IEEE 11073 SDC devices finding each other.
//!
//! Standards: WS-Discovery 1.0 (April 2005) and 1.1 (OASIS 2009), SOAP over UDP 3702; DPWS 1.1; ONVIF Core
//! Specification, 7.3 (scopes); IEEE 11073-20701 and -20702 (medical DPWS), SDPi for `sdc.ctxt` scopes.
//!
//! What it tells: of a target service (Hello, ProbeMatches, ResolveMatches) its endpoint UUID, types, transport
//! addresses and scopes: name, hardware and location of ONVIF devices, the location context of SDC devices. Probe and
//! Resolve are activities of the asker.
//!
//! Limits: of the scopes only ONVIF's, SDC's location, key purpose and device coding are read; patient, operator,
//! workflow and ensemble contexts are dropped unread. Through a discovery proxy statements count for the address that
//! stands in XAddrs. Documents with a DTD are refused.

use std::borrow::Cow;
use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Subject, Verb};
use roxmltree::{Document, Node, ParsingOptions};

use super::said::Said;
use super::ssdp::url_address;
use super::value::{filled_in, uuid};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session};

static ENDPOINT: Field = Field::states(
    "endpoint",
    Attribute::UniqueId,
    92,
    "EndpointReference/Address as urn:uuid, stable per device (WS-Discovery 1.1, 2.6; DPWS 1.1, 2.4)",
);
static TYPE: Field = Field::fact("type", "Types, each as {namespace}name (WS-Discovery 1.1, 4.1)");
static XADDR: Field = Field::fact("xaddr", "XAddrs: transport addresses (WS-Discovery 1.1, 4.1)");
static SCOPE: Field = Field::fact(
    "scope",
    "Scopes of onvif:, sdc.mds.pkp, sdc.cdc.type and sdc.ctxt.loc (ONVIF Core, 7.3.2.2; IEEE 11073-20701, 9)",
);
static ONVIF_NAME: Field = Field::fact("onvif-name", "ONVIF scope name (ONVIF Core, 7.3.2.2)");
static ONVIF_HARDWARE: Field = Field::states(
    "onvif-hardware",
    Attribute::Model,
    88,
    "ONVIF scope hardware: the model (ONVIF Core, 7.3.2.2)",
);
static ONVIF_LOCATION: Field = Field::states(
    "onvif-location",
    Attribute::Location,
    75,
    "ONVIF scope location, other than country and city, which makers preset (ONVIF Core, 7.3.2.2)",
);
static SDC_LOCATION: Field = Field::states(
    "sdc-location",
    Attribute::Location,
    90,
    "SDC scope sdc.ctxt.loc: facility, building, floor, point of care, room, bed (IEEE 11073-20701, 9.4)",
);
static ASKS: Field =
    Field::fact("asks", "Types that a Probe looks for, each as {namespace}name (WS-Discovery 1.1, 5.2)");

pub(super) static WSD: Dissector = Dissector {
    name: "wsd",
    title: "WS-Discovery",
    label: "WS-Discovery",
    group: Group::Naming,
    specification: &[
        "WS-Discovery 1.0 (April 2005)",
        "WS-Discovery 1.1 (OASIS)",
        "ONVIF Core section 7.3",
        "IEEE 11073-20701",
    ],
    ports: &[3702],
    carrier: Carrier::Datagram { probe, session: || Box::new(Wsd::default()) },
    fields: &[
        &ENDPOINT,
        &TYPE,
        &XADDR,
        &SCOPE,
        &ONVIF_NAME,
        &ONVIF_HARDWARE,
        &ONVIF_LOCATION,
        &SDC_LOCATION,
        &ASKS,
    ],
    basis: Basis::RealPeers,
};

/// Namespaces of WS-Discovery 1.0 and 1.1.
const NAMESPACES: [&str; 2] = [
    "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
];

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let xml =
        bytes.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf)) == Some(&b'<');
    let front = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    Probe::when(
        xml && NAMESPACES.iter().any(|ns| front.windows(ns.len()).any(|window| window == ns.as_bytes())),
    )
}

#[derive(Default)]
struct Wsd {
    said: Said,
}

impl Session for Wsd {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Ok(text) = std::str::from_utf8(bytes) else {
            cx.weird("wsd_not_utf8");
            return done;
        };
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 5_000, ..ParsingOptions::default() };
        let text = text.trim_start_matches('\u{feff}').trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let Ok(document) = Document::parse_with_options(text, options) else {
            cx.weird("wsd_bad_xml");
            return done;
        };
        let body = document.root_element().children().find(|node| node.tag_name().name() == "Body");
        let message = body.and_then(|body| {
            body.children()
                .find(|node| node.tag_name().namespace().is_some_and(|ns| NAMESPACES.contains(&ns)))
        });
        if let Some(message) = message {
            self.message(message, cx);
        }
        done
    }
}

impl Wsd {
    fn message(&mut self, message: Node<'_, '_>, cx: &mut Context<'_>) {
        let operation = message.tag_name().name();
        match operation {
            "Probe" => {
                let types = types(message);
                let object = types.iter().map(|t| short(t)).collect::<Vec<_>>().join(" ");
                let sender = cx.sender();
                for kind in &types {
                    self.said.tell(cx, &sender, &ASKS, kind);
                }
                if self.said.first(&(operation, &object)) {
                    cx.activity(Verb::Lookup, operation, &object);
                }
            }
            "Resolve" => self.tell_activity(message, Verb::Lookup, operation, cx),
            "Hello" => {
                self.tell_activity(message, Verb::Announce, operation, cx);
                self.target(message, cx);
            }
            "Bye" => self.tell_activity(message, Verb::Announce, operation, cx),
            "ProbeMatches" | "ResolveMatches" => {
                for found in message.children().filter(Node::is_element).take(32) {
                    self.tell_activity(found, Verb::Announce, operation, cx);
                    self.target(found, cx);
                }
            }
            _ => cx.weird("wsd_unknown_message"),
        }
    }

    fn tell_activity(&mut self, node: Node<'_, '_>, verb: Verb, operation: &str, cx: &mut Context<'_>) {
        let endpoint = address(node).and_then(uuid).unwrap_or_default();
        if self.said.first(&(operation, &endpoint)) {
            let kinds = types(node).iter().map(|t| short(t)).collect::<Vec<_>>().join(" ");
            let outcome = if verb == Verb::Announce { Outcome::Success } else { Outcome::Unknown };
            cx.activity(verb, operation, &endpoint).outcome(outcome).detail("types", &kinds);
        }
    }

    /// What a target service says of itself.
    fn target(&mut self, node: Node<'_, '_>, cx: &mut Context<'_>) {
        let addresses: Vec<&str> = words(node, "XAddrs").take(16).collect();
        let subject = owner(&addresses, cx);
        let said = &mut self.said;
        if let Some(id) = address(node).and_then(uuid) {
            said.tell(cx, &subject, &ENDPOINT, &id);
        }
        for kind in types(node) {
            said.tell(cx, &subject, &TYPE, &kind);
        }
        for address in addresses {
            said.tell(cx, &subject, &XADDR, address);
        }
        for scope in words(node, "Scopes").take(64) {
            scope_of(said, cx, &subject, scope);
        }
    }
}

/// The sender, unless XAddrs name only other hosts: then the first of them (a discovery proxy answers for it).
fn owner(addresses: &[&str], cx: &Context<'_>) -> Subject {
    let own = cx.flow().peer(cx.side()).host.ip;
    let hosts: Vec<IpAddr> = addresses
        .iter()
        .filter_map(|url| url_address(url))
        .filter(|ip| ip.is_ipv4() == own.is_ipv4() && !ip.is_loopback() && !ip.is_unspecified())
        .collect();
    match hosts.first() {
        Some(first) if own.is_ipv4() && !hosts.contains(&own) => Subject::Ip(*first),
        _ => cx.sender(),
    }
}

fn find<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn address<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    find(find(node, "EndpointReference")?, "Address")?.text()
}

/// A list element's words.
fn words<'a>(node: Node<'a, '_>, name: &str) -> impl Iterator<Item = &'a str> {
    find(node, name).and_then(|list| list.text()).unwrap_or_default().split_whitespace()
}

/// Qualified names with their prefix resolved where they stand.
fn types(node: Node<'_, '_>) -> Vec<String> {
    let Some(list) = find(node, "Types") else { return Vec::new() };
    words(node, "Types")
        .take(16)
        .map(|name| match name.split_once(':') {
            Some((prefix, local)) => match list.lookup_namespace_uri(Some(prefix)) {
                Some(namespace) => format!("{{{namespace}}}{local}"),
                None => name.to_owned(),
            },
            None => name.to_owned(),
        })
        .collect()
}

/// The name without its namespace.
fn short(kind: &str) -> &str {
    kind.rsplit_once('}').map_or(kind, |(_, local)| local)
}

fn scope_of(said: &mut Said, cx: &mut Context<'_>, subject: &Subject, scope: &str) {
    let lower = scope.to_ascii_lowercase();
    if let Some(path) = lower.starts_with("onvif://www.onvif.org/").then(|| scope.get(22..)).flatten() {
        said.tell(cx, subject, &SCOPE, scope);
        let Some((kind, value)) = path.split_once('/') else { return };
        let value = unescape(value);
        let Some(value) = filled_in(&value) else { return };
        match kind.to_ascii_lowercase().as_str() {
            "name" => said.tell(cx, subject, &ONVIF_NAME, &value),
            "hardware" => said.tell(cx, subject, &ONVIF_HARDWARE, &value),
            "location" => {
                let preset = value.to_ascii_lowercase();
                if !preset.starts_with("country") && !preset.starts_with("city") {
                    said.tell(cx, subject, &ONVIF_LOCATION, &value);
                }
            }
            _ => {}
        }
    } else if lower.starts_with("sdc.ctxt.loc:") {
        if let Some(place) = sdc_location(scope) {
            said.tell(cx, subject, &SDC_LOCATION, &place);
        }
        said.tell(cx, subject, &SCOPE, &unescape(scope));
    } else if lower.starts_with("sdc.mds.pkp:") || lower.starts_with("sdc.cdc.type:") {
        said.tell(cx, subject, &SCOPE, &unescape(scope));
    }
}

/// `fac=…&bldng=…&flr=…&poc=…&rm=…&bed=…` from the outside in, with slashes between.
fn sdc_location(scope: &str) -> Option<String> {
    let (_, query) = scope.split_once('?')?;
    let of = |key: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key);
        pair.and_then(|(_, value)| filled_in(&unescape(&value.replace('+', " "))))
    };
    let parts: Vec<String> =
        ["fac", "bldng", "flr", "poc", "rm", "bed"].iter().filter_map(|key| of(key)).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Undoes percent escapes (RFC 3986, 2.1).
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = tail
            .first_chunk::<2>()
            .filter(|_| *first == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::WSD;
    use crate::{Exercise, Side, exercise};

    fn hello(types: &str, scopes: &str, address: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
            xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:m="http://standards.ieee.org/downloads/11073/11073-20702-2016"
            xmlns:w="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"><s:Header/><s:Body><w:Hello>
            <a:EndpointReference><a:Address>urn:uuid:6EBD0A4C-1111-4222-8333-0123456789ab</a:Address></a:EndpointReference>
            <w:Types>{types}</w:Types><w:Scopes>{scopes}</w:Scopes><w:XAddrs>https://{address}:6464/x</w:XAddrs>
            <w:MetadataVersion>1</w:MetadataVersion></w:Hello></s:Body></s:Envelope>"#
        )
    }

    fn run(text: &str) -> Exercise {
        exercise(&WSD, Transport::Udp, &[(Side::Originator, text.as_bytes())])
    }

    #[test]
    fn a_medical_device_says_where_it_is_but_not_who_lies_there() {
        let scopes = "sdc.mds.pkp:1.2.840.10004.20701.1.1 \
            sdc.ctxt.loc:/sdc.ctxt.loc.detail/HOSP%2F%2F%2FCU1%2F%2FBed%201?fac=HOSP&amp;poc=CU1&amp;bed=Bed%201 \
            sdc.ctxt.pat:/urn:oid:1.2/4711-MUSTERMANN";
        let said = run(&hello("m:MedicalDevice", scopes, "10.0.0.1"));
        assert_eq!(said.values("endpoint"), ["uuid:6ebd0a4c-1111-4222-8333-0123456789ab"]);
        assert_eq!(
            said.values("type"),
            ["{http://standards.ieee.org/downloads/11073/11073-20702-2016}MedicalDevice"]
        );
        assert_eq!(said.values("sdc-location"), ["HOSP/CU1/Bed 1"]);
        assert!(!format!("{:?}", (said.evidence, said.activity)).contains("MUSTERMANN"));
    }

    #[test]
    fn a_camera_says_its_model_and_a_preset_country_is_no_place() {
        let scopes = "onvif://www.onvif.org/hardware/DS-2CD2032-I onvif://www.onvif.org/location/country/china \
            onvif://www.onvif.org/name/HIKVISION%20DS-2CD2032-I onvif://www.onvif.org/location/Ward%203";
        let said = run(&hello("x:NetworkVideoTransmitter", scopes, "10.0.0.1"));
        assert_eq!(said.values("onvif-hardware"), ["DS-2CD2032-I"]);
        assert_eq!(said.values("onvif-name"), ["HIKVISION DS-2CD2032-I"]);
        assert_eq!(said.values("onvif-location"), ["Ward 3"]);
    }

    #[test]
    fn a_proxy_speaks_of_another() {
        let said = run(&hello("m:MedicalDevice", "", "10.0.0.9"));
        assert!(said.evidence.iter().all(|e| e.subject.to_string() == "10.0.0.9"));
    }

    #[test]
    fn other_xml_is_not_taken() {
        assert!(run("<a/>").unmatched);
        assert!(run("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>").unmatched);
    }
}
