//! Network Time Protocol: who keeps time for whom, and what the control queries tell of a server.
//!
//! Follows RFC 5905 7.3 (packet header), RFC 4330 (SNTP use of it), RFC 9327 (control messages, mode 6); mode 7 is recognised and
//! not read. The header is 48 bytes: leap indicator, version and mode, stratum, poll, precision, root delay and
//! dispersion, reference id, four timestamps.
//!
//! Says: of a server its stratum and reference (a clock's name at stratum 1); of a client how it fills the fields
//! that it need not fill, which differs between implementations; from mode 6 answers the version, processor and system.
//! Activity: time asked and answered, once per flow; control queries.
//!
//! Limits: the header has no magic, so that one of the ports must be 123.

use std::net::Ipv4Addr;

use medward_model::{Attribute, Field, Outcome, Verb};

use super::octets::{Octets, hex};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

pub(super) static NTP: Dissector = Dissector {
    name: "ntp",
    title: "NTP",
    label: "NTP",
    group: Group::Infrastructure,
    specification: &["RFC 5905 7.3", "RFC 4330", "RFC 9327"],
    ports: &[123],
    carrier: Carrier::Datagram { probe, session: || Box::new(Ntp::default()) },
    fields: &[&STRATUM, &REFERENCE, &CLIENT, &PROGRAM, &SYSTEM, &PROCESSOR, &ROLE],
    basis: Basis::RealPeers,
};

static STRATUM: Field = Field::fact("stratum", "Stratum of a server's answer (RFC 5905 7.3)");
static REFERENCE: Field = Field::fact(
    "reference",
    "Reference ID: clock name at stratum 1, else the upstream's address (RFC 5905 7.3)",
);
static CLIENT: Field = Field::fact(
    "client-form",
    "Version, leap, stratum, poll, precision and reference id of a client's request (RFC 5905 7.3)",
);
static PROGRAM: Field =
    Field::states("program", Attribute::Software, 96, "System variable 'version' (RFC 9327 3, 4)");
static SYSTEM: Field = Field::fact("system", "System variable 'system' (RFC 9327 3, 4)");
static PROCESSOR: Field = Field::fact("processor", "System variable 'processor' (RFC 9327 3, 4)");
static ROLE: Field = Field::fact("role", "Gives time: server, broadcaster or peer (RFC 5905 3)");

const PORT: u16 = 123;
const MODE_CLIENT: u8 = 3;
const MODE_SERVER: u8 = 4;
const MODE_BROADCAST: u8 = 5;
const MODE_CONTROL: u8 = 6;
const MODE_PRIVATE: u8 = 7;

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    Probe::when(head.on_port(PORT) && plausible(bytes))
}

fn plausible(bytes: &[u8]) -> bool {
    let Some([first, stratum, poll, ..]) = bytes.first_chunk::<3>() else { return false };
    let (version, mode) = (first >> 3 & 7, first & 7);
    match mode {
        1..=5 => {
            // Beyond the header: extension fields and a digest, in units of four.
            (1..=4).contains(&version)
                && bytes.len() >= 48
                && bytes.len().is_multiple_of(4)
                && *stratum <= 16
                && (*poll as i8) >= -8
                && *poll as i8 <= 24
        }
        MODE_CONTROL => bytes.len() >= 12 && (1..=4).contains(&version),
        MODE_PRIVATE => bytes.len() >= 8 && (1..=4).contains(&version),
        _ => false,
    }
}

#[derive(Default)]
struct Ntp {
    asked: bool,
    asked_told: bool,
    client_told: bool,
    server_told: bool,
    control: Vec<u8>,
    queries: u8,
}

impl Session for Ntp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(first) = bytes.first() else { return done };
        if !plausible(bytes) {
            cx.weird("ntp_malformed");
            return done;
        }
        match first & 7 {
            MODE_CONTROL => self.control(bytes, cx),
            MODE_PRIVATE => self.private(bytes, cx),
            _ => {
                if self.time(bytes, cx).is_none() {
                    cx.weird("ntp_malformed");
                }
                if self.client_told && self.server_told && self.asked_told {
                    return Progress::Quiet;
                }
            }
        }
        done
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if self.asked && !self.asked_told {
            cx.activity_by(crate::Side::Originator, Verb::Time, "client", "");
        }
    }
}

