//! Audit log of the DHCP server of Windows (`DhcpSrvLog-Mon.log`, `DhcpV6SrvLog-Mon.log`).
//!
//! Follows Microsoft, "Analyze DHCP Server Log Files": a text of explanation, then a head line that begins with `ID,Date,Time`
//! and names the columns, then comma-separated values. Leases given and renewed have the ids 10 and 11; requests, renewals and
//! rebindings of DHCPv6 11002, 11004 and 11005. Everything else is passed over.
//!
//! Says of the client: its address, name, vendor class, client identifier (DUID), the relay's port and switch.
//!
//! Limits: times are local to the server, so the moment of reading counts. The length of the lease is not logged; it is
//! taken for a day, shorter than the default of eight. The column User Name is never read.

use std::net::IpAddr;

use medward_model::Mac;

use super::lease::{CIRCUIT, CLIENT_ID, HOST_NAME, Lease, REMOTE, VENDOR_CLASS, named, relay, unhex};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static WINDOWS_DHCP: Source = Source {
    name: "windows-dhcp",
    title: "Audit log of the DHCP server of Windows",
    specification: &["Microsoft, Analyze DHCP Server Log Files"],
    carrier: Carrier::Log { usual: &["C:\\Windows\\System32\\dhcp\\DhcpSrvLog-*.log"] },
    fields: &[&HOST_NAME, &VENDOR_CLASS, &CLIENT_ID, &CIRCUIT, &REMOTE],
    make: || Box::<Windows>::default(),
};

const COLUMNS: usize = 32;
const DAY: u32 = 86_400;

#[derive(Default)]
struct Windows {
    /// Lower case, without blanks at the ends. Before the head line the usual ones are taken.
    columns: Vec<Box<str>>,
    told: Told,
}

const USUAL: &[&str] = &["id", "date", "time", "description", "ip address", "host name", "mac address"];

impl SourceSession for Windows {
    fn read(&mut self, line: &[u8], report: &mut Report<'_>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let values: Vec<&str> = text.split(',').take(COLUMNS).map(str::trim).collect();
        if values.starts_with(&["ID", "Date", "Time"]) {
            self.columns = values.iter().map(|value| value.to_lowercase().into()).collect();
            return;
        }
        // The explanation in front has no number and date there.
        let number = values.first().and_then(|id| id.parse::<u32>().ok());
        let dated = values.get(1).is_some_and(|date| date.split('/').count() == 3);
        let (Some(id), true) = (number, dated) else { return };
        if !matches!(id, 10 | 11 | 11_002 | 11_004 | 11_005) {
            return;
        }
        match self.lease(&values) {
            // A renewal is news: the lease begins again.
            Some(lease) => {
                if let (Some(mac), Some(ip)) = (lease.mac, lease.ip) {
                    report.link(mac, ip, medward_model::LinkKind::Lease { seconds: DAY }, report.now);
                }
                lease.tell(&mut self.told, report);
            }
            None => report.weird("windows_dhcp_malformed"),
        }
    }

    fn restart(&mut self) {
        self.columns.clear();
    }
}

impl Windows {
    fn lease(&self, values: &[&str]) -> Option<Lease> {
        let column = |name: &str| {
            let at = if self.columns.is_empty() {
                USUAL.iter().position(|column| *column == name)
            } else {
                self.columns.iter().position(|column| **column == *name)
            }?;
            values.get(at).copied().filter(|value| !value.is_empty())
        };
        let ip: IpAddr = column("ip address").or_else(|| column("ipv6 address"))?.parse().ok()?;
        let mut lease = Lease {
            ip: Some(ip),
            host_name: named(column("host name").unwrap_or_default()),
            ..Lease::default()
        };
        match (ip, column("mac address")) {
            (IpAddr::V4(_), Some(hardware)) => match unhex(hardware)?.as_slice() {
                six @ [_, _, _, _, _, _] => lease.mac = Mac::read(six),
                longer => lease.client_id = longer.to_vec(),
            },
            (IpAddr::V4(_), None) => return None,
            (IpAddr::V6(_), _) => {}
        }
        if let Some(duid) = column("duid bytes(hex)") {
            lease.client_id = unhex(duid)?;
        }
        let class = column("vendorclass(ascii)").map(|text| text.as_bytes().to_vec());
        let coded =
            || column("vendorclass(hex)").and_then(|text| unhex(text.strip_prefix("0x").unwrap_or(text)));
        lease.vendor_class = class.or_else(coded).unwrap_or_default();
        if let Some(text) = column("relayagentinformation") {
            relay(&unhex(text.strip_prefix("0x").unwrap_or(text)).unwrap_or_default(), &mut lease);
        }
        Some(lease)
    }
}
