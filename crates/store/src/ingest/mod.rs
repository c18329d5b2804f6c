//! Writing a commit: all of it in one transaction.

mod activity;
mod book;
mod conversations;
mod decisions;
mod devices;
mod gone;
mod happened;
mod labels;
mod links;

use async_trait::async_trait;
use medward_model::Timestamp;
use medward_monitor::{Commit, DecisionRecord, Ingest, Receipt, SiteMemory, StoreError};

pub(crate) use book::{find_device, next_change, site_key};
pub(crate) use conversations::{DAY, HOUR};
pub(crate) use devices::write_terms;
pub(crate) use gone::remove;
pub(crate) use happened::next_number;
pub(crate) use links::{HOURS_BACK, kind as link_kind};

use crate::Database;
use crate::engine::{Claim, crossed};
use crate::session::Session;
use crate::sql::{Sql, Value};
use book::Book;

#[async_trait]
impl Ingest for Database {
    async fn load_site(&self, site: &str) -> Result<SiteMemory, StoreError> {
        let mut session = self.engine.snapshot().await?;
        let which = "site = (SELECT id FROM site WHERE name = $1)";
        let entries = session
            .fetch(Sql::with(
                &format!("SELECT part, key, body FROM memory WHERE {which} ORDER BY part, key"),
                [site.into()],
            ))
            .await?
            .iter()
            .map(|row| Ok((u8::try_from(row.int(0)?).unwrap_or(0), row.blob(1)?, row.blob(2)?)))
            .collect::<Result<_, StoreError>>()?;
        let receipts = session
            .fetch(Sql::with(
                &format!("SELECT sensor, epoch, sequence FROM receipt WHERE {which} ORDER BY sensor, epoch"),
                [site.into()],
            ))
            .await?
            .iter()
            .map(|row| {
                Ok(Receipt { sensor: row.text(0)?, epoch: unsigned(row.int(1)?), sequence: row.count(2)? })
            })
            .collect::<Result<_, StoreError>>()?;
        let decisions = decisions::of_site(&mut session, site).await?;
        let decisions =
            decisions.into_iter().filter(|(_, undone)| undone.is_none()).map(|(record, _)| record).collect();
        Ok(SiteMemory { entries, receipts, decisions })
    }

    async fn newest_receipt(&self, site: &str, sensor: &str, epoch: u64) -> Result<Option<u64>, StoreError> {
        let mut session = self.engine.reader().await?;
        let text = "SELECT sequence FROM receipt WHERE site = (SELECT id FROM site WHERE name = $1) AND sensor = $2 \
                    AND epoch = $3";
        let sql = Sql::with(text, [site.into(), sensor.into(), signed(epoch).into()]);
        session.first(sql).await?.map(|row| row.count(0)).transpose()
    }

