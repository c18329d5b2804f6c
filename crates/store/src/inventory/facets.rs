//! How many devices have which values: the database tells which devices, the board counts.

use medward_monitor::{DeviceList, Facet, FacetField, StoreError};
use medward_query::Node;

use crate::Database;
use crate::board::{joined, keys};
use crate::cursor::bounded;
use crate::search::condition;
use crate::sql::Sql;

pub(super) async fn facets(
    database: &Database,
    list: &DeviceList,
    fields: &[FacetField],
    limit: u32,
) -> Result<Vec<Facet>, StoreError> {
    let limit = bounded(limit, 20_000)?;
    let everything = *list.query.root() == Node::And(Vec::new());
    let mut session = database.engine.snapshot().await?;
    let wanted = if everything && list.sites.is_none() {
        None
    } else {
        let mut sql = Sql::new("SELECT ");
        sql.push(joined(database.engine.is_sqlite())).push(" FROM device d WHERE ");
        condition(list, database.lookup(), &mut sql)?;
        let found = session.first(sql).await?.map(|row| row.maybe_text(0)).transpose()?;
        Some(keys(&found.flatten().unwrap_or_default()))
    };
    let mut board = database.board.lock().await;
    board.refresh(&mut session).await?;
    let wanted = wanted.map(|keys| board.slots(&keys));
    Ok(fields.iter().map(|field| board.facet(*field, wanted.as_deref(), limit)).collect())
}
