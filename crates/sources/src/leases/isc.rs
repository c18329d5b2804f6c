//! Lease file of ISC dhcpd (`dhcpd.leases`), as written by version 4.
//!
//! Follows dhcpd.leases(5) and dhcp-eval(5): blocks `lease ADDRESS { … }` with statements that end with a semicolon; each
//! change of a lease is appended as another block. Times are UTC, as `weekday YYYY/MM/DD HH:MM:SS`, `epoch SECONDS` or `never`.
//!
//! Says of the client: its address for the time of the lease, name, vendor class, client identifier, and the relay's
//! port and switch. Leases that are not active tell who held the address until when.
//!
//! Limits: only IPv4; a statement longer than a line is not read.

use std::net::Ipv4Addr;

use medward_model::Timestamp;

use super::lease::{CIRCUIT, CLIENT_ID, HOST_NAME, Lease, REMOTE, VENDOR_CLASS, unhex};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static ISC_LEASES: Source = Source {
    name: "isc-dhcpd-leases",
    title: "Lease file of ISC dhcpd",
    specification: &["dhcpd.leases(5)"],
    carrier: Carrier::Ledger {
        usual: &["/var/lib/dhcp/dhcpd.leases", "/var/db/dhcpd.leases", "/var/lib/dhcpd/dhcpd.leases"],
    },
    fields: &[&HOST_NAME, &VENDOR_CLASS, &CLIENT_ID, &CIRCUIT, &REMOTE],
    make: || Box::<Isc>::default(),
};

#[derive(Default)]
struct Isc {
    block: Option<Block>,
    told: Told,
}

/// A lease block up to its closing brace.
#[derive(Default)]
struct Block {
    lease: Lease,
    end: Option<Moment>,
    active: bool,
}

#[derive(Clone, Copy)]
enum Moment {
    At(Timestamp),
    Never,
}

impl SourceSession for Isc {
    fn read(&mut self, line: &[u8], report: &mut Report<'_>) {
        let line = line.trim_ascii();
        if line.starts_with(b"lease ") {
            if self.block.is_some() {
                report.weird("isc_dhcpd_leases_block_without_end");
            }
            let text = String::from_utf8_lossy(line);
            let address = text.split(' ').nth(1).and_then(|word| word.parse::<Ipv4Addr>().ok());
            if address.is_none() || !line.ends_with(b"{") {
                report.weird("isc_dhcpd_leases_malformed");
            }
            self.block = address.map(|ip| Block {
                lease: Lease { ip: Some(ip.into()), ..Lease::default() },
                active: true,
                ..Block::default()
            });
        } else if line == b"}" {
            if let Some(block) = self.block.take() {
                block.finish().tell(&mut self.told, report);
            }
        } else if let Some(block) = &mut self.block
            && let Some(statement) = statement(line)
            && block.statement(statement).is_none()
        {
            report.weird("isc_dhcpd_leases_malformed");
        }
    }

    fn restart(&mut self) {
        self.block = None;
    }
}

/// A line without its semicolon; after times of the form `epoch` stands a comment.
fn statement(line: &[u8]) -> Option<&[u8]> {
    let epoch = line.starts_with(b"starts epoch ") || line.starts_with(b"ends epoch ");
    match line.iter().position(|byte| *byte == b';').filter(|_| epoch) {
        Some(end) => line.get(..end),
        None => line.strip_suffix(b";"),
    }
}

impl Block {
    /// None where a statement that is known cannot be read.
    fn statement(&mut self, statement: &[u8]) -> Option<()> {
        let lease = &mut self.lease;
        if let Some(rest) = statement.strip_prefix(b"starts ") {
            if let Moment::At(time) = moment(rest)? {
                lease.start = Some(time);
            }
        } else if let Some(rest) = statement.strip_prefix(b"ends ") {
            self.end = Some(moment(rest)?);
        } else if let Some(rest) = statement.strip_prefix(b"binding state ") {
            self.active = rest == b"active";
        } else if let Some(rest) = statement.strip_prefix(b"hardware ethernet ") {
            lease.mac = Some(std::str::from_utf8(rest).ok()?.parse().ok()?);
        } else if let Some(rest) = statement.strip_prefix(b"client-hostname ") {
            lease.host_name = value(rest)?;
        } else if let Some(rest) = statement.strip_prefix(b"uid ") {
            lease.client_id = value(rest)?;
        } else if let Some(rest) = statement.strip_prefix(b"set vendor-class-identifier = ") {
            lease.vendor_class = value(rest)?;
        } else if let Some(rest) = statement.strip_prefix(b"option agent.circuit-id ") {
            lease.circuit = value(rest)?;
        } else if let Some(rest) = statement.strip_prefix(b"option agent.remote-id ") {
            lease.remote = value(rest)?;
        }
        Some(())
    }

    fn finish(self) -> Lease {
        let mut lease = self.lease;
        lease.seconds = match (lease.start, self.end) {
            (Some(_), Some(Moment::Never)) => Some(u32::MAX),
            (Some(start), Some(Moment::At(end))) => {
                u32::try_from(end.seconds_since(start)).ok().filter(|seconds| *seconds > 0)
            }
            // A lease that was never given, or abandoned.
            _ => None,
        };
        if !self.active && lease.seconds == Some(u32::MAX) {
            lease.seconds = None;
        }
        lease
    }
}

fn moment(text: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text == "never" {
        return Some(Moment::Never);
    }
    if let Some(rest) = text.strip_prefix("epoch ") {
        return Some(Moment::At(Timestamp::from_parts(rest.parse::<u32>().ok()?.into(), 0)));
    }
    let (_weekday, rest) = text.split_once(' ')?;
    let (date, time) = rest.split_once(' ')?;
    format!("{}T{time}Z", date.replace('/', "-")).parse().ok().map(Moment::At)
}

/// A text in quotation marks with `\` and octal digits or a character, or bytes in hexadecimal with `:`.
fn value(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let Some(mut rest) = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) else {
        return unhex(std::str::from_utf8(text).ok()?);
    };
    let mut bytes = Vec::new();
    while let [first, after @ ..] = rest {
        if bytes.len() >= 512 {
            break;
        }
        (rest, _) = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                (after, bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0')))
            }
            (b'\\', [escaped, after @ ..]) => (after, bytes.push(*escaped)),
            (plain, after) => (after, bytes.push(*plain)),
        };
    }
    Some(bytes)
}
