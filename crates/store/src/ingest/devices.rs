//! Devices: their rows, bodies, terms and addresses; and those that were only seen again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

use medward_model::{Attribute, Device, DeviceId};
use medward_monitor::{Commit, DeviceRow, DeviceSummary, Sighting, Status, StoreError};

use super::book::{Book, Known};
use crate::columns::{self, NONE, keyed, lifecycle_code, status_code, time_or_never};
use crate::packing;
use crate::session::Session;
use crate::sql::{Sql, Value};
use crate::terms::{self, Terms};

pub(crate) const INSERT: &str = "INSERT INTO device (uid, site, site_key, name, vendor, model, category, os, grp, location, owner, \
     place, whereabout, belongs, status, scope, lifecycle, medical, known, criticality, first_seen, last_seen, \
     terms, version, changed, vlan, body, letters, matter)";

/// What people said stays as it is.
const UPDATE: &str = "ON CONFLICT (uid) DO UPDATE SET site = excluded.site, site_key = excluded.site_key, \
     name = excluded.name, vendor = excluded.vendor, model = excluded.model, category = excluded.category, \
     os = excluded.os, grp = excluded.grp, location = excluded.location, \
     place = CASE WHEN excluded.whereabout IS NULL AND device.belongs IS NOT NULL THEN device.belongs \
     ELSE excluded.place END, whereabout = excluded.whereabout, status = excluded.status, scope = excluded.scope, \
     medical = excluded.medical, known = excluded.known, first_seen = excluded.first_seen, \
     last_seen = excluded.last_seen, terms = excluded.terms, version = device.version + 1, changed = excluded.changed, \
     vlan = excluded.vlan, body = excluded.body, letters = excluded.letters, \
     judged = CASE WHEN device.matter = excluded.matter THEN device.judged ELSE 0 END, matter = excluded.matter";

/// What lists are ordered by, but for the time last seen: most stand in an index, which is written wherever they are.
const ORDERS: [(&str, usize); 8] = [
    ("site", 1),
    ("site_key", 2),
    ("name", 3),
    ("vendor", 4),
    ("model", 5),
    ("category", 6),
    ("location", 9),
    ("first_seen", 20),
];

/// The rest, by where it stands in [`INSERT`].
const REST: [(&str, usize); 14] = [
    ("os", 7),
    ("grp", 8),
    ("place", 11),
    ("whereabout", 12),
    ("status", 14),
    ("scope", 15),
    ("medical", 17),
    ("known", 18),
    ("last_seen", 21),
    ("terms", 22),
    ("vlan", 25),
    ("body", 26),
    ("letters", 27),
    ("matter", 28),
];

pub(crate) async fn write(session: &mut Session, book: &mut Book, commit: &Commit) -> Result<(), StoreError> {
    // The last word on each counts.
    let rows: BTreeMap<&DeviceId, &DeviceRow> =
        commit.devices.iter().map(|row| (&row.device.id, row)).collect();
    for part in rows.into_values().collect::<Vec<_>>().chunks(1000) {
        write_some(session, book, commit, part).await?;
    }
    Ok(())
}

async fn write_some(
    session: &mut Session,
    book: &mut Book,
    commit: &Commit,
    rows: &[&DeviceRow],
) -> Result<(), StoreError> {
    // What was part of another is a device of its own again.
    for row in rows.iter().filter(|row| book.redirects.contains_key(&row.device.id)) {
        session
            .execute(Sql::with("DELETE FROM redirect WHERE old = $1", [row.device.id.0.as_str().into()]))
            .await?;
    }
    let mut columns = Vec::with_capacity(rows.len());
    let mut words = Vec::with_capacity(rows.len());
    for row in rows {
        book.redirects.remove(&row.device.id);
        let terms = terms::of_device(row);
        let fingerprint = terms::fingerprint(&terms, &row.device);
        let body = Body::of(row, &commit.site)?;
        columns.push((
            &row.device.id,
            columns_of(book, commit, row, [fingerprint, body.fingerprint, terms::letters(&terms)]),
        ));
        words.push((*row, terms, fingerprint, body));
    }
    write_columns(session, book, columns).await?;
    let new: Vec<Vec<Value>> = rows
        .iter()
        .filter(|row| !book.known.contains_key(&row.device.id))
        .map(|row| vec![row.device.id.0.as_str().into()])
        .collect();
    let mut fresh = BTreeSet::new();
    for row in session.fetch_of("SELECT uid, id FROM device WHERE uid IN", "", new).await? {
        let key = row.int(1)?;
        fresh.insert(key);
        book.known.insert(DeviceId(row.text(0)?), Known { key, terms: 0, body: 0 });
    }
    let mut bodies = Vec::with_capacity(rows.len());
    let mut changed = HashMap::new();
    let mut addresses = Vec::new();
    for (row, terms, fingerprint, body) in words {
        let Some(known) = book.known.get_mut(&row.device.id) else { continue };
        if known.body != body.fingerprint || fresh.contains(&known.key) {
            known.body = body.fingerprint;
            bodies.push(vec![
                known.key.into(),
                packing::pack(body.summary.as_bytes())?.into(),
                packing::pack(body.document.as_bytes())?.into(),
            ]);
        }
        if known.terms != fingerprint || fresh.contains(&known.key) {
            known.terms = fingerprint;
            let all: BTreeSet<Vec<u8>> = row.device.ips.iter().map(|ip| terms::address_key(*ip)).collect();
            addresses.extend(all.into_iter().map(|ip| (ip, known.key)));
            changed.insert(known.key, terms);
        }
    }
    session
        .insert(
            "INSERT INTO device_body (device, summary, document)",
            "ON CONFLICT (device) DO UPDATE SET summary = excluded.summary, document = excluded.document",
            bodies,
        )
        .await?;
    let old: Vec<i64> = changed.keys().copied().filter(|key| !fresh.contains(key)).collect();
    if !old.is_empty() {
        let mut sql = Sql::new("DELETE FROM address WHERE device IN ");
        sql.numbers(old.iter().copied());
        session.execute(sql).await?;
    }
    let addresses = addresses.into_iter().map(|(ip, key)| vec![ip.into(), key.into()]).collect();
    session.insert("INSERT INTO address (ip, device)", "ON CONFLICT DO NOTHING", addresses).await?;
    write_terms(session, &changed, &old, false).await
}

