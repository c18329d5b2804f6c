//! DICOMweb: studies, worklists and objects over HTTP.
//!
//! Follows PS3.18: URI service (WADO-URI, chapter 9), studies service (retrieve WADO-RS, store STOW-RS, search QIDO-RS,
//! chapter 10), worklist service (UPS-RS, chapter 11), the DICOM JSON model (annex F). An exchange is DICOMweb where its
//! path names studies, series, instances or workitems and either a DICOM media type is asked for or sent, or a UID
//! follows; or where the query asks `requestType=WADO`.
//!
//! Identity: that the responder is an archive or worklist server ("serves"), and that the requester uses it. Equipment
//! elements of the first object of a store request are facts of the sender ("image-…"): without an AE title nothing tells
//! an acquiring device from one that passes images on.
//!
//! Activity: one per exchange when its answer is seen, with service, level and names of the keys; UIDs identify studies
//! and are not kept, nor are values. Limits: objects beyond the first of a store request are not read.

use medward_model::{Field, Outcome, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::{Basis, Carrier, Context, Dissector, Group, HttpKind, HttpMessage};

use super::dicom::dataset::{
    Elements, MANUFACTURER, MODALITY, MODEL, SERIAL, STATION_NAME, UDI, Wanted, key_name,
};
use super::dicom::keywords::tag_of;
use super::dicom::reader::{Encoding, Reader};

static SERVES: Field = Field::fact("serves", "DICOMweb service that the responder gave (PS3.18 8.1)");
static USES: Field = Field::fact("uses", "DICOMweb service that the requester used (PS3.18 8.1)");
static IMAGE_MANUFACTURER: Field = Field::fact(
    "image-manufacturer",
    "Manufacturer (0008,0070) of an object that the sender stored; the sender may only pass it on",
);
static IMAGE_MODEL: Field = Field::fact(
    "image-model",
    "Manufacturer's Model Name (0008,1090) of an object that the sender stored; the sender may only pass it on",
);
static IMAGE_SERIAL: Field = Field::fact(
    "image-serial",
    "Device Serial Number (0018,1000) of an object that the sender stored; the sender may only pass it on",
);
static IMAGE_STATION: Field = Field::fact(
    "image-station",
    "Station Name (0008,1010) of an object that the sender stored; the sender may only pass it on",
);
static IMAGE_MODALITY: Field = Field::fact(
    "image-modality",
    "Modality (0008,0060) of an object that the sender stored; the sender may only pass it on",
);

static SUPPOSED: [(u32, &Field); 5] = [
    (MANUFACTURER, &IMAGE_MANUFACTURER),
    (MODEL, &IMAGE_MODEL),
    (SERIAL, &IMAGE_SERIAL),
    (STATION_NAME, &IMAGE_STATION),
    (MODALITY, &IMAGE_MODALITY),
];

/// DICOMweb.
pub(super) static DICOMWEB: Dissector = Dissector {
    name: "dicomweb",
    title: "DICOMweb",
    label: "DICOMweb",
    group: Group::Clinical,
    specification: &["DICOM PS3.18 chapters 8 to 11, annex F"],
    ports: &[80, 443, 8042, 8080],
    carrier: Carrier::Http { wants, message },
    fields: &[
        &SERVES,
        &USES,
        &IMAGE_MANUFACTURER,
        &IMAGE_MODEL,
        &IMAGE_SERIAL,
        &IMAGE_STATION,
        &IMAGE_MODALITY,
        &CLEAR_PATIENT,
    ],
    basis: Basis::RealPeers,
};

/// Part of a first object that is read: headers of images end well before.
const MAX_OBJECT: usize = 64 * 1024;

fn wants(message: &HttpMessage<'_>) -> bool {
    Request::of(message).is_some()
}

fn message(message: &HttpMessage<'_>, cx: &mut Context<'_>) {
    let Some(request) = Request::of(message) else { return };
    let HttpKind::Response(status) = message.kind else {
        cx.asks(cx.side(), request.verb, request.service, request.object, &[("level", request.level)]);
        if request.service == "STOW-RS"
            && let Some(elements) = first_object(message)
        {
            if elements.patient {
                cx.of_service(cx.side().other(), &CLEAR_PATIENT, "Patient's Name or ID in DICOMweb");
            }
            for (tag, field) in &SUPPOSED {
                if let Some(value) = elements.get(*tag) {
                    cx.evidence(cx.sender(), field, value);
                }
            }
        }
        return;
    };
    if json_patient(message.body)
        || request.keys.iter().any(|key| matches!(&**key, "PatientName" | "PatientID"))
    {
        cx.of_service(cx.side(), &CLEAR_PATIENT, "Patient's Name or ID in DICOMweb");
    }
    let outcome = if status < 400 { Outcome::Success } else { Outcome::Failure };
    if outcome == Outcome::Success {
        cx.evidence(cx.sender(), &SERVES, request.service);
        cx.evidence(cx.receiver(), &USES, request.service);
    }
    cx.activity_by(cx.side().other(), request.verb, request.service, request.object)
        .outcome(outcome)
        .detail("status", &status.to_string())
        .detail("level", request.level)
        .detail("keys", &request.keys.join(" "))
        .detail("wildcards", &request.wildcards.join(" "));
}

/// Whether the DICOM JSON model (PS3.18 annex F) holds a value of Patient's Name or Patient ID, close behind the tag.
fn json_patient(body: &[u8]) -> bool {
    /// Longest way from a tag to its `Value`: the VR stands between.
    const NEAR: usize = 64;
    let find = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).position(|w| w == wanted);
    [&b"\"00100010\""[..], b"\"00100020\""].iter().any(|tag| {
        let behind = find(body, tag).and_then(|at| body.get(at + tag.len()..));
        let near = behind.map(|rest| rest.get(..NEAR).unwrap_or(rest)).unwrap_or_default();
        let end = near.iter().position(|b| *b == b'}').unwrap_or(near.len());
        find(near.get(..end).unwrap_or(near), b"\"Value\"").is_some()
    })
}

