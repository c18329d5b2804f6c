//! Remote control of a device's screen.
//!
//! # What it stops
//! VNC (RFB) sessions to a protected device from an address that is none of its servers, from the first byte of either side, on any
//! port.
//!
//! # Clinical effect
//! Nobody but the listed stations can take over the screen of a monitor, ultrasound or analyser. Remote support that comes
//! from elsewhere stops; teaching by shared screens, too.
//!
//! # False positives
//! Makers' remote service through a gateway that is not listed.
//!
//! # References
//! RFC 6143; ICSMA-20-023-01, CVE-2020-6966 (remote desktop control of patient monitors).

use medward_model::Activity;

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static REMOTE_CONTROL: Shield = Shield {
    name: "remote-control",
    title: "Remote control of a screen",
    stops: "VNC sessions to a protected device from an address that is no server of it.",
    effect: "Nobody unlisted takes over the screen; remote support from elsewhere stops.",
    asks: &["servers"],
    number: 10,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "vnc" || !scope.is_stranger(activity) {
        return None;
    }
    REMOTE_CONTROL.refuses(scope, "a VNC session by none of the device's servers")
}

fn rules(rules: &mut Rules<'_>) {
    let from = rules.to_strangers("any");
    let options = "flow:to_client,established; content:\"RFB 00\"; startswith;";
    rules.drop("tcp", &from, "VNC to a device", options);
}
