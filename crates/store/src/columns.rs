//! How values stand in columns: names as small numbers, and texts so that they sort without case.

use medward_model::{Attribute, Device, FindingKind, Severity, Timestamp, Transport, Treatment, Verdict};
use medward_monitor::{
    Annotation, DeviceRow, DeviceSummary, EventKind, JudgedBy, Lifecycle, Part, Status, StoreError,
    Whereabouts,
};

use crate::terms::{SCOPES, scope_code};

/// Stands for "none" in texts that lists are ordered by, and sorts behind all others.
pub(crate) const NONE: &str = "\u{10ffff}";

/// Stands for "never" in times that lists are ordered by.
pub(crate) const NEVER: i64 = i64::MIN;

/// Longest text to order by, in characters.
const LONGEST: usize = 200;

/// The text in small letters, then, where that is another, the text as shown.
pub(crate) fn keyed(text: Option<&str>) -> String {
    let Some(text) = text else { return NONE.to_owned() };
    let clean: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let lower = clean.to_lowercase();
    if lower == clean { lower } else { format!("{lower}\u{1}{clean}") }
}

/// The text as shown; `None` where there is none.
pub(crate) fn shown(key: &str) -> Option<&str> {
    if key == NONE { None } else { Some(key.rsplit_once('\u{1}').map_or(key, |(_, shown)| shown)) }
}

pub(crate) fn time_or_never(time: Option<Timestamp>) -> i64 {
    time.map_or(NEVER, Timestamp::as_nanos)
}

pub(crate) fn maybe_time(nanos: i64) -> Option<Timestamp> {
    (nanos != NEVER).then(|| Timestamp::from_nanos(nanos))
}

fn decode<T: Copy>(all: &[T], code: i64, what: &str) -> Result<T, StoreError> {
    usize::try_from(code)
        .ok()
        .and_then(|code| all.get(code).copied())
        .ok_or_else(|| StoreError::Corrupt(format!("{code} is no {what}")))
}

fn code<T: PartialEq>(all: &[T], value: &T) -> i64 {
    all.iter().position(|other| other == value).and_then(|at| i64::try_from(at).ok()).unwrap_or(0)
}

const TRANSPORTS: [Transport; 6] =
    [Transport::Link, Transport::Tcp, Transport::Udp, Transport::Sctp, Transport::Icmp, Transport::Ip];

/// From the least severe, so that "at least" is a comparison.
const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

macro_rules! coded {
    ($kind:ty, $encode:ident, $decode:ident, $all:expr, $what:literal) => {
        pub(crate) fn $encode(value: $kind) -> i64 {
            code(&$all, &value)
        }
        pub(crate) fn $decode(code: i64) -> Result<$kind, StoreError> {
            decode(&$all, code, $what)
        }
    };
}

coded!(Status, status_code, status, Status::ALL, "status");

pub(crate) fn lifecycle_code(value: Lifecycle) -> i64 {
    code(&Lifecycle::ALL, &value)
}
coded!(Transport, transport_code, transport, TRANSPORTS, "transport");
coded!(Severity, severity_code, severity, SEVERITIES, "severity");
coded!(EventKind, event_kind_code, event_kind, EventKind::ALL, "kind of event");
coded!(FindingKind, finding_kind_code, finding_kind, FindingKind::ALL, "kind of finding");
coded!(Verdict, verdict_code, verdict, Verdict::ALL, "verdict");
coded!(Treatment, treatment_code, treatment, Treatment::ALL, "treatment");

pub(crate) fn judged_by_code(value: JudgedBy) -> i64 {
    code(&[JudgedBy::Wire, JudgedBy::Knowledge], &value)
}
coded!(Part, part_code, part, [Part::Did, Part::Served], "part");

pub(crate) fn scope_name(code: i64) -> Result<&'static str, StoreError> {
    decode(&SCOPES, code, "scope")
}

/// Where it is, for the eye: the position, else what the device says itself.
pub(crate) fn location(device: &Device, whereabouts: Option<&Whereabouts>) -> String {
    keyed(whereabouts.map(|w| w.position.as_str()).or_else(|| device.value(Attribute::Location)))
}

/// A device in one line, without what people say of it.
pub(crate) fn summary_of(row: &DeviceRow, site: &str) -> DeviceSummary {
    let device = &row.device;
    let value = |attribute| device.value(attribute).map(str::to_owned);
    DeviceSummary {
        id: device.id.clone(),
        site: site.to_owned(),
        name: row.name.clone(),
        status: row.status,
        scope: usize::try_from(scope_code(device.scope))
            .ok()
            .and_then(|code| SCOPES.get(code))
            .map(|name| (*name).to_owned())
            .unwrap_or_default(),
        vendor: value(Attribute::Vendor),
        family: value(Attribute::Family),
        model: value(Attribute::Model),
        serial: value(Attribute::Serial),
        category: value(Attribute::Category),
        group: row.group.clone(),
        medical: row.medical,
        os: value(Attribute::Os),
        os_version: value(Attribute::OsVersion),
        firmware: value(Attribute::Firmware),
        role: value(Attribute::Role),
        life_supporting: value(Attribute::LifeSupporting),
        ips: device.ips.iter().map(ToString::to_string).collect(),
        macs: device.macs.iter().map(ToString::to_string).collect(),
        vlans: device.vlans.clone(),
        whereabouts: row.whereabouts.clone(),
        first_seen: device.first_seen,
        last_seen: device.last_seen,
        ..DeviceSummary::default()
    }
}

/// Adds to a summary what people say.
pub(crate) fn with_annotation(summary: &mut DeviceSummary, annotation: &Annotation) {
    summary.tags.clone_from(&annotation.tags);
    summary.owner.clone_from(&annotation.owner);
    summary.criticality = annotation.criticality;
    summary.lifecycle = annotation.lifecycle;
}
