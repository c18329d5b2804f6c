//! The two databases: opening, migrating, asking. Everything above speaks of neither.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use medward_monitor::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Executor as _, PgConnection, SqlSafeStr};
use thiserror::Error;

use crate::session::Session;
use crate::sql::Sql;

/// Forward only. A released file is never changed: its text is checked against what was applied.
const SQLITE: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../migrations/sqlite/0001_start.sql")),
    (2, "findings", include_str!("../migrations/sqlite/0002_findings.sql")),
    (10, "lean", include_str!("../migrations/sqlite/0010_lean.sql")),
    (11, "pages", include_str!("../migrations/sqlite/0011_pages.sql")),
];
const POSTGRES: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../migrations/postgres/0001_start.sql")),
    (2, "findings", include_str!("../migrations/postgres/0002_findings.sql")),
    (10, "lean", include_str!("../migrations/postgres/0010_lean.sql")),
    (11, "pages", include_str!("../migrations/postgres/0011_pages.sql")),
];

/// Number of the newest schema.
pub(crate) fn newest_schema() -> i64 {
    SQLITE.last().map_or(0, |(version, _, _)| *version)
}

/// What a change keeps others from, in PostgreSQL; in SQLite there is one writer by its nature.
///
/// Sites do not wait for each other. Whoever may touch any row waits for all of them ("medward" in ASCII is the lock of
/// the whole). What stands apart of devices waits only for its like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim<'a> {
    /// All sites: no commit is under way meanwhile.
    Everything,
    /// One site.
    Site(&'a str),
    /// Tables of that name, which no commit touches.
    Apart(&'static str),
}

impl Claim<'_> {
    const fn lock(self) -> &'static str {
        match self {
            Claim::Everything => "SELECT pg_advisory_xact_lock(30791963069309540)",
            Claim::Site(_) => {
                "SELECT pg_advisory_xact_lock_shared(30791963069309540), pg_advisory_xact_lock(1, hashtext($1))"
            }
            Claim::Apart(_) => "SELECT pg_advisory_xact_lock(2, hashtext($1))",
        }
    }
}

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(15);

/// Readers beside the one writer.
const READERS: u32 = 6;

/// Who change something at once in PostgreSQL: more wait for one of them.
const WRITERS: u32 = 10;

/// Pages that the writer of SQLite keeps, in KiB (negative by its convention): what one large commit changes.
const WRITER_CACHE: &str = "-65536";

/// Pages that each reader of SQLite keeps; most of what it reads is mapped.
const READER_CACHE: &str = "-8192";

/// Bytes of the file that each connection maps: the system gives them back where memory is short.
const MAPPED: &str = "268435456";

/// How PostgreSQL plans for us. Compiling a statement takes longer than our answers do; a look-up by an index costs little
/// more than reading on, as what is asked for is in memory or on a disk without heads; and what is asked for decides the
/// plan: one for all values takes seconds where it is wrong.
const PLANNED: &str = "SET jit = off; SET plan_cache_mode = force_custom_plan; SET random_page_cost = 1.1; \
                       SET work_mem = '32MB'";

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

#[derive(Clone)]
pub(crate) enum Engine {
    Sqlite { writer: SqlitePool, readers: SqlitePool, path: PathBuf },
    Postgres { pool: PgPool },
}

impl Engine {
    /// Opens, with the schema of that number (the newest where none is told).
    pub(crate) async fn open(address: &str, schema: Option<i64>) -> Result<Engine, OpenError> {
        match is_postgres(address) {
            true => Engine::open_postgres(address, schema).await,
            false => Engine::open_sqlite(sqlite_path(address)?, schema).await,
        }
    }

    /// Opens what is there, to read only.
    pub(crate) async fn open_to_read(address: &str) -> Result<Engine, OpenError> {
        let (engine, place) = if is_postgres(address) {
            let (options, place) = postgres_options(address)?;
            let options = options.options([("default_transaction_read_only", "on")]);
            (Engine::Postgres { pool: postgres_pool(options, &place).await? }, place)
        } else {
            let path = sqlite_path(address)?;
            let place = path.display().to_string();
            let options = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(false)
                .read_only(true)
                .busy_timeout(Duration::from_secs(30));
            let pool = SqlitePoolOptions::new()
                .max_connections(READERS)
                .acquire_timeout(Duration::from_secs(30))
                .connect_with(options)
                .await
                .map_err(|error| OpenError::Unavailable { place: place.clone(), cause: error.to_string() })?;
            let engine = Engine::Sqlite { writer: pool.clone(), readers: pool, path: path.to_owned() };
            (engine, place)
        };
        let schema = engine.schema().await.map_err(|error| OpenError::Schema {
            place: place.clone(),
            cause: format!("it is no database of Medward ({error})"),
        })?;
        let wanted = newest_schema();
        if schema != wanted {
            let cause =
                format!("its schema is {schema}, this version reads {wanted}; `medward serve` updates it");
            return Err(OpenError::Schema { place, cause });
        }
        Ok(engine)
    }

