//! SMB version 1.
//!
//! *Finds* file servers that agreed on a dialect of SMB 1 (MS-CIFS). *Clinically*: WannaCry stopped hospitals through it in
//! 2017. *Wrong when* the server only answered and never took the session: the dialect was agreed on all the same.
//! *Do*: switch SMB 1 off where the maker allows it; where not, let only the devices that need it reach port 445.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static SMB1: Judgement = Judgement {
    name: "smb1",
    title: "Agrees on version 1 of SMB",
    references: &["Microsoft: Stop using SMB1", "MS17-010", "MS-CIFS 2.2.4.52"],
    reads: &[("smb", "dialect")],
    judge,
};

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    if !seen.serves("smb") {
        return;
    }
    let old = seen.field("smb", "dialect").find(|fact| {
        let value = fact.value.to_ascii_uppercase();
        !value.starts_with("SMB 2") && !value.starts_with("SMB 3")
    });
    let Some(fact) = old else { return };
    found.push(Exposure {
        kind: FindingKind::WeakProtocol,
        key: "smb1",
        title: "Serves files over SMB version 1".to_owned(),
        severity: Severity::High,
        confidence: 0.97,
        treatment: Treatment::Segment,
        reason: "Worms spread over it (WannaCry). Switch it off where the maker allows; where not, let only the devices that need it reach port 445.".to_owned(),
        details: vec![detail(fact, "SMB 3")],
    });
}
