//! Vulnerabilities with an analysis to VEX statements (CycloneDX 1.4 and later, `vulnerabilities[]`).
//!
//! What is affected is a reference: to a component of the document, or by BOM-Link (`urn:cdx:serial/version#ref`) to one
//! of another document, which is then known by the text of its reference alone. An analysis of a component holds for
//! the product that the document is about, not for that component wherever else it is: so the product of the
//! statement is the subject of the document, and the label says which component is meant.

use hashbrown::HashMap;
use medward_model::{NamedProduct, Product, Record, Statement, Status, Versions};

use super::document::{Affected, Component, Document, Vulnerability};
use crate::naming::{any_version, cpe23, package, unescaped};
use crate::wording::{cut, line, moment, some_line};
use crate::{Sink, Skipped};

/// Bytes kept of the author's words.
const MAX_DETAILS: usize = 1_200;

pub(super) fn statements(document: &Document, id: &str, sink: &mut dyn Sink) {
    let subject = document.metadata.component.as_ref();
    let mut known = HashMap::new();
    if let Some(subject) = subject {
        enter(std::slice::from_ref(subject), &mut known);
    }
    enter(&document.components, &mut known);
    let mut count = 0usize;
    let mut silent = 0usize;
    for (position, vulnerability) in document.vulnerabilities.iter().enumerate() {
        let name = name(vulnerability);
        if vulnerability.analysis.state.trim().is_empty() {
            silent += 1;
            continue;
        }
        let mut skip = |why: String| {
            let what =
                if name.is_empty() { format!("vulnerability {}", position + 1) } else { name.to_string() };
            sink.skip(Skipped { what: format!("{id} {what}"), why });
        };
        let Some(state) = state(&vulnerability.analysis.state) else {
            skip(format!("has the state '{}', which CycloneDX has not", line(&vulnerability.analysis.state)));
            continue;
        };
        if name.is_empty() {
            skip("has no id".to_owned());
            continue;
        }
        let mut by_status: Vec<(Status, Vec<Product>)> = Vec::new();
        for affected in &vulnerability.affects {
            let named = named(affected, document, &known);
            for (status, product) in versions(affected, named, state) {
                match by_status.iter_mut().find(|(other, _)| *other == status) {
                    Some((_, products)) => products.push(Product::Named(product)),
                    None => by_status.push((status, vec![Product::Named(product)])),
                }
            }
        }
        // An analysis of nothing in particular is one of the subject.
        if by_status.is_empty() {
            let Some(subject) = subject else {
                skip("does not say what it affects".to_owned());
                continue;
            };
            by_status.push((state, vec![Product::Named(of(subject, document))]));
        }
        for (status, products) in by_status {
            count += 1;
            let id = format!("{id}#{count}");
            let statement = statement(document, vulnerability, &name, status, products, &id);
            sink.record(Record::Statement(statement));
        }
    }
    if silent > 0 {
        let why = format!("{silent} vulnerabilities have no analysis, so nothing is stated of them");
        sink.skip(Skipped { what: id.to_owned(), why });
    }
}

fn statement(
    document: &Document,
    vulnerability: &Vulnerability,
    name: &str,
    status: Status,
    products: Vec<Product>,
    id: &str,
) -> Statement {
    let analysis = &vulnerability.analysis;
    let mut details: Vec<String> = Vec::new();
    if !analysis.detail.trim().is_empty() {
        details.push(analysis.detail.trim().to_owned());
    }
    if !analysis.response.is_empty() {
        details.push(format!("Response: {}.", analysis.response.join(", ").replace('_', " ")));
    }
    if status == Status::Affected && !vulnerability.recommendation.trim().is_empty() {
        details.push(vulnerability.recommendation.trim().to_owned());
    }
    let issued = [&analysis.last_updated, &analysis.first_issued, &vulnerability.updated];
    Statement {
        id: id.into(),
        document: id.rsplit_once('#').map_or(id, |(document, _)| document).into(),
        author: author(document),
        vulnerability: name.into(),
        status,
        // A justification is one of not being affected.
        justification: some_line(&analysis.justification).filter(|_| status == Status::NotAffected),
        details: cut(&details.join("\n"), MAX_DETAILS),
        products,
        issued: issued.into_iter().chain([&document.metadata.timestamp]).find_map(|text| moment(text)),
    }
}

