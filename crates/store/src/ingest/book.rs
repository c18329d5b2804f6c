//! Which keys the devices of a commit have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use medward_model::DeviceId;
use medward_monitor::{Commit, StoreError};
use medward_query::folded;

use crate::columns::{NEVER, NONE, keyed};
use crate::session::Session;
use crate::sql::{Sql, Value};

/// The key of a site, which is made where it is new.
pub(crate) async fn site_key(session: &mut Session, name: &str) -> Result<i64, StoreError> {
    if name.is_empty() || name.len() > 200 {
        return Err(StoreError::Refused("a site's name has 1 to 200 bytes".to_owned()));
    }
    session
        .execute(Sql::with(
            "INSERT INTO site (name, folded) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            [name.into(), folded(name).into()],
        ))
        .await?;
    match session.first(Sql::with("SELECT id FROM site WHERE name = $1", [name.into()])).await? {
        Some(row) => row.int(0),
        None => Err(StoreError::Corrupt(format!("site '{name}' cannot be read back"))),
    }
}

/// The key of a device; where it became part of another, of that one.
pub(crate) async fn find_device(session: &mut Session, id: &DeviceId) -> Result<Option<i64>, StoreError> {
    let found = session
        .first(Sql::with(
            "SELECT d.id FROM device d WHERE d.uid = $1 OR d.uid = (SELECT r.new FROM redirect r WHERE r.old = $1)",
            [id.0.as_str().into()],
        ))
        .await?;
    found.map(|row| row.int(0)).transpose()
}

/// The number of a change to devices: whoever keeps devices in memory looks for later ones, see [`Session::horizon`].
///
/// In PostgreSQL it is that of the transaction, since a counter would make the sites wait for each other.
pub(crate) async fn next_change(session: &mut Session) -> Result<i64, StoreError> {
    if session.is_sqlite() {
        return super::happened::next_number(session, "device", 1).await;
    }
    let text = "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)";
    session.first(Sql::new(text)).await?.map_or(Ok(0), |row| row.int(0))
}

/// What was stored of a device before.
pub(crate) struct Known {
    pub(crate) key: i64,
    /// Fingerprint of its terms.
    pub(crate) terms: i64,
    /// Fingerprint of its body.
    pub(crate) body: i64,
}

/// Devices of a commit with their keys.
pub(crate) struct Book {
    pub(crate) site: i64,
    /// Number of this change to devices.
    pub(crate) change: i64,
    pub(crate) known: HashMap<DeviceId, Known>,
    /// Those that are part of another now.
    pub(crate) redirects: HashMap<DeviceId, DeviceId>,
}

impl Book {
    /// Looks up all devices that the commit speaks of.
    pub(crate) async fn open(session: &mut Session, site: i64, commit: &Commit) -> Result<Book, StoreError> {
        let mut all: BTreeSet<&DeviceId> = spoken_of(commit).collect();
        all.extend(commit.devices.iter().map(|row| &row.device.id));
        all.extend(commit.exposures.iter().map(|judged| &judged.device));
        all.extend(commit.sightings.iter().map(|sighting| &sighting.device));
        for gone in &commit.gone {
            all.insert(&gone.device);
            all.extend(&gone.into);
        }
        let change = next_change(session).await?;
        let mut book = Book { site, change, known: HashMap::new(), redirects: HashMap::new() };
        book.look_up(session, all.iter().map(|id| id.0.as_str()).collect()).await?;
        let missing: Vec<Vec<Value>> = all
            .iter()
            .filter(|id| !book.known.contains_key(**id))
            .map(|id| vec![id.0.as_str().into()])
            .collect();
        let mut targets = BTreeSet::new();
        for row in session.fetch_of("SELECT old, new FROM redirect WHERE old IN", "", missing).await? {
            let (old, new) = (row.text(0)?, row.text(1)?);
            targets.insert(new.clone());
            book.redirects.insert(DeviceId(old), DeviceId(new));
        }
        book.look_up(session, targets.iter().map(String::as_str).collect()).await?;
        Ok(book)
    }

    async fn look_up(&mut self, session: &mut Session, ids: Vec<&str>) -> Result<(), StoreError> {
        let ids = ids.into_iter().map(|id| vec![id.into()]).collect();
        for row in session.fetch_of("SELECT uid, id, terms, body FROM device WHERE uid IN", "", ids).await? {
            let known = Known { key: row.int(1)?, terms: row.int(2)?, body: row.int(3)? };
            self.known.insert(DeviceId(row.text(0)?), known);
        }
        Ok(())
    }

    /// The key of a device or of what it is part of now.
    pub(crate) fn key(&self, id: &DeviceId) -> Option<i64> {
        self.known.get(self.redirects.get(id).unwrap_or(id)).map(|known| known.key)
    }

    /// Makes rows for devices that things are told of before the devices themselves were.
    pub(crate) async fn stubs(&mut self, session: &mut Session, commit: &Commit) -> Result<(), StoreError> {
        let missing: BTreeMap<&str, ()> =
            spoken_of(commit).filter(|id| self.key(id).is_none()).map(|id| (id.0.as_str(), ())).collect();
        let missing: Vec<&str> = missing.into_keys().collect();
        self.add_stubs(session, &commit.site, missing).await
    }

    pub(crate) async fn add_stubs(
        &mut self,
        session: &mut Session,
        site: &str,
        ids: Vec<&str>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows = ids
            .iter()
            .map(|id| {
                let none = || Value::from(NONE);
                let zero = || Value::from(0_i64);
                vec![
                    (*id).into(),
                    self.site.into(),
                    keyed(Some(site)).into(),
                    keyed(Some(id)).into(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    Value::Text(None),
                    Value::Text(None),
                    3_i64.into(),
                    zero(),
                    1_i64.into(),
                    zero(),
                    zero(),
                    zero(),
                    NEVER.into(),
                    NEVER.into(),
                    zero(),
                    zero(),
                    self.change.into(),
                    Value::Int(None),
                    zero(),
                    zero(),
                    zero(),
                ]
            })
            .collect();
        session.insert(super::devices::INSERT, "ON CONFLICT (uid) DO NOTHING", rows).await?;
        self.look_up(session, ids).await
    }
}

/// Devices that something is told of which must not be lost.
fn spoken_of(commit: &Commit) -> impl Iterator<Item = &DeviceId> {
    let ends = commit.conversations.iter().flat_map(|delta| [&delta.originator, &delta.responder]);
    ends.chain(commit.activity.iter().map(|delta| &delta.device))
        .chain(commit.history.iter().map(|change| &change.device))
        .chain(commit.stays.iter().map(|stay| &stay.device))
}
