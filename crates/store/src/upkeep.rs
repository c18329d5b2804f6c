//! Health, sizes, and removing what is older than it is to be kept.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use medward_model::{Severity, Timestamp};
use medward_monitor::{Health, Pruned, Retention, SizeOf, Sizes, StoreError, Upkeep};

use crate::Database;
use crate::board::REMEMBERED;
use crate::columns::severity_code;
use crate::engine::Engine;
use crate::ingest::{DAY, HOUR, HOURS_BACK, remove};
use crate::sql::{Sql, Value};

/// Rows that are removed in one transaction: others wait no longer than that takes.
const PORTION: u64 = 5000;

/// What tells links of a bucket apart.
const LINK: &str = "bucket, kind, site, a, b";

/// Days that links by the hour are kept: no longer than they are asked for.
fn link_days(hours: u32) -> u32 {
    let asked = u32::try_from(HOURS_BACK / 24 + 1).unwrap_or(1);
    if hours == 0 { asked } else { hours.min(asked) }
}

/// So long, sizes are told again that took long to count.
const SIZES_KEPT: Duration = Duration::from_mins(10);

/// Counting that takes longer is not done for everybody who asks.
const SIZES_COSTLY: Duration = Duration::from_millis(200);
/// Ranks of findings of medium severity and above are below this ([`medward_monitor::Ruling::rank`]).
const GRAVE_RANKS: i64 = 24;

/// All tables, in an order in which they can be filled.
pub(crate) const TABLES: [&str; 34] = [
    "site",
    "label",
    "activity_kind",
    "counter",
    "device",
    "removed",
    "device_body",
    "annotation",
    "redirect",
    "term",
    "device_term",
    "address",
    "conversation",
    "link_total",
    "link_day",
    "link_hour",
    "conversation_day",
    "traffic_hour",
    "traffic_day",
    "activity_hour",
    "activity_day",
    "use_day",
    "attribute_history",
    "stay",
    "event",
    "ruling",
    "finding",
    "sensor",
    "receipt",
    "memory",
    "decision",
    "document",
    "audit",
    "_sqlx_migrations",
];

#[async_trait]
impl Upkeep for Database {
    async fn health(&self) -> Result<Health, StoreError> {
        let (engine, version) = if self.engine.is_sqlite() {
            ("sqlite", "SELECT sqlite_version()")
        } else {
            ("postgresql", "SELECT current_setting('server_version')")
        };
        let mut session = self.engine.reader().await?;
        let version = session.first(Sql::new(version)).await?.map(|row| row.text(0)).transpose()?;
        let schema = session
            .first(Sql::new("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations"))
            .await?
            .map(|row| row.count(0))
            .transpose()?;
        Ok(Health {
            engine: engine.to_owned(),
            version: version.unwrap_or_default(),
            schema: schema.unwrap_or_default(),
        })
    }

    async fn sizes(&self) -> Result<Sizes, StoreError> {
        let mut kept = self.sizes.lock().await;
        if let Some(known) = kept.as_mut() {
            // Nobody waits for what takes long: they are counted anew meanwhile.
            if known.counted.elapsed() >= SIZES_KEPT {
                known.counted = Instant::now();
                let (engine, sizes) = (self.engine.clone(), std::sync::Arc::clone(&self.sizes));
                tokio::spawn(async move {
                    match count_kept(&engine).await {
                        Ok((_, kept)) => *sizes.lock().await = kept,
                        Err(error) => tracing::debug!("sizes are counted later: {error}"),
                    }
                });
            }
            return Ok(known.sizes.clone());
        }
        let (sizes, costly) = count_kept(&self.engine).await?;
        *kept = costly;
        Ok(sizes)
    }

    async fn prune(&self, keep: &Retention, now: Timestamp) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let before = |days: u32| now.as_nanos().saturating_sub(i64::from(days).saturating_mul(DAY));
        for (table, key, days, width) in [
            ("link_hour", LINK, link_days(keep.hours), HOUR),
            ("traffic_hour", "bucket, owner", keep.hours, HOUR),
            ("activity_hour", "device, bucket, kind", keep.hours, HOUR),
            ("conversation_day", "bucket, conversation", keep.days, DAY),
            ("link_day", LINK, keep.days, DAY),
            ("traffic_day", "bucket, owner", keep.days, DAY),
            ("activity_day", "device, bucket, kind", keep.days, DAY),
            ("use_day", "device, bucket", keep.days, DAY),
        ] {
            if days > 0 {
                let bucket = before(days).div_euclid(width);
                let old = Sql::with("bucket < $1", [bucket.into()]);
                self.remove_rows(table, key, old, &mut pruned).await?;
            }
        }
        let medium = severity_code(Severity::Medium);
        let of = |text: &str, days: u32| Sql::with(text, [Value::from(before(days))]);
        for (table, key, days, old) in [
            ("event", "number", keep.events, format!("at < $1 AND severity < {medium}")),
            ("event", "number", keep.grave_events, format!("at < $1 AND severity >= {medium}")),
            ("attribute_history", "id", keep.attributes, "at < $1".to_owned()),
            // What is still so is kept, however long it is known.
            ("finding", "id", keep.events, format!("ended < $1 AND rank >= {GRAVE_RANKS}")),
            ("finding", "id", keep.grave_events, format!("ended < $1 AND rank < {GRAVE_RANKS}")),
            // Where it is now is kept, however long it is there.
            ("stay", "id", keep.stays, "since < $1 AND ended < $1".to_owned()),
            (
                "conversation",
                "id",
                keep.days,
                "last < $1 AND NOT EXISTS (SELECT 1 FROM conversation_day y WHERE y.conversation = conversation.id \
                 AND y.bucket >= $1 / 86400000000000)"
                    .to_owned(),
            ),
        ] {
            if days > 0 {
                self.remove_rows(table, key, of(&old, days), &mut pruned).await?;
            }
        }
        if keep.external_devices > 0 {
            let old = of("d.scope = 1 AND d.last_seen < $1", keep.external_devices);
            self.remove_devices(old, &mut pruned).await?;
        }
        if keep.devices > 0 {
            let old = of("d.scope <> 1 AND d.last_seen < $1", keep.devices);
            self.remove_devices(old, &mut pruned).await?;
        }
        let horizon = self.engine.snapshot().await?.horizon().await?;
        let forgotten = Sql::with("changed < $1", [horizon.saturating_sub(REMEMBERED).into()]);
        self.remove_rows("removed", "changed, device", forgotten, &mut pruned).await?;
        let unused = Sql::new("NOT EXISTS (SELECT 1 FROM device_term x WHERE x.term = term.id)");
        self.remove_rows("term", "id", unused, &mut pruned).await?;
        let unused = Sql::new("NOT EXISTS (SELECT 1 FROM finding f WHERE f.ruling = ruling.id)");
        self.remove_rows("ruling", "id", unused, &mut pruned).await?;
        Ok(pruned)
    }
}

