//! What each format looks like, that it is the same every time, and that nothing from the wire escapes from it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use medward_export::{Format, View, write};
use medward_model::{Assessment, Attribute};

const ALL: [Format; 6] =
    [Format::Text, Format::Json, Format::Jsonl, Format::Csv, Format::Html, Format::Cyclonedx];

fn written(assessment: &Assessment, format: Format, width: usize, colour: bool) -> String {
    let mut out = Vec::new();
    write(assessment, format, &View { colour, width }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn text_without_a_terminal() {
    insta::assert_snapshot!(written(&sample::sample(12), Format::Text, 0, false));
}

#[test]
fn text_on_a_hundred_columns() {
    let text = written(&sample::sample(12), Format::Text, 100, false);
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100));
    insta::assert_snapshot!(text);
}

#[test]
fn text_of_nothing() {
    insta::assert_snapshot!(written(&sample::sample(0), Format::Text, 80, false));
}

#[test]
fn table() {
    insta::assert_snapshot!(written(&sample::sample(5), Format::Csv, 0, false));
}

#[test]
fn json() {
    insta::assert_snapshot!(written(&sample::sample(3), Format::Json, 0, false));
}

#[test]
fn json_lines() {
    let lines = written(&sample::sample(5), Format::Jsonl, 0, false);
    for line in lines.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].is_string());
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn cyclonedx() {
    insta::assert_snapshot!(written(&sample::sample(7), Format::Cyclonedx, 0, false));
}

#[test]
fn the_same_assessment_gives_the_same_bytes() {
    for format in ALL {
        for count in [0, 1, 12, 60, 61] {
            let once = written(&sample::sample(count), format, 120, true);
            assert_eq!(once, written(&sample::sample(count), format, 120, true), "{format:?}");
        }
    }
}

#[test]
fn colour_only_adds_escape_sequences() {
    let assessment = sample::sample(60);
    let coloured = written(&assessment, Format::Text, 100, true);
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, written(&assessment, Format::Text, 100, false));
}

#[test]
fn another_content_has_another_serial_number() {
    let number = |assessment: &Assessment| {
        let bom: serde_json::Value =
            serde_json::from_str(&written(assessment, Format::Cyclonedx, 0, false)).unwrap();
        bom["serialNumber"].as_str().unwrap().to_owned()
    };
    let mut other = sample::sample(5);
    for device in &mut other.devices {
        device.hostnames = vec!["another".into()];
    }
    assert_ne!(number(&sample::sample(5)), number(&other));
}

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"onload=alert(1) x=\"",
    "'-alert(1)-'",
    "</style></title><img src=x onerror=alert(1)>",
    "\u{202e}gpj.exe\u{200b}\u{1b}[2J\u{7}",
    "=cmd|' /C calc'!A0",
];

/// Everything that can come from the wire is `text`.
fn hostile(text: &str) -> Assessment {
    let mut assessment = sample::sample(12);
    for device in &mut assessment.devices {
        device.hostnames = vec![text.into()];
        device.aliases = vec![text.into()];
        for attribute in Attribute::ALL {
            let Some(mut fused) = device.attributes.values().next().cloned() else { continue };
            fused.value = text.into();
            for support in &mut fused.evidence {
                support.source = text.into();
                support.field = text.into();
                support.value = text.into();
            }
            let candidate = medward_model::Candidate {
                value: text.into(),
                confidence: 0.6,
                evidence: fused.evidence.clone(),
            };
            fused.rejected = vec![candidate];
            device.attributes.insert(attribute.name(), fused);
        }
        for software in &mut device.software {
            software.name = text.into();
            software.version = Some(text.into());
            software.cpe = Some(text.into());
        }
        for service in &mut device.services {
            service.protocol = text.into();
        }
    }
    for talk in &mut assessment.conversations {
        talk.protocol = text.into();
    }
    let file = &mut assessment.capture.files[0];
    file.path = text.into();
    file.problem = Some(text.into());
    file.comments = vec![text.into()];
    assessment.capture.weirds.insert(text.into(), 1);
    assessment.capture.evictions.insert(text.into(), 1);
    assessment
}

#[test]
fn nothing_from_the_wire_becomes_markup() {
    let tags = |page: &str| page.matches("<script").count() + page.matches("<img").count();
    for text in HOSTILE {
        let page = written(&hostile(text), Format::Html, 0, false);
        assert_eq!(tags(&page), 1, "only the page's own script: {text}");
        assert!(!page.contains("\"onload="), "{text}");
        assert!(!page.contains("='-alert"), "{text}");
        assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{1b}', '\u{7}']), "{text}");
    }
}

#[test]
fn nothing_from_the_wire_drives_a_terminal() {
    for text in HOSTILE {
        for format in [Format::Text, Format::Csv] {
            let shown = written(&hostile(text), format, 0, false);
            assert!(!shown.contains(['\u{202e}', '\u{200b}', '\u{1b}', '\u{7}']), "{format:?} {text}");
        }
    }
}

#[test]
fn no_cell_is_a_formula() {
    let table = written(&hostile("=cmd|' /C calc'!A0"), Format::Csv, 0, false);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    for record in reader.records() {
        assert!(record.unwrap().iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
    }
}

#[test]
fn a_page_asks_for_nothing_from_elsewhere() {
    let page = written(&sample::sample(60), Format::Html, 0, false);
    for outside in ["http://", "https://", "src=", "@import", "url(", "<link", " style=", " onclick="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_ring_of_parents_is_shown_flat() {
    let mut assessment = sample::sample(2);
    let inside: Vec<usize> = (0..assessment.devices.len())
        .filter(|i| assessment.devices[*i].scope == medward_model::Scope::Internal)
        .collect();
    assessment.devices[inside[0]].parent = Some(assessment.devices[inside[1]].id.clone());
    assessment.devices[inside[1]].parent = Some(assessment.devices[inside[0]].id.clone());
    assert!(written(&assessment, Format::Text, 0, false).starts_with("2 devices"));
}
