//! Who talks to whom, for the map.

use std::collections::HashMap;

use medward_monitor::{Link, LinkList, NodeGroup, StoreError};
use medward_query::Node;

use crate::Database;
use crate::columns::shown;
use crate::cursor::bounded;
use crate::ingest::HOUR;
use crate::search::condition;
use crate::sql::{Row, Sql};
use crate::terms::VLAN;

/// Protocols that are named of a link.
const PROTOCOLS: usize = 5;

/// So far back, hours are asked and not days.
const HOURS_BACK: i64 = 72;

/// The node of a device `d`.
fn node(group: NodeGroup) -> String {
    match group {
        NodeGroup::Device => "d.uid".to_owned(),
        NodeGroup::Category => "d.category".to_owned(),
        NodeGroup::Group => "d.grp".to_owned(),
        NodeGroup::Site => "d.site_key".to_owned(),
        NodeGroup::Vendor => "d.vendor".to_owned(),
        NodeGroup::Place => "d.place".to_owned(),
        NodeGroup::Vlan => format!(
            "COALESCE((SELECT MIN(t.shown) FROM device_term x JOIN term t ON t.id = x.term \
             WHERE x.device = d.id AND t.field = {VLAN}), '')"
        ),
    }
}

pub(super) async fn links(database: &Database, list: &LinkList) -> Result<Vec<Link>, StoreError> {
    let limit = bounded(list.limit, 20_000)?;
    let all = list.devices.sites.is_none() && *list.devices.query.root() == Node::And(Vec::new());
    let mut sql = Sql::new("WITH ");
    if !all {
        sql.push("m (id) AS (SELECT d.id FROM device d WHERE ");
        condition(&list.devices, database.lookup(), &mut sql)?;
        sql.push("), ");
    }
    // First by pairs of devices, so that names are looked up once a pair.
    let counts = if list.since.is_some() { "y" } else { "c" };
    sql.push(&format!(
        "p AS (SELECT c.originator AS a, c.responder AS b, c.protocol AS protocol, COUNT(*) AS conversations, \
         SUM({counts}.flows) AS flows, SUM({counts}.bytes) AS bytes, MAX(c.last) AS last FROM "
    ));
    match list.since {
        None => {
            sql.push("conversation c WHERE 1 = 1");
        }
        Some(since) => {
            let hour = since.as_nanos().div_euclid(HOUR);
            let hours = list.devices.now.as_nanos().div_euclid(HOUR).saturating_sub(hour) <= HOURS_BACK;
            let (table, bucket) =
                if hours { ("conversation_hour", hour) } else { ("conversation_day", hour.div_euclid(24)) };
            sql.push(&format!(
                "(SELECT h.conversation AS id, SUM(h.flows) AS flows, SUM(h.bytes) AS bytes FROM {table} h \
                 WHERE h.bucket >= "
            ));
            sql.bind(bucket);
            sql.push(" GROUP BY h.conversation) y JOIN conversation c ON c.id = y.id WHERE c.last >= ")
                .bind(since);
        }
    }
    if !all {
        sql.push(" AND (c.originator IN (SELECT m.id FROM m) OR c.responder IN (SELECT m.id FROM m))");
    }
    sql.push(" GROUP BY c.originator, c.responder, c.protocol), ");
    sql.push("n (id, node) AS (SELECT d.id, ").push(&node(list.group)).push(" FROM device d), ");
    sql.push(
        "g AS (SELECT o.node AS a, r.node AS b, p.protocol AS protocol, SUM(p.conversations) AS conversations, \
         SUM(p.flows) AS flows, SUM(p.bytes) AS bytes, MAX(p.last) AS last FROM p JOIN n o ON o.id = p.a \
         JOIN n r ON r.id = p.b GROUP BY o.node, r.node, p.protocol), \
         w AS (SELECT a, b, SUM(bytes) AS total FROM g GROUP BY a, b ORDER BY 3 DESC, 1, 2 LIMIT ",
    );
    sql.push(&limit.to_string());
    sql.push(
        ") SELECT g.a, g.b, l.name, CAST(g.conversations AS BIGINT), CAST(g.flows AS BIGINT), \
         CAST(g.bytes AS BIGINT), g.last FROM w JOIN g ON g.a = w.a AND g.b = w.b JOIN label l ON l.id = g.protocol",
    );
    let mut session = database.engine.reader().await?;
    fold(&session.fetch(sql).await?, list.group)
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
        let (from, to) = (name(row.text(0)?), name(row.text(1)?));
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
    let mut links: Vec<Link> = links
        .into_values()
        .map(|(mut link, mut protocols)| {
            protocols.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            link.protocols = protocols.into_iter().take(PROTOCOLS).map(|(_, name)| name).collect();
            link
        })
        .collect();
    links.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
    Ok(links)
}
