//! Syslog: which host and program log, never what they log.
//!
//! Follows RFC 5424 6 (message: priority, version 1, time, host, application, process, message id, structured data), RFC 3164 4
//! (the older form: priority, time, host, tag), RFC 5426 (UDP) and RFC 6587 (TCP: octet counting 3.4.1, or one line a
//! message 3.4.2). Only the header is read; the message may hold anything, a patient's name too, and is dropped.
//!
//! Says, when the flow is over: the sender's host name and programs, but only where all lines of the flow carry the
//! same one host name: a relay sends others' lines. Enterprise numbers in structured data are facts. Activity: the
//! first line of each facility and severity, and the count of lines at the end.
//!
//! Limits: a relay of one single host is taken for it. Away from port 514 the header must be whole.

use std::net::IpAddr;

use medward_model::{Attribute, Field, Verb};

use super::octets::says_something;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

pub(super) static SYSLOG: Dissector = Dissector {
    name: "syslog",
    title: "Syslog",
    label: "syslog",
    group: Group::Infrastructure,
    specification: &["RFC 5424 6", "RFC 3164 4", "RFC 5426", "RFC 6587 3.4"],
    ports: &[514, 601, 1514],
    carrier: Carrier::Both { probe, session: || Box::new(Syslog::default()) },
    fields: &[&HOSTNAME, &PROGRAM, &ENTERPRISE, &FORM],
    basis: Basis::RealPeers,
};

static HOSTNAME: Field = Field::states(
    "hostname",
    Attribute::Hostname,
    82,
    "HOSTNAME, the same in all lines of a flow (RFC 5424 6.2.4, RFC 3164 4.1.2)",
);
static PROGRAM: Field = Field::states(
    "app-name",
    Attribute::Software,
    60,
    "APP-NAME, or TAG with a process id (RFC 5424 6.2.5, RFC 3164 4.1.3)",
);
static ENTERPRISE: Field =
    Field::fact("enterprise", "Private enterprise number of a structured data element (RFC 5424 6.3.2)");
static FORM: Field = Field::fact("form", "Form of the lines: rfc5424, rfc3164, or other");

const MAX_PROGRAMS: usize = 32;
/// Longest line held for its end over TCP; what is longer is skipped.
const MAX_LINE: usize = 8192;
const HEADER: usize = 1024;

/// The header of a line.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    priority: u8,
    form: &'static str,
    host: &'a str,
    program: &'a str,
    enterprise: Option<&'a str>,
}

/// `<` one to three digits up to 191 `>`; what follows.
fn priority(line: &str) -> Option<(u8, &str)> {
    let (digits, rest) = line.strip_prefix('<')?.split_once('>')?;
    let plain = !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit());
    let value = digits.parse::<u8>().ok().filter(|p| plain && *p <= 191)?;
    Some((value, rest))
}

fn read(line: &str) -> Option<Line<'_>> {
    let (priority, rest) = priority(line)?;
    if let Some(rest) = rest.strip_prefix("1 ") {
        let mut parts = rest.splitn(6, ' ');
        let time = parts.next()?;
        let host = parts.next()?;
        let program = parts.next()?;
        if time == "-" || time.as_bytes().get(4) == Some(&b'-') {
            let enterprise = parts.nth(2).and_then(|data| enterprise(data));
            return Some(Line {
                priority,
                form: "rfc5424",
                host: nil(host),
                program: nil(program),
                enterprise,
            });
        }
    }
    if let Some(rest) = after_time(rest) {
        let (host, program) = host_and_tag(rest);
        return Some(Line { priority, form: "rfc3164", host, program, enterprise: None });
    }
    Some(Line { priority, form: "other", host: "", program: "", enterprise: None })
}

fn nil(text: &str) -> &str {
    if text == "-" { "" } else { text }
}

