//! Reading a backup into a new database, all of it or nothing.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use medward_monitor::{StoreError, Upkeep};
use serde_json::Value as Json;
use tokio::sync::mpsc;

use super::layout::{DRAWN, FORMER, Kind, TABLES, Table};
use super::{FORMAT, RestoreError};
use crate::Database;
use crate::engine::{Engine, newest_schema};
use crate::ingest::next_change;
use crate::session::Session;
use crate::sql::{Sql, Value};

/// Longest line, in bytes.
const LONGEST: u64 = 128 << 20;

/// Rows that are written at once.
const PORTION: usize = 2048;

/// Reads a backup into the database at `address` (see [`Database::open`]), which must be new or empty, and brings it up to
/// date. Answers how many rows there are.
///
/// # Errors
/// Where the file is damaged, cut off or of a later version, or the database holds something; nothing is changed then.
pub async fn restore(from: &Path, address: &str) -> Result<u64, RestoreError> {
    let (send, mut lines) = mpsc::channel(4);
    let path = from.to_owned();
    let reader = tokio::task::spawn_blocking(move || read(&path, &send));
    let mut input = Input { path: from.to_owned(), line: 0, waiting: Vec::new() };
    let head = input.next(&mut lines).await?;
    if head.get("medward-backup").and_then(Json::as_u64) != Some(FORMAT) {
        return Err(input.damaged("it is no backup of Medward, or of a later version"));
    }
    let schema = head.get("schema").and_then(Json::as_i64).unwrap_or(0);
    if !(1..=newest_schema()).contains(&schema) {
        return Err(input.damaged(&format!("its schema {schema} is not known to this version")));
    }
    // First as it was then; what came later is done to the rows too.
    let database = Database::of(Engine::open(address, Some(schema)).await?);
    if database.health().await?.schema > u64::try_from(schema).unwrap_or(0) {
        database.close().await;
        return Err(RestoreError::NotEmpty);
    }
    let filled = fill(&database, &mut input, &mut lines).await;
    database.close().await;
    if let Err(RestoreError::Store(_)) = &filled {
        // What the database did not take may be what the file does not hold in truth: its checksum comes at the end.
        while let Some(some) = lines.recv().await {
            if let Err(cause) = some {
                return Err(input.damaged(&cause.to_string()));
            }
        }
    }
    drop(lines);
    let read = reader.await;
    let rows = filled?;
    if let Ok(Err(cause)) = read {
        return Err(input.damaged(&cause.to_string()));
    }
    Database::open(address).await?.close().await;
    Ok(rows)
}

/// Hands out lines, some at a time.
fn read(path: &Path, send: &mpsc::Sender<std::io::Result<Vec<Vec<u8>>>>) -> std::io::Result<()> {
    let lines = || -> std::io::Result<()> {
        let mut reader = BufReader::new(zstd::Decoder::new(BufReader::new(File::open(path)?))?);
        let mut some = Vec::new();
        loop {
            let mut line = Vec::new();
            if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            some.push(line);
            if some.len() >= PORTION && send.blocking_send(Ok(std::mem::take(&mut some))).is_err() {
                return Ok(());
            }
        }
        let _ = send.blocking_send(Ok(some));
        Ok(())
    };
    lines().inspect_err(|error| {
        let _ = send.blocking_send(Err(std::io::Error::new(error.kind(), error.to_string())));
    })
}

type Lines = mpsc::Receiver<std::io::Result<Vec<Vec<u8>>>>;

struct Input {
    path: PathBuf,
    line: u64,
    /// Last first.
    waiting: Vec<Vec<u8>>,
}

impl Input {
    fn damaged(&self, cause: &str) -> RestoreError {
        RestoreError::Damaged { path: self.path.clone(), line: self.line, cause: cause.to_owned() }
    }

    async fn next(&mut self, lines: &mut Lines) -> Result<Json, RestoreError> {
        while self.waiting.is_empty() {
            match lines.recv().await {
                Some(Ok(some)) => self.waiting = some.into_iter().rev().collect(),
                Some(Err(error)) => return Err(self.damaged(&error.to_string())),
                None => return Err(self.damaged("the file ends here; it was cut off")),
            }
        }
        self.line += 1;
        let line = self.waiting.pop().unwrap_or_default();
        serde_json::from_slice(&line).map_err(|error| self.damaged(&error.to_string()))
    }
}

