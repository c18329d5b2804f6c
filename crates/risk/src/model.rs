//! The weights, as a file.

use std::collections::BTreeMap;

use medward_model::Treatment;
use serde::Deserialize;

/// What is built in.
const BUILTIN: &str = include_str!("../../../catalog/risk.toml");

/// How much a factor weighs, and why.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// 0 to 1.
    pub weight: f64,
    pub why: String,
    pub source: String,
}

/// Hours of work.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// For the action as a whole.
    pub action: f64,
    /// For each device.
    pub device: f64,
}

/// The model of risk (docs/risk-model.md).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub version: String,
    pub likelihood: BTreeMap<String, Weight>,
    pub protection: BTreeMap<String, Weight>,
    pub impact: Impact,
    pub effort: BTreeMap<String, Effort>,
}

/// Weights of impact, with what even the least device is worth.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Impact {
    /// 0 to 1.
    pub floor: f64,
    #[serde(flatten)]
    pub weights: BTreeMap<String, Weight>,
}

/// Factors that the code knows, by part.
const LIKELIHOOD: [&str; 15] = [
    "known-exploited",
    "ransomware",
    "exploit-prediction",
    "proof-of-concept",
    "age",
    "severity",
    "out-of-support",
    "weak-protocol",
    "default-credential",
    "recall",
    "from-internet",
    "from-guests",
    "from-offices",
    "services",
    "unknown",
];
const PROTECTION: [&str; 2] = ["encrypted", "few-peers"];
const IMPACT: [&str; 7] = [
    "life-supporting",
    "clinical-role",
    "device-class",
    "recall-class",
    "patient-data",
    "fleet",
    "infrastructure",
];
const TREATMENTS: [Treatment; 7] = [
    Treatment::Remove,
    Treatment::Patch,
    Treatment::Isolate,
    Treatment::VirtualPatch,
    Treatment::Segment,
    Treatment::Replace,
    Treatment::Review,
];

/// Why a model is not taken.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ModelError {
    #[error("is no model of risk: {0}")]
    Syntax(String),
    #[error("has a weight for '{0}', which is no factor. There are: {1}")]
    Unknown(String, String),
    #[error("has no weight for '{0}'; give it 0 to leave it out")]
    Missing(String),
    #[error("weighs '{0}' as {1}; weights are from 0 to 1")]
    Range(String, f64),
    #[error("states an effort for '{0}' that is no number of hours above 0")]
    Hours(String),
}

impl Model {
    /// What is built in.
    ///
    /// # Errors
    /// Where the built-in file is wrong; a test holds that it is not.
    pub fn builtin() -> Result<Model, ModelError> {
        Model::read(BUILTIN)
    }

    /// Reads and checks a model.
    ///
    /// # Errors
    /// Where it is not of the shape, or a factor is missing, unknown, or out of range.
    pub fn read(text: &str) -> Result<Model, ModelError> {
        let model: Model = toml::from_str(text).map_err(|error| ModelError::Syntax(error.to_string()))?;
        for (known, weights) in [
            (&LIKELIHOOD[..], &model.likelihood),
            (&PROTECTION[..], &model.protection),
            (&IMPACT[..], &model.impact.weights),
        ] {
            for name in known {
                if !weights.contains_key(*name) {
                    return Err(ModelError::Missing((*name).to_owned()));
                }
            }
            for (name, weight) in weights {
                if !known.contains(&name.as_str()) {
                    return Err(ModelError::Unknown(name.clone(), known.join(", ")));
                }
                if !(0.0..=1.0).contains(&weight.weight) {
                    return Err(ModelError::Range(name.clone(), weight.weight));
                }
            }
        }
        if !(0.0..=1.0).contains(&model.impact.floor) {
            return Err(ModelError::Range("floor".to_owned(), model.impact.floor));
        }
        for treatment in TREATMENTS {
            let effort = model.effort.get(treatment.name());
            let sound = effort.is_some_and(|effort| {
                effort.action >= 0.0 && effort.device >= 0.0 && effort.action + effort.device > 0.0
            });
            if !sound {
                return Err(ModelError::Hours(treatment.name().to_owned()));
            }
        }
        Ok(model)
    }

    /// Hours for a treatment of so many devices.
    pub fn hours(&self, treatment: Treatment, devices: usize) -> f64 {
        self.effort.get(treatment.name()).map_or(1.0, |effort| {
            #[expect(clippy::cast_precision_loss, reason = "fleets are far below 2^52")]
            let devices = devices as f64;
            effort.action + effort.device * devices
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Model, ModelError};

    #[test]
    fn the_built_in_model_is_sound() {
        assert!(Model::builtin().is_ok(), "{:?}", Model::builtin());
    }

    #[test]
    fn what_is_wrong_with_a_model_is_told() {
        let text = super::BUILTIN.replace("weight = 0.80", "weight = 8.0");
        assert_eq!(Model::read(&text), Err(ModelError::Range("known-exploited".to_owned(), 8.0)));
        let text = super::BUILTIN.replace("known-exploited =", "know-exploited =");
        assert!(matches!(Model::read(&text), Err(ModelError::Missing(_) | ModelError::Unknown(..))));
    }
}
