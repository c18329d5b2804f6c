//! Setting changes over IEEE 11073 SDC from strangers.
//!
//! # What it stops
//! SetValue, SetString, SetContextState, SetMetricState, SetComponentState, SetAlertState and Activate to a protected device (pump,
//! ventilator, monitor) from an address that is none of its servers. Discovery, reading and reports pass.
//! Only SDC in the clear is seen: with TLS and its certificates, the device itself decides.
//!
//! # Clinical effect
//! The device goes on as it is set. A consumer that closes a loop (remote control of a ventilator from a nurse's station) must
//! be listed before this is armed.
//!
//! # False positives
//! A new consumer, such as a documentation system that also sets patient context.
//!
//! # References
//! IEEE 11073-20701:2018, 11073-20702:2016, 11073-10207:2017 (Set and Activate operations).

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static SDC_SETTINGS: Shield = Shield {
    name: "sdc-settings",
    title: "SDC setting changes from strangers",
    stops: "SDC Set and Activate operations from an address that is no server of the device.",
    effect: "The device goes on as set; an unlisted SDC consumer cannot change it.",
    asks: &["servers"],
    number: 11,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let changes = matches!(activity.verb, Verb::Set | Verb::Command);
    if activity.protocol != "sdc" || !changes || !scope.is_stranger(activity) {
        return None;
    }
    SDC_SETTINGS.refuses(scope, format!("{} by none of the device's servers", activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    let to = rules.strangers_to("any");
    let options = "flow:to_server,established; http.method; content:\"POST\"; http.request_body; \
                   pcre:\"/\\/(?:Set|Context)Service\\/(?:Set(?:Value|String|ContextState|MetricState|ComponentState|AlertState)|Activate)[<\\s]/\";";
    rules.drop("http", &to, "SDC setting change from a stranger", options);
}
