//! Devices that are no more: what was known of them moves to what they are part of now, or goes with them.

use medward_model::DeviceId;
use medward_monitor::{Annotation, Gone, Lifecycle, StoreError};

use super::activity::{add_activity, add_use};
use super::book::{Book, next_change};
use super::conversations::{ADD_CONVERSATION, add_counts};
use crate::inventory::{read_annotation, write_annotation};
use crate::session::Session;
use crate::sql::Sql;

pub(super) async fn apply(session: &mut Session, book: &mut Book, gone: &Gone) -> Result<(), StoreError> {
    let old = &gone.device;
    let Some(into) = gone.into.as_ref().filter(|into| *into != old) else {
        if let Some(known) = book.known.remove(old) {
            remove(session, &[known.key]).await?;
        }
        return Ok(());
    };
    let into = book.redirects.get(into).unwrap_or(into).clone();
    if into == *old {
        return Err(StoreError::Refused(format!("device {old} cannot be part of what is part of it")));
    }
    if !book.known.contains_key(&into) {
        let site =
            session.first(Sql::with("SELECT name FROM site WHERE id = $1", [book.site.into()])).await?;
        let site = site.map(|row| row.text(0)).transpose()?.unwrap_or_default();
        book.add_stubs(session, &site, vec![into.0.as_str()]).await?;
    }
    let target = book.key(&into);
    if let (Some(known), Some(target)) = (book.known.remove(old), target) {
        move_rows(session, known.key, target, book.change).await?;
        move_annotation(session, known.key, target).await?;
        remove(session, &[known.key]).await?;
    }
    for (text, args) in [
        ("UPDATE event SET device = $2 WHERE device = $1", [old, &into]),
        ("UPDATE redirect SET new = $2 WHERE new = $1", [old, &into]),
        (
            "INSERT INTO redirect (old, new) VALUES ($1, $2) ON CONFLICT (old) DO UPDATE SET new = excluded.new",
            [old, &into],
        ),
    ] {
        session.execute(Sql::with(text, args.map(|id: &DeviceId| id.0.as_str().into()))).await?;
    }
    for target in book.redirects.values_mut().filter(|target| *target == old) {
        *target = into.clone();
    }
    book.redirects.insert(old.clone(), into);
    Ok(())
}

/// The buckets that a table has, found by leaps from one to the next.
fn buckets(table: &str) -> String {
    format!(
        "b (bucket) AS (SELECT MIN(h.bucket) FROM {table} h UNION ALL \
         SELECT (SELECT MIN(h.bucket) FROM {table} h WHERE h.bucket > b.bucket) FROM b WHERE b.bucket IS NOT NULL)"
    )
}

