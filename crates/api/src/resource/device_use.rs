//! When one device is used, and when it is safe to work on it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use medward_model::Timestamp;
use medward_monitor::{BucketSize, UseBucket};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::extract::Named;
use crate::problem::Problems;
use crate::{Answer, App, find};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Weeks that are looked at, and days of use below which no window is called safe.
const WEEKS: i64 = 4;
const ENOUGH_DAYS: usize = 5;
/// Shortest window, in hours.
const SHORTEST: u8 = 2;

/// A day.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Day {
    /// As 2026-11-22, UTC.
    day: String,
    actions: u64,
    hours: u64,
}

/// Hours in which the device was not used in the last four weeks, UTC.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Window {
    /// 0: Monday.
    weekday: u8,
    from_hour: u8,
    until_hour: u8,
}

/// Use of a device in the last four weeks, from clinical activity.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Use {
    now_in_use: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<Timestamp>,
    per_day: Vec<Day>,
    /// Hours with use by hour of the week, UTC, from Monday 00:00: 168 numbers.
    week: Vec<u32>,
    /// Empty where too little is known to say.
    safe_windows: Vec<Window>,
}

fn hour_of_week(at: Timestamp) -> usize {
    // 1970-01-01 was a Thursday: three days after Monday.
    let hours = at.as_seconds().div_euclid(3600) + 3 * 24;
    usize::try_from(hours.rem_euclid(168)).unwrap_or(0)
}

fn summed(buckets: &[UseBucket], now: Timestamp) -> Use {
    let mut days: BTreeMap<String, (u64, BTreeSet<i64>)> = BTreeMap::new();
    let mut hours = BTreeSet::new();
    for bucket in buckets.iter().filter(|bucket| bucket.clinical && bucket.count > 0) {
        let hour = bucket.at.as_seconds().div_euclid(3600);
        hours.insert(hour);
        let day = bucket.at.to_string().chars().take(10).collect();
        let entry = days.entry(day).or_default();
        entry.0 = entry.0.saturating_add(bucket.count);
        entry.1.insert(hour);
    }
    let mut week = vec![0_u32; 168];
    for hour in &hours {
        if let Some(count) = week.get_mut(hour_of_week(Timestamp::from_parts(hour * 3600, 0))) {
            *count = count.saturating_add(1);
        }
    }
    let this_hour = now.as_seconds().div_euclid(3600);
    let safe_windows = if days.len() >= ENOUGH_DAYS { windows(&week) } else { Vec::new() };
    Use {
        now_in_use: hours.contains(&this_hour),
        last_used: hours.last().map(|hour| Timestamp::from_parts(hour * 3600, 0)),
        per_day: days
            .into_iter()
            .map(|(day, (actions, hours))| Day { day, actions, hours: hours.len() as u64 })
            .collect(),
        week,
        safe_windows,
    }
}

fn windows(week: &[u32]) -> Vec<Window> {
    let mut found = Vec::new();
    for (weekday, day) in (0_u8..7).zip(week.chunks(24)) {
        let mut begun: Option<u8> = None;
        for hour in 0_u8..=24 {
            let free = day.get(usize::from(hour)).is_some_and(|count| *count == 0);
            match (begun, free) {
                (None, true) => begun = Some(hour),
                (Some(from_hour), false) => {
                    if hour - from_hour >= SHORTEST {
                        found.push(Window { weekday, from_hour, until_hour: hour });
                    }
                    begun = None;
                }
                _ => {}
            }
        }
    }
    found
}

/// When a device was used in the last four weeks.
#[utoipa::path(get, path = "/api/v1/devices/{id}/use", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Use), Problems))]
async fn show(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<Json<Use>> {
    let record = find::device(&app, &caller, &id).await?;
    let now = app.now();
    let from = now.plus_seconds(-WEEKS * 7 * 86_400);
    let buckets = app.store.activity(&record.summary.id, from, now, BucketSize::Hour).await?;
    Ok(Json(summed(&buckets, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use medward_monitor::Part;

    fn bucket(at: &str) -> UseBucket {
        UseBucket {
            at: at.parse().unwrap(),
            protocol: "dicom".into(),
            verb: "store".into(),
            operation: String::new(),
            part: Part::Did,
            clinical: true,
            count: 3,
        }
    }

    #[test]
    fn hours_of_the_week_begin_on_monday() {
        // 2026-11-23 is a Monday.
        assert_eq!(hour_of_week("2026-11-23T00:10:00Z".parse().unwrap()), 0);
        assert_eq!(hour_of_week("2026-11-22T23:10:00Z".parse().unwrap()), 167);
    }

    #[test]
    fn a_device_used_in_the_mornings_is_safe_to_work_on_in_the_afternoons() {
        let buckets: Vec<UseBucket> =
            (16..23).map(|day| bucket(&format!("2026-11-{day}T08:00:00Z"))).collect();
        let told = summed(&buckets, "2026-11-22T08:30:00Z".parse().unwrap());
        assert!(told.now_in_use);
        assert!(told.safe_windows.contains(&Window { weekday: 0, from_hour: 9, until_hour: 24 }));
    }

    #[test]
    fn too_little_use_makes_no_window_safe() {
        let told = summed(&[bucket("2026-11-20T08:00:00Z")], "2026-11-22T08:30:00Z".parse().unwrap());
        assert!(told.safe_windows.is_empty());
        assert!(!told.now_in_use);
    }
}
