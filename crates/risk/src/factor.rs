//! Factors with their arithmetic: parts of a likelihood or an impact, shared out so that they add up.

/// One factor before its points are known.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub name: &'static str,
    pub weight: f64,
    /// 0 to 1.
    pub share: f64,
    pub value: String,
    pub source: String,
}

/// 1 − Π(1 − weight·share).
pub(crate) fn joined(parts: &[Part]) -> f64 {
    1.0 - parts.iter().map(|part| 1.0 - (part.weight * part.share).clamp(0.0, 1.0)).product::<f64>()
}

/// Shares `total` out over the parts in proportion to −ln(1 − weight·share): what each would add alone, made to add up.
pub(crate) fn shared(parts: &[Part], total: f64) -> Vec<f64> {
    let mass: Vec<f64> =
        parts.iter().map(|part| -(1.0 - (part.weight * part.share).clamp(0.0, 0.999_999)).ln()).collect();
    let sum: f64 = mass.iter().sum();
    if sum <= 0.0 {
        return vec![0.0; parts.len()];
    }
    mass.iter().map(|own| total * own / sum).collect()
}
