//! Who talks to whom, for the map.
//!
//! What is asked of all devices by group is read from sums that are kept while conversations are written. What is asked of
//! single devices, of places, or of a search is drawn from the conversations with most bytes, at most [`DRAWN`], so that the
//! answer takes as long with ten million of them as with one hundred thousand.

use std::collections::HashMap;

use medward_monitor::{Link, LinkList, NodeGroup, StoreError};
use medward_query::Node;

use crate::Database;
use crate::columns::shown;
use crate::cursor::bounded;
use crate::ingest::{DAY, HOUR, HOURS_BACK, link_kind};
use crate::search::{condition, sites};
use crate::session::Session;
use crate::sql::{Row, Sql};

/// Protocols that are named of a link.
const PROTOCOLS: usize = 5;

/// Conversations that are drawn at most.
const DRAWN: i64 = 12_000;

/// Counts of days that are added up for them at most.
const DAYS_READ: i64 = 50_000;

/// Conversations that are drawn at least, however long the time.
const DRAWN_AT_LEAST: i64 = 2_000;

/// Up to so many devices, their own conversations are looked up; of more, those among the largest of all.
const FEW: i64 = 500;

pub(super) async fn links(database: &Database, list: &LinkList) -> Result<Vec<Link>, StoreError> {
    let limit = bounded(list.limit, 20_000)?;
    let everything = *list.devices.query.root() == Node::And(Vec::new());
    let mut session = database.engine.snapshot().await?;
    match link_kind(list.group) {
        Some(kind) if everything => summed(&mut session, list, kind, limit).await,
        _ => drawn(database, &mut session, list, everything, limit).await,
    }
}

/// The buckets of a table from one on, found by leaps from each to the next.
fn leaps(table: &str, since: i64, sql: &mut Sql) {
    sql.push(&format!(
        "WITH RECURSIVE k (bucket) AS (SELECT MIN(h.bucket) FROM {table} h WHERE h.bucket >= "
    ));
    sql.bind(since);
    sql.push(&format!(
        " UNION ALL SELECT (SELECT MIN(h.bucket) FROM {table} h WHERE h.bucket > k.bucket) FROM k \
         WHERE k.bucket IS NOT NULL), "
    ));
}

/// From the sums of groups.
async fn summed(
    session: &mut Session,
    list: &LinkList,
    kind: i64,
    limit: usize,
) -> Result<Vec<Link>, StoreError> {
    let mut sql = Sql::default();
    let table = match list.since {
        None => {
            sql.push("WITH ");
            "link_total"
        }
        Some(since) => {
            let hour = since.as_nanos().div_euclid(HOUR);
            let back = list.devices.now.as_nanos().div_euclid(HOUR).saturating_sub(hour);
            let (table, bucket) =
                if back <= HOURS_BACK { ("link_hour", hour) } else { ("link_day", hour.div_euclid(24)) };
            leaps(table, bucket, &mut sql);
            table
        }
    };
    sql.push("w AS (SELECT s.id FROM site s WHERE ");
    sites(list.devices.sites.as_deref(), "s.id", &mut sql);
    sql.push(
        "), g AS (SELECT h.a AS a, h.b AS b, SUM(h.conversations) AS conversations, SUM(h.flows) AS flows, \
         SUM(h.bytes) AS bytes, MAX(h.last) AS last FROM ",
    );
    sql.push(if list.since.is_some() { "k CROSS JOIN " } else { "" });
    sql.push(&format!("w CROSS JOIN {table} h WHERE "));
    sql.push(if list.since.is_some() { "h.bucket = k.bucket AND " } else { "" });
    sql.push(&format!(
        "h.kind = {kind} AND h.site = w.id GROUP BY h.a, h.b \
         HAVING SUM(h.flows) > 0 OR SUM(h.bytes) > 0 OR SUM(h.conversations) > 0 \
         ORDER BY 5 DESC, 1, 2 LIMIT {limit}), "
    ));
    // The protocols of each link, as one text: a row each would cost more than the search.
    let pair = "CAST(t.protocol AS TEXT) || ' ' || CAST(t.conversations AS TEXT)";
    let all = if session.is_sqlite() {
        format!("GROUP_CONCAT({pair})")
    } else {
        format!("STRING_AGG({pair}, ',')")
    };
    sql.push(&format!(
        "p AS (SELECT g.a AS a, g.b AS b, {all} AS names FROM g CROSS JOIN w CROSS JOIN link_total t \
         WHERE t.kind = {kind} AND t.site = w.id AND t.a = g.a AND t.b = g.b"
    ));
    if let Some(since) = list.since {
        sql.push(" AND t.last >= ").bind(since);
    }
    sql.push(
        " GROUP BY g.a, g.b) SELECT x.name, y.name, CAST(g.conversations AS BIGINT), CAST(g.flows AS BIGINT), \
         CAST(g.bytes AS BIGINT), g.last, p.names FROM g JOIN label x ON x.id = g.a JOIN label y ON y.id = g.b \
         LEFT JOIN p ON p.a = g.a AND p.b = g.b",
    );
    let rows = session.fetch(sql).await?;
    let names = protocols(session).await?;
    let mut links = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut counts: HashMap<i64, u64> = HashMap::new();
        for pair in row.maybe_text(6)?.unwrap_or_default().split(',') {
            if let Some((protocol, count)) = pair.split_once(' ')
                && let (Ok(protocol), Ok(count)) = (protocol.parse(), count.parse::<u64>())
            {
                *counts.entry(protocol).or_default() += count;
            }
        }
        let counts = counts.into_iter().filter_map(|(id, count)| Some((count, names.get(&id)?.clone())));
        links.push(Link {
            from: shown(&row.text(0)?).unwrap_or_default().to_owned(),
            to: shown(&row.text(1)?).unwrap_or_default().to_owned(),
            conversations: row.count(2)?,
            flows: row.count(3)?,
            bytes: row.count(4)?,
            protocols: most_frequent(counts.collect()),
            last_seen: row.time(5)?,
        });
    }
    Ok(in_order(links))
}

