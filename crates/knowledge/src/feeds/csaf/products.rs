//! Product ids of a CSAF document to named products (OASIS CSAF 2.0, sections 3.1.2, 3.1.3 and 3.2.2).
//!
//! A product is called by the branches from the root down to it: vendor, family, name, version, and what qualifies them.
//! Several leaves may have the same names, one for each version. A relationship makes a product of two: it keeps the
//! names and versions of the part that is installed on, or comes with, the other, and the label says both.
//!
//! A product gets its position when it is first asked for, so what nothing is said of is left out, and the time taken
//! grows with the length of the document alone.

use hashbrown::{HashMap, HashSet};
use medward_model::{NamedProduct, Product, Versions};

use super::document::{Branch, FullName, Helper, Relationship, Tree};
use crate::naming::cpe23;
use crate::wording::{line, some_line};

/// How many relationships may build on each other.
const MAX_NESTING: u32 = 8;

/// Words that name no product by themselves.
const GENERIC: [&str; 32] = [
    "all",
    "and",
    "app",
    "application",
    "base",
    "client",
    "component",
    "controller",
    "device",
    "edition",
    "embedded",
    "family",
    "firmware",
    "gateway",
    "hardware",
    "image",
    "models",
    "module",
    "operating",
    "os",
    "package",
    "product",
    "products",
    "series",
    "server",
    "software",
    "standard",
    "system",
    "systems",
    "unit",
    "version",
    "versions",
];

/// Where a product id comes from.
enum Entry<'d> {
    /// A product with the branches above it, from the root down.
    Leaf { path: Vec<&'d Branch>, name: &'d FullName },
    /// Two products.
    Pair(&'d Relationship),
}

/// The products of a document, by id.
pub(super) struct Products<'d> {
    entries: HashMap<&'d str, Vec<Entry<'d>>>,
    groups: HashMap<&'d str, Vec<&'d str>>,
    positions: HashMap<&'d str, Vec<u32>>,
    products: Vec<Product>,
    /// Ids that stand in no product tree.
    pub missing: Missing<'d>,
}

/// Ids that were asked for and are not there.
#[derive(Default)]
pub(super) struct Missing<'d> {
    pub first: Option<&'d str>,
    pub ids: HashSet<&'d str>,
}

