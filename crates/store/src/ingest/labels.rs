//! Words that stand in many rows, kept once.

use std::collections::{BTreeSet, HashMap};

use medward_monitor::{ActivityDelta, StoreError};

use crate::columns::part_code;
use crate::session::Session;
use crate::sql::Value;

/// The keys of names; those that are new are made.
pub(crate) async fn labels(
    session: &mut Session,
    names: BTreeSet<&str>,
) -> Result<HashMap<String, i64>, StoreError> {
    let rows: Vec<Vec<Value>> = names.iter().map(|name| vec![(*name).into()]).collect();
    let select = "SELECT name, id FROM label WHERE name IN";
    let mut keys = HashMap::new();
    for row in session.fetch_of(select, "", rows).await? {
        keys.insert(row.text(0)?, row.int(1)?);
    }
    let new: Vec<Vec<Value>> =
        names.iter().filter(|name| !keys.contains_key(**name)).map(|name| vec![(*name).into()]).collect();
    session.insert("INSERT INTO label (name)", "ON CONFLICT DO NOTHING", new.clone()).await?;
    for row in session.fetch_of(select, "", new).await? {
        keys.insert(row.text(0)?, row.int(1)?);
    }
    Ok(keys)
}

/// What is the same for many counts of activity.
pub(crate) type Kind = (String, String, String, i64, i64);

/// The kind of an activity.
pub(crate) fn kind_of(delta: &ActivityDelta) -> Kind {
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    (
        clean(&delta.protocol),
        clean(&delta.verb),
        clean(&delta.operation),
        part_code(delta.part),
        i64::from(delta.clinical),
    )
}

/// The keys of kinds of activity; those that are new are made.
pub(crate) async fn kinds(
    session: &mut Session,
    wanted: BTreeSet<Kind>,
) -> Result<HashMap<Kind, i64>, StoreError> {
    let values = |kind: &Kind| -> Vec<Value> {
        vec![
            kind.0.as_str().into(),
            kind.1.as_str().into(),
            kind.2.as_str().into(),
            kind.3.into(),
            kind.4.into(),
        ]
    };
    let select = "SELECT protocol, verb, operation, part, clinical, id FROM activity_kind \
                  WHERE (protocol, verb, operation, part, clinical) IN";
    let mut keys = HashMap::new();
    for row in session.fetch_of(select, "", wanted.iter().map(values).collect()).await? {
        keys.insert((row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?, row.int(4)?), row.int(5)?);
    }
    let new: Vec<Vec<Value>> = wanted.iter().filter(|kind| !keys.contains_key(*kind)).map(values).collect();
    session
        .insert(
            "INSERT INTO activity_kind (protocol, verb, operation, part, clinical)",
            "ON CONFLICT DO NOTHING",
            new.clone(),
        )
        .await?;
    for row in session.fetch_of(select, "", new).await? {
        keys.insert((row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?, row.int(4)?), row.int(5)?);
    }
    Ok(keys)
}
