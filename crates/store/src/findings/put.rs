//! Writing what was judged: new findings begin, those that are said no more end, and the others stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use medward_model::{DeviceId, Timestamp, Verdict};
use medward_monitor::{JudgedBy, JudgedDevice, JudgedWith, Ruling, StoreError};

use crate::columns::{finding_kind_code, judged_by_code, severity_code, treatment_code, verdict_code};
use crate::ingest::{DAY, next_change};
use crate::packing::pack;
use crate::session::Session;
use crate::sql::{Sql, Value};

/// Devices that are written together.
const PORTION: usize = 200;

/// What comes back within a day was hardly gone, and is not told again.
const BRIEF: i64 = DAY;

/// A finding that is stored.
struct Stored {
    key: i64,
    digest: Vec<u8>,
    rank: i64,
    ended: Option<i64>,
}

/// As [`keep`], of devices that are looked up.
pub(super) async fn put(session: &mut Session, judged: &[JudgedDevice]) -> Result<(), StoreError> {
    let ids = judged.iter().map(|one| vec![one.device.0.as_str().into()]).collect();
    let mut keys = HashMap::new();
    for row in session.fetch_of("SELECT uid, id FROM device WHERE uid IN", "", ids).await? {
        keys.insert(DeviceId(row.text(0)?), row.int(1)?);
    }
    keep(session, judged, |id| keys.get(id).copied()).await
}

/// Keeps what was judged of devices whose keys are told.
pub(crate) async fn keep(
    session: &mut Session,
    judged: &[JudgedDevice],
    key: impl Fn(&DeviceId) -> Option<i64>,
) -> Result<(), StoreError> {
    // The last word of each judge on each device counts.
    let mut last: BTreeMap<(JudgedBy, i64), &JudgedDevice> = BTreeMap::new();
    for one in judged {
        if let Some(key) = key(&one.device) {
            last.insert((one.by, key), one);
        }
    }
    for by in [JudgedBy::Wire, JudgedBy::Knowledge] {
        let of: Vec<(i64, &JudgedDevice)> =
            last.iter().filter(|((judge, _), _)| *judge == by).map(|((_, key), one)| (*key, *one)).collect();
        for part in of.chunks(PORTION) {
            keep_some(session, by, part).await?;
        }
    }
    Ok(())
}

async fn keep_some(
    session: &mut Session,
    by: JudgedBy,
    judged: &[(i64, &JudgedDevice)],
) -> Result<(), StoreError> {
    let mut stored = stored(session, by, judged.iter().map(|(key, _)| *key)).await?;
    let mut rulings: BTreeMap<Vec<u8>, Ruling> = BTreeMap::new();
    let mut said: Vec<(i64, Timestamp, &str, Vec<u8>)> = Vec::new();
    for (device, one) in judged {
        let mut ids = BTreeSet::new();
        for finding in &one.findings {
            if !ids.insert(finding.id.as_str()) {
                continue;
            }
            let Some(ruling) = Ruling::of(finding) else { continue };
            said.push((*device, one.at, &finding.id, ruling.digest.clone()));
            rulings.entry(ruling.digest.clone()).or_insert(ruling);
        }
    }
    let mut fresh: Vec<(i64, Timestamp, &str, Vec<u8>)> = Vec::new();
    let mut changed: Vec<(Stored, Vec<u8>, Timestamp)> = Vec::new();
    let mut touched: BTreeSet<i64> = BTreeSet::new();
    for (device, at, id, digest) in said {
        match stored.remove(&(device, id.to_owned())) {
            None => {
                touched.insert(device);
                fresh.push((device, at, id, digest));
            }
            Some(known) if known.digest != digest || known.ended.is_some() => {
                touched.insert(device);
                changed.push((known, digest, at));
            }
            Some(_) => {}
        }
    }
    let needed =
        fresh.iter().map(|(_, _, _, digest)| digest).chain(changed.iter().map(|(_, digest, _)| digest));
    let needed: BTreeSet<Vec<u8>> = needed.cloned().collect();
    rulings.retain(|digest, _| needed.contains(digest));
    let keys = ruling_keys(session, &rulings).await?;
    let mut rows = Vec::with_capacity(fresh.len());
    for (device, at, id, digest) in fresh {
        let (Some(ruling), Some(key)) = (rulings.get(&digest), keys.get(&digest)) else { continue };
        rows.push(vec![
            id.into(),
            device.into(),
            (*key).into(),
            judged_by_code(by).into(),
            ruling.rank().into(),
            at.into(),
            Value::Int(None),
            (!ruling.is_news()).into(),
        ]);
    }
    session
        .insert(
            "INSERT INTO finding (uid, device, ruling, part, rank, found, ended, told)",
            "ON CONFLICT (device, uid) DO NOTHING",
            rows,
        )
        .await?;
    let mut rows = Vec::with_capacity(changed.len());
    for (known, digest, at) in changed {
        let (Some(ruling), Some(key)) = (rulings.get(&digest), keys.get(&digest)) else { continue };
        // Graver than it was, exploited since, or back after it was over.
        let back = known.ended.is_some_and(|ended| at.as_nanos().saturating_sub(ended) > BRIEF);
        let worse = ruling.rank() / 4 < known.rank / 4;
        let news = ruling.is_news() && (back || worse);
        rows.push(vec![known.key.into(), (*key).into(), ruling.rank().into(), news.into()]);
    }
    session
        .apply(
            "UPDATE finding SET ruling = v.column2, rank = v.column3, ended = NULL, \
             told = CASE WHEN v.column4 = 1 THEN 0 ELSE told END FROM",
            "AS v WHERE finding.id = v.column1",
            rows,
        )
        .await?;
    // What is left was not said again.
    let at: HashMap<i64, Timestamp> = judged.iter().map(|(device, one)| (*device, one.at)).collect();
    let mut rows = Vec::new();
    for ((device, _), known) in stored {
        if let (None, Some(at)) = (known.ended, at.get(&device)) {
            touched.insert(device);
            rows.push(vec![known.key.into(), (*at).into()]);
        }
    }
    session
        .apply(
            "UPDATE finding SET ended = v.column2, told = 1 FROM",
            "AS v WHERE finding.id = v.column1",
            rows,
        )
        .await?;
    count(session, &touched).await?;
    let rows: Vec<Vec<Value>> = judged
        .iter()
        .filter_map(|(device, one)| {
            let JudgedWith { stamp, version } = one.with?;
            Some(vec![(*device).into(), stamp.into(), version.into()])
        })
        .collect();
    session
        .apply(
            "UPDATE device SET judged = v.column2 FROM",
            "AS v WHERE device.id = v.column1 AND device.version = v.column3",
            rows,
        )
        .await
}

