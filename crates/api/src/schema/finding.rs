//! Shapes of what is found to be wrong with devices.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Severity;

/// Kinds of findings.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    Vulnerability,
    Recall,
    EndOfSupport,
    WeakProtocol,
    WeakCipher,
    Certificate,
    ClearTextLogin,
    ClearTextPatientData,
    DefaultCredential,
    AnonymousAccess,
}

/// How sure it is that the device is concerned.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    Affected,
    Likely,
    Possible,
}

/// What to do.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    Remove,
    Patch,
    Isolate,
    VirtualPatch,
    Segment,
    Replace,
    Review,
}

/// The score that a severity is from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CvssScore {
    pub version: String,
    pub vector: String,
    pub score: f64,
}

/// The advisory, recall or life cycle that a finding rests on. What is not known is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryOf {
    /// Name of the feed.
    pub feed: String,
    pub id: String,
    #[serde(default)]
    #[schema(required = false)]
    pub cve: Vec<String>,
    #[schema(nullable = false)]
    pub url: Option<String>,
    #[schema(format = Date, nullable = false)]
    pub published: Option<String>,
    /// In CISA's catalogue of exploited vulnerabilities; absent where that was never loaded.
    #[schema(nullable = false)]
    pub kev: Option<bool>,
    #[schema(nullable = false)]
    pub ransomware: Option<bool>,
    /// Probability of exploitation within 30 days.
    #[schema(nullable = false)]
    pub epss: Option<f64>,
    #[schema(nullable = false)]
    pub exploitation: Option<String>,
    #[schema(nullable = false)]
    pub cvss: Option<CvssScore>,
    /// Recall class, 1 (worst) to 3.
    #[schema(nullable = false)]
    pub class: Option<u8>,
    /// Last day of support.
    #[schema(format = Date, nullable = false)]
    pub ended: Option<String>,
    #[schema(nullable = false)]
    pub replacement: Option<String>,
    /// Feeds and ids that say the same.
    #[serde(default)]
    #[schema(required = false)]
    pub also: Vec<String>,
}

/// One thing that was compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchDetail {
    pub attribute: String,
    /// Empty where the device's is not known.
    pub device_value: String,
    pub advisory_value: String,
    /// How they compare, in words.
    pub how: String,
}

/// How device and advisory came together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchOf {
    pub method: String,
    pub matched: Vec<MatchDetail>,
    pub unmatched: Vec<MatchDetail>,
    /// What would make it surer.
    #[serde(default)]
    #[schema(required = false)]
    pub would_help: Vec<String>,
}

/// What is wrong with a device, and how that is known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub id: String,
    pub device: String,
    pub device_name: String,
    #[schema(nullable = false)]
    pub device_category: Option<String>,
    pub site: String,
    /// What it is put together with: the advisory, else kind and words.
    pub topic: String,
    /// Known to be exploited.
    pub exploited: bool,
    #[schema(format = DateTime)]
    pub found: String,
    /// Since when it is so no more.
    #[schema(format = DateTime, nullable = false)]
    pub ended: Option<String>,
    pub kind: FindingKind,
    pub title: String,
    pub severity: Severity,
    /// 0 to 1.
    pub confidence: f64,
    pub status: FindingStatus,
    #[schema(nullable = false)]
    pub advisory: Option<AdvisoryOf>,
    /// Left out of lists over several devices.
    #[serde(rename = "match")]
    #[schema(nullable = false)]
    pub matched: Option<MatchOf>,
    pub treatment: Treatment,
    /// Why, and what to do, in a sentence.
    pub reason: String,
}

/// Findings that say the same of several devices; words and advisory are those of one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingTopic {
    pub topic: String,
    pub devices: u64,
    /// The worst of them.
    pub severity: Severity,
    pub exploited: bool,
    #[schema(format = DateTime)]
    pub first_found: String,
    #[schema(format = DateTime)]
    pub last_found: String,
    pub kind: FindingKind,
    pub title: String,
    pub confidence: f64,
    pub status: FindingStatus,
    #[schema(nullable = false)]
    pub advisory: Option<AdvisoryOf>,
    pub treatment: Treatment,
    pub reason: String,
}
