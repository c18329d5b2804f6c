//! RADIUS accounting: which machine is on which port of which switch or access point, with which address.
//!
//! Follows RFC 2866 (accounting), RFC 2865 5 (attributes), RFC 2869 (interim updates, port id), RFC 3162 and RFC 6911 (IPv6), RFC
//! 3580 (use by 802.1X), RFC 2868 (VLAN). A packet is code 4, identifier, length, authenticator, then attributes of type,
//! length, value.
//!
//! Says of the client named by Calling-Station-Id: its address as link, its port, SSID, access point, VLAN, machine name. Of
//! the access server: its identifier, and the makers of its attributes.
//!
//! Left out: names of persons, session identifiers, everything else. Whether a packet is genuine can only be told with the
//! secret that server and collector share: see [`accounting_response`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use md5::{Digest, Md5};
use medward_dissect::clean_bytes;
use medward_model::{Attribute, Field, LinkKind, Mac, Subject};

use crate::report::station;
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static RADIUS_ACCOUNTING: Source = Source {
    name: "radius-accounting",
    title: "RADIUS accounting",
    specification: &["RFC 2866", "RFC 2865 5", "RFC 2869", "RFC 3162", "RFC 3580", "RFC 2868"],
    carrier: Carrier::Datagrams { ports: &[1813, 1646] },
    fields: &[&PORT, &SSID, &ACCESS_POINT, &VLAN, &MACHINE, &ACCESS_SERVER, &VENDOR_ID],
    make: || Box::<Accounting>::default(),
};

static PORT: Field = Field::fact(
    "radius-port",
    "Access server, port and port type of the client (RFC 2865 5.4, 5.5, 5.32, 5.41; RFC 2869 5.17)",
);
static SSID: Field = Field::fact("ssid", "SSID in Called-Station-Id (RFC 3580 3.20)");
static ACCESS_POINT: Field = Field::fact("access-point", "MAC address in Called-Station-Id (RFC 3580 3.20)");
static VLAN: Field = Field::fact("vlan", "Tunnel-Private-Group-ID (RFC 2868 3.6, RFC 3580 3.31)");
static MACHINE: Field =
    Field::states("machine", Attribute::Hostname, 93, "Machine account in User-Name (RFC 2865 5.1)");
static ACCESS_SERVER: Field = Field::fact("nas-identifier", "NAS-Identifier (RFC 2865 5.32)");
static VENDOR_ID: Field =
    Field::fact("vendor-id", "Private enterprise number of a vendor-specific attribute (RFC 2865 5.26)");

const ACCOUNTING_REQUEST: u8 = 4;
const ACCOUNTING_RESPONSE: u8 = 5;
const HEAD: usize = 20;
const LONGEST: usize = 4096;

/// Why a packet gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountingError {
    /// No accounting request: nothing to answer.
    NoRequest,
    /// Made with another secret, or changed on the way (RFC 2866, 3).
    WrongSecret,
}

/// Checks that an accounting request was made with the shared secret, and makes the answer that stops the access server
/// from sending it again (RFC 2866, 3 and 4.2).
pub fn accounting_response(request: &[u8], secret: &[u8]) -> Result<[u8; HEAD], AccountingError> {
    let packet = packet(request).ok_or(AccountingError::NoRequest)?;
    let digest = |code: &[u8], length: [u8; 2], authenticator: &[u8], attributes: &[u8]| -> [u8; 16] {
        let mut md5 = Md5::new();
        for part in [code, &length, authenticator, attributes, secret] {
            md5.update(part);
        }
        md5.finalize().into()
    };
    let length = (HEAD + packet.attributes.len()) as u16;
    let own = digest(&[ACCOUNTING_REQUEST, packet.id], length.to_be_bytes(), &[0; 16], packet.attributes);
    // All bytes are compared, whatever the first ones are.
    let different = own.iter().zip(packet.authenticator).fold(0, |difference, (a, b)| difference | (a ^ b));
    if different != 0 {
        return Err(AccountingError::WrongSecret);
    }
    let length = (HEAD as u16).to_be_bytes();
    let mut answer = [0; HEAD];
    let (head, authenticator) = answer.split_at_mut(4);
    head.copy_from_slice(&[ACCOUNTING_RESPONSE, packet.id, length[0], length[1]]);
    authenticator.copy_from_slice(&digest(
        &[ACCOUNTING_RESPONSE, packet.id],
        length,
        packet.authenticator,
        &[],
    ));
    Ok(answer)
}

struct Packet<'a> {
    id: u8,
    authenticator: &'a [u8; 16],
    attributes: &'a [u8],
}

/// An accounting request whose attributes fill its length exactly.
fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let [code, id, high, low, rest @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if *code != ACCOUNTING_REQUEST || !(HEAD..=LONGEST).contains(&length) {
        return None;
    }
    // Octets beyond the length are padding (RFC 2866, 3).
    let (authenticator, attributes) = rest.get(..length - 4)?.split_first_chunk::<16>()?;
    let mut left = attributes;
    while !left.is_empty() {
        let [_, size, ..] = left else { return None };
        left = left.get(usize::from(*size).max(2)..).filter(|_| *size >= 2)?;
    }
    Some(Packet { id: *id, authenticator, attributes })
}

fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let [kind, size, ..] = bytes else { return None };
        let (this, rest) = bytes.split_at_checked(usize::from(*size))?;
        bytes = rest;
        Some((*kind, this.get(2..)?))
    })
}

