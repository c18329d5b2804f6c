//! The prose of recalls: which products and which units it names.
//!
//! Models, catalogue numbers and names are read from `product_description`; lots, serial numbers, device identifiers and
//! dates from `code_info` (and from the description where it has them). What is not understood is counted as unread, so
//! that a unit is only said to be spared where the list was read wholly.

mod codes;
mod products;

use medward_model::Day;

pub use codes::Units;
use codes::{Codes, compare_serial};

/// What a recall's prose says.
#[derive(Clone, Debug, Default)]
pub struct RecallClaims {
    names: Vec<String>,
    models: Vec<String>,
    codes: Codes,
}

/// What a device carries that tells one unit from another.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceCodes<'d> {
    pub serial: Option<&'d str>,
    pub lot: Option<&'d str>,
    pub manufactured: Option<Day>,
    pub expires: Option<Day>,
}

/// Whether a unit is among those named, with the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallJudgement {
    pub answer: Units,
    /// It rests on the serial number (rather than the lot).
    pub by_serial: bool,
    /// "serial", "lot", "manufactured" or "units".
    pub attribute: &'static str,
    pub device_value: String,
    pub recall_value: String,
    pub how: String,
    pub would_help: Vec<String>,
}

impl RecallClaims {
    /// Reads both texts.
    pub fn read(description: &str, codes: &str) -> RecallClaims {
        let mut claims = RecallClaims {
            names: products::names(description),
            models: products::models(description),
            codes: Codes::read(codes),
        };
        claims.models.extend(products::models(codes));
        claims.models.sort();
        claims.models.dedup();
        if codes.trim().is_empty() {
            claims.codes = Codes::read_within(description);
        } else {
            claims.codes.take_identifiers(description);
        }
        claims
    }

    /// Names of products.
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// Model, catalogue and part numbers.
    pub fn models(&self) -> Vec<&str> {
        self.models.iter().map(String::as_str).collect()
    }

    /// Device identifiers, fourteen digits.
    pub fn dis(&self) -> Vec<&str> {
        self.codes.dis.iter().map(String::as_str).collect()
    }

    /// Whether the unit is among those named.
    pub fn judge(&self, device: &DeviceCodes<'_>) -> RecallJudgement {
        let codes = &self.codes;
        let judgement =
            |answer, attribute, device_value: &str, recall_value: String, how: &str| RecallJudgement {
                answer,
                by_serial: attribute == "serial",
                attribute,
                device_value: device_value.to_owned(),
                recall_value,
                how: how.to_owned(),
                would_help: Vec::new(),
            };
        if let (Some(serial), false) = (device.serial, codes.serials.is_empty()) {
            for span in &codes.serials {
                if compare_serial(serial, span) == Some(true) {
                    let answer = if span.is_one() { Units::Named } else { Units::InRange };
                    return judgement(
                        answer,
                        "serial",
                        serial,
                        span.shown(),
                        "the serial number is named by the recall",
                    );
                }
            }
            let comparable =
                codes.serials.iter().any(|span| span.is_one() || compare_serial(serial, span).is_some());
            return match comparable && codes.unread.is_empty() {
                true => judgement(
                    Units::NotNamed,
                    "serial",
                    serial,
                    codes.shown_serials(),
                    "the serial number is not among those named",
                ),
                false => judgement(
                    Units::Unknown,
                    "serial",
                    serial,
                    codes.shown_serials(),
                    "the serial number was not found, but the list could not be read wholly",
                ),
            };
        }
        if let (Some(lot), false) = (device.lot, codes.lots.is_empty()) {
            for span in &codes.lots {
                if compare_serial(lot, span) == Some(true) {
                    let answer = if span.is_one() { Units::Named } else { Units::InRange };
                    return judgement(answer, "lot", lot, span.shown(), "the lot is named by the recall");
                }
            }
            return match codes.unread.is_empty() {
                true => judgement(
                    Units::NotNamed,
                    "lot",
                    lot,
                    codes.shown_lots(),
                    "the lot is not among those named",
                ),
                false => judgement(
                    Units::Unknown,
                    "lot",
                    lot,
                    codes.shown_lots(),
                    "the lot was not found, but the list could not be read wholly",
                ),
            };
        }
        if !codes.serials.is_empty() || !codes.lots.is_empty() {
            let (attribute, shown, help) = if codes.serials.is_empty() {
                ("lot", codes.shown_lots(), "the lot, from the device's label")
            } else {
                ("serial", codes.shown_serials(), "the serial number, from the device's label")
            };
            let mut unknown = judgement(
                Units::Unknown,
                attribute,
                "",
                shown,
                "only some units are recalled, and this one's number is not known",
            );
            unknown.would_help.push(help.to_owned());
            return unknown;
        }
        if let Some((from, to)) = codes.made {
            let shown = format!(
                "{} to {}",
                from.map_or("the first".into(), |d| d.to_string()),
                to.map_or("now".into(), |d| d.to_string())
            );
            return match device.manufactured {
                Some(day) if from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to) => {
                    judgement(
                        Units::InRange,
                        "manufactured",
                        &day.to_string(),
                        shown,
                        "made in the time that is recalled",
                    )
                }
                Some(day) => judgement(
                    Units::NotNamed,
                    "manufactured",
                    &day.to_string(),
                    shown,
                    "made at another time",
                ),
                None => {
                    let mut unknown = judgement(
                        Units::Unknown,
                        "manufactured",
                        "",
                        shown,
                        "the recall goes by a date, and the device's is not known",
                    );
                    unknown.would_help.push("when the device was made or delivered".to_owned());
                    unknown
                }
            };
        }
        if codes.all {
            return judgement(Units::All, "units", "", "all units".to_owned(), "every unit is recalled");
        }
        if codes.unread.is_empty() {
            let mut unstated = judgement(
                Units::Unstated,
                "units",
                "",
                "no units are stated".to_owned(),
                "the recall states no lots or serial numbers",
            );
            unstated.would_help.push("the recall notice itself".to_owned());
            return unstated;
        }
        let mut unknown = judgement(
            Units::Unknown,
            "units",
            "",
            codes.unread.join("; "),
            "the text on units could not be read",
        );
        unknown.would_help.push("the recall notice itself".to_owned());
        unknown
    }
}

#[cfg(test)]
mod tests;
