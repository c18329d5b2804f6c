//! From weighed values to what is published.

use medward_model::{Attribute, Candidate, Fused, Support};

use super::combine::Group;

/// No confidence is above this: nothing is certain.
pub(crate) const CAP: f64 = 0.99;

/// Pieces of evidence that are kept with one value.
const MAX_SUPPORTS: usize = 8;
/// Rejected values that are kept.
const MAX_REJECTED: usize = 8;

/// Below this confidence an attribute stays absent. A wrong serial or model is worse than none.
pub(crate) fn threshold(attribute: Attribute) -> f64 {
    match attribute {
        Attribute::Serial | Attribute::Udi | Attribute::UniqueId | Attribute::Model => 0.7,
        Attribute::Firmware | Attribute::OsVersion => 0.65,
        Attribute::Family | Attribute::Os => 0.6,
        _ => 0.5,
    }
}

/// Rounded for output, and capped.
fn rounded(confidence: f64) -> f64 {
    (confidence.clamp(0.0, CAP) * 1000.0).round() / 1000.0
}

fn ordered<'a>(supports: impl IntoIterator<Item = &'a Support>) -> Vec<Support> {
    let mut supports: Vec<&Support> = supports.into_iter().collect();
    supports.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| a.packet.cmp(&b.packet))
            .then_with(|| (&a.source, &a.field, &a.value).cmp(&(&b.source, &b.field, &b.value)))
    });
    supports.dedup();
    supports.truncate(MAX_SUPPORTS);
    supports.into_iter().cloned().collect()
}

/// The attribute, where one value is sure enough. Of values that are wider and narrower the narrowest that is sure
/// enough is published; `narrower(a, b)` tells whether the second is narrower than the first.
pub(crate) fn publish(
    attribute: Attribute,
    groups: &[Group<'_>],
    narrower: impl Fn(&Group<'_>, &Group<'_>) -> bool,
) -> Option<Fused> {
    let mut best = groups.first().filter(|g| g.confidence >= threshold(attribute))?;
    for _ in 0..groups.len() {
        match groups.iter().find(|g| g.confidence >= threshold(attribute) && narrower(best, g)) {
            Some(next) => best = next,
            None => break,
        }
    }
    let mut evidence = best.supports.clone();
    let mut rejected = Vec::new();
    for group in groups.iter().filter(|g| !std::ptr::eq(*g, best)) {
        if narrower(group, best) {
            evidence.extend(group.supports.iter().copied());
        } else if rejected.len() < MAX_REJECTED {
            rejected.push(Candidate {
                value: group.value.clone(),
                confidence: rounded(group.confidence),
                evidence: ordered(group.supports.iter().copied()),
            });
        }
    }
    Some(Fused {
        value: best.value.clone(),
        confidence: rounded(best.confidence),
        evidence: ordered(evidence),
        rejected,
    })
}

/// Of an attribute that may have several values: all that are sure enough, in order.
pub(crate) fn publish_many(attribute: Attribute, groups: &[Group<'_>]) -> Vec<String> {
    let mut all: Vec<String> =
        groups.iter().filter(|g| g.confidence >= threshold(attribute)).map(|g| g.value.clone()).collect();
    all.sort();
    all.dedup();
    all
}

/// Evidence as kept with a software component, and its confidence.
pub(crate) fn summed(supports: Vec<Support>, confidence: f64) -> (Vec<Support>, f64) {
    (ordered(&supports), rounded(confidence))
}
