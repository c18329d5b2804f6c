//! The database as others see it.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::board::Board;
use crate::engine::{Engine, OpenError};
use crate::search::Lookup;
use crate::upkeep::{Counted, count_kept};

/// An open database; it implements all traits of [`medward_monitor::Store`]. Cheap to share behind an `Arc`.
pub struct Database {
    pub(crate) engine: Engine,
    /// What devices are counted by, in memory.
    pub(crate) board: Arc<Mutex<Board>>,
    /// How large everything was, where counting it took long.
    pub(crate) sizes: Arc<Mutex<Option<Counted>>>,
}

impl Database {
    /// Opens a database and brings its schema up to date: a path or `sqlite:PATH` (made where it is missing), or
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`.
    ///
    /// # Errors
    /// Where the address says nothing, the database does not answer, or it was made by a later version.
    pub async fn open(address: &str) -> Result<Database, OpenError> {
        let database = Database::of(Engine::open(address, None).await?);
        // So that the first who counts does not wait for all devices to be read.
        let (engine, board) = (database.engine.clone(), Arc::clone(&database.board));
        let sizes = Arc::clone(&database.sizes);
        tokio::spawn(async move {
            let mut board = board.lock().await;
            let read = async { board.refresh(&mut engine.snapshot().await?).await };
            if let Err(error) = read.await {
                tracing::debug!("devices are read when somebody counts them: {error}");
            }
            drop(board);
            if let Ok((_, kept @ Some(_))) = count_kept(&engine).await {
                *sizes.lock().await = kept;
            }
        });
        Ok(database)
    }

    /// Opens a database that is there, to read only: nothing is made, migrated or written, and a monitor may run on it.
    /// Whatever would write fails with [`medward_monitor::StoreError::Unavailable`].
    ///
    /// # Errors
    /// Where there is none, it does not answer, or its schema is not the one of this version.
    pub async fn open_to_read(address: &str) -> Result<Database, OpenError> {
        Ok(Database::of(Engine::open_to_read(address).await?))
    }

    pub(crate) fn of(engine: Engine) -> Database {
        Database { engine, board: Arc::default(), sizes: Arc::default() }
    }

    /// Ends all connections after what is under way.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    pub(crate) const fn lookup(&self) -> Lookup {
        if self.engine.is_sqlite() { Lookup::Triples } else { Lookup::Like }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.engine.is_sqlite() { "Database(sqlite)" } else { "Database(postgresql)" })
    }
}
