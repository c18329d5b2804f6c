//! Trivial File Transfer Protocol: which files phones, switches and devices load or store.
//!
//! Follows RFC 1350 5 (packets), RFC 2347 (options and their acknowledgement) and RFC 2348, 2349, 7440 (block size, size, window). The
//! request goes to port 69; the answer comes from another port, so that a transfer is a flow of its own, recognised by
//! an option acknowledgement, an error, or a full first block.
//!
//! Says: each request as activity, read or write, with the file. A file name may hold anything, so of a path only the
//! directory's depth and the last component are kept, and that only where it is a device's configuration or firmware
//! (a MAC address in it, a firmware ending with a version, or a well-known name); else the ending alone. Errors are activity with their code.

use medward_model::{Field, Outcome, Verb};

use super::octets::Octets;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session};

pub(super) static TFTP: Dissector = Dissector {
    name: "tftp",
    title: "TFTP",
    label: "TFTP",
    group: Group::Infrastructure,
    specification: &["RFC 1350 5", "RFC 2347", "RFC 2348", "RFC 2349"],
    ports: &[69],
    carrier: Carrier::Datagram { probe, session: || Box::new(Tftp::default()) },
    fields: &[&FILE, &OPTIONS, &ROLE],
    basis: Basis::RealPeers,
};

static FILE: Field =
    Field::fact("file", "Configuration or firmware file that the client asks for (RFC 1350 5)");
static OPTIONS: Field = Field::fact("options", "Names of the options in a request, in order (RFC 2347)");
static ROLE: Field = Field::fact("role", "Answers requests (RFC 1350 4)");

const READ: u16 = 1;
const WRITE: u16 = 2;
const BLOCK: u16 = 3;
const ERROR: u16 = 5;
const OPTION_ACKNOWLEDGEMENT: u16 = 6;

/// A request taken apart.
struct Request<'a> {
    write: bool,
    file: &'a [u8],
    mode: &'a [u8],
    options: Vec<&'a [u8]>,
}

fn request(bytes: &[u8]) -> Option<Request<'_>> {
    let mut octets = Octets::new(bytes);
    let kind = octets.u16()?;
    if !matches!(kind, READ | WRITE) {
        return None;
    }
    let text = octets.rest().strip_suffix(&[0])?;
    let mut parts = text.split(|b| *b == 0);
    let file = parts.next().filter(|f| !f.is_empty() && f.iter().all(|b| *b >= 0x20))?;
    let mode = parts.next()?;
    let known = [&b"octet"[..], b"netascii", b"mail", b"binary"].iter().any(|m| mode.eq_ignore_ascii_case(m));
    if !known {
        return None;
    }
    let options = parts.step_by(2).take(8).filter(|o| o.iter().all(u8::is_ascii_graphic)).collect();
    Some(Request { write: kind == WRITE, file, mode, options })
}

fn is_options(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [b"blksize", b"tsize", b"timeout", b"windowsize", b"multicast"];
    bytes.split(|b| *b == 0).next().is_some_and(|name| NAMES.iter().any(|n| name.eq_ignore_ascii_case(n)))
}

fn is_error(bytes: &[u8]) -> bool {
    match bytes {
        [0, 0..=8, text @ .., 0] => text.iter().all(|b| *b >= 0x20) && text.len() < 256,
        _ => false,
    }
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if request(bytes).is_some() {
        return Probe::Match;
    }
    let mut octets = Octets::new(bytes);
    let answer = match octets.u16() {
        Some(OPTION_ACKNOWLEDGEMENT) => is_options(octets.rest()),
        Some(ERROR) => is_error(octets.rest()) && octets.len() > 4,
        // A full first block of the default size, from one free port to another.
        Some(BLOCK) => {
            octets.u16() == Some(1)
                && octets.len() == 512
                && head.originator_port > 1023
                && head.responder_port > 1023
        }
        _ => false,
    };
    Probe::when(answer)
}

#[derive(Default)]
struct Tftp {
    requests: u8,
    role: bool,
}

impl Session for Tftp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        if let Some(request) = request(bytes) {
            // A client repeats an unanswered request.
            if self.requests < 32 {
                self.requests += 1;
                tell(&request, cx);
            }
            return done;
        }
        let mut octets = Octets::new(bytes);
        match octets.u16() {
            Some(ERROR) if is_error(octets.rest()) => {
                let code = octets.u16().unwrap_or(0).to_string();
                cx.activity_by(cx.side().other(), Verb::Read, "transfer", "")
                    .outcome(Outcome::Failure)
                    .detail("error", &code);
                Progress::Quiet
            }
            Some(BLOCK | OPTION_ACKNOWLEDGEMENT) => {
                if !self.role && cx.side() == crate::Side::Originator && octets.u16() != Some(0) {
                    self.role = true;
                    let sender = cx.sender();
                    cx.evidence(sender, &ROLE, "tftp peer");
                }
                Progress::Quiet
            }
            _ => done,
        }
    }
}

