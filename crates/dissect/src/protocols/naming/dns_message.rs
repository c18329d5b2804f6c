//! DNS messages as RFC 1035, 4.1 lays them out, for DNS, mDNS, LLMNR and the NetBIOS name service.
//!
//! Tolerant and bounded: names are expanded into a fixed buffer of 255 bytes (RFC 1035, 2.3.4); a compression pointer
//! must lead to an earlier place than every pointer before it, so that reading ends; at most 1,000 entries are read.
//! Nothing is allocated.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Resource record types used here (RFC 1035, 3.2.2; RFC 2782; RFC 3596; RFC 1002, 4.2.1.3).
pub(super) mod kind {
    pub(in super::super) const A: u16 = 1;
    pub(in super::super) const CNAME: u16 = 5;
    pub(in super::super) const PTR: u16 = 12;
    pub(in super::super) const HINFO: u16 = 13;
    pub(in super::super) const TXT: u16 = 16;
    pub(in super::super) const AAAA: u16 = 28;
    pub(in super::super) const NB: u16 = 32;
    pub(in super::super) const NBSTAT: u16 = 33;
    pub(in super::super) const SRV: u16 = 33;
}

const HEADER: usize = 12;
const MOST_ENTRIES: usize = 1000;

/// A domain name, expanded: labels with their length in front, without the root label.
#[derive(Clone)]
pub(super) struct Name {
    wire: [u8; 255],
    length: usize,
}

impl Name {
    /// Reads the name at `at`; gives it with the offset behind it.
    pub(super) fn read(message: &[u8], at: usize) -> Option<(Name, usize)> {
        let mut name = Name { wire: [0; 255], length: 0 };
        let mut at = at;
        let mut end = None;
        let mut lowest = at;
        loop {
            let length = usize::from(*message.get(at)?);
            if length == 0 {
                return Some((name, end.unwrap_or(at + 1)));
            }
            if length & 0xc0 == 0xc0 {
                let pointer = (length & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                end = end.or(Some(at + 2));
                if pointer >= lowest {
                    return None;
                }
                lowest = pointer;
                at = pointer;
                continue;
            }
            if length > 63 {
                return None;
            }
            let label = message.get(at..at + 1 + length)?;
            name.wire.get_mut(name.length..name.length + 1 + length)?.copy_from_slice(label);
            name.length += 1 + length;
            at += 1 + length;
        }
    }

    /// The labels from the left.
    pub(super) fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.wire.get(..self.length).unwrap_or_default();
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first()?;
            let (label, tail) = tail.split_at_checked(usize::from(*length))?;
            rest = tail;
            Some(label)
        })
    }

    /// Labels with dots between; dots inside a label are written `\.`. The root is empty.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.length);
        for label in self.labels() {
            if !text.is_empty() {
                text.push('.');
            }
            match std::str::from_utf8(label) {
                Ok(label) if !label.contains('.') => text.push_str(label),
                Ok(label) => text.push_str(&label.replace('.', "\\.")),
                Err(_) => text.extend(label.iter().map(|b| char::from(*b))),
            }
        }
        text
    }

    /// The same in lower case, for names that are compared (RFC 4343).
    pub(super) fn lower(&self) -> String {
        let mut text = self.text();
        text.make_ascii_lowercase();
        text
    }

    /// Whether the last labels are these, whatever their case.
    pub(super) fn ends_with(&self, labels: &[&str]) -> bool {
        let count = self.labels().count();
        count >= labels.len()
            && self
                .labels()
                .skip(count - labels.len())
                .zip(labels)
                .all(|(label, wanted)| label.eq_ignore_ascii_case(wanted.as_bytes()))
    }
}

/// A question (RFC 1035, 4.1.2).
pub(super) struct Question {
    pub(super) name: Name,
    pub(super) kind: u16,
    pub(super) class: u16,
}

/// Which part of the message a record stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Answer,
    Authority,
    Additional,
}

/// A resource record (RFC 1035, 4.1.3).
pub(super) struct Record<'a> {
    message: &'a [u8],
    at: usize,
    pub(super) section: Section,
    pub(super) name: Name,
    pub(super) kind: u16,
    pub(super) class: u16,
    pub(super) ttl: u32,
    pub(super) data: &'a [u8],
}

