//! The members of a CycloneDX document that are read, the same for JSON and XML.

use serde::Deserialize;

use crate::documents::{lenient, or_default};
use crate::wording::some_line;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(deserialize_with = "lenient")]
    pub spec_version: String,
    #[serde(deserialize_with = "or_default")]
    pub serial_number: String,
    #[serde(deserialize_with = "lenient")]
    pub version: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    pub metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    pub components: Vec<Component>,
    #[serde(deserialize_with = "or_default")]
    pub vulnerabilities: Vec<Vulnerability>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(deserialize_with = "or_default")]
    pub timestamp: String,
    #[serde(deserialize_with = "lenient")]
    pub authors: Vec<Named>,
    pub component: Option<Component>,
    /// Since 1.6.
    #[serde(deserialize_with = "lenient")]
    pub manufacturer: Named,
    /// Before 1.6.
    #[serde(deserialize_with = "lenient")]
    pub manufacture: Named,
    #[serde(deserialize_with = "lenient")]
    pub supplier: Named,
}

/// An organisation or a person.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Component {
    #[serde(rename = "bom-ref", deserialize_with = "lenient")]
    pub reference: String,
    #[serde(deserialize_with = "lenient")]
    pub manufacturer: Named,
    #[serde(deserialize_with = "lenient")]
    pub supplier: Named,
    #[serde(deserialize_with = "or_default")]
    pub publisher: String,
    #[serde(deserialize_with = "or_default")]
    pub group: String,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub version: String,
    #[serde(deserialize_with = "or_default")]
    pub cpe: String,
    #[serde(deserialize_with = "or_default")]
    pub purl: String,
    #[serde(deserialize_with = "or_default")]
    pub components: Vec<Component>,
}

impl Component {
    /// `group/name`, or the name alone where it begins with the group.
    pub fn full_name(&self) -> String {
        let (group, name) = (self.group.trim(), self.name.trim());
        if group.is_empty() || name.starts_with(group) { name.to_owned() } else { format!("{group}/{name}") }
    }

    /// Who makes or supplies it.
    pub fn maker(&self) -> Option<Box<str>> {
        [&self.supplier.name, &self.manufacturer.name, &self.publisher]
            .into_iter()
            .find_map(|name| some_line(name))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Vulnerability {
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The same vulnerability elsewhere.
    #[serde(deserialize_with = "lenient")]
    pub references: Vec<Reference>,
    #[serde(deserialize_with = "or_default")]
    pub recommendation: String,
    #[serde(deserialize_with = "or_default")]
    pub updated: String,
    #[serde(deserialize_with = "or_default")]
    pub analysis: Analysis,
    #[serde(deserialize_with = "or_default")]
    pub affects: Vec<Affected>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub id: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Analysis {
    #[serde(deserialize_with = "or_default")]
    pub state: String,
    #[serde(deserialize_with = "or_default")]
    pub justification: String,
    #[serde(deserialize_with = "lenient")]
    pub response: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub detail: String,
    #[serde(deserialize_with = "or_default")]
    pub first_issued: String,
    #[serde(deserialize_with = "or_default")]
    pub last_updated: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Affected {
    #[serde(rename = "ref", deserialize_with = "or_default")]
    pub reference: String,
    #[serde(deserialize_with = "or_default")]
    pub versions: Vec<AffectedVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AffectedVersion {
    #[serde(deserialize_with = "lenient")]
    pub version: String,
    #[serde(deserialize_with = "or_default")]
    pub range: String,
    #[serde(deserialize_with = "or_default")]
    pub status: String,
}
