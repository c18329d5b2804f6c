//! What every dissector must stand, whatever it reads: split, cut, lossy, damaged and endless input.
//!
//! The flows of our own captures are taken apart and played to the driver again, spoilt in many ways. A new dissector is
//! covered as soon as a capture shows its protocol; one that no capture shows must stand in `UNSEEN` with the reason.
//! Chance is reproducible: a failure names the flow and what was done to it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

#[path = "../proof/mod.rs"]
mod proof;

mod flows;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use flows::{End, Flow, Part, Report, dissect, flows, frames};
use medward_dissect::{Carrier, Dissector, dissectors};
use proof::Chance;

/// Dissectors that no capture of ours shows, with the reason.
const UNSEEN: [(&str, &str); 1] = [("quic", "only the version is read; it is exercised by its own tests")];

/// Flows of each dissector that are played again.
const FLOWS: usize = 3;
/// Bytes of a flow that are played again, where the work grows with their number.
const BYTES: usize = 12 * 1024;

/// A few flows of every dissector.
fn chosen() -> Vec<Flow> {
    let captures: Vec<_> = proof::captures()
        .into_iter()
        .map(|path| (proof::short(&path), path))
        .filter(|(name, _)| !name.starts_with("wire/") && !name.starts_with("ward/"))
        .collect();
    let all: Vec<Flow> =
        proof::each(&captures, |(name, path)| flows(path, name)).into_iter().flatten().collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chosen = Vec::new();
    for flow in all {
        let wanted = flow
            .dissectors
            .iter()
            .filter(|name| **name != "tcp")
            .any(|name| count.get(name).copied().unwrap_or(0) < FLOWS);
        if wanted {
            for name in &flow.dissectors {
                *count.entry(name).or_default() += 1;
            }
            chosen.push(flow);
        }
    }
    assert!(chosen.len() > 40, "only {} flows were found", chosen.len());
    chosen
}

/// Does `check` to each flow and fails with all complaints together.
fn all(title: &str, check: impl Fn(&Flow) -> Vec<String> + Sync) {
    let flows = chosen();
    let complaints: Vec<String> = proof::each(&flows, |flow| {
        let tag = format!("{} {:?} of {}", title, flow.dissectors, flow.capture);
        match catch_unwind(AssertUnwindSafe(|| check(flow))) {
            Ok(complaints) => complaints.into_iter().map(|complaint| format!("{tag}: {complaint}")).collect(),
            Err(_) => vec![format!("{tag}: panicked")],
        }
    })
    .concat();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Lines of `some` that `whole` has not (as often).
fn beyond(some: &[String], whole: &[String]) -> Vec<String> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for line in whole {
        *left.entry(line).or_default() += 1;
    }
    let mut extra = Vec::new();
    for line in some {
        match left.get_mut(line.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => extra.push(line.clone()),
        }
    }
    extra
}

fn values(lines: &[String]) -> BTreeSet<&String> {
    lines.iter().collect()
}

#[test]
fn byte_by_byte_says_the_same() {
    all("byte by byte", |flow| {
        if !flow.stream {
            return Vec::new();
        }
        let parts = flow.first(BYTES);
        let whole = flow.play(&parts);
        let single: Vec<Part<'_>> = parts
            .iter()
            .flat_map(|part| match part {
                Part::Said(end, bytes) => bytes.chunks(1).map(|byte| Part::Said(*end, byte)).collect(),
                Part::Lost(..) => Vec::new(),
            })
            .collect();
        let split = flow.play(&single);
        let mut complaints = Vec::new();
        for (kind, a, b) in [
            ("evidence", &whole.evidence, &split.evidence),
            ("activity", &whole.activity, &split.activity),
            ("links", &whole.links, &split.links),
        ] {
            complaints.extend(beyond(a, b).into_iter().map(|line| format!("{kind} lost: {line}")));
            complaints.extend(beyond(b, a).into_iter().map(|line| format!("{kind} new: {line}")));
        }
        complaints
    });
}

