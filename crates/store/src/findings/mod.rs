//! Findings: kept by device, shared by kind, told once.

mod list;
mod put;
mod tell;

use async_trait::async_trait;
use medward_model::{DeviceId, Timestamp};
use medward_monitor::{
    FindingCounts, FindingList, FindingRow, Findings, JudgedDevice, Page, StoreError, TopicRow, Unjudged,
};

use crate::Database;
use crate::cursor;
use crate::packing::unpack;
use crate::sql::Sql;

pub(crate) use put::keep;

/// Devices that are not judged with the knowledge of that stamp. Two ranges, since both databases look them up.
const UNJUDGED: &str = "(d.judged < $1 OR d.judged > $1)";

#[async_trait]
impl Findings for Database {
    async fn unjudged(&self, stamp: i64, limit: u32) -> Result<Vec<Unjudged>, StoreError> {
        let limit = cursor::bounded(limit, 1000)?;
        let mut session = self.engine.reader().await?;
        let rows = session
            .fetch(Sql::with(
                &format!(
                    "SELECT d.uid, d.version, b.document FROM device d \
                     LEFT JOIN device_body b ON b.device = d.id WHERE {UNJUDGED} LIMIT {limit}"
                ),
                [stamp.into()],
            ))
            .await?;
        rows.iter()
            .map(|row| {
                let device = DeviceId(row.text(0)?);
                let document = match row.maybe_blob(2)? {
                    Some(body) => serde_json::from_slice(&unpack(&body)?)
                        .map_err(|error| StoreError::Corrupt(format!("device {device}: {error}")))?,
                    None => serde_json::Value::Null,
                };
                Ok(Unjudged { device, version: row.count(1)?, document })
            })
            .collect()
    }

    async fn count_unjudged(&self, stamp: i64) -> Result<u64, StoreError> {
        let mut session = self.engine.reader().await?;
        let text = format!("SELECT COUNT(*) FROM device d WHERE {UNJUDGED}");
        session.first(Sql::with(&text, [stamp.into()])).await?.map_or(Ok(0), |row| row.count(0))
    }

    async fn put_findings(&self, judged: &[JudgedDevice]) -> Result<(), StoreError> {
        let mut session = self.engine.writer().await?;
        put::put(&mut session, judged).await?;
        session.commit().await
    }

    async fn tell_findings(&self, now: Timestamp) -> Result<(u64, usize), StoreError> {
        tell::tell(self, now).await
    }

    async fn findings(&self, list: &FindingList) -> Result<Page<FindingRow>, StoreError> {
        list::page(self, list).await
    }

    async fn topics(&self, list: &FindingList) -> Result<Page<TopicRow>, StoreError> {
        list::topics(self, list).await
    }

    async fn count_findings(&self, list: &FindingList) -> Result<FindingCounts, StoreError> {
        list::count(self, list).await
    }

    async fn finding(&self, id: &str) -> Result<Option<FindingRow>, StoreError> {
        list::one(self, id).await
    }
}
