//! Conversations: lifetime totals, what was added in each day, and traffic by device and site.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::Timestamp;
use medward_monitor::{ConversationDelta, StoreError};

use super::book::Book;
use super::labels::labels;
use super::links;
use crate::columns::transport_code;
use crate::session::Session;
use crate::sql::Value;

/// Originator, responder, transport, port, protocol.
pub(super) type Key = (i64, i64, i64, i64, i64);

/// Flows, packets, bytes.
pub(super) type Counts = [u64; 3];

/// What a commit adds to a conversation.
pub(super) struct Sum {
    pub(super) counts: Counts,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// A conversation that was stored before.
pub(super) struct Stored {
    id: i64,
    /// When it had traffic, in nanoseconds.
    pub(super) last: i64,
    site: i64,
}

/// All that a commit says of conversations, summed up.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) all: BTreeMap<Key, Sum>,
    /// What was added in an hour.
    pub(super) hours: BTreeMap<(i64, Key), Counts>,
    /// What a device or a site (its number, negative) had in an hour.
    traffic: BTreeMap<(i64, i64), Counts>,
}

pub(crate) const HOUR: i64 = 3_600_000_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

const INSERT: &str = "INSERT INTO conversation (site, originator, responder, transport, port, protocol, flows, packets, bytes, first, last)";

pub(crate) const ADD_CONVERSATION: &str = "ON CONFLICT (originator, responder, transport, port, protocol) DO UPDATE SET site = excluded.site, \
     flows = conversation.flows + excluded.flows, packets = conversation.packets + excluded.packets, \
     bytes = conversation.bytes + excluded.bytes, \
     first = CASE WHEN excluded.first < conversation.first THEN excluded.first ELSE conversation.first END, \
     last = CASE WHEN excluded.last > conversation.last THEN excluded.last ELSE conversation.last END";

/// `ON CONFLICT` for tables that count flows, packets and bytes.
pub(crate) fn add_counts(table: &str, key: &str) -> String {
    format!(
        "ON CONFLICT ({key}) DO UPDATE SET flows = {table}.flows + excluded.flows, \
         packets = {table}.packets + excluded.packets, bytes = {table}.bytes + excluded.bytes"
    )
}

fn add(to: &mut Counts, more: &Counts) {
    for (to, more) in to.iter_mut().zip(more) {
        *to = to.saturating_add(*more);
    }
}

pub(crate) async fn write(
    session: &mut Session,
    book: &Book,
    deltas: &[ConversationDelta],
) -> Result<(), StoreError> {
    if deltas.is_empty() {
        return Ok(());
    }
    let sums = sum_up(session, book, deltas).await?;
    let stored = stored(session, &sums).await?;
    let numbers = totals(session, book, &sums, &stored).await?;
    links::write(session, book, &sums, &stored).await?;
    let mut days: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for ((hour, key), counts) in &sums.hours {
        if let Some(number) = numbers.get(key) {
            add(days.entry((hour.div_euclid(24), *number)).or_default(), counts);
        }
    }
    let mut traffic_days: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for ((hour, owner), counts) in &sums.traffic {
        add(traffic_days.entry((hour.div_euclid(24), *owner)).or_default(), counts);
    }
    for (table, key, counts) in [
        ("conversation_day", "bucket, conversation", days),
        ("traffic_hour", "bucket, owner", sums.traffic),
        ("traffic_day", "bucket, owner", traffic_days),
    ] {
        let rows = counts
            .into_iter()
            .map(|((a, b), [flows, packets, bytes])| -> Vec<Value> {
                vec![a.into(), b.into(), flows.into(), packets.into(), bytes.into()]
            })
            .collect();
        let head = format!("INSERT INTO {table} ({key}, flows, packets, bytes)");
        session.insert(&head, &add_counts(table, key), rows).await?;
    }
    Ok(())
}

