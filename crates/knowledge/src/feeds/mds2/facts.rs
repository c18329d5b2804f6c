//! What the answers of a disclosure statement say on risk.
//!
//! Only questions whose meaning is plain are used; each is named with the section of its form. "N/A", "See Note" and
//! answers that are neither yes nor no give nothing.

use medward_model::Disclosure;

/// What a maker states of a device model. `None`: not asked, not answered, or not with yes or no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisclosedFacts {
    /// Displays, transmits or keeps data of patients.
    pub handles_private_data: Option<bool>,
    /// Keeps it on media inside, beyond power off.
    pub stores_private_data: Option<bool>,
    /// Sends or receives it over a wired, wireless or external network.
    pub transmits_private_data: Option<bool>,
    /// The owner or operator is told how to install patches of some part of the software.
    pub operator_can_patch: Option<bool>,
    /// Supports software or another mechanism against malware.
    pub anti_malware: Option<bool>,
    /// Can be serviced from afar.
    pub remote_service: Option<bool>,
    /// A bill of materials of the software is available.
    pub sbom_available: Option<bool>,
}

/// The questions behind each fact: one yes among them is a yes, all of them must say no for a no.
struct Questions {
    handles: &'static [&'static str],
    stores: &'static [&'static str],
    transmits: &'static [&'static str],
    patch: &'static [&'static str],
    anti_malware: &'static [&'static str],
    remote: &'static [&'static str],
    sbom: &'static [&'static str],
}

const FORM_2013: Questions = Questions {
    // Management of private data: A at all, C.2 kept on local media, D.5 wired and D.6 wireless network.
    handles: &["A"],
    stores: &["C.2"],
    transmits: &["D.5", "D.6"],
    // Section 5 asks whether patches can be applied, not by whom.
    patch: &[],
    // Section 10, malware detection and protection.
    anti_malware: &["10-1"],
    // Section 20, other security considerations: service from afar.
    remote: &["20-1"],
    // Section 14 asks for a list of third-party applications, which is less than a bill of materials.
    sbom: &[],
};

const FORM_2019: Questions = Questions {
    // MPII, management of personally identifiable information: 1 at all, 2.2 kept on internal media, 3.5 wired,
    // 3.6 wireless, 3.7 external network.
    handles: &["MPII-1"],
    stores: &["MPII-2.2"],
    transmits: &["MPII-3.5", "MPII-3.6", "MPII-3.7"],
    // CSUP, cyber security product upgrades: instructions for owner or operator, for the operating system (2.1), drivers
    // and firmware (3.1), bought components (5.1) and other software (6.1); 4.1 is about signatures of malware.
    patch: &["CSUP-2.1", "CSUP-3.1", "CSUP-5.1", "CSUP-6.1"],
    // MLDP, malware detection and protection.
    anti_malware: &["MLDP-2"],
    // RMOT, remote service: 1 for analysis and repair, 2 for predictive maintenance.
    remote: &["RMOT-1", "RMOT-2"],
    // SBOM, software bill of materials.
    sbom: &["SBOM-1"],
};

/// The facts that a statement's answers give.
pub fn answers_of_interest(statement: &Disclosure) -> DisclosedFacts {
    let questions = match statement.form {
        2013 => FORM_2013,
        2019 => FORM_2019,
        _ => return DisclosedFacts::default(),
    };
    let any = |ids: &[&str]| {
        let answers = ids.iter().map(|id| {
            statement.answers.iter().find(|answer| *answer.question == **id).map(|answer| &*answer.answer)
        });
        let answers: Vec<Option<&str>> = answers.collect();
        let said = |which| answers.iter().flatten().any(|answer| yes(answer) == Some(which));
        if said(true) {
            return Some(true);
        }
        // A no must cover all of them: what is not applicable is no way to do it either, what is not answered may be.
        let covered = answers.iter().flatten().filter(|a| yes(a) == Some(false) || not_applicable(a)).count();
        (said(false) && covered == ids.len()).then_some(false)
    };
    DisclosedFacts {
        handles_private_data: any(questions.handles),
        stores_private_data: any(questions.stores),
        transmits_private_data: any(questions.transmits),
        operator_can_patch: any(questions.patch),
        anti_malware: any(questions.anti_malware),
        remote_service: any(questions.remote),
        sbom_available: any(questions.sbom),
    }
}

/// Yes or no by its first word: "Yes, optional" is a yes; "N/A", "Not applicable" and "See Note" are neither.
fn yes(answer: &str) -> Option<bool> {
    if not_applicable(answer) {
        return None;
    }
    match answer.trim().to_lowercase().split(|c: char| !c.is_alphanumeric()).next() {
        Some("yes" | "y" | "true") => Some(true),
        Some("no" | "n" | "false") => Some(false),
        _ => None,
    }
}

fn not_applicable(answer: &str) -> bool {
    let answer = answer.trim().to_lowercase();
    ["n/a", "na", "not applicable"]
        .iter()
        .any(|known| answer.strip_prefix(known).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
}

#[cfg(test)]
mod tests {
    use medward_model::Answer;

    use super::*;

    #[test]
    fn only_yes_and_no_are_answers() {
        for (text, expected) in [
            ("Yes", Some(true)),
            ("YES, optional", Some(true)),
            ("No.", Some(false)),
            ("N", Some(false)),
            ("N/A", None),
            ("Not applicable", None),
            ("Note 3", None),
            ("See Note", None),
            ("", None),
        ] {
            assert_eq!(yes(text), expected, "{text}");
        }
    }

    #[test]
    fn what_the_older_form_does_not_ask_stays_unknown() {
        let answer = |question: &str| Answer { question: question.into(), answer: "Yes".into(), note: None };
        let mut statement = Disclosure {
            form: 2013,
            answers: ["A", "5-1", "10-1", "14-2", "20-1"].map(answer).to_vec(),
            ..Disclosure::default()
        };
        let facts = answers_of_interest(&statement);
        assert_eq!((facts.operator_can_patch, facts.sbom_available), (None, None));
        assert_eq!((facts.handles_private_data, facts.remote_service), (Some(true), Some(true)));
        statement.form = 2008;
        assert_eq!(answers_of_interest(&statement), DisclosedFacts::default());
    }

    #[test]
    fn one_part_that_the_operator_can_patch_is_enough() {
        let answer = |(question, answer): (&str, &str)| Answer {
            question: question.into(),
            answer: answer.into(),
            note: None,
        };
        let mut statement = Disclosure {
            form: 2019,
            answers: [("CSUP-2.1", "No"), ("CSUP-3.1", "Yes"), ("CSUP-5.1", "N/A"), ("CSUP-6.1", "no")]
                .map(answer)
                .to_vec(),
            ..Disclosure::default()
        };
        assert_eq!(answers_of_interest(&statement).operator_can_patch, Some(true));
        statement.answers[1].answer = "No".into();
        assert_eq!(answers_of_interest(&statement).operator_can_patch, Some(false));
        statement.answers.pop();
        assert_eq!(answers_of_interest(&statement).operator_can_patch, None, "one is not answered");
    }
}
