//! RADIUS: which machine sits on which port of which switch or access point, and whether it was let in.
//!
//! Follows RFC 2865 (authentication, attributes 5), RFC 2866 (accounting), RFC 2869 and RFC 3579 (EAP), RFC 3580 (use by 802.1X),
//! RFC 2868 (tunnel attributes, VLAN), RFC 5176 (change of authorisation) and Cisco's AV pairs of the device sensor.
//! A packet is code, identifier, length, authenticator, then attributes of type, length, value.
//!
//! Says, of the client named by Calling-Station-Id: its port on the network access server, access point and SSID,
//! VLAN, address (accounting only, as link), machine name, and what the server's sensor overheard of its DHCP, CDP
//! and LLDP. Of the access server: its identifier and the makers of its attributes. Activity: each login with outcome,
//! sessions started and stopped, disconnect and change-of-authorisation requests with outcome.
//!
//! Left out: user names of persons (the realm is kept), passwords, keys, replies. Limits: the VLAN of the client is
//! not that of the flow; the subject of client evidence carries the flow's. A proxy repeats other servers' words;
//! evidence about the sender is given only where NAS-IP-Address is the sender's address or is missing.

use std::net::IpAddr;

use medward_model::{Attribute, Field, LinkKind, Mac, Outcome, Verb};

use super::eapol::{Identity, identity, method};
use super::octets::{Octets, ip, is_owned, says_something};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

pub(super) static RADIUS: Dissector = Dissector {
    name: "radius",
    title: "RADIUS",
    label: "RADIUS",
    group: Group::Infrastructure,
    specification: &["RFC 2865", "RFC 2866", "RFC 2868", "RFC 3579", "RFC 3580", "RFC 5176"],
    ports: &[1812, 1813, 1645, 1646, 3799],
    carrier: Carrier::Datagram { probe, session: || Box::new(Radius::default()) },
    fields: &[
        &PORT,
        &SSID,
        &ACCESS_POINT,
        &VLAN,
        &MACHINE,
        &REALM,
        &EAP_METHOD,
        &ACCESS_SERVER,
        &VENDOR_ID,
        &ROLE,
        &DHCP_HOSTNAME,
        &DHCP_CLASS,
        &DHCP_PARAMETERS,
        &CDP_PLATFORM,
        &CDP_DEVICE,
        &LLDP_NAME,
        &LLDP_DESCRIPTION,
    ],
    basis: Basis::RealPeers,
};

static PORT: Field = Field::fact(
    "radius-port",
    "Access server, port and port type of the client (RFC 2865 5.4, 5.5, 5.32; RFC 2869 5.17)",
);
static SSID: Field = Field::fact("ssid", "SSID in Called-Station-Id (RFC 3580 3.20)");
static ACCESS_POINT: Field = Field::fact("access-point", "MAC address in Called-Station-Id (RFC 3580 3.20)");
static VLAN: Field =
    Field::fact("vlan", "Tunnel-Private-Group-ID of an Access-Accept (RFC 2868 3.6, RFC 3580 3.31)");
static MACHINE: Field =
    Field::states("machine", Attribute::Hostname, 93, "Machine account in User-Name (RFC 2865 5.1)");
static REALM: Field = Field::fact("realm", "Realm or domain in User-Name (RFC 2865 5.1, RFC 7542)");
static EAP_METHOD: Field = Field::fact("eap-method", "Method of an EAP response (RFC 3579 3.1)");
static ACCESS_SERVER: Field = Field::fact("nas-identifier", "NAS-Identifier of the sender (RFC 2865 5.32)");
static VENDOR_ID: Field = Field::fact(
    "vendor-id",
    "Private enterprise number of a vendor-specific attribute that the sender adds (RFC 2865 5.26)",
);
static ROLE: Field =
    Field::fact("role", "Access server or RADIUS server, from requests and answers (RFC 2865 2)");
static DHCP_HOSTNAME: Field = Field::states(
    "sensor-dhcp-hostname",
    Attribute::Hostname,
    90,
    "cisco-av-pair dhcp-option 12, of the client",
);
static DHCP_CLASS: Field = Field::fact("sensor-dhcp-class", "cisco-av-pair dhcp-option 60, of the client");
static DHCP_PARAMETERS: Field =
    Field::fact("sensor-dhcp-parameters", "cisco-av-pair dhcp-option 55, of the client, in order");
