//! SPDX 2.2 and 2.3 in JSON.

use serde::Deserialize;
use serde_json::Value;

use super::{Document, Package, party, stated};
use crate::documents::{lenient, or_default};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Given {
    #[serde(deserialize_with = "or_default")]
    spdx_version: String,
    #[serde(rename = "SPDXID", deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    document_namespace: String,
    #[serde(deserialize_with = "lenient")]
    creation_info: Creation,
    #[serde(deserialize_with = "lenient")]
    document_describes: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    packages: Vec<GivenPackage>,
    #[serde(deserialize_with = "or_default")]
    relationships: Vec<Relationship>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Creation {
    created: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GivenPackage {
    #[serde(rename = "SPDXID", deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    version_info: String,
    #[serde(deserialize_with = "or_default")]
    supplier: String,
    #[serde(deserialize_with = "or_default")]
    originator: String,
    #[serde(deserialize_with = "lenient")]
    external_refs: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    reference_type: String,
    reference_locator: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Relationship {
    #[serde(deserialize_with = "or_default")]
    spdx_element_id: String,
    #[serde(deserialize_with = "or_default")]
    relationship_type: String,
    #[serde(deserialize_with = "or_default")]
    related_spdx_element: String,
}

/// The document, or what is wrong with it.
pub(super) fn document(value: Value) -> Result<Document, String> {
    let given: Given = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if given.spdx_version.is_empty() && given.packages.is_empty() {
        return Err("has neither spdxVersion nor packages".to_owned());
    }
    let root = if given.id.is_empty() { "SPDXRef-DOCUMENT".to_owned() } else { given.id };
    let mut described = given.document_describes;
    for relationship in given.relationships {
        let Relationship { spdx_element_id: one, relationship_type: kind, related_spdx_element: other } =
            relationship;
        if let Some(id) = super::lines::described(&root, one, &kind, other) {
            described.push(id);
        }
    }
    Ok(Document {
        id: given.document_namespace,
        name: given.name,
        version: given.spdx_version,
        created: given.creation_info.created,
        described,
        packages: given.packages.into_iter().map(package).collect(),
    })
}

fn package(given: GivenPackage) -> Package {
    let parties = [given.supplier, given.originator];
    let supplier = parties.into_iter().find(|text| !text.trim().is_empty() && stated(text.trim()));
    let mut package = Package {
        id: given.id,
        name: given.name,
        version: given.version_info,
        supplier: supplier.map(|text| party(&text)).unwrap_or_default(),
        ..Package::default()
    };
    for reference in &given.external_refs {
        package.refer(&reference.reference_type, &reference.reference_locator);
    }
    package
}
