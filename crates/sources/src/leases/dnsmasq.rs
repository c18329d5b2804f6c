//! Lease file of dnsmasq (`dnsmasq.leases`).
//!
//! Follows dnsmasq's own reader and writer of it (`lease.c`): words with blanks between them: end of the lease in seconds
//! since 1970 (0 for ever), hardware address, address, name or `*`, client identifier or `*`; after a line `duid …` the leases of
//! DHCPv6, which have an identity association (`T` in front for temporary ones) in the second place, and a DUID in the last.
//!
//! Says of the client: its address until the end of the lease, its name, its client identifier.
//!
//! Limits: the start is not written down; the lease counts from when it was read, and one that is over is of when it ended.

use std::net::IpAddr;

use medward_model::{Mac, Timestamp};

use super::lease::{CLIENT_ID, HOST_NAME, Lease, named, unhex};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static DNSMASQ_LEASES: Source = Source {
    name: "dnsmasq-leases",
    title: "Lease file of dnsmasq",
    specification: &["dnsmasq(8), dhcp-leasefile"],
    carrier: Carrier::Ledger {
        usual: &["/var/lib/misc/dnsmasq.leases", "/var/lib/dnsmasq/dnsmasq.leases", "/tmp/dhcp.leases"],
    },
    fields: &[&HOST_NAME, &CLIENT_ID],
    make: || Box::<Dnsmasq>::default(),
};

#[derive(Default)]
struct Dnsmasq {
    told: Told,
    /// Ends already told, so that a rewritten file is no news: by hash of the line.
    lines: Told,
}

impl SourceSession for Dnsmasq {
    fn read(&mut self, line: &[u8], report: &mut Report<'_>) {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_ascii_whitespace().take(6).collect();
        match words.as_slice() {
            [] | ["duid", _] => {}
            [end, hardware, ip, name, id, ..] => match lease(end, hardware, ip, name, id, report) {
                Some(lease) if self.lines.first(&line, report.now) => lease.tell(&mut self.told, report),
                Some(_) => {}
                None => report.weird("dnsmasq_leases_malformed"),
            },
            _ => report.weird("dnsmasq_leases_malformed"),
        }
    }
}

fn lease(end: &str, hardware: &str, ip: &str, name: &str, id: &str, report: &Report<'_>) -> Option<Lease> {
    let end: u32 = end.parse().ok()?;
    let ip: IpAddr = ip.parse().ok()?;
    let left = i64::from(end).saturating_sub(report.now.as_seconds());
    let seconds = match end {
        0 => Some(u32::MAX),
        _ => u32::try_from(left).ok().filter(|seconds| *seconds > 0),
    };
    let start = seconds.is_none().then(|| Timestamp::from_parts(end.into(), 0));
    // Other hardware than Ethernet has its type in front: 06-aa:bb:….
    let mac = hardware.contains(':').then(|| hardware.parse::<Mac>().ok()).flatten();
    if ip.is_ipv4() && mac.is_none() && !hardware.contains('-') {
        return None;
    }
    let client_id = if id == "*" { Vec::new() } else { unhex(id)? };
    Some(Lease { ip: Some(ip), mac, start, seconds, host_name: named(name), client_id, ..Lease::default() })
}