async fn sum_up(
    session: &mut Session,
    book: &Book,
    deltas: &[ConversationDelta],
) -> Result<Sums, StoreError> {
    let protocols: BTreeSet<&str> = deltas.iter().map(|delta| delta.protocol.as_str()).collect();
    let protocols = labels(session, protocols).await?;
    let mut sums = Sums::default();
    for delta in deltas {
        let (Some(originator), Some(responder)) = (book.key(&delta.originator), book.key(&delta.responder))
        else {
            continue;
        };
        let protocol = match protocols.get(&delta.protocol) {
            Some(protocol) => protocol,
            // PostgreSQL keeps no NUL.
            None => match protocols.get(&delta.protocol.replace('\0', "\u{fffd}")) {
                Some(protocol) => protocol,
                None => continue,
            },
        };
        let key = (originator, responder, transport_code(delta.transport), i64::from(delta.port), *protocol);
        let [up, down] = delta.packets;
        let [sent, received] = delta.bytes;
        let counts = [delta.flows, up.saturating_add(down), sent.saturating_add(received)];
        let sum = sums.all.entry(key).or_insert(Sum { counts: [0; 3], first: delta.first, last: delta.last });
        add(&mut sum.counts, &counts);
        sum.first = sum.first.min(delta.first);
        sum.last = sum.last.max(delta.last);
        // What came in one round is counted to the hour in which it ended.
        let hour = delta.last.as_nanos().div_euclid(HOUR);
        add(sums.hours.entry((hour, key)).or_default(), &counts);
        let both = if originator == responder { None } else { Some(responder) };
        for owner in [originator, -book.site].into_iter().chain(both) {
            add(sums.traffic.entry((hour, owner)).or_default(), &counts);
        }
    }
    Ok(sums)
}

/// Which of the conversations there are already.
async fn stored(session: &mut Session, sums: &Sums) -> Result<BTreeMap<Key, Stored>, StoreError> {
    let wanted = sums
        .all
        .keys()
        .map(|(originator, responder, transport, port, protocol)| {
            [originator, responder, transport, port, protocol].map(|value| Value::from(*value)).into()
        })
        .collect();
    let rows = session
        .fetch_of(
            "SELECT c.originator, c.responder, c.transport, c.port, c.protocol, c.id, c.last, c.site FROM",
            "AS v CROSS JOIN conversation c WHERE c.originator = v.column1 AND c.responder = v.column2 \
             AND c.transport = v.column3 AND c.port = v.column4 AND c.protocol = v.column5",
            wanted,
        )
        .await?;
    rows.iter()
        .map(|row| {
            let key = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?);
            Ok((key, Stored { id: row.int(5)?, last: row.int(6)?, site: row.int(7)? }))
        })
        .collect()
}

/// Adds to the totals; answers the numbers of the conversations.
async fn totals(
    session: &mut Session,
    book: &Book,
    sums: &Sums,
    stored: &BTreeMap<Key, Stored>,
) -> Result<BTreeMap<Key, i64>, StoreError> {
    let mut numbers = BTreeMap::new();
    let (mut old, mut new, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for (key, sum) in &sums.all {
        let [flows, packets, bytes] = sum.counts;
        let counts = [flows.into(), packets.into(), bytes.into(), sum.first.into(), sum.last.into()];
        if let Some(stored) = stored.get(key) {
            numbers.insert(*key, stored.id);
            old.push([Value::from(stored.id)].into_iter().chain(counts).collect());
            if stored.site != book.site {
                moved.push(vec![stored.id.into(), book.site.into()]);
            }
        } else {
            let (originator, responder, transport, port, protocol) = *key;
            let key = [book.site, originator, responder, transport, port, protocol].map(Value::from);
            new.push(key.into_iter().chain(counts).collect());
        }
    }
    // Apart, since an index holds the site: it is left alone where that stays.
    session
        .apply(
            "UPDATE conversation SET site = v.column2 FROM",
            "AS v WHERE conversation.id = v.column1",
            moved,
        )
        .await?;
    session
        .apply(
            "UPDATE conversation SET flows = flows + v.column2, packets = packets + v.column3, \
             bytes = bytes + v.column4, first = CASE WHEN v.column5 < first THEN v.column5 ELSE first END, \
             last = CASE WHEN v.column6 > last THEN v.column6 ELSE last END FROM",
            "AS v WHERE conversation.id = v.column1",
            old,
        )
        .await?;
    let tail = format!("{ADD_CONVERSATION} RETURNING originator, responder, transport, port, protocol, id");
    for row in session.insert_returning(INSERT, &tail, new).await? {
        numbers.insert((row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?), row.int(5)?);
    }
    Ok(numbers)
}
