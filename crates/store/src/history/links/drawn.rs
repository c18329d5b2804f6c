//! Links of single devices, of places, or of a search: of the conversations with most bytes, put together in memory.

use std::collections::HashMap;

use medward_monitor::{FacetField, Link, LinkList, NodeGroup, StoreError};

use super::{in_order, leaps, most_frequent};
use crate::Database;
use crate::board::{Board, select};
use crate::columns::{NEVER, NONE, keyed};
use crate::ingest::DAY;
use crate::session::Session;
use crate::sql::Sql;

/// Conversations that are drawn at most.
const DRAWN: i64 = 12_000;

/// Counts of days that are added up for them at most.
const DAYS_READ: i64 = 50_000;

/// Conversations that are drawn at least, however long the time.
const DRAWN_AT_LEAST: i64 = 2_000;

/// Up to so many devices, their own conversations are looked up; of more, those among the largest of all.
const FEW: u64 = 500;

const COLUMNS: &str = "c.id, c.originator, c.responder, c.protocol, c.flows, c.bytes, c.first, c.last";

/// So many numbers tell of a conversation.
const NUMBERS: usize = 8;

/// A conversation that is drawn; `flows` and `bytes` are those of the time asked for.
struct Drawn {
    id: i64,
    ends: [u32; 2],
    protocol: i64,
    flows: u64,
    bytes: u64,
    first: i64,
    last: i64,
}

/// A link in the making: conversations by protocol.
#[derive(Default)]
struct Sum {
    flows: u64,
    bytes: u64,
    last: i64,
    protocols: HashMap<i64, u64>,
}

pub(super) async fn links(
    database: &Database,
    session: &mut Session,
    list: &LinkList,
    limit: usize,
) -> Result<Vec<Link>, StoreError> {
    let first = list.since.map(|since| since.as_nanos().div_euclid(DAY));
    let days = first.map_or(1, |first| {
        list.devices.now.as_nanos().div_euclid(DAY).saturating_sub(first).clamp(0, 400) + 1
    });
    let most = if first.is_some() { (DAYS_READ / days).clamp(DRAWN_AT_LEAST, DRAWN) } else { DRAWN };
    let (board, wanted) = select(database, session, &list.devices).await?;
    let keys: Option<Vec<i64>> =
        (wanted.count() <= FEW).then(|| wanted.slots().map(|slot| board.key(slot)).collect());
    let generation = board.generation();
    // Others need not wait for what the database is asked now.
    drop(board);
    let statements = match &keys {
        Some(keys) if keys.is_empty() => Vec::new(),
        Some(keys) => of_devices(session.is_sqlite(), most, keys),
        None => {
            vec![Sql::new(&format!("FROM conversation c ORDER BY c.bytes DESC, c.id DESC LIMIT {most}"))]
        }
    };
    let mut told = Vec::new();
    for sql in statements {
        told.push(numbers(session, sql).await?);
    }
    let mut board = database.board.lock().await;
    board.refresh(session).await?;
    let (board, wanted) = if board.generation() == generation {
        (board, wanted)
    } else {
        drop(board);
        select(database, session, &list.devices).await?
    };
    let mut drawn = Vec::new();
    for (turn, all) in told.iter().enumerate() {
        for [id, from, to, protocol, flows, bytes, first, last] in all.iter().copied() {
            let [Some(from), Some(to)] = [board.slot(from), board.slot(to)] else { continue };
            // The second time it is asked for what others say to the devices.
            let fits = if turn == 0 { wanted.has(from) || wanted.has(to) } else { !wanted.has(from) };
            if fits && list.since.is_none_or(|since| last >= since.as_nanos()) {
                let [flows, bytes] = [flows, bytes].map(|count| u64::try_from(count).unwrap_or(0));
                drawn.push(Drawn { id, ends: [from, to], protocol, flows, bytes, first, last });
            }
        }
    }
    let nodes = Nodes::of(&board, list.group, &drawn);
    drop(board);
    if let Some(first) = first {
        within(session, &mut drawn, first).await?;
    }
    put_together(session, &drawn, &nodes, limit).await
}