async fn fill(database: &Database, input: &mut Input, lines: &mut Lines) -> Result<u64, RestoreError> {
    let mut session = database.engine.writer().await?;
    for table in ["site", "document", "audit"] {
        if session.first(Sql::new(&format!("SELECT 1 FROM {table} LIMIT 1"))).await?.is_some() {
            return Err(RestoreError::NotEmpty);
        }
    }
    session.execute(Sql::new("DELETE FROM counter")).await?;
    let mut into: Option<(&Table, Vec<Kind>, String)> = None;
    let mut waiting = Vec::new();
    let mut rows = 0_u64;
    loop {
        let line = input.next(lines).await?;
        if let Json::Array(values) = line {
            let Some((_, kinds, _)) = &into else { return Err(input.damaged("a row before any table")) };
            waiting.push(
                values_of(values, kinds).ok_or_else(|| input.damaged("the row does not fit its table"))?,
            );
            rows += 1;
            if waiting.len() < PORTION {
                continue;
            }
        } else {
            write(&mut session, into.as_ref(), std::mem::take(&mut waiting)).await?;
            if let Some(count) = line.get("rows").and_then(Json::as_u64) {
                if count != rows {
                    return Err(input.damaged(&format!("{rows} rows were found, and {count} were written")));
                }
                break;
            }
            into = Some(table(&line).ok_or_else(|| input.damaged("a table that is not known"))?);
            continue;
        }
        write(&mut session, into.as_ref(), std::mem::take(&mut waiting)).await?;
    }
    // Changes have the numbers of another server, or of the other database.
    let change = next_change(&mut session).await?;
    session.execute(Sql::with("UPDATE device SET changed = $1", [change.into()])).await?;
    session.execute(Sql::new("DELETE FROM removed")).await?;
    if !database.engine.is_sqlite() {
        for table in DRAWN {
            // One that a later schema brings is not there yet.
            let there = session
                .first(Sql::with("SELECT 1 WHERE to_regclass($1) IS NOT NULL", [table.into()]))
                .await?;
            if there.is_none() {
                continue;
            }
            session
                .fetch(Sql::new(&format!(
                    "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
                     (SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
                )))
                .await?;
        }
    }
    session.commit().await?;
    Ok(rows)
}

/// The table of a line, the kinds of its columns in their order, and the head of a statement.
fn table(line: &Json) -> Option<(&'static Table, Vec<Kind>, String)> {
    let name = line.get("table")?.as_str()?;
    let table = TABLES.iter().chain(FORMER).find(|table| table.name == name)?;
    let mut kinds = Vec::new();
    let mut names = Vec::new();
    for column in line.get("columns")?.as_array()? {
        let (name, kind) = table.columns.iter().find(|(name, _)| Some(*name) == column.as_str())?;
        names.push(*name);
        kinds.push(*kind);
    }
    Some((table, kinds, format!("INSERT INTO {name} ({})", names.join(", "))))
}

fn values_of(values: Vec<Json>, kinds: &[Kind]) -> Option<Vec<Value>> {
    if values.len() != kinds.len() {
        return None;
    }
    let pairs = values.into_iter().zip(kinds);
    pairs
        .map(|(value, kind)| {
            Some(match (kind, value) {
                (Kind::Int, Json::Null) => Value::Int(None),
                (Kind::Int, value) => Value::Int(Some(value.as_i64()?)),
                (Kind::Real, value) => Value::Real(f64::from_bits(value.as_u64()?)),
                (Kind::Text, Json::Null) => Value::Text(None),
                (Kind::Text, Json::String(text)) => text.into(),
                (Kind::Blob, value) => Value::Blob(STANDARD.decode(value.get("b")?.as_str()?).ok()?),
                (Kind::Text, _) => return None,
            })
        })
        .collect()
}

async fn write(
    session: &mut Session,
    into: Option<&(&Table, Vec<Kind>, String)>,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    match into {
        Some((_, _, head)) if !rows.is_empty() => session.insert(head, "", rows).await,
        _ => Ok(()),
    }
}
