//! What holds of every source, whatever it is given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use std::collections::BTreeSet;

use medward_sources::{Carrier, Event, Report, SOURCES, Sink};
use playing::{INPUTS, Piece, play, read, shown};
use proptest::prelude::*;

#[test]
fn names_are_in_order_and_no_dissector_has_them() {
    let names: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    let dissectors: BTreeSet<&str> = medward_dissect::dissectors().map(|dissector| dissector.name).collect();
    assert!(names.iter().all(|name| !dissectors.contains(name)), "{names:?}");
}

#[test]
fn every_source_is_documented() {
    for source in SOURCES {
        assert!(!source.title.is_empty() && !source.specification.is_empty(), "{}", source.name);
        assert!(source.fields.iter().all(|field| !field.meaning.is_empty()), "{}", source.name);
        let fields: BTreeSet<&str> = source.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.len(), source.fields.len(), "{}", source.name);
        match source.carrier {
            Carrier::Datagrams { ports } => assert!(!ports.is_empty(), "{}", source.name),
            Carrier::Log { usual } | Carrier::Ledger { usual } => {
                assert!(!usual.is_empty(), "{}", source.name)
            }
        }
    }
}

#[test]
fn every_truncation_is_harmless() {
    for (source, input) in INPUTS {
        for piece in read(input).iter().take(8) {
            for end in 0..piece.2.len() {
                play(source, &[(piece.0, piece.1, piece.2[..end].to_vec())]);
            }
        }
    }
}

#[test]
fn a_file_that_is_read_again_tells_nothing_new() {
    for source in SOURCES.iter().filter(|source| matches!(source.carrier, Carrier::Ledger { .. })) {
        for (_, input) in INPUTS.iter().filter(|(name, _)| *name == source.name) {
            let pieces = read(input);
            let (mut session, mut sink) = ((source.make)(), Sink::default());
            let mut told = Vec::new();
            for _ in 0..2 {
                session.restart();
                for (number, (time, from, line)) in pieces.iter().enumerate() {
                    session.read(line, &mut Report::new(*time, *from, number as u64 + 1, source, &mut sink));
                }
                told.push(std::mem::take(&mut sink.events).len());
            }
            assert!(told[0] > 0, "{input}");
            assert_eq!(told[1], 0, "{input}");
        }
    }
}

#[test]
fn noise_is_counted_as_weird() {
    for source in SOURCES.iter().filter(|source| matches!(source.carrier, Carrier::Datagrams { .. })) {
        let sink = play(source.name, &[(playing::now(), ([10, 0, 0, 1], 1).into(), vec![0xee; 100])]);
        assert!(!sink.weirds.is_empty() && sink.events.is_empty(), "{}: {}", source.name, shown(&sink));
    }
}

/// The pieces of an input with some bytes changed, some pieces left out or cut.
fn damaged() -> impl Strategy<Value = (&'static str, Vec<Piece>)> {
    let damage = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()),
        1..24,
    );
    (0..INPUTS.len(), damage, any::<bool>()).prop_map(|(which, damage, cut)| {
        let (source, input) = INPUTS[which];
        let mut pieces = read(input);
        for (piece, byte, value) in damage {
            let at = piece.index(pieces.len());
            let bytes = &mut pieces[at].2;
            if !bytes.is_empty() {
                let place = byte.index(bytes.len());
                bytes[place] = value;
                if cut && value < 16 {
                    bytes.truncate(place);
                }
            }
        }
        (source, pieces)
    })
}

proptest! {
    #[test]
    fn nothing_that_is_received_makes_a_session_panic(
        which in 0..SOURCES.len(),
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
    ) {
        let from = ([10, 0, 0, 1], 4000).into();
        let pieces: Vec<Piece> = pieces.into_iter().map(|bytes| (playing::now(), from, bytes)).collect();
        play(SOURCES[which].name, &pieces);
    }

    #[test]
    fn damage_never_makes_a_session_panic_or_tell_uncleaned_text((source, pieces) in damaged()) {
        for event in play(source, &pieces).events {
            if let Event::Evidence(said) = event {
                let text = said.value.shown();
                prop_assert!(text.len() <= 1100 && !text.chars().any(char::is_control), "{text:?}");
            }
        }
    }

    #[test]
    fn the_same_input_tells_the_same((source, pieces) in damaged()) {
        prop_assert_eq!(shown(&play(source, &pieces)), shown(&play(source, &pieces)));
    }
}
