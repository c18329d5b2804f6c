//! The members of a CSAF document that are read (OASIS CSAF 2.0, section 3.2; 2.1 where it differs).
//!
//! Everything may be missing: publishers' documents are read as far as they go.

use serde::Deserialize;

use crate::documents::{lenient, or_default};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub document: Head,
    #[serde(deserialize_with = "or_default")]
    pub product_tree: Tree,
    #[serde(deserialize_with = "or_default")]
    pub vulnerabilities: Vec<Vulnerability>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    #[serde(deserialize_with = "lenient")]
    pub csaf_version: String,
    #[serde(deserialize_with = "or_default")]
    pub title: String,
    pub tracking: Tracking,
    #[serde(deserialize_with = "lenient")]
    pub publisher: Publisher,
    #[serde(deserialize_with = "lenient")]
    pub notes: Vec<Note>,
    #[serde(deserialize_with = "lenient")]
    pub references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tracking {
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    #[serde(deserialize_with = "lenient")]
    pub aliases: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub initial_release_date: String,
    #[serde(deserialize_with = "or_default")]
    pub current_release_date: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Publisher {
    pub name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    pub category: String,
    pub text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    /// `external` where it is missing (3.2.1.10).
    pub category: Option<String>,
    pub summary: String,
    pub url: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    #[serde(deserialize_with = "or_default")]
    pub branches: Vec<Branch>,
    #[serde(deserialize_with = "or_default")]
    pub full_product_names: Vec<FullName>,
    #[serde(deserialize_with = "or_default")]
    pub product_groups: Vec<Group>,
    #[serde(deserialize_with = "or_default")]
    pub relationships: Vec<Relationship>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Branch {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    pub product: Option<FullName>,
    #[serde(deserialize_with = "or_default")]
    pub branches: Vec<Branch>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FullName {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub product_id: String,
    #[serde(deserialize_with = "lenient")]
    pub product_identification_helper: Helper,
}

/// What identifies a product beside its name (3.1.3.3).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Helper {
    #[serde(deserialize_with = "lenient")]
    pub cpe: String,
    #[serde(deserialize_with = "lenient")]
    pub purl: String,
    /// CSAF 2.1.
    #[serde(deserialize_with = "lenient")]
    pub purls: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub model_numbers: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub serial_numbers: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub skus: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    #[serde(deserialize_with = "or_default")]
    pub group_id: String,
    #[serde(deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Relationship {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    pub full_product_name: FullName,
    #[serde(deserialize_with = "or_default")]
    pub product_reference: String,
    #[serde(deserialize_with = "or_default")]
    pub relates_to_product_reference: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Vulnerability {
    #[serde(deserialize_with = "or_default")]
    pub cve: String,
    #[serde(deserialize_with = "lenient")]
    pub ids: Vec<Id>,
    #[serde(deserialize_with = "or_default")]
    pub title: String,
    #[serde(deserialize_with = "lenient")]
    pub cwe: Weakness,
    /// CSAF 2.1.
    #[serde(deserialize_with = "lenient")]
    pub cwes: Vec<Weakness>,
    #[serde(deserialize_with = "lenient")]
    pub notes: Vec<Note>,
    #[serde(deserialize_with = "or_default")]
    pub product_status: Statuses,
    #[serde(deserialize_with = "or_default")]
    pub flags: Vec<Flag>,
    #[serde(deserialize_with = "or_default")]
    pub threats: Vec<Threat>,
    #[serde(deserialize_with = "or_default")]
    pub remediations: Vec<Remediation>,
    #[serde(deserialize_with = "lenient")]
    pub references: Vec<Reference>,
    #[serde(deserialize_with = "lenient")]
    pub scores: Vec<Score>,
    /// CSAF 2.1.
    #[serde(deserialize_with = "lenient")]
    pub metrics: Vec<Metric>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Id {
    pub system_name: String,
    pub text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Weakness {
    pub id: String,
}

/// Product ids by status (3.2.3.9).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Statuses {
    #[serde(deserialize_with = "or_default")]
    pub known_affected: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub first_affected: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub last_affected: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub known_not_affected: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub fixed: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub first_fixed: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub under_investigation: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub recommended: Vec<String>,
    /// CSAF 2.1: not known, and nobody is looking.
    #[serde(deserialize_with = "or_default")]
    pub unknown: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Flag {
    #[serde(deserialize_with = "or_default")]
    pub label: String,
    #[serde(deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Threat {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    #[serde(deserialize_with = "or_default")]
    pub details: String,
    #[serde(deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Remediation {
    #[serde(deserialize_with = "or_default")]
    pub category: String,
    #[serde(deserialize_with = "or_default")]
    pub details: String,
    #[serde(deserialize_with = "or_default")]
    pub url: String,
    #[serde(deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Score {
    #[serde(deserialize_with = "lenient")]
    pub products: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub cvss_v2: Option<CvssObject>,
    #[serde(deserialize_with = "lenient")]
    pub cvss_v3: Option<CvssObject>,
    #[serde(deserialize_with = "lenient")]
    pub cvss_v4: Option<CvssObject>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metric {
    #[serde(deserialize_with = "lenient")]
    pub products: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub content: Score,
    /// Address of who scored; the publisher of the document where it is missing.
    #[serde(deserialize_with = "lenient")]
    pub source: String,
}

/// FIRST's JSON of CVSS, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CvssObject {
    #[serde(deserialize_with = "lenient")]
    pub version: String,
    #[serde(deserialize_with = "lenient")]
    pub vector_string: String,
    #[serde(deserialize_with = "lenient")]
    pub base_score: Option<f32>,
}