impl<'a> Record<'a> {
    /// Of an A or AAAA record.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.kind {
            kind::A => Some(Ipv4Addr::from(*self.data.first_chunk::<4>()?).into()),
            kind::AAAA => Some(Ipv6Addr::from(*self.data.first_chunk::<16>()?).into()),
            _ => None,
        }
    }

    /// The name `skip` bytes into the data: of PTR, CNAME, NS (0), MX (2), SRV (6).
    pub(super) fn target(&self, skip: usize) -> Option<Name> {
        if skip >= self.data.len() {
            return None;
        }
        Name::read(self.message, self.at + skip).map(|(name, _)| name)
    }

    /// The character strings of TXT or HINFO (RFC 1035, 3.3).
    pub(super) fn strings(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.data;
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first()?;
            let (text, tail) = tail.split_at_checked(usize::from(*length))?;
            rest = tail;
            Some(text)
        })
    }
}

/// A question or a record.
pub(super) enum Entry<'a> {
    Question(Question),
    Record(Record<'a>),
}

/// A message with its header read (RFC 1035, 4.1.1).
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    pub(super) id: u16,
    flags: u16,
    /// Questions, answers, authority records, additional records as counted by the header.
    pub(super) counts: [u16; 4],
}

impl<'a> Message<'a> {
    /// Reads the header.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Message<'a>> {
        let header = bytes.first_chunk::<HEADER>()?;
        let word = |at: usize| {
            u16::from_be_bytes([
                header.get(at).copied().unwrap_or(0),
                header.get(at + 1).copied().unwrap_or(0),
            ])
        };
        Some(Message { bytes, id: word(0), flags: word(2), counts: [word(4), word(6), word(8), word(10)] })
    }

    pub(super) fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub(super) fn opcode(&self) -> u16 {
        self.flags >> 11 & 0xf
    }

    pub(super) fn rcode(&self) -> u16 {
        self.flags & 0xf
    }

    /// Bit 6 of the flags: must be zero (RFC 1035, 4.1.1); the NetBIOS name service has its own use for it.
    pub(super) fn reserved_bit(&self) -> bool {
        self.flags & 0x40 != 0
    }

    /// Truncated (TC).
    pub(super) fn is_truncated(&self) -> bool {
        self.flags & 0x200 != 0
    }

    /// Bit 4 of the flags: broadcast, in the NetBIOS name service (RFC 1002, 4.2.1.1).
    pub(super) fn is_broadcast(&self) -> bool {
        self.flags & 0x10 != 0
    }

    /// The questions, then the records, in order; ends early where the message is broken.
    pub(super) fn entries(&self) -> Entries<'a> {
        Entries { message: *self, at: HEADER, read: [0; 4], total: 0, broken: false }
    }

    /// The first question.
    pub(super) fn question(&self) -> Option<Question> {
        match self.entries().next() {
            Some(Entry::Question(question)) => Some(question),
            _ => None,
        }
    }

    /// Whether the message can be read from front to end and says something: for probes.
    pub(super) fn is_whole(&self) -> bool {
        let mut entries = self.entries();
        let count = entries.by_ref().count();
        count > 0 && !entries.broken && (entries.at == self.bytes.len() || self.is_truncated())
    }
}

/// Reads a message entry by entry.
pub(super) struct Entries<'a> {
    message: Message<'a>,
    at: usize,
    read: [u16; 4],
    total: usize,
    broken: bool,
}

impl<'a> Entries<'a> {
    /// The message could not be read to its end.
    pub(super) fn broken(&self) -> bool {
        self.broken
    }