/// Conversations as numbers, all in one text: a row each would cost more than the search.
async fn numbers(session: &mut Session, which: Sql) -> Result<Vec<[i64; NUMBERS]>, StoreError> {
    let all = COLUMNS.replace("c.", "CAST(c.").replace(", ", " AS TEXT) || ' ' || ");
    let all = if session.is_sqlite() {
        format!("GROUP_CONCAT({all} AS TEXT))")
    } else {
        format!("STRING_AGG({all} AS TEXT), ',')")
    };
    let mut sql = Sql::new(&format!("SELECT {all} FROM (SELECT {COLUMNS} {}) c", which.text));
    sql.args = which.args;
    let text = session.first(sql).await?.map(|row| row.maybe_text(0)).transpose()?.flatten();
    let text = text.unwrap_or_default();
    let of_one = |text: &str| {
        let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
        let mut all = [0; NUMBERS];
        for place in &mut all {
            *place = numbers.next()?;
        }
        Some(all)
    };
    Ok(text.split(',').filter_map(of_one).collect())
}

/// Conversations of few devices: of each, those with most bytes.
fn of_devices(sqlite: bool, most: i64, keys: &[i64]) -> Vec<Sql> {
    let each = most / i64::try_from(keys.len()).unwrap_or(1).max(1);
    let of_end = |end: &str| {
        let largest = format!("WHERE x.{end} = m.id ORDER BY x.bytes DESC, x.id DESC LIMIT {each}");
        let mut sql = Sql::new("FROM (SELECT d.id FROM device d WHERE d.id IN ");
        sql.numbers(keys.iter().copied());
        sql.push(&if sqlite {
            format!(") m CROSS JOIN conversation c WHERE c.id IN (SELECT x.id FROM conversation x {largest})")
        } else {
            format!(") m CROSS JOIN LATERAL (SELECT x.* FROM conversation x {largest}) c")
        });
        sql
    };
    vec![of_end("originator"), of_end("responder")]
}

/// Leaves of each conversation what it had from that day on.
async fn within(session: &mut Session, drawn: &mut Vec<Drawn>, first: i64) -> Result<(), StoreError> {
    let oldest = session.first(Sql::new("SELECT MIN(h.bucket) FROM conversation_day h")).await?;
    let oldest = oldest.map(|row| row.maybe_int(0)).transpose()?.flatten().unwrap_or(i64::MAX);
    // All of what began since then is within.
    let whole = |one: &Drawn| one.first.div_euclid(DAY) >= first.max(oldest);
    let older: Vec<i64> = drawn.iter().filter(|one| !whole(one)).map(|one| one.id).collect();
    let mut counts = HashMap::with_capacity(older.len());
    if !older.is_empty() {
        let mut sql = Sql::default();
        leaps("conversation_day", first, &mut sql);
        sql.push("c (id) AS ");
        sql.keys(session.is_sqlite(), &older)?;
        sql.push(
            " SELECT c.id, CAST(SUM(h.flows) AS BIGINT), CAST(SUM(h.bytes) AS BIGINT) FROM k CROSS JOIN c \
             CROSS JOIN conversation_day h WHERE h.bucket = k.bucket AND h.conversation = c.id GROUP BY c.id",
        );
        for row in session.fetch(sql).await? {
            counts.insert(row.int(0)?, (row.count(1)?, row.count(2)?));
        }
    }
    drawn.retain_mut(|one| {
        if whole(one) {
            return true;
        }
        let Some((flows, bytes)) = counts.get(&one.id) else { return false };
        (one.flows, one.bytes) = (*flows, *bytes);
        true
    });
    Ok(())
}

/// What devices are drawn together by: a number each, and what it is called.
struct Nodes {
    of: HashMap<u32, usize>,
    /// Name, and what decides where links are equal.
    names: Vec<(String, String)>,
}

