//! Every shield stops what it is for and lets the rest pass, in captures of real peers where we have them; what is told in line
//! beside the rest changes nothing of the rest.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

#[path = "../proof/mod.rs"]
mod proof;

mod made;

use std::collections::BTreeSet;
use std::path::Path;

use medward_dissect::{Engine, Event, Limits};
use medward_model::Timestamp;
use medward_shield::{Config, Line, SHIELDS, Verdict};
use medward_wire::{LinkType, RawFrame, decode};

/// Frames of a capture, or made ones: time, link type, bytes.
type Frames = Vec<(Timestamp, LinkType, Vec<u8>)>;

fn frames(path: &Path) -> Frames {
    let bytes = std::fs::read(path).expect("a capture");
    let mut frames = Vec::new();
    medward_capture::read_all_from(&bytes[..], |frame| {
        frames.push((frame.time, frame.link, frame.bytes.to_vec()));
    });
    frames
}

/// One shield before some addresses, and what it is to do with a capture.
struct Case {
    shield: &'static str,
    /// Below tests/captures, or a name in `made`.
    capture: &'static str,
    /// Keys of the scope.
    scope: &'static str,
    /// Frames that complete what is refused, from 1.
    stops: &'static [usize],
    /// Frames that carry what is not refused.
    passes: &'static [usize],
}

const CASES: &[Case] = &[
    Case {
        shield: "bacnet-write",
        capture: "building/bacnet",
        scope: "protect = ['10.20.30.45']",
        stops: &[29],
        passes: &[5, 23, 27],
    },
    Case {
        shield: "dicom-store-elsewhere",
        capture: "clinical/dicom",
        scope: "protect = ['10.20.30.11', '10.20.30.12', '10.20.30.13']\narchives = ['10.20.30.14']",
        stops: &[115, 141],
        passes: &[12, 69, 167],
    },
    Case {
        shield: "dicom-unknown-ae",
        capture: "clinical/dicom",
        scope: "protect = ['10.20.30.14', '10.20.30.15']\nae-titles = ['CT1@10.20.30.11', 'MR1', 'us3', 'READ1@10.20.31.0/24']",
        stops: &[185, 207, 227, 308, 388],
        passes: &[6, 69, 105, 158],
    },
    Case {
        shield: "firmware-upload",
        capture: "remote/ftp",
        scope: "protect = ['10.20.30.32', '10.20.30.4']\nservers = ['10.20.30.11']\nwindows = ['daily 00:00-24:00']",
        stops: &[55],
        passes: &[6, 22, 92],
    },
    Case {
        shield: "firmware-upload",
        capture: "remote/tftp",
        scope: "protect = ['10.20.30.4']",
        stops: &[8],
        passes: &[3, 12],
    },
    Case {
        shield: "firmware-upload",
        capture: "http",
        scope: "protect = ['10.0.0.2']\nservers = ['10.0.0.1']\nwindows = ['mon 03:00-04:00']",
        stops: &[8],
        passes: &[4, 12],
    },
    Case {
        shield: "ftp",
        capture: "remote/ftp",
        scope: "protect = ['10.20.30.32', '10.20.30.4']\nservers = ['10.20.30.11']",
        stops: &[6, 39],
        passes: &[70, 92],
    },
    Case {
        shield: "hl7-strange-order",
        capture: "clinical/hl7",
        scope: "protect = ['10.20.30.22', '10.20.30.23', '10.20.30.20']\napplications = ['EHR@10.20.30.22']",
        stops: &[41],
        passes: &[6, 31, 53, 64],
    },
    Case {
        shield: "modbus-write",
        capture: "building/modbus",
        scope: "protect = ['10.20.30.46']",
        stops: &[16],
        passes: &[6, 10, 12],
    },
    Case {
        shield: "monitor-settings",
        capture: "documents/poct1a",
        scope: "protect = ['10.20.30.75']",
        stops: &[22],
        passes: &[4, 12, 14],
    },
    Case {
        shield: "monitor-settings",
        capture: "intellivue",
        scope: "protect = ['10.0.0.2']",
        stops: &[3],
        passes: &[1, 2],
    },
    Case {
        shield: "pump-settings",
        capture: "http",
        scope: "protect = ['10.0.0.2']",
        stops: &[8, 12],
        passes: &[4],
    },
    Case {
        shield: "remote-control",
        capture: "remote/vnc",
        scope: "protect = ['10.20.30.26', '10.20.30.16']\nservers = []",
        stops: &[6, 28],
        passes: &[3],
    },
    Case {
        shield: "sdc-settings",
        capture: "sdc",
        scope: "protect = ['10.0.0.2']",
        stops: &[8],
        passes: &[4],
    },
    Case {
        shield: "sdc-settings",
        capture: "clinical/sdc-plain",
        scope: "protect = ['10.20.30.25']",
        stops: &[],
        passes: &[24, 94, 108],
    },
    Case {
        shield: "smb1",
        capture: "remote/smb",
        scope: "protect = ['10.20.30.62', '10.20.30.4']",
        stops: &[6, 79],
        passes: &[42, 57, 89],
    },
    Case {
        shield: "snmp-set",
        capture: "infrastructure/snmp",
        scope: "protect = ['10.20.30.0/24']",
        stops: &[96],
        passes: &[3, 81, 95, 98],
    },
    Case {
        shield: "telnet",
        capture: "remote/telnet",
        scope: "protect = ['10.20.30.32', '10.20.30.1']",
        stops: &[4, 31],
        passes: &[1],
    },
];

