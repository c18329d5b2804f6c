//! Every product of CSAF documents, taken as a device of that very name: tells which are not found, and which version texts
//! cannot be read. `cargo run -p medward-knowledge --example self_match -- FILE...`
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::BufReader;
use std::sync::Arc;

use medward_identify::Catalog;
use medward_knowledge::{Builder, Certainty, Claim, DeviceVersion, Known, Sink, Skipped, Subject, feed};
use medward_model::{Day, Product, Record, Versions};

#[derive(Default)]
struct All(Vec<Record>);

impl Sink for All {
    fn record(&mut self, record: Record) {
        self.0.push(record);
    }
    fn skip(&mut self, skipped: Skipped) {
        println!("skipped {}: {}", skipped.what, skipped.why);
    }
}

fn main() {
    let mut all = All::default();
    let csaf = feed("csaf").expect("the feed");
    for path in std::env::args().skip(1) {
        let file = std::fs::File::open(&path).expect("a readable file");
        let result = (csaf.read)(&mut BufReader::new(file), &mut all);
        if let Err(error) = result {
            println!("{path}: {error}");
        }
    }
    let mut builder =
        Builder::new(Arc::new(Catalog::builtin().expect("the catalogue"))).expect("the vocabulary");
    for record in &all.0 {
        builder.add("csaf", record.clone());
    }
    let base = builder.finish();
    let now = Day::new(2026, 11, 1).expect("a day");
    let (mut products, mut unread, mut missed) = (0, 0, 0);
    for record in &all.0 {
        let Record::Advisory(advisory) = record else { continue };
        for product in &advisory.products {
            let Product::Named(named) = product else { continue };
            products += 1;
            let claim = Claim::read(&named.versions);
            // A version far above every bound, and none: an unread text gives neither an inside nor an outside.
            let probe = claim.weigh(&DeviceVersion { version: Some("99999.9"), manufactured: None });
            if let Versions::Prose(text) = &named.versions
                && matches!(probe, Certainty::Unknown)
            {
                unread += 1;
                println!("unread   {} | {} | {text} | names {:?}", advisory.id, named.product, claim.names());
            }
            let known = |value: &str| Some(Known { value: value.to_owned(), confidence: 0.95 });
            let subject =
                Subject { vendor: known(&named.vendor), model: known(&named.product), ..Subject::default() };
            let found = base.judge(&subject, now).findings.into_iter().any(|finding| {
                finding.advisory.as_ref().is_some_and(|own| {
                    *own.id == *advisory.id || own.also.iter().any(|also| also.ends_with(&*advisory.id))
                })
            });
            if !found {
                missed += 1;
                println!(
                    "missed   {} | {} | {} | {:?}",
                    advisory.id, named.vendor, named.product, named.versions
                );
            }
        }
    }
    println!("{products} products: {unread} version texts not read, {missed} not found by their own name");
}
