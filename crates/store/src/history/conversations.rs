//! Pages of conversations.

use std::collections::HashMap;

use medward_model::{Conversation, DeviceId};
use medward_monitor::{ConversationList, ConversationRow, Direction, Page, StoreError};

use crate::columns::{scope_name, shown, transport};
use crate::cursor;
use crate::ingest::{DAY, find_device};
use crate::search::sites;
use crate::session::Session;
use crate::sql::Sql;
use crate::{Database, sql::Row};

/// What the list is ordered by; the number decides where that is equal.
const BY_TIME: [&str; 3] = ["c.last", "c.id", "c.id"];
const BY_VOLUME: [&str; 3] = ["c.bytes", "c.id", "c.id"];

/// Up to so many conversations are gathered and put in order; more are found soon by walking all in that order.
const GATHERED: i64 = 20_000;

/// How the conversations asked for are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By an index of what they have in common; then they are put in order.
    Gather,
    /// In the order of the list, looking at each.
    Walk,
    /// By an index that holds them in that order.
    Follow,
}

/// A part of the list: conversations that have this in common.
struct Part {
    /// Column, and the value that it has.
    common: Option<(&'static str, i64)>,
    /// What keeps the parts apart.
    but: &'static str,
    way: Way,
    /// None of them is later than this.
    latest: Option<i64>,
}

pub(super) async fn page(
    database: &Database,
    list: &ConversationList,
) -> Result<Page<ConversationRow>, StoreError> {
    let limit = cursor::limit(&list.page)?;
    let mut session = database.engine.snapshot().await?;
    let device = match &list.device {
        Some(id) => match find_device(&mut session, id).await? {
            Some(key) => Some(key),
            None => return Ok(Page { items: Vec::new(), next: None }),
        },
        None => None,
    };
    let order = if list.by_volume { BY_VOLUME } else { BY_TIME };
    let name = format!(
        "conversations {} {:?} {device:?}",
        if list.by_volume { "volume" } else { "recent" },
        list.direction
    );
    let at: Option<(i64, i64, i64)> =
        list.page.cursor.as_deref().map(|cursor| cursor::read(&name, cursor)).transpose()?;
    let parts = match device {
        Some(device) => of_device(&mut session, list, device).await?,
        None => vec![of_all(&mut session, list).await?],
    };
    let mut sql = Sql::default();
    for (number, part) in parts.iter().enumerate() {
        sql.push(if number > 0 { " UNION ALL " } else { "" });
        push(part, list, order, at, limit + 1, &mut sql);
        sql.push(&format!(" u{number}"));
    }
    sql.push(&format!(" ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT {}", limit + 1));
    let mut found = session
        .fetch(sql)
        .await?
        .iter()
        .map(|row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = match found.last() {
        Some(last) if more => Some(cursor::write(&name, last)?),
        _ => None,
    };
    let keys: Vec<i64> = found.iter().map(|(_, _, id)| *id).collect();
    Ok(Page { items: rows(&mut session, &keys).await?, next })
}

/// Adds `SELECT * FROM (the first so many of a part)`.
fn push(
    part: &Part,
    list: &ConversationList,
    order: [&str; 3],
    at: Option<(i64, i64, i64)>,
    limit: usize,
    sql: &mut Sql,
) {
    // Where a column is part of a sum, no index is taken for it.
    let (ordered, plain) = match part.way {
        Way::Gather => (format!("({} + 0)", order[0]), ""),
        Way::Walk => (order[0].to_owned(), " + 0"),
        Way::Follow => (order[0].to_owned(), ""),
    };
    sql.push(&format!(
        "SELECT * FROM (SELECT {} AS a, {} AS b, {} AS id FROM conversation c WHERE 1 = 1{}",
        order[0], order[1], order[2], part.but
    ));
    if let Some((column, value)) = part.common {
        sql.push(&format!(" AND {column}{plain} = ")).bind(value);
    }
    if let Some(latest) = part.latest {
        sql.push(" AND c.last <= ").bind(latest);
    }
    filter(list, sql);
    if let Some((a, b, id)) = at {
        sql.push(&format!(" AND {ordered} <= ")).bind(a);
        sql.push(&format!(" AND ({ordered}, {}, {}) < (", order[1], order[2]));
        sql.bind(a).push(", ").bind(b).push(", ").bind(id).push(")");
    }
    sql.push(&format!(" ORDER BY {ordered} DESC, {} DESC, {} DESC LIMIT {limit})", order[1], order[2]));
}

/// Those of a device, by which end it is.
async fn of_device(
    session: &mut Session,
    list: &ConversationList,
    device: i64,
) -> Result<Vec<Part>, StoreError> {
    let ends: &[(&str, &str)] = match list.direction {
        Direction::Originated => &[("c.originator", "")],
        Direction::Answered => &[("c.responder", "")],
        Direction::Either => &[("c.originator", ""), ("c.responder", " AND c.originator <> c.responder")],
    };
    let mut parts = Vec::new();
    for (column, but) in ends {
        let common = Some((*column, device));
        let mut part = Part { common, but, way: Way::Gather, latest: None };
        if list.by_volume && *column == "c.responder" {
            part.way = Way::Follow;
        } else if !list.by_volume && common_to_many(session, column, device).await? {
            part.way = Way::Walk;
            part.latest = latest(session, device).await?;
        }
        parts.push(part);
    }
    Ok(parts)
}

/// Where walking back in time may begin: at the end of the last day in which the device had any traffic.
async fn latest(session: &mut Session, device: i64) -> Result<Option<i64>, StoreError> {
    let last = session
        .first(Sql::with(
            "WITH RECURSIVE k (bucket) AS (SELECT MAX(h.bucket) FROM traffic_day h UNION ALL \
             SELECT (SELECT MAX(h.bucket) FROM traffic_day h WHERE h.bucket < k.bucket) FROM k \
             WHERE k.bucket IS NOT NULL) SELECT k.bucket FROM k WHERE EXISTS \
             (SELECT 1 FROM traffic_day h WHERE h.bucket = k.bucket AND h.owner = $1) LIMIT 1",
            [device.into()],
        ))
        .await?;
    let last = last.map(|row| row.int(0)).transpose()?;
    Ok(last.map(|day| day.saturating_add(1).saturating_mul(DAY)))
}

/// Those of all devices: a rare protocol or a small site is gathered.
async fn of_all(session: &mut Session, list: &ConversationList) -> Result<Part, StoreError> {
    let mut part = Part { common: None, but: "", way: Way::Walk, latest: None };
    let mut wanted = Vec::new();
    if let Some(name) = &list.protocol {
        let id =
            session.first(Sql::with("SELECT id FROM label WHERE name = $1", [name.as_str().into()])).await?;
        wanted.push(("c.protocol", id.map_or(Ok(-1), |row| row.int(0))?));
    }
    if let Some([site]) = list.sites.as_deref() {
        let id =
            session.first(Sql::with("SELECT id FROM site WHERE name = $1", [site.as_str().into()])).await?;
        wanted.push(("c.site", id.map_or(Ok(-1), |row| row.int(0))?));
    }
    for (column, value) in wanted {
        if !common_to_many(session, column, value).await? {
            part = Part { common: Some((column, value)), way: Way::Gather, ..part };
            break;
        }
    }
    Ok(part)
}

/// True where more than [`GATHERED`] conversations have it.
async fn common_to_many(session: &mut Session, column: &str, value: i64) -> Result<bool, StoreError> {
    let text = format!(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM conversation c WHERE {column} = $1 LIMIT {}) n",
        GATHERED + 1
    );
    let found = session.first(Sql::with(&text, [value.into()])).await?;
    Ok(found.map_or(Ok(0), |row| row.int(0))? > GATHERED)
}

/// What else is asked for; none of it by an index.
fn filter(list: &ConversationList, sql: &mut Sql) {
    if list.sites.is_some() {
        sql.push(" AND ");
        sites(list.sites.as_deref(), "c.site + 0", sql);
    }
    if let Some(since) = list.since {
        sql.push(" AND c.last >= ").bind(since);
    }
    if let Some(protocol) = &list.protocol {
        sql.push(" AND c.protocol + 0 = (SELECT l.id FROM label l WHERE l.name = ")
            .bind(protocol.as_str())
            .push(")");
    }
}

async fn rows(session: &mut Session, keys: &[i64]) -> Result<Vec<ConversationRow>, StoreError> {
    let mut found = HashMap::with_capacity(keys.len());
    for part in keys.chunks(500) {
        let mut sql = Sql::new(
            "SELECT c.id, o.uid, r.uid, c.transport, c.port, l.name, c.flows, c.packets, c.bytes, c.first, c.last, \
             o.name, r.name, o.scope, r.scope, o.category, r.category FROM conversation c \
             JOIN device o ON o.id = c.originator JOIN device r ON r.id = c.responder \
             JOIN label l ON l.id = c.protocol WHERE c.id IN ",
        );
        sql.numbers(part.iter().copied());
        for row in session.fetch(sql).await? {
            found.insert(row.int(0)?, read(&row)?);
        }
    }
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

fn read(row: &Row) -> Result<ConversationRow, StoreError> {
    let text = |column| Ok::<_, StoreError>(shown(&row.text(column)?).map(str::to_owned));
    Ok(ConversationRow {
        conversation: Conversation {
            originator: DeviceId(row.text(1)?),
            responder: DeviceId(row.text(2)?),
            transport: transport(row.int(3)?)?,
            port: u16::try_from(row.int(4)?).unwrap_or(0),
            protocol: row.text(5)?,
            flows: row.count(6)?,
            packets: row.count(7)?,
            bytes: row.count(8)?,
            first_seen: row.time(9)?,
            last_seen: row.time(10)?,
        },
        originator_name: text(11)?.unwrap_or_default(),
        responder_name: text(12)?.unwrap_or_default(),
        originator_scope: scope_name(row.int(13)?)?.to_owned(),
        responder_scope: scope_name(row.int(14)?)?.to_owned(),
        originator_category: text(15)?,
        responder_category: text(16)?,
    })
}
