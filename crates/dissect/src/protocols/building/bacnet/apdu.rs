//! BACnet application layer: requests as activity, acknowledgements as outcome and identity (ASHRAE 135, 20.1).

use medward_model::{Field, Outcome, Subject, Verb};

use super::tag::{self, Tag, close, context, open, skip_to_close};
use super::{
    APPLICATION, DESCRIPTION, FIRMWARE, INSTANCE, LOCATION, MODEL, NAME, REVISION, SERIAL, Talk, VENDOR,
    VENDOR_ID, names,
};
use crate::Context;
use crate::pending::Asked;
use crate::reader::Reader;

/// Object type of the Device object.
const DEVICE: u16 = 8;
/// Instance that stands for "whichever" in requests.
const WILDCARD: u32 = 0x003f_ffff;
const PRESENT_VALUE: u32 = 85;

/// Whether the bytes can be an APDU: a known type with a known service.
pub(super) fn plausible(bytes: &[u8]) -> bool {
    match bytes {
        [first, _, _, service, ..] if first & 0xf1 == 0x00 && first & 0x08 == 0 => {
            !names::confirmed(*service).is_empty()
        }
        [0x10, service, ..] => !names::unconfirmed(*service).is_empty(),
        [0x20, _, service] => !names::confirmed(*service).is_empty(),
        [0x30, _, service, ..] => !names::confirmed(*service).is_empty(),
        [0x50, _, service, 0x91, _, 0x91, _] => !names::confirmed(*service).is_empty(),
        [0x60, _, reason] => *reason <= 9,
        _ => false,
    }
}

pub(super) fn read(
    talk: &mut Talk,
    bytes: &[u8],
    destination: Option<u16>,
    subject: &Subject,
    cx: &mut Context<'_>,
) {
    let mut reader = Reader::new(bytes);
    let Some(first) = reader.u8() else { return };
    let side = cx.side();
    match first >> 4 {
        0 => {
            let (Some(_sizes), Some(invoke)) = (reader.u8(), reader.u8()) else { return };
            if first & 0x08 != 0 {
                let (Some(sequence), Some(_window)) = (reader.u8(), reader.u8()) else { return };
                if sequence != 0 {
                    return;
                }
            }
            let Some(service) = reader.u8() else { return };
            if let Some(asked) = request(talk, service, reader, cx) {
                let asked = network(asked, destination);
                talk.pending.ask((side, invoke), asked, cx);
            }
        }
        1 => {
            if let Some(service) = reader.u8() {
                unconfirmed(talk, service, reader, subject, cx);
            }
        }
        2 => {
            if let Some(invoke) = reader.u8() {
                answered(talk, invoke, Outcome::Success, None, cx);
            }
        }
        3 => {
            let Some(invoke) = reader.u8() else { return };
            if first & 0x08 != 0 {
                let (Some(sequence), Some(_window)) = (reader.u8(), reader.u8()) else { return };
                if sequence != 0 {
                    return;
                }
            }
            let Some(service) = reader.u8() else { return };
            answered(talk, invoke, Outcome::Success, None, cx);
            match service {
                12 => property_ack(talk, &mut reader, subject, cx).unwrap_or_default(),
                14 => properties_ack(talk, &mut reader, subject, cx).unwrap_or_default(),
                _ => {}
            }
        }
        5 => {
            let (Some(invoke), Some(_service)) = (reader.u8(), reader.u8()) else { return };
            let mut code = || match tag::next(&mut reader) {
                Some(Tag::Application { kind: 9, content }) => tag::unsigned(content),
                _ => None,
            };
            let error = code().zip(code()).map(|(class, code)| format!("error {class}.{code}"));
            answered(talk, invoke, Outcome::Failure, error, cx);
        }
        kind @ (6 | 7) => {
            let (Some(invoke), Some(reason)) = (reader.u8(), reader.u8()) else { return };
            let word = if kind == 6 { "reject" } else { "abort" };
            answered(talk, invoke, Outcome::Failure, Some(format!("{word} {reason}")), cx);
        }
        _ => {}
    }
}

