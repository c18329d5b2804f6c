//! CSAF 2.0 and 2.1 documents: advisories of makers and coordinators (CISA's medical ones among them), and CSAF VEX.
//!
//! Shape: `document`, `product_tree` (branches from vendor to version, full product names, relationships), `vulnerabilities`
//! (statuses, remediations, scores by product id). A leaf becomes a named product: the nearest vendor, product name and
//! version above it. Versions stay in the publisher's words; they are read when they are matched.
//!
//! Limits: notes are kept in so far as the summary; of relationships the product and what it is installed on are kept
//! as one product whose label names both.

use std::collections::BTreeMap;
use std::io::BufRead;

use medward_model::{
    Advisory, Cvss, Day, NamedProduct, Product, ProductStatus, Record, Remedy, RemedyKind, Status, Versions,
    Vulnerability,
};
use serde::Deserialize;

use super::text::{cut, cwe, mended};
use crate::{Documents, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static CSAF: Feed = Feed {
    name: "csaf",
    title: "CSAF advisories and VEX",
    publisher: "CISA and makers",
    licence: "CISA: US public domain; others as their documents say",
    specification: &["OASIS CSAF 2.0, 3", "OASIS CSAF 2.1"],
    cadence_hours: 24,
    extent: Extent::Part,
    yields: &[Kind::Advisory],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has_members(&["document", "csaf_version"])
}

/// Most products of one document.
const MAX_PRODUCTS: usize = 200_000;

/// How deep branches may lie.
const MAX_DEPTH: usize = 32;

#[derive(Deserialize)]
struct Document {
    document: Head,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Weakness>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    title: String,
    tracking: Tracking,
    #[serde(default)]
    notes: Vec<Note>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    #[serde(default)]
    initial_release_date: String,
    #[serde(default)]
    current_release_date: String,
    #[serde(default)]
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Note {
    category: String,
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    category: String,
    url: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tree {
    branches: Vec<Branch>,
    full_product_names: Vec<FullName>,
    relationships: Vec<Relationship>,
    product_groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch {
    category: String,
    name: String,
    branches: Vec<Branch>,
    product: Option<FullName>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct FullName {
    name: String,
    product_id: String,
    product_identification_helper: Option<Helper>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Helper {
    cpe: Option<String>,
    purl: Option<String>,
    purls: Vec<String>,
    model_numbers: Vec<String>,
    serial_numbers: Vec<String>,
    skus: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationship {
    full_product_name: FullName,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    group_id: String,
    product_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Weakness {
    cve: Option<String>,
    title: Option<String>,
    cwe: Option<Cwe>,
    cwes: Vec<Cwe>,
    product_status: BTreeMap<String, Vec<String>>,
    remediations: Vec<Remediation>,
    scores: Vec<Score>,
    metrics: Vec<Metric>,
    flags: Vec<Flag>,
    threats: Vec<Threat>,
    ids: Vec<Id>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Id {
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cwe {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Remediation {
    category: String,
    details: String,
    url: Option<String>,
    product_ids: Vec<String>,
    group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Score {
    cvss_v2: Option<Base>,
    cvss_v3: Option<Base>,
    cvss_v4: Option<Base>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metric {
    content: Score,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Base {
    version: String,
    #[serde(rename = "vectorString")]
    vector: String,
    #[serde(rename = "baseScore")]
    score: f32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flag {
    label: String,
    product_ids: Vec<String>,
    group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Threat {
    category: String,
    details: String,
    product_ids: Vec<String>,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut documents = Documents::new(input);
    let mut position = 0u64;
    let mut newest = None;
    while let Some(item) = documents.next_item()? {
        position += 1;
        let document = match item {
            Item::Value(bytes) => {
                serde_json::from_slice::<Document>(bytes).map_err(|error| error.to_string())
            }
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match document {
            Ok(document) if document.vulnerabilities.is_empty() => sink.skip(Skipped {
                what: document.document.tracking.id,
                why: "names no vulnerability".to_owned(),
            }),
            Ok(document) => {
                let advisory = advisory(document);
                newest = newest.max(advisory.modified);
                sink.record(Record::Advisory(Box::new(advisory)));
            }
            Err(why) => sink.skip(Skipped { what: format!("document {position}"), why }),
        }
    }
    Ok(Header { as_of: newest, truncated: documents.truncated(), ..Header::default() })
}

fn advisory(document: Document) -> Advisory {
    let head = document.document;
    let mut products = Products::default();
    products.branches(&document.product_tree.branches, &Above::default(), 0);
    for name in document.product_tree.full_product_names {
        let named = NamedProduct {
            product: mended(&name.name).into(),
            versions: Versions::Unstated,
            ..NamedProduct::default()
        };
        products.add(&name, named);
    }
    products.relate(&document.product_tree.relationships);
    let groups: BTreeMap<&str, &[String]> = document
        .product_tree
        .product_groups
        .iter()
        .map(|group| (group.group_id.as_str(), group.product_ids.as_slice()))
        .collect();
    let vulnerabilities = document
        .vulnerabilities
        .into_iter()
        .map(|weakness| vulnerability(weakness, &products, &groups))
        .collect();
    let note = ["summary", "description", "general", "details"].iter().find_map(|wanted| {
        head.notes.iter().find(|note| note.category == *wanted && !note.text.trim().is_empty())
    });
    // The page for people, not the document itself.
    let url = head
        .references
        .iter()
        .find(|reference| reference.category == "self" && !reference.url.ends_with(".json"))
        .or_else(|| head.references.first())
        .map(|reference| reference.url.as_str().into());
    Advisory {
        id: head.tracking.id.trim().into(),
        aliases: Vec::new(),
        title: cut(mended(head.title.trim()).as_ref(), 300),
        summary: cut(mended(note.map_or("", |note| note.text.trim())).as_ref(), 1_200),
        url,
        published: Day::read(&head.tracking.initial_release_date),
        modified: head.tracking.current_release_date.parse().ok(),
        withdrawn: head.tracking.status == "withdrawn",
        products: products.all.into_iter().map(Product::Named).collect(),
        vulnerabilities,
    }
}

/// What the branches above a leaf say.
#[derive(Clone, Default)]
struct Above {
    vendor: String,
    family: String,
    product: String,
    versions: Versions,
    more: Vec<String>,
}

#[derive(Default)]
struct Products {
    all: Vec<NamedProduct>,
    by_id: BTreeMap<String, u32>,
}

impl Products {
    fn branches(&mut self, branches: &[Branch], above: &Above, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        for branch in branches {
            let name = mended(branch.name.trim()).into_owned();
            let mut here = above.clone();
            match branch.category.as_str() {
                "vendor" => here.vendor = name,
                "product_family" => here.family = name,
                "product_name" => here.product = name,
                "product_version" | "product_version_range" => here.versions = versions(&name),
                _ => here.more.push(name),
            }
            if let Some(product) = &branch.product {
                self.leaf(product, &here);
            }
            self.branches(&branch.branches, &here, depth + 1);
        }
    }

    fn leaf(&mut self, product: &FullName, above: &Above) {
        let written = mended(product.name.trim()).into_owned();
        let name = match (above.product.is_empty(), above.family.is_empty()) {
            (false, _) => above.product.clone(),
            (true, false) => above.family.clone(),
            (true, true) => written.clone(),
        };
        let says_more = !written.is_empty() && !written.ends_with(&name) && written != name;
        let mut label = says_more.then_some(written);
        if !above.more.is_empty() {
            label = Some(format!("{} ({})", label.unwrap_or_else(|| name.clone()), above.more.join(", ")));
        }
        self.add(
            product,
            NamedProduct {
                vendor: above.vendor.as_str().into(),
                product: name.into(),
                versions: above.versions.clone(),
                label: label.map(Into::into),
                ..NamedProduct::default()
            },
        );
    }

    fn add(&mut self, product: &FullName, mut named: NamedProduct) {
        let Ok(position) = u32::try_from(self.all.len()) else { return };
        if product.product_id.is_empty() || self.all.len() >= MAX_PRODUCTS {
            return;
        }
        if let Some(helper) = &product.product_identification_helper {
            let boxed =
                |list: &[String]| list.iter().map(|text| text.as_str().into()).collect::<Vec<Box<str>>>();
            named.cpes = helper.cpe.iter().map(|cpe| cpe.as_str().into()).collect();
            named.purls = boxed(&helper.purls);
            named.purls.extend(helper.purl.iter().map(|purl| purl.as_str().into()));
            named.model_numbers = boxed(&helper.model_numbers);
            named.model_numbers.extend(helper.skus.iter().map(|sku| sku.as_str().into()));
            named.serial_numbers = boxed(&helper.serial_numbers);
        }
        if !self.by_id.contains_key(&product.product_id) {
            self.by_id.insert(product.product_id.clone(), position);
            self.all.push(named);
        }
    }

    /// "A installed on B" is A, where it runs on B.
    fn relate(&mut self, relationships: &[Relationship]) {
        for relationship in relationships {
            let of = |id: &str| self.by_id.get(id).and_then(|at| self.all.get(*at as usize)).cloned();
            let Some(mut named) = of(&relationship.product_reference) else { continue };
            let platform = of(&relationship.relates_to_product_reference).map(|platform| platform.product);
            let written = mended(relationship.full_product_name.name.trim()).into_owned();
            named.label = Some(match platform {
                Some(platform) if written.is_empty() => format!("{} on {platform}", named.product).into(),
                _ => written.into(),
            });
            self.add(&relationship.full_product_name, named);
        }
    }

    fn positions(&self, ids: &[String]) -> Vec<u32> {
        let mut positions: Vec<u32> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

fn versions(text: &str) -> Versions {
    match text {
        "" => Versions::Unstated,
        "*" | "vers:all/*" | "all versions" | "All versions" => Versions::All,
        text => Versions::Prose(text.into()),
    }
}

fn vulnerability(
    weakness: Weakness,
    products: &Products,
    groups: &BTreeMap<&str, &[String]>,
) -> Vulnerability {
    let grouped = |ids: &[String], group_ids: &[String]| -> Vec<u32> {
        let mut all = ids.to_vec();
        all.extend(
            group_ids
                .iter()
                .filter_map(|group| groups.get(group.as_str()))
                .flat_map(|ids| ids.iter().cloned()),
        );
        products.positions(&all)
    };
    let mut statuses: Vec<ProductStatus> = Vec::new();
    for (name, ids) in &weakness.product_status {
        let status = match name.as_str() {
            "known_affected" | "first_affected" | "last_affected" => Status::Affected,
            "known_not_affected" => Status::NotAffected,
            "fixed" | "first_fixed" => Status::Fixed,
            "under_investigation" => Status::UnderInvestigation,
            "recommended" => Status::Recommended,
            _ => continue,
        };
        let positions = products.positions(ids);
        if status == Status::NotAffected {
            // Each with its own reason.
            for position in positions {
                let justification = reason(&weakness, position, &grouped, products);
                statuses.push(ProductStatus { status, products: vec![position], justification });
            }
        } else if !positions.is_empty() {
            statuses.push(ProductStatus { status, products: positions, justification: None });
        }
    }
    let scores = weakness.scores.into_iter().chain(weakness.metrics.into_iter().map(|metric| metric.content));
    let mut cvss: Vec<Cvss> = Vec::new();
    for score in scores {
        for base in [score.cvss_v4, score.cvss_v3, score.cvss_v2].into_iter().flatten() {
            let one = Cvss {
                version: if base.version.is_empty() { "2.0".into() } else { base.version.into() },
                vector: base.vector.into(),
                score: base.score,
                source: "publisher".into(),
            };
            if !cvss.contains(&one) {
                cvss.push(one);
            }
        }
    }
    cvss.sort_by(|a, b| b.version.cmp(&a.version));
    let remedies = weakness
        .remediations
        .iter()
        .filter_map(|remediation| {
            Some(Remedy {
                kind: match remediation.category.as_str() {
                    "vendor_fix" => RemedyKind::VendorFix,
                    "workaround" => RemedyKind::Workaround,
                    "mitigation" => RemedyKind::Mitigation,
                    "none_available" | "fix_planned" | "optional_patch" => RemedyKind::NoneAvailable,
                    "no_fix_planned" => RemedyKind::NoFixPlanned,
                    _ => return None,
                },
                details: cut(mended(remediation.details.trim()).as_ref(), 600),
                url: remediation.url.as_deref().map(Into::into),
                products: grouped(&remediation.product_ids, &remediation.group_ids),
            })
        })
        .collect();
    let mut cwes: Vec<u32> =
        weakness.cwe.iter().chain(&weakness.cwes).filter_map(|own| cwe(&own.id)).collect();
    cwes.dedup();
    let cve = weakness
        .cve
        .filter(|cve| !cve.trim().is_empty())
        .or_else(|| weakness.ids.into_iter().next().map(|id| id.text));
    Vulnerability {
        cve: cve.map(|cve| cve.trim().to_ascii_uppercase().into()),
        title: weakness.title.unwrap_or_default().into(),
        cwes,
        cvss,
        ssvc: None,
        statuses,
        remedies,
    }
}

fn reason(
    weakness: &Weakness,
    position: u32,
    grouped: &dyn Fn(&[String], &[String]) -> Vec<u32>,
    products: &Products,
) -> Option<Box<str>> {
    let flag =
        weakness.flags.iter().find(|flag| grouped(&flag.product_ids, &flag.group_ids).contains(&position));
    let impact = weakness.threats.iter().find(|threat| {
        threat.category == "impact" && products.positions(&threat.product_ids).contains(&position)
    });
    match (flag, impact) {
        (Some(flag), Some(impact)) => Some(format!("{}: {}", flag.label, cut(&impact.details, 300)).into()),
        (Some(flag), None) => Some(flag.label.as_str().into()),
        (None, Some(impact)) => Some(cut(&impact.details, 300)),
        (None, None) => None,
    }
}
