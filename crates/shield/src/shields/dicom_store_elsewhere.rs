//! Images stored where no archive is.
//!
//! # What it stops
//! C-STORE between a protected device and an address that is none of the archives: a modality that is made to send images to a
//! stranger, and a stranger that pushes objects (or malformed ones) into a modality or workstation. C-ECHO, C-FIND and stores
//! to archives pass.
//!
//! # Clinical effect
//! Images stay on the modality until a listed archive takes them; most modalities keep and repeat them. A workstation that takes
//! images directly must be listed, or images of an emergency do not reach it.
//!
//! # False positives
//! A new archive, a router of images, a portable modality that sends to a reading station; C-GET, where the archive stores back over
//! the asking station's association: list the station as an archive where it uses C-GET.
//!
//! # References
//! DICOM PS3.4 annex B, PS3.7 9.1.1 and 9.3.1; PS3.15 (secure transport is optional).

use medward_model::Activity;
use medward_policy::{Addresses, place};

use crate::judgement::{Judgement, Shield};
use crate::scope::Scope;
use crate::suricata::{Rules, group, without};

pub(super) static DICOM_STORE_ELSEWHERE: Shield = Shield {
    name: "dicom-store-elsewhere",
    title: "Images to where no archive is",
    stops: "C-STORE from or to a protected device where the receiver is none of the archives.",
    effect: "Images wait on the modality until a listed archive takes them; direct sends to unlisted workstations fail.",
    asks: &["archives"],
    number: 2,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "dicom" || activity.operation.as_ref() != "C-STORE-RQ" {
        return None;
    }
    let near = scope.protects(activity.actor.ip) || scope.protects(activity.target.ip);
    if !near || scope.archives.contains(place(activity.target.ip)) {
        return None;
    }
    DICOM_STORE_ELSEWHERE.refuses(scope, format!("images ({}) to what is no archive", activity.object))
}

fn rules(rules: &mut Rules<'_>) {
    // P-DATA-TF, then within its command set Command Field (0000,0100), two bytes, C-STORE-RQ.
    let options = "flow:established; content:\"|04 00|\"; startswith; content:\"|00 00 00 01 02 00 00 00 01 00|\"; distance:0;";
    let scope = rules.scope;
    let to = format!("{} any -> {} any", group(&scope.protect), without(&scope.archives));
    rules.drop("tcp", &to, "C-STORE to what is no archive", options);
    let receivers: Addresses = scope.protect.difference(&scope.archives);
    if !receivers.is_empty() {
        let from = format!("any any -> {} any", group(&receivers));
        rules.drop("tcp", &from, "C-STORE into a protected device", options);
    }
}
