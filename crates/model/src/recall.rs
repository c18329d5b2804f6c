//! Recalls, product codes and device identifiers as regulators publish them.

use serde::{Deserialize, Serialize};

use crate::Day;

/// One recalled product (openFDA `device/recall` and `device/enforcement`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// "Z-0359-2013": `product_res_number`, or `recall_number` of an enforcement report.
    pub number: Box<str>,
    /// Number of the event that it is part of.
    pub event: Option<Box<str>>,
    pub firm: Box<str>,
    /// FDA's three-letter code of the kind of device.
    pub product_code: Option<Box<str>>,
    /// The product in the firm's words: names, models, catalogue numbers.
    pub description: Box<str>,
    /// Lots, serial numbers, UDI, expiry dates in the firm's words.
    pub codes: Box<str>,
    pub reason: Box<str>,
    pub root_cause: Option<Box<str>>,
    /// What the firm asks of its customers.
    pub action: Option<Box<str>>,
    /// How far it went ("Nationwide distribution …").
    pub distribution: Option<Box<str>>,
    pub state: RecallState,
    /// 1 (worst) to 3; absent where this source does not say.
    pub class: Option<u8>,
    pub initiated: Option<Day>,
    pub posted: Option<Day>,
    pub terminated: Option<Day>,
}

/// Where a recall stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecallState {
    /// The source does not say.
    #[default]
    Unknown,
    /// "Open", "Ongoing", "On-Going", "Open, Classified".
    Ongoing,
    /// The firm says that it has done all.
    Completed,
    /// FDA has closed it.
    Terminated,
}

/// A kind of device by FDA's product code (openFDA `device/classification`, FDA `foiclass.txt`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCode {
    /// Three letters: "FRN".
    pub code: Box<str>,
    pub name: Box<str>,
    /// 1, 2, 3; absent where unclassified or not classified.
    pub class: Option<u8>,
    /// "880.5725".
    pub regulation: Option<Box<str>>,
    /// Two letters of the review panel: "HO".
    pub specialty: Option<Box<str>>,
    pub implant: bool,
    pub life_sustaining: bool,
}

/// A device identifier of the global registry (openFDA `device/udi`, AccessGUDID).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceIdentifier {
    /// The primary DI (21 CFR 830.3).
    pub di: Box<str>,
    /// "GS1", "HIBCC", "ICCBBA".
    pub agency: Option<Box<str>>,
    /// Other DIs of the same device: packages, units of use, secondary, direct marking.
    pub others: Vec<Box<str>>,
    pub company: Box<str>,
    pub brand: Box<str>,
    /// Version or model number.
    pub model: Box<str>,
    pub catalog_number: Option<Box<str>>,
    pub description: Option<Box<str>>,
    pub product_codes: Vec<Box<str>>,
    /// Whether the production identifier carries a lot, a serial number, a software version? As far as stated.
    pub has_lot: Option<bool>,
    pub has_serial: Option<bool>,
    pub published: Option<Day>,
    /// Last day of commercial distribution.
    pub distribution_end: Option<Day>,
}