fn tell(request: &Request<'_>, cx: &mut Context<'_>) {
    let file = String::from_utf8_lossy(request.file);
    let (kept, depth) = file_name(&file);
    let options: Vec<_> =
        request.options.iter().map(|o| String::from_utf8_lossy(o).to_ascii_lowercase()).collect();
    let options = options.join(",");
    let sender = cx.sender();
    if kept.contains('.') && !kept.starts_with('*') && !request.write {
        cx.evidence(sender.clone(), &FILE, &kept);
    }
    cx.evidence(sender, &OPTIONS, &options);
    let (verb, word) = if request.write { (Verb::Write, "WRQ") } else { (Verb::Read, "RRQ") };
    cx.activity(verb, word, &kept)
        .detail("depth", &depth.to_string())
        .detail("mode", &String::from_utf8_lossy(request.mode).to_ascii_lowercase())
        .detail("options", &options);
}

/// What may be kept of a file name, and how deep its directory is: the last component where its ending is one that
/// devices load at start, else `*` and the ending.
pub(in crate::protocols) fn file_name(path: &str) -> (String, usize) {
    const FIRMWARE: &[&str] = &[
        "bin", "loads", "sbn", "sgn", "tlv", "rom", "fw", "pxe", "efi", "0", "kpxe", "ld", "zz", "sebn",
        "upd", "c32",
    ];
    const STARTING: &[&str] = &[
        "startup-config",
        "running-config",
        "network-confg",
        "router-confg",
        "cisconet",
        "pxelinux",
        "bootx64",
        "bootmgfw",
        "undionly",
        "ipxe",
        "snponly",
        "syslinux",
        "grub",
        "grubx64",
        "shimx64",
        "ctlseptlvfile",
        "xmldefault.cnf",
        "dialplan",
        "boot",
        "firmware",
        "config",
    ];
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|p| !p.is_empty()).collect();
    let depth = parts.len().saturating_sub(1);
    let last = parts.last().copied().unwrap_or("");
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let Some((stem, ending)) = last.rsplit_once('.') else { return ("*".to_owned(), depth) };
    let ending = ending.to_ascii_lowercase();
    if !plain(&ending) || ending.is_empty() || ending.len() > 8 {
        return ("*".to_owned(), depth);
    }
    // A configuration is named for the device (SEP001122AABBCC.cnf.xml), firmware for its version.
    let mut run = 0_u8;
    let has_mac = stem.bytes().any(|b| {
        run = if b.is_ascii_hexdigit() { run.saturating_add(1) } else { 0 };
        run >= 12
    });
    let has_version = FIRMWARE.contains(&ending.as_str()) && stem.bytes().any(|b| b.is_ascii_digit());
    let starting = STARTING.contains(&stem.to_ascii_lowercase().as_str());
    if plain(stem) && stem.len() <= 64 && (has_mac || has_version || starting) {
        (last.to_owned(), depth)
    } else {
        (format!("*.{ending}"), depth)
    }
}

#[cfg(test)]
mod tests {
    use medward_model::{Transport, Verb};

    use super::{TFTP, file_name};
    use crate::{Side, exercise};

    #[test]
    fn a_phone_reads_its_configuration() {
        let said = exercise(
            &TFTP,
            Transport::Udp,
            &[(Side::Originator, b"\0\x01SEP001122AABBCC.cnf.xml\0octet\0blksize\x001024\0tsize\x000\0")],
        );
        assert_eq!(said.values("file"), ["SEP001122AABBCC.cnf.xml"]);
        assert_eq!(said.values("options"), ["blksize,tsize"]);
        assert_eq!(said.activity[0].verb, Verb::Read);
    }

    #[test]
    fn names_that_may_be_a_persons_are_not_kept() {
        assert_eq!(file_name("/reports/Doe_Jane.pdf"), ("*.pdf".to_owned(), 1));
        assert_eq!(file_name("Doe^Jane.bin").0, "*.bin");
        assert_eq!(file_name("DOE_JANE.xml").0, "*.xml");
        assert_eq!(file_name("Jane Doe").0, "*");
        assert_eq!(file_name("c2600-i-mz.123-1.bin").0, "c2600-i-mz.123-1.bin");
    }

    #[test]
    fn blocks_alone_are_no_match_unless_full_and_first() {
        let mut block = vec![0, 3, 0, 1];
        block.extend([7; 100]);
        assert!(exercise(&TFTP, Transport::Udp, &[(Side::Originator, &block)]).unmatched);
        assert!(exercise(&TFTP, Transport::Udp, &[(Side::Originator, b"\0\x01x\0other\0")]).unmatched);
        let error = b"\0\x05\0\x01File not found\0";
        let said = exercise(&TFTP, Transport::Udp, &[(Side::Originator, error)]);
        assert_eq!(said.activity.len(), 1);
    }
}
