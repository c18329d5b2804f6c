//! Lease files of Kea (memfile: `kea-leases4.csv`, `kea-leases6.csv`).
//!
//! Follows the Kea Administrator Reference Manual, "Memfile - Basic Storage for Leases": comma-separated values under a head
//! line that names the columns; a comma inside a value is written `&#x2c`; each change of a lease is appended.
//!
//! Says of the client: its address for the time of the lease, name, client identifier or DUID, and the relay's port and
//! switch where the server keeps them (`store-extended-info`).

use std::net::IpAddr;

use medward_model::Timestamp;

use super::lease::{CIRCUIT, CLIENT_ID, HOST_NAME, Lease, REMOTE, named, relay, unhex};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static KEA_LEASES: Source = Source {
    name: "kea-leases",
    title: "Lease files of Kea",
    specification: &["Kea Administrator Reference Manual, Memfile"],
    carrier: Carrier::Ledger { usual: &["/var/lib/kea/kea-leases4.csv", "/var/lib/kea/kea-leases6.csv"] },
    fields: &[&HOST_NAME, &CLIENT_ID, &CIRCUIT, &REMOTE],
    make: || Box::<Kea>::default(),
};

/// Columns, more than any version has.
const COLUMNS: usize = 64;
/// "No end" of a lease (RFC 2131, 3.3).
const FOREVER: u32 = u32::MAX;

#[derive(Default)]
struct Kea {
    columns: Vec<Box<str>>,
    told: Told,
}

impl SourceSession for Kea {
    fn read(&mut self, line: &[u8], report: &mut Report<'_>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if text.starts_with("address,") {
            self.columns = text.split(',').take(COLUMNS).map(Into::into).collect();
            return;
        }
        let values: Vec<&str> = text.split(',').take(COLUMNS).collect();
        match self.lease(&values) {
            Some(lease) => lease.tell(&mut self.told, report),
            None => report.weird("kea_leases_malformed"),
        }
    }

    fn restart(&mut self) {
        self.columns.clear();
    }
}

impl Kea {
    fn lease(&self, values: &[&str]) -> Option<Lease> {
        let column = |name: &str| {
            let at = self.columns.iter().position(|column| **column == *name)?;
            values.get(at).copied().filter(|value| !value.is_empty())
        };
        let ip: IpAddr = column("address")?.parse().ok()?;
        let valid: u32 = column("valid_lifetime")?.parse().ok()?;
        let expire: i64 = column("expire")?.parse().ok()?;
        // 0 assigned, 1 declined, 2 expired and reclaimed, 3 released.
        let state = column("state").unwrap_or("0");
        let start =
            expire.checked_sub(i64::from(valid)).filter(|start| (0..=i64::from(u32::MAX)).contains(start))?;
        let mut lease = Lease {
            ip: Some(ip),
            start: Some(Timestamp::from_parts(start, 0)),
            seconds: (state == "0" && valid > 0).then_some(valid),
            host_name: named(column("hostname").unwrap_or_default()),
            ..Lease::default()
        };
        if let Some(hardware) = column("hwaddr") {
            // Other than Ethernet is told by its client identifier only.
            lease.mac = hardware.parse().ok();
        }
        if let Some(id) = column("client_id").or_else(|| column("duid")) {
            lease.client_id = unhex(id)?;
        }
        if valid == FOREVER {
            lease.seconds = lease.seconds.map(|_| FOREVER);
        }
        if let Some(context) = column("user_context") {
            relay(&relayed(context).unwrap_or_default(), &mut lease);
        }
        // A delegated prefix (type 2) belongs to a router, not to a station.
        (column("lease_type") != Some("2")).then_some(lease).or(Some(Lease::default()))
    }
}

/// `{"ISC": {"relay-agent-info": "0x…"}}`, or the same with `{"sub-options": "0x…"}`.
fn relayed(context: &str) -> Option<Vec<u8>> {
    let json: serde_json::Value = serde_json::from_str(&context.replace("&#x2c", ",")).ok()?;
    let info = json.get("ISC")?.get("relay-agent-info")?;
    let text = info.as_str().or_else(|| info.get("sub-options")?.as_str())?;
    unhex(text.strip_prefix("0x")?)
}
