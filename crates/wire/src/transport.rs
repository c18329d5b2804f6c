//! UDP (RFC 768), TCP (RFC 9293) and SCTP (RFC 9260) headers.

use crate::read::{u8_at, u16_at, u32_at};

/// A checked view of a UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct UdpDatagram<'a> {
    pub source_port: u16,
    pub destination_port: u16,
    pub payload: &'a [u8],
    /// The snap length cut the payload.
    pub cut: bool,
}

/// Reads a UDP datagram. `Err` names the weird.
pub fn read_udp(bytes: &[u8]) -> Result<UdpDatagram<'_>, &'static str> {
    let head = bytes.first_chunk::<8>().ok_or("udp_truncated")?;
    let told = usize::from(u16::from_be_bytes([head[4], head[5]]));
    if told != 0 && told < 8 {
        return Err("udp_bad_length");
    }
    // 0 is a jumbogram (RFC 2675, 4).
    let end = if told == 0 { bytes.len() } else { told };
    Ok(UdpDatagram {
        source_port: u16::from_be_bytes([head[0], head[1]]),
        destination_port: u16::from_be_bytes([head[2], head[3]]),
        payload: bytes.get(8..end.min(bytes.len())).unwrap_or_default(),
        cut: end > bytes.len(),
    })
}

/// TCP flag bits.
pub mod flag {
    pub const FIN: u16 = 0x01;
    pub const SYN: u16 = 0x02;
    pub const RST: u16 = 0x04;
    pub const ACK: u16 = 0x10;
}

/// A checked view of a TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct TcpSegment<'a> {
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    /// The flags octet with the NS bit as bit 8.
    pub flags: u16,
    pub window: u16,
    pub urgent: u16,
    pub options: &'a [u8],
    pub payload: &'a [u8],
    /// Payload bytes on the wire; more than `payload.len()` where the snap length cut it.
    pub payload_length: u32,
}

impl TcpSegment<'_> {
    /// Whether one of those flag bits is set.
    pub const fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

/// Reads a TCP segment of `length` bytes on the wire. `Err` names the weird.
pub fn read_tcp(bytes: &[u8], length: u32) -> Result<TcpSegment<'_>, &'static str> {
    let head = bytes.first_chunk::<20>().ok_or("tcp_truncated")?;
    let header_length = usize::from(head[12] >> 4) * 4;
    if header_length < 20 || header_length as u32 > length.max(20) {
        return Err("tcp_bad_header_length");
    }
    let options = bytes.get(20..header_length).ok_or("tcp_truncated")?;
    Ok(TcpSegment {
        source_port: u16::from_be_bytes([head[0], head[1]]),
        destination_port: u16::from_be_bytes([head[2], head[3]]),
        sequence: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        acknowledgement: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        flags: u16::from(head[13]) | u16::from(head[12] & 1) << 8,
        window: u16::from_be_bytes([head[14], head[15]]),
        urgent: u16::from_be_bytes([head[18], head[19]]),
        options,
        payload: bytes.get(header_length..).unwrap_or_default(),
        payload_length: length.saturating_sub(header_length as u32),
    })
}

/// The ports of an SCTP packet, its verification tag, and the type of its first chunk.
#[derive(Clone, Copy, Debug)]
pub struct SctpPacket {
    pub source_port: u16,
    pub destination_port: u16,
    pub verification_tag: u32,
    pub first_chunk: Option<u8>,
}

/// Reads an SCTP common header. `Err` names the weird.
pub fn read_sctp(bytes: &[u8]) -> Result<SctpPacket, &'static str> {
    match (u16_at(bytes, 0), u16_at(bytes, 2), u32_at(bytes, 4), u32_at(bytes, 8)) {
        (Some(source_port), Some(destination_port), Some(verification_tag), Some(_)) => {
            Ok(SctpPacket { source_port, destination_port, verification_tag, first_chunk: u8_at(bytes, 12) })
        }
        _ => Err("sctp_truncated"),
    }
}