impl Ntp {
    fn time(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let mut octets = Octets::new(bytes);
        let [first, stratum, poll, precision] = octets.array::<4>()?;
        let (leap, version, mode) = (first >> 6, first >> 3 & 7, first & 7);
        let root = octets.array::<8>()?;
        let reference = octets.array::<4>()?;
        let sender = cx.sender();
        match mode {
            MODE_CLIENT => {
                self.asked = true;
                if !self.client_told {
                    self.client_told = true;
                    let form = format!(
                        "v{version} leap {leap} stratum {stratum} poll {} precision {} root {} reference {}",
                        poll as i8,
                        precision as i8,
                        if root == [0; 8] { "zero" } else { "set" },
                        if reference == [0; 4] { "zero" } else { "set" },
                    );
                    cx.evidence(sender, &CLIENT, &form);
                }
            }
            MODE_SERVER | MODE_BROADCAST | 1 | 2 => {
                if stratum == 0 {
                    // Kiss-o'-death: the reference id is a code (RFC 5905 7.4).
                    if mode == MODE_SERVER && !self.asked_told {
                        self.asked_told = true;
                        cx.activity_by(cx.side().other(), Verb::Time, "client", "")
                            .outcome(Outcome::Failure)
                            .detail("kiss", &ascii(&reference));
                    }
                    return Some(());
                }
                if !self.server_told {
                    self.server_told = true;
                    let role = match mode {
                        MODE_SERVER => "server",
                        MODE_BROADCAST => "broadcaster",
                        _ => "peer",
                    };
                    cx.evidence(sender.clone(), &ROLE, role);
                    if stratum < 16 {
                        cx.evidence(sender.clone(), &STRATUM, &stratum.to_string());
                        let name = match stratum {
                            1 => ascii(&reference),
                            _ => Ipv4Addr::from(reference).to_string(),
                        };
                        cx.evidence(sender, &REFERENCE, &name);
                    }
                }
                if !self.asked_told {
                    self.asked_told = true;
                    let stratum = stratum.to_string();
                    let version = version.to_string();
                    let entry = match mode {
                        MODE_SERVER => cx
                            .activity_by(cx.side().other(), Verb::Time, "client", "")
                            .outcome(Outcome::Success),
                        MODE_BROADCAST => cx.activity(Verb::Announce, "broadcast", ""),
                        _ => cx.activity(Verb::Time, "symmetric", ""),
                    };
                    entry.detail("stratum", &stratum).detail("version", &version);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// RFC 9327 2: response, error and more bits with the opcode, sequence, status, association, offset, count, text.
    fn control(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        let mut octets = Octets::new(bytes);
        let (Some([_, flags]), Some(_), Some(count)) =
            (octets.array::<2>(), octets.array::<8>(), octets.u16())
        else {
            return;
        };
        let opcode = flags & 0x1f;
        if flags & 0x80 == 0 {
            self.query(&format!("control {opcode}"), cx);
            return;
        }
        let text = octets.take(usize::from(count)).unwrap_or_else(|| octets.rest());
        // Fragments follow each other in almost all cases; what is out of order is merely not found.
        if matches!(opcode, 1 | 2) && self.control.len() < 2048 {
            self.control.extend(text.iter().take(1024));
        }
        if flags & 0x20 == 0 {
            let text = String::from_utf8_lossy(&std::mem::take(&mut self.control)).into_owned();
            variables(&text, cx);
        }
    }

    fn private(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        if let Some([first, _, _, request]) = bytes.first_chunk::<4>()
            && first & 0x80 == 0
        {
            self.query(&format!("private {request}"), cx);
        }
    }

    fn query(&mut self, what: &str, cx: &mut Context<'_>) {
        if self.queries < 16 {
            self.queries += 1;
            cx.activity(Verb::Query, what, "");
        }
    }
}

/// Lists of `name=value` or `name="value"`, separated by commas.
fn variables(text: &str, cx: &mut Context<'_>) {
    let sender = cx.sender();
    for (name, field) in [("version", &PROGRAM), ("system", &SYSTEM), ("processor", &PROCESSOR)] {
        let Some(value) = variable(text, name) else { continue };
        if !std::ptr::eq(field, &PROGRAM) {
            cx.evidence(sender.clone(), field, value);
        } else if let Some((program, rest)) = value.split_once(' ') {
            let version = rest.split(['@', ' ']).next().unwrap_or("");
            let known = version.starts_with(|c: char| c.is_ascii_digit());
            cx.software(sender.clone(), field, program, known.then_some(version));
        }
    }
}

fn variable<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (at, _) = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).unwrap_or("").trim_end();
        before.is_empty() || before.ends_with(',')
    })?;
    let value = text.get(at + name.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split(',').next().map(str::trim),
    }
}

fn ascii(bytes: &[u8; 4]) -> String {
    let printable = bytes.iter().all(|b| *b == 0 || b.is_ascii_graphic() || *b == b' ');
    if printable { clean_bytes(bytes) } else { hex(bytes) }
}

#[cfg(test)]
mod tests {
    use medward_model::{Outcome, Transport};

    use super::NTP;
    use crate::{Side, exercise};

    fn header(first: u8, stratum: u8, reference: &[u8; 4]) -> Vec<u8> {
        let mut bytes = vec![first, stratum, 6, 0xe9, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(reference);
        bytes.extend([0; 24]);
        bytes.extend([0xe0, 1, 2, 3, 4, 5, 6, 7]);
        bytes
    }

    #[test]
    fn a_client_asks_and_a_server_answers() {
        let (ask, answer) = (header(0x23, 0, &[0; 4]), header(0x24, 1, b"GPS\0"));
        let said = exercise(&NTP, Transport::Udp, &[(Side::Originator, &ask), (Side::Responder, &answer)]);
        assert_eq!(said.values("stratum"), ["1"]);
        assert_eq!(said.values("reference"), ["GPS"]);
        assert_eq!(
            said.values("client-form"),
            ["v4 leap 0 stratum 0 poll 6 precision -23 root zero reference zero"]
        );
        assert_eq!(said.activity.len(), 1);
        assert_eq!(said.activity[0].outcome, Outcome::Success);
        assert_eq!(said.activity[0].actor.port, 40000);
        for end in 0..ask.len() {
            exercise(&NTP, Transport::Udp, &[(Side::Originator, &ask), (Side::Originator, &ask[..end])]);
        }
    }

    #[test]
    fn control_answers_tell_the_program() {
        let text = b"version=\"ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)\",\r\nprocessor=\"x86_64\", system=\"Linux/5.10.0-8\", leap=0";
        let mut answer = vec![0x16, 0x82, 0, 1, 0, 0, 0, 0, 0, 0, 0, text.len() as u8];
        answer.extend(text);
        let ask = [0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let said = exercise(&NTP, Transport::Udp, &[(Side::Originator, &ask), (Side::Responder, &answer)]);
        assert_eq!(said.values("program"), ["ntpd 4.2.8p15"]);
        assert_eq!(said.values("system"), ["Linux/5.10.0-8"]);
        assert_eq!(said.values("processor"), ["x86_64"]);
    }
}
