//! SPDX 3.0 in JSON-LD: a flat list of elements that refer to each other by id.

use hashbrown::HashMap;
use serde_json::Value;

use super::{Document, Package};

/// The document, or what is wrong with it.
pub(super) fn document(value: &Value) -> Result<Document, String> {
    let elements = value.get("@graph").and_then(Value::as_array).ok_or("has no list '@graph'")?;
    let by_id: HashMap<&str, &Value> =
        elements.iter().filter_map(|element| Some((id(element)?, element))).collect();
    let mut document = Document { version: "SPDX-3.0".to_owned(), ..Document::default() };
    let mut roots: Vec<&str> = Vec::new();
    for element in elements {
        match kind(element) {
            "CreationInfo" if document.created.is_empty() => {
                document.created = text(element, "created").to_owned();
                let version = text(element, "specVersion");
                if !version.is_empty() {
                    document.version = format!("SPDX-{version}");
                }
            }
            "SpdxDocument" => {
                document.id = id(element).unwrap_or_default().to_owned();
                document.name = text(element, "name").to_owned();
                roots.extend(ids(element.get("rootElement")));
            }
            "Relationship" if text(element, "relationshipType") == "describes" => {
                roots.extend(ids(element.get("to")));
            }
            "Package" => document.packages.push(package(element, &by_id)),
            _ => {}
        }
    }
    // The root of a document is often a bill, whose root is the package.
    let below = roots.iter().filter_map(|root| by_id.get(root)).filter(|element| kind(element) != "Package");
    let below: Vec<&str> = below.flat_map(|element| ids(element.get("rootElement"))).collect();
    document.described = roots.into_iter().chain(below).map(str::to_owned).collect();
    Ok(document)
}

fn package(element: &Value, by_id: &HashMap<&str, &Value>) -> Package {
    let parties = ["suppliedBy", "software_suppliedBy", "originatedBy"];
    let supplier = parties.iter().filter_map(|member| element.get(*member)).find_map(|party| {
        // One id, a list of ids, or the party itself.
        let party = party.as_array().and_then(|list| list.first()).unwrap_or(party);
        let party = party.as_str().and_then(|id| by_id.get(id).copied()).unwrap_or(party);
        Some(text(party, "name").to_owned()).filter(|name| !name.is_empty())
    });
    let mut package = Package {
        id: id(element).unwrap_or_default().to_owned(),
        name: text(element, "name").to_owned(),
        version: first(element, &["software_packageVersion", "packageVersion"]).to_owned(),
        supplier: supplier.unwrap_or_default(),
        ..Package::default()
    };
    package.refer("purl", first(element, &["software_packageUrl", "packageUrl"]));
    for reference in element.get("externalIdentifier").and_then(Value::as_array).into_iter().flatten() {
        let reference = reference.as_str().and_then(|id| by_id.get(id).copied()).unwrap_or(reference);
        package.refer(text(reference, "externalIdentifierType"), text(reference, "identifier"));
    }
    package
}

fn id(element: &Value) -> Option<&str> {
    element.get("spdxId").or_else(|| element.get("@id")).and_then(Value::as_str)
}

/// The type without its profile: `software_Package`, or an address that ends in it.
fn kind(element: &Value) -> &str {
    let name = first(element, &["type", "@type"]);
    name.rsplit(['/', '_']).next().unwrap_or(name)
}

fn text<'v>(element: &'v Value, member: &str) -> &'v str {
    element.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn first<'v>(element: &'v Value, members: &[&str]) -> &'v str {
    members.iter().map(|member| text(element, member)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// One id or a list of them.
fn ids(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}
