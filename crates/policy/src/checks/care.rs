//! What the checks share that keep care going: devices that must not lose anything without a person's word.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::DeviceId;

use super::situation::words;
use super::{Check, Level, Opinion, Situation, named};
use crate::plan::Plan;

/// What is said where a plan is felt by devices that patients depend on; `what` says which devices these are.
pub(super) fn spoken(
    check: &dyn Check,
    plan: &Plan,
    situation: &Situation<'_>,
    protected: &[DeviceId],
    what: &str,
) -> Vec<Opinion> {
    let name = check.name().to_owned();
    if protected.is_empty() {
        return super::opinion(check, Level::Pass, format!("no device that {what} is affected"));
    }
    let mut all = Vec::new();
    let mut say = |level: Level, devices: Vec<DeviceId>, reason: String| {
        all.push(Opinion { check: name.clone(), level, reason, devices });
    };
    let (consented, open): (Vec<DeviceId>, Vec<DeviceId>) =
        protected.iter().cloned().partition(|id| situation.consented(id));
    if let Some(consent) = situation.consent.filter(|_| !consented.is_empty()) {
        let reason = format!(
            "{} affected, which {what}: {} took it on themselves: {}",
            named(&consented),
            consent.who,
            consent.reason
        );
        say(Level::Warn, consented, reason);
    }
    if open.is_empty() {
        return all;
    }
    let Some(conversations) = situation.conversations else {
        let reason = format!(
            "{} affected, which {what}, and nobody knows what they talk: give what was seen of them, or a person's word",
            named(&open)
        );
        say(Level::Veto, open, reason);
        return all;
    };
    let looked_at: BTreeSet<&DeviceId> = open.iter().collect();
    let mut lost: BTreeMap<DeviceId, Vec<String>> = BTreeMap::new();
    for (device, talk) in situation.cut(plan, &looked_at, conversations) {
        lost.entry(device).or_default().push(words(talk));
    }
    let kept: Vec<DeviceId> = open.iter().filter(|id| !lost.contains_key(id)).cloned().collect();
    if let Some((_, talks)) = lost.first_key_value() {
        let example = talks.first().cloned().unwrap_or_default();
        let devices: Vec<DeviceId> = lost.keys().cloned().collect();
        let reason = format!(
            "{}, which {what}, would lose something that it uses, such as {example}: write a conduit for it, or give a \
             person's word",
            named(&devices)
        );
        say(Level::Veto, devices, reason);
    }
    if !kept.is_empty() {
        let reason = format!("{} affected, which {what}; nothing that was seen of them is cut", named(&kept));
        say(Level::Warn, kept, reason);
    }
    all
}
