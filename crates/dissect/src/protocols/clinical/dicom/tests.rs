//! Tests of the dicom dissector, on bytes laid out by its standard.

use medward_model::{Outcome, Transport, Verb};

use super::DICOM;
use crate::{Exercise, Side, exercise};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

fn item(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0];
    bytes.extend_from_slice(&(content.len() as u16).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

fn pdu(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0];
    bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// A-ASSOCIATE-RQ (1) or -AC (2) with one presentation context.
fn associate(kind: u8, calling: &str, class: &str, syntax: &str) -> Vec<u8> {
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(format!("{:16}{calling:16}", "PACS1").as_bytes());
    body.extend_from_slice(&[0; 32]);
    body.extend(item(0x10, b"1.2.840.10008.3.1.1.1"));
    let mut context = vec![1, 0, 0, 0];
    if kind == 1 {
        context.extend(item(0x30, class.as_bytes()));
    }
    context.extend(item(0x40, syntax.as_bytes()));
    body.extend(item(if kind == 1 { 0x20 } else { 0x21 }, &context));
    let mut user = item(0x51, &[0, 0, 0x40, 0]);
    user.extend(item(0x52, if kind == 1 { b"1.2.840.113619.6.5" } else { b"1.2.276.0.7230010.3.0.3.6.7" }));
    user.extend(item(0x55, if kind == 1 { b"GE_CT" } else { b"OFFIS_DCMTK_367" }));
    if kind == 1 {
        user.extend(item(
            0x58,
            &[2, 1, 0, 5, b'a', b'd', b'm', b'i', b'n', 0, 6, b's', b'e', b'c', b'r', b'e', b't'],
        ));
    }
    body.extend(item(0x50, &user));
    pdu(kind, &body)
}

/// A command set of these elements.
fn command(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (element, value) in elements {
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&element.to_le_bytes());
        body.extend_from_slice(&(value.len() as u32).to_le_bytes());
        body.extend_from_slice(value);
    }
    let mut bytes = vec![0, 0, 0, 0, 4, 0, 0, 0];
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn request(kind: u16, class: &str, more: &[(u16, &[u8])]) -> Vec<u8> {
    let kind = kind.to_le_bytes();
    let mut elements: Vec<(u16, &[u8])> =
        vec![(2, class.as_bytes()), (0x100, &kind), (0x110, &[7, 0]), (0x800, &[0, 0])];
    elements.extend_from_slice(more);
    pdv(3, &command(&elements))
}

fn response(kind: u16, status: u16) -> Vec<u8> {
    let (kind, status) = ((kind | 0x8000).to_le_bytes(), status.to_le_bytes());
    pdv(3, &command(&[(0x100, &kind), (0x120, &[7, 0]), (0x800, &[1, 1]), (0x900, &status)]))
}

fn pdv(control: u8, content: &[u8]) -> Vec<u8> {
    let mut body = ((content.len() + 2) as u32).to_be_bytes().to_vec();
    body.extend_from_slice(&[1, control]);
    body.extend_from_slice(content);
    pdu(4, &body)
}

/// Explicit VR little endian.
fn explicit(elements: &[(u16, u16, &str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (group, element, vr, value) in elements {
        bytes.extend_from_slice(&group.to_le_bytes());
        bytes.extend_from_slice(&element.to_le_bytes());
        bytes.extend_from_slice(vr.as_bytes());
        bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    bytes
}

fn scanner(serial: &str) -> Vec<u8> {
    let mut bytes = explicit(&[
        (0x0008, 0x0060, "CS", "CT"),
        (0x0008, 0x0070, "LO", "GE MEDICAL SYSTEMS"),
        (0x0008, 0x1010, "SH", "CT01_OC0"),
        (0x0008, 0x1090, "LO", "Revolution CT"),
        (0x0010, 0x0010, "PN", "DOE^JOHN"),
        (0x0010, 0x0020, "LO", "4711"),
        (0x0018, 0x1000, "LO", serial),
        (0x0018, 0x1020, "LO", "revo_ct_22b\\x"),
    ]);
    // UDI Sequence of undefined length with one item of undefined length.
    bytes.extend_from_slice(b"\x18\0\x0a\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff");
    bytes.extend_from_slice(b"\x18\0\x09\x10UT\0\0\x1a\0\0\0(01)00840682102384(21)CT9 ");
    bytes.extend_from_slice(b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0");
    bytes.extend_from_slice(b"\xe0\x7f\x10\0OW\0\0\xff\xff\xff\x7f");
    bytes.resize(bytes.len() + 5000, 0x2a);
    bytes
}

fn store(object: &[u8], more: &[(u16, &[u8])]) -> Vec<(Side, Vec<u8>)> {
    let mut chunks = vec![(Side::Originator, request(1, CT, more))];
    let (front, last) = object.split_at(object.len() / 2);
    chunks.push((Side::Originator, pdv(0, front)));
    chunks.push((Side::Originator, pdv(2, last)));
    chunks.push((Side::Responder, response(1, 0)));
    chunks
}

fn session(
    calling: &str,
    class: &str,
    syntax: &str,
    operations: Vec<(Side, Vec<u8>)>,
) -> Vec<(Side, Vec<u8>)> {
    let mut chunks = vec![
        (Side::Originator, associate(1, calling, class, syntax)),
        (Side::Responder, associate(2, calling, class, syntax)),
    ];
    chunks.extend(operations);
    chunks.push((Side::Originator, pdu(5, &[0; 4])));
    chunks.push((Side::Responder, pdu(6, &[0; 4])));
    chunks
}

fn run(chunks: &[(Side, Vec<u8>)]) -> Exercise {
    let chunks: Vec<(Side, &[u8])> = chunks.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    exercise(&DICOM, Transport::Tcp, &chunks)
}

#[test]
fn a_scanner_that_stores_its_own_images_is_identified() {
    let result = run(&session("CT1", CT, EXPLICIT, store(&scanner("CT9"), &[])));
    assert_eq!(result.values("manufacturer"), ["GE MEDICAL SYSTEMS"]);
    assert_eq!(result.values("model-name"), ["Revolution CT"]);
    assert_eq!(result.values("device-serial"), ["CT9"]);
    assert_eq!(result.values("software-versions"), ["revo_ct_22b"]);
    assert_eq!(result.values("udi"), ["(01)00840682102384(21)CT9"]);
    assert!(
        result
            .evidence
            .iter()
            .filter(|e| e.field.name == "manufacturer")
            .all(|e| e.subject.to_string() == "10.0.0.1")
    );
    let version = |subject: &str| {
        result
            .evidence
            .iter()
            .any(|e| e.field.name == "implementation-version-name" && e.subject.to_string() == subject)
    };
    assert!(version("10.0.0.1") && version("10.0.0.2"));
    let said = format!("{result:?}");
    for secret in ["DOE", "4711", "secret", "admin"] {
        assert!(!said.contains(secret), "{secret}");
    }
    let verbs: Vec<Verb> = result.activity.iter().map(|a| a.verb).collect();
    assert_eq!(verbs, [Verb::Connect, Verb::Login, Verb::Write, Verb::Disconnect]);
    assert!(result.weirds.is_empty());
}

#[test]
fn who_passes_images_on_is_not_taken_for_the_scanner() {
    let nothing = |result: &Exercise| {
        result.values("device-serial").is_empty() && result.values("model-name").is_empty()
    };
    // Two devices in one association.
    let mut two = store(&scanner("CT9"), &[]);
    two.extend(store(&scanner("CT8"), &[]));
    let result = run(&session("CT1", CT, EXPLICIT, two));
    assert!(nothing(&result));
    assert_eq!(result.values("relays"), ["objects of several devices"]);
    // A sub-operation of somebody's C-MOVE.
    let result = run(&session("CT1", CT, EXPLICIT, store(&scanner("CT9"), &[(0x1030, b"WORKSTATION1")])));
    assert!(nothing(&result));
    // An archive by its name, and a name that tells nothing.
    for title in ["PACS_CT1", "RADIOLOGY"] {
        let result = run(&session(title, CT, EXPLICIT, store(&scanner("CT9"), &[])));
        assert!(nothing(&result), "{title}");
        assert_eq!(result.values("image-serial"), ["CT9"]);
    }
    // C-GET: the acceptor stores.
    let back: Vec<(Side, Vec<u8>)> =
        store(&scanner("CT9"), &[]).into_iter().map(|(s, b)| (s.other(), b)).collect();
    let mut get = vec![(Side::Originator, request(0x10, STUDY_GET, &[])), (Side::Originator, pdv(2, &[]))];
    get.extend(back);
    let result = run(&session("CT1", STUDY_GET, EXPLICIT, get));
    assert!(nothing(&result));
}

#[test]
fn deflated_and_implicit_data_sets_are_read() {
    use std::io::Write;
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&scanner("CT9")).unwrap();
    let object = deflate.finish().unwrap();
    let result = run(&session("CT1", CT, DEFLATED, store(&object, &[])));
    assert_eq!(result.values("device-serial"), ["CT9"]);

    let implicit = b"\x08\0\x60\0\x02\0\0\0CT\x08\0\x10\x10\x04\0\0\0CT01\x18\0\0\x10\x04\0\0\0AB12";
    let result = run(&session("CT1", CT, IMPLICIT, store(implicit, &[])));
    assert_eq!(result.values("device-serial"), ["AB12"]);
}

#[test]
fn a_query_tells_its_keys_and_no_values() {
    let keys = explicit(&[
        (0x0008, 0x0020, "DA", ""),
        (0x0008, 0x0052, "CS", "STUDY "),
        (0x0010, 0x0010, "PN", "DOE* "),
        (0x0010, 0x0020, "LO", "4711"),
    ]);
    let operations = vec![
        (Side::Originator, request(0x20, STUDY_FIND, &[])),
        (Side::Originator, pdv(2, &keys)),
        (Side::Responder, response(0x20, 0xFF00)),
        (Side::Responder, response(0x20, 0xA700)),
    ];
    let result = run(&session("WS1", STUDY_FIND, EXPLICIT, operations));
    let query = result.activity.iter().find(|a| a.verb == Verb::Query).unwrap();
    assert_eq!((query.operation.as_ref(), query.object.as_ref()), ("C-FIND-RQ", "Study Root Query"));
    assert_eq!(query.outcome, Outcome::Failure);
    for (name, value) in [
        ("level", "STUDY"),
        ("keys", "PatientName PatientID"),
        ("wildcards", "PatientName"),
        ("returned-keys", "1"),
        ("matches", "1"),
        ("status", "0xA700"),
    ] {
        assert!(query.details.contains(&(name, value.into())), "{name} {:?}", query.details);
    }
    let said = format!("{result:?}");
    assert!(!said.contains("DOE") && !said.contains("4711"));
}

#[test]
fn rejection_and_loss() {
    let result = run(&[
        (Side::Originator, associate(1, "EVIL", CT, EXPLICIT)),
        (Side::Responder, pdu(3, &[0, 1, 1, 7])),
    ]);
    assert_eq!(result.activity[0].outcome, Outcome::Failure);
    assert!(result.activity[0].details.contains(&("reason", "called AE title not recognized".into())));
    assert!(result.values("called-ae-title").is_empty());

    // A loss between fragments: the next command is found.
    let mut chunks = session("CT1", CT, EXPLICIT, store(&scanner("CT9"), &[]));
    chunks.insert(3, (Side::Originator, Vec::new()));
    chunks.splice(6..6, store(&scanner("CT9"), &[]));
    let result = run(&chunks);
    assert_eq!(result.values("device-serial"), ["CT9"]);
}

#[test]
fn foreign_streams_are_left_alone() {
    assert!(run(&[(Side::Originator, b"\x01\x00\x00\x00\x00\x10nothing of the kind at all, and long enough to see that it is not, whatever it is".to_vec())]).unmatched);
    assert!(run(&[(Side::Originator, b"GET / HTTP/1.1\r\n".to_vec())]).unmatched);
}