static CDP_PLATFORM: Field = Field::fact("sensor-cdp-platform", "cisco-av-pair cdp-tlv 6, of the client");
static CDP_DEVICE: Field = Field::fact("sensor-cdp-device", "cisco-av-pair cdp-tlv 1, of the client");
static LLDP_NAME: Field =
    Field::states("sensor-lldp-name", Attribute::Hostname, 90, "cisco-av-pair lldp-tlv 5, of the client");
static LLDP_DESCRIPTION: Field =
    Field::fact("sensor-lldp-description", "cisco-av-pair lldp-tlv 6, of the client");

const ACCESS_REQUEST: u8 = 1;
const ACCESS_ACCEPT: u8 = 2;
const ACCESS_REJECT: u8 = 3;
const ACCOUNTING_REQUEST: u8 = 4;
const ACCOUNTING_RESPONSE: u8 = 5;
const ACCESS_CHALLENGE: u8 = 11;
const DISCONNECT_REQUEST: u8 = 40;
const COA_REQUEST: u8 = 43;

const MAX_PENDING: usize = 64;
const MAX_TOLD: usize = 1024;
const CISCO: u32 = 9;

fn is_code(code: u8) -> bool {
    matches!(code, ACCESS_REQUEST..=ACCOUNTING_RESPONSE | ACCESS_CHALLENGE | 12 | 13 | DISCONNECT_REQUEST..=45)
}

/// Identifier, code and attributes of a packet whose attributes fill its length exactly.
fn packet(bytes: &[u8]) -> Option<(u8, u8, &[u8])> {
    let mut octets = Octets::new(bytes);
    let [code, id] = octets.array::<2>()?;
    let length = usize::from(octets.u16()?);
    if !is_code(code) || !(20..=4096).contains(&length) || length > bytes.len() || bytes.len() - length > 16 {
        return None;
    }
    let attributes = bytes.get(20..length)?;
    let mut rest = attributes;
    while let [_, size, ..] = rest {
        let size = usize::from(*size);
        rest = rest.get(size.max(1)..).filter(|_| size >= 2)?;
    }
    rest.is_empty().then_some((code, id, attributes))
}

fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, size, ..] = bytes else { return None };
        let (this, rest) = bytes.split_at_checked(usize::from(*size))?;
        bytes = rest;
        Some((*kind, this.get(2..)?))
    })
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let Some((code, _, attributes)) = packet(bytes) else { return Probe::NoMatch };
    // An answer may have no attributes at all; away from the usual ports a request must have some.
    let usual = RADIUS.ports.iter().any(|port| head.on_port(*port));
    let asks = matches!(code, ACCESS_REQUEST | ACCOUNTING_REQUEST | DISCONNECT_REQUEST | COA_REQUEST);
    Probe::when(usual || (asks && attributes.len() >= 12))
}

/// A request until its answer.
struct Pending {
    id: u8,
    from: Side,
    code: u8,
    request: Request,
}

/// What a request says.
#[derive(Default)]
struct Request {
    user: Option<Identity>,
    client: Option<Mac>,
    access_server: String,
    server_address: Option<IpAddr>,
    port: String,
    port_type: Option<u32>,
    called: Option<Mac>,
    ssid: String,
    framed: Option<IpAddr>,
    status: Option<u32>,
    seconds: Option<u32>,
    cause: Option<u32>,
    eap: Option<&'static str>,
    vendors: Vec<u32>,
    sensed: Vec<(&'static Field, String)>,
}

#[derive(Default)]
struct Radius {
    pending: Vec<Pending>,
    told: Vec<u64>,
}

impl Session for Radius {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some((code, id, list)) = packet(bytes) else {
            cx.weird("radius_malformed");
            return done;
        };
        if matches!(code, ACCESS_REQUEST | ACCOUNTING_REQUEST | DISCONNECT_REQUEST | COA_REQUEST) {
            self.request(code, id, list, cx);
        } else {
            self.answer(code, id, list, cx);
        }
        done
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        for pending in std::mem::take(&mut self.pending) {
            tell(&pending, Outcome::Unknown, "", cx);
        }
    }
}

