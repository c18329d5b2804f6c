//! Pages of events.

use medward_model::DeviceId;
use medward_monitor::{Event, EventList, Page, StoreError};

use crate::Database;
use crate::columns::{event_kind, event_kind_code, severity, severity_code};
use crate::cursor;
use crate::search::site_numbers;
use crate::sql::{Row, Sql, json};

fn read(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        number: row.count(0)?,
        at: row.time(1)?,
        site: row.text(2)?,
        kind: event_kind(row.int(3)?)?,
        severity: severity(row.int(4)?)?,
        device: row.maybe_text(5)?.map(DeviceId),
        title: row.text(6)?,
        details: json(&row.text(7)?)?,
    })
}

pub(super) async fn page(database: &Database, list: &EventList) -> Result<Page<Event>, StoreError> {
    let limit = cursor::bounded(list.limit, 1000)?;
    let mut session = database.engine.snapshot().await?;
    let mut sql = Sql::new(
        "SELECT e.number, e.at, s.name, e.kind, e.severity, e.device, e.title, e.details FROM event e \
         JOIN site s ON s.id = e.site WHERE 1 = 1",
    );
    if let Some(device) = &list.device {
        // Events of what became part of another moved there.
        let moved = session
            .first(Sql::with("SELECT new FROM redirect WHERE old = $1", [device.0.as_str().into()]))
            .await?;
        let id = match moved {
            Some(row) => row.text(0)?,
            None => device.0.clone(),
        };
        sql.push(" AND e.device = ").bind(id);
    }
    // As numbers: those of one site are found in their order.
    if let Some(sites) = site_numbers(&mut session, list.sites.as_deref()).await? {
        sql.push(" AND e.site IN ").numbers(sites);
    }
    if !list.kinds.is_empty() {
        sql.push(" AND e.kind IN ").numbers(list.kinds.iter().map(|kind| event_kind_code(*kind)));
    }
    if let Some(least) = list.severity {
        sql.push(" AND e.severity >= ").bind(severity_code(least));
    }
    if let Some(from) = list.from {
        sql.push(" AND e.at >= ").bind(from);
    }
    if let Some(until) = list.until {
        sql.push(" AND e.at < ").bind(until);
    }
    let (name, order) = match list.after {
        Some(after) => {
            sql.push(" AND e.number > ").bind(after);
            ("events after", "ASC")
        }
        None => ("events", "DESC"),
    };
    if let Some(at) = &list.cursor {
        let number: i64 = cursor::read(name, at)?;
        sql.push(if order == "ASC" { " AND e.number > " } else { " AND e.number < " }).bind(number);
    }
    sql.push(&format!(" ORDER BY e.number {order} LIMIT {}", limit + 1));
    let rows = session.fetch(sql).await?;
    let items = rows.iter().take(limit).map(read).collect::<Result<Vec<_>, _>>()?;
    let next = match items.last() {
        Some(last) if rows.len() > limit => Some(cursor::write(name, &last.number)?),
        _ => None,
    };
    Ok(Page { items, next })
}
