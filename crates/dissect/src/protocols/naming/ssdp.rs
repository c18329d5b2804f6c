//! SSDP, the discovery of UPnP: devices that announce themselves with the software that runs them.
//!
//! Standard: UPnP Device Architecture 2.0, 1 (discovery): NOTIFY and M-SEARCH on UDP 1900 to 239.255.255.250 or ff02::c,
//! search responses by unicast.
//!
//! What it tells: of the sender the SERVER line (operating system and product with versions), device types and their
//! UDNs, the place of its description, and headers that makers add (Hue, Sonos, Roku, …); of a searcher what it looks
//! for and its USER-AGENT.
//!
//! Limits: where LOCATION names another host than the sender (a proxy), only the SERVER line counts, and only as the
//! proxy's. The maker, model and serial number stand in the description (dissector `upnp`).

use std::net::IpAddr;

use medward_model::{Attribute, Field, Outcome, Verb};

use super::said::Said;
use super::value::uuid;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

static SERVER: Field =
    Field::fact("server", "SERVER header: OS/version UPnP/version product/version (UPnP DA 2.0, 1.2.2)");
static USER_AGENT: Field = Field::fact("user-agent", "USER-AGENT header of M-SEARCH (UPnP DA 2.0, 1.3.2)");
static UDN: Field = Field::states(
    "udn",
    Attribute::UniqueId,
    92,
    "USN of the root device: its UDN (UPnP DA 2.0, 1.2.2 table 1-1)",
);
static USN: Field = Field::fact("usn", "USN of the root device where it holds no UUID (UPnP DA 2.0, 1.2.2)");
static KIND: Field = Field::fact("device-type", "NT or ST of a device or service (UPnP DA 2.0, 1.2.2)");
static LOCATION: Field =
    Field::fact("location", "LOCATION header: URL of the device description (UPnP DA 2.0, 1.2.2)");
static HEADER: Field = Field::fact("header", "name and value of a header that makers add");
static ASKS: Field = Field::fact("asks", "ST of M-SEARCH: what the host looks for (UPnP DA 2.0, 1.3.2)");

pub(super) static SSDP: Dissector = Dissector {
    name: "ssdp",
    title: "SSDP (UPnP discovery)",
    label: "SSDP",
    group: Group::Naming,
    specification: &["UPnP Device Architecture 2.0 section 1"],
    ports: &[1900],
    carrier: Carrier::Datagram { probe, session: || Box::new(Ssdp::default()) },
    fields: &[&SERVER, &USER_AGENT, &UDN, &USN, &KIND, &LOCATION, &HEADER, &ASKS],
    basis: Basis::RealPeers,
};

/// Headers of the standard, lower case: those not listed are a maker's own.
const STANDARD: &[&str] = &[
    "host",
    "cache-control",
    "location",
    "nt",
    "nts",
    "server",
    "usn",
    "st",
    "man",
    "mx",
    "user-agent",
    "ext",
    "date",
    "content-length",
    "opt",
    "01-nls",
    "bootid.upnp.org",
    "configid.upnp.org",
    "searchport.upnp.org",
    "nextbootid.upnp.org",
    "securelocation.upnp.org",
    "cpfn.upnp.org",
    "cpuuid.upnp.org",
    "tcpport.upnp.org",
    "x-user-agent",
    "connection",
    "content-type",
    "accept",
];

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let request = bytes.starts_with(b"NOTIFY * HTTP/1.") || bytes.starts_with(b"M-SEARCH * HTTP/1.");
    let response = bytes.starts_with(b"HTTP/1.") && head.on_port(1900)
        || bytes.starts_with(b"HTTP/1.1 200") && has(bytes, b"\nusn:") && has(bytes, b"\nst:");
    Probe::when(request || response)
}

/// Whether `bytes` hold `wanted` (lower case), whatever the case.
fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}

#[derive(Default)]
struct Ssdp {
    said: Said,
}

/// Header lines, bounded to 48.
struct Lines(Vec<(String, String)>);

impl Lines {
    fn read(bytes: &[u8]) -> Lines {
        let lines = bytes.split(|b| *b == b'\n').skip(1).take(48);
        Lines(
            lines
                .map_while(|line| {
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    (!line.is_empty()).then_some(line)
                })
                .filter_map(|line| {
                    let at = line.iter().position(|b| *b == b':')?;
                    let (name, value) = line.split_at_checked(at)?;
                    Some((clean_bytes(name).to_ascii_lowercase(), clean_bytes(value.get(1..)?)))
                })
                .collect(),
        )
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

impl Session for Ssdp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let lines = Lines::read(bytes);
        let sender = cx.sender();
        if bytes.starts_with(b"M-SEARCH") {
            let target = lines.get("st");
            self.said.tell(cx, &sender, &USER_AGENT, lines.get("user-agent"));
            self.said.tell(cx, &sender, &USER_AGENT, lines.get("x-user-agent"));
            if !target.is_empty() && self.said.first(&("search", target)) {
                cx.evidence(sender, &ASKS, target);
                cx.activity(Verb::Lookup, "M-SEARCH", target);
            }
        } else if bytes.starts_with(b"NOTIFY") {
            let state = lines.get("nts");
            self.announced(&lines, lines.get("nt"), state, state != "ssdp:byebye", cx);
        } else {
            self.announced(&lines, lines.get("st"), "response", true, cx);
        }
        Progress::Consumed(bytes.len() as u64)
    }
}

