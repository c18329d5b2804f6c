//! One device: what is known, what people say, and why.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_model::{Attribute, Timestamp};
use medward_monitor::{Lifecycle, Maintenance, Patch};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::extract::{Body, Named, at_most, etag, if_match};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema, words};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, change)).routes(routes!(why))
}

/// A device with all that is known of it.
#[derive(Serialize, ToSchema)]
struct Whole {
    #[schema(value_type = schema::DeviceSummary)]
    summary: medward_monitor::DeviceSummary,
    /// As in schema medward.assessment/1, with its evidence.
    #[schema(value_type = Object)]
    device: serde_json::Value,
    #[schema(value_type = schema::Annotation)]
    annotation: medward_monitor::Annotation,
    /// Identifiers that it had before.
    merged_from: Vec<String>,
}

/// One device. An identifier of a device that became part of another leads there.
#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Whole, headers(("ETag" = String, description = "for If-Match"))), (status = 304, description = "not changed"), Problems))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Named(id): Named<String>,
) -> Answer<Response> {
    let record = find::device(&app, &caller, &id).await?;
    // The annotation's version is what If-Match of a change is held against, so it leads the tag.
    let tag = format!("\"{}.{}\"", record.annotation.version, record.summary.version);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes()) {
        return Ok((axum::http::StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let mut merged_from = Vec::new();
    if record.summary.id.0 != id {
        merged_from.push(id);
    }
    let whole = Whole {
        summary: record.summary,
        device: record.document,
        annotation: record.annotation,
        merged_from,
    };
    Ok(([(header::ETAG, tag)], Json(whole)).into_response())
}

/// A member that is absent (`None`), null (`Some(None)`) or given.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// A time of work on the device.
#[derive(Deserialize, Serialize, Clone, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: String,
}

/// A change to what people say; what is absent stays, null takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default)]
    #[schema(max_items = 32)]
    add_tags: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 32)]
    remove_tags: Vec<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    owner: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 5)]
    criticality: Option<Option<u8>>,
    #[serde(default)]
    #[schema(value_type = Option<schema::Lifecycle>)]
    lifecycle: Option<Lifecycle>,
    #[serde(default)]
    #[schema(max_items = 32)]
    maintenance: Option<Vec<Work>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 64)]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 1_000_000_000_000_u64)]
    value: Option<Option<u64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 8)]
    currency: Option<Option<String>>,
}

impl Change {
    /// For the store, where everything is within its bounds.
    pub fn read(self) -> Answer<Patch> {
        for tag in self.add_tags.iter().chain(&self.remove_tags) {
            at_most("tags", tag, 64)?;
            if tag.trim().is_empty() {
                return Err(Problem::refused("A tag is empty.", "Leave it out."));
            }
        }
        if self.add_tags.len() > 32 || self.remove_tags.len() > 32 {
            return Err(Problem::refused("More than 32 tags are given.", "A device has at most 32."));
        }
        for (what, text, most) in [
            ("owner", &self.owner, 200),
            ("note", &self.note, 4000),
            ("place", &self.place, 64),
            ("currency", &self.currency, 8),
        ] {
            if let Some(Some(text)) = text {
                at_most(what, text, most)?;
            }
        }
        if let Some(Some(criticality)) = self.criticality
            && !(1..=5).contains(&criticality)
        {
            return Err(Problem::refused(
                "'criticality' is not within 1 to 5.",
                "1 is least, 5 is: life depends on it.",
            ));
        }
        if let Some(Some(value)) = self.value
            && value > 1_000_000_000_000
        {
            return Err(Problem::refused(
                "'value' is larger than 10^12.",
                "It is counted in whole units of money.",
            ));
        }
        let mut maintenance = None;
        if let Some(works) = self.maintenance {
            if works.len() > 32 {
                return Err(Problem::refused("More than 32 times of maintenance.", "Take old ones out."));
            }
            let mut times = Vec::new();
            for work in works {
                at_most("reason", &work.reason, 500)?;
                if work.from >= work.until {
                    return Err(Problem::refused(
                        "A maintenance ends before it begins.",
                        "Exchange 'from' and 'until'.",
                    ));
                }
                times.push(Maintenance { from: work.from, until: work.until, reason: work.reason });
            }
            maintenance = Some(times);
        }
        let trim = |text: Vec<String>| text.iter().map(|tag| tag.trim().to_owned()).collect();
        Ok(Patch {
            add_tags: trim(self.add_tags),
            remove_tags: trim(self.remove_tags),
            owner: self.owner,
            note: self.note,
            criticality: self.criticality,
            lifecycle: self.lifecycle,
            maintenance,
            place: self.place,
            value: self.value,
            currency: self.currency,
        })
    }

