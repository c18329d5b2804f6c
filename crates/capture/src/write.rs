//! Writing a classic pcap file.

use std::io::{self, Write};

use medward_model::Timestamp;
use medward_wire::LinkType;

/// Writes a classic pcap file with nanoseconds, little-endian, for tests and tools that make captures.
///
/// Times are written as whole seconds since 1970 up to the year 2106; a time outside of that is put at the nearer end.
#[derive(Debug)]
pub struct PcapWriter<W: Write> {
    sink: W,
}

impl<W: Write> PcapWriter<W> {
    /// Writes the file header. One file holds frames of one link type.
    pub fn new(mut sink: W, link: LinkType) -> io::Result<PcapWriter<W>> {
        let mut header = Vec::with_capacity(24);
        header.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
        header.extend_from_slice(&2u16.to_le_bytes());
        header.extend_from_slice(&4u16.to_le_bytes());
        header.extend_from_slice(&[0; 8]);
        header.extend_from_slice(&(256u32 << 10).to_le_bytes());
        header.extend_from_slice(&u32::from(number(link)).to_le_bytes());
        sink.write_all(&header)?;
        Ok(PcapWriter { sink })
    }

    /// Writes a frame, of which `original` bytes were on the wire. Longer ones than 256 KiB are refused.
    pub fn write(&mut self, time: Timestamp, bytes: &[u8], original: u32) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if length > crate::decode::PACKET_LIMIT {
            let message = format!("a frame of {length} bytes is too long for a capture file");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let latest = i64::from(u32::MAX) * 1_000_000_000 + 999_999_999;
        let nanos = time.as_nanos().clamp(0, latest);
        let (seconds, fraction) = ((nanos / 1_000_000_000) as u32, (nanos % 1_000_000_000) as u32);
        for word in [seconds, fraction, length, original.max(length)] {
            self.sink.write_all(&word.to_le_bytes())?;
        }
        self.sink.write_all(bytes)
    }

    /// Flushes, and gives the sink back.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
}

fn number(link: LinkType) -> u16 {
    match link {
        LinkType::Null => 0,
        LinkType::Ethernet => 1,
        LinkType::Raw => 101,
        LinkType::Ieee80211 => 105,
        LinkType::Loop => 108,
        LinkType::LinuxSll => 113,
        LinkType::Radiotap => 127,
        LinkType::Ipv4 => 228,
        LinkType::Ipv6 => 229,
        LinkType::LinuxSll2 => 276,
        LinkType::Other(number) => number,
    }
}
