//! What DHCP servers log as they work: dnsmasq, ISC dhcpd and Kea, from files or by syslog.
//!
//! Follows the messages of dnsmasq (`rfc2131.c`), ISC dhcpd 4 (`dhcp.c`) and Kea (messages `DHCP4_LEASE_ALLOC`,
//! `DHCP4_LEASE_ADVERT`). What stands before the message (time, host, program, process) is skipped.
//!
//! Says of the client: the address that it was given, the name it gave, and with dnsmasq's `log-dhcp` its vendor class and
//! the order of the options that it asks for.
//!
//! Limits: the moment of reading counts, since logs hold no zone or year. Only Kea logs how long the lease is; for the others
//! it is taken for an hour, their usual default.

use std::collections::BTreeMap;
use std::net::IpAddr;

use medward_model::{Field, LinkKind, Mac};

use super::lease::{HOST_NAME, Lease, VENDOR_CLASS, named};
use crate::report::station;
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static DHCP_LOG: Source = Source {
    name: "dhcp-log",
    title: "Log of a DHCP server (dnsmasq, ISC dhcpd, Kea)",
    specification: &["dnsmasq(8), log-dhcp", "dhcpd(8)", "Kea Messages Manual, DHCP4"],
    carrier: Carrier::Log {
        usual: &["/var/log/dnsmasq.log", "/var/log/kea/kea-dhcp4.log", "/var/log/dhcpd.log"],
    },
    fields: &[&HOST_NAME, &VENDOR_CLASS, &REQUESTS],
    make: || Box::<Log>::default(),
};

static REQUESTS: Field = Field::fact(
    "parameter-request-list",
    "Parameter Request List (RFC 2132, 9.8): option codes in the client's order, from dnsmasq's 'requested options'",
);

const HOUR: u32 = 3600;
/// Transactions of which not everything was logged yet.
const OPEN: usize = 256;
/// Bytes of a written Parameter Request List.
const LIST: usize = 480;

#[derive(Default)]
struct Log {
    told: Told,
    /// dnsmasq's transactions: the lines of one begin with the same number.
    open: BTreeMap<u32, Transaction>,
}

/// What dnsmasq logged before it named the client.
#[derive(Default)]
struct Transaction {
    mac: Option<Mac>,
    vendor_class: String,
    requests: String,
}

impl SourceSession for Log {
    fn read(&mut self, line: &[u8], report: &mut Report<'_>) {
        let text = String::from_utf8_lossy(line.get(..2048).unwrap_or(line));
        if let Some((_, rest)) = text.split_once("DHCPACK on ") {
            self.isc(rest, report);
        } else if let Some((before, _)) = text.split_once(": lease ")
            && text.contains("DHCP4_LEASE_ALLOC")
        {
            self.kea(before, &text, report);
        } else if let Some((_, rest)) = text.split_once("dnsmasq-dhcp") {
            let rest =
                rest.trim_start_matches(|c: char| c == '[' || c == ']' || c == ':' || c.is_ascii_digit());
            self.dnsmasq(rest.trim(), report);
        }
    }
}

impl Log {
    fn given(&mut self, mac: Mac, ip: IpAddr, seconds: u32, name: &str, report: &mut Report<'_>) {
        // Each acknowledgement begins the lease anew.
        report.link(mac, ip, LinkKind::Lease { seconds }, report.now);
        Lease { mac: Some(mac), host_name: named(name), ..Lease::default() }.tell(&mut self.told, report);
    }

    /// `10.0.0.5 to 02:00:00:00:00:01 (name) via eth0`
    fn isc(&mut self, rest: &str, report: &mut Report<'_>) {
        let mut words = rest.split_ascii_whitespace();
        let ip = words.next().and_then(|word| word.parse().ok());
        let to = words.next() == Some("to");
        let mac = words.next().and_then(|word| word.parse().ok());
        let (Some(ip), true, Some(mac)) = (ip, to, mac) else { return report.weird("dhcp_log_malformed") };
        let name = words.next().and_then(|word| word.strip_prefix('(')?.strip_suffix(')'));
        self.given(mac, ip, HOUR, name.unwrap_or_default(), report);
    }

