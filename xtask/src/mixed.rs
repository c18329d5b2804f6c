//! A large mixed capture for benchmarks, made from small ones: the same conversations again and again, between the
//! machines of sixteen like networks in turn, each time from other ports and later.
//!
//! Deterministic. Only IPv4 over Ethernet (with and without one VLAN tag) and ARP get new addresses; other frames are
//! repeated as they are.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

/// How many networks the conversations are spread over.
const NETWORKS: u32 = 16;

/// One packet of a classic little-endian microsecond pcap over Ethernet.
struct Packet {
    micros: u64,
    original: u32,
    bytes: Vec<u8>,
}

/// Writes at least `size` bytes to `path`, from the Ethernet pcap files in `sources`. Answers how many packets.
pub fn write(path: &Path, sources: &[std::path::PathBuf], size: u64) -> anyhow::Result<u64> {
    let mut packets = Vec::new();
    for source in sources {
        // Others (pcapng, other links) are left out: the mix does not need them.
        packets.extend(read(&std::fs::read(source).with_context(|| source.display().to_string())?));
    }
    anyhow::ensure!(!packets.is_empty(), "no Ethernet pcap among the sources");
    // Each source begins at its own time: put all on one short common time line.
    let span = packets.len() as u64 * 40;
    let mut out =
        BufWriter::with_capacity(1 << 20, File::create(path).with_context(|| path.display().to_string())?);
    out.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0])?;
    let (mut written, mut count, mut round) = (24_u64, 0_u64, 0_u32);
    while written < size {
        for (index, packet) in packets.iter().enumerate() {
            let micros = 1_760_000_000_000_000 + u64::from(round) * span + index as u64 * 40;
            let mut bytes = packet.bytes.clone();
            readdress(&mut bytes, round);
            out.write_all(&((micros / 1_000_000) as u32).to_le_bytes())?;
            out.write_all(&((micros % 1_000_000) as u32).to_le_bytes())?;
            out.write_all(&(bytes.len() as u32).to_le_bytes())?;
            out.write_all(&packet.original.to_le_bytes())?;
            out.write_all(&bytes)?;
            written += 16 + bytes.len() as u64;
            count += 1;
        }
        round += 1;
    }
    out.flush()?;
    Ok(count)
}

fn read(bytes: &[u8]) -> Vec<Packet> {
    let number =
        |at: usize| bytes.get(at..).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_le_bytes(*b));
    let mut packets = Vec::new();
    if number(0) != Some(0xa1b2_c3d4) || number(20) != Some(1) {
        return packets;
    }
    let mut at = 24;
    while let (Some(seconds), Some(micros), Some(length), Some(original)) =
        (number(at), number(at + 4), number(at + 8), number(at + 12))
    {
        let Some(frame) = bytes.get(at + 16..at + 16 + length as usize) else { break };
        packets.push(Packet {
            micros: u64::from(seconds) * 1_000_000 + u64::from(micros),
            original,
            bytes: frame.to_vec(),
        });
        at += 16 + length as usize;
    }
    packets.sort_by_key(|packet| packet.micros);
    packets
}

/// Gives the machines of a frame other addresses: adds `round` to the host part, and corrects the checksums.
fn readdress(bytes: &mut [u8], round: u32) {
    let shift = (round % NETWORKS) as u16 * 7;
    let port_shift = (round as u16).wrapping_mul(61);
    let type_at = if bytes.get(12..14) == Some(&[0x81, 0]) { 16 } else { 12 };
    let kind = bytes.get(type_at..type_at + 2).map(|b| [b[0], b[1]]);
    let spots: Vec<usize> = match kind {
        Some([8, 0]) => vec![type_at + 14, type_at + 18],
        Some([8, 6]) => vec![type_at + 16, type_at + 26],
        _ => return,
    };
    for mac in [0, 6] {
        if let Some([first, _, _, high, low, _]) = bytes.get_mut(mac..mac + 6)
            && *first & 1 == 0
        {
            let value = u16::from_be_bytes([*high, *low]).wrapping_add(shift);
            [*high, *low] = value.to_be_bytes();
        }
    }
    let mut sum_shift = 0_u32;
    for at in spots {
        let Some([a, b, c, _]) = bytes.get_mut(at..at + 4) else { return };
        // The networks are private; what they talk to outside is the same for all.
        if !std::net::Ipv4Addr::new(*a, *b, *c, 0).is_private() {
            continue;
        }
        // The third byte moves: it keeps a private address private. It counts high in the second checksum word.
        let before = *c;
        *c = before.wrapping_add(shift as u8);
        sum_shift += (u32::from(*c) << 8) + (0xffff - (u32::from(before) << 8));
    }
    if kind == Some([8, 0]) {
        let header = type_at + 2;
        let length = bytes.get(header).map_or(20, |b| usize::from(b & 15) * 4);
        let transport = match bytes.get(header + 9) {
            Some(6) => Some(header + length + 16),
            Some(17) => Some(header + length + 6),
            _ => None,
        };
        let mut transport_shift = sum_shift;
        // A first or only fragment has ports; those that a client chose move.
        if transport.is_some()
            && bytes.get(header + 6..header + 8).is_some_and(|b| b[0] & 0x1f == 0 && b[1] == 0)
        {
            for at in [header + length, header + length + 2] {
                if let Some([high, low]) = bytes.get_mut(at..at + 2) {
                    let before = u16::from_be_bytes([*high, *low]);
                    if before < 32_768 || port_shift == 0 {
                        continue;
                    }
                    let after = 32_768 + (before - 32_768).wrapping_add(port_shift) % 32_768;
                    [*high, *low] = after.to_be_bytes();
                    transport_shift += u32::from(after) + (0xffff - u32::from(before));
                }
            }
        }
        for (at, sum_shift) in [(Some(header + 10), sum_shift), (transport, transport_shift)] {
            let Some(at) = at else { continue };
            if let Some([high, low]) = bytes.get_mut(at..at + 2) {
                let old = u16::from_be_bytes([*high, *low]);
                if old == 0 {
                    continue;
                }
                // RFC 1624: the complement of the sum moves by what the fields moved.
                let mut sum = u32::from(!old) + sum_shift;
                while sum > 0xffff {
                    sum = (sum & 0xffff) + (sum >> 16);
                }
                [*high, *low] = (!(sum as u16)).to_be_bytes();
            }
        }
    }
}