/// What that judge said of these devices before, by device and id.
async fn stored(
    session: &mut Session,
    by: JudgedBy,
    devices: impl Iterator<Item = i64>,
) -> Result<HashMap<(i64, String), Stored>, StoreError> {
    let mut sql = Sql::with(
        "SELECT f.device, f.uid, f.id, r.digest, f.rank, f.ended FROM finding f JOIN ruling r ON r.id = f.ruling \
         WHERE f.part = $1 AND f.device IN ",
        [judged_by_code(by).into()],
    );
    sql.numbers(devices);
    let mut stored = HashMap::new();
    for row in session.fetch(sql).await? {
        let known =
            Stored { key: row.int(2)?, digest: row.blob(3)?, rank: row.int(4)?, ended: row.maybe_int(5)? };
        stored.insert((row.int(0)?, row.text(1)?), known);
    }
    Ok(stored)
}

/// The keys of rulings; those that are new are made.
async fn ruling_keys(
    session: &mut Session,
    all: &BTreeMap<Vec<u8>, Ruling>,
) -> Result<HashMap<Vec<u8>, i64>, StoreError> {
    const SELECT: &str = "SELECT digest, id FROM ruling WHERE digest IN";
    let which = |digests: Vec<&Vec<u8>>| digests.into_iter().map(|d| vec![d.clone().into()]).collect();
    let mut keys = HashMap::with_capacity(all.len());
    for row in session.fetch_of(SELECT, "", which(all.keys().collect())).await? {
        keys.insert(row.blob(0)?, row.int(1)?);
    }
    let new: Vec<&Ruling> = all.values().filter(|ruling| !keys.contains_key(&ruling.digest)).collect();
    let mut rows = Vec::with_capacity(new.len());
    for ruling in &new {
        rows.push(vec![
            ruling.digest.clone().into(),
            ruling.topic.as_str().into(),
            finding_kind_code(ruling.kind).into(),
            severity_code(ruling.severity).into(),
            verdict_code(ruling.status).into(),
            treatment_code(ruling.treatment).into(),
            ruling.exploited.into(),
            ruling.title.as_str().into(),
            ruling.words.as_str().into(),
            ruling.cves.as_str().into(),
            pack(ruling.body.as_bytes())?.into(),
        ]);
    }
    let head = "INSERT INTO ruling (digest, topic, kind, severity, status, treatment, exploited, title, words, cves, body)";
    session.insert(head, "ON CONFLICT (digest) DO NOTHING", rows).await?;
    let new = new.into_iter().map(|ruling| &ruling.digest).collect();
    for row in session.fetch_of(SELECT, "", which(new)).await? {
        keys.insert(row.blob(0)?, row.int(1)?);
    }
    Ok(keys)
}

/// Counts anew what is found on devices.
async fn count(session: &mut Session, devices: &BTreeSet<i64>) -> Result<(), StoreError> {
    if devices.is_empty() {
        return Ok(());
    }
    let open = format!(
        "FROM finding f JOIN ruling r ON r.id = f.ruling WHERE f.device = device.id AND f.ended IS NULL \
         AND r.status <> {}",
        verdict_code(Verdict::Possible)
    );
    // Whoever keeps findings in memory looks for devices that changed.
    let change = next_change(session).await?;
    let mut sql = Sql::with(
        &format!(
            "UPDATE device SET findings = (SELECT COUNT(*) {open}), \
             worst = COALESCE((SELECT MAX(r.severity) {open}), -1), changed = $1 WHERE id IN "
        ),
        [change.into()],
    );
    sql.numbers(devices.iter().copied());
    session.execute(sql).await.map(|_| ())
}
