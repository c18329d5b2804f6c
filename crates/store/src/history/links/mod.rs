//! Who talks to whom, for the map.
//!
//! What is asked of all devices by group is read from sums that are kept while conversations are written. What is asked of
//! single devices, of places, or of a search is drawn from the conversations with most bytes, at most some thousands, so that the
//! answer takes as long with ten million of them as with one hundred thousand.

mod drawn;

use std::collections::HashMap;

use medward_monitor::{Link, LinkList, StoreError};
use medward_query::{Field, Node};

use crate::Database;
use crate::columns::shown;
use crate::cursor::bounded;
use crate::ingest::{HOUR, HOURS_BACK, link_kind};
use crate::search::sites;
use crate::session::Session;
use crate::sql::Sql;

/// Protocols that are named of a link.
const PROTOCOLS: usize = 5;

pub(super) async fn links(database: &Database, list: &LinkList) -> Result<Vec<Link>, StoreError> {
    let limit = bounded(list.limit, 20_000)?;
    let mut session = database.engine.snapshot().await?;
    match link_kind(list.group) {
        Some(kind) if is_everything(list.devices.query.root()) => {
            summed(&mut session, list, kind, limit).await
        }
        _ => drawn::links(database, &mut session, list, limit).await,
    }
}

/// True where no link is left out: groups (multicast) talk to nobody, so that the other end of their links is a device.
fn is_everything(node: &Node) -> bool {
    match node {
        Node::And(parts) => parts.iter().all(is_everything),
        Node::Not(inner) => {
            matches!(&**inner, Node::Text { field: Field::Scope, value } if value == "multicast")
        }
        _ => false,
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

fn most_frequent(mut protocols: Vec<(u64, String)>) -> Vec<String> {
    protocols.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    protocols.into_iter().take(PROTOCOLS).map(|(_, name)| name).collect()
}

fn in_order(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
    links
}