fn network(asked: Asked, destination: Option<u16>) -> Asked {
    match destination {
        Some(0xffff) => asked.detail("network", "all"),
        Some(network) => asked.detail("network", network.to_string()),
        None => asked,
    }
}

fn answered(talk: &mut Talk, invoke: u8, outcome: Outcome, error: Option<String>, cx: &mut Context<'_>) {
    if let Some(mut asked) = talk.pending.answer(&(cx.side().other(), invoke)) {
        if let Some(error) = error {
            asked = asked.detail("error", error);
        }
        asked.report(outcome, cx);
    }
}

/// What a confirmed request asks for; none for repeated reads and notifications.
fn request(talk: &mut Talk, service: u8, mut reader: Reader<'_>, cx: &mut Context<'_>) -> Option<Asked> {
    let side = cx.side();
    let name = match names::confirmed(service) {
        "" => format!("Service {service}"),
        name => name.to_owned(),
    };
    let mut details: Vec<(&'static str, String)> = Vec::new();
    let (verb, object) = match service {
        12 | 26 => (Verb::Query, target(&mut reader, &mut details)),
        14 => (Verb::Query, targets(&mut reader)),
        15 => (Verb::Set, target(&mut reader, &mut details)),
        16 => (Verb::Set, targets(&mut reader)),
        6 | 7 => {
            let object = match tag::next(&mut reader) {
                Some(Tag::Application { kind: 12, content }) => tag::object(content).map(names::object),
                _ => None,
            };
            (if service == 6 { Verb::Read } else { Verb::Write }, object.unwrap_or_default())
        }
        5 | 28 | 30 => {
            let subscribed = context(&mut reader, 0).and(context(&mut reader, 1)).and_then(tag::object);
            (Verb::Subscribe, subscribed.map(names::object).unwrap_or_default())
        }
        17 => {
            // Optional minutes, then enable (0), disable (1) or disable-initiation (2); the password is not read.
            if let Some(minutes) = context(&mut reader, 0).and_then(tag::unsigned) {
                details.push(("minutes", minutes.to_string()));
            }
            let state = match context(&mut reader, 1).and_then(tag::unsigned) {
                Some(0) => "enable",
                Some(1) => "disable",
                Some(2) => "disable-initiation",
                _ => "",
            };
            (Verb::Command, state.to_owned())
        }
        20 => {
            let state = match context(&mut reader, 0).and_then(tag::unsigned) {
                Some(0) => "coldstart",
                Some(1) => "warmstart",
                Some(2) => "startbackup",
                Some(3) => "endbackup",
                Some(4) => "startrestore",
                Some(5) => "endrestore",
                Some(6) => "abortrestore",
                Some(7) => "activate-changes",
                _ => "",
            };
            (Verb::Command, state.to_owned())
        }
        8..=11 => {
            let object = if service == 11 {
                match tag::next(&mut reader) {
                    Some(Tag::Application { kind: 12, content }) => tag::object(content).map(names::object),
                    _ => None,
                }
            } else if service == 10 {
                None
            } else {
                context(&mut reader, 0).and_then(tag::object).map(names::object)
            };
            (if service == 11 { Verb::Delete } else { Verb::Set }, object.unwrap_or_default())
        }
        1 | 31 => (Verb::Publish, notified(reader)),
        2 => (Verb::Alarm, notified(reader)),
        0 => (Verb::Set, String::new()),
        3 | 4 | 29 | 33 => (Verb::Query, String::new()),
        32 => (Verb::Report, String::new()),
        21 => (Verb::Connect, String::new()),
        22 => (Verb::Disconnect, String::new()),
        27 => (Verb::Command, String::new()),
        23 => return None,
        _ => (Verb::Command, String::new()),
    };
    let repeats = matches!(verb, Verb::Query | Verb::Read | Verb::Publish | Verb::Subscribe);
    if repeats && !talk.reads.first((side, service, &object, &details)) {
        return None;
    }
    Some(Asked { actor: side, verb, operation: name, object, details })
}

/// Object and property of ReadProperty, WriteProperty and ReadRange; never a value.
fn target(reader: &mut Reader<'_>, details: &mut Vec<(&'static str, String)>) -> String {
    let Some(object) = context(reader, 0).and_then(tag::object) else { return String::new() };
    let Some(property) = context(reader, 1).and_then(tag::unsigned) else { return names::object(object) };
    if let Some(index) = context(reader, 2).and_then(tag::unsigned) {
        details.push(("index", index.to_string()));
    }
    if open(reader, 3).is_some()
        && skip_to_close(reader).is_some()
        && let Some(priority) = context(reader, 4).and_then(tag::unsigned)
    {
        details.push(("priority", priority.to_string()));
    }
    property_of(object, property)
}