    fn step(&mut self, section: usize) -> Option<Entry<'a>> {
        let bytes = self.message.bytes;
        let (name, at) = Name::read(bytes, self.at)?;
        let fixed = bytes.get(at..at + 4)?;
        let &[k1, k0, c1, c0] = fixed.first_chunk::<4>()?;
        let (kind, class) = (u16::from_be_bytes([k1, k0]), u16::from_be_bytes([c1, c0]));
        if section == 0 {
            self.at = at + 4;
            return Some(Entry::Question(Question { name, kind, class }));
        }
        let &[t3, t2, t1, t0, l1, l0] = bytes.get(at + 4..at + 10)?.first_chunk::<6>()?;
        let length = usize::from(u16::from_be_bytes([l1, l0]));
        let at = at + 10;
        let data = bytes.get(at..at + length)?;
        self.at = at + length;
        Some(Entry::Record(Record {
            message: bytes,
            at,
            section: match section {
                1 => Section::Answer,
                2 => Section::Authority,
                _ => Section::Additional,
            },
            name,
            kind,
            class,
            ttl: u32::from_be_bytes([t3, t2, t1, t0]),
            data,
        }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.broken {
            return None;
        }
        let section = self.read.iter().zip(&self.message.counts).position(|(read, count)| read < count)?;
        if self.total >= MOST_ENTRIES {
            return None;
        }
        let entry = self.step(section);
        if entry.is_none() {
            self.broken = true;
        }
        self.total += 1;
        if let Some(read) = self.read.get_mut(section) {
            *read += 1;
        }
        entry
    }
}

/// The mnemonic of a record or question type, else its number as RFC 3597 writes it.
pub(super) fn kind_name(kind: u16) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        other => return Cow::Owned(format!("TYPE{other}")),
    })
}

/// The mnemonic of a response code (RFC 6895, 2.3).
pub(super) fn rcode_name(rcode: u16) -> Cow<'static, str> {
    Cow::Borrowed(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        other => return Cow::Owned(format!("RCODE{other}")),
    })
}

#[cfg(test)]
pub(super) mod build {
    //! Puts messages together for tests.

    /// A name in wire form, without compression.
    pub(in super::super) fn name(text: &str) -> Vec<u8> {
        let mut wire = Vec::new();
        for label in text.split('.').filter(|l| !l.is_empty()) {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        wire
    }

    /// A header with these flags and counts.
    pub(in super::super) fn header(id: u16, flags: u16, counts: [u16; 4]) -> Vec<u8> {
        let mut wire = Vec::new();
        for word in [id, flags].into_iter().chain(counts) {
            wire.extend_from_slice(&word.to_be_bytes());
        }
        wire
    }

    pub(in super::super) fn question(text: &str, kind: u16, class: u16) -> Vec<u8> {
        [name(text), kind.to_be_bytes().to_vec(), class.to_be_bytes().to_vec()].concat()
    }

    pub(in super::super) fn record(owner: &str, kind: u16, class: u16, data: &[u8]) -> Vec<u8> {
        let mut wire = question(owner, kind, class);
        wire.extend_from_slice(&120_u32.to_be_bytes());
        wire.extend_from_slice(&(data.len() as u16).to_be_bytes());
        wire.extend_from_slice(data);
        wire
    }

    /// TXT data of these strings.
    pub(in super::super) fn txt(strings: &[&str]) -> Vec<u8> {
        strings.iter().flat_map(|s| std::iter::once(s.len() as u8).chain(s.bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Message, Name, build};
    use proptest::prelude::*;

    #[test]
    fn names_follow_pointers_backwards_only() {
        let mut bytes = build::name("a.example");
        let at = bytes.len();
        bytes.extend_from_slice(&[1, b'b', 0xc0, 0x02]);
        let (name, end) = Name::read(&bytes, at).expect("a name");
        assert_eq!((name.text().as_str(), end), ("b.example", at + 4));
        assert!(Name::read(&[0xc0, 0x00], 0).is_none(), "points at itself");
        assert!(Name::read(&[0xc0, 0x02, 0xc0, 0x00], 2).is_none(), "a loop");
    }

    #[test]
    fn a_name_of_more_than_255_bytes_is_refused() {
        let label = [&[63_u8][..], &[b'x'; 63]].concat();
        let bytes = [label.repeat(4), vec![0]].concat();
        assert!(Name::read(&bytes, 0).is_none());
    }

    #[test]
    fn a_message_is_whole_or_not() {
        let whole = [build::header(1, 0x0100, [1, 0, 0, 0]), build::question("x.y", 1, 1)].concat();
        let message = Message::read(&whole).expect("a header");
        assert!(message.is_whole());
        let cut = Message::read(&whole[..whole.len() - 1]).expect("a header");
        assert!(!cut.is_whole());
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Some(message) = Message::read(&bytes) {
                for entry in message.entries() {
                    if let Entry::Record(record) = entry {
                        let _ = (record.address(), record.target(0), record.strings().count(), record.name.text());
                    }
                }
            }
        }
    }
}