    /// `… [hwtype=1 02:00:00:00:00:01], cid=[…], tid=0x…: lease 10.0.0.5 has been allocated for 3600 seconds`
    fn kea(&mut self, before: &str, text: &str, report: &mut Report<'_>) {
        let mac = before.split_once("[hwtype=1 ").and_then(|(_, rest)| rest.split(']').next()?.parse().ok());
        let lease = text.split_once(": lease ").map(|(_, rest)| rest).unwrap_or_default();
        let ip = lease.split(' ').next().and_then(|word| word.parse().ok());
        let seconds = lease.split_once(" for ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        match (mac, ip) {
            (Some(mac), Some(ip)) => self.given(mac, ip, seconds.unwrap_or(HOUR), "", report),
            // Clients without an Ethernet address are not told.
            (None, Some(_)) => {}
            _ => report.weird("dhcp_log_malformed"),
        }
    }

    /// `DHCPACK(eth0) 10.0.0.5 02:00:00:00:00:01 name`, with `log-dhcp` after the number of the transaction.
    fn dnsmasq(&mut self, text: &str, report: &mut Report<'_>) {
        let numbered = text.split_once(' ').and_then(|(id, rest)| Some((id.parse::<u32>().ok()?, rest)));
        let message = numbered.map_or(text, |(_, rest)| rest);
        let said = message.split_once(") ").filter(|(kind, _)| kind.starts_with("DHCP"));
        let mut client = None;
        if let Some((kind, rest)) = said {
            // DISCOVER and INFORM may have no address in front.
            let mut words = rest.split_ascii_whitespace().take(4).peekable();
            let ip = words.next_if(|word| word.parse::<IpAddr>().is_ok()).and_then(|word| word.parse().ok());
            client = words.next().filter(|word| word.contains(':')).and_then(|word| word.parse::<Mac>().ok());
            if kind.starts_with("DHCPACK(") {
                let name = words.next().unwrap_or_default();
                match (client, ip) {
                    (Some(mac), Some(ip)) => self.given(mac, ip, HOUR, name, report),
                    _ => report.weird("dhcp_log_malformed"),
                }
            }
        }
        let Some((id, _)) = numbered else { return };
        let transaction = self.transaction(id);
        transaction.mac = client.or(transaction.mac);
        if let Some(list) = message.strip_prefix("requested options: ") {
            for item in list.split(',') {
                let code = item.trim().split(':').next().unwrap_or_default();
                if code.parse::<u8>().is_ok() && transaction.requests.len() < LIST {
                    let comma = if transaction.requests.is_empty() { "" } else { "," };
                    transaction.requests.push_str(&format!("{comma}{code}"));
                }
            }
            return;
        }
        if let Some(class) = message.strip_prefix("vendor class: ") {
            transaction.vendor_class = class.to_owned();
        }
        // The list is over where something else is said.
        self.settle(id, report);
    }

    fn transaction(&mut self, id: u32) -> &mut Transaction {
        if self.open.len() >= OPEN && !self.open.contains_key(&id) {
            self.open.pop_first();
        }
        self.open.entry(id).or_default()
    }

    /// Tells what is known of the client.
    fn settle(&mut self, id: u32, report: &mut Report<'_>) {
        let Some(transaction) = self.open.get_mut(&id) else { return };
        let Some(mac) = transaction.mac else { return };
        let vendor_class = std::mem::take(&mut transaction.vendor_class).into_bytes();
        let requests = std::mem::take(&mut transaction.requests);
        Lease { mac: Some(mac), vendor_class, ..Lease::default() }.tell(&mut self.told, report);
        if !requests.is_empty() && self.told.first(&(mac, &requests), report.now) {
            report.evidence(station(mac), &REQUESTS, &requests);
        }
    }
}
