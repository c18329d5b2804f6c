//! Pages of conversations.

use std::collections::HashMap;

use medward_model::{Conversation, DeviceId};
use medward_monitor::{ConversationList, ConversationRow, Direction, Page, StoreError};

use crate::columns::{scope_name, shown, transport};
use crate::cursor;
use crate::engine::Session;
use crate::ingest::find_device;
use crate::search::sites;
use crate::sql::Sql;
use crate::{Database, sql::Row};

/// What the list is ordered by; the number decides where that is equal.
const BY_TIME: [&str; 3] = ["c.last", "c.bytes", "c.id"];
const BY_VOLUME: [&str; 3] = ["c.bytes", "c.id", "c.id"];

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
        if list.by_volume { "volume" } else { "time" },
        list.direction
    );
    let at: Option<(i64, i64, i64)> =
        list.page.cursor.as_deref().map(|cursor| cursor::read(&name, cursor)).transpose()?;
    let ends: &[&str] = match (device, list.direction) {
        (None, _) => &["1 = 1"],
        (Some(_), Direction::Originated) => &["c.originator = "],
        (Some(_), Direction::Answered) => &["c.responder = "],
        (Some(_), Direction::Either) => {
            &["c.originator = ", "c.originator <> c.responder AND c.responder = "]
        }
    };
    let columns = order.join(", ");
    let sorted = order.map(|column| format!("{column} DESC")).join(", ");
    let mut sql = Sql::default();
    for (number, end) in ends.iter().enumerate() {
        if number > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push(&format!(
            "SELECT * FROM (SELECT {} AS a, {} AS b, {} AS id FROM conversation c WHERE ",
            order[0], order[1], order[2]
        ));
        sql.push(end);
        if let Some(key) = device {
            sql.bind(key);
        }
        filter(list, &mut sql);
        if let Some((a, b, id)) = at {
            sql.push(&format!(" AND ({columns}) < ("));
            sql.bind(a).push(", ").bind(b).push(", ").bind(id).push(")");
        }
        sql.push(&format!(" ORDER BY {sorted} LIMIT {}) u{number}", limit + 1));
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

fn filter(list: &ConversationList, sql: &mut Sql) {
    if list.sites.is_some() {
        sql.push(" AND ");
        sites(list.sites.as_deref(), "c.site", sql);
    }
    if let Some(since) = list.since {
        sql.push(" AND c.last >= ").bind(since);
    }
    if let Some(protocol) = &list.protocol {
        sql.push(" AND c.protocol = (SELECT l.id FROM label l WHERE l.name = ")
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
