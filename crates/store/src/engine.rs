//! The two databases: opening, migrating, asking. Everything above speaks of neither.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use medward_monitor::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgQueryResult};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteQueryResult,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, SqlSafeStr, Sqlite, Transaction};
use thiserror::Error;

use crate::sql::{Row, Sql, Value};

/// Forward only. A released file is never changed: its text is checked against what was applied.
const SQLITE: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../migrations/sqlite/0001_start.sql")),
    (2, "findings", include_str!("../migrations/sqlite/0002_findings.sql")),
];
const POSTGRES: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../migrations/postgres/0001_start.sql")),
    (2, "findings", include_str!("../migrations/postgres/0002_findings.sql")),
];

/// Number of the newest schema.
pub(crate) fn newest_schema() -> i64 {
    SQLITE.last().map_or(0, |(version, _, _)| *version)
}

/// All who change something wait for this in PostgreSQL, as they do in SQLite by its nature ("medward" in ASCII).
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(30791963069309540)";

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(15);

/// Readers beside the one writer.
const READERS: u32 = 6;

/// Why a database could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address is neither a path nor an address of a database.
    #[error("'{0}' is not a database: give a path, sqlite:PATH, or postgres://USER@HOST/NAME")]
    BadAddress(String),
    /// It does not answer, or the file cannot be read.
    #[error("the database {place} cannot be opened: {cause}")]
    Unavailable { place: String, cause: String },
    /// It was made by a later version, or changed by somebody else.
    #[error("the database {place} does not fit this version: {cause}. Update Medward, or restore a backup")]
    Schema { place: String, cause: String },
}

pub(crate) enum Engine {
    Sqlite { writer: SqlitePool, readers: SqlitePool, path: PathBuf },
    Postgres { pool: PgPool },
}

impl Engine {
    /// Opens, with the schema of that number (the newest where none is told).
    pub(crate) async fn open(address: &str, schema: Option<i64>) -> Result<Engine, OpenError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Engine::open_postgres(address, schema).await;
        }
        let path = address.strip_prefix("sqlite:").unwrap_or(address);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || (path == address && address.contains("://")) {
            // What stands before the host may be a password.
            let scheme = address.split("://").next().unwrap_or_default();
            return Err(OpenError::BadAddress(scheme.to_owned()));
        }
        Engine::open_sqlite(Path::new(path), schema).await
    }

    async fn open_sqlite(path: &Path, schema: Option<i64>) -> Result<Engine, OpenError> {
        let place = path.display().to_string();
        let unavailable =
            |error: sqlx::Error| OpenError::Unavailable { place: place.clone(), cause: error.to_string() };
        // Only its owner reads it: it holds what signs people in. What SQLite puts beside it is made likewise.
        let mut file = std::fs::File::options();
        file.append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        file.open(path).map_err(|error| unavailable(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .statement_cache_capacity(400)
            .pragma("cache_size", "-32768")
            .pragma("mmap_size", "268435456")
            .pragma("temp_store", "memory")
            .pragma("journal_size_limit", "67108864");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options.clone())
            .await
            .map_err(unavailable)?;
        migrate(SQLITE, &place, |migrator| {
            let writer = writer.clone();
            async move {
                match schema {
                    Some(schema) => migrator.run_to(schema, &writer).await,
                    None => migrator.run(&writer).await,
                }
            }
        })
        .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .connect_lazy_with(options.pragma("query_only", "1"));
        Ok(Engine::Sqlite { writer, readers, path: path.to_owned() })
    }

    async fn open_postgres(address: &str, schema: Option<i64>) -> Result<Engine, OpenError> {
        let options = PgConnectOptions::from_str(address)
            .map_err(|_| OpenError::BadAddress("postgres address that cannot be read".to_owned()))?;
        // Without the password.
        let place = format!(
            "{} on {}:{}",
            options.get_database().unwrap_or("(default)"),
            options.get_host(),
            options.get_port()
        );
        let unavailable =
            |error: sqlx::Error| OpenError::Unavailable { place: place.clone(), cause: error.to_string() };
        // Once by itself: a pool would try again and again where nobody answers.
        let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options));
        first
            .await
            .map_err(|_| unavailable(sqlx::Error::PoolTimedOut))?
            .map_err(unavailable)?
            .close()
            .await
            .map_err(unavailable)?;
        let pool = PgPoolOptions::new()
            .max_connections(READERS + 4)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.statement_cache_capacity(400).application_name("medward"))
            .await
            .map_err(unavailable)?;
        migrate(POSTGRES, &place, |migrator| {
            let pool = pool.clone();
            async move {
                match schema {
                    Some(schema) => migrator.run_to(schema, &pool).await,
                    None => migrator.run(&pool).await,
                }
            }
        })
        .await?;
        // Faster, and not needed: the right to create it may be missing.
        for text in [
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "CREATE INDEX IF NOT EXISTS term_text ON term USING gin (value gin_trgm_ops)",
        ] {
            if let Err(error) = sqlx::query(text).execute(&pool).await {
                tracing::info!("searches do without an index of triples: {error}");
                break;
            }
        }
        Ok(Engine::Postgres { pool })
    }

    /// To ask.
    pub(crate) async fn reader(&self) -> Result<Session, StoreError> {
        Ok(match self {
            Engine::Sqlite { readers, .. } => {
                Session::SqliteReader(readers.acquire().await.map_err(unavailable)?)
            }
            Engine::Postgres { pool, .. } => {
                Session::PostgresReader(pool.acquire().await.map_err(unavailable)?)
            }
        })
    }

    /// To ask several times of one moment.
    pub(crate) async fn snapshot(&self) -> Result<Session, StoreError> {
        Ok(match self {
            Engine::Sqlite { readers, .. } => {
                Session::SqliteWriter(readers.begin().await.map_err(unavailable)?)
            }
            Engine::Postgres { pool, .. } => Session::PostgresWriter(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await
                    .map_err(unavailable)?,
            ),
        })
    }

    /// To change: one at a time, all or nothing.
    pub(crate) async fn writer(&self) -> Result<Session, StoreError> {
        Ok(match self {
            Engine::Sqlite { writer, .. } => {
                Session::SqliteWriter(writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?)
            }
            Engine::Postgres { pool, .. } => {
                let mut transaction = pool.begin().await.map_err(unavailable)?;
                sqlx::query(WRITER_LOCK).execute(&mut *transaction).await.map_err(unavailable)?;
                Session::PostgresWriter(transaction)
            }
        })
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self, Engine::Sqlite { .. })
    }

    pub(crate) async fn close(&self) {
        match self {
            Engine::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres { pool, .. } => pool.close().await,
        }
    }
}

