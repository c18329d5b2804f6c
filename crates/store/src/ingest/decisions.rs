//! What people decided about identities: kept for good, undone on record.

use medward_model::Timestamp;
use medward_monitor::{DecisionRecord, StoreError};

use super::happened::next_number;
use super::site_key;
use crate::Database;
use crate::engine::Claim;
use crate::session::Session;
use crate::sql::{Sql, json, to_json};

pub(super) async fn keep(database: &Database, record: &DecisionRecord) -> Result<u64, StoreError> {
    let mut session = database.engine.writer_of(Claim::Apart("decision")).await?;
    let site = site_key(&mut session, &record.site).await?;
    let number = next_number(&mut session, "decision", 1).await?;
    session
        .execute(Sql::with(
            "INSERT INTO decision (number, site, at, who, reason, body) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                number.into(),
                site.into(),
                record.at.into(),
                record.by.as_str().into(),
                record.reason.as_str().into(),
                to_json(&record.decision)?.into(),
            ],
        ))
        .await?;
    session.commit().await?;
    Ok(u64::try_from(number).unwrap_or(0))
}

pub(super) async fn undo(
    database: &Database,
    number: u64,
    by: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut session = database.engine.writer_of(Claim::Apart("decision")).await?;
    let found = session
        .first(Sql::with("SELECT undone_by FROM decision WHERE number = $1", [number.into()]))
        .await?
        .ok_or_else(|| StoreError::Missing { what: "decision", id: number.to_string() })?;
    if let Some(before) = found.maybe_text(0)? {
        return Err(StoreError::Refused(format!("decision {number} was undone already, by {before}")));
    }
    session
        .execute(Sql::with(
            "UPDATE decision SET undone_by = $2, undone_at = $3 WHERE number = $1",
            [number.into(), by.into(), at.into()],
        ))
        .await?;
    session.commit().await
}

/// A decision, and by whom and when it was undone.
type Decided = (DecisionRecord, Option<(String, Timestamp)>);

pub(super) async fn of_site(session: &mut Session, site: &str) -> Result<Vec<Decided>, StoreError> {
    let rows = session
        .fetch(Sql::with(
            "SELECT number, at, who, reason, body, undone_by, undone_at FROM decision \
             WHERE site = (SELECT id FROM site WHERE name = $1) ORDER BY number",
            [site.into()],
        ))
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let record = DecisionRecord {
            number: row.count(0)?,
            site: site.to_owned(),
            decision: json(&row.text(4)?)?,
            by: row.text(2)?,
            at: row.time(1)?,
            reason: row.text(3)?,
        };
        let undone = match (row.maybe_text(5)?, row.maybe_time(6)?) {
            (Some(by), Some(at)) => Some((by, at)),
            _ => None,
        };
        all.push((record, undone));
    }
    Ok(all)
}