fn property_of(object: (u16, u32), property: u32) -> String {
    format!("{} {}", names::object(object), names::property(property))
}

/// The objects and properties of ReadPropertyMultiple and WritePropertyMultiple: at most eight are named.
fn targets(reader: &mut Reader<'_>) -> String {
    let mut named: Vec<String> = Vec::new();
    let mut more = 0_usize;
    while let Some(object) = context(reader, 0).and_then(tag::object) {
        if open(reader, 1).is_none() {
            break;
        }
        loop {
            if close(reader, 1).is_some() {
                break;
            }
            match tag::next(reader) {
                Some(Tag::Context { number: 0, content }) => {
                    if named.len() < 8 {
                        named.push(property_of(object, tag::unsigned(content).unwrap_or(u32::MAX)));
                    } else {
                        more += 1;
                    }
                }
                Some(Tag::Opening(_)) => {
                    if skip_to_close(reader).is_none() {
                        break;
                    }
                }
                Some(_) => {}
                None => break,
            }
        }
    }
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}

/// The object that a change-of-value or event notification is about.
fn notified(mut reader: Reader<'_>) -> String {
    let _process = context(&mut reader, 0);
    let _device = context(&mut reader, 1);
    context(&mut reader, 2).and_then(tag::object).map(names::object).unwrap_or_default()
}

fn unconfirmed(
    talk: &mut Talk,
    service: u8,
    mut reader: Reader<'_>,
    subject: &Subject,
    cx: &mut Context<'_>,
) {
    let name = names::unconfirmed(service);
    let side = cx.side();
    let (verb, object) = match service {
        0 => match i_am(talk, &mut reader, subject, cx) {
            Some(object) => (Verb::Announce, object),
            None => return cx.weird("bacnet_bad_i_am"),
        },
        1 => {
            let device = tag::next(&mut reader);
            let object = tag::next(&mut reader);
            let shown = match (device, object) {
                (
                    Some(Tag::Application { kind: 12, content: _ }),
                    Some(Tag::Application { kind: 12, content: object }),
                ) => tag::object(object).map(names::object),
                _ => None,
            };
            (Verb::Announce, shown.unwrap_or_default())
        }
        7 | 8 => {
            let range = context(&mut reader, 0)
                .and_then(tag::unsigned)
                .zip(context(&mut reader, 1).and_then(tag::unsigned));
            (Verb::Lookup, range.map(|(low, high)| format!("device {low}-{high}")).unwrap_or_default())
        }
        2 | 11 => (Verb::Publish, notified(reader)),
        3 => (Verb::Alarm, notified(reader)),
        6 | 9 => (Verb::Time, String::new()),
        10 => (Verb::Set, String::new()),
        4 => (Verb::Command, String::new()),
        5 | 12 => (Verb::Report, String::new()),
        13 | 14 => (Verb::Address, String::new()),
        _ => return,
    };
    let matters = matches!(verb, Verb::Set | Verb::Alarm | Verb::Time);
    if matters || talk.reads.first((side, 255_u8, service, &object, subject)) {
        cx.activity(verb, name, &object);
    }
}