/// `[name@32473 …`
fn enterprise(data: &str) -> Option<&str> {
    let id = data.strip_prefix('[')?.split([' ', ']']).next()?;
    let (_, number) = id.split_once('@')?;
    Some(number).filter(|n| (1..=10).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Behind `Mmm dd hh:mm:ss ` (RFC 3164 4.1.2), with the year that some add, or an RFC 3339 time.
fn after_time(text: &str) -> Option<&str> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let bytes = text.as_bytes();
    if MONTHS.iter().any(|month| text.starts_with(month)) {
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let at = |at: usize, b: u8| bytes.get(at) == Some(&b);
        if at(3, b' ') && digit(5) && at(6, b' ') {
            if digit(7) && at(9, b':') && at(12, b':') && digit(14) {
                return text.get(15..)?.strip_prefix(' ');
            }
            if digit(10) && at(11, b' ') && at(14, b':') && at(17, b':') {
                return text.get(20..)?.trim_start_matches(':').strip_prefix(' ');
            }
        }
        return None;
    }
    let (time, rest) = text.split_once(' ')?;
    let bytes = time.as_bytes();
    let iso = bytes.len() >= 19 && bytes.get(4) == Some(&b'-') && bytes.get(10) == Some(&b'T');
    iso.then_some(rest)
}

/// Host and program, only where the form is unmistakable: `host tag[pid]:`, or the kernel's tag, which has no process.
/// A word with a colon may be the message, and the word before it part of it.
fn host_and_tag(text: &str) -> (&str, &str) {
    let mut words = text.splitn(3, ' ');
    let (host, tag) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let Some(tag) = tag.strip_suffix(':') else { return ("", "") };
    let (name, process) = tag.split_once('[').unwrap_or((tag, ""));
    let numbered =
        process.strip_suffix(']').is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    if is_host(host) && is_program(name) && (numbered || matches!(name, "kernel" | "systemd")) {
        (host, name)
    } else {
        ("", "")
    }
}

fn is_host(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && text.parse::<IpAddr>().is_err()
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn is_program(text: &str) -> bool {
    (2..=48).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'%'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let usual = SYSLOG.ports.iter().any(|port| head.on_port(*port));
    // Octet counting puts the length in front.
    let counted = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let line = match bytes.get(counted) {
        None => return if counted <= 5 { Probe::NeedMore } else { Probe::NoMatch },
        Some(b' ') if (1..=5).contains(&counted) => bytes.get(counted + 1..).unwrap_or_default(),
        Some(b'<') if counted == 0 => bytes,
        _ => return Probe::NoMatch,
    };
    let text = String::from_utf8_lossy(line.get(..HEADER).unwrap_or(line));
    let Some((_, rest)) = priority(&text) else {
        let open = line.len() < 5
            && line.iter().enumerate().all(|(i, b)| if i == 0 { *b == b'<' } else { b.is_ascii_digit() });
        return if open { Probe::NeedMore } else { Probe::NoMatch };
    };
    if rest.starts_with("1 ") && read(&text).is_some_and(|l| l.form == "rfc5424")
        || after_time(rest).is_some()
    {
        return Probe::Match;
    }
    if rest.len() < 48 && !rest.contains('\n') && head.from_start && !usual {
        return Probe::NeedMore;
    }
    let printable = line.iter().take(64).all(|b| matches!(b, b'\t' | b'\r' | b'\n' | 0) || *b >= 0x20);
    Probe::when(usual && counted == 0 && printable && rest.len() > 1)
}

#[derive(Default)]
struct Syslog {
    host: Option<Box<str>>,
    several_hosts: bool,
    programs: Vec<Box<str>>,
    enterprises: Vec<Box<str>>,
    form: Option<&'static str>,
    /// One bit a priority.
    seen: [u64; 3],
    lines: u64,
    from: Option<Side>,
    /// After a gap: skip to the next line.
    lost: bool,
}

impl Session for Syslog {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if !cx.is_stream() {
            self.line(bytes, cx);
            return Progress::Consumed(bytes.len() as u64);
        }
        if self.lost {
            let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
                return Progress::Consumed(bytes.len() as u64);
            };
            self.lost = false;
            return Progress::Consumed(end as u64 + 1);
        }
        let counted = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        match bytes.get(counted) {
            Some(b' ') if (1..=5).contains(&counted) => {
                let digits = bytes.get(..counted).and_then(|d| std::str::from_utf8(d).ok());
                let Some(length) = digits.and_then(|d| d.parse::<usize>().ok()) else {
                    return Progress::GiveUp("syslog_count");
                };
                let whole = counted + 1 + length;
                let wanted = counted + 1 + length.min(HEADER);
                match bytes.get(counted + 1..wanted) {
                    Some(line) => {
                        self.line(line, cx);
                        Progress::Consumed(whole as u64)
                    }
                    None => Progress::Need(wanted),
                }
            }
            Some(_) if counted == 0 => match bytes.iter().position(|b| matches!(b, b'\n' | 0)) {
                Some(end) => {
                    self.line(bytes.get(..end).unwrap_or_default(), cx);
                    Progress::Consumed(end as u64 + 1)
                }
                None if bytes.len() >= MAX_LINE => {
                    self.line(bytes, cx);
                    self.lost = true;
                    Progress::Consumed(bytes.len() as u64)
                }
                None => Progress::Need(bytes.len() + 1),
            },
            None if counted <= 5 => Progress::Need(counted + 1),
            _ => Progress::GiveUp("syslog_count"),
        }
    }

    fn gap(&mut self, _: u64, _: &mut Context<'_>) -> Resync {
        self.lost = true;
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        let Some(from) = self.from else { return };
        let subject = cx.host(from);
        if let Some(form) = self.form {
            cx.evidence(subject.clone(), &FORM, form);
        }
        if let (Some(host), false) = (&self.host, self.several_hosts) {
            cx.evidence(subject.clone(), &HOSTNAME, host);
            for program in &self.programs {
                cx.software(subject.clone(), &PROGRAM, program, None);
            }
            for enterprise in &self.enterprises {
                cx.evidence(subject.clone(), &ENTERPRISE, enterprise);
            }
        }
        if self.lines > 1 {
            let relays = if self.several_hosts { "several" } else { "one" };
            cx.activity_by(from, Verb::Report, "lines", "")
                .detail("count", &self.lines.to_string())
                .detail("hosts", relays);
        }
    }
}

