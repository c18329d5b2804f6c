//! What a feed yields: the closed list of things that knowledge is made of.

use serde::{Deserialize, Serialize};

use crate::{Advisory, Day, DeviceIdentifier, Product, ProductCode, Recall, Status, Timestamp};

/// One record of a feed. Several feeds yield the same kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    Advisory(Box<Advisory>),
    Exploited(Exploited),
    Score(Score),
    Statement(Statement),
    Recall(Box<Recall>),
    ProductCode(ProductCode),
    DeviceIdentifier(Box<DeviceIdentifier>),
    Lifecycle(Box<Lifecycle>),
    Technique(Technique),
    Disclosure(Box<Disclosure>),
    Bom(Box<Bom>),
}

impl Record {
    /// What names it within its feed. A later record with the same key replaces the earlier one.
    pub fn key(&self) -> &str {
        match self {
            Record::Advisory(advisory) => &advisory.id,
            Record::Exploited(exploited) => &exploited.cve,
            Record::Score(score) => &score.cve,
            Record::Statement(statement) => &statement.id,
            Record::Recall(recall) => &recall.number,
            Record::ProductCode(code) => &code.code,
            Record::DeviceIdentifier(identifier) => &identifier.di,
            Record::Lifecycle(lifecycle) => &lifecycle.slug,
            Record::Technique(technique) => &technique.id,
            Record::Disclosure(disclosure) => &disclosure.id,
            Record::Bom(bom) => &bom.id,
        }
    }
}

/// A vulnerability that is known to be exploited (CISA KEV).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploited {
    pub cve: Box<str>,
    pub vendor: Box<str>,
    pub product: Box<str>,
    pub name: Box<str>,
    pub added: Option<Day>,
    /// Until when US federal agencies must act.
    pub due: Option<Day>,
    pub action: Box<str>,
    /// Used in ransomware campaigns; `None`: not known.
    pub ransomware: Option<bool>,
}

/// How likely exploitation is within 30 days (FIRST EPSS).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub cve: Box<str>,
    /// Probability, 0 to 1.
    pub epss: f32,
    /// Share of all scored CVEs with this score or a lower one, 0 to 1.
    pub percentile: f32,
}

/// What somebody says of one vulnerability in some products (VEX).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Derived from document and position; unique.
    pub id: Box<str>,
    /// The document it stands in.
    pub document: Box<str>,
    /// Who says so.
    pub author: Box<str>,
    /// CVE id, or another id where there is no CVE.
    pub vulnerability: Box<str>,
    pub status: Status,
    /// VEX justification label ("vulnerable_code_not_present"), where given.
    pub justification: Option<Box<str>>,
    /// In the author's words: the impact, or what to do.
    pub details: Box<str>,
    pub products: Vec<Product>,
    pub issued: Option<Timestamp>,
}

/// A product's releases and until when each is supported (endoflife.date).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// "windows", "debian", "openssl".
    pub slug: Box<str>,
    pub label: Box<str>,
    /// "os", "server-app", "framework", "device", …
    pub category: Box<str>,
    pub aliases: Vec<Box<str>>,
    /// Kind ("cpe", "purl", "repology") and value.
    pub identifiers: Vec<(Box<str>, Box<str>)>,
    pub releases: Vec<Release>,
    pub url: Option<Box<str>>,
}

/// One release, or release cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// "10-1607-e-lts", "7-sp1", "12".
    pub name: Box<str>,
    pub label: Box<str>,
    pub codename: Option<Box<str>>,
    pub released: Option<Day>,
    /// Last day of active support.
    pub active_until: Option<Day>,
    /// Last day of (security) support.
    pub supported_until: Option<Day>,
    /// Known to be out of support though no day is given.
    pub ended: bool,
    /// Last day of paid extended support.
    pub extended_until: Option<Day>,
    /// No longer sold since.
    pub discontinued: Option<Day>,
    pub long_term: bool,
    /// Newest version of the cycle, with its day: "10.0.14393".
    pub latest: Option<Box<str>>,
}

/// A technique of attackers (MITRE ATT&CK).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    /// "T0883", "T1021.001".
    pub id: Box<str>,
    pub name: Box<str>,
    /// "ics-attack", "enterprise-attack", "mobile-attack".
    pub domain: Box<str>,
    pub tactics: Vec<Box<str>>,
    pub url: Option<Box<str>>,
    /// Deprecated or revoked.
    pub retired: bool,
}

/// A maker's disclosure statement for a device model (MDS2, ANSI/NEMA HN 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// Derived from vendor, model, software release and document id.
    pub id: Box<str>,
    /// Year of the form: 2013 or 2019.
    pub form: u16,
    pub vendor: Box<str>,
    pub model: Box<str>,
    pub document: Option<Box<str>>,
    pub released: Option<Day>,
    pub software_release: Option<Box<str>>,
    pub answers: Vec<Answer>,
}

/// One answered question of a disclosure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// "MPII-1", "AUTH-1.2" (2019); "A", "2-1.1" (2013).
    pub question: Box<str>,
    /// "Yes", "No", "N/A", "See Note", or free text.
    pub answer: Box<str>,
    pub note: Option<Box<str>>,
}

/// A bill of materials of a device model or program (CycloneDX, SPDX).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bom {
    /// Serial number or namespace of the document, else derived from its subject.
    pub id: Box<str>,
    /// "CycloneDX 1.6", "SPDX-2.3".
    pub format: Box<str>,
    /// What it is the bill of.
    pub vendor: Box<str>,
    pub product: Box<str>,
    pub version: Option<Box<str>>,
    pub created: Option<Timestamp>,
    pub components: Vec<Component>,
}

/// A component of a bill of materials.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Component {
    pub supplier: Option<Box<str>>,
    pub name: Box<str>,
    pub version: Option<Box<str>>,
    /// CPE 2.3 formatted string.
    pub cpe: Option<Box<str>>,
    pub purl: Option<Box<str>>,
}
