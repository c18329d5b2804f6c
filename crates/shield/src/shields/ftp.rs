//! FTP to devices.
//!
//! # What it stops
//! Any FTP session to a protected device from an address that is none of its servers, from the first byte of either side, on any port.
//!
//! # Clinical effect
//! None on therapy where FTP is only for service. Devices whose reports or ECGs are fetched by FTP need the fetching server listed.
//!
//! # False positives
//! Service laptops; systems that fetch files from a device by FTP.
//!
//! # References
//! RFC 959. ICSMA-20-170-04 and ICSMA-17-250-02A: pumps whose FTP has fixed passwords, or none.

use medward_model::Activity;

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static FTP: Shield = Shield {
    name: "ftp",
    title: "FTP to a device",
    stops: "FTP sessions to a protected device from an address that is no server of it.",
    effect: "None on therapy; unlisted systems that fetch files from the device by FTP stop.",
    asks: &["servers"],
    number: 5,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "ftp" || !scope.is_stranger(activity) {
        return None;
    }
    FTP.refuses(scope, "an FTP session by none of its servers")
}

fn rules(rules: &mut Rules<'_>) {
    let to = rules.strangers_to("any");
    rules.drop("ftp", &to, "FTP to a device", "flow:to_server;");
    let port = rules.strangers_to("21");
    rules.drop("tcp", &port, "FTP port of a device", "flow:to_server; flags:S;");
}