/// The CVE id where it has one.
fn name(vulnerability: &Vulnerability) -> Box<str> {
    let ids = std::iter::once(&vulnerability.id).chain(vulnerability.references.iter().map(|r| &r.id));
    let ids: Vec<Box<str>> = ids.filter_map(|id| some_line(id)).collect();
    let cve = ids.iter().find(|id| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-")));
    match cve {
        Some(cve) => cve.to_ascii_uppercase().into(),
        None => ids.into_iter().next().unwrap_or_default(),
    }
}

fn state(text: &str) -> Option<Status> {
    Some(match text.trim() {
        "not_affected" | "false_positive" => Status::NotAffected,
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "exploitable" => Status::Affected,
        "in_triage" => Status::UnderInvestigation,
        _ => return None,
    })
}

fn author(document: &Document) -> Box<str> {
    let metadata = &document.metadata;
    let authors: Vec<Box<str>> =
        metadata.authors.iter().filter_map(|author| some_line(&author.name)).collect();
    if authors.is_empty() { super::vendor(document) } else { authors.join(", ").into() }
}

fn enter<'d>(components: &'d [Component], known: &mut HashMap<&'d str, &'d Component>) {
    for component in components {
        if !component.reference.is_empty() {
            known.entry(component.reference.as_str()).or_insert(component);
        }
        enter(&component.components, known);
    }
}

/// What a reference means.
fn named(affected: &Affected, document: &Document, known: &HashMap<&str, &Component>) -> NamedProduct {
    let reference = affected.reference.trim();
    let (link, fragment) = match reference.strip_prefix("urn:cdx:").and_then(|rest| rest.split_once('#')) {
        Some((link, fragment)) => (Some(link), unescaped(fragment)),
        None => (None, reference.to_owned()),
    };
    let serial = document.serial_number.trim().trim_start_matches("urn:uuid:");
    let own = link.is_none_or(|link| link.split('/').next() == Some(serial));
    let found = known.get(reference).or_else(|| known.get(fragment.as_str()).filter(|_| own));
    let subject = document.metadata.component.as_ref();
    match (found, subject) {
        (Some(component), Some(subject)) if !std::ptr::eq(*component, subject) => {
            let product = of(subject, document);
            let part = [component.full_name(), component.version.clone()].join(" ");
            let whole = [&*product.product, subject.version.trim()].join(" ");
            NamedProduct { label: Some(line(&format!("{whole}: {part}"))), ..product }
        }
        (Some(component), _) => of(component, document),
        (None, _) => unresolved(reference, &fragment),
    }
}

/// A component as a product.
fn of(component: &Component, document: &Document) -> NamedProduct {
    let subject =
        document.metadata.component.as_ref().is_some_and(|subject| std::ptr::eq(subject, component));
    let vendor = component.maker().unwrap_or_default();
    NamedProduct {
        vendor: if subject { super::vendor(document) } else { vendor },
        product: if subject { line(&component.name) } else { line(&component.full_name()) },
        versions: some_line(&component.version).map_or(Versions::Unstated, Versions::Prose),
        cpes: cpe23(&component.cpe).into_iter().collect(),
        purls: some_line(&component.purl).into_iter().collect(),
        ..NamedProduct::default()
    }
}

fn unresolved(reference: &str, fragment: &str) -> NamedProduct {
    match package(fragment) {
        Some(package) => NamedProduct {
            product: package.name,
            versions: package.versions,
            label: some_line(reference),
            purls: package.purl.into_iter().collect(),
            ..NamedProduct::default()
        },
        None => NamedProduct { product: line(reference), ..NamedProduct::default() },
    }
}

/// The product with each of the versions that are listed for it, or as it is.
fn versions(affected: &Affected, named: NamedProduct, state: Status) -> Vec<(Status, NamedProduct)> {
    if affected.versions.is_empty() {
        return vec![(state, named)];
    }
    // What identifies the version of the document says nothing of others.
    let named = NamedProduct {
        cpes: named.cpes.iter().map(|cpe| any_version(cpe)).collect(),
        purls: named.purls.iter().map(|purl| unversioned(purl)).collect(),
        ..named
    };
    let each = affected.versions.iter().map(|given| {
        let text = some_line(&given.version).or_else(|| some_line(&given.range));
        let product = match text {
            Some(text) if matches!(&*text, "*" | "vers:all/*") => {
                NamedProduct { versions: Versions::All, ..named.clone() }
            }
            Some(text) => NamedProduct { versions: Versions::Prose(text), ..named.clone() },
            None => named.clone(),
        };
        (status(&given.status, state), product)
    });
    each.collect()
}

/// A package URL without version, qualifiers and subpath.
fn unversioned(purl: &str) -> Box<str> {
    let path = purl.split(['?', '#']).next().unwrap_or(purl);
    match path.rsplit_once('@') {
        Some((before, version)) if !version.contains('/') && !before.ends_with('/') => before.into(),
        _ => path.into(),
    }
}

/// A version has a status of its own beside the state of the analysis.
fn status(version: &str, state: Status) -> Status {
    match (version.trim(), state) {
        // Fixed in some versions: these are not among them.
        ("affected", Status::Fixed) => Status::Affected,
        ("unaffected", Status::Fixed) => Status::Fixed,
        ("unaffected", _) => Status::NotAffected,
        ("unknown", _) => Status::UnderInvestigation,
        // "affected" says that the version has the flawed part; the analysis says what that means.
        _ => state,
    }
}
