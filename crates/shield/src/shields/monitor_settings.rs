//! Setting changes to bedside monitors and point-of-care analysers from strangers.
//!
//! # What it stops
//! Sets and actions of the Philips IntelliVue protocol, and directives and lists of POCT1-A (operator and patient lists, remote
//! commands), to a protected device from an address that is none of its servers. Measurements, alarms and polling pass.
//!
//! # Clinical effect
//! Alarm limits and lists stay as they are set at the bedside or by the central station; an unlisted station cannot change them.
//!
//! # False positives
//! A central station or data manager that was replaced and is not listed yet.
//!
//! # References
//! Philips IntelliVue Data Export Interface Programming Guide (Set, Action); CLSI POCT1-A2 (directives).

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static MONITOR_SETTINGS: Shield = Shield {
    name: "monitor-settings",
    title: "Setting changes to monitors and analysers from strangers",
    stops: "Sets, actions, directives and lists to a monitor or analyser from an address that is no server of it.",
    effect: "Alarm limits and lists stay as set; measurements and alarms go on.",
    asks: &["servers"],
    number: 8,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let changes = matches!(activity.verb, Verb::Set | Verb::Command | Verb::Time);
    if !matches!(activity.protocol, "intellivue" | "poct1a") || !changes || !scope.is_stranger(activity) {
        return None;
    }
    MONITOR_SETTINGS.refuses(
        scope,
        format!("{} of {} by none of the device's servers", activity.operation, activity.protocol),
    )
}

fn rules(rules: &mut Rules<'_>) {
    // IntelliVue: session and presentation id E1 00 00 02, invocation (1), then Confirmed Set (5), Set (4) or Confirmed Action (7).
    let to = rules.strangers_to("24105");
    let options = "content:\"|e1 00 00 02 00 01|\"; startswith; pcre:\"/^.{10}\\x00[\\x04\\x05\\x07]/s\";";
    rules.drop("udp", &to, "IntelliVue set or action from a stranger", options);
    let any = rules.strangers_to("any");
    let lists = "flow:established; content:\"<HDR\"; pcre:\"/<(?:OPL|PTL|DTV)\\.R0/\";";
    rules.drop("tcp", &any, "POCT1-A list or directive from a stranger", lists);
}