impl Syslog {
    fn line(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        let head = String::from_utf8_lossy(bytes.get(..HEADER).unwrap_or(bytes));
        let Some(line) = read(&head) else {
            if bytes.iter().any(|b| !b.is_ascii_whitespace()) {
                cx.weird("syslog_no_priority");
            }
            return;
        };
        self.from = Some(cx.side());
        self.lines = self.lines.saturating_add(1);
        self.form = Some(line.form);
        if is_host(line.host) && says_something(line.host) {
            match &self.host {
                None => self.host = Some(line.host.into()),
                Some(known) if **known != *line.host => self.several_hosts = true,
                Some(_) => {}
            }
        } else if line.host.parse::<IpAddr>().is_ok_and(|ip| ip != cx.flow().peer(cx.side()).host.ip) {
            self.several_hosts = true;
        }
        note(&mut self.programs, Some(line.program).filter(|p| is_program(p)), MAX_PROGRAMS);
        note(&mut self.enterprises, line.enterprise, 8);
        let bit = 1_u64 << (line.priority & 63);
        if let Some(word) = self.seen.get_mut(usize::from(line.priority >> 6))
            && *word & bit == 0
        {
            *word |= bit;
            let (facility, severity) = (line.priority >> 3, line.priority & 7);
            cx.activity(Verb::Report, "syslog", "")
                .detail("facility", &facility.to_string())
                .detail("severity", &severity.to_string());
        }
    }
}

fn note(list: &mut Vec<Box<str>>, item: Option<&str>, bound: usize) {
    if let Some(item) = item
        && list.len() < bound
        && !list.iter().any(|known| **known == *item)
    {
        list.push(item.into());
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::SYSLOG;
    use crate::{Side, exercise};

    const FROM: Side = Side::Originator;

    #[test]
    fn one_host_is_named_and_its_words_are_dropped() {
        let said = exercise(
            &SYSLOG,
            Transport::Udp,
            &[
                (FROM, b"<34>Oct 11 22:14:15 pump7 sshd[12]: Patient Jane Doe admitted"),
                (
                    FROM,
                    b"<34>1 2003-10-11T22:14:15.003Z pump7 infusiond - ID47 [example@32473 a=\"1\"] Jane Doe",
                ),
            ],
        );
        assert_eq!(said.values("hostname"), ["pump7"]);
        assert_eq!(said.values("app-name"), ["sshd", "infusiond"]);
        assert_eq!(said.values("enterprise"), ["32473"]);
        assert!(!format!("{said:?}").contains("Jane"));
        assert_eq!(said.activity.len(), 2);
    }

    #[test]
    fn a_relay_is_not_its_sources() {
        let said = exercise(
            &SYSLOG,
            Transport::Udp,
            &[(FROM, b"<34>Oct 11 22:14:15 a1 sshd[12]: x"), (FROM, b"<34>Oct 11 22:14:15 b1 sshd[12]: x")],
        );
        assert!(said.values("hostname").is_empty() && said.values("app-name").is_empty());
    }

    #[test]
    fn a_message_without_host_is_not_taken_for_one() {
        for line in [
            &b"<13>Oct 11 22:14:15 Doe: discharged"[..],
            b"<13>Oct 11 22:14:15 Jane Doe discharged",
            b"<13>Oct 11 22:14:15 Jane Doe: x",
        ] {
            let said = exercise(&SYSLOG, Transport::Udp, &[(FROM, line)]);
            assert!(said.values("hostname").is_empty() && said.values("app-name").is_empty());
        }
    }

    #[test]
    fn tcp_counts_octets_or_lines_under_any_split() {
        let counted = b"34 <34>Oct 11 22:14:15 pump7 a1[1]: x34 <34>Oct 11 22:14:15 pump7 b1[1]: y";
        let lines = b"<34>Oct 11 22:14:15 pump7 a1[1]: x\n<34>Oct 11 22:14:15 pump7 b1[1]: y\n";
        for bytes in [&counted[..], &lines[..]] {
            for at in 1..bytes.len() {
                let (a, b) = bytes.split_at(at);
                let said = exercise(&SYSLOG, Transport::Tcp, &[(FROM, a), (FROM, b)]);
                assert_eq!(said.values("app-name"), ["a1", "b1"], "{at}");
            }
        }
    }
}
