//! One CSAF document to one advisory (OASIS CSAF 2.0, sections 3.2.1 and 3.2.3).

use hashbrown::{HashMap, HashSet};
use medward_model::{Advisory, Day, ProductStatus, Remedy, RemedyKind, Status, Vulnerability};

use super::document::{self, Document, Head, Note};
use super::products::Products;
use super::scores;
use crate::wording::{cut, line, moment, some_line};
use crate::{Sink, Skipped};

/// Bytes kept of what an advisory is about.
const MAX_SUMMARY: usize = 1_200;
/// Bytes kept of a remedy, or of the words of a justification.
const MAX_DETAILS: usize = 600;

/// The advisory, or why there is none.
pub(super) fn advisory(document: &Document, sink: &mut dyn Sink) -> Result<Advisory, String> {
    let head = &document.document;
    let id = some_line(&head.tracking.id).ok_or("has no document/tracking/id")?;
    // Categories of CSAF 2.1, section 4.6 and 4.7.
    let withdrawn = matches!(head.category.as_str(), "csaf_withdrawn" | "csaf_superseded");
    if document.vulnerabilities.is_empty() && !withdrawn {
        return Err(format!("names no vulnerabilities (category {})", line(&head.category)));
    }
    let mut products = Products::new(&document.product_tree);
    let vulnerabilities: Vec<Vulnerability> = document
        .vulnerabilities
        .iter()
        .map(|given| vulnerability(given, &head.publisher.name, &mut products))
        .collect();
    if let Some(first) = products.missing.first {
        let others = products.missing.ids.len() - 1;
        let why =
            format!("product '{first}' and {others} others are spoken of but are not in the product tree");
        sink.skip(Skipped { what: id.to_string(), why });
    }
    Ok(Advisory {
        aliases: head.tracking.aliases.iter().filter_map(|alias| some_line(alias)).collect(),
        title: line(&head.title),
        summary: summary(document),
        url: url(head, &id),
        published: Day::read(&head.tracking.initial_release_date),
        modified: moment(&head.tracking.current_release_date),
        withdrawn,
        products: products.into_list(),
        vulnerabilities,
        id,
    })
}

/// The first note that tells what the document is about; a summary before a description.
fn summary(document: &Document) -> Box<str> {
    let first = |notes: &[Note], category: &str| -> Option<Box<str>> {
        let mut found = notes.iter().filter(|note| note.category == category);
        found.find_map(|note| Some(cut(&note.text, MAX_SUMMARY)).filter(|text| !text.is_empty()))
    };
    for notes in
        std::iter::once(&document.document.notes).chain(document.vulnerabilities.iter().map(|v| &v.notes))
    {
        for category in ["summary", "description", "details"] {
            if let Some(text) = first(notes, category) {
                return text;
            }
        }
    }
    Box::default()
}

/// Where a person reads on: the page of the document itself rather than its data, rather than anything else.
fn url(head: &Head, id: &str) -> Option<Box<str>> {
    let id = id.to_lowercase();
    head.references
        .iter()
        .filter(|reference| reference.url.starts_with("http"))
        .min_by_key(|reference| {
            let url = reference.url.to_lowercase();
            let path = url.split(['?', '#']).next().unwrap_or_default();
            let data = [".json", ".xml", ".csaf", ".asc"].iter().any(|ending| path.ends_with(ending));
            let printed = [".pdf", ".txt"].iter().any(|ending| path.ends_with(ending));
            let itself = reference.category.as_deref() == Some("self");
            let named = url.contains(&id) || reference.summary.to_lowercase().contains(&id);
            (!itself, data, !named, printed)
        })
        .and_then(|reference| some_line(&reference.url))
}

fn vulnerability<'d>(
    given: &'d document::Vulnerability,
    publisher: &str,
    products: &mut Products<'d>,
) -> Vulnerability {
    let cve = some_line(&given.cve).map(|cve| cve.to_ascii_uppercase().into());
    let mut title = line(&given.title);
    if title.is_empty() && cve.is_none() {
        let ids: Vec<String> = given.ids.iter().map(|id| format!("{} {}", id.system_name, id.text)).collect();
        title = line(&ids.join(", "));
    }
    let mut cwes: Vec<u32> = std::iter::once(&given.cwe)
        .chain(&given.cwes)
        .filter_map(|weakness| weakness.id.trim().get(4..)?.parse().ok())
        .collect();
    cwes.dedup();
    Vulnerability {
        cve,
        title,
        cwes,
        cvss: scores::scores(given, publisher),
        ssvc: None,
        statuses: statuses(given, products),
        remedies: remedies(given, products),
    }
}