/// What is asked for, without the UIDs.
struct Request {
    service: &'static str,
    verb: Verb,
    /// Last resource of the path ("metadata", "rendered", "studies").
    object: &'static str,
    /// Query/Retrieve level that the path reaches.
    level: &'static str,
    keys: Vec<String>,
    wildcards: Vec<String>,
}

/// Resources under studies that end a path (PS3.18 table 10.1.1-1).
const RESOURCES: [&str; 11] = [
    "studies",
    "series",
    "instances",
    "frames",
    "metadata",
    "rendered",
    "thumbnail",
    "bulkdata",
    "pixeldata",
    "workitems",
    "subscribers",
];

impl Request {
    fn of(message: &HttpMessage<'_>) -> Option<Request> {
        let (path, query) = message.target.split_once('?').unwrap_or((message.target, ""));
        let pairs = || query.split('&').take(64).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        if pairs().any(|(name, value)| {
            name.eq_ignore_ascii_case("requestType") && value.eq_ignore_ascii_case("WADO")
        }) {
            return Some(Request {
                service: "WADO-URI",
                verb: Verb::Read,
                object: "object",
                level: "IMAGE",
                keys: Vec::new(),
                wildcards: Vec::new(),
            });
        }
        let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
        let mut object = "";
        let mut level = "";
        let mut uids = 0_usize;
        let mut last_is_uid = false;
        let mut workitems = false;
        let mut state = false;
        let mut started = false;
        for segment in segments.by_ref() {
            if !started {
                started = matches!(segment, "studies" | "series" | "instances" | "workitems");
                if !started {
                    continue;
                }
            }
            last_is_uid = false;
            if let Some(resource) = RESOURCES.iter().find(|resource| **resource == segment) {
                object = resource;
                match *resource {
                    "studies" => level = "STUDY",
                    "series" => level = "SERIES",
                    "instances" => level = "IMAGE",
                    "workitems" => workitems = true,
                    _ => {}
                }
            } else if is_uid(segment) {
                uids += 1;
                last_is_uid = true;
            } else if workitems && matches!(segment, "state" | "cancelrequest") {
                state = true;
            }
        }
        if !started
            || !(uids > 0 || speaks_dicom(message) || path.contains("dicom-web") || path.contains("dicomweb"))
        {
            return None;
        }
        let retrieves = last_is_uid || !matches!(object, "studies" | "series" | "instances" | "workitems");
        let (service, verb) = match message.method {
            _ if workitems => (
                "UPS-RS",
                match message.method {
                    "GET" if last_is_uid => Verb::Read,
                    "GET" => Verb::Query,
                    "DELETE" => Verb::Delete,
                    _ if object == "subscribers" => Verb::Subscribe,
                    _ if state => Verb::Set,
                    _ => Verb::Write,
                },
            ),
            "POST" => ("STOW-RS", Verb::Write),
            "DELETE" => ("DICOMweb delete", Verb::Delete),
            "GET" | "HEAD" if retrieves => ("WADO-RS", Verb::Read),
            "GET" | "HEAD" => ("QIDO-RS", Verb::Query),
            _ => return None,
        };
        let mut read = Request { service, verb, object, level, keys: Vec::new(), wildcards: Vec::new() };
        if verb == Verb::Query {
            for (name, value) in pairs() {
                read.key(name, value);
            }
        }
        Some(read)
    }

