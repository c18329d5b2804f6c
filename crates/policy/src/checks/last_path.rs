//! No device loses its last way to what nearly every device needs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Conversation, DeviceId};

use super::{Check, EssentialKind, Level, Opinion, Situation, named, opinion};
use crate::plan::Plan;

pub(super) struct LastPath;

impl Check for LastPath {
    fn name(&self) -> &'static str {
        "last-path"
    }

    fn about(&self) -> &'static str {
        "whether a device loses its last way to a gateway, DHCP, names or the record system"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        if plan.affected.is_empty() {
            return opinion(self, Level::Pass, "no device is affected".to_owned());
        }
        let (Some(essentials), Some(conversations)) = (situation.essentials, situation.conversations) else {
            let reason = "nobody knows what devices rely on for addresses, names and records".to_owned();
            return opinion(self, Level::Warn, reason);
        };
        let kinds: BTreeMap<IpAddr, Vec<EssentialKind>> =
            essentials.iter().fold(BTreeMap::new(), |mut kinds, essential| {
                kinds.entry(essential.ip).or_default().push(essential.kind);
                kinds
            });
        // Who was seen to ask whom for what.
        let mut asked: BTreeMap<(EssentialKind, DeviceId), usize> = BTreeMap::new();
        let affected: BTreeSet<&DeviceId> = plan.affected.iter().map(|affected| &affected.device).collect();
        let ips: BTreeMap<&DeviceId, &[IpAddr]> =
            situation.devices.iter().map(|device| (&device.id, device.ips.as_slice())).collect();
        let mine = |talk: &Conversation| {
            let given = ips.get(&talk.responder)?.iter().find_map(|ip| kinds.get(ip))?;
            affected.contains(&talk.originator).then(|| given.clone())
        };
        let mut used: Vec<Conversation> = Vec::new();
        for talk in conversations {
            for kind in mine(talk).into_iter().flatten() {
                *asked.entry((kind, talk.originator.clone())).or_default() += 1;
                used.push(talk.clone());
            }
        }
        for (device, talk) in situation.cut(plan, &affected, &used) {
            if device == talk.originator {
                for kind in mine(talk).into_iter().flatten() {
                    if let Some(left) = asked.get_mut(&(kind, device.clone())) {
                        *left = left.saturating_sub(1);
                    }
                }
            }
        }
        let mut lost: BTreeMap<EssentialKind, Vec<DeviceId>> = BTreeMap::new();
        for ((kind, device), left) in asked {
            if left == 0 {
                lost.entry(kind).or_default().push(device);
            }
        }
        if lost.is_empty() {
            return opinion(self, Level::Pass, "every affected device keeps what it relies on".to_owned());
        }
        let all = lost.into_iter().map(|(kind, devices)| Opinion {
            check: self.name().to_owned(),
            level: Level::Veto,
            reason: format!("{} would lose the last way to a {}", named(&devices), kind.words()),
            devices,
        });
        all.collect()
    }
}
