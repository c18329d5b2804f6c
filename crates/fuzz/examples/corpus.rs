//! Makes the seeds in `fuzz/corpus/` from the captures of the tests: `cargo run -p medward-fuzz --example corpus`.
//!
//! Deterministic. Small captures as they are for `capture`; frames for `wire`; for `dissect` one recognised flow a
//! dissector; for `query` a few searches.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medward_capture::read_all_from;
use medward_dissect::{Carrier, Engine, Limits, dissectors};
use medward_model::{Timestamp, Transport};
use medward_wire::{Layer, LinkType, decode, protocol, read_tcp, read_udp};

/// Longest seed, in bytes.
const MAX_SEED: usize = 6000;

type Ends = ((std::net::IpAddr, u16), (std::net::IpAddr, u16), Transport);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut captures = Vec::new();
    list(&root.join("tests/captures"), &mut captures);
    let corpus = root.join("fuzz/corpus");
    let sessions: Vec<&str> = dissectors()
        .filter(|d| {
            matches!(d.carrier, Carrier::Stream { .. } | Carrier::Datagram { .. } | Carrier::Both { .. })
        })
        .map(|d| d.name)
        .collect();
    let mut flows_seen: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &captures {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).expect("a capture can be read");
        if bytes.len() <= MAX_SEED {
            write(&corpus, "capture", &name, &bytes);
        }
        let mut frames = Vec::new();
        let mut engine = Engine::new(Limits::default());
        let mut last = (Timestamp::MIN, 0);
        let mut chunks: BTreeMap<Ends, Vec<(bool, Vec<u8>)>> = BTreeMap::new();
        read_all_from(&bytes, |frame| {
            let link = match frame.link {
                LinkType::Null => 0,
                LinkType::LinuxSll => 1,
                LinkType::LinuxSll2 => 2,
                LinkType::Radiotap => 3,
                LinkType::Raw => 4,
                _ => 5,
            };
            if frames.len() + frame.bytes.len() < MAX_SEED && frame.bytes.len() < 2048 {
                frames.extend((frame.bytes.len() as u16).to_be_bytes());
                frames.push(link);
                frames.extend(frame.bytes);
            }
            let decoded = decode(&frame);
            engine.packet(frame.number, frame.time, &decoded);
            last = (frame.time, frame.number);
            let Layer::Ip(packet) = &decoded.layer else { return };
            let (ports, payload, transport) = match packet.protocol {
                protocol::TCP => match read_tcp(packet.payload, packet.payload_length) {
                    Ok(s) => ((s.source_port, s.destination_port), s.payload, Transport::Tcp),
                    Err(_) => return,
                },
                protocol::UDP => match read_udp(packet.payload) {
                    Ok(d) => ((d.source_port, d.destination_port), d.payload, Transport::Udp),
                    Err(_) => return,
                },
                _ => return,
            };
            let (from, to) = ((packet.source, ports.0), (packet.destination, ports.1));
            let reply = chunks.contains_key(&(to, from, transport));
            let key = if reply { (to, from, transport) } else { (from, to, transport) };
            chunks.entry(key).or_default().push((reply, payload.to_vec()));
        });
        engine.finish(last.0, last.1);
        write(&corpus, "wire", &name, &frames);
        let mut records: Vec<_> = engine.records().collect();
        records.sort_by_key(|record| record.first_packet);
        for record in records {
            let Some((choice, name)) =
                record.protocol.and_then(|p| sessions.iter().position(|s| *s == p).map(|at| (at, p)))
            else {
                continue;
            };
            let seen = flows_seen.entry(name).or_default();
            let ends = (
                (record.originator.ip, record.originator_port),
                (record.responder.ip, record.responder_port),
                record.transport,
            );
            let (Some(pieces), true) = (chunks.get(&ends), *seen < 3) else { continue };
            let mut seed = vec![choice as u8];
            for (reply, piece) in pieces.iter().filter(|(_, piece)| !piece.is_empty()) {
                if seed.len() + piece.len() > MAX_SEED {
                    break;
                }
                seed.push(u8::from(*reply));
                seed.extend((piece.len() as u16).to_be_bytes());
                seed.extend(piece);
            }
            *seen += 1;
            write(&corpus, "dissect", &format!("{name}-{seen}"), &seed);
        }
    }
    let queries = [
        "",
        "category:\"infusion pump\" vendor:BD seen<24h",
        "ip:10.0.0.0/8 (a or -b) has:serial",
        "\"\\\"",
        "(((",
    ];
    for (at, text) in queries.iter().enumerate() {
        write(&corpus, "query", &format!("query-{at}"), text.as_bytes());
    }
}

fn list(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, out);
        } else if path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            out.push(path);
        }
    }
}

fn write(corpus: &Path, target: &str, name: &str, bytes: &[u8]) {
    let folder = corpus.join(target);
    std::fs::create_dir_all(&folder).expect("the corpus folder can be made");
    std::fs::write(folder.join(name), bytes).expect("a seed can be written");
}
