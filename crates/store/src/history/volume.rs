//! Traffic and activity over time.

use medward_model::{DeviceId, Timestamp};
use medward_monitor::{BucketSize, StoreError, UseBucket, VolumePoint};

use crate::Database;
use crate::columns::part;
use crate::ingest::{DAY, HOUR, find_device};
use crate::search::sites;
use crate::session::Session;
use crate::sql::Sql;

const fn width(bucket: BucketSize) -> (i64, &'static str) {
    match bucket {
        BucketSize::Hour => (HOUR, "hour"),
        BucketSize::Day => (DAY, "day"),
    }
}

/// The buckets that a time touches: the first, and the first that it does not.
fn buckets(from: Timestamp, until: Timestamp, width: i64) -> (i64, i64) {
    let end = until.as_nanos();
    let after = end.div_euclid(width) + i64::from(end.rem_euclid(width) != 0);
    (from.as_nanos().div_euclid(width), after)
}

async fn numbers(session: &mut Session, sql: Sql) -> Result<Vec<i64>, StoreError> {
    session.fetch(sql).await?.iter().map(|row| row.int(0)).collect()
}

pub(super) async fn volume(
    database: &Database,
    device: Option<&DeviceId>,
    of_sites: Option<&[String]>,
    from: Timestamp,
    until: Timestamp,
    bucket: BucketSize,
) -> Result<Vec<VolumePoint>, StoreError> {
    let (width, name) = width(bucket);
    let (first, after) = buckets(from, until, width);
    let mut session = database.engine.snapshot().await?;
    let owners = match device {
        Some(id) => {
            let Some(key) = find_device(&mut session, id).await? else { return Ok(Vec::new()) };
            let mut sql = Sql::with("SELECT d.id FROM device d WHERE d.id = $1 AND ", [key.into()]);
            sites(of_sites, "d.site", &mut sql);
            sql
        }
        None => {
            let mut sql = Sql::new("SELECT -s.id FROM site s WHERE ");
            sites(of_sites, "s.id", &mut sql);
            sql
        }
    };
    let owners = numbers(&mut session, owners).await?;
    // By leaps over the buckets, as all owners of a bucket lie together.
    let mut leaps = Sql::new(&format!(
        "WITH RECURSIVE k (bucket) AS (SELECT MIN(h.bucket) FROM traffic_{name} h WHERE h.bucket >= "
    ));
    leaps.bind(first).push(&format!(
        " UNION ALL SELECT (SELECT MIN(h.bucket) FROM traffic_{name} h WHERE h.bucket > k.bucket) FROM k \
         WHERE k.bucket < "
    ));
    leaps.bind(after).push(") SELECT k.bucket FROM k WHERE k.bucket < ").bind(after);
    let buckets = numbers(&mut session, leaps).await?;
    // As numbers, so that PostgreSQL looks up each and does not read them all.
    let mut sql = Sql::new(&format!(
        "SELECT v.bucket, CAST(SUM(v.flows) AS BIGINT), CAST(SUM(v.packets) AS BIGINT), \
         CAST(SUM(v.bytes) AS BIGINT) FROM traffic_{name} v WHERE v.bucket IN "
    ));
    sql.numbers(buckets).push(" AND v.owner IN ").numbers(owners);
    sql.push(" GROUP BY v.bucket ORDER BY v.bucket");
    session
        .fetch(sql)
        .await?
        .iter()
        .map(|row| {
            Ok(VolumePoint {
                at: Timestamp::from_nanos(row.int(0)?.saturating_mul(width)),
                flows: row.count(1)?,
                packets: row.count(2)?,
                bytes: row.count(3)?,
            })
        })
        .collect()
}

pub(super) async fn activity(
    database: &Database,
    device: &DeviceId,
    from: Timestamp,
    until: Timestamp,
    bucket: BucketSize,
) -> Result<Vec<UseBucket>, StoreError> {
    let (width, name) = width(bucket);
    let (first, after) = buckets(from, until, width);
    let mut session = database.engine.snapshot().await?;
    let Some(key) = find_device(&mut session, device).await? else { return Ok(Vec::new()) };
    let text = format!(
        "SELECT a.bucket, k.protocol, k.verb, k.operation, k.part, k.clinical, a.count FROM activity_{name} a \
         JOIN activity_kind k ON k.id = a.kind WHERE a.device = $1 AND a.bucket >= $2 AND a.bucket < $3 \
         ORDER BY a.bucket, k.protocol, k.verb, k.operation, k.part LIMIT 10000"
    );
    session
        .fetch(Sql::with(&text, [key.into(), first.into(), after.into()]))
        .await?
        .iter()
        .map(|row| {
            Ok(UseBucket {
                at: Timestamp::from_nanos(row.int(0)?.saturating_mul(width)),
                protocol: row.text(1)?,
                verb: row.text(2)?,
                operation: row.text(3)?,
                part: part(row.int(4)?)?,
                clinical: row.int(5)? != 0,
                count: row.count(6)?,
            })
        })
        .collect()
}
