//! How many devices have which values: the board chooses and counts.

use medward_monitor::{DeviceList, Facet, FacetField, StoreError};

use crate::Database;
use crate::board::select;
use crate::cursor::bounded;

pub(super) async fn facets(
    database: &Database,
    list: &DeviceList,
    fields: &[FacetField],
    limit: u32,
) -> Result<Vec<Facet>, StoreError> {
    let limit = bounded(limit, 20_000)?;
    let mut session = database.engine.snapshot().await?;
    let (board, wanted) = select(database, &mut session, list).await?;
    Ok(fields.iter().map(|field| board.facet(*field, Some(&wanted), limit)).collect())
}
