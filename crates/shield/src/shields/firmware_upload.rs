//! Firmware given outside a window.
//!
//! # What it stops
//! Files written to a protected device: FTP STOR, STOU and APPE, TFTP write requests, HTTP PUT, and HTTP POST whose content is a
//! file (multipart, octet stream, archive) or whose path speaks of firmware or upload; unless a listed server gives it while
//! a window is open. The device is protected from the request on: nothing of the file passes.
//!
//! # Clinical effect
//! Drug libraries and configurations that servers distribute as files wait for the window, too. Where they must go out at
//! any hour, give the server a scope of its own without this shield.
//!
//! # False positives
//! Forms with attached files in a device's web pages; drug library updates; backups written to a device.
//!
//! # References
//! ICSMA-19-164-01, ICSMA-19-255-01, ICSMA-21-294-01 (unsigned or unchecked uploads); IEC 62443-3-3 SR 3.4.

use medward_model::{Activity, Verb};

use crate::judgement::{Judgement, Shield, detail};
use crate::scope::Scope;
use crate::suricata::Rules;

pub(super) static FIRMWARE_UPLOAD: Shield = Shield {
    name: "firmware-upload",
    title: "Firmware outside a window",
    stops: "Files written to a protected device by FTP, TFTP or HTTP, unless by a server while a window is open.",
    effect: "Updates and drug libraries that come as files wait for the window.",
    asks: &["servers", "windows"],
    number: 4,
    judge,
    rules,
};

/// Parts of media types of files.
const FILES: [&str; 7] =
    ["octet-stream", "multipart/form-data", "zip", "x-tar", "gzip", "firmware", "x-binary"];
/// Words of paths to which firmware is given.
const PATHS: [&str; 6] = ["firmware", "upload", "update", "upgrade", "flash", "fwup"];

fn judge(activity: &Activity, scope: &Scope) -> Option<Judgement> {
    let written = match activity.protocol {
        "ftp" => activity.verb == Verb::Write && matches!(&*activity.operation, "STOR" | "STOU" | "APPE"),
        "tftp" => activity.verb == Verb::Write,
        "http" if &*activity.operation == "PUT" => true,
        "http" if &*activity.operation == "POST" => {
            let media = detail(activity, "media").to_ascii_lowercase();
            let path = activity.object.to_ascii_lowercase();
            FILES.iter().any(|part| media.contains(part)) || PATHS.iter().any(|word| path.contains(word))
        }
        _ => false,
    };
    if !written || !scope.protects(activity.target.ip) {
        return None;
    }
    let known = scope.is_server(activity.actor.ip);
    if known && scope.is_open(activity.time) {
        return None;
    }
    let why = if known { "outside the window" } else { "by none of its servers" };
    FIRMWARE_UPLOAD
        .refuses(scope, format!("a file written by {} {}, {why}", activity.protocol, activity.operation))
}

fn rules(rules: &mut Rules<'_>) {
    rules.remark("Rules know no windows: these refuse strangers at any hour, and servers never.");
    let to = rules.strangers_to("any");
    for word in ["STOR ", "STOU", "APPE "] {
        let options = format!("flow:to_server,established; content:\"{word}\"; startswith; nocase;");
        rules.drop("ftp", &to, "a file written by FTP", &options);
    }
    let tftp = rules.strangers_to("69");
    rules.drop("udp", &tftp, "a file written by TFTP", "content:\"|00 02|\"; startswith;");
    rules.drop(
        "http",
        &to,
        "a file written by HTTP PUT",
        "flow:to_server,established; http.method; content:\"PUT\";",
    );
    let post = "flow:to_server,established; http.method; content:\"POST\"; http.content_type; \
                pcre:\"/octet-stream|multipart\\/form-data|zip|x-tar|firmware/i\";";
    rules.drop("http", &to, "a file written by HTTP POST", post);
    let path = "flow:to_server,established; http.method; content:\"POST\"; http.uri; \
                pcre:\"/firmware|upload|update|upgrade|flash|fwup/i\";";
    rules.drop("http", &to, "a POST to where firmware is given", path);
}