    /// Takes the name of a key (PS3.18 8.3.4): a keyword or tag, or a path of them.
    fn key(&mut self, name: &str, value: &str) {
        let element = name.rsplit(['.']).next().unwrap_or(name);
        let Some(tag) = tag_of(element) else { return };
        let name = key_name(tag);
        if self.keys.len() < 24 && !self.keys.contains(&name) {
            let wild = value.contains(['*', '?'])
                || value.contains("%2A")
                || value.contains("%2a")
                || value.contains("%3F");
            if wild {
                self.wildcards.push(name.clone());
            }
            self.keys.push(name);
        }
    }
}

/// Digits and dots, at least three parts (PS3.5 chapter 9).
fn is_uid(segment: &str) -> bool {
    segment.len() <= 64
        && segment.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && segment.bytes().filter(|b| *b == b'.').count() >= 3
}

/// A DICOM media type is sent or asked for.
fn speaks_dicom(message: &HttpMessage<'_>) -> bool {
    let headers = [&message.headers, &message.request_headers];
    let values =
        headers.iter().flat_map(|headers| [headers.get("content-type"), headers.get("accept")]).flatten();
    values.into_iter().any(|value| value.to_ascii_lowercase().contains("application/dicom"))
}

/// Equipment of the first object of a store request: Part 10 in a multipart body, or DICOM JSON.
fn first_object(message: &HttpMessage<'_>) -> Option<Elements> {
    let content = message.headers.get("content-type").unwrap_or("").to_ascii_lowercase();
    let mut body = message.body;
    if content.starts_with("multipart/") {
        let front = body.get(..body.len().min(2048)).unwrap_or_default();
        let headers = front.windows(4).position(|window| window == b"\r\n\r\n")?;
        body = body.get(headers.saturating_add(4)..)?;
    }
    match body.trim_ascii_start().first()? {
        b'[' | b'{' => from_json(body),
        _ => from_file(body),
    }
}

/// A DICOM file (PS3.10 7.1): preamble, `DICM`, file meta information in explicit VR little endian, data set.
fn from_file(body: &[u8]) -> Option<Elements> {
    let body = body.get(..body.len().min(MAX_OBJECT))?;
    let meta = body.get(128..)?.strip_prefix(b"DICM")?;
    let group_length = meta.strip_prefix(&[2, 0, 0, 0, b'U', b'L', 4, 0])?.first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*group_length)).ok()?;
    let rest = meta.get(12..)?;
    let (mut elements, data_set) = rest.split_at_checked(length)?;
    let mut syntax = String::new();
    while let Some(([2, 0, e0, e1, v0, v1, l0, l1], after)) = elements.split_first_chunk::<8>() {
        let (length, after) = if matches!([*v0, *v1], [b'O', b'B'] | [b'U', b'N']) {
            let (length, after) = after.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, after)
        } else {
            (usize::from(u16::from_le_bytes([*l0, *l1])), after)
        };
        let (value, after) = after.split_at_checked(length)?;
        if [*e0, *e1] == [0x10, 0] {
            syntax =
                value.iter().filter(|b| b.is_ascii_digit() || **b == b'.').map(|b| char::from(*b)).collect();
        }
        elements = after;
    }
    let mut reader = Reader::new(Encoding::of(&syntax), Wanted::Equipment);
    reader.push(data_set);
    (!reader.is_broken()).then(|| reader.into_elements())
}

