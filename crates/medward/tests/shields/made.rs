//! Connections made for what no capture of ours shows.

use etherparse::PacketBuilder;
use medward_model::Timestamp;
use medward_wire::LinkType;

use crate::Frames;

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

/// Made frames by name.
pub fn frames(name: &str) -> Option<Frames> {
    match name {
        "http" => Some(http()),
        "sdc" => Some(sdc()),
        "intellivue" => Some(intellivue()),
        _ => None,
    }
}

/// 2026-11-23 03:30 UTC, a Monday, and so many seconds.
fn at(seconds: usize) -> Timestamp {
    Timestamp::from_parts(1_795_404_600 + seconds as i64, 0)
}

/// A connection: three packets of handshake, then what each side says, in segments of `size`.
fn connection(port: u16, start: usize, size: usize, said: &[(bool, &[u8])]) -> Frames {
    let mut frames = Frames::new();
    let mut sequence = [1000_u32, 5000];
    let mut push = |from_client: bool, flags: &str, sequence: &mut [u32; 2], payload: &[u8]| {
        let (source, target) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let (from, to) = if from_client { (port, 80) } else { (80, port) };
        let (mine, other) = if from_client { (0, 1) } else { (1, 0) };
        let mut builder = PacketBuilder::ipv4(source, target, 64).tcp(from, to, sequence[mine], 8192);
        if flags.contains('S') {
            builder = builder.syn();
        }
        if flags.contains('A') {
            builder = builder.ack(sequence[other]);
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes, payload).expect("memory");
        sequence[mine] += payload.len() as u32 + u32::from(flags.contains('S'));
        frames.push((at(start), LinkType::Raw, bytes));
    };
    push(true, "S", &mut sequence, b"");
    push(false, "SA", &mut sequence, b"");
    push(true, "A", &mut sequence, b"");
    for (from_client, bytes) in said {
        for part in bytes.chunks(size.max(1)) {
            push(*from_client, "A", &mut sequence, part);
        }
    }
    frames
}

const READ: &[u8] = b"GET /status HTTP/1.1\r\nHost: pump\r\n\r\n";
const ALL_WELL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHANGE: &[u8] =
    b"POST /config/network HTTP/1.1\r\nHost: pump\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nip=10.9.9.9";
const FIRMWARE: &[u8] =
    b"PUT /images/new.bin HTTP/1.1\r\nHost: pump\r\nContent-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\n\x7fELF";

/// Reads (4), gives firmware an hour later (8), changes a setting (12).
fn http() -> Frames {
    let mut frames = connection(40_001, 0, 4096, &[(true, READ)]);
    frames.extend(connection(40_002, 3600, 4096, &[(true, FIRMWARE)]));
    frames.extend(connection(40_003, 3601, 4096, &[(true, CHANGE)]));
    frames
}

/// A change in small segments, and what follows it.
pub fn http_split(size: usize) -> Frames {
    connection(40_004, 0, size.min(4096), &[(true, READ), (false, ALL_WELL), (true, CHANGE)])
}

/// In place of the change first something harmless, which the receiver drops for its checksum.
pub fn http_with_decoy() -> Frames {
    let decoy = [&b"GET /config/network HTTP/1.1\r\nHost: pump\r\n\r\n"[..], &[b' '; 90]].concat();
    let mut frames = connection(40_005, 0, 4096, &[(true, &decoy[..CHANGE.len()])]);
    // The checksum of TCP stands 16 bytes behind the IP header of 20.
    if let Some(byte) = frames[3].2.get_mut(36) {
        *byte ^= 0xff;
    }
    frames.extend(connection(40_005, 0, 4096, &[(true, CHANGE)]).drain(3..));
    frames
}

/// A living connection, into which something is forged that its receiver does not believe; then the change (the last).
pub fn http_with_forgery(flags: &str) -> Frames {
    let mut frames = connection(40_009, 0, 4096, &[(true, READ), (false, ALL_WELL), (true, CHANGE)]);
    let mut builder = PacketBuilder::ipv4(CLIENT, SERVER, 64).tcp(40_009, 80, 77_777_777, 8192);
    builder = if flags == "S" { builder.syn() } else { builder.rst() };
    let mut bytes = Vec::new();
    builder.write(&mut bytes, b"").expect("memory");
    frames.insert(5, (at(0), LinkType::Raw, bytes));
    frames
}

/// Reads a device's state (4), then sets a value (8).
fn sdc() -> Frames {
    let post = |body: &str| {
        let text = format!(
            "<?xml version='1.0'?><s12:Envelope xmlns:s12='http://www.w3.org/2003/05/soap-envelope' \
             xmlns:msg='http://standards.ieee.org/downloads/11073/11073-10207-2017/message'>\
             <s12:Body>{body}</s12:Body></s12:Envelope>"
        );
        format!(
            "POST /sdc HTTP/1.1\r\nHost: pump\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )
    };
    let mut frames = connection(40_006, 0, 4096, &[(true, post("<msg:GetMdib/>").as_bytes())]);
    let set = "<msg:SetValue><msg:OperationHandleRef>rate.set</msg:OperationHandleRef>\
               <msg:RequestedNumericValue>500</msg:RequestedNumericValue></msg:SetValue>";
    frames.extend(connection(40_007, 1, 4096, &[(true, post(set).as_bytes())]));
    frames
}

/// Two polls of a monitor, then a Set (Data Export: session and presentation, remote operation invoke, command 5).
fn intellivue() -> Frames {
    let invoke = |command: u8, body: &[u8]| {
        let length = body.len() as u16;
        let mut bytes = vec![0xe1, 0, 0, 2, 0, 1];
        bytes.extend((length + 6).to_be_bytes());
        bytes.extend([0, 1, 0, command]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
        bytes
    };
    // Managed object: class MDS, context and handle 0; scope; action type poll; its argument.
    let poll: &[u8] = &[0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0x0c, 0x16, 0, 8, 0, 1, 0, 1, 0, 33, 0, 0];
    let set: &[u8] = &[0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    [invoke(7, poll), invoke(7, poll), invoke(5, set)]
        .iter()
        .map(|payload| {
            let mut bytes = Vec::new();
            let builder = PacketBuilder::ipv4(CLIENT, SERVER, 64).udp(40_008, 24_105);
            builder.write(&mut bytes, payload).expect("memory");
            (at(0), LinkType::Raw, bytes)
        })
        .collect()
}
