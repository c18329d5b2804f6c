//! Factory passwords that were seen to work.
//!
//! *Finds* services that accepted, in the clear, a pair of user and password that makers ship (the entries of
//! `catalog/default-credentials.toml`). The password is compared where it is read and never leaves there. *Clinically*: the
//! manual is on the web. *Wrong when* the same pair was chosen by a person. *Do*: change it. A factory password that was
//! refused says that somebody tries them, not that the device is weak: it is not told here.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static DEFAULT_LOGIN: Judgement = Judgement {
    name: "default-login",
    title: "Accepts a factory password",
    references: &["CISA: secure by design alert on default passwords", "CWE-1392"],
    reads: &[
        ("ftp", "default-login"),
        ("http", "default-login"),
        ("mqtt", "default-login"),
        ("smtp", "default-login"),
        ("tds", "default-login"),
        ("telnet", "default-login"),
    ],
    judge,
};

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    for (source, field) in DEFAULT_LOGIN.reads {
        let accepted = seen
            .field(source, field)
            .find_map(|fact| fact.value.strip_suffix(", accepted").map(|product| (fact, product)));
        let Some((fact, product)) = accepted else { continue };
        found.push(Exposure {
            kind: FindingKind::DefaultCredential,
            key: source,
            title: format!("Accepts a factory password over {}: {product}", source.to_ascii_uppercase()),
            severity: Severity::Critical,
            confidence: 0.95,
            treatment: Treatment::Review,
            reason: "Anybody who has the manual gets in. Change the password now.".to_owned(),
            details: vec![detail(fact, "a password of your own")],
        });
    }
}
