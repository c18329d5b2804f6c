//! Many devices as a picture shows them: from memory.

use medward_model::DeviceId;
use medward_monitor::{DeviceBrief, FacetField, StoreError};

use crate::Database;
use crate::columns::{scope_name, status};

pub(super) async fn briefs(database: &Database, ids: &[DeviceId]) -> Result<Vec<DeviceBrief>, StoreError> {
    let mut session = database.engine.snapshot().await?;
    let mut board = database.board.lock().await;
    board.refresh(&mut session).await?;
    let value = |field, slot| {
        let single = board.single(field)?;
        single.name(single.code(slot)).map(str::to_owned)
    };
    let mut briefs = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(slot) = board.find(&id.0) else { continue };
        let (state, scope, medical) = board.standing(slot);
        briefs.push(DeviceBrief {
            id: id.clone(),
            site: value(FacetField::Site, slot).unwrap_or_default(),
            name: board.name(slot).to_owned(),
            scope: scope_name(scope)?.to_owned(),
            status: status(state)?,
            category: value(FacetField::Category, slot),
            group: value(FacetField::Group, slot),
            medical,
        });
    }
    Ok(briefs)
}
