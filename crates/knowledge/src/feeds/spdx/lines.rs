//! SPDX 2.2 and 2.3 as tags and values, one a line; a value in `<text>` and `</text>` may have several lines.

use super::{Document, Package, party, stated};

/// How many lines of comments may stand before the first tag.
const MAX_BEFORE: usize = 64;

/// Whether a file begins like such a document.
pub(super) fn begins(head: &[u8]) -> bool {
    let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).take(MAX_BEFORE);
    // The version comes first, by the specification; some tools write a few other tags before it.
    lines.any(|line| {
        line.strip_prefix(b"SPDXVersion:").is_some_and(|value| value.trim_ascii().starts_with(b"SPDX-"))
    })
}

/// What the element that is read is part of.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Document,
    Package,
    /// A file or snippet, which is not kept.
    Other,
}

/// The document; `None` where it has no version.
pub(super) fn document(text: &str) -> Option<Document> {
    let mut document = Document::default();
    let mut section = Section::Document;
    let mut root = "SPDXRef-DOCUMENT".to_owned();
    let mut relations: Vec<(String, String, String)> = Vec::new();
    let mut rest = text;
    while let Some((tag, value, after)) = next(rest) {
        rest = after;
        match tag {
            "PackageName" => {
                section = Section::Package;
                document.packages.push(Package { name: value.to_owned(), ..Package::default() });
            }
            "FileName" | "SnippetSPDXID" | "LicenseID" | "Reviewer" | "Annotator" => section = Section::Other,
            "Relationship" => {
                let mut words = value.split_whitespace().map(str::to_owned);
                if let (Some(one), Some(kind), Some(other)) = (words.next(), words.next(), words.next()) {
                    relations.push((one, kind, other));
                }
            }
            "SPDXVersion" => document.version = value.to_owned(),
            "DocumentName" => document.name = value.to_owned(),
            "DocumentNamespace" => document.id = value.to_owned(),
            "Created" => document.created = value.to_owned(),
            "SPDXID" if section == Section::Document => root = value.to_owned(),
            _ if section == Section::Package => {
                if let Some(package) = document.packages.last_mut() {
                    tagged(package, tag, value);
                }
            }
            _ => {}
        }
    }
    let described =
        relations.into_iter().filter_map(|(one, kind, other)| described(&root, one, &kind, other));
    document.described.extend(described);
    (!document.version.is_empty()).then_some(document)
}

fn tagged(package: &mut Package, tag: &str, value: &str) {
    match tag {
        "SPDXID" => package.id = value.to_owned(),
        "PackageVersion" => package.version = value.to_owned(),
        "PackageSupplier" if stated(value) => package.supplier = party(value),
        "PackageOriginator" if stated(value) && package.supplier.is_empty() => {
            package.supplier = party(value)
        }
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            if let (Some(kind), Some(locator)) = (words.next(), words.next()) {
                package.refer(kind, locator);
            }
        }
        _ => {}
    }
}

/// What the document `root` describes by this relationship.
pub(super) fn described(root: &str, one: String, kind: &str, other: String) -> Option<String> {
    match kind {
        "DESCRIBES" if one == root => Some(other),
        "DESCRIBED_BY" if other == root => Some(one),
        _ => None,
    }
}

/// The next tag with its value, and what follows.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut rest = text;
    loop {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let tagged = line.split_once(':').filter(|(tag, _)| !tag.trim_start().starts_with('#'));
        let Some((tag, value)) = tagged else {
            rest = after;
            continue;
        };
        let Some(inner) = value.trim_start().strip_prefix("<text>") else {
            return Some((tag.trim(), value.trim(), after));
        };
        if let Some((value, _)) = inner.split_once("</text>") {
            return Some((tag.trim(), value.trim(), after));
        }
        // The value goes on after this line.
        let (value, after) = after.split_once("</text>").unwrap_or((after, ""));
        let after = after.split_once('\n').map_or("", |(_, after)| after);
        return Some((tag.trim(), value.trim(), after));
    }
}