/// The names of protocols that a link was ever made of.
async fn protocols(session: &mut Session) -> Result<HashMap<i64, String>, StoreError> {
    let text = "SELECT l.id, l.name FROM label l WHERE EXISTS (SELECT 1 FROM conversation c WHERE c.protocol = l.id)";
    session.fetch(Sql::new(text)).await?.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// From the conversations with most bytes.
async fn drawn(
    database: &Database,
    session: &mut Session,
    list: &LinkList,
    everything: bool,
    limit: usize,
) -> Result<Vec<Link>, StoreError> {
    let all = everything && list.devices.sites.is_none();
    let few = if all { None } else { few(database, session, list).await? };
    let first = list.since.map(|since| since.as_nanos().div_euclid(DAY));
    let days = first.map_or(1, |first| {
        list.devices.now.as_nanos().div_euclid(DAY).saturating_sub(first).clamp(0, 400) + 1
    });
    let most = if list.since.is_some() { (DAYS_READ / days).clamp(DRAWN_AT_LEAST, DRAWN) } else { DRAWN };
    let mut sql = Sql::default();
    match first {
        Some(first) => leaps("conversation_day", first, &mut sql),
        None => {
            sql.push("WITH ");
        }
    }
    if !all {
        sql.push("m (id) AS (SELECT d.id FROM device d WHERE ");
        condition(&list.devices, database.lookup(), &mut sql)?;
        sql.push("), ");
    }
    sql.push("c AS (");
    match few {
        Some(count) => of_devices(session.is_sqlite(), most, count, list, &mut sql),
        None => of_all(most, all, list, &mut sql),
    }
    sql.push("), ");
    let counted = if first.is_some() {
        sql.push(
            "y AS (SELECT c.id AS id, SUM(h.flows) AS flows, SUM(h.bytes) AS bytes FROM k CROSS JOIN c \
             CROSS JOIN conversation_day h WHERE h.bucket = k.bucket AND h.conversation = c.id GROUP BY c.id), ",
        );
        "y.flows) AS flows, SUM(y.bytes) AS bytes, MAX(c.last) AS last FROM c JOIN y ON y.id = c.id"
    } else {
        "c.flows) AS flows, SUM(c.bytes) AS bytes, MAX(c.last) AS last FROM c"
    };
    sql.push(&format!(
        "p AS (SELECT c.originator AS a, c.responder AS b, c.protocol AS protocol, COUNT(*) AS conversations, \
         SUM({counted} GROUP BY c.originator, c.responder, c.protocol), "
    ));
    // Single devices are named when it is known which links are shown.
    let (group, names) = match list.group {
        NodeGroup::Device => (
            "g AS (SELECT p.* FROM p), ".to_owned(),
            (
                "(SELECT d.uid FROM device d WHERE d.id = g.a)",
                "(SELECT d.uid FROM device d WHERE d.id = g.b)",
            ),
        ),
        other => (
            format!(
                "g AS (SELECT {} AS a, {} AS b, p.protocol AS protocol, SUM(p.conversations) AS conversations, \
                 SUM(p.flows) AS flows, SUM(p.bytes) AS bytes, MAX(p.last) AS last FROM p \
                 JOIN device o ON o.id = p.a JOIN device r ON r.id = p.b GROUP BY 1, 2, 3), ",
                node(other, "o"),
                node(other, "r")
            ),
            ("g.a", "g.b"),
        ),
    };
    sql.push(&group);
    sql.push(&format!(
        "w AS (SELECT g.a AS a, g.b AS b, SUM(g.bytes) AS total FROM g GROUP BY g.a, g.b ORDER BY 3 DESC, 1, 2 \
         LIMIT {limit}) SELECT {}, {}, l.name, CAST(g.conversations AS BIGINT), CAST(g.flows AS BIGINT), \
         CAST(g.bytes AS BIGINT), g.last FROM w JOIN g ON g.a = w.a AND g.b = w.b JOIN label l ON l.id = g.protocol",
        names.0, names.1
    ));
    fold(&session.fetch(sql).await?, list.group)
}

/// What devices are drawn together by.
fn node(group: NodeGroup, device: &str) -> String {
    match group {
        NodeGroup::Device => format!("{device}.uid"),
        NodeGroup::Category => format!("{device}.category"),
        NodeGroup::Group => format!("{device}.grp"),
        NodeGroup::Site => format!("{device}.site_key"),
        NodeGroup::Vendor => format!("{device}.vendor"),
        NodeGroup::Place => format!("{device}.place"),
        NodeGroup::Vlan => format!("COALESCE(CAST({device}.vlan AS TEXT), '')"),
    }
}

/// How many devices are asked for, where these are few.
async fn few(database: &Database, session: &mut Session, list: &LinkList) -> Result<Option<i64>, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM device d WHERE ");
    condition(&list.devices, database.lookup(), &mut sql)?;
    sql.push(&format!(" LIMIT {}) n", FEW + 1));
    let count = session.first(sql).await?.map_or(Ok(0), |row| row.int(0))?;
    Ok((count <= FEW).then_some(count))
}

