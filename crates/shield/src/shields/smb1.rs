//! SMB version 1.
//!
//! # What it stops
//! SMB 1 from and to protected devices: a negotiation that offers no dialect of SMB 2, and every other request of SMB 1; unless the
//! other end is a listed server. The SMB 1 form of the first message that modern clients use to reach SMB 2 passes.
//! EternalBlue and the worms that use it need SMB 1 requests, and do not get as far.
//!
//! # Clinical effect
//! A modality or workstation that can only speak SMB 1 cannot reach its share (export of images, reports, licences) unless that
//! server is listed.
//!
//! # False positives
//! Old devices in order: Windows XP and embedded systems of its time.
//!
//! # References
//! Microsoft MS17-010 (CVE-2017-0143 to CVE-2017-0148); MS-CIFS 2.2.4.52 (negotiate), MS-SMB2 3.3.5.3 (multi-protocol negotiate).

use medward_model::Activity;

use crate::judgement::{Judgement, Shield, detail};
use crate::scope::Scope;
use crate::suricata::{Rules, group, without};

pub(super) static SMB1: Shield = Shield {
    name: "smb1",
    title: "SMB version 1",
    stops: "SMB 1 from and to protected devices, but with their listed servers.",
    effect: "Devices that can only speak SMB 1 reach no share but those of listed servers.",
    asks: &["servers"],
    number: 12,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "smb" {
        return None;
    }
    let one = match &*activity.operation {
        "SMB1 request" => true,
        "SMB1 negotiate" => !detail(activity, "dialects").contains("SMB 2"),
        _ => false,
    };
    let (actor, target) = (activity.actor.ip, activity.target.ip);
    let near = scope.protects(target) && !scope.is_server(actor)
        || scope.protects(actor) && !scope.is_server(target);
    if !one || !near { None } else { SMB1.refuses(scope, activity.operation.to_string()) }
}

fn rules(rules: &mut Rules<'_>) {
    let scope = rules.scope;
    let (near, far) = (group(&scope.protect), without(&scope.servers));
    for ends in [format!("{far} any -> {near} [139,445]"), format!("{near} any -> {far} [139,445]")] {
        let negotiate =
            "flow:to_server,established; content:\"|ff|SMBr\"; offset:4; depth:5; content:!\"SMB 2\";";
        rules.drop("tcp", &ends, "SMB 1 negotiation", negotiate);
        let request =
            "flow:to_server,established; content:\"|ff|SMB\"; offset:4; depth:4; content:!\"r\"; within:1;";
        rules.drop("tcp", &ends, "SMB 1 request", request);
    }
}