/// Writes the columns: of devices that keep their place in all orders only the rest.
async fn write_columns(
    session: &mut Session,
    book: &Book,
    columns: Vec<(&DeviceId, Vec<Value>)>,
) -> Result<(), StoreError> {
    let keys = columns.iter().filter_map(|(id, _)| Some(vec![book.known.get(*id)?.key.into()])).collect();
    let orders: Vec<String> = ORDERS.iter().map(|(name, _)| format!("d.{name}")).collect();
    let mut stored = HashMap::new();
    for row in session
        .fetch_of(
            &format!("SELECT d.id, {} FROM", orders.join(", ")),
            "AS v CROSS JOIN device d WHERE d.id = v.column1",
            keys,
        )
        .await?
    {
        let mut values: Vec<Value> = vec![row.int(1)?.into()];
        for column in 2..8 {
            values.push(row.text(column)?.into());
        }
        values.push(row.int(8)?.into());
        stored.insert(row.int(0)?, values);
    }
    let (mut whole, mut rest) = (Vec::new(), Vec::new());
    for (id, row) in columns {
        let known = book.known.get(id);
        let before = known.and_then(|known| stored.get(&known.key));
        let same = before
            .is_some_and(|before| ORDERS.iter().map(|(_, at)| row.get(*at)).eq(before.iter().map(Some)));
        match known {
            Some(known) if same => {
                let values = REST.iter().filter_map(|(_, at)| row.get(*at).cloned());
                let key = [Value::from(known.key), book.change.into()];
                rest.push(key.into_iter().chain(values).collect());
            }
            _ => whole.push(row),
        }
    }
    session.insert(INSERT, UPDATE, whole).await?;
    let sets: Vec<String> = (3..)
        .zip(REST)
        .map(|(number, (name, _))| match name {
            // People say where it belongs; that counts where the wire does not tell.
            "place" => format!(
                "place = CASE WHEN v.column{} IS NULL AND belongs IS NOT NULL THEN belongs ELSE v.column{number} END",
                number + 1
            ),
            // What advisories say of it is to be found out anew.
            "matter" => format!(
                "judged = CASE WHEN matter = v.column{number} THEN judged ELSE 0 END, matter = v.column{number}"
            ),
            _ => format!("{name} = v.column{number}"),
        })
        .collect();
    let head =
        format!("UPDATE device SET version = version + 1, changed = v.column2, {} FROM", sets.join(", "));
    session.apply(&head, "AS v WHERE device.id = v.column1", rest).await
}

/// What is stored of a device to be shown.
struct Body {
    summary: String,
    document: String,
    fingerprint: i64,
}

impl Body {
    /// Times and status stand in columns: where only they move on, the body stays as it is.
    fn of(row: &DeviceRow, site: &str) -> Result<Body, StoreError> {
        let summary = DeviceSummary {
            status: Status::default(),
            first_seen: None,
            last_seen: None,
            ..columns::summary_of(row, site)
        };
        let device = Device { last_seen: None, ..row.device.clone() };
        let (summary, document) = (crate::sql::to_json(&summary)?, crate::sql::to_json(&device)?);
        let mut hasher = std::hash::DefaultHasher::new();
        (&summary, &document).hash(&mut hasher);
        // The seeds are fixed: the number is stored.
        let fingerprint = i64::from_ne_bytes(hasher.finish().to_ne_bytes());
        Ok(Body { summary, document, fingerprint })
    }
}