impl Nodes {
    fn of(board: &Board, group: NodeGroup, drawn: &[Drawn]) -> Nodes {
        let mut nodes = Nodes { of: HashMap::new(), names: Vec::new() };
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for slot in drawn.iter().flat_map(|one| one.ends) {
            if nodes.of.contains_key(&slot) {
                continue;
            }
            let (name, order) = named(board, group, slot);
            let number = *numbers.entry(order.clone()).or_insert_with(|| {
                nodes.names.push((name, order));
                nodes.names.len() - 1
            });
            nodes.of.insert(slot, number);
        }
        nodes
    }
}

fn named(board: &Board, group: NodeGroup, slot: u32) -> (String, String) {
    let field = match group {
        NodeGroup::Device => {
            return (board.uid(slot).to_owned(), format!("{:020}", board.key(slot)));
        }
        NodeGroup::Vlan => {
            let vlan = board.vlan(slot).map(|vlan| vlan.to_string()).unwrap_or_default();
            return (vlan.clone(), vlan);
        }
        NodeGroup::Category => FacetField::Category,
        NodeGroup::Group => FacetField::Group,
        NodeGroup::Site => FacetField::Site,
        NodeGroup::Vendor => FacetField::Vendor,
        NodeGroup::Place => FacetField::Place,
    };
    let name = board.single(field).and_then(|single| single.name(single.code(slot)));
    match name {
        Some(name) if group == NodeGroup::Place => (name.to_owned(), name.to_owned()),
        Some(name) => (name.to_owned(), keyed(Some(name))),
        None => (String::new(), NONE.to_owned()),
    }
}

async fn put_together(
    session: &mut Session,
    drawn: &[Drawn],
    nodes: &Nodes,
    limit: usize,
) -> Result<Vec<Link>, StoreError> {
    let mut sums: HashMap<[usize; 2], Sum> = HashMap::new();
    for one in drawn {
        let [Some(from), Some(to)] = one.ends.map(|slot| nodes.of.get(&slot).copied()) else { continue };
        let sum = sums.entry([from, to]).or_insert_with(|| Sum { last: NEVER, ..Sum::default() });
        sum.flows = sum.flows.saturating_add(one.flows);
        sum.bytes = sum.bytes.saturating_add(one.bytes);
        sum.last = sum.last.max(one.last);
        *sum.protocols.entry(one.protocol).or_default() += 1;
    }
    let mut sums: Vec<([usize; 2], Sum)> = sums.into_iter().collect();
    let order = |ends: &[usize; 2]| ends.map(|end| nodes.names.get(end).map(|(_, order)| order.as_str()));
    sums.sort_by(|(a, one), (b, other)| other.bytes.cmp(&one.bytes).then_with(|| order(a).cmp(&order(b))));
    sums.truncate(limit);
    let mut sql = Sql::new("SELECT l.id, l.name FROM label l WHERE l.id IN ");
    let spoken: std::collections::BTreeSet<i64> =
        sums.iter().flat_map(|(_, sum)| sum.protocols.keys().copied()).collect();
    sql.numbers(spoken);
    let mut protocols = HashMap::new();
    for row in session.fetch(sql).await? {
        protocols.insert(row.int(0)?, row.text(1)?);
    }
    let name = |end: usize| nodes.names.get(end).map(|(name, _)| name.clone()).unwrap_or_default();
    let link = |([from, to], sum): ([usize; 2], Sum)| Link {
        from: name(from),
        to: name(to),
        conversations: sum.protocols.values().sum(),
        flows: sum.flows,
        bytes: sum.bytes,
        protocols: most_frequent(
            sum.protocols
                .into_iter()
                .filter_map(|(id, count)| Some((count, protocols.get(&id)?.clone())))
                .collect(),
        ),
        last_seen: medward_model::Timestamp::from_nanos(sum.last),
    };
    Ok(in_order(sums.into_iter().map(link).collect()))
}
