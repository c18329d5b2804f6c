//! How right is the inventory? Precision and recall of every attribute over the labelled captures.
//!
//! - A claim about a labelled device that its label contradicts, or lists as `absent`, is wrong; one that the label does
//!   not mention is unjudged. **Precision** is the share of judged claims that are right, **recall** the share of true
//!   and visible values (the label's `attributes`) that are claimed. `device` counts devices: split or merged is wrong.
//! - The test fails where a figure falls below `tests/labels/floor.toml`. `UPDATE_FLOOR=1 cargo test -p medward --test
//!   accuracy` writes what is reached now: look at the difference before it is committed.
//! - `cargo test -p medward --test accuracy -- --nocapture` prints the table, every wrong claim and every miss.
//! - Captures beside the repository have figures of their own and are left out where they are missing.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

#[path = "../proof/mod.rs"]
mod proof;

mod judge;
mod labels;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use judge::Verdict;
use labels::Labels;
use toml::{Table, Value};

const FLOOR: &str = "tests/labels/floor.toml";

#[test]
fn our_own_captures() {
    let all = read_labels(false);
    assert!(all.len() > 40, "only {} captures are labelled", all.len());
    check("own", &all);
}

#[test]
fn captures_beside_the_repository() {
    let all = read_labels(true);
    if all.is_empty() {
        println!("left out: no labelled captures beside the repository");
        return;
    }
    check("shared", &all);
}

/// The label files with the captures that they speak of; those that are missing are left out (and told).
fn read_labels(shared: bool) -> Vec<(Labels, PathBuf)> {
    let root = proof::root();
    let mut all = Vec::new();
    for path in proof::files_below(&root.join("tests/labels"), &[".toml"]) {
        if path == root.join(FLOOR) {
            continue;
        }
        let labels = Labels::read(&path);
        let beside = labels.capture.strip_prefix("../shared/").map(str::to_owned);
        if beside.is_some() != shared {
            continue;
        }
        let capture = match &beside {
            Some(rest) => match proof::shared() {
                Some(place) => place.join(rest),
                None => continue,
            },
            None => root.join(&labels.capture),
        };
        if capture.is_file() {
            all.push((labels, capture));
        } else {
            assert!(shared, "{}: {} is missing", path.display(), labels.capture);
            println!("left out: {} is missing", labels.capture);
        }
    }
    all
}

fn check(group: &str, all: &[(Labels, PathBuf)]) {
    let verdicts = proof::each(all, |(labels, capture)| judge::judge(labels, &proof::assess(capture)));
    let mut verdict = Verdict::default();
    for one in verdicts {
        verdict.add(one);
    }
    let mut report = table(group, all.len(), &verdict);
    for (title, lines) in [("Wrong claims", &verdict.wrong), ("Misses", &verdict.missed)] {
        let _ = writeln!(report, "\n{title} ({}):", lines.len());
        for line in lines {
            let _ = writeln!(report, "  {line}");
        }
    }
    println!("{report}");
    let path = proof::root().join(FLOOR);
    let mut floors: Table =
        std::fs::read_to_string(&path).unwrap_or_default().parse().expect("floor.toml is TOML");
    if std::env::var_os("UPDATE_FLOOR").is_some() {
        floors.insert(group.to_owned(), Value::Table(reached(&verdict)));
        write_floors(&path, &floors);
        return;
    }
    let fallen = below(floors.get(group).and_then(Value::as_table), &verdict);
    assert!(fallen.is_empty(), "{report}\nBelow {FLOOR}:\n  {}", fallen.join("\n  "));
}

fn table(group: &str, captures: usize, verdict: &Verdict) -> String {
    let mut out = format!("Accuracy on {captures} labelled captures ({group})\n");
    let _ = writeln!(out, "{:16} precision  claims   recall  values  unjudged", "attribute");
    for (name, count) in &verdict.counts {
        if count.right + count.wrong + count.found + count.missed + count.unjudged == 0 {
            continue;
        }
        let _ = writeln!(
            out,
            "{name:16}    {:.3}   {:5}    {:.3}   {:5}   {:5}",
            count.precision(),
            count.right + count.wrong,
            count.recall(),
            count.found + count.missed,
            count.unjudged
        );
    }
    let _ = writeln!(out, "\nConfidence stated, and share of judged claims that are right:");
    for (bucket, (right, wrong)) in &verdict.calibration {
        let low = f64::from(*bucket) / 10.0;
        let _ = writeln!(
            out,
            "  {low:.1}–{:.1}   {:.3} of {}",
            low + 0.1,
            *right as f64 / (right + wrong) as f64,
            right + wrong
        );
    }
    out
}

/// What is reached, a little rounded down, for every attribute that was judged.
fn reached(verdict: &Verdict) -> Table {
    let floor = |share: f64| Value::Float((share * 100.0 + 1e-9).floor() / 100.0);
    let mut table = Table::new();
    for (name, count) in &verdict.counts {
        let mut figures = Table::new();
        if count.right + count.wrong > 0 {
            figures.insert("precision".to_owned(), floor(count.precision()));
        }
        if count.found + count.missed > 0 {
            figures.insert("recall".to_owned(), floor(count.recall()));
        }
        if !figures.is_empty() {
            table.insert(name.clone(), Value::Table(figures));
        }
    }
    table
}

fn write_floors(path: &std::path::Path, floors: &Table) {
    let mut text = String::from(
        "# Precision and recall that may not be fallen below (crates/medward/tests/accuracy). Written by UPDATE_FLOOR=1.\n",
    );
    for (group, attributes) in floors {
        let _ = writeln!(text, "\n[{group}]");
        for (name, figures) in attributes.as_table().into_iter().flatten() {
            let figures: Vec<String> = figures
                .as_table()
                .into_iter()
                .flatten()
                .map(|(figure, value)| format!("{figure} = {:.2}", value.as_float().unwrap_or_default()))
                .collect();
            let _ = writeln!(text, "{name} = {{ {} }}", figures.join(", "));
        }
    }
    std::fs::write(path, text).expect("floor.toml can be written");
}

/// The figures that fell below their floor.
fn below(floors: Option<&Table>, verdict: &Verdict) -> Vec<String> {
    let Some(floors) = floors else {
        return vec![
            "no figures are committed: UPDATE_FLOOR=1 cargo test -p medward --test accuracy".to_owned(),
        ];
    };
    let mut fallen = Vec::new();
    for (name, floor) in floors {
        let count = verdict.counts.get(name).cloned().unwrap_or_default();
        let figures = BTreeMap::from([("precision", count.precision()), ("recall", count.recall())]);
        for (figure, now) in figures {
            let least = floor.get(figure).and_then(Value::as_float).unwrap_or(0.0);
            if now + 1e-9 < least {
                fallen.push(format!("{figure} of {name}: {now:.3}, committed {least:.2}"));
            }
        }
    }
    fallen
}
