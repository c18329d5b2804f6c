//! A finding: a judgement on a device, with its reasons. One of the types of the waist.

use std::sync::Arc;

use serde::Serialize;

use crate::{Day, DeviceId, Exploitation};

/// What is wrong with a device, and how that is known.
///
/// Devices of one kind have the same findings but for ids: what they share is shared in memory too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// `find-` and twelve hexadecimal digits, derived from device, kind and what was found.
    pub id: String,
    pub kind: FindingKind,
    pub device: DeviceId,
    pub title: Arc<str>,
    pub severity: Severity,
    /// How sure it is that this device is concerned, 0 to 1.
    pub confidence: f64,
    /// How it is shown, decided by one policy from method and confidence.
    pub status: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisory: Option<Arc<AdvisoryRef>>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<Arc<Match>>,
    pub treatment: Treatment,
    /// Why this treatment, and what to do, in a sentence.
    pub reason: Arc<str>,
    /// Who says that it does not apply, where somebody does: the finding is then among the hidden ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Box<Hidden>>,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

impl FindingKind {
    /// All of them.
    pub const ALL: [FindingKind; 10] = [
        FindingKind::Vulnerability,
        FindingKind::Recall,
        FindingKind::EndOfSupport,
        FindingKind::WeakProtocol,
        FindingKind::WeakCipher,
        FindingKind::Certificate,
        FindingKind::ClearTextLogin,
        FindingKind::ClearTextPatientData,
        FindingKind::DefaultCredential,
        FindingKind::AnonymousAccess,
    ];

    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::Vulnerability => "vulnerability",
            FindingKind::Recall => "recall",
            FindingKind::EndOfSupport => "end-of-support",
            FindingKind::WeakProtocol => "weak-protocol",
            FindingKind::WeakCipher => "weak-cipher",
            FindingKind::Certificate => "certificate",
            FindingKind::ClearTextLogin => "clear-text-login",
            FindingKind::ClearTextPatientData => "clear-text-patient-data",
            FindingKind::DefaultCredential => "default-credential",
            FindingKind::AnonymousAccess => "anonymous-access",
        }
    }
}

/// How bad it is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// By CVSS base score (FIRST CVSS v3.1, 5: none 0, low to 3.9, medium to 6.9, high to 8.9, critical to 10).
    pub fn of_score(score: f64) -> Severity {
        match score {
            s if s >= 9.0 => Severity::Critical,
            s if s >= 7.0 => Severity::High,
            s if s >= 4.0 => Severity::Medium,
            s if s > 0.0 => Severity::Low,
            _ => Severity::Info,
        }
    }

    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }
}

/// How a match is shown, surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Product and version (or serial, lot, UDI) are named by the advisory, and the device's are known.
    Affected,
    /// Nearly all of it; one thing rests on a guess that is named.
    Likely,
    /// The product may be concerned; what would decide it is not known.
    Possible,
}

impl Verdict {
    /// All of them, surest first.
    pub const ALL: [Verdict; 3] = [Verdict::Affected, Verdict::Likely, Verdict::Possible];

    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Affected => "affected",
            Verdict::Likely => "likely",
            Verdict::Possible => "possible",
        }
    }
}

/// The advisory, recall or life cycle that a finding rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AdvisoryRef {
    /// Name of the feed ("nvd", "csaf", "fda-recall", "endoflife").
    pub feed: String,
    pub id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cve: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Day>,
    /// In CISA's catalogue of exploited vulnerabilities; absent where that was never loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<bool>,
    /// Known use in ransomware campaigns (KEV).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ransomware: Option<bool>,
    /// Probability of exploitation within 30 days; absent where not scored or never loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<f64>,
    /// CISA's judgement of exploitation (SSVC): only where there is code, or use. Absent where nobody judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploitation: Option<Exploitation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<CvssRef>,
    /// Recall class, 1 (worst) to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
    /// Last day of support, for `FindingKind::EndOfSupport`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Day>,
    /// What replaces it, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Feeds and ids that say the same of this device ("csaf ICSMA-20-317-01").
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// The score that the severity is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CvssRef {
    pub version: String,
    pub vector: String,
    pub score: f64,
}

/// How device and advisory came together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    pub method: Method,
    pub matched: Vec<Detail>,
    pub unmatched: Vec<Detail>,
    /// What would raise the confidence, in words ("the software version, from the device's service menu").
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_help: Vec<String>,
}

/// Methods, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The device identifier of the UDI is named.
    Udi,
    /// The serial number lies in a range of the text.
    SerialRange,
    /// The lot is named, or lies in a range of the text.
    Lot,
    /// The device's model or catalogue number is one that the advisory lists.
    ModelNumber,
    /// CPE 2.3 applicability holds.
    CpeApplicability,
    /// Maker and product by name, the version in the stated range.
    NameVersion,
    /// A component of a bill of materials, by package URL or CPE.
    SbomComponent,
    /// A program seen on the device.
    Software,
    /// The operating system.
    OperatingSystem,
    /// Maker and model by name; the text states no version.
    VendorModel,
    /// Seen on the wire.
    Observed,
    /// A release cycle and its last day.
    Lifecycle,
}

impl Method {
    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Udi => "udi",
            Method::SerialRange => "serial-range",
            Method::Lot => "lot",
            Method::ModelNumber => "model-number",
            Method::CpeApplicability => "cpe-applicability",
            Method::NameVersion => "name-version",
            Method::SbomComponent => "sbom-component",
            Method::Software => "software",
            Method::OperatingSystem => "operating-system",
            Method::VendorModel => "vendor-model",
            Method::Observed => "observed",
            Method::Lifecycle => "lifecycle",
        }
    }
}

/// One thing that was compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Detail {
    /// "vendor", "model", "firmware", "serial", "software:OpenSSH", …
    pub attribute: String,
    /// Empty where the device's is not known.
    pub device_value: String,
    pub advisory_value: String,
    /// How they compare, in words ("same maker: Hospira belongs to ICU Medical since 2017").
    pub how: String,
}

/// Why a finding is not shown among the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// Who says so ("vendor VEX", "local").
    pub by: String,
    pub document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    pub details: String,
}

/// What to do with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// Take it out of use: it is recalled for removal.
    Remove,
    /// Install the maker's fix.
    Patch,
    /// Cut it off from everything but what it needs now.
    Isolate,
    /// Keep an exploit off by a rule in the network.
    VirtualPatch,
    /// Restrict who can talk to it.
    Segment,
    /// Buy another: nothing will mend it.
    Replace,
    /// A person must look.
    Review,
}

impl Treatment {
    /// All of them.
    pub const ALL: [Treatment; 7] = [
        Treatment::Remove,
        Treatment::Patch,
        Treatment::Isolate,
        Treatment::VirtualPatch,
        Treatment::Segment,
        Treatment::Replace,
        Treatment::Review,
    ];

    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Treatment::Remove => "remove",
            Treatment::Patch => "patch",
            Treatment::Isolate => "isolate",
            Treatment::VirtualPatch => "virtual-patch",
            Treatment::Segment => "segment",
            Treatment::Replace => "replace",
            Treatment::Review => "review",
        }
    }
}
