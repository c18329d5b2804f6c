//! One recommended treatment a device, with its reason and what it takes away.

use medward_model::{Attribute, Device, Finding, FindingKind, Risk, Treatment, Verdict};

use crate::reach::Origin;
use crate::score::{Judged, is_exploited, stated};

/// What to do with a device.
pub(crate) struct Chosen {
    pub treatment: Treatment,
    pub reason: String,
    pub removes: f64,
}

/// Below this score nothing needs doing now.
const QUIET: u8 = 5;

/// Chooses by what stands out, in this order: recalled for removal; a fix exists; an exploited weakness without one; out of
/// support; weak or reachable; unsure. What a patient's life depends on is never isolated by advice.
pub(crate) fn treatment(judged: &Judged<'_>, device: &Device, risk: &Risk) -> Chosen {
    let findings = judged.findings_of(&device.id);
    let sure = |finding: &&&Finding| finding.status != Verdict::Possible;
    let keeps_alive = matches!(device.value(Attribute::LifeSupporting), Some("yes"));
    let own = judged.facts(device);
    // What it is for must be known before it is cut off.
    let dispensable = !own.medical && !own.group.is_empty() && !own.infrastructure;
    let before = judged.score(device, &|_| true, &|_| true);
    let settled = |which: &dyn Fn(&Finding) -> bool| {
        (before - judged.score(device, &|finding| !which(finding), &|_| true)).max(0.0)
    };
    let first = |which: &dyn Fn(&Finding) -> bool| {
        findings.iter().filter(sure).copied().filter(|f| which(f)).min_by_key(|f| (f.severity, f.id.clone()))
    };
    let removes_all = (before - judged.score(device, &|_| false, &|_| false)).max(0.0);
    let by = |treatment, reason: String, removes: f64| Chosen {
        treatment,
        reason,
        removes: (removes * 100.0).round() / 100.0,
    };
    if let Some(finding) = first(&|f| f.kind == FindingKind::Recall && f.treatment == Treatment::Remove) {
        return by(Treatment::Remove, finding.reason.to_string(), removes_all);
    }
    let exploited = is_exploited;
    let fixable = |f: &Finding| f.treatment == Treatment::Patch;
    let mends = settled(&fixable);
    if let Some(finding) = first(&fixable).filter(|_| mends > 0.0) {
        let count = findings.iter().filter(sure).filter(|f| fixable(f)).count();
        let more = if count > 1 { format!(" It settles {count} findings.") } else { String::new() };
        let who = if stated(device, "operator can patch") == Some(false) {
            " The maker states that only its own service installs it: call them."
        } else {
            ""
        };
        return by(Treatment::Patch, format!("{}.{more} {}{who}", title(finding), finding.reason), mends);
    }
    let shielded = judged.score(device, &|_| true, &|_| false);
    let cut = (before - shielded).max(0.0);
    if let Some(finding) = first(&|f| f.kind == FindingKind::Vulnerability && exploited(f)) {
        let reason = format!("{} is exploited now, and no fix is named.", title(finding));
        return if keeps_alive || !dispensable {
            let how = " Shield it by a rule in the network; do not cut it off while a patient depends on it.";
            by(Treatment::VirtualPatch, format!("{reason}{how}"), settled(&exploited).max(cut))
        } else {
            by(
                Treatment::Isolate,
                format!("{reason} Nothing clinical runs on it: cut it off until it is mended."),
                removes_all,
            )
        };
    }
    if let Some(finding) = first(&|f| f.kind == FindingKind::EndOfSupport) {
        return by(
            Treatment::Replace,
            finding.reason.to_string(),
            settled(&|f| f.kind == FindingKind::EndOfSupport),
        );
    }
    let weak = |f: &Finding| f.treatment == Treatment::Segment;
    if let Some(finding) = first(&weak) {
        let reason = format!("{}. Let only the devices that it works with reach it.", title(finding));
        return by(Treatment::Segment, reason, cut.max(settled(&weak) / 2.0));
    }
    if cut > 0.5 && risk.score >= QUIET {
        let who = Origin::ALL.into_iter().find(|origin| judged_reaches(risk, *origin)).map_or(
            "Devices that it does not need",
            |origin| match origin {
                Origin::Internet => "Addresses outside",
                Origin::Guest => "Personal and guest devices",
                Origin::Office => "Office computers",
                Origin::Building => "Building devices",
            },
        );
        return by(
            Treatment::Segment,
            format!("{who} reach it. Let only the devices that it works with do so."),
            cut,
        );
    }
    if let Some(finding) = findings.iter().min_by_key(|f| (f.severity, f.id.clone())) {
        return by(Treatment::Review, format!("{}. {}", title(finding), finding.reason), 0.0);
    }
    by(Treatment::Review, "Nothing is known to be wrong with it.".to_owned(), 0.0)
}

fn judged_reaches(risk: &Risk, origin: Origin) -> bool {
    risk.paths.iter().any(|path| path.origin == origin.name())
}

fn title(finding: &Finding) -> String {
    finding.title.trim_end_matches('.').to_owned()
}
