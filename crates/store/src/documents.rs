//! Small documents.

use async_trait::async_trait;
use medward_model::Timestamp;
use medward_monitor::{Document, Documents, StoreError};

use crate::Database;
use crate::engine::Claim;
use crate::sql::{Row, Sql, Value, json, to_json};

const COLUMNS: &str = "SELECT kind, id, version, changed, expires, body FROM document";

fn read(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        kind: row.text(0)?,
        id: row.text(1)?,
        body: json(&row.text(5)?)?,
        version: row.count(2)?,
        changed: row.time(3)?,
        expires: row.maybe_time(4)?,
    })
}

#[async_trait]
impl Documents for Database {
    async fn document(&self, kind: &str, id: &str, now: Timestamp) -> Result<Option<Document>, StoreError> {
        let mut session = self.engine.reader().await?;
        let text = format!("{COLUMNS} WHERE kind = $1 AND id = $2 AND (expires IS NULL OR expires > $3)");
        let found = session.first(Sql::with(&text, [kind.into(), id.into(), now.into()])).await?;
        found.as_ref().map(read).transpose()
    }

    async fn documents(&self, kind: &str, now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let mut session = self.engine.reader().await?;
        let text = format!("{COLUMNS} WHERE kind = $1 AND (expires IS NULL OR expires > $2) ORDER BY id");
        let rows = session.fetch(Sql::with(&text, [kind.into(), now.into()])).await?;
        rows.iter().map(read).collect()
    }

    async fn put_document(
        &self,
        kind: &str,
        id: &str,
        body: &serde_json::Value,
        expected: Option<u64>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut session = self.engine.writer_of(Claim::Apart("document")).await?;
        let found = session
            .first(Sql::with(
                "SELECT version FROM document WHERE kind = $1 AND id = $2 AND (expires IS NULL OR expires > $3)",
                [kind.into(), id.into(), now.into()],
            ))
            .await?;
        let found = found.map(|row| row.count(0)).transpose()?.unwrap_or(0);
        if let Some(expected) = expected
            && expected != found
        {
            return Err(StoreError::Conflict { expected, found });
        }
        let version = found.saturating_add(1);
        session
            .execute(Sql::with(
                "INSERT INTO document (kind, id, version, changed, expires, body) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, changed = excluded.changed, \
                 expires = excluded.expires, body = excluded.body",
                [
                    kind.into(),
                    id.into(),
                    version.into(),
                    now.into(),
                    Value::Int(expires.map(Timestamp::as_nanos)),
                    to_json(body)?.into(),
                ],
            ))
            .await?;
        session.commit().await?;
        Ok(version)
    }

    async fn delete_document(&self, kind: &str, id: &str) -> Result<bool, StoreError> {
        let mut session = self.engine.writer_of(Claim::Apart("document")).await?;
        let removed = session
            .execute(Sql::with("DELETE FROM document WHERE kind = $1 AND id = $2", [kind.into(), id.into()]))
            .await?;
        session.commit().await?;
        Ok(removed > 0)
    }

    async fn expire_documents(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.engine.writer_of(Claim::Apart("document")).await?;
        let removed =
            session.execute(Sql::with("DELETE FROM document WHERE expires <= $1", [now.into()])).await?;
        session.commit().await?;
        Ok(removed)
    }
}
