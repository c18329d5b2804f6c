//! Patient data and clinical commands in the clear.
//!
//! *Finds* devices that send or take DICOM objects and queries, HL7 messages, laboratory results or FHIR resources without
//! TLS: a dissector can only read what is not encrypted. Where a dissector saw that the fields that name a patient were filled
//! in, this is told and surer; elsewhere it is known from the kind of message. What it says is never kept. *Clinically*: whoever listens reads it, and can send the like. *Do*: DICOM TLS (PS3.15 B.12), MLLP
//! over TLS (IHE ATNA), HTTPS; or keep the way between the two apart from everybody else.

use medward_model::{FindingKind, Severity, Treatment, Verb};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static CLINICAL: Judgement = Judgement {
    name: "clinical-clear",
    title: "Sends or takes patient data in the clear",
    references: &["DICOM PS3.15 B.12", "IHE ITI TF-2 3.19 (ATNA)", "45 CFR 164.312(e)"],
    reads: &[
        ("dicom", "activity"),
        ("hl7", "activity"),
        ("astm", "activity"),
        ("poct1a", "activity"),
        ("fhir", "activity"),
        ("dicomweb", "activity"),
        ("dicom", "clear-patient"),
        ("hl7", "clear-patient"),
        ("astm", "clear-patient"),
        ("poct1a", "clear-patient"),
        ("fhir", "clear-patient"),
        ("dicomweb", "clear-patient"),
        ("intellivue", "activity"),
    ],
    judge,
};

/// Protocol, what people call it, and what protects it.
const PROTOCOLS: [(&str, &str, &str); 7] = [
    ("dicom", "DICOM", "DICOM over TLS"),
    ("hl7", "HL7", "MLLP over TLS"),
    ("astm", "laboratory (ASTM)", "a tunnel"),
    ("poct1a", "point-of-care (POCT1-A)", "a tunnel"),
    ("fhir", "FHIR", "HTTPS"),
    ("dicomweb", "DICOMweb", "HTTPS"),
    ("intellivue", "IntelliVue", "a network of its own"),
];

fn carries_patients(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Write | Verb::Read | Verb::Query | Verb::Result | Verb::Order | Verb::Admission | Verb::Alarm
    )
}

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    for (source, name, successor) in PROTOCOLS {
        let all: Vec<_> = seen
            .served(source)
            .chain(seen.did(source))
            .filter(|fact| {
                fact.verb.is_some_and(carries_patients)
                    && !matches!(fact.field.as_str(), "C-ECHO-RQ" | "capabilities")
            })
            .collect();
        let Some(first) = all.iter().min_by_key(|fact| fact.packet) else { continue };
        let served = all.iter().any(|fact| fact.value == "served");
        let sent = all.iter().any(|fact| fact.value == "did");
        let does = match (sent, served) {
            (true, true) => "Sends and takes",
            (true, false) => "Sends",
            _ => "Takes",
        };
        let named = seen.field(source, "clear-patient").min_by_key(|fact| fact.packet);
        found.push(Exposure {
            kind: FindingKind::ClearTextPatientData,
            key: source,
            title: format!("{does} patient data over {name} in the clear"),
            severity: Severity::Medium,
            confidence: if named.is_some() { 0.99 } else { 0.93 },
            treatment: Treatment::Segment,
            reason: format!("Whoever listens can read it, and can send the like. Use {successor} where both ends can; until then keep this way apart from everybody else."),
            details: named.into_iter().chain([*first]).map(|fact| detail(fact, successor)).collect(),
        });
    }
}