fn statuses<'d>(given: &'d document::Vulnerability, products: &mut Products<'d>) -> Vec<ProductStatus> {
    let stated = &given.product_status;
    let mut found = |lists: &[&'d [String]]| -> Vec<u32> {
        let mut found: Vec<u32> = lists.iter().flat_map(|list| products.positions(list, &[])).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let affected = found(&[&stated.known_affected, &stated.first_affected, &stated.last_affected]);
    let fixed = found(&[&stated.fixed, &stated.first_fixed]);
    // What nobody knows is shown like what somebody looks into: a person has to decide.
    let mut unclear = found(&[&stated.under_investigation, &stated.unknown]);
    let recommended = found(&[&stated.recommended]);
    let spared = found(&[&stated.known_not_affected]);
    let scored: Vec<&[String]> = given
        .scores
        .iter()
        .map(|score| score.products.as_slice())
        .chain(given.metrics.iter().map(|metric| metric.products.as_slice()))
        .collect();
    let scored = found(&scored);
    // A product may be scored, and have no status by an oversight. Nobody says that it is affected, but nearly.
    let told: HashSet<u32> =
        [&affected, &fixed, &unclear, &recommended, &spared].into_iter().flatten().copied().collect();
    unclear.extend(scored.into_iter().filter(|position| !told.contains(position)));
    unclear.sort_unstable();
    let mut all: Vec<ProductStatus> = [
        (Status::Affected, affected),
        (Status::Fixed, fixed),
        (Status::UnderInvestigation, unclear),
        (Status::Recommended, recommended),
    ]
    .into_iter()
    .filter(|(_, products)| !products.is_empty())
    .map(|(status, products)| ProductStatus { status, products, justification: None })
    .collect();
    all.extend(not_affected(given, spared, products));
    all
}

/// Products that are not affected, apart by why: the label of a flag, else the words of an impact statement.
fn not_affected<'d>(
    given: &'d document::Vulnerability,
    spared: Vec<u32>,
    products: &mut Products<'d>,
) -> Vec<ProductStatus> {
    if spared.is_empty() {
        return Vec::new();
    }
    let mut why: HashMap<u32, Box<str>> = HashMap::new();
    let mut for_all: Option<Box<str>> = None;
    let labels = given.flags.iter().map(|flag| (line(&flag.label), &flag.product_ids, &flag.group_ids));
    let impacts = given.threats.iter().filter(|threat| threat.category == "impact");
    let words = impacts.map(|t| (cut(&t.details, MAX_DETAILS), &t.product_ids, &t.group_ids));
    for (reason, ids, groups) in labels.chain(words).filter(|(reason, ..)| !reason.is_empty()) {
        if ids.is_empty() && groups.is_empty() {
            for_all.get_or_insert(reason);
            continue;
        }
        for position in products.positions(ids, groups) {
            why.entry(position).or_insert_with(|| reason.clone());
        }
    }
    let mut all: Vec<ProductStatus> = Vec::new();
    let mut by_reason: HashMap<Option<Box<str>>, usize> = HashMap::new();
    for position in spared {
        let justification = why.remove(&position).or_else(|| for_all.clone());
        let at = *by_reason.entry(justification.clone()).or_insert_with(|| {
            all.push(ProductStatus { status: Status::NotAffected, products: Vec::new(), justification });
            all.len() - 1
        });
        if let Some(status) = all.get_mut(at) {
            status.products.push(position);
        }
    }
    all
}

fn remedies<'d>(given: &'d document::Vulnerability, products: &mut Products<'d>) -> Vec<Remedy> {
    let mut all: Vec<Remedy> = Vec::new();
    for remediation in &given.remediations {
        let Some(kind) = kind(&remediation.category) else { continue };
        let found = products.positions(&remediation.product_ids, &remediation.group_ids);
        let named = !remediation.product_ids.is_empty() || !remediation.group_ids.is_empty();
        // An empty list would stand for all products.
        if named && found.is_empty() {
            continue;
        }
        let url = some_line(&remediation.url);
        all.push(Remedy { kind, details: cut(&remediation.details, MAX_DETAILS), url, products: found });
    }
    all
}

fn kind(category: &str) -> Option<RemedyKind> {
    match category {
        // `optional_patch` (2.1) is a fix for what is not affected.
        "vendor_fix" | "optional_patch" => Some(RemedyKind::VendorFix),
        "workaround" => Some(RemedyKind::Workaround),
        "mitigation" => Some(RemedyKind::Mitigation),
        // `fix_planned` (2.1): there is none yet.
        "none_available" | "fix_planned" => Some(RemedyKind::NoneAvailable),
        "no_fix_planned" => Some(RemedyKind::NoFixPlanned),
        _ => None,
    }
}
