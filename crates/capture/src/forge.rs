//! Captures made for tests.

use medward_model::Timestamp;
use medward_wire::LinkType;

use crate::read_all_from;

/// A frame as read back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub time: i64,
    pub link: LinkType,
    pub bytes: Vec<u8>,
    pub original: u32,
}

pub(crate) fn seen(bytes: &[u8]) -> (Vec<Seen>, medward_model::CaptureFile) {
    let mut frames = Vec::new();
    let file = read_all_from(bytes, |frame| {
        assert_eq!(frame.number, frames.len() as u64 + 1);
        frames.push(Seen {
            time: frame.time.as_nanos(),
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            original: frame.original,
        });
    });
    (frames, file)
}

/// Writes numbers in one byte order.
pub(crate) struct Forge {
    pub big: bool,
    pub bytes: Vec<u8>,
}

impl Forge {
    pub fn put16(&mut self, number: u16) {
        let two = if self.big { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend_from_slice(&two);
    }

    pub fn put32(&mut self, number: u32) {
        let four = if self.big { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend_from_slice(&four);
    }

    /// A pcap file header.
    pub fn pcap(big: bool, magic: u32, network: u32) -> Forge {
        let mut forge = Forge { big, bytes: Vec::new() };
        forge.pcap_header(magic, network);
        forge
    }

    pub fn pcap_header(&mut self, magic: u32, network: u32) {
        self.put32(magic);
        self.put16(2);
        self.put16(4);
        for word in [0, 0, 65535, network] {
            self.put32(word);
        }
    }

    pub fn record(&mut self, seconds: u32, fraction: u32, bytes: &[u8], original: u32) {
        for word in [seconds, fraction, bytes.len() as u32, original] {
            self.put32(word);
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// A pcapng section header.
    pub fn section(&mut self, options: &[(u16, &[u8])]) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        body.put32(0x1a2b_3c4d);
        body.put16(1);
        body.put16(0);
        body.bytes.extend_from_slice(&[0xff; 8]);
        body.fields(options);
        self.block(0x0a0d_0d0a, &body.bytes);
    }

    pub fn interface(&mut self, link: u16, snap: u32, options: &[(u16, &[u8])]) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        body.put16(link);
        body.put16(0);
        body.put32(snap);
        body.fields(options);
        self.block(1, &body.bytes);
    }

    pub fn enhanced(&mut self, interface: u32, units: u64, bytes: &[u8], original: u32) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        for word in [interface, (units >> 32) as u32, units as u32, bytes.len() as u32, original] {
            body.put32(word);
        }
        body.padded(bytes);
        self.block(6, &body.bytes);
    }

    pub fn obsolete(&mut self, interface: u16, units: u64, bytes: &[u8], original: u32) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        body.put16(interface);
        body.put16(0);
        for word in [(units >> 32) as u32, units as u32, bytes.len() as u32, original] {
            body.put32(word);
        }
        body.padded(bytes);
        self.block(2, &body.bytes);
    }

    pub fn simple(&mut self, bytes: &[u8], original: u32) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        body.put32(original);
        body.padded(bytes);
        self.block(3, &body.bytes);
    }

    pub fn names(&mut self, records: &[(u16, &[u8])]) {
        let mut body = Forge { big: self.big, bytes: Vec::new() };
        body.fields(records);
        self.block(4, &body.bytes);
    }

    pub fn block(&mut self, kind: u32, body: &[u8]) {
        let total = body.len() as u32 + 12;
        self.put32(kind);
        self.put32(total);
        self.bytes.extend_from_slice(body);
        self.put32(total);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn fields(&mut self, fields: &[(u16, &[u8])]) {
        for (code, value) in fields {
            self.put16(*code);
            self.put16(value.len() as u16);
            self.padded(value);
        }
        if !fields.is_empty() {
            self.put32(0);
        }
    }
}

/// A pcap file with a packet at each of these seconds; the packets hold `mark` and their index.
pub(crate) fn at_seconds(mark: u8, seconds: &[u32]) -> Vec<u8> {
    let mut writer = crate::PcapWriter::new(Vec::new(), LinkType::Ethernet).expect("memory");
    for (index, second) in seconds.iter().enumerate() {
        let time = Timestamp::from_parts(i64::from(*second), 0);
        writer.write(time, &[mark, index as u8], 60).expect("memory");
    }
    writer.finish().expect("memory")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("a parameter");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
