//! Asking what happened.

mod conversations;
mod events;
mod links;
mod places;
mod usage;
mod volume;

use async_trait::async_trait;
use medward_model::{DeviceId, Timestamp};
use medward_monitor::{
    AttributeChange, BucketSize, ConversationList, ConversationRow, Coverage, Event, EventList, History,
    Link, LinkList, Page, SensorState, Stay, StoreError, UseBucket, UseList, UseRow, VolumePoint,
};

use crate::Database;
use crate::ingest::find_device;
use crate::sql::{Sql, json};

/// Most rows of what a device had or was.
const MOST: usize = 1000;

#[async_trait]
impl History for Database {
    async fn conversations(&self, list: &ConversationList) -> Result<Page<ConversationRow>, StoreError> {
        conversations::page(self, list).await
    }

    async fn links(&self, list: &LinkList) -> Result<Vec<Link>, StoreError> {
        links::links(self, list).await
    }

    async fn volume(
        &self,
        device: Option<&DeviceId>,
        sites: Option<&[String]>,
        from: Timestamp,
        until: Timestamp,
        bucket: BucketSize,
    ) -> Result<Vec<VolumePoint>, StoreError> {
        volume::volume(self, device, sites, from, until, bucket).await
    }

    async fn activity(
        &self,
        device: &DeviceId,
        from: Timestamp,
        until: Timestamp,
        bucket: BucketSize,
    ) -> Result<Vec<UseBucket>, StoreError> {
        volume::activity(self, device, from, until, bucket).await
    }

    async fn usage(&self, list: &UseList) -> Result<Page<UseRow>, StoreError> {
        usage::page(self, list).await
    }

    async fn attributes(&self, device: &DeviceId) -> Result<Vec<AttributeChange>, StoreError> {
        let mut session = self.engine.reader().await?;
        let Some(key) = find_device(&mut session, device).await? else { return Ok(Vec::new()) };
        let rows = session
            .fetch(Sql::with(
                &format!(
                    "SELECT d.uid, h.attribute, h.value, h.confidence, h.because, h.at FROM attribute_history h \
                     JOIN device d ON d.id = h.device WHERE h.device = $1 ORDER BY h.at DESC, h.id DESC LIMIT {MOST}"
                ),
                [key.into()],
            ))
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AttributeChange {
                    device: DeviceId(row.text(0)?),
                    attribute: row.text(1)?,
                    value: row.maybe_text(2)?,
                    confidence: row.real(3)?,
                    because: row.text(4)?,
                    at: row.time(5)?,
                })
            })
            .collect()
    }

    async fn stays(&self, device: &DeviceId) -> Result<Vec<Stay>, StoreError> {
        places::stays(self, device).await
    }

    async fn visitors(
        &self,
        place: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Stay>, StoreError> {
        places::visitors(self, place, from, until).await
    }

    async fn events(&self, list: &EventList) -> Result<Page<Event>, StoreError> {
        events::page(self, list).await
    }

    async fn sensors(&self) -> Result<Vec<SensorState>, StoreError> {
        let mut session = self.engine.reader().await?;
        let text = "SELECT n.body FROM sensor n JOIN site s ON s.id = n.site ORDER BY s.name, n.name";
        session.fetch(Sql::new(text)).await?.iter().map(|row| json(&row.text(0)?)).collect()
    }

    async fn coverage(&self, site: &str) -> Result<Coverage, StoreError> {
        places::coverage(self, site).await
    }
}