async fn migrate<F, R>(
    all: &[(i64, &'static str, &'static str)],
    place: &str,
    run: F,
) -> Result<(), OpenError>
where
    F: FnOnce(Migrator) -> R,
    R: Future<Output = Result<(), MigrateError>>,
{
    let all = all
        .iter()
        .map(|(version, name, text)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, text.into_sql_str(), false)
        })
        .collect();
    run(Migrator::with_migrations(all)).await.map_err(|error| match error {
        MigrateError::Execute(error) => {
            OpenError::Unavailable { place: place.to_owned(), cause: error.to_string() }
        }
        other => OpenError::Schema { place: place.to_owned(), cause: other.to_string() },
    })
}

/// A connection in use. A change that is not committed is rolled back when it is dropped.
pub(crate) enum Session {
    SqliteReader(PoolConnection<Sqlite>),
    SqliteWriter(Transaction<'static, Sqlite>),
    PostgresReader(PoolConnection<Postgres>),
    PostgresWriter(Transaction<'static, Postgres>),
}

macro_rules! bound {
    ($statement:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($statement.text));
        for value in $statement.args {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Session {
    pub(crate) async fn fetch(&mut self, statement: Sql) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Session::SqliteReader(connection) => {
                let rows = bound!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Session::SqliteWriter(connection) => {
                let rows = bound!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Session::PostgresReader(connection) => {
                let rows = bound!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Session::PostgresWriter(connection) => {
                let rows = bound!(statement).fetch_all(&mut **connection).await.map_err(unavailable)?;
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
                bound!(statement).execute(&mut **connection).await.map(sqlite)
            }
            Session::SqliteWriter(connection) => {
                bound!(statement).execute(&mut **connection).await.map(sqlite)
            }
            Session::PostgresReader(connection) => {
                bound!(statement).execute(&mut **connection).await.map(postgres)
            }
            Session::PostgresWriter(connection) => {
                bound!(statement).execute(&mut **connection).await.map(postgres)
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

    /// Asks for many: `head (VALUES …) tail`, some at a time.
    pub(crate) async fn fetch_of(
        &mut self,
        head: &str,
        tail: &str,
        wanted: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for part in portions(wanted, 0) {
            rows.extend(self.fetch(with_values(self.is_sqlite(), head, part, tail)).await?);
        }
        Ok(rows)
    }

    /// Changes by many: `head (VALUES …) tail`, some at a time.
    pub(crate) async fn apply(
        &mut self,
        head: &str,
        tail: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        for part in portions(rows, 0) {
            self.execute(with_values(self.is_sqlite(), head, part, tail)).await?;
        }
        Ok(())
    }

    /// Writes rows and hands back what `tail` returns of them.
    pub(crate) async fn insert_returning(
        &mut self,
        head: &str,
        tail: &str,
        columns: usize,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut returned = Vec::with_capacity(rows.len());
        for part in portions(rows, columns) {
            returned.extend(self.fetch(inserting(self.is_sqlite(), head, part, tail)).await?);
        }
        Ok(returned)
    }

    /// Writes rows of `columns` values each: `head VALUES (…),(…) tail`, as many at a time as the database takes.
    pub(crate) async fn insert(
        &mut self,
        head: &str,
        tail: &str,
        columns: usize,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        for part in portions(rows, columns) {
            self.execute(inserting(self.is_sqlite(), head, part, tail)).await?;
        }
        Ok(())
    }
}

/// Few sizes, so that the prepared statements are found again; none with more arguments than a database takes.
fn portions(rows: Vec<Vec<Value>>, columns: usize) -> impl Iterator<Item = Vec<Vec<Value>>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let left = rows.len();
        let size = [512, 128, 32, 8, 1].into_iter().find(|size| *size <= left && size * columns <= 16_000)?;
        Some(rows.by_ref().take(size).collect())
    })
}

fn values(statement: &mut Sql, rows: Vec<Vec<Value>>) {
    statement.push("VALUES ");
    for (number, row) in rows.into_iter().enumerate() {
        statement.push(if number == 0 { "" } else { "," }).list(row);
    }
}

fn with_values(unnumbered: bool, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Sql {
    let mut statement = Sql { unnumbered, ..Sql::new(head) };
    statement.push(" (");
    values(&mut statement, rows);
    statement.push(") ").push(tail);
    statement
}

fn inserting(unnumbered: bool, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Sql {
    let mut statement = Sql { unnumbered, ..Sql::new(head) };
    statement.push(" ");
    values(&mut statement, rows);
    statement.push(" ").push(tail);
    statement
}

pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(error.to_string()),
        sqlx::Error::Database(told)
            if told.code().is_some_and(|code| matches!(code.as_ref(), "11" | "26" | "XX001" | "XX002")) =>
        {
            StoreError::Corrupt(told.message().to_owned())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
