//! Matching against labelled truth: what must be found is found, what must not be *affected* is not.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medward_identify::Catalog;
use medward_knowledge::{Base, Builder, Fleet, Known, Sink, Skipped, Subject, feed};
use medward_model::{Day, Finding, FindingKind, Record, Verdict};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/matching")
}

struct Into<'b>(&'b mut Builder, &'static str);

impl Sink for Into<'_> {
    fn record(&mut self, record: Record) {
        self.0.add(self.1, record);
    }
    fn skip(&mut self, skipped: Skipped) {
        panic!("{}: {}", skipped.what, skipped.why);
    }
}

fn base() -> Base {
    let catalog = Arc::new(Catalog::builtin().expect("the catalogue"));
    let mut builder = Builder::new(catalog).expect("the vocabulary");
    let file = std::fs::File::open(root().join("icsma.jsonl.zst")).expect("the advisories");
    let mut input = BufReader::new(zstd::Decoder::new(file).expect("zstd"));
    let csaf = feed("csaf").expect("the feed");
    (csaf.read)(&mut input, &mut Into(&mut builder, csaf.name)).expect("the advisories are read");
    builder.finish()
}

fn subject(vendor: &str, model: &str, version: &str) -> Subject {
    let known =
        |value: &str| (!value.is_empty()).then(|| Known { value: value.to_owned(), confidence: 0.95 });
    Subject { vendor: known(vendor), model: known(model), firmware: known(version), ..Subject::default() }
}

struct Case {
    line: String,
    shown: bool,
    finding: Option<Finding>,
}

fn cases() -> Vec<Case> {
    let base = base();
    let now = Day::new(2026, 11, 1).expect("a day");
    let text = std::fs::read_to_string(root().join("advisories.tsv")).expect("the labels");
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [advisory, vendor, model, version, expected, _] = fields.as_slice() else { panic!("{line}") };
            let outcome = base.judge(&subject(vendor, model, version), now);
            let finding = outcome.findings.into_iter().find(|finding| {
                finding
                    .advisory
                    .as_ref()
                    .is_some_and(|a| a.id == *advisory || a.also.iter().any(|also| also.ends_with(*advisory)))
            });
            Case { line: line.to_owned(), shown: *expected == "shown", finding }
        })
        .collect()
}

#[test]
fn affected_devices_are_found_and_others_are_never_called_affected() {
    let cases = cases();
    let verdict = |case: &Case| case.finding.as_ref().map(|finding| finding.status);
    let shown: Vec<&Case> = cases.iter().filter(|case| case.shown).collect();
    let found = shown.iter().filter(|case| case.finding.is_some()).count();
    let surely = shown.iter().filter(|case| verdict(case) == Some(Verdict::Affected)).count();
    let affected = cases.iter().filter(|case| verdict(case) == Some(Verdict::Affected)).count();
    let wrong: Vec<&str> = cases
        .iter()
        .filter(|case| !case.shown && verdict(case) == Some(Verdict::Affected))
        .map(|case| case.line.as_str())
        .collect();
    let missed: Vec<&str> =
        shown.iter().filter(|case| case.finding.is_none()).map(|case| case.line.as_str()).collect();
    println!(
        "found {found} of {}, {surely} as affected; {} wrong of {affected} affected",
        shown.len(),
        wrong.len()
    );
    for case in &cases {
        let word = verdict(case).map_or("-", Verdict::name);
        if case.shown && word != "affected" || !case.shown && word != "-" {
            println!("{word:9} {}", case.line);
        }
    }
    assert!(wrong.is_empty(), "called affected: {wrong:#?}");
    assert!(found * 100 >= shown.len() * 98, "missed: {missed:#?}");
    assert!(
        surely * 100 >= shown.len() * 90,
        "only {surely} of {} are affected rather than likely or possible",
        shown.len()
    );
}

#[test]
fn a_device_of_unknown_version_is_never_called_affected() {
    let base = base();
    let now = Day::new(2026, 11, 1).expect("a day");
    let text = std::fs::read_to_string(root().join("advisories.tsv")).expect("the labels");
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let outcome = base.judge(&subject(fields[1], fields[2], ""), now);
        for finding in &outcome.findings {
            assert_ne!(finding.status, Verdict::Affected, "{} {}: {}", fields[1], fields[2], finding.title);
        }
    }
}

