//! Asking the store for devices on behalf of a caller: never more than the caller may see.

use medward_model::{DeviceId, Timestamp};
use medward_monitor::{DeviceList, DeviceRecord, FacetField, PageRequest, Sort, SortKey};
use medward_query::Query;

use crate::caller::Caller;
use crate::{Answer, App, Problem};

/// Longest search that is read, in bytes.
const LONGEST: usize = 2000;

/// Reads a search.
pub fn query(text: Option<&str>) -> Answer<Query> {
    let text = text.unwrap_or_default();
    if text.len() > LONGEST || text.contains('\0') {
        return Err(Problem::malformed(
            format!("The search is longer than {LONGEST} bytes or holds a zero byte."),
            "Make it shorter.",
        ));
    }
    let asked = Query::parse(text).map_err(|error| {
        Problem::malformed(
            format!("The search 'q' is not understood: {error}"),
            "Search like: category:\"infusion pump\" vendor:BD seen<24h -os:linux",
        )
        .with_kind("search")
    })?;
    // Groups (multicast, broadcast) are ends of conversations, not devices: they are found by who asks for them.
    if text.contains("scope:") || text.contains("id:") {
        return Ok(asked);
    }
    Ok(Query::parse(&format!("({text}) -scope:multicast")).unwrap_or(asked))
}

/// A list of the devices that a caller sees and a search finds.
pub fn devices(app: &App, caller: &Caller, text: Option<&str>, page: PageRequest) -> Answer<DeviceList> {
    Ok(DeviceList {
        query: query(text)?,
        sites: caller.sites.clone(),
        now: app.now(),
        sort: Sort::default(),
        page,
    })
}

/// One device; one of a site that the caller does not see is not there.
pub async fn device(app: &App, caller: &Caller, id: &str) -> Answer<DeviceRecord> {
    let short = id.len() <= 64 && !id.contains('\0');
    let found = if short { app.store.device(&DeviceId(id.to_owned())).await? } else { None };
    found
        .filter(|record| caller.sees(&record.summary.site))
        .ok_or_else(|| Problem::missing("device", &id.chars().take(64).collect::<String>()))
}

/// An order such as `-last_seen`.
pub fn sort(text: Option<&str>) -> Answer<Sort> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Sort::default()) };
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let key = match name {
        "last_seen" => SortKey::LastSeen,
        "first_seen" => SortKey::FirstSeen,
        "name" => SortKey::Name,
        "vendor" => SortKey::Vendor,
        "model" => SortKey::Model,
        "category" => SortKey::Category,
        "site" => SortKey::Site,
        "location" | "whereabouts" => SortKey::Location,
        "criticality" => SortKey::Criticality,
        "findings" | "worst_finding" => SortKey::Findings,
        _ => {
            return Err(Problem::malformed(
                "Devices cannot be ordered by what 'sort' says.",
                "Use last_seen, first_seen, name, vendor, model, category, site, location, criticality or findings, with - before it \
                 for the other way round.",
            ));
        }
    };
    Ok(Sort { key, descending })
}

/// Names of facets.
pub const FACETS: [(&str, FacetField); 14] = [
    ("site", FacetField::Site),
    ("group", FacetField::Group),
    ("category", FacetField::Category),
    ("vendor", FacetField::Vendor),
    ("model", FacetField::Model),
    ("os", FacetField::Os),
    ("status", FacetField::Status),
    ("scope", FacetField::Scope),
    ("vlan", FacetField::Vlan),
    ("tag", FacetField::Tag),
    ("owner", FacetField::Owner),
    ("lifecycle", FacetField::Lifecycle),
    ("place", FacetField::Place),
    ("service", FacetField::Service),
];

/// A time that was asked for.
pub fn time(name: &str, text: Option<&str>) -> Answer<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|why: String| {
        Problem::malformed(format!("'{name}' is not a time: {why}."), "Write it like 2026-11-22T05:00:00Z.")
    })
}

/// From when to when, where it was not said: so many days until now. At most about three years.
pub fn span(app: &App, from: Option<&str>, until: Option<&str>, days: i64) -> Answer<(Timestamp, Timestamp)> {
    let until = time("until", until)?.unwrap_or_else(|| app.now());
    let from = time("from", from)?.unwrap_or_else(|| until.plus_seconds(-days * 86_400));
    if from > until {
        return Err(Problem::malformed("'from' is later than 'until'.", "Exchange them."));
    }
    if until.seconds_since(from) > 1100 * 86_400 {
        return Err(Problem::malformed(
            "The time asked for is longer than 1100 days.",
            "Ask for a shorter time.",
        ));
    }
    Ok((from, until))
}

/// Quotes a value for a search.
pub fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
