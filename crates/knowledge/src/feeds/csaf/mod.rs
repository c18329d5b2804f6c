//! Security advisories and VEX documents as CSAF (Common Security Advisory Framework).
//!
//! Shape: OASIS CSAF 2.0, section 3 (one document an advisory: `document`, `product_tree`, `vulnerabilities`); of 2.1
//! what it renames is read too (`cwes`, `metrics`). Categories `csaf_security_advisory` and `csaf_vex` are read alike,
//! since product statuses say what each product is. What a product is called comes from the branches above it, see
//! `products`. How documents are found on a publisher's server is in `provider`.
//!
//! A product that is scored but has no status counts as under investigation, so that it is not lost.
//!
//! Limits: a document is held in memory. Scores are not kept product by product. Acknowledgements, involvements,
//! revision history, hashes and SBOM addresses of products are not kept.

mod advisory;
mod document;
mod products;
mod provider;
mod scores;

use std::io::BufRead;

use medward_model::Record;

use crate::documents::read_each;
use crate::outline::Outline;
use crate::wording::moment;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub use provider::{
    Change, Distribution, HashError, OpenPgpKey, Provider, ProviderError, RolieEntry, RolieFeed,
    provider_addresses, read_changes, read_index, read_provider, read_rolie, read_security_txt, verify_hash,
};

pub(super) static CSAF: Feed = Feed {
    name: "csaf",
    title: "CSAF advisories and VEX",
    publisher: "makers and coordinators, among them CISA",
    licence: "as each publisher says; CISA's are in the public domain",
    specification: &["OASIS CSAF 2.0, section 3", "OASIS CSAF 2.1, section 3"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Advisory],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    if outline.has("document") {
        let whole = sample.has_members(&["csaf_version"]);
        // A long `document` may end beyond the head.
        return whole || outline.ends_in("document") && sample.has_members(&["tracking", "publisher"]);
    }
    outline.ends_in("product_tree") && sample.has_members(&["product_id"])
        || outline.ends_in("vulnerabilities") && sample.has_members(&["product_status"])
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut as_of = None;
    let mut version = None;
    let header =
        read_each(input, sink, "a CSAF document (JSON)", |document: document::Document, position, sink| {
            let released = moment(&document.document.tracking.current_release_date);
            if as_of < released {
                as_of = released;
            }
            if !document.document.csaf_version.is_empty() {
                version = Some(format!("CSAF {}", document.document.csaf_version));
            }
            match advisory::advisory(&document, sink) {
                Ok(advisory) => sink.record(Record::Advisory(Box::new(advisory))),
                Err(why) => {
                    let id = document.document.tracking.id.trim();
                    let what = if id.is_empty() { format!("record {position}") } else { id.to_owned() };
                    sink.skip(Skipped { what, why });
                }
            }
        })?;
    Ok(Header { as_of, version, ..header })
}
