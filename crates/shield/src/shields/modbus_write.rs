//! Setting changes over Modbus/TCP from strangers.
//!
//! # What it stops
//! Writes of coils and registers, file records, diagnostics that restart or silence a device, and functions that are not of the
//! standard, from an address that is none of its servers. Reading passes.
//!
//! # Clinical effect
//! Medical gas alarms, power and cooling go on as they are set; an unlisted control station cannot change them.
//!
//! # False positives
//! Engineers' tools; makers' own functions by which some meters are read (65 to 72, 100 to 110): list those that read them.
//!
//! # References
//! MODBUS Application Protocol Specification 1.1b3, 5 and 6: there is no login.

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static MODBUS_WRITE: Shield = Shield {
    name: "modbus-write",
    title: "Modbus writes from strangers",
    stops: "Modbus writes and commands from an address that is no server of the device.",
    effect: "The device goes on as it is set; an unlisted control station cannot change it.",
    asks: &["servers"],
    number: 7,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let changes = matches!(activity.verb, Verb::Set | Verb::Write | Verb::Command);
    if activity.protocol != "modbus" || !changes || !scope.is_stranger(activity) {
        return None;
    }
    MODBUS_WRITE.refuses(scope, format!("{} by none of the device's servers", activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    let to = rules.strangers_to("any");
    rules.drop("modbus", &to, "Modbus write from a stranger", "flow:to_server; modbus:access write;");
    rules.drop("modbus", &to, "Modbus diagnostics from a stranger", "flow:to_server; modbus:function 8;");
}
