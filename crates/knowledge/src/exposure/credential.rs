//! Factory passwords that were seen to work.
//!
//! *Finds* web servers that accepted, over HTTP Basic, a pair of user and password that makers ship. The password is compared
//! where it is read and never leaves there. *Clinically*: the manual is on the web. *Do*: change it.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static FACTORY_LOGIN: Judgement = Judgement {
    name: "factory-login",
    title: "Accepts a factory password",
    references: &["CISA: secure by design alert on default passwords", "CWE-1392"],
    reads: &[("http", "factory-login")],
    judge,
};

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let Some(fact) = seen.field("http", "factory-login").next() else { return };
    found.push(Exposure {
        kind: FindingKind::DefaultCredential,
        key: "http",
        title: format!("Accepts the factory password of \"{}\"", fact.value),
        severity: Severity::Critical,
        confidence: 0.95,
        treatment: Treatment::Review,
        reason: "Anybody who has the manual gets in. Change the password now.".to_owned(),
        details: vec![detail(fact, "a password of your own")],
    });
}
