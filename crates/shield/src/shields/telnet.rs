//! Telnet to devices.
//!
//! # What it stops
//! Any Telnet session to a protected device from an address that is none of its servers, from the first byte of either side, on any
//! port (some modules listen on 1023).
//!
//! # Clinical effect
//! None on therapy: Telnet is for service. A service technician who is not listed cannot log in this way.
//!
//! # False positives
//! Service laptops; analysers that deliver results over a terminal server by Telnet need that server listed.
//!
//! # References
//! RFC 854. CVE-2015-3459, CVE-2015-3954, CVE-2017-12726, CVE-2020-12045: pumps whose Telnet gives root, or has a fixed password.

use medward_model::Activity;

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static TELNET: Shield = Shield {
    name: "telnet",
    title: "Telnet to a device",
    stops: "Telnet sessions to a protected device from an address that is no server of it.",
    effect: "None on therapy; unlisted service technicians cannot log in by Telnet.",
    asks: &["servers"],
    number: 14,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "telnet" || !scope.is_stranger(activity) {
        return None;
    }
    TELNET.refuses(scope, "a Telnet session by none of the device's servers")
}

fn rules(rules: &mut Rules<'_>) {
    let port = rules.strangers_to("[23,1023]");
    rules.drop("tcp", &port, "Telnet port of a device", "flow:to_server; flags:S;");
    let from = rules.to_strangers("any");
    let options = "flow:to_client,established; content:\"|ff|\"; startswith; pcre:\"/^\\xff[\\xfb-\\xfe]/\";";
    rules.drop("tcp", &from, "Telnet negotiation of a device", options);
}
