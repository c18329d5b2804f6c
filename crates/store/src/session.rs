//! A connection of either database.

use medward_monitor::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgQueryResult;
use sqlx::sqlite::SqliteQueryResult;
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use crate::engine::unavailable;
use crate::sql::{Row, Sql, Value};

/// A connection in use. A change that is not committed is rolled back when it is dropped.
pub(crate) enum Session {
    SqliteReader(PoolConnection<Sqlite>),
    SqliteWriter(Transaction<'static, Sqlite>),
    PostgresReader(PoolConnection<Postgres>),
    PostgresWriter(Transaction<'static, Postgres>),
}

macro_rules! bound {
    ($statement:expr, $($list:ident => $bound:expr),*) => {{
        let mut query = sqlx::query(AssertSqlSafe($statement.text));
        for value in $statement.args {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
                $(Value::$list(value) => query.bind($bound(value)),)*
            };
        }
        query
    }};
}

/// With the lists that only PostgreSQL takes.
macro_rules! postgres {
    ($statement:expr) => {
        bound!($statement, Ints => same, Reals => same, Texts => same, Blobs => same)
    };
}

/// SQLite is never given lists.
macro_rules! sqlite {
    ($statement:expr) => {
        bound!($statement, Ints => nothing, Reals => nothing, Texts => nothing, Blobs => nothing)
    };
}

fn same<T>(list: T) -> T {
    list
}

fn nothing<T>(_: T) -> Option<i64> {
    None
}

impl Session {
    pub(crate) async fn fetch(&mut self, statement: Sql) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Session::SqliteReader(connection) => {
                let rows = sqlite!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Session::SqliteWriter(connection) => {
                let rows = sqlite!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Session::PostgresReader(connection) => {
                let rows = postgres!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Session::PostgresWriter(connection) => {
                let rows = postgres!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, where there is one.
    pub(crate) async fn first(&mut self, statement: Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(statement).await?.into_iter().next())
    }

    /// Answers how many rows were concerned.
    pub(crate) async fn execute(&mut self, statement: Sql) -> Result<u64, StoreError> {
        let sqlite = |done: SqliteQueryResult| done.rows_affected();
        let postgres = |done: PgQueryResult| done.rows_affected();
        match self {
            Session::SqliteReader(connection) => {
                sqlite!(statement).execute(&mut **connection).await.map(sqlite)
            }
            Session::SqliteWriter(connection) => {
                sqlite!(statement).execute(&mut **connection).await.map(sqlite)
            }
            Session::PostgresReader(connection) => {
                postgres!(statement).execute(&mut **connection).await.map(postgres)
            }
            Session::PostgresWriter(connection) => {
                postgres!(statement).execute(&mut **connection).await.map(postgres)
            }
        }
        .map_err(unavailable)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Session::SqliteWriter(transaction) => transaction.commit().await.map_err(unavailable),
            Session::PostgresWriter(transaction) => transaction.commit().await.map_err(unavailable),
            Session::SqliteReader(_) | Session::PostgresReader(_) => Ok(()),
        }
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self, Session::SqliteReader(_) | Session::SqliteWriter(_))
    }

    /// The number below which all changes to devices are seen from here. In PostgreSQL only a session that asks of one
    /// moment can rely on it.
    pub(crate) async fn horizon(&mut self) -> Result<i64, StoreError> {
        let text = if self.is_sqlite() {
            "SELECT value + 1 FROM counter WHERE name = 'device'"
        } else {
            "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
        };
        self.first(Sql::new(text)).await?.map_or(Ok(1), |row| row.int(0))
    }
}
