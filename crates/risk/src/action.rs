//! What to do first: devices that one doable action helps, ranked by risk removed an hour.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};
use medward_model::{Action, Device, DeviceId, Finding, FindingKind, Risk, Treatment, Verdict};
use sha2::{Digest, Sha256};

use crate::score::{Inputs, Judged, is_exploited, kind};

/// What an action changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub action: Action,
    /// Device, score before, score after.
    pub devices: Vec<(DeviceId, f64, f64)>,
    pub before: f64,
    pub after: f64,
}

/// The list of actions, most risk removed an hour first.
pub(crate) fn actions(judged: &Judged<'_>, risks: &[Risk]) -> Vec<Action> {
    let inputs = &judged.inputs;
    let devices: HashMap<&DeviceId, &Device> =
        inputs.devices.iter().map(|device| (&device.id, device)).collect();
    let mut groups: BTreeMap<(Treatment, String), Vec<&Risk>> = BTreeMap::new();
    for risk in risks {
        let Some(device) = devices.get(&risk.device) else { continue };
        let findings = judged.findings_of(&risk.device);
        if findings.is_empty() && risk.removes <= 0.0 {
            continue;
        }
        groups.entry((risk.treatment, target(judged, device, risk, findings))).or_default().push(risk);
    }
    let mut all: Vec<Action> = groups
        .into_iter()
        .map(|((treatment, target), members)| {
            let mut ids: Vec<DeviceId> = members.iter().map(|risk| risk.device.clone()).collect();
            ids.sort();
            let mut findings: Vec<String> = ids
                .iter()
                .flat_map(|id| judged.findings_of(id))
                .filter(|finding| settles(treatment, finding))
                .map(|finding| finding.id.clone())
                .collect();
            findings.sort();
            let removes: f64 = members.iter().map(|risk| risk.removes).sum();
            let effort = inputs.model.hours(treatment, ids.len());
            Action {
                id: id(treatment, &target),
                treatment,
                title: title(treatment, &target, ids.len()),
                reason: members
                    .iter()
                    .max_by(|a, b| a.removes.total_cmp(&b.removes).then_with(|| b.device.cmp(&a.device)))
                    .map(|risk| risk.reason.clone())
                    .unwrap_or_default(),
                devices: ids,
                findings,
                removes: (removes * 100.0).round() / 100.0,
                effort: (effort * 100.0).round() / 100.0,
                rank: 0,
            }
        })
        .collect();
    all.sort_by(|a, b| {
        (b.removes / b.effort)
            .total_cmp(&(a.removes / a.effort))
            .then_with(|| a.treatment.cmp(&b.treatment))
            .then_with(|| a.id.cmp(&b.id))
    });
    for (at, action) in all.iter_mut().enumerate() {
        action.rank = u32::try_from(at + 1).unwrap_or(u32::MAX);
    }
    all
}

/// What an action would change: scores with its findings settled, and ways closed where it restricts them.
pub fn what_if(inputs: &Inputs<'_>, action: &Action) -> Change {
    let judged = Judged::new(inputs);
    let concerned: HashSet<&DeviceId> = action.devices.iter().collect();
    let settled: HashSet<&str> = action.findings.iter().map(String::as_str).collect();
    let mut change = Change { action: action.clone(), devices: Vec::new(), before: 0.0, after: 0.0 };
    for device in inputs.devices {
        if device.scope != medward_model::Scope::Internal {
            continue;
        }
        let before = judged.score(device, &|_| true, &|_| true);
        let concerned = concerned.contains(&device.id);
        let after = if concerned {
            let closes =
                matches!(action.treatment, Treatment::Segment | Treatment::Isolate | Treatment::VirtualPatch);
            judged.score(device, &|finding| !settled.contains(finding.id.as_str()), &|_| !closes).min(before)
        } else {
            before
        };
        change.before += before;
        change.after += after;
        if concerned {
            change.devices.push((device.id.clone(), before, after));
        }
    }
    change
}

/// Whether a treatment settles a finding.
fn settles(treatment: Treatment, finding: &Finding) -> bool {
    if finding.status == Verdict::Possible {
        return false;
    }
    match treatment {
        Treatment::Remove | Treatment::Isolate | Treatment::Replace => true,
        Treatment::Patch => finding.treatment == Treatment::Patch,
        Treatment::VirtualPatch => is_exploited(finding),
        Treatment::Segment | Treatment::Review => false,
    }
}

/// What the action is done to: the recall, the model and its fix, the system, or the kind of device.
fn target(judged: &Judged<'_>, device: &Device, risk: &Risk, findings: &[&Finding]) -> String {
    let model = kind(device).map_or_else(
        || match judged.facts(device).label.as_str() {
            "" => "devices of unknown kind".to_owned(),
            label => format!("devices of the kind {}", inside(label)),
        },
        |_| {
            format!(
                "{} {}",
                device.value(medward_model::Attribute::Vendor).unwrap_or_default(),
                device.value(medward_model::Attribute::Model).unwrap_or_default()
            )
        },
    );
    let of = |kind: FindingKind| {
        findings
            .iter()
            .filter(|finding| finding.kind == kind && finding.status != Verdict::Possible)
            .filter_map(|finding| finding.advisory.as_ref())
            .map(|advisory| advisory.id.clone())
            .min()
    };
    match risk.treatment {
        Treatment::Remove => {
            of(FindingKind::Recall).map_or(model.clone(), |recall| format!("{model}, recall {recall}"))
        }
        Treatment::Replace => {
            of(FindingKind::EndOfSupport).map_or(model.clone(), |release| format!("{model}, {release}"))
        }
        _ => model,
    }
}

/// A label as it stands inside a sentence: "infusion pump", but "PACS or image archive".
fn inside(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}

fn title(treatment: Treatment, target: &str, count: usize) -> String {
    let devices = if count == 1 { "1 device".to_owned() } else { format!("{count} devices") };
    match treatment {
        Treatment::Remove => format!("Take out of use: {target} ({devices})"),
        Treatment::Patch => format!("Install the maker's fix for {target} on {devices}"),
        Treatment::Isolate => format!("Cut off {target} ({devices}) until mended"),
        Treatment::VirtualPatch => format!("Shield {target} ({devices}) by a rule in the network"),
        Treatment::Segment => format!("Restrict who reaches {target} ({devices})"),
        Treatment::Replace => format!("Plan the replacement of {target} ({devices})"),
        Treatment::Review => format!("Look at {target} ({devices})"),
    }
}

fn id(treatment: Treatment, target: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(treatment.name());
    hash.update([0]);
    hash.update(target);
    let hex: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("act-{hex}")
}
