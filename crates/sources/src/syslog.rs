//! Syslog as devices send it to a collector: which host and program log, never what they log.
//!
//! Follows RFC 5424 6 (priority, version 1, time, host, application, process, message id, structured data) and RFC 3164 4 (priority,
//! time, host, tag), over UDP (RFC 5426). Only the head of a line is read; the message may hold anything, a patient's name
//! too, and is dropped.
//!
//! Says of the sender: host name and programs, where all its lines carry the same host name; a relay passes on lines of
//! others, and where such a line names its host by address, the program is told of that address.
//!
//! Limits: a relay of one single host is taken for it. A sender is told of after sixteen lines, or a minute.

use std::collections::BTreeMap;
use std::net::IpAddr;

use medward_model::{Attribute, Field, Subject, Timestamp};

use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static SYSLOG_LOG: Source = Source {
    name: "syslog-log",
    title: "Syslog received from devices",
    specification: &["RFC 5424 6", "RFC 3164 4", "RFC 5426"],
    carrier: Carrier::Datagrams { ports: &[514, 5514] },
    fields: &[&HOST_NAME, &PROGRAM, &ENTERPRISE],
    make: || Box::<Syslog>::default(),
};

static HOST_NAME: Field = Field::states(
    "hostname",
    Attribute::Hostname,
    82,
    "HOSTNAME, the same in all lines of a sender (RFC 5424 6.2.4, RFC 3164 4.1.2)",
);
static PROGRAM: Field = Field::states(
    "app-name",
    Attribute::Software,
    60,
    "APP-NAME, or TAG with a process id (RFC 5424 6.2.5, RFC 3164 4.1.3)",
);
static ENTERPRISE: Field =
    Field::fact("enterprise", "Private enterprise number of a structured data element (RFC 5424 6.3.2)");

/// Senders that are followed; beyond it the smallest addresses give way.
const SENDERS: usize = 4096;
const PROGRAMS: usize = 16;
/// Bytes of a line that may belong to its head.
const HEAD: usize = 1024;
/// Lines, or seconds, after which the sender's host name is believed.
const ENOUGH: u64 = 16;
const LONG: i64 = 60;

#[derive(Default)]
struct Syslog {
    senders: BTreeMap<IpAddr, Sender>,
    told: Told,
}

/// What the lines of a sender have in common.
struct Sender {
    host: Option<Box<str>>,
    several: bool,
    programs: Vec<Box<str>>,
    enterprises: Vec<Box<str>>,
    lines: u64,
    since: Timestamp,
}

/// The head of a line.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    host: &'a str,
    program: &'a str,
    enterprise: Option<&'a str>,
}

impl SourceSession for Syslog {
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>) {
        let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes));
        let Some(line) = read(&head) else {
            if !bytes.trim_ascii().is_empty() {
                report.weird("syslog_log_no_priority");
            }
            return;
        };
        let from = report.from.ip();
        if let Ok(spoken_of) = line.host.parse::<IpAddr>()
            && spoken_of != from
        {
            self.sender(from, report.now).several = true;
            if is_program(line.program)
                && self.told.first(&(spoken_of, PROGRAM.name, line.program), report.now)
            {
                report.software(Subject::Ip(spoken_of), &PROGRAM, line.program);
            }
            return;
        }
        let sender = self.sender(from, report.now);
        sender.lines = sender.lines.saturating_add(1);
        if is_host(line.host) {
            match &sender.host {
                None => sender.host = Some(line.host.into()),
                Some(known) if **known != *line.host => sender.several = true,
                Some(_) => {}
            }
        }
        note(&mut sender.programs, Some(line.program).filter(|program| is_program(program)));
        note(&mut sender.enterprises, line.enterprise);
        if sender.lines >= ENOUGH {
            self.tell(from, report);
        }
    }

    fn tick(&mut self, report: &mut Report<'_>) {
        let old = |sender: &Sender| report.now.seconds_since(sender.since) >= LONG;
        let due: Vec<IpAddr> =
            self.senders.iter().filter(|(_, sender)| old(sender)).map(|(from, _)| *from).collect();
        for from in due {
            self.tell(from, report);
        }
    }

    fn end(&mut self, report: &mut Report<'_>) {
        let all: Vec<IpAddr> = self.senders.keys().copied().collect();
        for from in all {
            self.tell(from, report);
        }
    }
}

