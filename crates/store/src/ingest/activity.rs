//! What devices did: counts by hour and day, and the hours of clinical use.

use std::collections::BTreeMap;

use medward_monitor::{ActivityDelta, StoreError};

use super::book::Book;
use super::conversations::HOUR;
use super::labels::{kind_of, kinds};
use crate::session::Session;

pub(crate) fn add_activity(table: &str) -> String {
    format!(
        "ON CONFLICT (device, bucket, kind) DO UPDATE SET count = {table}.count + excluded.count, \
         last = CASE WHEN excluded.last > {table}.last THEN excluded.last ELSE {table}.last END"
    )
}

/// How many of the 24 bits of a mask are set, in both databases.
pub(crate) fn bits(mask: &str) -> String {
    let bits: Vec<String> = (0..24).map(|hour| format!("((({mask}) >> {hour}) & 1)")).collect();
    bits.join(" + ")
}

/// `ON CONFLICT` for the hours of clinical use.
pub(crate) fn add_use() -> String {
    format!(
        "ON CONFLICT (device, bucket) DO UPDATE SET hours = use_day.hours | excluded.hours, \
         busy = {}, actions = use_day.actions + excluded.actions, changed = excluded.changed, \
         last = CASE WHEN excluded.last > use_day.last THEN excluded.last ELSE use_day.last END",
        bits("use_day.hours | excluded.hours")
    )
}

pub(crate) async fn write(
    session: &mut Session,
    book: &Book,
    deltas: &[ActivityDelta],
) -> Result<(), StoreError> {
    if deltas.is_empty() {
        return Ok(());
    }
    let kinds = kinds(session, deltas.iter().map(kind_of).collect()).await?;
    let mut hours: BTreeMap<(i64, i64, i64), (u64, i64)> = BTreeMap::new();
    let mut days: BTreeMap<(i64, i64, i64), (u64, i64)> = BTreeMap::new();
    let mut uses: BTreeMap<(i64, i64), (i64, u64, i64)> = BTreeMap::new();
    for delta in deltas {
        let (Some(device), Some(kind)) = (book.key(&delta.device), kinds.get(&kind_of(delta))) else {
            continue;
        };
        let last = delta.last.as_nanos();
        let hour = last.div_euclid(HOUR);
        let day = hour.div_euclid(24);
        for (sums, bucket) in [(&mut hours, hour), (&mut days, day)] {
            let sum = sums.entry((device, bucket, *kind)).or_insert((0, last));
            sum.0 = sum.0.saturating_add(delta.count);
            sum.1 = sum.1.max(last);
        }
        if delta.clinical {
            let sum = uses.entry((device, day)).or_insert((0, 0, last));
            sum.0 |= 1 << hour.rem_euclid(24);
            sum.1 = sum.1.saturating_add(delta.count);
            sum.2 = sum.2.max(last);
        }
    }
    for (table, sums) in [("activity_hour", hours), ("activity_day", days)] {
        let rows = sums
            .into_iter()
            .map(|((device, bucket, kind), (count, last))| {
                vec![device.into(), bucket.into(), kind.into(), count.into(), last.into()]
            })
            .collect();
        let head = format!("INSERT INTO {table} (device, bucket, kind, count, last)");
        session.insert(&head, &add_activity(table), rows).await?;
    }
    let rows = uses
        .into_iter()
        .map(|((device, day), (hours, actions, last))| {
            let busy = i64::from(hours.count_ones());
            let key = [device.into(), day.into(), hours.into(), busy.into()];
            key.into_iter().chain([actions.into(), last.into(), book.change.into()]).collect()
        })
        .collect();
    let head = "INSERT INTO use_day (device, bucket, hours, busy, actions, last, changed)";
    session.insert(head, &add_use(), rows).await
}