fn config(shield: &str, scope: &str) -> Config {
    let text =
        format!("schema = 'medward.shields/1'\n[[scope]]\nname = 'ward'\nshields = ['{shield}']\n{scope}\n");
    Config::read(&text).expect("a scope")
}

fn of(capture: &str) -> Frames {
    made::frames(capture)
        .unwrap_or_else(|| frames(&proof::root().join(format!("tests/captures/{capture}.pcap"))))
}

/// The verdict on each frame.
fn verdicts(line: &mut Line, frames: &Frames) -> Vec<Verdict> {
    let judged = frames.iter().zip(1_u64..).map(|((time, link, bytes), number)| {
        let original = bytes.len() as u32;
        line.frame(&RawFrame { number, time: *time, link: *link, bytes, original })
    });
    judged.collect()
}

#[test]
fn each_shield_stops_what_it_is_for_and_nothing_else() {
    let mut covered = BTreeSet::new();
    let mut complaints = Vec::new();
    for case in CASES {
        let tag = format!("{} on {}", case.shield, case.capture);
        let frames = of(case.capture);
        let verdicts = verdicts(&mut Line::new(config(case.shield, case.scope)), &frames);
        let mut stopped = Vec::new();
        for (verdict, number) in verdicts.iter().zip(1_usize..) {
            if let Verdict::Refuse(refusal) = verdict {
                assert_eq!(refusal.judgement.shield, case.shield, "{tag}");
                assert_eq!(refusal.judgement.scope, "ward", "{tag}");
                stopped.push(number);
            }
        }
        if stopped != case.stops {
            complaints.push(format!("{tag}: stops {stopped:?}, not {:?}", case.stops));
        }
        for number in case.passes {
            if verdicts[number - 1] != Verdict::Accept {
                complaints.push(format!("{tag}: frame {number} does not pass: {:?}", verdicts[number - 1]));
            }
        }
        if !case.stops.is_empty() {
            covered.insert(case.shield);
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let all: BTreeSet<_> = SHIELDS.iter().map(|shield| shield.name).collect();
    assert_eq!(covered, all, "every shield needs a case");
}

#[test]
fn what_follows_a_refused_request_is_refused_until_a_new_connection() {
    let frames = of("building/modbus");
    let mut line = Line::new(config("modbus-write", "protect = ['10.20.30.46']"));
    let first = verdicts(&mut line, &frames);
    assert_eq!(first[17], Verdict::Again, "the next write on that connection");
    assert_eq!(first[21], Verdict::Again, "and whatever else it asks");
    let again = verdicts(&mut line, &frames);
    assert_eq!(again[5], Verdict::Accept, "a new connection reads");
    assert!(matches!(again[15], Verdict::Refuse(_)), "and is refused when it writes");
}

#[test]
fn split_as_small_as_can_be_it_is_the_last_segment_that_is_refused() {
    let whole = made::http_split(usize::MAX);
    let scope = "protect = ['10.0.0.2']";
    for size in [1, 2, 7, 40] {
        let frames = made::http_split(size);
        let verdicts = verdicts(&mut Line::new(config("pump-settings", scope)), &frames);
        let refused: Vec<_> =
            verdicts.iter().enumerate().filter(|(_, v)| matches!(v, Verdict::Refuse(_))).collect();
        assert_eq!(refused.len(), 1, "{size}: {} frames, {} whole", frames.len(), whole.len());
        let Verdict::Refuse(refusal) = refused[0].1 else { panic!() };
        assert_eq!(&*refusal.asked.operation, "POST");
        assert!(verdicts[refused[0].0 + 1..].iter().all(|verdict| *verdict == Verdict::Again), "{size}");
    }
}

#[test]
fn a_segment_that_its_receiver_drops_hides_nothing() {
    // First harmless bytes under a wrong checksum, then in their place what is meant.
    let frames = made::http_with_decoy();
    let verdicts = verdicts(&mut Line::new(config("pump-settings", "protect = ['10.0.0.2']")), &frames);
    assert_eq!(verdicts[3], Verdict::Accept);
    assert!(matches!(verdicts[4], Verdict::Refuse(_)), "{verdicts:?}");
}

#[test]
fn what_its_receiver_does_not_believe_hides_nothing() {
    for flags in ["S", "R"] {
        let frames = made::http_with_forgery(flags);
        let verdicts = verdicts(&mut Line::new(config("pump-settings", "protect = ['10.0.0.2']")), &frames);
        assert!(matches!(verdicts.last(), Some(Verdict::Refuse(_))), "{flags}: {verdicts:?}");
    }
}

#[test]
fn the_rest_is_told_as_it_is_without() {
    for path in proof::captures() {
        let frames = frames(&path);
        let run = |in_line: bool| {
            let mut engine = Engine::new(Limits { in_line, ..Limits::shared(4096, 1 << 26, 1) });
            let mut last = Timestamp::MIN;
            let mut number = 0;
            for (time, link, bytes) in &frames {
                number += 1;
                last = last.max(*time);
                let original = bytes.len() as u32;
                engine.packet(
                    number,
                    *time,
                    &decode(&RawFrame { number, time: *time, link: *link, bytes, original }),
                );
            }
            engine.finish(last, number);
            let weirds: Vec<_> =
                engine.weirds().iter().map(|(name, count)| (name.to_owned(), count)).collect();
            let records: Vec<_> = engine.records().collect();
            (engine.events().collect::<Vec<_>>(), records, weirds)
        };
        let (plain, records, weirds) = run(false);
        let (told, same_records, same_weirds) = run(true);
        assert!(!plain.iter().any(|event| matches!(event, Event::Asked(_))), "{}", path.display());
        let rest: Vec<_> = told.into_iter().filter(|event| !matches!(event, Event::Asked(_))).collect();
        assert_eq!(rest, plain, "{}", path.display());
        assert_eq!((same_records, same_weirds), (records, weirds), "{}", path.display());
    }
}

#[test]
fn what_is_asked_holds_no_patient() {
    let planted =
        std::fs::read_to_string(proof::root().join("tests/captures/planted-patients.txt")).expect("a list");
    let planted: Vec<String> = planted
        .lines()
        .map(str::trim)
        .filter(|l| l.len() >= 4 && !l.starts_with('#'))
        .map(str::to_lowercase)
        .collect();
    for path in proof::captures() {
        let mut engine = Engine::new(Limits { in_line: true, ..Limits::shared(4096, 1 << 26, 1) });
        let mut number = 0;
        for (time, link, bytes) in &frames(&path) {
            number += 1;
            let original = bytes.len() as u32;
            engine.packet(
                number,
                *time,
                &decode(&RawFrame { number, time: *time, link: *link, bytes, original }),
            );
            for event in engine.events() {
                let Event::Asked(asked) = event else { continue };
                let text = format!("{} {} {:?}", asked.operation, asked.object, asked.details).to_lowercase();
                let found = planted.iter().find(|patient| text.contains(patient.as_str()));
                assert_eq!(found, None, "{}: {text}", path.display());
            }
        }
    }
}
