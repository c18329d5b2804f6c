//! Names and numbers of products in a recall's description.

use std::sync::LazyLock;

use regex::Regex;

type Pattern = LazyLock<Option<Regex>>;

static LABELLED: Pattern = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:models?|catalog(?:ue)?|cat|part|ref|reference|product|item|list|material|order|article|mfr|sku|version or model|model/catalog|p/n|pn)\b\.?(?:\s*(?:/?\s*(?:catalog|model|part|ref|item|product))?\s*(?:numbers?|nos?\.?|nbrs?\.?|#s?|codes?|names?))*\s*[:#.(]*\s*((?:[a-h]\)\s*)?(?:[A-Z]{0,6}[-.]?\d[A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*)(?:(?:\s*[,;/&]\s*(?:and\s+)?|\s+and\s+|\s+)(?:[b-z]\)\s*)?(?:REF\s+)?[A-Z]{0,6}[-.]?\d[A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*)*)",
    )
    .ok()
});
static BRAND: Pattern = LazyLock::new(|| {
    Regex::new(r"((?:[A-Z0-9][\w+\-]*[ ]){0,4}[A-Z0-9][\w+\-]*)\s?(?:®|™|\((?:R|TM)\))((?:\s(?:[A-Z0-9][\w+/\-]*)){0,4})").ok()
});
static NAMED: Pattern = LazyLock::new(|| {
    Regex::new(r"(?i)(?:brand name|product name|trade name|device name|product)\s*:\s*([^,;:\n]{3,80})").ok()
});
static NUMBER: Pattern =
    LazyLock::new(|| Regex::new(r"^[A-Za-z]{0,6}[-.]?\d[A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*$").ok());

/// Most numbers and names of one description.
const MOST: usize = 400;

/// Model, catalogue and part numbers that are labelled as such.
pub(super) fn models(text: &str) -> Vec<String> {
    let Some(pattern) = LABELLED.as_ref() else { return Vec::new() };
    let mut all = Vec::new();
    for found in pattern.captures_iter(text) {
        let list = found.get(1).map_or("", |list| list.as_str());
        for word in list.split([',', ';', '&', ' ']) {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            let is_number = NUMBER.as_ref().is_some_and(|pattern| pattern.is_match(word));
            // A single digit counts things.
            if is_number && (digits >= 2 || word.len() >= 3) && word.len() <= 30 && all.len() < MOST {
                all.push(word.to_owned());
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Names: what is labelled, what bears a trade mark, and how the text begins.
pub(super) fn names(text: &str) -> Vec<String> {
    let text = text.trim().trim_start_matches(['"', '\'', '*', '-', '•', ' ']);
    let mut all: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let name = name.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | ':' | '-' | '.' | ' '));
        let words = name.split_whitespace().count();
        let telling = name.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
        if telling && words <= 10 && all.len() < MOST && !all.iter().any(|own| own == name) {
            all.push(name.to_owned());
        }
    };
    for found in NAMED.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        add(found.get(1).map_or("", |m| m.as_str()));
    }
    for found in BRAND.iter().flat_map(|pattern| pattern.captures_iter(text)).take(20) {
        let (brand, rest) =
            (found.get(1).map_or("", |m| m.as_str()), found.get(2).map_or("", |m| m.as_str()));
        add(&format!("{brand}{rest}"));
    }
    let end = [
        ",",
        ";",
        "(",
        ":",
        " - ",
        "\n",
        ". ",
        " Model",
        " Catalog",
        " REF ",
        " Part ",
        " Product ",
        " Item ",
        " UDI",
        " Cat ",
        " Lot",
        " with ",
    ]
    .iter()
    .filter_map(|mark| text.find(mark))
    .min()
    .unwrap_or(text.len());
    let first = text.get(..end).unwrap_or_default().replace(['®', '™'], " ");
    add(&first.split_whitespace().collect::<Vec<_>>().join(" "));
    all
}