    async fn sites(&self) -> Result<Vec<String>, StoreError> {
        let mut session = self.engine.reader().await?;
        let rows = session.fetch(Sql::new("SELECT name FROM site ORDER BY name")).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    async fn commit(&self, commit: &Commit) -> Result<u64, StoreError> {
        let mut left = TRIES;
        loop {
            match self.commit_once(commit).await {
                Err(error) if crossed(&error) && left > 0 => left -= 1,
                other => return other,
            }
        }
    }

    async fn decide(&self, record: &DecisionRecord) -> Result<u64, StoreError> {
        decisions::keep(self, record).await
    }

    async fn undo_decision(&self, number: u64, by: &str, at: Timestamp) -> Result<(), StoreError> {
        decisions::undo(self, number, by, at).await
    }

    async fn decisions(
        &self,
        site: &str,
    ) -> Result<Vec<(DecisionRecord, Option<(String, Timestamp)>)>, StoreError> {
        let mut session = self.engine.reader().await?;
        decisions::of_site(&mut session, site).await
    }
}

/// A commit that crossed another is done again so often: two sites may speak of the same device, or of the same new words.
const TRIES: u32 = 5;

impl Database {
    async fn commit_once(&self, commit: &Commit) -> Result<u64, StoreError> {
        let mut session = self.engine.writer_of(Claim::Site(&commit.site)).await?;
        let site = site_key(&mut session, &commit.site).await?;
        receipts(&mut session, site, &commit.receipts).await?;
        let mut book = Book::open(&mut session, site, commit).await?;
        devices::write(&mut session, &mut book, commit).await?;
        for gone in &commit.gone {
            gone::apply(&mut session, &mut book, gone).await?;
        }
        book.stubs(&mut session, commit).await?;
        devices::sightings(&mut session, &book, &commit.sightings).await?;
        conversations::write(&mut session, &book, &commit.conversations).await?;
        activity::write(&mut session, &book, &commit.activity).await?;
        happened::history(&mut session, &book, &commit.history).await?;
        happened::stays(&mut session, &book, &commit.stays).await?;
        happened::sensors(&mut session, &commit.site, &commit.sensors).await?;
        memory(&mut session, site, commit).await?;
        crate::findings::keep(&mut session, &commit.exposures, |id| book.key(id)).await?;
        // Last, since numbers are given one after the other.
        let last = happened::events(&mut session, &book, &commit.events).await?;
        session.commit().await?;
        Ok(last)
    }
}

/// Numbers drawn at random use all 64 bits: they are kept as signed ones with the same bits.
fn unsigned(value: i64) -> u64 {
    u64::from_ne_bytes(value.to_ne_bytes())
}

fn signed(value: u64) -> i64 {
    i64::from_ne_bytes(value.to_ne_bytes())
}

/// Refuses what is contained already, and notes what will be.
async fn receipts(session: &mut Session, site: i64, receipts: &[Receipt]) -> Result<(), StoreError> {
    let mut all_old = !receipts.is_empty();
    for receipt in receipts {
        let stored = session
            .first(Sql::with(
                "SELECT sequence FROM receipt WHERE site = $1 AND sensor = $2 AND epoch = $3",
                [site.into(), receipt.sensor.as_str().into(), signed(receipt.epoch).into()],
            ))
            .await?;
        let stored = stored.map(|row| row.count(0)).transpose()?;
        if stored.is_none_or(|stored| stored < receipt.sequence) {
            all_old = false;
            session
                .execute(Sql::with(
                    "INSERT INTO receipt (site, sensor, epoch, sequence) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (site, sensor, epoch) DO UPDATE SET sequence = excluded.sequence",
                    [
                        site.into(),
                        receipt.sensor.as_str().into(),
                        signed(receipt.epoch).into(),
                        receipt.sequence.into(),
                    ],
                ))
                .await?;
        }
    }
    match receipts.last() {
        Some(last) if all_old => {
            Err(StoreError::AlreadyStored { sensor: last.sensor.clone(), sequence: last.sequence })
        }
        _ => Ok(()),
    }
}

/// What the site remembers.
async fn memory(session: &mut Session, site: i64, commit: &Commit) -> Result<(), StoreError> {
    let last: std::collections::BTreeMap<(u8, &[u8]), Option<&Vec<u8>>> = commit
        .entries
        .iter()
        .map(|entry| ((entry.table, entry.key.as_slice()), entry.body.as_ref()))
        .collect();
    let mut rows = Vec::new();
    for ((table, key), body) in last {
        let part = Value::from(i64::from(table));
        match body {
            Some(body) => rows.push(vec![site.into(), part, key.to_vec().into(), body.clone().into()]),
            None => {
                session
                    .execute(Sql::with(
                        "DELETE FROM memory WHERE site = $1 AND part = $2 AND key = $3",
                        [site.into(), part, key.to_vec().into()],
                    ))
                    .await?;
            }
        }
    }
    session
        .insert(
            "INSERT INTO memory (site, part, key, body)",
            "ON CONFLICT (site, part, key) DO UPDATE SET body = excluded.body",
            rows,
        )
        .await
}
