//! The shape of NetFlow and IPFIX messages: heads, templates, records.
//!
//! NetFlow version 5 and 7 have records of a fixed shape (Cisco, "NetFlow Export Datagram Format"). In version 9 (RFC 3954, 5) and
//! IPFIX (RFC 7011, 3) the exporter sends templates first, which belong to its address and observation domain, and records
//! then are fields of the lengths that the template says, or of lengths written in front (RFC 7011, 7).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use medward_model::Timestamp;

/// Exporters and domains whose templates are kept; the longest unheard gives way.
const EXPORTERS: usize = 256;
/// Fields of all templates of one exporter and domain.
const FIELDS: usize = 16_384;
/// Fields of one template.
const LONGEST: usize = 512;
/// A length that stands in front of each value.
const VARIABLE: u16 = u16::MAX;
/// Scopes of version 9 have numbers of their own (RFC 3954, 6.1); no enterprise has this one.
const SCOPE: u32 = u32::MAX;

/// What the head of a message says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub version: u16,
    /// Observation domain, source id, or type and number of the engine.
    pub domain: u32,
    /// By the exporter's clock, in nanoseconds since 1970.
    pub sent: i64,
    /// Milliseconds since the exporter started; not told in IPFIX.
    pub uptime: Option<u32>,
    /// Version 5: mode and interval; 0 elsewhere.
    pub sampling: u16,
}

/// A field of a template: number, enterprise (0 for IANA's own), length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub enterprise: u32,
    pub number: u16,
    length: u16,
}

#[derive(Debug)]
struct Template {
    specs: Box<[Spec]>,
    options: bool,
}

#[derive(Debug, Default)]
struct Exporter {
    templates: BTreeMap<u16, Template>,
    heard: Timestamp,
}

/// Templates of all exporters, bounded.
#[derive(Debug, Default)]
pub(super) struct Templates(BTreeMap<(SocketAddr, u32, u16), Exporter>);

/// A record with the template that explains it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    specs: &'a [Spec],
    bytes: &'a [u8],
    /// It is about the exporter, not about a flow.
    pub options: bool,
}

impl<'a> Record<'a> {
    /// Fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (Spec, &'a [u8])> {
        let mut rest = self.bytes;
        self.specs.iter().map_while(move |spec| {
            let (value, after) = value(*spec, rest)?;
            rest = after;
            Some((*spec, value))
        })
    }
}

/// The value of a field at the front of `bytes`, and what follows.
fn value(spec: Spec, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if spec.length != VARIABLE {
        return bytes.split_at_checked(usize::from(spec.length));
    }
    match bytes {
        [255, high, low, rest @ ..] => rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))),
        [255, ..] | [] => None,
        [length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
    }
}

/// Bytes of the record at the front; none where it is cut off.
fn size(specs: &[Spec], bytes: &[u8]) -> Option<usize> {
    let rest = specs.iter().try_fold(bytes, |rest, spec| value(*spec, rest).map(|(_, after)| after))?;
    Some(bytes.len() - rest.len())
}

/// Reads numbers from the front.
#[derive(Clone, Copy)]
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*front)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }
}

fn unix(seconds: u32, nanos: u32) -> i64 {
    i64::from(seconds) * 1_000_000_000 + i64::from(nanos.min(999_999_999))
}

/// The fields of a record of version 5 and 7: numbers and lengths by IANA's list, 0 for those of no use.
const FIXED: &[(u16, u16)] = &[
    (8, 4),
    (12, 4),
    (15, 4),
    (10, 2),
    (14, 2),
    (2, 4),
    (1, 4),
    (22, 4),
    (21, 4),
    (7, 2),
    (11, 2),
    (0, 1),
    (6, 1),
    (4, 1),
    (5, 1),
    (16, 2),
    (17, 2),
    (9, 1),
    (13, 1),
    (0, 2),
];