/// Moves everything that is told of a device; where both have the same, it is summed up.
async fn move_rows(session: &mut Session, old: i64, new: i64, change: i64) -> Result<(), StoreError> {
    let end = |column: &str| format!("CASE WHEN c.{column} = $1 THEN $2 ELSE c.{column} END");
    let (from, to) = (end("originator"), end("responder"));
    let of_old = "(c.originator = $1 OR c.responder = $1)";
    let both = |text: &str| Sql::with(text, [old.into(), new.into()]);
    // What the two said to each other was counted for each; for the one that they are it counts once.
    let between = "((c.originator = $1 AND c.responder = $2) OR (c.originator = $2 AND c.responder = $1))";
    session
        .execute(both(&format!(
            "WITH RECURSIVE {} INSERT INTO traffic_day (bucket, owner, flows, packets, bytes) \
             SELECT h.bucket, $2, -CAST(SUM(h.flows) AS BIGINT), -CAST(SUM(h.packets) AS BIGINT), \
             -CAST(SUM(h.bytes) AS BIGINT) FROM conversation c CROSS JOIN b CROSS JOIN conversation_day h \
             WHERE {between} AND h.bucket = b.bucket AND h.conversation = c.id GROUP BY h.bucket {}",
            buckets("conversation_day"),
            add_counts("traffic_day", "bucket, owner")
        )))
        .await?;
    between_by_hour(session, old, new).await?;
    session
        .execute(both(&format!(
            "INSERT INTO conversation \
             (site, originator, responder, transport, port, protocol, flows, packets, bytes, first, last) \
             SELECT MAX(c.site), {from}, {to}, c.transport, c.port, c.protocol, CAST(SUM(c.flows) AS BIGINT), \
             CAST(SUM(c.packets) AS BIGINT), CAST(SUM(c.bytes) AS BIGINT), MIN(c.first), MAX(c.last) \
             FROM conversation c WHERE {of_old} GROUP BY 2, 3, 4, 5, 6 ORDER BY 2, 3, 4, 5, 6 {ADD_CONVERSATION}"
        )))
        .await?;
    session
        .execute(both(&format!(
            "WITH RECURSIVE {} \
             INSERT INTO conversation_day (bucket, conversation, flows, packets, bytes) \
             SELECT h.bucket, n.id, CAST(SUM(h.flows) AS BIGINT), CAST(SUM(h.packets) AS BIGINT), \
             CAST(SUM(h.bytes) AS BIGINT) \
             FROM conversation c CROSS JOIN b CROSS JOIN conversation_day h CROSS JOIN conversation n \
             WHERE {of_old} AND h.bucket = b.bucket AND h.conversation = c.id AND n.originator = {from} \
             AND n.responder = {to} AND n.transport = c.transport AND n.port = c.port \
             AND n.protocol = c.protocol GROUP BY h.bucket, n.id {}",
            buckets("conversation_day"),
            add_counts("conversation_day", "bucket, conversation")
        )))
        .await?;
    for table in ["traffic_hour", "traffic_day"] {
        session
            .execute(both(&format!(
                "WITH RECURSIVE {} INSERT INTO {table} (bucket, owner, flows, packets, bytes) \
                 SELECT h.bucket, $2, h.flows, h.packets, h.bytes FROM b CROSS JOIN {table} h \
                 WHERE h.bucket = b.bucket AND h.owner = $1 {}",
                buckets(table),
                add_counts(table, "bucket, owner")
            )))
            .await?;
    }
    for table in ["activity_hour", "activity_day"] {
        session
            .execute(both(&format!(
                "INSERT INTO {table} (device, bucket, kind, count, last) \
                 SELECT $2, bucket, kind, count, last FROM {table} WHERE device = $1 {}",
                add_activity(table)
            )))
            .await?;
    }
    session
        .execute(Sql::with(
            &format!(
                "INSERT INTO use_day (device, bucket, hours, busy, actions, last, changed) \
                 SELECT $2, bucket, hours, busy, actions, last, CAST($3 AS BIGINT) FROM use_day WHERE device = $1 {}",
                add_use()
            ),
            [old.into(), new.into(), change.into()],
        ))
        .await?;
    session.execute(both("UPDATE attribute_history SET device = $2 WHERE device = $1")).await?;
    session
        .execute(both(
            "INSERT INTO stay (device, since, last, ended, place, position, how) \
             SELECT $2, since, last, ended, place, position, how FROM stay WHERE device = $1 \
             ON CONFLICT (device, since, how, position) DO NOTHING",
        ))
        .await?;
    Ok(())
}