    /// For the audit trail: which members, and short values. A note may say anything, so it stays out.
    pub fn noted(&self) -> serde_json::Value {
        let mut noted = serde_json::Map::new();
        if !self.add_tags.is_empty() {
            noted.insert("add_tags".to_owned(), self.add_tags.clone().into());
        }
        if !self.remove_tags.is_empty() {
            noted.insert("remove_tags".to_owned(), self.remove_tags.clone().into());
        }
        let mut put = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                noted.insert(name.to_owned(), value);
            }
        };
        put("owner", self.owner.clone().map(serde_json::Value::from));
        put("note", self.note.as_ref().map(|_| "changed".into()));
        put("criticality", self.criticality.map(serde_json::Value::from));
        put("lifecycle", self.lifecycle.map(|lifecycle| lifecycle.name().into()));
        put("maintenance", self.maintenance.as_ref().map(|works| works.len().into()));
        put("place", self.place.clone().map(serde_json::Value::from));
        put("value", self.value.map(serde_json::Value::from));
        put("currency", self.currency.clone().map(serde_json::Value::from));
        serde_json::Value::Object(noted)
    }
}

/// Changes what people say of a device.
#[utoipa::path(patch, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "ETag of the device")), request_body = Change, responses((status = 200, body = schema::Annotation), Problems))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Named(id): Named<String>,
    Body(sent): Body<Change>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    let record = find::device(&app, &caller, &id).await?;
    let noted = sent.noted();
    let patch = sent.read()?;
    let kept = record.annotation.tags.iter().filter(|tag| !patch.remove_tags.contains(*tag)).count();
    let new = patch.add_tags.iter().filter(|tag| !record.annotation.tags.contains(*tag)).count();
    if kept + new > 32 {
        return Err(Problem::refused("The device would have more than 32 tags.", "Take others away first."));
    }
    let annotation = app.store.annotate(&record.summary.id, &patch, expected).await?;
    let _ = app.events.send(crate::Notice::Devices { site: record.summary.site, changed: 1 });
    Ok((Extension(Noted(noted)), etag(annotation.version), Json(annotation)).into_response())
}

/// Why something is believed.
#[derive(Serialize, ToSchema)]
struct Why {
    attribute: String,
    value: Option<String>,
    /// 0 to 1.
    confidence: Option<f64>,
    #[schema(value_type = Vec<Object>)]
    evidence: Vec<serde_json::Value>,
    /// Values that lost, with their evidence.
    #[schema(value_type = Vec<Object>)]
    rejected: Vec<serde_json::Value>,
    #[schema(value_type = Vec<schema::AttributeChange>)]
    history: Vec<medward_monitor::AttributeChange>,
    /// The same in plain words.
    words: String,
}

/// Why a device is believed to have this value.
#[utoipa::path(get, path = "/api/v1/devices/{id}/why/{attribute}", tag = "devices", params(("id" = String, Path), ("attribute" = String, Path)), responses((status = 200, body = Why), Problems))]
async fn why(
    State(app): State<App>,
    caller: Caller,
    Named((id, attribute)): Named<(String, String)>,
) -> Answer<Json<Why>> {
    let record = find::device(&app, &caller, &id).await?;
    let Some(known) = Attribute::by_name(&attribute) else {
        return Err(Problem::missing("attribute", &attribute.chars().take(64).collect::<String>()));
    };
    let name = known.name();
    let fused = record.document.get("attributes").and_then(|attributes| attributes.get(name));
    let list = |key: &str| {
        fused
            .and_then(|fused| fused.get(key))
            .and_then(serde_json::Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut history = app.store.attributes(&record.summary.id).await?;
    history.retain(|change| change.attribute == name);
    let value =
        fused.and_then(|fused| fused.get("value")).and_then(serde_json::Value::as_str).map(str::to_owned);
    let confidence = fused.and_then(|fused| fused.get("confidence")).and_then(serde_json::Value::as_f64);
    let (evidence, rejected) = (list("evidence"), list("rejected"));
    let words =
        words::why(&record.summary.name, name, value.as_deref(), confidence, &evidence, &rejected, &history);
    Ok(Json(Why { attribute: name.to_owned(), value, confidence, evidence, rejected, history, words }))
}