impl Templates {
    /// Reads a message. Every record is handed to `each`, what is odd is named to `weird`.
    pub fn read(
        &mut self,
        from: SocketAddr,
        now: Timestamp,
        bytes: &[u8],
        mut each: impl FnMut(Record<'_>),
        weird: &mut dyn FnMut(&'static str),
    ) -> Option<Head> {
        let mut words = Words(bytes);
        let version = words.u16()?;
        match version {
            5 | 7 => fixed(version, words, each, weird),
            9 => {
                let _count = words.u16()?;
                let (uptime, seconds) = (words.u32()?, words.u32()?);
                let (_sequence, domain) = (words.u32()?, words.u32()?);
                let head =
                    Head { version, domain, sent: unix(seconds, 0), uptime: Some(uptime), sampling: 0 };
                self.sets(from, now, &head, words, &mut each, weird);
                Some(head)
            }
            10 => {
                let length = usize::from(words.u16()?);
                let seconds = words.u32()?;
                let (_sequence, domain) = (words.u32()?, words.u32()?);
                let head = Head { version, domain, sent: unix(seconds, 0), uptime: None, sampling: 0 };
                let body = length.checked_sub(16).and_then(|length| words.take(length));
                if body.is_none() {
                    weird("netflow_malformed");
                }
                self.sets(from, now, &head, Words(body.unwrap_or(words.0)), &mut each, weird);
                Some(head)
            }
            _ => None,
        }
    }

    fn sets(
        &mut self,
        from: SocketAddr,
        now: Timestamp,
        head: &Head,
        mut words: Words<'_>,
        each: &mut impl FnMut(Record<'_>),
        weird: &mut dyn FnMut(&'static str),
    ) {
        let key = (from, head.domain, head.version);
        if let Some(exporter) = self.0.get_mut(&key) {
            exporter.heard = now;
        }
        while let (Some(id), Some(length)) = (words.u16(), words.u16()) {
            let Some(content) = usize::from(length).checked_sub(4).and_then(|length| words.take(length))
            else {
                return weird("netflow_malformed");
            };
            let content = Words(content);
            let understood = match (head.version, id) {
                (9, 0) => self.templates(key, now, content, Shape::V9),
                (9, 1) => self.templates(key, now, content, Shape::V9Options),
                (10, 2) => self.templates(key, now, content, Shape::Ipfix),
                (10, 3) => self.templates(key, now, content, Shape::IpfixOptions),
                (_, 256..) => {
                    let template = self.0.get(&key).and_then(|exporter| exporter.templates.get(&id));
                    match template {
                        Some(template) => records(template, content.0, each, weird),
                        None => weird("netflow_no_template"),
                    }
                    Some(())
                }
                _ => {
                    weird("netflow_unknown_set");
                    Some(())
                }
            };
            if understood.is_none() {
                weird("netflow_malformed");
            }
        }
    }

    /// Takes the templates of a set. None where one is cut off.
    fn templates(
        &mut self,
        key: (SocketAddr, u32, u16),
        now: Timestamp,
        mut words: Words<'_>,
        shape: Shape,
    ) -> Option<()> {
        // What is shorter than a head is padding.
        while words.0.len() >= 4 {
            let id = words.u16()?;
            let (fields, scopes) = match shape {
                Shape::V9 | Shape::Ipfix => (usize::from(words.u16()?), 0),
                Shape::V9Options => {
                    let (scopes, options) = (usize::from(words.u16()?) / 4, usize::from(words.u16()?) / 4);
                    (scopes + options, scopes)
                }
                // A withdrawal has no count of scopes (RFC 7011, 8.1).
                Shape::IpfixOptions => match words.u16()? {
                    0 => (0, 0),
                    fields => (usize::from(fields), usize::from(words.u16()?)),
                },
            };
            if fields == 0 {
                self.withdraw(key, id);
                continue;
            }
            if id < 256 || fields > LONGEST {
                return None;
            }
            let mut specs = Vec::with_capacity(fields);
            for at in 0..fields {
                let (number, length) = (words.u16()?, words.u16()?);
                let ipfix = matches!(shape, Shape::Ipfix | Shape::IpfixOptions);
                let enterprise = match (ipfix, number & 0x8000 != 0) {
                    (true, true) => words.u32()?,
                    (false, _) if at < scopes => SCOPE,
                    _ => 0,
                };
                let number = if ipfix { number & 0x7fff } else { number };
                specs.push(Spec { enterprise, number, length });
            }
            let options = matches!(shape, Shape::V9Options | Shape::IpfixOptions);
            self.keep(key, now, id, Template { specs: specs.into(), options });
        }
        Some(())
    }

    fn keep(&mut self, key: (SocketAddr, u32, u16), now: Timestamp, id: u16, template: Template) {
        if self.0.len() >= EXPORTERS && !self.0.contains_key(&key) {
            let silent = self.0.iter().min_by_key(|(_, exporter)| exporter.heard).map(|(key, _)| *key);
            silent.map(|silent| self.0.remove(&silent));
        }
        let exporter = self.0.entry(key).or_default();
        exporter.heard = now;
        exporter.templates.remove(&id);
        let held: usize = exporter.templates.values().map(|template| template.specs.len()).sum();
        if held + template.specs.len() > FIELDS {
            // They come again in time.
            exporter.templates.clear();
        }
        exporter.templates.insert(id, template);
    }

    /// Ids 2 and 3 stand for all of their kind (RFC 7011, 8.1).
    fn withdraw(&mut self, key: (SocketAddr, u32, u16), id: u16) {
        let Some(exporter) = self.0.get_mut(&key) else { return };
        match id {
            2 | 3 => exporter.templates.retain(|_, template| template.options != (id == 3)),
            _ => {
                exporter.templates.remove(&id);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Shape {
    V9,
    V9Options,
    Ipfix,
    IpfixOptions,
}

fn records(
    template: &Template,
    mut content: &[u8],
    each: &mut impl FnMut(Record<'_>),
    weird: &mut dyn FnMut(&'static str),
) {
    while let Some(size) = size(&template.specs, content).filter(|size| *size > 0) {
        let Some((bytes, rest)) = content.split_at_checked(size) else { return };
        each(Record { specs: &template.specs, bytes, options: template.options });
        content = rest;
    }
    // Padding to four bytes, or to eight as some do.
    if content.len() >= 8 || content.iter().any(|byte| *byte != 0) {
        weird("netflow_malformed");
    }
}

/// Versions 5 and 7. None where the head is cut off.
fn fixed(
    version: u16,
    mut words: Words<'_>,
    mut each: impl FnMut(Record<'_>),
    weird: &mut dyn FnMut(&'static str),
) -> Option<Head> {
    let count = words.u16()?;
    let (uptime, seconds, nanos) = (words.u32()?, words.u32()?, words.u32()?);
    let _sequence = words.u32()?;
    let [kind, engine, high, low] = words.array::<4>()?;
    let five = version == 5;
    let head = Head {
        version,
        domain: if five { u32::from(kind) << 8 | u32::from(engine) } else { 0 },
        sent: unix(seconds, nanos),
        uptime: Some(uptime),
        sampling: if five { u16::from_be_bytes([high, low]) } else { 0 },
    };
    let specs: Vec<Spec> = FIXED
        .iter()
        .map(|(number, length)| Spec { enterprise: 0, number: *number, length: *length })
        .collect();
    // In version 7 the address of the router that was bypassed follows.
    let length = if five { 48 } else { 52 };
    for _ in 0..count {
        let Some(bytes) = words.take(length) else {
            weird("netflow_malformed");
            break;
        };
        each(Record { specs: &specs, bytes, options: false });
    }
    Some(head)
}