#[test]
fn however_often_it_is_asked_a_flow_has_one_name() {
    all("asked after every frame", |flow| {
        let parts = flow.first(BYTES);
        let (whole, asked) = (flow.play(&parts), flow.play_asked(&parts));
        let names = |report: &flows::Report| -> BTreeSet<Option<&'static str>> {
            report.records.iter().map(|record| record.protocol).collect()
        };
        let packets =
            |report: &flows::Report| report.records.iter().flat_map(|record| record.packets).sum::<u64>();
        let mut complaints = Vec::new();
        if names(&whole) != names(&asked) {
            complaints.push(format!("{:?} is told as {:?}", names(&whole), names(&asked)));
        }
        if packets(&whole) != packets(&asked) {
            complaints.push(format!("{} packets are told as {}", packets(&whole), packets(&asked)));
        }
        complaints
    });
}

#[test]
fn what_is_cut_off_says_nothing_else() {
    all("cut off", |flow| {
        let whole = flow.play(&flow.whole());
        let length = flow.length().min(BYTES);
        let mut complaints = Vec::new();
        let points = 24.min(length);
        for point in 0..points {
            let at = length * point / points + usize::from(point % 2 == 1);
            let part = flow.play(&flow.first(at));
            complaints.extend(foreign(&part, &whole).into_iter().map(|line| format!("at byte {at}: {line}")));
        }
        complaints
    });
}

#[test]
fn a_gap_invents_nothing() {
    all("with a gap", |flow| {
        if !flow.stream {
            return Vec::new();
        }
        let whole = flow.play(&flow.whole());
        let length = flow.length().min(4 * BYTES);
        let mut chance = Chance::new(length as u64);
        let mut complaints = Vec::new();
        for _ in 0..24 {
            let (at, lost) = (chance.below(length), 1 + chance.below(200));
            let part = flow.play(&with_gap(flow, at, lost));
            complaints.extend(
                foreign(&part, &whole).into_iter().map(|line| format!("{lost} bytes lost at {at}: {line}")),
            );
        }
        complaints
    });
}

/// What was said of somebody that the whole flow does not say. A fact (a banner, a list of options) may be told as far as
/// it was seen; a value that states an attribute may not: half a serial number is a wrong one.
fn foreign(part: &Report, whole: &Report) -> Vec<String> {
    let known = |who: &str, value: &str, states: bool| {
        whole
            .values
            .iter()
            .any(|(subject, full, _)| subject == who && (full == value || !states && full.starts_with(value)))
    };
    part.values
        .iter()
        .filter(|(who, value, states)| !known(who, value, *states))
        .map(|(who, value, _)| format!("{who} {value:?}"))
        .collect()
}

fn with_gap(flow: &Flow, at: usize, lost: usize) -> Vec<Part<'_>> {
    let (mut before, mut left) = (at, lost);
    let mut parts = Vec::new();
    for (end, bytes) in &flow.said {
        if before >= bytes.len() {
            before -= bytes.len();
            parts.push(Part::Said(*end, bytes));
            continue;
        }
        let (kept, rest) = bytes.split_at(before);
        before = 0;
        let (gone, rest) = rest.split_at(left.min(rest.len()));
        left = 0;
        for said in [Part::Said(*end, kept), Part::Lost(*end, gone.len()), Part::Said(*end, rest)] {
            match said {
                Part::Said(_, []) | Part::Lost(_, 0) => {}
                said => parts.push(said),
            }
        }
    }
    parts
}

#[test]
fn damaged_bytes_are_read_to_an_end() {
    all("damaged", |flow| {
        let mut chance = Chance::new(flow.length() as u64 + 7);
        for round in 0..24 {
            let mut spoilt = flow.clone();
            for (_, bytes) in &mut spoilt.said {
                spoil(bytes, round, &mut chance);
            }
            let report = spoilt.play(&spoilt.first(4 * BYTES));
            let most = 64 + 16 * flow.length();
            if report.evidence.len() > most {
                return vec![format!("round {round}: {} pieces of evidence", report.evidence.len())];
            }
        }
        Vec::new()
    });
}

