//! Many devices as a picture shows them: from memory but for their names.

use std::collections::HashMap;

use medward_model::DeviceId;
use medward_monitor::{DeviceBrief, FacetField, StoreError};

use crate::Database;
use crate::columns::{scope_name, shown, status};
use crate::session::Session;
use crate::sql::Sql;

pub(super) async fn briefs(database: &Database, ids: &[DeviceId]) -> Result<Vec<DeviceBrief>, StoreError> {
    let mut session = database.engine.snapshot().await?;
    let mut briefs = Vec::with_capacity(ids.len());
    {
        let mut board = database.board.lock().await;
        board.refresh(&mut session).await?;
        let value = |field, slot| {
            let single = board.single(field)?;
            single.name(single.code(slot)).map(str::to_owned)
        };
        for id in ids {
            let Some(slot) = board.find(&id.0) else { continue };
            let (state, scope, medical) = board.standing(slot);
            let brief = DeviceBrief {
                id: id.clone(),
                site: value(FacetField::Site, slot).unwrap_or_default(),
                name: String::new(),
                scope: scope_name(scope)?.to_owned(),
                status: status(state)?,
                category: value(FacetField::Category, slot),
                group: value(FacetField::Group, slot),
                medical,
            };
            briefs.push((board.key(slot), brief));
        }
    }
    let keys: Vec<i64> = briefs.iter().map(|(key, _)| *key).collect();
    let mut names = names(&mut session, &keys).await?;
    let named = |(key, brief)| Some(DeviceBrief { name: names.remove(&key)?, ..brief });
    Ok(briefs.into_iter().filter_map(named).collect())
}

/// In one text, a line each: names hold no line ends.
async fn names(session: &mut Session, keys: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    let sqlite = session.is_sqlite();
    let mut sql = Sql::new(if sqlite {
        "SELECT GROUP_CONCAT(d.id || ' ' || d.name, CHAR(10)) FROM device d WHERE d.id IN "
    } else {
        "SELECT STRING_AGG(CAST(d.id AS TEXT) || ' ' || d.name, CHR(10)) FROM device d WHERE d.id IN "
    });
    sql.keys(sqlite, keys)?;
    let text = session.first(sql).await?.map(|row| row.maybe_text(0)).transpose()?.flatten();
    let line = |line: &str| {
        let (key, name) = line.split_once(' ')?;
        Some((key.parse().ok()?, shown(name).unwrap_or_default().to_owned()))
    };
    Ok(text.unwrap_or_default().split('\n').filter_map(line).collect())
}