impl Ssdp {
    fn announced(&mut self, lines: &Lines, kind: &str, operation: &str, present: bool, cx: &mut Context<'_>) {
        if !kind.is_empty() && self.said.first(&(operation, kind, lines.get("usn"))) {
            cx.activity(Verb::Announce, operation, kind).outcome(Outcome::Success);
        }
        if !present {
            return;
        }
        let sender = cx.sender();
        self.said.tell(cx, &sender, &SERVER, lines.get("server"));
        let location = lines.get("location");
        let own = cx.flow().peer(cx.side()).host.ip;
        if let Some(host) = url_address(location)
            && host != own
            && host.is_ipv4() == own.is_ipv4()
        {
            cx.weird("ssdp_foreign_location");
            return;
        }
        self.said.tell(cx, &sender, &LOCATION, location);
        let id = uuid(lines.get("usn").split("::").next().unwrap_or_default());
        match (kind, id) {
            ("upnp:rootdevice", Some(id)) => self.said.tell(cx, &sender, &UDN, &id),
            // Makers that write their own id instead of a UUID often put a serial number into it.
            ("upnp:rootdevice", None) => {
                let id = lines.get("usn").split("::").next().unwrap_or_default();
                self.said.tell(cx, &sender, &USN, id);
            }
            // A bare UDN repeats what the other announcements of the device say.
            _ if kind.starts_with("uuid:") => {}
            _ => self.said.tell(cx, &sender, &KIND, kind),
        }
        for (name, value) in lines.0.iter().filter(|(name, _)| !STANDARD.contains(&name.as_str())).take(16) {
            // Counters that change with every boot or message would only repeat themselves.
            if !value.is_empty() && !name.ends_with("bootseq") && name.len() <= 64 {
                self.said.tell(cx, &sender, &HEADER, &format!("{name}: {value}"));
            }
        }
    }
}

/// The host of a URL, where it is an address.
pub(super) fn url_address(url: &str) -> Option<IpAddr> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if let Some(v6) = authority.strip_prefix('[') {
        let address = v6.split([']', '%']).next()?;
        return address.parse().ok();
    }
    authority.split(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::{SSDP, url_address};
    use crate::{Exercise, Side, exercise};

    fn run(text: &str) -> Exercise {
        exercise(&SSDP, Transport::Udp, &[(Side::Originator, text.replace('\n', "\r\n").as_bytes())])
    }

    const ALIVE: &str = "NOTIFY * HTTP/1.1\nHOST: 239.255.255.250:1900\nCACHE-CONTROL: max-age=100\n\
        LOCATION: http://10.0.0.1:80/description.xml\nSERVER: FreeRTOS/6.0.5, UPnP/1.0, IpBridge/0.1\n\
        NTS: ssdp:alive\nhue-bridgeid: 001788FFFE10D7A4\nNT: upnp:rootdevice\n\
        USN: uuid:2f402f80-da50-11e1-9b23-00178810d7a4::upnp:rootdevice\n\n";

    #[test]
    fn a_bridge_announces_itself() {
        let said = run(ALIVE);
        assert_eq!(said.values("server"), ["FreeRTOS/6.0.5, UPnP/1.0, IpBridge/0.1"]);
        assert_eq!(said.values("udn"), ["uuid:2f402f80-da50-11e1-9b23-00178810d7a4"]);
        assert_eq!(said.values("header"), ["hue-bridgeid: 001788FFFE10D7A4"]);
        assert_eq!(said.activity.len(), 1);
    }

    #[test]
    fn a_proxy_does_not_become_what_it_announces() {
        let said = run(&ALIVE.replace("10.0.0.1:80", "10.0.0.9:80"));
        assert!(said.values("udn").is_empty() && said.values("header").is_empty());
        assert_eq!(said.weirds.count("ssdp_foreign_location"), 1);
    }

    #[test]
    fn a_goodbye_and_a_search_say_no_more_than_that() {
        let said = run(&ALIVE.replace("ssdp:alive", "ssdp:byebye"));
        assert!(said.evidence.is_empty());
        let said =
            run("M-SEARCH * HTTP/1.1\nMAN: \"ssdp:discover\"\nST: urn:x\nUSER-AGENT: Chrome/50 Windows\n\n");
        assert_eq!(said.values("asks"), ["urn:x"]);
        assert_eq!(said.values("user-agent"), ["Chrome/50 Windows"]);
    }

    #[test]
    fn hosts_of_urls() {
        assert_eq!(url_address("http://10.1.2.3:80/x").map(|ip| ip.to_string()).as_deref(), Some("10.1.2.3"));
        assert_eq!(
            url_address("http://[fe80::1%25eth0]:80/x").map(|ip| ip.to_string()).as_deref(),
            Some("fe80::1")
        );
        assert_eq!(url_address("http://name/x"), None);
    }
}