impl<'d> Products<'d> {
    pub fn new(tree: &'d Tree) -> Products<'d> {
        let mut entries: HashMap<&str, Vec<Entry<'_>>> = HashMap::new();
        let mut path = Vec::new();
        for branch in &tree.branches {
            walk(branch, &mut path, &mut entries);
        }
        for name in &tree.full_product_names {
            entries.entry(&name.product_id).or_default().push(Entry::Leaf { path: Vec::new(), name });
        }
        for relationship in &tree.relationships {
            let id = relationship.full_product_name.product_id.as_str();
            entries.entry(id).or_default().push(Entry::Pair(relationship));
        }
        let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
        for group in &tree.product_groups {
            groups.entry(&group.group_id).or_default().extend(group.product_ids.iter().map(String::as_str));
        }
        Products {
            entries,
            groups,
            positions: HashMap::new(),
            products: Vec::new(),
            missing: Missing::default(),
        }
    }

    /// Positions of the products with these ids and in these groups, ascending, each once.
    pub fn positions(&mut self, ids: &'d [String], groups: &'d [String]) -> Vec<u32> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            self.find(id, &mut found);
        }
        for group in groups {
            match self.groups.get(group.as_str()).cloned() {
                Some(members) => members.iter().for_each(|id| self.find(id, &mut found)),
                None => self.missing.add(group),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The products that were asked for, in the order of their positions.
    pub fn into_list(self) -> Vec<Product> {
        self.products
    }

    fn find(&mut self, id: &'d str, found: &mut Vec<u32>) {
        if let Some(positions) = self.positions.get(id) {
            found.extend_from_slice(positions);
            return;
        }
        let Some(entries) = self.entries.get(id) else {
            self.missing.add(id);
            return;
        };
        let mut positions = Vec::with_capacity(entries.len());
        for entry in entries {
            // A document of at most 64 MiB has no more products than a u32 can count.
            positions.push(u32::try_from(self.products.len()).unwrap_or(u32::MAX));
            self.products.push(Product::Named(self.named(entry, MAX_NESTING)));
        }
        found.extend_from_slice(&positions);
        self.positions.insert(id, positions);
    }

    fn named(&self, entry: &Entry<'d>, nesting: u32) -> NamedProduct {
        let pair = match entry {
            Entry::Leaf { path, name } => return leaf(path, name),
            Entry::Pair(pair) => pair,
        };
        let side = |id: &str| -> Option<NamedProduct> {
            let entry = self.entries.get(id)?.first()?;
            Some(self.named(entry, nesting.checked_sub(1)?))
        };
        joined(pair, side(&pair.product_reference), side(&pair.relates_to_product_reference))
    }
}

impl<'d> Missing<'d> {
    fn add(&mut self, id: &'d str) {
        self.first.get_or_insert(id);
        self.ids.insert(id);
    }
}

/// Enters the products at and below `branch`. Nesting is bounded by that of the JSON reader (128).
fn walk<'d>(branch: &'d Branch, path: &mut Vec<&'d Branch>, entries: &mut HashMap<&'d str, Vec<Entry<'d>>>) {
    path.push(branch);
    if let Some(name) = &branch.product {
        entries.entry(&name.product_id).or_default().push(Entry::Leaf { path: path.clone(), name });
    }
    for below in &branch.branches {
        walk(below, path, entries);
    }
    path.pop();
}

fn leaf(path: &[&Branch], name: &FullName) -> NamedProduct {
    let of = |categories: &[&str]| -> String {
        let names = path.iter().filter(|branch| categories.contains(&branch.category.as_str()));
        let names: Vec<Box<str>> = names.filter_map(|branch| some_line(&branch.name)).collect();
        names.join(" ")
    };
    let vendor = path.iter().rev().filter(|branch| branch.category == "vendor");
    let vendor = vendor.filter_map(|branch| some_line(&branch.name)).next().unwrap_or_default();
    let family = of(&["product_family"]);
    let full = line(&name.name);
    let mut version = of(&["product_version", "product_version_range", "service_pack", "patch_level"]);
    let own = of(&["product_name"]);
    let product = if own.is_empty() {
        // Packages of distributions stand under their architecture, with the version in the name.
        let fallback = if family.is_empty() { of(&["legacy", "specification"]) } else { family };
        let product = if fallback.is_empty() { full.to_string() } else { fallback };
        if version == product {
            version.clear();
        }
        product
    } else if says_nothing(&own) && !family.is_empty() {
        format!("{family} {own}")
    } else {
        own
    };
    let mut named = NamedProduct {
        vendor,
        product: product.into(),
        versions: versions(version),
        ..NamedProduct::default()
    };
    identify(&mut named, &name.product_identification_helper);
    named.label = label(&full, &named);
    named
}

/// A part on, in, or with another product; both may be unknown.
fn joined(pair: &Relationship, part: Option<NamedProduct>, whole: Option<NamedProduct>) -> NamedProduct {
    let full = line(&pair.full_product_name.name);
    let mut named = match part {
        Some(part) => part,
        None => NamedProduct { product: full.clone(), ..NamedProduct::default() },
    };
    let own = shown(&named);
    identify(&mut named, &pair.full_product_name.product_identification_helper);
    let Some(whole) = whole else {
        named.label = label(&full, &named);
        return named;
    };
    let both = format!("{own} ({} {})", pair.category.replace('_', " "), shown(&whole));
    if named.vendor.is_empty() {
        named.vendor = whole.vendor;
    }
    if says_nothing(&named.product) {
        named.product = format!("{} {}", whole.product, named.product).trim().into();
    }
    // A device is told by the numbers of its hardware, whatever runs on it.
    if named.model_numbers.is_empty() {
        named.model_numbers = whole.model_numbers;
    }
    if named.serial_numbers.is_empty() {
        named.serial_numbers = whole.serial_numbers;
    }
    named.label = Some(if full.is_empty() { both.into() } else { full });
    named
}

/// A product in one line.
fn shown(named: &NamedProduct) -> String {
    if let Some(label) = &named.label {
        return label.to_string();
    }
    match &named.versions {
        Versions::Prose(version) => format!("{} {version}", named.product),
        _ => named.product.to_string(),
    }
}

fn versions(text: String) -> Versions {
    if text.is_empty() {
        return Versions::Unstated;
    }
    match text.to_ascii_lowercase().as_str() {
        "*" | "vers:all/*" | "vers:all" | "vers:generic/*" => Versions::All,
        _ => Versions::Prose(text.into()),
    }
}

fn identify(named: &mut NamedProduct, helper: &Helper) {
    fn add(list: &mut Vec<Box<str>>, text: Option<Box<str>>) {
        if let Some(text) = text
            && !list.contains(&text)
        {
            list.push(text);
        }
    }
    add(&mut named.cpes, cpe23(&helper.cpe));
    for purl in std::iter::once(&helper.purl).chain(&helper.purls) {
        add(&mut named.purls, some_line(purl));
    }
    for number in helper.model_numbers.iter().chain(&helper.skus) {
        add(&mut named.model_numbers, some_line(number));
    }
    for number in &helper.serial_numbers {
        add(&mut named.serial_numbers, some_line(number));
    }
}

/// Whether a name could be that of anything: it has no word of its own.
fn says_nothing(name: &str) -> bool {
    words(name).all(|word| GENERIC.contains(&word.as_str()) || !word.chars().any(char::is_alphabetic))
}

/// The full name, where it has words that vendor, product and versions have not.
fn label(full: &str, named: &NamedProduct) -> Option<Box<str>> {
    let mut known: HashSet<String> = words(&named.vendor).chain(words(&named.product)).collect();
    known.extend(["version".to_owned(), "versions".to_owned()]);
    match &named.versions {
        Versions::Prose(text) => known.extend(words(text)),
        Versions::All => known.extend(["all".to_owned(), "vers".to_owned()]),
        _ => {}
    }
    let more = words(full).any(|word| !known.contains(&word));
    more.then(|| full.into())
}

/// Words in lower case; a `v` before a number is no part of it.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '.').filter_map(|word| {
        let word = word.trim_matches('.').to_lowercase();
        let number = word.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let word = number.map(str::to_owned).unwrap_or(word);
        (!word.is_empty()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tree: &str, id: &str) -> Vec<NamedProduct> {
        let tree: Tree = serde_json::from_str(tree).expect("a product tree");
        let ids = [id.to_owned()];
        let mut products = Products::new(&tree);
        let positions = products.positions(&ids, &[]);
        let list = products.into_list();
        assert_eq!(positions.len(), list.len());
        list.into_iter()
            .map(|product| match product {
                Product::Named(named) => named,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// A path of branches, `category=name` from the root down, with a product of this full name.
    fn path(branches: &[&str], full: &str) -> String {
        let mut text = format!(r#""product":{{"product_id":"P","name":"{full}"}}"#);
        for branch in branches.iter().rev() {
            let (category, name) = branch.split_once('=').expect("category=name");
            let (category, name) = (category.trim(), name);
            text = format!(r#""branches":[{{"category":"{category}","name":"{name}",{text}}}]"#);
        }
        format!("{{{text}}}")
    }

    fn one(branches: &[&str], full: &str) -> NamedProduct {
        named(&path(branches, full), "P").remove(0)
    }

    #[test]
    fn branches_give_vendor_product_and_version() {
        let pump = one(
            &["vendor=Northview ", "product_name=Pump  5", "product_version_range=<= 9.33"],
            "Pump 5: Version 9.33 and earlier",
        );
        assert_eq!((&*pump.vendor, &*pump.product), ("Northview", "Pump 5"));
        assert_eq!(pump.versions, Versions::Prose("<= 9.33".into()));
        assert_eq!(pump.label.as_deref(), Some("Pump 5: Version 9.33 and earlier"));
    }

    #[test]
    fn a_full_name_that_says_no_more_is_no_label() {
        for full in ["Northview Pump 5: <= 9.33", "Pump 5 version v9.33", "Pump 5"] {
            let pump = one(&["vendor=Northview", "product_name=Pump 5", "product_version=9.33"], full);
            assert_eq!(pump.label, None, "{full}");
        }
    }

    #[test]
    fn every_version_is_said_in_several_ways() {
        for text in ["vers:all/*", "*", " VERS:ALL/* "] {
            let version = format!("product_version={text}");
            let pump = one(&["vendor=N", "product_name=Pump", &version], "Pump: *");
            assert_eq!((pump.versions, pump.label), (Versions::All, None), "{text}");
        }
        let bounded = one(&["vendor=N", "product_name=Pump", "product_version_range=vers:all/<V8.0"], "Pump");
        assert_eq!(bounded.versions, Versions::Prose("vers:all/<V8.0".into()));
    }

    #[test]
    fn the_family_is_named_where_the_name_says_nothing() {
        let family = |name: &str| {
            let name = format!("product_name={name}");
            one(&["vendor=N", "product_family=FlowLine", &name], "x").product
        };
        assert_eq!(&*family("500"), "FlowLine 500");
        assert_eq!(&*family("Firmware"), "FlowLine Firmware");
        assert_eq!(&*family("Viewer"), "Viewer");
        assert_eq!(
            &*one(&["vendor=N", "product_family=FlowLine", "product_version=4"], "x").product,
            "FlowLine"
        );
    }

    #[test]
    fn a_package_that_is_named_by_its_version_branch_is_named_once() {
        let branches = ["vendor=SUSE", "architecture=x86_64", "product_version=dcmtk-3.6.7-1.x86_64"];
        let package = one(&branches, "dcmtk-3.6.7-1.x86_64");
        assert_eq!((&*package.product, package.versions), ("dcmtk-3.6.7-1.x86_64", Versions::Unstated));
    }

    #[test]
    fn an_id_that_stands_twice_means_both() {
        let tree = r#"{"full_product_names":[{"product_id":"P","name":"A"},{"product_id":"P","name":"B"}]}"#;
        assert_eq!(named(tree, "P").len(), 2);
    }

    #[test]
    fn a_relationship_keeps_the_names_of_the_part_and_says_both() {
        let tree = r#"{"full_product_names":[{"product_id":"S","name":"Viewer"},{"product_id":"W","name":"Windows 10"}],
            "relationships":[
              {"category":"installed_on","product_reference":"S","relates_to_product_reference":"W",
               "full_product_name":{"product_id":"SW","name":""}},
              {"category":"default_component_of","product_reference":"SW","relates_to_product_reference":"H",
               "full_product_name":{"product_id":"P","name":"Viewer on Windows 10 in a cart"}}]}"#;
        let inner = named(tree, "SW").remove(0);
        assert_eq!(&*inner.product, "Viewer");
        assert_eq!(inner.label.as_deref(), Some("Viewer (installed on Windows 10)"));
        // The other side is not in the tree; what is known is kept.
        let outer = named(tree, "P").remove(0);
        assert_eq!(
            (&*outer.product, outer.label.as_deref()),
            ("Viewer", Some("Viewer on Windows 10 in a cart"))
        );
    }

    #[test]
    fn relationships_in_a_circle_end() {
        let tree = r#"{"relationships":[
              {"category":"installed_on","product_reference":"B","relates_to_product_reference":"B",
               "full_product_name":{"product_id":"A","name":"a"}},
              {"category":"installed_on","product_reference":"A","relates_to_product_reference":"A",
               "full_product_name":{"product_id":"B","name":"b"}}]}"#;
        assert_eq!(named(tree, "A").len(), 1);
    }

    #[test]
    fn ids_outside_the_tree_are_counted() {
        let tree = Tree::default();
        let (ids, groups) = (["X".to_owned(), "X".to_owned()], ["G".to_owned()]);
        let mut products = Products::new(&tree);
        assert!(products.positions(&ids, &groups).is_empty());
        assert_eq!((products.missing.first, products.missing.ids.len()), (Some("X"), 2));
    }
}