/// I-Am (16.10): Device object, longest APDU, segmentation, vendor id.
fn i_am(talk: &mut Talk, reader: &mut Reader<'_>, subject: &Subject, cx: &mut Context<'_>) -> Option<String> {
    let Tag::Application { kind: 12, content: device } = tag::next(reader)? else { return None };
    let Tag::Application { kind: 2, content: _ } = tag::next(reader)? else { return None };
    let Tag::Application { kind: 9, content: _ } = tag::next(reader)? else { return None };
    let Tag::Application { kind: 2, content: vendor } = tag::next(reader)? else { return None };
    let (DEVICE, instance) = tag::object(device)? else { return None };
    let vendor = tag::unsigned(vendor).filter(|vendor| *vendor <= 0xffff)?;
    if instance != WILDCARD {
        say(talk, subject, &INSTANCE, &instance.to_string(), cx);
    }
    say(talk, subject, &VENDOR_ID, &vendor.to_string(), cx);
    Some(names::object((DEVICE, instance)))
}

/// ReadProperty acknowledgement (15.5).
fn property_ack(
    talk: &mut Talk,
    reader: &mut Reader<'_>,
    subject: &Subject,
    cx: &mut Context<'_>,
) -> Option<()> {
    let object = context(reader, 0).and_then(tag::object)?;
    let property = context(reader, 1).and_then(tag::unsigned)?;
    let _index = context(reader, 2);
    open(reader, 3)?;
    value(talk, object, property, tag::next(reader)?, subject, cx);
    Some(())
}

/// ReadPropertyMultiple acknowledgement (15.7).
fn properties_ack(
    talk: &mut Talk,
    reader: &mut Reader<'_>,
    subject: &Subject,
    cx: &mut Context<'_>,
) -> Option<()> {
    while !reader.is_empty() {
        let object = context(reader, 0).and_then(tag::object)?;
        open(reader, 1)?;
        while close(reader, 1).is_none() {
            let property = context(reader, 2).and_then(tag::unsigned)?;
            let _index = context(reader, 3);
            if open(reader, 4).is_some() {
                match tag::next(reader)? {
                    Tag::Closing(4) => {}
                    Tag::Opening(_) => {
                        skip_to_close(reader)?;
                        skip_to_close(reader)?;
                    }
                    first => {
                        value(talk, object, property, first, subject, cx);
                        skip_to_close(reader)?;
                    }
                }
            } else {
                open(reader, 5)?;
                skip_to_close(reader)?;
            }
        }
    }
    Some(())
}

/// What a property of the Device object says about the device.
fn value(
    talk: &mut Talk,
    object: (u16, u32),
    property: u32,
    found: Tag<'_>,
    subject: &Subject,
    cx: &mut Context<'_>,
) {
    if object.0 != DEVICE || property == PRESENT_VALUE {
        return;
    }
    let field: &'static Field = match property {
        12 => &APPLICATION,
        28 => &DESCRIPTION,
        44 => &FIRMWARE,
        58 => &LOCATION,
        70 => &MODEL,
        77 => &NAME,
        120 => &VENDOR_ID,
        121 => &VENDOR,
        139 => &REVISION,
        372 => &SERIAL,
        _ => return,
    };
    let shown = match found {
        Tag::Application { kind: 7, content } => tag::text(content),
        Tag::Application { kind: 2, content } => tag::unsigned(content).map(|number| number.to_string()),
        _ => None,
    };
    if object.1 != WILDCARD {
        say(talk, subject, &INSTANCE, &object.1.to_string(), cx);
    }
    if let Some(shown) = shown
        && meant(&shown)
        && (property != 372 || shown.chars().any(|c| c.is_alphanumeric() && c != '0'))
    {
        say(talk, subject, field, &shown, cx);
    }
}

/// Not a placeholder.
fn meant(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
        && !["n/a", "na", "none", "unknown", "not set", "default", "location", "description"]
            .iter()
            .any(|none| text.eq_ignore_ascii_case(none))
}

fn say(talk: &mut Talk, subject: &Subject, field: &'static Field, value: &str, cx: &mut Context<'_>) {
    if talk.identity.first((subject, field.name, value)) {
        cx.evidence(subject.clone(), field, value);
    }
}
