//! The parsers of knowledge: feeds, what stands around them, prose, and inventories.

use std::sync::{Arc, OnceLock};

use medward_identify::Catalog;
use medward_knowledge::{
    Builder, Certainty, Claim, Cpe, DeviceCodes, DeviceVersion, FEEDS, Fleet, Known, RecallClaims, SCHEMES,
    Sample, Sink, Skipped, Subject, Udi, read_changes, read_index, read_inventory, read_provider, read_rolie,
    read_security_txt, recognise, verify_hash,
};
use medward_model::{Day, Product, Record, Versions};

/// Records of one input that are judged; more only take time.
const MOST_RECORDS: usize = 200;

fn builder() -> Option<Builder> {
    static CATALOG: OnceLock<Option<Arc<Catalog>>> = OnceLock::new();
    let catalog = CATALOG.get_or_init(|| Catalog::builtin().ok().map(Arc::new));
    Builder::new(Arc::clone(catalog.as_ref()?)).ok()
}

struct All(Vec<Record>);

impl Sink for All {
    fn record(&mut self, record: Record) {
        if self.0.len() < MOST_RECORDS {
            self.0.push(record);
        }
    }
    fn skip(&mut self, _: Skipped) {}
}

/// A file of the feed that the first byte chooses; then a device of that very product is judged with what was read.
pub fn feeds(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let Some(feed) = FEEDS.get(usize::from(*choice) % FEEDS.len()) else { return };
    let _ = recognise(&Sample { name: "", head: file.get(..file.len().min(64 << 10)).unwrap_or_default() });
    let mut all = All(Vec::new());
    let mut input = file;
    let _ = (feed.read)(&mut input, &mut all);
    let (Some(mut builder), Some(now)) = (builder(), Day::new(2026, 11, 26)) else { return };
    let subject = all.0.iter().find_map(subject).unwrap_or_default();
    let (first, later) = all.0.split_at(all.0.len() / 2);
    first.iter().for_each(|record| builder.add(feed.name, record.clone()));
    let mut builder = builder.finish().reopen();
    later.iter().for_each(|record| builder.add(feed.name, record.clone()));
    let base = builder.finish();
    let outcome = base.judge(&subject, now);
    let concerned = Fleet::new(&[subject], &base).concerned(&base, &base);
    assert!(
        outcome.findings.is_empty() || concerned == [0],
        "an index that does not lead to a device that is concerned"
    );
}

/// A device of the product that a record names first.
fn subject(record: &Record) -> Option<Subject> {
    let known = |value: &str| Some(Known { value: value.to_owned(), confidence: 0.9 });
    match record {
        Record::Advisory(advisory) => advisory.products.iter().find_map(|product| match product {
            Product::Named(named) => Some(Subject {
                vendor: known(&named.vendor),
                model: known(&named.product),
                firmware: known("1.0"),
                ..Subject::default()
            }),
            _ => None,
        }),
        Record::Recall(recall) => Some(Subject {
            vendor: known(&recall.firm),
            model: known(&recall.description),
            serial: known("1234567"),
            ..Subject::default()
        }),
        _ => None,
    }
}

/// What stands around feeds: provider metadata, listings, hashes, the parts before a dialogue goes on.
pub fn documents(bytes: &[u8]) {
    let _ = read_provider(bytes);
    let _ = read_rolie(bytes);
    let _ = read_changes(bytes, "https://psirt.example.com/csaf/");
    let text = String::from_utf8_lossy(bytes);
    let _ = read_index(&text, "https://psirt.example.com/csaf/");
    let _ = read_security_txt(&text);
    let _ = verify_hash(&text, bytes);
}

/// Prose and codes, a line each: what an advisory says of versions, a device's version, a recall's description and codes.
pub fn texts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (versions, device, description, codes) = (next(), next(), next(), next());
    let claim = Claim::read(&Versions::Prose(versions.into()));
    let weighed = claim.weigh(&DeviceVersion { version: Some(device), manufactured: None });
    let unknown = claim.weigh(&DeviceVersion { version: None, manufactured: None });
    assert!(
        unknown != Certainty::Inside || claim.is_all(),
        "a version that is not known lies inside {versions}"
    );
    let _ = (weighed, claim.explain(&DeviceVersion { version: Some(device), manufactured: None }));
    for scheme in SCHEMES {
        let (ab, ba) = ((scheme.compare)(versions, device), (scheme.compare)(device, versions));
        assert_eq!(ab, ba.map(std::cmp::Ordering::reverse), "{:?} is not antisymmetric", scheme.names);
    }
    let recall = RecallClaims::read(description, codes);
    let _ = recall.judge(&DeviceCodes {
        serial: Some(device),
        lot: Some(versions),
        manufactured: None,
        expires: None,
    });
    let _ = recall.judge(&DeviceCodes { serial: None, lot: None, manufactured: None, expires: None });
    let _ = Udi::read(device);
    if let (Some(a), Some(b)) = (Cpe::parse(versions), Cpe::parse(device)) {
        let _ = a.covers(&b);
        assert!(a.covers(&a), "{versions} does not cover itself");
    }
}

/// An inventory, as CSV or JSON.
pub fn inventory(bytes: &[u8]) {
    if let Ok(inventory) = read_inventory("inventory", bytes) {
        for device in &inventory.devices {
            let _ = Subject::of(device).kind();
        }
    }
}