impl Radius {
    fn once(&mut self, mac: Option<Mac>, field: &'static Field, text: &str, cx: &mut Context<'_>) {
        if text.is_empty() {
            return;
        }
        let bytes =
            mac.unwrap_or_default().0.into_iter().chain(field.name.bytes()).chain([0]).chain(text.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        if self.told.contains(&hash) {
            return;
        }
        if self.told.len() >= MAX_TOLD {
            self.told.clear();
        }
        self.told.push(hash);
        let subject = mac.map_or_else(|| cx.sender(), |mac| cx.mac(mac));
        cx.evidence(subject, field, text);
    }

    fn request(&mut self, code: u8, id: u8, list: &[u8], cx: &mut Context<'_>) {
        let request = Request::read(list);
        let again = self.pending.iter().any(|p| p.id == id && p.code == code && p.from == cx.side());
        if again {
            return;
        }
        let asks_in = matches!(code, ACCESS_REQUEST | ACCOUNTING_REQUEST);
        let own = cx.flow().peer(cx.side()).host.ip;
        if asks_in && request.server_address.is_none_or(|address| address == own) {
            self.once(None, &ROLE, "access server", cx);
            self.once(None, &ACCESS_SERVER, &request.access_server, cx);
            for vendor in &request.vendors {
                self.once(None, &VENDOR_ID, &vendor.to_string(), cx);
            }
        }
        if asks_in && let Some(client) = request.client {
            self.client(client, code, &request, cx);
        }
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            tell(&oldest, Outcome::Unknown, "", cx);
        }
        self.pending.push(Pending { id, from: cx.side(), code, request });
    }

    fn client(&mut self, client: Mac, code: u8, request: &Request, cx: &mut Context<'_>) {
        let some = Some(client);
        let server = request.server();
        if !server.is_empty() || !request.port.is_empty() {
            let medium = request.port_type.map(port_type).unwrap_or("");
            self.once(some, &PORT, &format!("{server} {} {medium}", request.port), cx);
        }
        self.once(some, &SSID, &request.ssid, cx);
        // On a wire, Called-Station-Id is the switch's own address.
        if request.port_type == Some(19) || !request.ssid.is_empty() {
            let point = request.called.map(|m| m.to_string()).unwrap_or_default();
            self.once(some, &ACCESS_POINT, &point, cx);
        }
        if let Some(Identity::Machine { name, .. }) = &request.user {
            self.once(some, &MACHINE, name, cx);
        }
        self.once(some, &REALM, request.realm(), cx);
        self.once(some, &EAP_METHOD, request.eap.unwrap_or(""), cx);
        for (field, text) in &request.sensed {
            self.once(some, field, text, cx);
        }
        // The address is the client's while the session lasts; a stop ends it (RFC 2866 5.1).
        if code == ACCOUNTING_REQUEST
            && matches!(request.status, Some(1 | 3))
            && let Some(address) = request.framed.filter(|a| is_owned(*a))
        {
            cx.link(client, address, LinkKind::Neighbour);
        }
    }

    fn answer(&mut self, code: u8, id: u8, list: &[u8], cx: &mut Context<'_>) {
        let asked =
            self.pending.iter().position(|p| p.id == id && p.from != cx.side() && answers(code, p.code));
        let Some(pending) = asked.map(|at| self.pending.remove(at)) else { return };
        if matches!(code, ACCESS_ACCEPT | ACCESS_REJECT | ACCESS_CHALLENGE | ACCOUNTING_RESPONSE) {
            self.once(None, &ROLE, "radius server", cx);
        }
        if code == ACCESS_CHALLENGE {
            return;
        }
        let outcome =
            if matches!(code, ACCESS_REJECT | 42 | 45) { Outcome::Failure } else { Outcome::Success };
        let mut vlan = String::new();
        if code == ACCESS_ACCEPT {
            vlan = attributes(list).find(|(kind, _)| *kind == 81).map(|(_, v)| tagged(v)).unwrap_or_default();
            if let Some(client) = pending.request.client {
                self.once(Some(client), &VLAN, &vlan, cx);
            }
        }
        tell(&pending, outcome, &vlan, cx);
    }
}

fn answers(answer: u8, request: u8) -> bool {
    match request {
        ACCESS_REQUEST => matches!(answer, ACCESS_ACCEPT | ACCESS_REJECT | ACCESS_CHALLENGE),
        ACCOUNTING_REQUEST => answer == ACCOUNTING_RESPONSE,
        DISCONNECT_REQUEST => matches!(answer, 41 | 42),
        _ => matches!(answer, 44 | 45),
    }
}

/// Text behind an optional tag of 1 to 31 (RFC 2868 3.6).
fn tagged(value: &[u8]) -> String {
    match value {
        [0..=0x1f, text @ ..] => clean_bytes(text),
        text => clean_bytes(text),
    }
}

/// NAS-Port-Type (RFC 2865 5.41).
fn port_type(kind: u32) -> &'static str {
    match kind {
        15 => "ethernet",
        18 | 19 => "wireless",
        5 => "virtual",
        0 | 1 => "serial",
        _ => "",
    }
}