/// DICOM JSON model (PS3.18 F.2): an array of objects with eight-digit tags.
fn from_json(body: &[u8]) -> Option<Elements> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let object = value.get(0).unwrap_or(&value).as_object()?;
    let mut elements = Elements::default();
    for tag in [MANUFACTURER, MODEL, SERIAL, STATION_NAME, MODALITY, UDI] {
        let values = object.get(&format!("{tag:08X}")).and_then(|element| element.get("Value"));
        if let Some(text) = values.and_then(|values| values.get(0)).and_then(serde_json::Value::as_str) {
            elements.keep(tag, text.trim());
        }
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use super::{DICOMWEB, message, wants};
    use crate::{Context, Event, FlowInfo, Headers, HttpKind, HttpMessage, Outbox, Peer, Side};
    use medward_model::{HostKey, Mac, Timestamp, Transport, Verb};

    fn heard(kind: HttpKind, method: &str, target: &str, media: &str, body: &[u8]) -> Option<Vec<Event>> {
        let host = |last| HostKey { ip: [10, 0, 0, last].into(), mac: Mac::ZERO, vlan: 0 };
        let flow = FlowInfo {
            originator: Peer { host: host(1), port: 40000 },
            responder: Peer { host: host(2), port: 80 },
            transport: Transport::Tcp,
        };
        let side = if kind == HttpKind::Request { Side::Originator } else { Side::Responder };
        let mut outbox = Outbox::default();
        let headers = [("Content-Type", media)];
        let request_headers = Headers(&[]);
        let headers = Headers(&headers);
        let heard = HttpMessage { kind, method, target, headers, request_headers, body, complete: true };
        wants(&heard).then(|| {
            message(
                &heard,
                &mut Context::new(Timestamp::from_parts(0, 0), 1, &flow, side, &DICOMWEB, &mut outbox),
            );
            outbox.events
        })
    }

    fn act(events: &[Event]) -> (Verb, String, String) {
        let activity =
            events.iter().find_map(|event| if let Event::Activity(a) = event { Some(a) } else { None });
        let activity = activity.unwrap();
        (activity.verb, activity.operation.to_string(), format!("{:?}", activity.details))
    }

    #[test]
    fn a_search_keeps_the_names_of_its_keys() {
        let target = "/dicom-web/studies?PatientName=DOE*&00100020=4711&includefield=StudyDescription";
        let events = heard(HttpKind::Response(200), "GET", target, "application/dicom+json", b"[]").unwrap();
        let (verb, operation, details) = act(&events);
        assert_eq!((verb, operation.as_str()), (Verb::Query, "QIDO-RS"));
        assert!(details.contains("PatientName PatientID"));
        assert!(!format!("{events:?}").contains("DOE") && !format!("{events:?}").contains("4711"));
    }

    #[test]
    fn a_retrieval_keeps_no_uid() {
        let target = "/rs/studies/1.2.840.1.99/series/1.2.840.1.98/instances/1.2.840.1.97/rendered";
        let events = heard(HttpKind::Response(200), "GET", target, "image/jpeg", b"").unwrap();
        assert_eq!(act(&events).0, Verb::Read);
        assert!(!format!("{events:?}").contains("1.2.840.1.9"));
        let target = "/wado?requestType=WADO&studyUID=1.2.3.4.5";
        assert_eq!(act(&heard(HttpKind::Response(404), "GET", target, "", b"").unwrap()).1, "WADO-URI");
    }

    #[test]
    fn stored_objects_tell_facts_only() {
        let mut part = b"--b\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
        part.extend_from_slice(&[0; 128]);
        part.extend_from_slice(
            b"DICM\x02\0\0\0UL\x04\0\x1c\0\0\0\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0",
        );
        part.extend_from_slice(b"\x08\0\x60\0CS\x02\0CT\x08\0\x70\0LO\x08\0Siemens \x10\0\x10\0PN\x08\0DOE^JOHN\x18\0\0\x10LO\x06\x0012345 ");
        let media = "multipart/related; type=\"application/dicom\"; boundary=b";
        let events = heard(HttpKind::Request, "POST", "/studies", media, &part).unwrap();
        let shown = format!("{events:?}");
        assert!(shown.contains("Siemens") && shown.contains("12345") && !shown.contains("DOE"));
        let json = br#"[{"00080070":{"vr":"LO","Value":["GE"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"DOE"}]}}]"#;
        let shown =
            format!("{:?}", heard(HttpKind::Request, "POST", "/studies", "application/dicom+json", json));
        assert!(shown.contains("GE") && !shown.contains("DOE"));
    }

    #[test]
    fn other_sites_with_studies_are_left_alone() {
        assert!(
            heard(HttpKind::Response(200), "GET", "/research/studies?name=x", "text/html", b"").is_none()
        );
        assert!(heard(HttpKind::Response(200), "GET", "/series/1.5/episode", "text/html", b"").is_none());
    }
}
