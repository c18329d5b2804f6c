//! Setting changes over SNMP from strangers.
//!
//! # What it stops
//! SNMP SET to a protected device from an address that is none of its servers. Reading and traps pass. What is encrypted (version 3 with
//! privacy) cannot be told apart, and passes: there, the device asks for a key.
//!
//! # Clinical effect
//! Power supplies, printers, switches and devices with network modules stay as they are set.
//!
//! # False positives
//! Management stations that are not listed.
//!
//! # References
//! RFC 3416, 4.2.5; RFC 3584 (communities are no protection).

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static SNMP_SET: Shield = Shield {
    name: "snmp-set",
    title: "SNMP sets from strangers",
    stops: "SNMP SET from an address that is no server of the device.",
    effect: "The device stays as set; unlisted management stations can read only.",
    asks: &["servers"],
    number: 13,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "snmp" || activity.verb != Verb::Set || !scope.is_stranger(activity) {
        return None;
    }
    SNMP_SET.refuses(scope, format!("SET of {} by none of the device's servers", activity.object))
}

fn rules(rules: &mut Rules<'_>) {
    let to = rules.strangers_to("any");
    rules.drop("snmp", &to, "SNMP SET from a stranger", "flow:to_server; snmp.pdu_type:set_request;");
}
