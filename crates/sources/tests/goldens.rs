//! What each source says of inputs that real peers made (see `inputs/PROVENANCE.md`), beside what is written down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use medward_sources::Event;
use playing::{INPUTS, play, read, shown};

#[test]
fn every_input_says_what_is_written_down() {
    let mut wrong = Vec::new();
    for (source, input) in INPUTS {
        let told = shown(&play(source, &read(input)));
        let golden = format!("{}/tests/inputs/{input}.golden", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&golden, &told).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != told {
            wrong.push(format!("{input}:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_has_an_input() {
    for source in medward_sources::SOURCES {
        assert!(INPUTS.iter().any(|(name, _)| *name == source.name), "{}", source.name);
    }
}

#[test]
fn no_person_or_message_is_told() {
    for (source, input) in INPUTS {
        let told = shown(&play(source, &read(input))).to_lowercase();
        for planted in ["jane", "doe", "admitted"] {
            assert!(!told.contains(planted), "{input} tells {planted}");
        }
    }
}

/// nfcapd and nfdump 1.7 counted 400 packets and 128,187 bytes in the same exports, of them 10 with 3,394 from 0.0.0.0, which
/// nobody is.
#[test]
fn flow_exports_give_the_counts_that_nfdump_gives() {
    for input in ["netflow-v5-softflowd.hex", "netflow-v9-softflowd.hex", "ipfix-softflowd.hex"] {
        let sink = play("netflow", &read(input));
        let (mut packets, mut bytes) = (0, 0);
        for event in &sink.events {
            if let Event::Flow(flow) = event {
                packets += flow.packets.iter().sum::<u64>();
                bytes += flow.bytes.iter().sum::<u64>();
            }
        }
        assert_eq!((packets, bytes), (400 - 10, 128_187 - 3_394), "{input}");
    }
}