impl Syslog {
    fn sender(&mut self, from: IpAddr, now: Timestamp) -> &mut Sender {
        if self.senders.len() >= SENDERS && !self.senders.contains_key(&from) {
            self.senders.pop_first();
        }
        self.senders.entry(from).or_insert_with(|| Sender {
            host: None,
            several: false,
            programs: Vec::new(),
            enterprises: Vec::new(),
            lines: 0,
            since: now,
        })
    }

    fn tell(&mut self, from: IpAddr, report: &mut Report<'_>) {
        let Some(Sender { host: Some(host), several: false, programs, enterprises, .. }) =
            self.senders.get(&from)
        else {
            return;
        };
        let subject = || Subject::Ip(from);
        if self.told.first(&(from, HOST_NAME.name, host), report.now) {
            report.evidence(subject(), &HOST_NAME, host);
        }
        for program in programs {
            if self.told.first(&(from, PROGRAM.name, program), report.now) {
                report.software(subject(), &PROGRAM, program);
            }
        }
        for enterprise in enterprises {
            if self.told.first(&(from, ENTERPRISE.name, enterprise), report.now) {
                report.evidence(subject(), &ENTERPRISE, enterprise);
            }
        }
    }
}

fn note(list: &mut Vec<Box<str>>, item: Option<&str>) {
    if let Some(item) = item
        && list.len() < PROGRAMS
        && !list.iter().any(|known| **known == *item)
    {
        list.push(item.into());
    }
}

fn read(line: &str) -> Option<Line<'_>> {
    let (digits, rest) = line.strip_prefix('<')?.split_once('>')?;
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // 23 facilities, 8 severities.
    digits.parse::<u8>().ok().filter(|priority| *priority <= 191)?;
    if let Some(rest) = rest.strip_prefix("1 ") {
        let mut parts = rest.splitn(6, ' ');
        let (time, host, program) = (parts.next()?, parts.next()?, parts.next()?);
        if time == "-" || time.as_bytes().get(4) == Some(&b'-') {
            let nil = |text| if text == "-" { "" } else { text };
            let enterprise = parts.nth(2).and_then(enterprise);
            return Some(Line { host: nil(host), program: nil(program), enterprise });
        }
    }
    let (host, program) = after_time(rest).map_or(("", ""), host_and_tag);
    Some(Line { host, program, enterprise: None })
}

/// `[name@32473 …` among the elements of the structured data, which end before the message.
fn enterprise(data: &str) -> Option<&str> {
    let elements = data.strip_prefix('[')?;
    let elements = elements.split_once("] ").map_or(elements, |(elements, _)| elements);
    elements.split("][").find_map(|element| {
        let (_, number) = element.split([' ', ']']).next()?.split_once('@')?;
        Some(number).filter(|n| (1..=10).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// Behind `Mmm dd hh:mm:ss ` (RFC 3164 4.1.2), with the year that some add, or a time of RFC 3339.
fn after_time(text: &str) -> Option<&str> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if MONTHS.iter().any(|month| text.starts_with(month)) {
        let clock = |word: &str| word.len() >= 8 && word.split(':').count() >= 3;
        // Mmm, day (after one blank or two), perhaps a year, time.
        let mut rest = text.get(3..)?.strip_prefix(' ')?.trim_start();
        for _ in 0..3 {
            let (word, after) = rest.split_once(' ')?;
            if clock(word) {
                return Some(after);
            }
            if word.is_empty() || word.len() > 4 || !word.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            rest = after;
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
    let known = is_host(host) || host.parse::<IpAddr>().is_ok();
    if known && is_program(name) && (numbered || matches!(name, "kernel" | "systemd")) {
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
        && !text.eq_ignore_ascii_case("localhost")
}

fn is_program(text: &str) -> bool {
    (2..=48).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'%'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}
