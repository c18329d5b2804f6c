//! The audit trail.

use async_trait::async_trait;
use medward_monitor::{Audit, AuditEntry, AuditRecord, Page, PageRequest, StoreError};

use crate::Database;
use crate::cursor;
use crate::engine::Claim;
use crate::search::pattern;
use crate::sql::{Row, Sql, json, to_json};

const COLUMNS: &str = "SELECT number, at, who, origin, action, object, outcome, details, hash FROM audit";

fn read(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        number: row.count(0)?,
        entry: AuditEntry {
            at: row.time(1)?,
            who: row.text(2)?,
            from: row.text(3)?,
            action: row.text(4)?,
            object: row.text(5)?,
            outcome: row.text(6)?,
            details: json(&row.text(7)?)?,
        },
        hash: row.text(8)?,
    })
}

/// As it will be read back: the hash is over what is stored. Some numbers change in their own text.
fn as_stored(entry: AuditEntry) -> Result<AuditEntry, StoreError> {
    let clean = |text: String| text.replace('\0', "\u{fffd}");
    let mut details = entry.details;
    for _ in 0..8 {
        let again: serde_json::Value = json(&to_json(&details)?)?;
        if again == details {
            break;
        }
        details = again;
    }
    Ok(AuditEntry {
        at: entry.at,
        who: clean(entry.who),
        from: clean(entry.from),
        action: clean(entry.action),
        object: clean(entry.object),
        outcome: clean(entry.outcome),
        details,
    })
}

#[async_trait]
impl Audit for Database {
    async fn audit(&self, entry: AuditEntry) -> Result<AuditRecord, StoreError> {
        let entry = as_stored(entry)?;
        // The one writer: the next entry is chained when this one is through.
        let mut session = self.engine.writer_of(Claim::Apart("audit")).await?;
        let last =
            session.first(Sql::new("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")).await?;
        let (number, previous) = match last {
            Some(row) => (row.count(0)?, row.text(1)?),
            None => (0, AuditRecord::ORIGIN.to_owned()),
        };
        let record = AuditRecord::chain(&previous, number.saturating_add(1), entry);
        let entry = &record.entry;
        let folded = format!("{}\n{}\n{}", entry.who, entry.action, entry.object).to_lowercase();
        session
            .execute(Sql::with(
                "INSERT INTO audit (number, at, who, origin, action, object, outcome, details, hash, folded) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                [
                    record.number.into(),
                    entry.at.into(),
                    entry.who.as_str().into(),
                    entry.from.as_str().into(),
                    entry.action.as_str().into(),
                    entry.object.as_str().into(),
                    entry.outcome.as_str().into(),
                    to_json(&entry.details)?.into(),
                    record.hash.as_str().into(),
                    folded.into(),
                ],
            ))
            .await?;
        session.commit().await?;
        Ok(record)
    }

    async fn audit_page(&self, text: &str, page: &PageRequest) -> Result<Page<AuditRecord>, StoreError> {
        let limit = cursor::limit(page)?;
        let mut sql = Sql::new(COLUMNS);
        sql.push(" WHERE 1 = 1");
        if !text.is_empty() {
            sql.push(" AND folded LIKE ").bind(pattern(&text.to_lowercase())).push(" ESCAPE '\\'");
        }
        if let Some(at) = &page.cursor {
            let number: i64 = cursor::read("audit", at)?;
            sql.push(" AND number < ").bind(number);
        }
        sql.push(&format!(" ORDER BY number DESC LIMIT {}", limit + 1));
        let mut session = self.engine.reader().await?;
        let rows = session.fetch(sql).await?;
        let items = rows.iter().take(limit).map(read).collect::<Result<Vec<_>, _>>()?;
        let next = match items.last() {
            Some(last) if rows.len() > limit => Some(cursor::write("audit", &last.number)?),
            _ => None,
        };
        Ok(Page { items, next })
    }

    async fn audit_from(&self, number: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let limit = cursor::bounded(limit, 100_000)?;
        let text = format!("{COLUMNS} WHERE number >= $1 ORDER BY number LIMIT {limit}");
        let mut session = self.engine.reader().await?;
        session.fetch(Sql::with(&text, [number.into()])).await?.iter().map(read).collect()
    }
}
