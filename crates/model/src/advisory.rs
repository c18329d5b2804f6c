//! An advisory: what a maker, a coordinator or a database says of weaknesses in products. One of the types of the waist.

use serde::{Deserialize, Serialize};

use crate::{Day, Timestamp};

/// One advisory, in the form that every feed of vulnerabilities is brought to.
///
/// Products stand once, in `products`; everything else refers to them by position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// As its publisher numbers it: "CVE-2020-25165", "ICSMA-20-317-01", "GHSA-…".
    pub id: Box<str>,
    /// Other ids of the same advisory (OSV `aliases`).
    pub aliases: Vec<Box<str>>,
    /// One line; empty where the publisher gives none.
    pub title: Box<str>,
    /// What it is about, at most 1,200 bytes.
    pub summary: Box<str>,
    /// Where a person reads on.
    pub url: Option<Box<str>>,
    pub published: Option<Day>,
    pub modified: Option<Timestamp>,
    /// Rejected or withdrawn by its publisher: kept so that an earlier copy is overruled, never matched.
    pub withdrawn: bool,
    /// The products that are spoken of.
    pub products: Vec<Product>,
    /// The weaknesses; at least one unless `withdrawn`.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// One weakness of an advisory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// Its CVE id, upper case; absent where none was assigned.
    pub cve: Option<Box<str>>,
    /// One line; empty where the publisher gives none.
    pub title: Box<str>,
    /// Kinds of weakness, as CWE numbers.
    pub cwes: Vec<u32>,
    /// Scores, best source first (the publisher's order where it has one).
    pub cvss: Vec<Cvss>,
    /// CISA's stakeholder-specific decision points, where given.
    pub ssvc: Option<Ssvc>,
    /// What is said of which product.
    pub statuses: Vec<ProductStatus>,
    pub remedies: Vec<Remedy>,
}

/// A severity score (FIRST CVSS).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// "2.0", "3.0", "3.1", "4.0".
    pub version: Box<str>,
    pub vector: Box<str>,
    /// Base score, 0.0 to 10.0.
    pub score: f32,
    /// Who scored.
    pub source: Box<str>,
}

/// SSVC decision points as published by CISA (CISA SSVC Guide 2022).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ssvc {
    pub exploitation: Exploitation,
    pub automatable: bool,
    /// Technical impact is total.
    pub total: bool,
}

/// SSVC: evidence of exploitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exploitation {
    None,
    ProofOfConcept,
    Active,
}

/// What is said of some products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductStatus {
    pub status: Status,
    /// Positions in `Advisory::products`.
    pub products: Vec<u32>,
    /// Why, for `Status::NotAffected`: the label of the VEX justification, or the publisher's words.
    pub justification: Option<Box<str>>,
}

/// CSAF product status and VEX status, as one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Affected,
    NotAffected,
    Fixed,
    UnderInvestigation,
    /// A fixed or recommended version is named; nothing is said of what is affected.
    Recommended,
}

/// What a publisher offers against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    pub kind: RemedyKind,
    /// In the publisher's words, at most 600 bytes.
    pub details: Box<str>,
    pub url: Option<Box<str>>,
    /// Positions in `Advisory::products`; empty stands for all.
    pub products: Vec<u32>,
}

/// CSAF 2.0, 3.2.3.12.1: category of a remediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemedyKind {
    VendorFix,
    Workaround,
    Mitigation,
    NoneAvailable,
    NoFixPlanned,
}

/// A product as an advisory speaks of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Product {
    /// By names, for people.
    Named(NamedProduct),
    /// By CPE 2.3 applicability (NVD `configurations`, CVE 5 `cpeApplicability`).
    Configuration(CpeConfiguration),
    /// A package of an ecosystem (OSV, purl).
    Package(Package),
}

/// Maker, product and versions in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NamedProduct {
    /// As written, typing errors included; empty where none is given.
    pub vendor: Box<str>,
    /// As written.
    pub product: Box<str>,
    pub versions: Versions,
    /// What the publisher calls the whole ("SpaceStation with SpaceCom 2: All software Versions L81 and earlier"),
    /// where that says more than the parts.
    pub label: Option<Box<str>>,
    /// CPE names of it (2.3 formatted strings).
    pub cpes: Vec<Box<str>>,
    /// Package URLs of it.
    pub purls: Vec<Box<str>>,
    /// Model numbers, catalogue numbers and SKUs that identify it; `?` and `*` are wild (CSAF 2.0, 3.1.3.3).
    pub model_numbers: Vec<Box<str>>,
    /// Serial numbers that identify it; `?` and `*` are wild.
    pub serial_numbers: Vec<Box<str>>,
}

/// Which versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Versions {
    /// Nothing is said.
    #[default]
    Unstated,
    /// Every version.
    All,
    /// Stated span by span. `default`: whether a version in no span is affected (CVE 5 `defaultStatus`; `None`: unknown).
    Spans { default: Option<bool>, spans: Vec<VersionSpan> },
    /// In words ("<= 9.33", "versions prior to 9.0", "vers:all/*"): read when it is matched, not when it is loaded.
    Prose(Box<str>),
}

/// A span of versions. Both ends absent: every version. Both ends equal and inclusive: exactly that one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionSpan {
    /// Whether the versions in it are affected, or the reverse.
    pub affected: bool,
    pub from: Option<Bound>,
    pub to: Option<Bound>,
    /// How versions of this product are ordered, where the publisher says so.
    pub scheme: Option<Box<str>>,
}

impl VersionSpan {
    /// Exactly one version.
    pub fn exactly(affected: bool, version: &str) -> VersionSpan {
        let bound = || Some(Bound { version: version.into(), inclusive: true });
        VersionSpan { affected, from: bound(), to: bound(), scheme: None }
    }
}

/// An end of a span.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bound {
    pub version: Box<str>,
    pub inclusive: bool,
}

/// Nodes of CPE matches (NVD API 2.0, `configurations`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpeConfiguration {
    /// All nodes must hold (AND); otherwise one is enough.
    pub all: bool,
    pub negate: bool,
    pub nodes: Vec<CpeNode>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpeNode {
    /// All matches must hold (AND); otherwise one is enough.
    pub all: bool,
    pub negate: bool,
    pub matches: Vec<CpeMatch>,
}

/// One CPE name with version bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpeMatch {
    /// False for what must only be present (a platform, the hardware).
    pub vulnerable: bool,
    /// CPE 2.3 formatted string.
    pub criteria: Box<str>,
    pub from: Option<Bound>,
    pub to: Option<Bound>,
}

/// A package and its affected versions (OSV schema, `affected[]`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// "PyPI", "npm", "Debian:12", "Alpine:v3.18", …
    pub ecosystem: Box<str>,
    pub name: Box<str>,
    pub purl: Option<Box<str>>,
    pub versions: Versions,
}