    /// Number of the schema that it has.
    async fn schema(&self) -> Result<i64, StoreError> {
        let asked = Sql::new("SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations");
        self.reader().await?.first(asked).await?.map_or(Ok(0), |row| row.int(0))
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
            .pragma("mmap_size", MAPPED)
            .pragma("temp_store", "memory")
            // Pages that change again and again are moved into the file once for many commits.
            .pragma("wal_autocheckpoint", "16384")
            .pragma("journal_size_limit", "67108864");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(60))
            // Sites write one after the other: to wait a while for one's turn is as it should be.
            .acquire_slow_threshold(Duration::from_secs(20))
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
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
            .connect_lazy_with(options.pragma("cache_size", READER_CACHE).pragma("query_only", "1"));
        Ok(Engine::Sqlite { writer, readers, path: path.to_owned() })
    }

    async fn open_postgres(address: &str, schema: Option<i64>) -> Result<Engine, OpenError> {
        let (options, place) = postgres_options(address)?;
        let pool = postgres_pool(options, &place).await?;
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

    /// To change anything: one at a time, all or nothing.
    pub(crate) async fn writer(&self) -> Result<Session, StoreError> {
        self.writer_of(Claim::Everything).await
    }

    /// To change what is claimed: all or nothing.
    pub(crate) async fn writer_of(&self, claim: Claim<'_>) -> Result<Session, StoreError> {
        Ok(match self {
            Engine::Sqlite { writer, .. } => {
                Session::SqliteWriter(writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?)
            }
            Engine::Postgres { pool, .. } => {
                let mut transaction = pool.begin().await.map_err(unavailable)?;
                let mut lock = sqlx::query(claim.lock());
                if let Claim::Site(name) | Claim::Apart(name) = claim {
                    lock = lock.bind(name);
                }
                lock.execute(&mut *transaction).await.map_err(unavailable)?;
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

fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

/// The file that an address names.
fn sqlite_path(address: &str) -> Result<&Path, OpenError> {
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || (path == address && address.contains("://")) {
        // What stands before the host may be a password.
        let scheme = address.split("://").next().unwrap_or_default();
        return Err(OpenError::BadAddress(scheme.to_owned()));
    }
    Ok(Path::new(path))
}

/// What a PostgreSQL address says, and how to call it without the password.
fn postgres_options(address: &str) -> Result<(PgConnectOptions, String), OpenError> {
    let options = PgConnectOptions::from_str(address)
        .map_err(|_| OpenError::BadAddress("postgres address that cannot be read".to_owned()))?;
    let place = format!(
        "{} on {}:{}",
        options.get_database().unwrap_or("(default)"),
        options.get_host(),
        options.get_port()
    );
    Ok((options, place))
}

async fn postgres_pool(options: PgConnectOptions, place: &str) -> Result<PgPool, OpenError> {
    let unavailable =
        |error: sqlx::Error| OpenError::Unavailable { place: place.to_owned(), cause: error.to_string() };
    // Once by itself: a pool would try again and again where nobody answers.
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options));
    first
        .await
        .map_err(|_| unavailable(sqlx::Error::PoolTimedOut))?
        .map_err(unavailable)?
        .close()
        .await
        .map_err(unavailable)?;
    PgPoolOptions::new()
        .max_connections(READERS + WRITERS)
        .acquire_timeout(Duration::from_secs(30))
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(PLANNED).await?;
                Ok(())
            })
        })
        .connect_with(options.statement_cache_capacity(400).application_name("medward"))
        .await
        .map_err(unavailable)
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

/// Two changes of PostgreSQL that waited for each other, or of which one took away what the other spoke of: one of them was
/// given up, and can be done again.
const CROSSED: &str = "two changes crossed";

/// True where it is worth doing the same change again at once.
pub(crate) fn crossed(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(cause) if cause.starts_with(CROSSED))
}

pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    let code = match &error {
        sqlx::Error::Database(told) => told.code().map(std::borrow::Cow::into_owned).unwrap_or_default(),
        _ => String::new(),
    };
    match (&error, code.as_str()) {
        (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), _) => {
            StoreError::Corrupt(error.to_string())
        }
        (sqlx::Error::Database(told), "11" | "26" | "XX001" | "XX002") => {
            StoreError::Corrupt(told.message().to_owned())
        }
        (sqlx::Error::Database(_), "40P01" | "40001" | "23503") => {
            StoreError::Unavailable(format!("{CROSSED}: {error}"))
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