impl Request {
    fn read(list: &[u8]) -> Request {
        let mut request = Request::default();
        for (kind, value) in attributes(list) {
            let number = || value.first_chunk::<4>().map(|b| u32::from_be_bytes(*b));
            match kind {
                1 => request.user = Some(identity(&clean_bytes(value))),
                4 | 95 => request.server_address = request.server_address.or_else(|| ip(value)),
                5 if request.port.is_empty() => {
                    request.port = number().map(|n| format!("port {n}")).unwrap_or_default();
                }
                8 => request.framed = ip(value),
                26 => request.vendor(value),
                30 => request.called_station(&clean_bytes(value)),
                31 => request.client = station(&clean_bytes(value)),
                32 => {
                    request.access_server =
                        Some(clean_bytes(value)).filter(|t| says_something(t)).unwrap_or_default()
                }
                40 => request.status = number(),
                46 => request.seconds = number(),
                49 => request.cause = number(),
                61 => request.port_type = number(),
                79 => {
                    if let [2, _, _, _, kind, ..] = value {
                        request.eap = method(*kind).or(request.eap);
                    }
                }
                87 => request.port = clean_bytes(value),
                _ => {}
            }
        }
        // Authentication bypass: the user is the machine's own address.
        if let (None, Some(Identity::Mac(mac))) = (request.client, &request.user) {
            request.client = Some(*mac).filter(|m| m.is_station());
        }
        request
    }

    fn called_station(&mut self, text: &str) {
        self.called = text.get(..17).or(Some(text)).and_then(station);
        if self.called.is_some()
            && let Some(ssid) = text.get(17..).and_then(|rest| rest.strip_prefix(':'))
        {
            self.ssid = ssid.to_owned();
        }
    }

    fn vendor(&mut self, value: &[u8]) {
        let mut octets = Octets::new(value);
        let Some(vendor) = octets.u32() else { return };
        // Microsoft's are the protocol's own (RFC 2548), not a sign of the maker.
        if vendor != 311 && vendor != 0 && self.vendors.len() < 4 && !self.vendors.contains(&vendor) {
            self.vendors.push(vendor);
        }
        if vendor != CISCO {
            return;
        }
        for (kind, value) in attributes(octets.rest()) {
            if kind == 1 && self.sensed.len() < 16 {
                self.sensed.extend(sensed(value));
            }
        }
    }

    fn realm(&self) -> &str {
        match &self.user {
            Some(Identity::Machine { realm, .. } | Identity::Person { realm }) => {
                realm.as_deref().unwrap_or("")
            }
            _ => "",
        }
    }

    fn server(&self) -> String {
        match self.server_address {
            _ if !self.access_server.is_empty() => self.access_server.clone(),
            Some(address) => address.to_string(),
            None => String::new(),
        }
    }
}

fn station(text: &str) -> Option<Mac> {
    let text = text.trim();
    matches!(text.len(), 12 | 14 | 17).then(|| text.parse().ok()).flatten().filter(|m: &Mac| m.is_station())
}

/// What a switch's device sensor passes on: `protocol=`, then type and length of two bytes each, and the value.
fn sensed(value: &[u8]) -> Option<(&'static Field, String)> {
    let at = value.iter().position(|b| *b == b'=')?;
    let (name, rest) = value.split_at_checked(at)?;
    let mut octets = Octets::new(rest.get(1..)?);
    let kind = octets.u16()?;
    let length = usize::from(octets.u16()?);
    if length != octets.len() {
        return None;
    }
    let field = match (name, kind) {
        (b"dhcp-option", 12) => &DHCP_HOSTNAME,
        (b"dhcp-option", 60) => &DHCP_CLASS,
        (b"dhcp-option", 55) => {
            let list: Vec<String> = octets.rest().iter().map(u8::to_string).collect();
            return Some((&DHCP_PARAMETERS, list.join(",")));
        }
        (b"cdp-tlv", 1) => &CDP_DEVICE,
        (b"cdp-tlv", 6) => &CDP_PLATFORM,
        (b"lldp-tlv", 5) => &LLDP_NAME,
        (b"lldp-tlv", 6) => &LLDP_DESCRIPTION,
        _ => return None,
    };
    Some((field, clean_bytes(octets.rest()))).filter(|(_, text)| says_something(text))
}