/// Flips bits, writes extreme bytes, cuts, repeats, or replaces by garbage.
fn spoil(bytes: &mut Vec<u8>, round: usize, chance: &mut Chance) {
    if bytes.is_empty() {
        return;
    }
    let times = 1 + bytes.len() / 64;
    match round % 6 {
        0 | 1 => {
            for _ in 0..times {
                let at = chance.below(bytes.len());
                bytes[at] ^= 1 << chance.below(8);
            }
        }
        2 => {
            for _ in 0..times {
                let at = chance.below(bytes.len());
                bytes[at] = [0, 0xff, 0x80, 0x7f, b'0', b'\n'][chance.below(6)];
            }
        }
        3 => bytes.truncate(chance.below(bytes.len())),
        4 => {
            let (from, to) = (chance.below(bytes.len()), chance.below(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            let at = chance.below(bytes.len());
            bytes.splice(at..at, part);
        }
        _ => {
            // The head stays, so that a probe may still match.
            let keep = bytes.len().min(4 + chance.below(24));
            for byte in bytes.iter_mut().skip(keep) {
                *byte = chance.next() as u8;
            }
        }
    }
}

#[test]
fn damaged_frames_are_read_to_an_end() {
    let captures = proof::captures();
    proof::each(&captures, |capture| {
        let frames = frames(capture);
        let count = frames.len();
        for round in 0..4 {
            let mut chance = Chance::new(round + count as u64);
            let spoilt: Vec<_> = frames
                .iter()
                .map(|(link, bytes)| {
                    let mut bytes = bytes.clone();
                    spoil(&mut bytes, round as usize, &mut chance);
                    (*link, bytes)
                })
                .collect();
            let run = || dissect(spoilt.iter().map(|(link, bytes)| (*link, bytes.as_slice())));
            assert!(
                catch_unwind(AssertUnwindSafe(run)).is_ok(),
                "{}: round {round} panicked",
                capture.display()
            );
        }
    });
}

#[test]
fn endless_input_stays_bounded() {
    all("endless", |flow| {
        let once = flow.play(&flow.whole());
        let length = flow.length();
        let times = (400_000 / length.max(100)).clamp(8, 2_000);
        // Each side says all it has to say again and again, without an answer from the other.
        let mut complaints = Vec::new();
        for end in [End::Client, End::Server] {
            let mine: Vec<Part<'_>> = flow
                .whole()
                .into_iter()
                .filter(|part| matches!(part, Part::Said(e, _) if *e == end))
                .collect();
            if mine.is_empty() {
                continue;
            }
            let single = flow.play(&mine);
            let parts: Vec<Part<'_>> = std::iter::repeat_n(&mine, times).flatten().copied().collect();
            let many = flow.play(&parts);
            let (distinct, known) =
                (values(&many.evidence).len(), values(&once.evidence).len() + values(&single.evidence).len());
            if distinct > known + 16 {
                complaints.push(format!(
                    "{end:?} {times} times: {distinct} distinct pieces of evidence, once {known}"
                ));
            }
            let most = (single.activity.len() + once.activity.len() + 2) * times + 64;
            if many.activity.len() > most {
                complaints.push(format!(
                    "{end:?} {times} times: {} activities, once {}",
                    many.activity.len(),
                    single.activity.len()
                ));
            }
            let most = (single.evidence.len() + once.evidence.len() + 2) * times;
            if many.evidence.len() > most {
                complaints.push(format!("{end:?} {times} times: {} pieces of evidence", many.evidence.len()));
            }
        }
        complaints
    });
}

#[test]
fn one_association_on_every_wire_says_the_same() {
    let folder = proof::root().join("tests/captures/wire");
    let said = |name: &str| {
        let frames = frames(&folder.join(name));
        let report = dissect(frames.iter().map(|(link, bytes)| (*link, bytes.as_slice())));
        let of_dicom = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.contains("dicom")).cloned().collect()
        };
        let evidence: BTreeSet<String> = of_dicom(&report.evidence).into_iter().collect();
        (evidence, of_dicom(&report.activity))
    };
    let plain = said("plain.pcap");
    assert!(plain.0.len() > 10 && !plain.1.is_empty(), "plain.pcap says too little: {plain:?}");
    let all = proof::files_below(&folder, &[".pcap"]);
    assert!(all.len() > 12, "tests/captures/wire is not complete");
    for capture in all {
        let name = capture.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert_eq!(said(&name), plain, "{name} says something else than plain.pcap");
    }
}

