//! CycloneDX in XML: the elements that are read, brought to the members of the JSON.

use roxmltree::{Node, ParsingOptions};

use super::document::{
    Affected, AffectedVersion, Analysis, Component, Document, Metadata, Named, Reference, Vulnerability,
};

/// Elements and texts of a document; a larger one is refused.
const MAX_NODES: u32 = 8_000_000;
/// Components within components.
const MAX_DEPTH: u32 = 64;

/// The document, or what is wrong with it.
pub(super) fn document(bytes: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        .map_err(|error| format!("XML that is not UTF-8 ({error})"))?;
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let parsed = roxmltree::Document::parse_with_options(text.trim_start(), options)
        .map_err(|error| format!("broken XML ({error})"))?;
    let root = parsed.root_element();
    if root.tag_name().name() != "bom" {
        return Err(format!("XML with the root '{}'", root.tag_name().name()));
    }
    let namespace = root.tag_name().namespace().unwrap_or_default();
    Ok(Document {
        spec_version: namespace.rsplit('/').next().unwrap_or_default().to_owned(),
        serial_number: root.attribute("serialNumber").unwrap_or_default().to_owned(),
        version: root.attribute("version").and_then(|version| version.trim().parse().ok()),
        metadata: child(root, "metadata").map(metadata).unwrap_or_default(),
        components: list(root, "components", "component").map(|node| component(node, MAX_DEPTH)).collect(),
        vulnerabilities: list(root, "vulnerabilities", "vulnerability").map(vulnerability).collect(),
    })
}

fn metadata(node: Node<'_, '_>) -> Metadata {
    Metadata {
        timestamp: text(node, "timestamp"),
        authors: list(node, "authors", "author").map(|author| Named { name: text(author, "name") }).collect(),
        component: child(node, "component").map(|node| component(node, MAX_DEPTH)),
        manufacturer: named(node, "manufacturer"),
        manufacture: named(node, "manufacture"),
        supplier: named(node, "supplier"),
    }
}

fn component(node: Node<'_, '_>, depth: u32) -> Component {
    let inner = depth.checked_sub(1).into_iter();
    let inner = inner.flat_map(|depth| {
        list(node, "components", "component").map(move |below| component(below, depth)).collect::<Vec<_>>()
    });
    Component {
        reference: node.attribute("bom-ref").unwrap_or_default().to_owned(),
        manufacturer: named(node, "manufacturer"),
        supplier: named(node, "supplier"),
        publisher: text(node, "publisher"),
        group: text(node, "group"),
        name: text(node, "name"),
        version: text(node, "version"),
        cpe: text(node, "cpe"),
        purl: text(node, "purl"),
        components: inner.collect(),
    }
}

fn vulnerability(node: Node<'_, '_>) -> Vulnerability {
    let references = list(node, "references", "reference");
    Vulnerability {
        id: text(node, "id"),
        references: references.map(|reference| Reference { id: text(reference, "id") }).collect(),
        recommendation: text(node, "recommendation"),
        updated: text(node, "updated"),
        analysis: child(node, "analysis").map(analysis).unwrap_or_default(),
        affects: list(node, "affects", "target").map(affected).collect(),
    }
}

fn analysis(node: Node<'_, '_>) -> Analysis {
    Analysis {
        state: text(node, "state"),
        justification: text(node, "justification"),
        response: list(node, "responses", "response").map(content).collect(),
        detail: text(node, "detail"),
        first_issued: text(node, "firstIssued"),
        last_updated: text(node, "lastUpdated"),
    }
}

fn affected(node: Node<'_, '_>) -> Affected {
    let versions = list(node, "versions", "version").map(|version| AffectedVersion {
        version: text(version, "version"),
        range: text(version, "range"),
        status: text(version, "status"),
    });
    Affected { reference: text(node, "ref"), versions: versions.collect() }
}

fn named(node: Node<'_, '_>, element: &str) -> Named {
    Named { name: child(node, element).map(|node| text(node, "name")).unwrap_or_default() }
}

fn child<'a, 'i>(node: Node<'a, 'i>, element: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == element)
}

fn list<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    element: &str,
    item: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    let list = child(node, element).into_iter();
    list.flat_map(|list| list.children())
        .filter(move |child| child.is_element() && child.tag_name().name() == item)
}

fn text(node: Node<'_, '_>, element: &str) -> String {
    child(node, element).map(content).unwrap_or_default()
}

/// All the text in an element, which may stand in several pieces.
fn content(node: Node<'_, '_>) -> String {
    let pieces: Vec<&str> = node.children().filter_map(|child| child.text()).collect();
    pieces.concat().trim().to_owned()
}