const COLUMNS: &str = "c.id, c.originator, c.responder, c.protocol, c.flows, c.bytes, c.last";

/// Conversations of all devices with most bytes, or those of them in which a device of the list takes part.
fn of_all(most: i64, all: bool, list: &LinkList, sql: &mut Sql) {
    sql.push(&format!(
        "SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM conversation c ORDER BY c.bytes DESC, c.id DESC LIMIT {most}) c \
         WHERE 1 = 1"
    ));
    if !all {
        sql.push(" AND (c.originator IN (SELECT m.id FROM m) OR c.responder IN (SELECT m.id FROM m))");
    }
    since(list, sql);
}

/// Conversations of few devices: of each, those with most bytes.
fn of_devices(sqlite: bool, most: i64, count: i64, list: &LinkList, sql: &mut Sql) {
    let each = most / count.max(1);
    for (number, (end, other)) in
        [("originator", ""), ("responder", " AND c.originator NOT IN (SELECT m.id FROM m)")]
            .iter()
            .enumerate()
    {
        sql.push(if number > 0 { " UNION ALL " } else { "" });
        let largest = format!("WHERE x.{end} = m.id ORDER BY x.bytes DESC, x.id DESC LIMIT {each}");
        if sqlite {
            sql.push(&format!(
                "SELECT {COLUMNS} FROM m CROSS JOIN conversation c WHERE c.id IN \
                 (SELECT x.id FROM conversation x {largest}){other}"
            ));
        } else {
            sql.push(&format!(
                "SELECT {COLUMNS} FROM m CROSS JOIN LATERAL (SELECT x.* FROM conversation x {largest}) c WHERE 1 = 1{other}"
            ));
        }
        since(list, sql);
    }
}

fn since(list: &LinkList, sql: &mut Sql) {
    if let Some(since) = list.since {
        sql.push(" AND c.last >= ").bind(since);
    }
}

/// A link, with the conversations of each of its protocols.
type Counted = (Link, Vec<(u64, String)>);

/// From a row a protocol to a link.
fn fold(rows: &[Row], group: NodeGroup) -> Result<Vec<Link>, StoreError> {
    let name = |text: String| match group {
        NodeGroup::Device | NodeGroup::Vlan => text,
        _ => shown(&text).unwrap_or_default().to_owned(),
    };
    let mut links: HashMap<(String, String), Counted> = HashMap::new();
    for row in rows {
        let end = |column| Ok::<_, StoreError>(name(row.maybe_text(column)?.unwrap_or_default()));
        let (from, to) = (end(0)?, end(1)?);
        let (conversations, last_seen) = (row.count(3)?, row.time(6)?);
        let (link, protocols) = links.entry((from.clone(), to.clone())).or_insert_with(|| {
            let link =
                Link { from, to, conversations: 0, flows: 0, bytes: 0, protocols: Vec::new(), last_seen };
            (link, Vec::new())
        });
        link.conversations = link.conversations.saturating_add(conversations);
        link.flows = link.flows.saturating_add(row.count(4)?);
        link.bytes = link.bytes.saturating_add(row.count(5)?);
        link.last_seen = link.last_seen.max(last_seen);
        protocols.push((conversations, row.text(2)?));
    }
    let named = |(mut link, protocols): Counted| {
        link.protocols = most_frequent(protocols);
        link
    };
    Ok(in_order(links.into_values().map(named).collect()))
}

fn most_frequent(mut protocols: Vec<(u64, String)>) -> Vec<String> {
    protocols.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    protocols.into_iter().take(PROTOCOLS).map(|(_, name)| name).collect()
}

fn in_order(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
    links
}