#[test]
fn every_dissector_is_shown_by_a_capture() {
    let captures = proof::captures();
    let reports = proof::each(&captures, |capture| {
        let frames = frames(capture);
        dissect(frames.iter().map(|(link, bytes)| (*link, bytes.as_slice()))).sources
    });
    let seen: BTreeSet<&str> = reports.into_iter().flatten().collect();
    let unseen: Vec<&str> =
        dissectors().map(|dissector| dissector.name).filter(|name| !seen.contains(name)).collect();
    let excused: Vec<&str> = UNSEEN.iter().map(|(name, _)| *name).collect();
    let missing: Vec<&&str> = unseen.iter().filter(|name| !excused.contains(name)).collect();
    assert!(missing.is_empty(), "no capture in tests/captures shows {missing:?}");
    let shown: Vec<&&str> = excused.iter().filter(|name| !unseen.contains(name)).collect();
    assert!(shown.is_empty(), "captures do show {shown:?}: take them off the list");
}

#[test]
fn every_dissector_is_documented() {
    let mut complaints = Vec::new();
    let mut names = BTreeSet::new();
    for dissector in dissectors() {
        let mut complain = |what: String| complaints.push(format!("{}: {what}", dissector.name));
        if !names.insert(dissector.name) {
            complain("the name is taken twice".to_owned());
        }
        if !is_kebab(dissector.name) {
            complain("the name is not in lower case letters, digits and hyphens".to_owned());
        }
        if dissector.title.trim().is_empty() {
            complain("has no title".to_owned());
        }
        if dissector.specification.is_empty()
            || dissector.specification.iter().any(|text| text.trim().len() < 3)
        {
            complain("names no specification".to_owned());
        }
        let mut ports = BTreeSet::new();
        for port in dissector.ports {
            if *port == 0 || !ports.insert(port) {
                complain(format!("port {port} is 0 or listed twice"));
            }
        }
        if !dissector.ports.is_empty() && !has_ports(dissector) {
            complain("has ports, but is not carried by TCP or UDP".to_owned());
        }
        let mut fields = BTreeSet::new();
        for field in dissector.fields {
            if !fields.insert(field.name) {
                complain(format!("field {} is declared twice", field.name));
            }
            if !is_kebab(field.name) {
                complain(format!("field {} is not in kebab case", field.name));
            }
            if field.meaning.trim().len() < 6 {
                complain(format!("field {} does not say what it means", field.name));
            }
            if let medward_model::Gives::Attribute { percent, .. } = field.gives
                && !(1..=99).contains(&percent)
            {
                complain(format!("field {} is right in {percent} of 100 cases", field.name));
            }
        }
    }
    assert!(names.len() > 40, "only {} dissectors", names.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn has_ports(dissector: &Dissector) -> bool {
    matches!(
        dissector.carrier,
        Carrier::Stream { .. } | Carrier::Datagram { .. } | Carrier::Both { .. } | Carrier::Http { .. }
    )
}

fn is_kebab(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
