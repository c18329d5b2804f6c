//! What a selector relied on, and how sure that is.

use medward_model::{Attribute, Device, Timestamp};
use medward_query::{Field, Is, Node, Standing, folded};
use serde::Serialize;

/// A part of a selector that decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// The part, as in a search.
    pub text: String,
    /// What the device has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How sure that is, 0 to 1; 1 for what is no fused attribute.
    pub confidence: f64,
}

/// The least sure of them; 1 where there is none.
pub(super) fn least(terms: &[Term]) -> f64 {
    terms.iter().map(|term| term.confidence).fold(1.0, f64::min)
}

/// In words.
pub(super) fn words(terms: &[Term]) -> String {
    if terms.is_empty() {
        return "everything belongs to it".to_owned();
    }
    terms.iter().map(|term| format!("{} ({:.2})", term.text, term.confidence)).collect::<Vec<_>>().join(", ")
}

/// What a selector that matches the device relied on: of alternatives the surest.
pub(super) fn relied_on(node: &Node, device: &Device, standing: &Standing, now: Timestamp) -> Vec<Term> {
    walk(node, true, &|node| node.matches(device, standing, now), device)
}

fn walk(node: &Node, holds: bool, matches: &dyn Fn(&Node) -> bool, device: &Device) -> Vec<Term> {
    match (node, holds) {
        // All of them were needed.
        (Node::And(parts), true) | (Node::Or(parts), false) => {
            parts.iter().flat_map(|part| walk(part, holds, matches, device)).collect()
        }
        // One of them was enough.
        (Node::And(parts) | Node::Or(parts), _) => parts
            .iter()
            .filter(|part| matches(part) == holds)
            .map(|part| walk(part, holds, matches, device))
            .reduce(|best, other| if least(&other) > least(&best) { other } else { best })
            .unwrap_or_default(),
        (Node::Not(inner), _) => walk(inner, !holds, matches, device),
        (leaf, _) => {
            let (text, attribute) = shown(leaf);
            let (value, confidence) = known(leaf, attribute, device);
            vec![Term { text: if holds { text } else { format!("not {text}") }, value, confidence }]
        }
    }
}

/// What a leaf rests on; where it is an attribute that is not known, nothing is sure.
fn known(leaf: &Node, attribute: Option<Attribute>, device: &Device) -> (Option<String>, f64) {
    if let Some(attribute) = attribute {
        return match device.attributes.get(attribute.name()) {
            Some(fused) => (Some(fused.value.clone()), fused.confidence),
            None => (None, 0.0),
        };
    }
    match leaf {
        Node::Text { field: Field::Software, value } | Node::Equal { field: Field::Software, value } => {
            let wanted = folded(value);
            let named = device.software.iter().filter(|software| {
                wanted.contains(&folded(&software.name)) || folded(&software.name).contains(&wanted)
            });
            (None, named.map(|software| software.confidence).reduce(f64::max).unwrap_or(1.0))
        }
        Node::Anywhere(text) => {
            let wanted = folded(text);
            let holding = device.attributes.values().filter(|fused| folded(&fused.value).contains(&wanted));
            match holding.max_by(|a, b| a.confidence.total_cmp(&b.confidence)) {
                Some(fused) => (Some(fused.value.clone()), fused.confidence),
                None => (None, 1.0),
            }
        }
        _ => (None, 1.0),
    }
}

/// A leaf as in a search, and the fused attribute it looks at.
fn shown(leaf: &Node) -> (String, Option<Attribute>) {
    let fused = |attribute: Attribute| {
        let plural = matches!(attribute, Attribute::Hostname | Attribute::Alias | Attribute::Software);
        (!plural).then_some(attribute)
    };
    let field_of = |field: &Field| match field {
        Field::Attribute(attribute) => fused(*attribute),
        _ => None,
    };
    match leaf {
        Node::Text { field, value } => (format!("{}:\"{value}\"", field.name()), field_of(field)),
        Node::Equal { field, value } => (format!("{} = \"{value}\"", field.name()), field_of(field)),
        Node::Has(attribute) => (format!("has:{}", attribute.name()), fused(*attribute)),
        Node::Is(Is::LifeSupporting) => ("is:life-supporting".to_owned(), Some(Attribute::LifeSupporting)),
        Node::Is(is) => (format!("is:{}", is.name()), None),
        Node::Anywhere(text) => (format!("\"{text}\""), None),
        Node::Network { address, prefix } => (format!("ip:{address}/{prefix}"), None),
        Node::Port(port) => (format!("port:{port}"), None),
        Node::Vlan(vlan) => (format!("vlan:{vlan}"), None),
        Node::Position(words) => (format!("port:\"{}\"", words.trim()), None),
        Node::Criticality { value, .. } => (format!("criticality {value}"), None),
        Node::Seen { .. } => ("when it was seen".to_owned(), None),
        _ => ("a part of the selector".to_owned(), None),
    }
}
