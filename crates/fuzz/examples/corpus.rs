//! Makes the seeds in `fuzz/corpus/` from the captures of the tests: `cargo run -p medward-fuzz --example corpus`.
//!
//! Deterministic. Small captures as they are for `capture`; frames for `wire`; for `dissect` one recognised flow a
//! dissector; for `query` a few searches; for `feeds` small files of each feed, and examples for the other parsers of knowledge.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medward_capture::read_all_from;
use medward_dissect::{Carrier, Engine, Limits, dissectors};
use medward_knowledge::FEEDS;
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
    knowledge(&root, &corpus);
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

/// Small files of each feed behind the byte that chooses the feed, what stands around feeds, prose, and inventories.
fn knowledge(root: &Path, corpus: &Path) {
    for (position, feed) in FEEDS.iter().enumerate() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(root.join("tests/feeds").join(feed.name))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        files.sort_by_key(|path| (path.metadata().map_or(0, |metadata| metadata.len()), path.clone()));
        for path in files.iter().take(3) {
            let bytes = std::fs::read(path).expect("a file of a feed can be read");
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if bytes.len() <= 4 * MAX_SEED {
                write(
                    corpus,
                    "feeds",
                    &format!("{}-{name}", feed.name),
                    &[&[position as u8], &*bytes].concat(),
                );
            }
        }
    }
    for (name, text) in [
        (
            "provider",
            r#"{"canonical_url":"https://a.example/provider-metadata.json","distributions":[{"rolie":{"feeds":[{"url":"https://a.example/feed.json","tlp_label":"WHITE"}]}},{"directory_url":"https://a.example/csaf/"}],"last_updated":"2026-01-02T03:04:05Z","metadata_version":"2.0","public_openpgp_keys":[{"fingerprint":"8F5F267907B2C4559DB360DB2294BA7D2B2298B1","url":"https://a.example/key.asc"}],"publisher":{"name":"A","category":"vendor","namespace":"https://a.example"},"role":"csaf_provider"}"#,
        ),
        (
            "rolie",
            r#"{"feed":{"id":"f","title":"t","updated":"2026-01-02T03:04:05Z","entry":[{"id":"a","updated":"2026-01-02T03:04:05Z","link":[{"rel":"self","href":"https://a.example/a.json"},{"rel":"hash","href":"https://a.example/a.json.sha256"}],"content":{"type":"application/json","src":"https://a.example/a.json"}}]}}"#,
        ),
        ("changes", "\"2026/a-1.json\",\"2026-01-02T03:04:05Z\"\n2025/a-2.json,2025-01-02T03:04:05+01:00\n"),
        ("index", "2026/a-1.json\n../b.json\nhttps://elsewhere.example/c.json\n"),
        ("security", "Contact: mailto:a@a.example\nCSAF: https://a.example/provider-metadata.json\n"),
        ("hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.json\n"),
    ] {
        write(corpus, "documents", name, text.as_bytes());
    }
    for (name, text) in [
        (
            "range",
            "versions prior to 9.0\n8.2.1\nPump model 700, catalog number 700-12\nLots 1234 through 1300",
        ),
        ("letters", "VC10.10.1 and earlier\nVC10A\nAll units\nSerial numbers below 12345678"),
        (
            "list",
            "vers:generic/>=1.0|<2.0|!=1.5\n1.5.0-rc1+build\nMonitor, REF 12345\nUDI-DI: 00643169007222, serial numbers: AB1001-AB1999",
        ),
        (
            "cpe",
            "cpe:2.3:o:a:b_firmware:1.0:*:*:*:*:*:*:*\ncpe:/o:a:b:1.0\n(01)00643169007222(17)261231(10)A1(21)S1\nall units distributed before May 2019",
        ),
        (
            "build",
            "Windows 10 1809 before 17763.5000\n10.0.17763.1\n\nmanufactured between 01/02/2018 and 3 March 2019",
        ),
    ] {
        write(corpus, "texts", name, text.as_bytes());
    }
    let cmms = std::fs::read(root.join("tests/inventories/cmms.csv")).expect("an inventory can be read");
    write(corpus, "inventory", "cmms.csv", &cmms);
    for (name, text) in [
        (
            "list.json",
            r#"[{"manufacturer":"A","model":"B","serial":"1"},{"vendor":"C","product":"D","software":[{"name":"e","version":"1"}]},7]"#,
        ),
        (
            "bom.json",
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"device","name":"A 1","manufacturer":{"name":"M"},"components":[{"type":"library","name":"z","version":"1","purl":"pkg:generic/z@1"}]}]}"#,
        ),
        ("semicolons.csv", "Hersteller;Modell;Seriennummer\nA;\"B;C\";1\n;;\n"),
    ] {
        write(corpus, "inventory", name, text.as_bytes());
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
