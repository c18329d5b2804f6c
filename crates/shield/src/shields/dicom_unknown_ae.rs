//! DICOM associations under unknown AE titles.
//!
//! # What it stops
//! A-ASSOCIATE-RQ to a protected device whose calling AE title is none of those listed, or comes from elsewhere than listed
//! (`CT1@10.1.2.0/24`). The association is refused before anything is asked in it.
//!
//! # Clinical effect
//! A modality or workstation with a new or misspelt AE title cannot send, find or fetch until it is listed. Associations that are open
//! go on.
//!
//! # False positives
//! AE titles changed by the maker's service; several devices that share one title; upper and lower case (taken as one here).
//! A title alone is easily borrowed: bind it to a network, too.
//!
//! # References
//! DICOM PS3.8 9.3.2 (A-ASSOCIATE-RQ), PS3.5 6.2 (AE); many servers take any title by default (Orthanc Book, "DicomAlwaysAllowEcho",
//! "DicomCheckCalledAet").

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield, detail};
use crate::scope::{Named, Scope};
use crate::suricata::{Rules, content, group, without};

pub(super) static DICOM_UNKNOWN_AE: Shield = Shield {
    name: "dicom-unknown-ae",
    title: "DICOM associations under unknown AE titles",
    stops: "A DICOM association with a protected device under a calling AE title that is not listed, or from elsewhere.",
    effect: "A station with a new or changed AE title cannot send or fetch images until it is listed.",
    asks: &["ae-titles"],
    number: 3,
    judge,
    rules,
};

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    if activity.protocol != "dicom"
        || activity.verb != Verb::Connect
        || !scope.protects(activity.target.ip)
        || Named::any(&scope.ae_titles, detail(activity, "calling"), activity.actor.ip)
    {
        return None;
    }
    DICOM_UNKNOWN_AE
        .refuses(scope, format!("an association under the AE title '{}'", detail(activity, "calling")))
}

fn rules(rules: &mut Rules<'_>) {
    let scope = rules.scope;
    let request = "flow:to_server,established; content:\"|01 00|\"; startswith; content:\"|00 01|\"; offset:6; depth:2;";
    let title = |name: &str| content(format!("{name:<16}").as_bytes());
    let mut unknown = request.to_owned();
    for known in &scope.ae_titles {
        unknown.push_str(&format!(" content:!\"{}\"; offset:26; depth:16; nocase;", title(&known.name)));
    }
    let to = group(&scope.protect);
    rules.drop("tcp", &format!("any any -> {to} any"), "association under an unknown AE title", &unknown);
    for known in &scope.ae_titles {
        let Some(at) = &known.at else { continue };
        // Titles that may come from several networks stand in the list several times.
        let all = scope.ae_titles.iter().filter(|other| other.name.eq_ignore_ascii_case(&known.name));
        if all.clone().any(|other| other.at.is_none())
            || all.clone().next().is_none_or(|first| first.at.as_ref() != Some(at))
        {
            continue;
        }
        let places = all.filter_map(|other| other.at.as_ref()).fold(at.clone(), |sum, at| sum.union(at));
        let options = format!("{request} content:\"{}\"; offset:26; depth:16; nocase;", title(&known.name));
        let ends = format!("{} any -> {to} any", without(&places));
        rules.drop("tcp", &ends, "a known AE title from elsewhere", &options);
    }
}
