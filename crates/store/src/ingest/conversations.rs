//! Conversations: lifetime totals, what was added in each hour and day, and traffic by device and site.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::Timestamp;
use medward_monitor::{ConversationDelta, StoreError};

use super::book::Book;
use super::labels::labels;
use crate::columns::transport_code;
use crate::engine::Session;
use crate::sql::Value;

/// Originator, responder, transport, port, protocol.
type Key = (i64, i64, i64, i64, i64);

/// Flows, packets, bytes.
type Counts = [u64; 3];

struct Sum {
    counts: Counts,
    first: Timestamp,
    last: Timestamp,
}

pub(crate) const HOUR: i64 = 3_600_000_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

const CONVERSATION: &str = "INSERT INTO conversation (site, originator, responder, transport, port, protocol, flows, packets, bytes, first, last)";

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
    let protocols: BTreeSet<&str> = deltas.iter().map(|delta| delta.protocol.as_str()).collect();
    let protocols = labels(session, protocols).await?;
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    let mut hours: BTreeMap<(i64, Key), Counts> = BTreeMap::new();
    let mut traffic: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for delta in deltas {
        let (Some(originator), Some(responder)) = (book.key(&delta.originator), book.key(&delta.responder))
        else {
            continue;
        };
        let protocol = delta.protocol.replace('\0', "\u{fffd}");
        let Some(protocol) = protocols.get(&protocol) else { continue };
        let key = (originator, responder, transport_code(delta.transport), i64::from(delta.port), *protocol);
        let [up, down] = delta.packets;
        let [sent, received] = delta.bytes;
        let counts = [delta.flows, up.saturating_add(down), sent.saturating_add(received)];
        let sum = sums.entry(key).or_insert(Sum { counts: [0; 3], first: delta.first, last: delta.last });
        add(&mut sum.counts, &counts);
        sum.first = sum.first.min(delta.first);
        sum.last = sum.last.max(delta.last);
        // What came in one round is counted to the hour in which it ended.
        let hour = delta.last.as_nanos().div_euclid(HOUR);
        add(hours.entry((hour, key)).or_default(), &counts);
        for owner in BTreeSet::from([originator, responder, -book.site]) {
            add(traffic.entry((owner, hour)).or_default(), &counts);
        }
    }
    let rows = sums
        .iter()
        .map(|((originator, responder, transport, port, protocol), sum)| {
            let [flows, packets, bytes] = sum.counts;
            vec![
                book.site.into(),
                (*originator).into(),
                (*responder).into(),
                (*transport).into(),
                (*port).into(),
                (*protocol).into(),
                flows.into(),
                packets.into(),
                bytes.into(),
                sum.first.into(),
                sum.last.into(),
            ]
        })
        .collect();
    let tail = format!("{ADD_CONVERSATION} RETURNING originator, responder, transport, port, protocol, id");
    let mut numbers = BTreeMap::new();
    for row in session.insert_returning(CONVERSATION, &tail, 11, rows).await? {
        numbers.insert((row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?), row.int(5)?);
    }
    let mut by_hour: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for ((hour, key), counts) in &hours {
        if let Some(number) = numbers.get(key) {
            by_hour.insert((*hour, *number), *counts);
        }
    }
    let by_day = |by_hour: &BTreeMap<(i64, i64), Counts>, hour_first: bool| {
        let mut days: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
        for ((a, b), counts) in by_hour {
            let key = if hour_first { (a.div_euclid(24), *b) } else { (*a, b.div_euclid(24)) };
            add(days.entry(key).or_default(), counts);
        }
        days
    };
    let days = by_day(&by_hour, true);
    let traffic_days = by_day(&traffic, false);
    for (table, key, counts) in [
        ("conversation_hour", "bucket, conversation", by_hour),
        ("conversation_day", "bucket, conversation", days),
        ("traffic_hour", "owner, bucket", traffic),
        ("traffic_day", "owner, bucket", traffic_days),
    ] {
        let rows = counts
            .into_iter()
            .map(|((a, b), [flows, packets, bytes])| -> Vec<Value> {
                vec![a.into(), b.into(), flows.into(), packets.into(), bytes.into()]
            })
            .collect();
        let head = format!("INSERT INTO {table} ({key}, flows, packets, bytes)");
        session.insert(&head, &add_counts(table, key), 5, rows).await?;
    }
    Ok(())
}