#[test]
fn recalled_units_are_found_and_others_are_not() {
    let text = std::fs::read_to_string(root().join("recalls.tsv")).expect("the labels");
    let now = Day::new(2026, 11, 1).expect("a day");
    let mut wrong = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [firm, description, codes, vendor, model, serial, lot, made, expected, _] = fields.as_slice()
        else {
            panic!("{line}")
        };
        let mut builder =
            Builder::new(Arc::new(Catalog::builtin().expect("the catalogue"))).expect("the vocabulary");
        builder.add(
            "fda-recall",
            Record::Recall(Box::new(medward_model::Recall {
                number: "Z-0001-2026".into(),
                firm: (*firm).into(),
                description: (*description).into(),
                codes: (*codes).into(),
                ..medward_model::Recall::default()
            })),
        );
        let known =
            |value: &str| (!value.is_empty()).then(|| Known { value: value.to_owned(), confidence: 0.95 });
        let subject = Subject {
            serial: known(serial),
            lot: (!lot.is_empty()).then(|| (*lot).to_owned()),
            manufactured: Day::read(made),
            ..subject(vendor, model, "")
        };
        let findings = builder.finish().judge(&subject, now).findings;
        let found = findings.first().map_or("none", |finding| finding.status.name());
        if found != *expected {
            wrong.push(format!("{found}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The advisories, one by one.
fn records() -> Vec<Record> {
    struct All(Vec<Record>);
    impl Sink for All {
        fn record(&mut self, record: Record) {
            self.0.push(record);
        }
        fn skip(&mut self, skipped: Skipped) {
            panic!("{}: {}", skipped.what, skipped.why);
        }
    }
    let file = std::fs::File::open(root().join("icsma.jsonl.zst")).expect("the advisories");
    let mut all = All(Vec::new());
    let csaf = feed("csaf").expect("the feed");
    (csaf.read)(&mut BufReader::new(zstd::Decoder::new(file).expect("zstd")), &mut all).expect("read");
    all.0
}

fn built(records: impl IntoIterator<Item = Record>) -> Base {
    let mut builder =
        Builder::new(Arc::new(Catalog::builtin().expect("the catalogue"))).expect("the vocabulary");
    records.into_iter().for_each(|record| builder.add("csaf", record));
    builder.finish()
}

fn labelled() -> Vec<Subject> {
    let text = std::fs::read_to_string(root().join("advisories.tsv")).expect("the labels");
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            subject(fields[1], fields[2], fields[3])
        })
        .collect()
}

#[test]
fn a_new_advisory_leads_to_every_device_that_it_concerns_and_to_few_others() {
    let subjects = labelled();
    let all = base();
    let fleet = Fleet::new(&subjects, &all);
    let now = Day::new(2026, 11, 1).expect("a day");
    let (mut led, mut concerned) = (0, 0);
    for record in records() {
        let id = record.key().to_owned();
        let alone = built([record]);
        let positions = fleet.concerned(&alone, &all);
        led += positions.len();
        for (position, subject) in (0u32..).zip(&subjects) {
            if !alone.judge(subject, now).findings.is_empty() {
                concerned += 1;
                assert!(positions.contains(&position), "{id} does not lead to {subject:?}");
            }
        }
    }
    assert!(concerned > 100, "{concerned}");
    assert!(led < 12 * concerned, "{led} devices are judged for {concerned} that are concerned");
}

#[test]
fn knowledge_that_came_later_is_as_good_as_knowledge_that_came_at_once() {
    let records = records();
    let (first, later) = records.split_at(records.len() / 2);
    let mut builder = built(first.iter().cloned()).reopen();
    later.iter().for_each(|record| builder.add("csaf", record.clone()));
    let in_parts = builder.finish();
    let at_once = built(records.iter().cloned());
    let now = Day::new(2026, 11, 1).expect("a day");
    for subject in labelled() {
        assert_eq!(in_parts.judge(&subject, now), at_once.judge(&subject, now), "{subject:?}");
    }
}

/// A recall of all units of a product of that code, and the register's entry of one device identifier.
fn with_register(code: &str) -> Base {
    let mut builder =
        Builder::new(Arc::new(Catalog::builtin().expect("the catalogue"))).expect("the vocabulary");
    builder.add(
        "gudid",
        Record::DeviceIdentifier(Box::new(medward_model::DeviceIdentifier {
            di: "00887517567062".into(),
            company: "Northview Medical".into(),
            brand: "FlowLine".into(),
            model: "500".into(),
            product_codes: vec!["FRN".into()],
            ..medward_model::DeviceIdentifier::default()
        })),
    );
    builder.add(
        "fda-recall",
        Record::Recall(Box::new(medward_model::Recall {
            number: "Z-0002-2026".into(),
            firm: "Northview Medical".into(),
            description: "FlowLine 500 infusion pump".into(),
            codes: "All units".into(),
            product_code: Some(code.into()),
            ..medward_model::Recall::default()
        })),
    );
    builder.finish()
}

#[test]
fn a_device_of_which_only_the_udi_is_known_is_looked_up_in_the_register() {
    let udi = Known { value: "(01)00887517567062(21)N1".to_owned(), confidence: 0.95 };
    let subject = Subject { udi: Some(udi), ..Subject::default() };
    let now = Day::new(2026, 11, 1).expect("a day");
    let findings = with_register("FRN").judge(&subject, now).findings;
    assert_eq!(findings.iter().map(|finding| finding.status).collect::<Vec<_>>(), [Verdict::Affected]);
}

#[test]
fn a_recall_of_another_product_code_is_possible_at_most() {
    let udi = Known { value: "00887517567062".to_owned(), confidence: 0.95 };
    let subject = Subject { udi: Some(udi), ..subject("Northview Medical", "FlowLine 500", "") };
    let now = Day::new(2026, 11, 1).expect("a day");
    let findings = with_register("MEB").judge(&subject, now).findings;
    assert_eq!(findings.iter().map(|finding| finding.status).collect::<Vec<_>>(), [Verdict::Possible]);
}

#[test]
fn devices_out_of_support_are_told_with_what_replaces_them() {
    struct Listed<'b>(&'b mut Builder);
    impl Sink for Listed<'_> {
        fn record(&mut self, record: Record) {
            self.0.add("support", record);
        }
        fn skip(&mut self, _: Skipped) {}
    }
    let mut builder =
        Builder::new(Arc::new(Catalog::builtin().expect("the catalogue"))).expect("the vocabulary");
    let own = std::fs::read(root().join("../feeds/support/own.csv")).expect("the list");
    let support = feed("support").expect("the feed");
    (support.read)(&mut &*own, &mut Listed(&mut builder)).expect("the list is read");
    let base = builder.finish();
    let now = Day::new(2026, 11, 26).expect("a day");
    for (vendor, model, version, expected) in [
        (
            "Northview Medical",
            "FlowLine 500",
            "4.1",
            Some((Verdict::Affected, "FlowLine 500 with software 5")),
        ),
        ("Northview Medical", "FlowLine 500", "5.2", None),
        ("Northview Medical", "FlowLine 500", "", Some((Verdict::Possible, "FlowLine 500 with software 5"))),
        ("Northview Medical", "FlowLine 700", "4.1", None),
        ("Example Medical", "Example Infusion Pump Model 9000", "", Some((Verdict::Affected, "Model 9500"))),
        // Built in, with what CISA's advisory says.
        ("Philips", "HDI 4000", "", Some((Verdict::Affected, ""))),
        ("Philips", "HDI 5000", "", None),
    ] {
        let findings = base.judge(&subject(vendor, model, version), now).findings;
        let found = findings.iter().find(|finding| finding.kind == FindingKind::EndOfSupport);
        let told = found.map(|finding| {
            let replacement = finding.advisory.as_ref().and_then(|advisory| advisory.replacement.clone());
            (finding.status, replacement.unwrap_or_default())
        });
        let expected = expected.map(|(status, replacement)| (status, replacement.to_owned()));
        assert_eq!(told, expected, "{vendor} {model} {version}");
    }
}