#[derive(Default)]
struct Accounting {
    told: Told,
}

/// What a request says of one session.
#[derive(Default)]
struct Request {
    client: Option<Mac>,
    machine: Option<String>,
    server: Option<IpAddr>,
    identifier: String,
    port: String,
    medium: &'static str,
    wireless: bool,
    called: Option<Mac>,
    ssid: String,
    addresses: Vec<IpAddr>,
    status: u32,
    vlan: String,
    vendors: Vec<u32>,
}

impl Request {
    fn read(list: &[u8]) -> Request {
        let mut request = Request::default();
        let mut account = None;
        for (kind, value) in attributes(list) {
            let number = value.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
            match kind {
                1 => account = Some(clean_bytes(value)),
                4 | 95 => request.server = address(value).or(request.server),
                5 if request.port.is_empty() => {
                    request.port = number.map(|number| format!("port {number}")).unwrap_or_default();
                }
                // An access server may give a machine several addresses; more than eight are not believed.
                8 | 168 if request.addresses.len() < 8 => request.addresses.extend(address(value)),
                26 => {
                    // Microsoft's are the protocol's own (RFC 2548), not a sign of the maker.
                    let vendor = number.filter(|number| !matches!(number, 0 | 311));
                    if let Some(vendor) = vendor
                        && request.vendors.len() < 4
                        && !request.vendors.contains(&vendor)
                    {
                        request.vendors.push(vendor);
                    }
                }
                30 => request.called_station(&clean_bytes(value)),
                31 => request.client = mac(&clean_bytes(value)),
                32 => request.identifier = clean_bytes(value),
                40 => request.status = number.unwrap_or(0),
                61 => {
                    request.wireless = matches!(number, Some(18 | 19));
                    request.medium = match number {
                        Some(15) => "ethernet",
                        Some(18 | 19) => "wireless",
                        Some(5) => "virtual",
                        _ => "",
                    };
                }
                // A tag of up to 31 may stand in front (RFC 2868, 3.6).
                81 => {
                    let text = match value {
                        [0..=0x1f, text @ ..] => text,
                        text => text,
                    };
                    request.vlan = clean_bytes(text);
                }
                87 => request.port = clean_bytes(value),
                _ => {}
            }
        }
        if let Some(account) = account {
            // Authentication bypass: the account is the machine's own address.
            request.client = request.client.or_else(|| mac(&account));
            request.machine = machine(&account);
        }
        request
    }

    fn called_station(&mut self, text: &str) {
        self.called = text.get(..17).or(Some(text)).and_then(mac);
        if let Some(ssid) = text.get(17..).and_then(|rest| rest.strip_prefix(':'))
            && self.called.is_some()
        {
            self.ssid = ssid.to_owned();
        }
    }
}

fn address(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => value.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).into()),
        16 => value.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes).into()),
        _ => None,
    }
}

fn mac(text: &str) -> Option<Mac> {
    let text = text.trim();
    matches!(text.len(), 12 | 14 | 17)
        .then(|| text.parse().ok())
        .flatten()
        .filter(|mac: &Mac| mac.is_station())
}

/// The machine that an account belongs to: `host/name` or `DOMAIN\name$`. Accounts of persons give nothing.
fn machine(account: &str) -> Option<String> {
    let plain = |name: &&str| {
        (1..=255).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    if let Some(name) = account.strip_prefix("host/").filter(plain) {
        return Some(name.to_owned());
    }
    let name = account.rsplit_once('\\').map_or(account, |(_, name)| name);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    name.strip_suffix('$').filter(plain).map(str::to_owned)
}

impl Accounting {
    fn say(&mut self, subject: Subject, field: &'static Field, text: &str, report: &mut Report<'_>) {
        if !text.trim().is_empty() && self.told.first(&(&subject, field.name, text), report.now) {
            report.evidence(subject, field, text);
        }
    }
}

impl SourceSession for Accounting {
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>) {
        let Some(packet) = packet(bytes) else {
            return report.weird("radius_accounting_malformed");
        };
        let request = Request::read(packet.attributes);
        let server = request.server.unwrap_or(report.from.ip());
        self.say(Subject::Ip(server), &ACCESS_SERVER, &request.identifier, report);
        for vendor in &request.vendors {
            self.say(Subject::Ip(server), &VENDOR_ID, &vendor.to_string(), report);
        }
        let Some(client) = request.client else { return };
        let name = if request.identifier.is_empty() { server.to_string() } else { request.identifier };
        if !request.port.is_empty() {
            let port = format!("{name} {} {}", request.port, request.medium);
            self.say(station(client), &PORT, &port, report);
        }
        self.say(station(client), &SSID, &request.ssid, report);
        // On a wire, Called-Station-Id is the switch's own address.
        if let Some(point) = request.called.filter(|_| request.wireless || !request.ssid.is_empty()) {
            self.say(station(client), &ACCESS_POINT, &point.to_string(), report);
        }
        self.say(station(client), &VLAN, &request.vlan, report);
        if let Some(machine) = &request.machine {
            self.say(station(client), &MACHINE, machine, report);
        }
        // The address is the client's while the session lasts: start 1, interim update 3; a stop ends it.
        if matches!(request.status, 1 | 3) {
            for ip in &request.addresses {
                report.link(client, *ip, LinkKind::Neighbour, report.now);
            }
        }
    }
}