/// How large everything was when it was counted.
pub(crate) struct Counted {
    counted: Instant,
    sizes: Sizes,
}

/// The sizes; and what is kept of them, where counting took long.
pub(crate) async fn count_kept(engine: &Engine) -> Result<(Sizes, Option<Counted>), StoreError> {
    let started = Instant::now();
    let sizes = count_sizes(engine).await?;
    let costly = started.elapsed() > SIZES_COSTLY;
    let kept = costly.then(|| Counted { counted: Instant::now(), sizes: sizes.clone() });
    Ok((sizes, kept))
}

async fn count_sizes(engine: &Engine) -> Result<Sizes, StoreError> {
    let mut session = engine.snapshot().await?;
    let mut tables = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let rows = session.first(Sql::new(&format!("SELECT COUNT(*) FROM {table}"))).await?;
        let rows = rows.map_or(Ok(0), |row| row.count(0))?;
        let bytes = match engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres { .. } => session
                .first(Sql::with("SELECT pg_total_relation_size(CAST($1 AS regclass))", [table.into()]))
                .await?
                .map(|row| row.count(0))
                .transpose()?,
        };
        tables.push(SizeOf { table: table.to_owned(), rows, bytes });
    }
    let bytes = match engine {
        // With what was written and not yet moved into the file.
        Engine::Sqlite { path, .. } => ["", "-wal"]
            .iter()
            .map(|end| {
                let mut name = path.as_os_str().to_owned();
                name.push(end);
                std::fs::metadata(name).map_or(0, |found| found.len())
            })
            .sum(),
        Engine::Postgres { .. } => session
            .first(Sql::new("SELECT pg_database_size(current_database())"))
            .await?
            .map_or(Ok(0), |row| row.count(0))?,
    };
    let of = |name: &str| tables.iter().find(|size| size.table == name).map_or(0, |size| size.rows);
    let (devices, conversations, events) = (of("device"), of("conversation"), of("event"));
    Ok(Sizes { bytes, tables, devices, conversations, events })
}

impl Database {
    /// Removes rows, some in each transaction.
    async fn remove_rows(
        &self,
        table: &str,
        key: &str,
        old: Sql,
        pruned: &mut Pruned,
    ) -> Result<(), StoreError> {
        loop {
            let mut session = self.engine.writer().await?;
            let mut sql = Sql::new(&format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {} LIMIT {PORTION})",
                old.text
            ));
            sql.args.clone_from(&old.args);
            let removed = session.execute(sql).await?;
            session.commit().await?;
            if removed > 0 {
                *pruned.rows.entry(table.to_owned()).or_default() += removed;
            }
            if removed < PORTION {
                return Ok(());
            }
        }
    }

    /// Removes devices of which nobody said anything, with all that is told of them.
    async fn remove_devices(&self, old: Sql, pruned: &mut Pruned) -> Result<(), StoreError> {
        const AT_A_TIME: usize = 500;
        loop {
            let mut session = self.engine.writer().await?;
            let mut sql = Sql::new(&format!(
                "SELECT d.id FROM device d WHERE {} AND NOT EXISTS (SELECT 1 FROM annotation a WHERE a.device = d.id) \
                 ORDER BY d.id LIMIT {AT_A_TIME}",
                old.text
            ));
            sql.args.clone_from(&old.args);
            let keys =
                session.fetch(sql).await?.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
            if !keys.is_empty() {
                remove(&mut session, &keys).await?;
            }
            session.commit().await?;
            if !keys.is_empty() {
                *pruned.rows.entry("device".to_owned()).or_default() +=
                    u64::try_from(keys.len()).unwrap_or(0);
            }
            if keys.len() < AT_A_TIME {
                return Ok(());
            }
        }
    }
}
