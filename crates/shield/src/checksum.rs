//! Checksums of TCP (RFC 9293, 3.1; RFC 1071), and segments rewritten so that both ends close.

use std::net::IpAddr;

use medward_wire::IpPacket;

/// Adds up 16-bit words; a last odd byte counts as a high one.
fn sum(start: u32, bytes: &[u8]) -> u32 {
    bytes.chunks(2).fold(start, |sum, pair| {
        let word = match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            [high] => u16::from_be_bytes([*high, 0]),
            _ => 0,
        };
        let sum = sum + u32::from(word);
        (sum & 0xffff) + (sum >> 16)
    })
}

const fn folded(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    !(((sum & 0xffff) + (sum >> 16)) as u16)
}

/// The pseudo header's part.
fn pseudo(source: IpAddr, destination: IpAddr, length: usize) -> u32 {
    let start = [source, destination].iter().fold(0, |total, ip| match ip {
        IpAddr::V4(v4) => sum(total, &v4.octets()),
        IpAddr::V6(v6) => sum(total, &v6.octets()),
    });
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    sum(sum(start, &length.to_be_bytes()), &[0, 6])
}

/// Whether a TCP segment's receiver would take it. A segment that is not here whole counts as sound.
pub(crate) fn is_tcp_sound(packet: &IpPacket<'_>) -> bool {
    let bytes = packet.payload;
    if usize::try_from(packet.payload_length) != Ok(bytes.len()) {
        return true;
    }
    folded(sum(pseudo(packet.source, packet.destination, bytes.len()), bytes)) == 0
}

/// A TCP segment without its payload, in its own IP packet: with `reset`, it closes the connection at its receiver; without,
/// a receiver that has closed answers it with a reset. `None` for what is no plain TCP over IP.
pub fn emptied(packet: &[u8], reset: bool) -> Option<Vec<u8>> {
    let (header, source, destination) = match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet.first()? & 0x0f) * 4;
            // No fragments, TCP only.
            let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3fff;
            if header < 20 || fragment != 0 || *packet.get(9)? != 6 {
                return None;
            }
            let ip = |at: usize| Some(IpAddr::from(*packet.get(at..)?.first_chunk::<4>()?));
            (header, ip(12)?, ip(16)?)
        }
        6 => {
            if *packet.get(6)? != 6 {
                return None;
            }
            let ip = |at: usize| Some(IpAddr::from(*packet.get(at..)?.first_chunk::<16>()?));
            (40, ip(8)?, ip(24)?)
        }
        _ => return None,
    };
    let mut head = packet.get(..header)?.to_vec();
    let mut segment = packet.get(header..)?.first_chunk::<20>()?.to_vec();
    // Twenty bytes of header, and of the flags ACK alone, with RST where wanted.
    *segment.get_mut(12)? = 0x50;
    let flags = segment.get_mut(13)?;
    *flags = (*flags & 0x10) | if reset { 0x04 } else { 0 };
    put(&mut segment, 16, 0)?;
    put(&mut segment, 18, 0)?;
    let check = folded(sum(pseudo(source, destination, segment.len()), &segment));
    put(&mut segment, 16, check)?;
    if source.is_ipv4() {
        put(&mut head, 2, u16::try_from(header + segment.len()).ok()?)?;
        put(&mut head, 10, 0)?;
        let check = folded(sum(0, &head));
        put(&mut head, 10, check)?;
    } else {
        put(&mut head, 4, u16::try_from(segment.len()).ok()?)?;
    }
    head.append(&mut segment);
    Some(head)
}

fn put(bytes: &mut [u8], at: usize, value: u16) -> Option<()> {
    bytes.get_mut(at..at + 2)?.copy_from_slice(&value.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use medward_model::Timestamp;
    use medward_wire::{Layer, LinkType, RawFrame, decode, flag, read_tcp};

    use super::{emptied, is_tcp_sound};

    /// 10.0.0.1:40000 to 10.0.0.2:502, PSH and ACK, "hello".
    const SEGMENT: [u8; 45] = [
        0x45, 0, 0, 45, 0, 1, 0x40, 0, 64, 6, 0x26, 0xc8, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0x01, 0xf6,
        0, 0, 0, 100, 0, 0, 0, 7, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0, b'h', b'e', b'l', b'l', b'o',
    ];

    fn seen(bytes: &[u8], check: impl Fn(&medward_wire::IpPacket<'_>)) {
        let frame = RawFrame {
            number: 1,
            time: Timestamp::from_parts(0, 0),
            link: LinkType::Raw,
            bytes,
            original: bytes.len() as u32,
        };
        match decode(&frame).layer {
            Layer::Ip(packet) => check(&packet),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_emptied_is_sound() {
        seen(&SEGMENT, |packet| assert!(!is_tcp_sound(packet), "its checksum is 0"));
        for reset in [true, false] {
            let rewritten = emptied(&SEGMENT, reset).unwrap();
            assert_eq!(rewritten.len(), 40);
            seen(&rewritten, |packet| {
                assert!(is_tcp_sound(packet));
                let segment = read_tcp(packet.payload, packet.payload_length).unwrap();
                assert_eq!((segment.sequence, segment.acknowledgement), (100, 7));
                assert_eq!((segment.has(flag::RST), segment.payload_length), (reset, 0));
            });
        }
    }

    #[test]
    fn what_is_no_plain_tcp_is_left_alone() {
        for end in 0..SEGMENT.len() {
            assert_eq!(emptied(&SEGMENT[..end], true).is_some(), end >= 40, "{end}");
        }
        let mut fragment = SEGMENT;
        fragment[6] = 0x20;
        assert_eq!(emptied(&fragment, true), None);
    }
}