/// What two devices said to each other in an hour is not known, only in a day: it is taken from the hour of that day in
/// which the one that goes had most traffic.
async fn between_by_hour(session: &mut Session, old: i64, new: i64) -> Result<(), StoreError> {
    let days = session
        .fetch(Sql::with(
            &format!(
                "WITH RECURSIVE {} SELECT h.bucket, CAST(SUM(h.flows) AS BIGINT), CAST(SUM(h.packets) AS BIGINT), \
                 CAST(SUM(h.bytes) AS BIGINT) FROM conversation c CROSS JOIN b CROSS JOIN conversation_day h \
                 WHERE ((c.originator = $1 AND c.responder = $2) OR (c.originator = $2 AND c.responder = $1)) \
                 AND h.bucket = b.bucket AND h.conversation = c.id GROUP BY h.bucket",
                buckets("conversation_day")
            ),
            [old.into(), new.into()],
        ))
        .await?;
    for day in days {
        let first = day.int(0)?.saturating_mul(24);
        session
            .execute(Sql::with(
                "UPDATE traffic_hour SET flows = flows - $4, packets = packets - $5, bytes = bytes - $6 \
                 WHERE owner = $1 AND bucket = (SELECT h.bucket FROM traffic_hour h WHERE h.owner = $1 \
                 AND h.bucket >= $2 AND h.bucket < $3 ORDER BY h.bytes DESC, h.bucket LIMIT 1)",
                [
                    old.into(),
                    first.into(),
                    first.saturating_add(24).into(),
                    day.int(1)?.into(),
                    day.int(2)?.into(),
                    day.int(3)?.into(),
                ],
            ))
            .await?;
    }
    Ok(())
}

/// What people said of either is said of both; where it differs, what was said of the one that stays counts.
async fn move_annotation(session: &mut Session, old: i64, new: i64) -> Result<(), StoreError> {
    let Some(said) = read_annotation(session, old).await? else { return Ok(()) };
    let stays = read_annotation(session, new).await?.unwrap_or_default();
    let mut tags = stays.tags;
    tags.extend(said.tags);
    let mut maintenance = stays.maintenance;
    for more in said.maintenance {
        if !maintenance.contains(&more) {
            maintenance.push(more);
        }
    }
    let merged = Annotation {
        tags,
        owner: stays.owner.or(said.owner),
        note: match (stays.note, said.note) {
            (Some(a), Some(b)) if a != b => Some(format!("{a}\n{b}")),
            (a, b) => a.or(b),
        },
        criticality: stays.criticality.max(said.criticality),
        lifecycle: if stays.lifecycle == Lifecycle::default() { said.lifecycle } else { stays.lifecycle },
        maintenance,
        place: stays.place.or(said.place),
        currency: if stays.value.is_some() { stays.currency } else { said.currency },
        value: stays.value.or(said.value),
        version: stays.version.max(said.version).saturating_add(1),
    };
    write_annotation(session, new, &merged).await
}

/// Removes devices with all that is told of them alone; at most some thousands at a time.
pub(crate) async fn remove(session: &mut Session, devices: &[i64]) -> Result<(), StoreError> {
    let which = {
        let mut sql = Sql::default();
        sql.numbers(devices.iter().copied());
        sql.text
    };
    session
        .execute(Sql::new(&format!(
            "WITH RECURSIVE {} \
             DELETE FROM conversation_day WHERE (bucket, conversation) IN (SELECT h.bucket, h.conversation \
             FROM conversation c CROSS JOIN b CROSS JOIN conversation_day h \
             WHERE (c.originator IN {which} OR c.responder IN {which}) AND h.bucket = b.bucket \
             AND h.conversation = c.id)",
            buckets("conversation_day")
        )))
        .await?;
    for table in ["traffic_hour", "traffic_day"] {
        session
            .execute(Sql::new(&format!(
                "WITH RECURSIVE {} DELETE FROM {table} WHERE (bucket, owner) IN (SELECT h.bucket, h.owner \
                 FROM b CROSS JOIN {table} h WHERE h.bucket = b.bucket AND h.owner IN {which})",
                buckets(table)
            )))
            .await?;
    }
    let change = next_change(session).await?;
    let rows = devices.iter().map(|device| vec![change.into(), (*device).into()]).collect();
    session.insert("INSERT INTO removed (changed, device)", "ON CONFLICT DO NOTHING", rows).await?;
    for (table, column) in [
        ("conversation", "originator"),
        ("conversation", "responder"),
        ("activity_hour", "device"),
        ("activity_day", "device"),
        ("use_day", "device"),
        ("device", "id"),
    ] {
        session.execute(Sql::new(&format!("DELETE FROM {table} WHERE {column} IN {which}"))).await?;
    }
    Ok(())
}
