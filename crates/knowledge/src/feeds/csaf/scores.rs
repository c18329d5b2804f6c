//! CVSS scores of a vulnerability (OASIS CSAF 2.0, section 3.2.3.13; 2.1, section 3.2.4.11, `metrics`).
//!
//! CSAF 2.0 has no place for CVSS 4.0, so coordinators put its vector into the address of FIRST's calculator among the
//! references; the score is then computed from the vector, as it is where a publisher gives a vector alone.

use medward_model::Cvss;

use super::document::{CvssObject, Reference, Score, Vulnerability};
use crate::wording::{line, some_line};

/// In the publisher's order; of several versions of one assessment the newest first.
pub(super) fn scores(given: &Vulnerability, publisher: &str) -> Vec<Cvss> {
    let publisher = line(publisher);
    let mut all = Vec::new();
    for score in &given.scores {
        add(score, &publisher, &mut all);
    }
    for metric in &given.metrics {
        let source = some_line(&metric.source).unwrap_or_else(|| publisher.clone());
        add(&metric.content, &source, &mut all);
    }
    let linked: Vec<Cvss> =
        given.references.iter().filter_map(|reference| linked(reference, &publisher)).collect();
    for cvss in linked.into_iter().rev() {
        if all.iter().all(|known: &Cvss| known.version != cvss.version) {
            all.insert(0, cvss);
        }
    }
    all
}

fn add(given: &Score, source: &str, all: &mut Vec<Cvss>) {
    let usual = [(&given.cvss_v4, "4.0"), (&given.cvss_v3, "3.1"), (&given.cvss_v2, "2.0")];
    for (object, version) in usual {
        if let Some(cvss) = object.as_ref().and_then(|object| cvss(object, version, source))
            && !all.contains(&cvss)
        {
            all.push(cvss);
        }
    }
}

fn cvss(object: &CvssObject, usual: &str, source: &str) -> Option<Cvss> {
    let vector = line(&object.vector_string);
    let version = [object.version.trim(), prefix(&vector), usual].into_iter().find(|v| !v.is_empty());
    let version = version.unwrap_or(usual);
    let stated = object.base_score.filter(|score| (0.0..=10.0).contains(score));
    let score = stated.or_else(|| computed(version, &vector))?;
    Some(Cvss { version: version.into(), vector, score, source: source.into() })
}

/// The vector in the address of a calculator.
fn linked(reference: &Reference, publisher: &str) -> Option<Cvss> {
    let at = reference.url.find("#CVSS:")?;
    let vector = line(reference.url.get(at + 1..)?);
    let version: Box<str> = prefix(&vector).into();
    let score = computed(&version, &vector)?;
    Some(Cvss { version, vector, score, source: publisher.into() })
}

/// "CVSS:3.1/AV:N/…" names its version itself.
fn prefix(vector: &str) -> &str {
    vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

fn computed(version: &str, vector: &str) -> Option<f32> {
    let score = match version {
        "4.0" => vector.parse::<cvss::v4::Vector>().ok()?.score().value(),
        "3.0" | "3.1" => vector.parse::<cvss::v3::Vector>().ok()?.base_score().value(),
        "2.0" => vector.parse::<cvss::v2::Vector>().ok()?.score().value(),
        _ => return None,
    };
    // One decimal, which an f32 holds as exactly as an f64.
    Some(score as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(url: &str) -> Reference {
        Reference { url: url.to_owned(), ..Reference::default() }
    }

    #[test]
    fn a_vector_of_cvss_4_in_the_address_of_the_calculator_is_scored() {
        let given = Vulnerability {
            references: vec![
                reference("https://nvd.nist.gov/vuln/detail/CVE-2025-0683"),
                // FIRST, CVSS 4.0 calculator: 8.2.
                reference(
                    "https://www.first.org/cvss/calculator/4.0#CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
                ),
            ],
            ..Vulnerability::default()
        };
        let all = scores(&given, "CISA");
        assert_eq!(all.len(), 1);
        assert_eq!((&*all[0].version, all[0].score), ("4.0", 8.2));
    }

    #[test]
    fn a_vector_beside_a_stated_score_of_its_version_is_not_counted_twice() {
        let object = CvssObject {
            version: "3.1".to_owned(),
            vector_string: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned(),
            base_score: Some(9.8),
        };
        let given = Vulnerability {
            scores: vec![Score { cvss_v3: Some(object), ..Score::default() }],
            references: vec![reference(
                "https://www.first.org/cvss/calculator/3.1#CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            )],
            ..Vulnerability::default()
        };
        assert_eq!(scores(&given, "CISA").len(), 1);
    }

    #[test]
    fn a_vector_without_a_score_is_scored() {
        let object =
            CvssObject { vector_string: "AV:N/AC:L/Au:N/C:C/I:C/A:C".to_owned(), ..CvssObject::default() };
        let given = Vulnerability {
            scores: vec![Score { cvss_v2: Some(object), ..Score::default() }],
            ..Vulnerability::default()
        };
        let all = scores(&given, "CISA");
        assert_eq!((&*all[0].version, all[0].score), ("2.0", 10.0));
    }
}