fn tell(pending: &Pending, outcome: Outcome, vlan: &str, cx: &mut Context<'_>) {
    let request = &pending.request;
    let (verb, word) = match (pending.code, request.status) {
        (ACCESS_REQUEST, _) => (Verb::Login, "Access-Request"),
        (ACCOUNTING_REQUEST, Some(1)) => (Verb::Connect, "Accounting Start"),
        (ACCOUNTING_REQUEST, Some(2)) => (Verb::Disconnect, "Accounting Stop"),
        (ACCOUNTING_REQUEST, Some(7)) => (Verb::Announce, "Accounting On"),
        (ACCOUNTING_REQUEST, Some(8)) => (Verb::Announce, "Accounting Off"),
        // Interim updates repeat what the start said.
        (ACCOUNTING_REQUEST, _) => return,
        (DISCONNECT_REQUEST, _) => (Verb::Command, "Disconnect-Request"),
        _ => (Verb::Command, "CoA-Request"),
    };
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let who = match &request.user {
        Some(Identity::Machine { .. }) => "machine",
        Some(Identity::Mac(_)) => "mac",
        Some(Identity::Person { .. }) => "person",
        None => "",
    };
    let client = request.client.map(|m| m.to_string()).unwrap_or_default();
    cx.activity_by(pending.from, verb, word, &client)
        .outcome(outcome)
        .detail("account", who)
        .detail("realm", request.realm())
        .detail("access-server", &request.server())
        .detail("port", &request.port)
        .detail("ssid", &request.ssid)
        .detail("method", request.eap.unwrap_or(""))
        .detail("vlan", vlan)
        .detail("address", &request.framed.map(|a| a.to_string()).unwrap_or_default())
        .detail("seconds", &number(request.seconds))
        .detail("cause", &number(request.cause));
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport, Verb};

    use super::RADIUS;
    use crate::{Side, exercise};

    const ASK: Side = Side::Originator;
    const ANSWER: Side = Side::Responder;

    fn packet(code: u8, id: u8, attributes: &[(u8, &[u8])]) -> Vec<u8> {
        let list: Vec<u8> =
            attributes.iter().flat_map(|(kind, v)| [&[*kind, v.len() as u8 + 2][..], v].concat()).collect();
        let length = (list.len() as u16 + 20).to_be_bytes();
        [&[code, id][..], &length, &[9; 16], &list].concat()
    }

    fn request() -> Vec<u8> {
        let sensor = [&[0, 0, 0, 9, 1, 23][..], b"dhcp-option=", &[0, 12, 0, 5], b"pump7"].concat();
        packet(
            1,
            7,
            &[
                (1, b"jane.doe@hospital.org"),
                (4, &[10, 0, 0, 1]),
                (31, b"00-1B-21-AA-BB-CC"),
                (30, b"00-11-22-33-44-55:ward-wifi"),
                (32, b"switch-3"),
                (61, &[0, 0, 0, 19]),
                (87, b"Gi1/0/12"),
                (26, &sensor),
            ],
        )
    }

    #[test]
    fn a_login_tells_the_clients_port_and_drops_the_person() {
        let accept = packet(2, 7, &[(81, b"120")]);
        let said = exercise(&RADIUS, Transport::Udp, &[(ASK, &request()), (ANSWER, &accept)]);
        assert_eq!(said.values("radius-port"), ["switch-3 Gi1/0/12 wireless"]);
        assert_eq!(said.values("ssid"), ["ward-wifi"]);
        assert_eq!(said.values("access-point"), ["00:11:22:33:44:55"]);
        assert_eq!(said.values("vlan"), ["120"]);
        assert_eq!(said.values("realm"), ["hospital.org"]);
        assert_eq!(said.values("sensor-dhcp-hostname"), ["pump7"]);
        assert_eq!(said.values("nas-identifier"), ["switch-3"]);
        assert_eq!((said.activity[0].verb, said.activity[0].outcome), (Verb::Login, Outcome::Success));
        assert!(!format!("{said:?}").contains("jane"));
    }

    #[test]
    fn accounting_links_the_client_to_its_address() {
        let start = packet(
            4,
            1,
            &[(1, b"001b21aabbcc"), (31, b"001b.21aa.bbcc"), (8, &[10, 4, 4, 4]), (40, &[0, 0, 0, 1])],
        );
        let said = exercise(&RADIUS, Transport::Udp, &[(ASK, &start), (ANSWER, &packet(5, 1, &[]))]);
        assert_eq!(said.links[0].mac.to_string(), "00:1b:21:aa:bb:cc");
        assert_eq!(said.links[0].ip.to_string(), "10.4.4.4");
        assert_eq!(said.activity[0].verb, Verb::Connect);
    }

    #[test]
    fn truncation_is_harmless() {
        let whole = request();
        for end in 0..whole.len() {
            assert!(exercise(&RADIUS, Transport::Udp, &[(ASK, &whole[..end])]).evidence.is_empty());
        }
    }
}