/// The columns, with what was made of the terms and of the body.
fn columns_of(
    book: &Book,
    commit: &Commit,
    row: &DeviceRow,
    [fingerprint, body, letters]: [i64; 3],
) -> Vec<Value> {
    let device = &row.device;
    let key = |attribute| Value::from(keyed(device.value(attribute)));
    let place = row.whereabouts.as_ref().and_then(|whereabouts| whereabouts.place.clone());
    vec![
        device.id.0.as_str().into(),
        book.site.into(),
        keyed(Some(&commit.site)).into(),
        keyed(Some(&row.name)).into(),
        key(Attribute::Vendor),
        key(Attribute::Model),
        key(Attribute::Category),
        key(Attribute::Os),
        keyed(row.group.as_deref()).into(),
        columns::location(device, row.whereabouts.as_ref()).into(),
        NONE.into(),
        place.as_deref().unwrap_or(NONE).into(),
        place.into(),
        Value::Text(None),
        status_code(row.status).into(),
        terms::scope_code(device.scope).into(),
        lifecycle_code(medward_monitor::Lifecycle::default()).into(),
        row.medical.into(),
        terms::known(device).into(),
        0_i64.into(),
        time_or_never(device.first_seen).into(),
        time_or_never(device.last_seen).into(),
        fingerprint.into(),
        1_i64.into(),
        book.change.into(),
        Value::Int(device.vlans.iter().min().map(|vlan| i64::from(*vlan))),
        body.into(),
        letters.into(),
        terms::matter(device).into(),
    ]
}

/// Makes the terms of devices what is wanted: those of the wire, or (`said`) those of people. Devices that are not among
/// `old` have none yet.
pub(crate) async fn write_terms(
    session: &mut Session,
    wanted: &HashMap<i64, Terms>,
    old: &[i64],
    said: bool,
) -> Result<(), StoreError> {
    let mut all = Terms::new();
    for terms in wanted.values() {
        for (key, shown) in terms {
            all.entry(key.clone()).or_insert_with(|| shown.clone());
        }
    }
    let keys = term_keys(session, all).await?;
    let mut stored: BTreeSet<(i64, i64)> = BTreeSet::new();
    for part in old.chunks(500) {
        let mut sql = Sql::new(
            "SELECT x.device, x.term, t.field FROM device_term x JOIN term t ON t.id = x.term WHERE x.device IN ",
        );
        sql.numbers(part.iter().copied());
        for row in session.fetch(sql).await? {
            if terms::is_said(row.int(2)?) == said {
                stored.insert((row.int(0)?, row.int(1)?));
            }
        }
    }
    let mut rows = BTreeSet::new();
    for (device, terms) in wanted {
        for key in terms.keys() {
            if let Some(term) = keys.get(key) {
                rows.insert((*term, *device));
            }
        }
    }
    let mut gone: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (device, term) in &stored {
        if !rows.remove(&(*term, *device)) {
            gone.entry(*device).or_default().push(*term);
        }
    }
    for (device, terms) in gone {
        let mut sql = Sql::with("DELETE FROM device_term WHERE device = $1 AND term IN ", [device.into()]);
        sql.numbers(terms);
        session.execute(sql).await?;
    }
    let rows = rows.into_iter().map(|(term, device)| vec![term.into(), device.into()]).collect();
    session.insert("INSERT INTO device_term (term, device)", "ON CONFLICT DO NOTHING", rows).await
}

/// The keys of terms; those that are new are made.
async fn term_keys(session: &mut Session, all: Terms) -> Result<HashMap<(i64, String), i64>, StoreError> {
    let mut keys = HashMap::with_capacity(all.len());
    let which =
        |all: &Terms| all.keys().map(|(field, value)| vec![(*field).into(), value.as_str().into()]).collect();
    let select = "SELECT field, value, id FROM term WHERE (field, value) IN";
    for row in session.fetch_of(select, "", which(&all)).await? {
        keys.insert((row.int(0)?, row.text(1)?), row.int(2)?);
    }
    let new: Terms = all.into_iter().filter(|(key, _)| !keys.contains_key(key)).collect();
    let rows = new
        .iter()
        .map(|((field, value), shown)| vec![(*field).into(), value.as_str().into(), shown.as_str().into()])
        .collect();
    session.insert("INSERT INTO term (field, value, shown)", "ON CONFLICT DO NOTHING", rows).await?;
    for row in session.fetch_of(select, "", which(&new)).await? {
        keys.insert((row.int(0)?, row.text(1)?), row.int(2)?);
    }
    Ok(keys)
}

pub(crate) async fn sightings(
    session: &mut Session,
    book: &Book,
    sightings: &[Sighting],
) -> Result<(), StoreError> {
    let last: BTreeMap<i64, &Sighting> =
        sightings.iter().filter_map(|sighting| Some((book.key(&sighting.device)?, sighting))).collect();
    let rows: Vec<Vec<Value>> = last
        .into_iter()
        .map(|(key, sighting)| {
            let status = status_code(sighting.status);
            vec![key.into(), sighting.last_seen.into(), status.into(), book.change.into()]
        })
        .collect();
    session
        .apply(
            "UPDATE device SET last_seen = CASE WHEN v.column2 > last_seen THEN v.column2 ELSE last_seen END, \
             version = version + CASE WHEN status <> v.column3 THEN 1 ELSE 0 END, \
             changed = CASE WHEN status <> v.column3 THEN v.column4 ELSE changed END, status = v.column3 FROM",
            "AS v WHERE device.id = v.column1",
            rows,
        )
        .await
}
