//! Writing a backup.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use medward_monitor::{StoreError, Upkeep};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::layout::{Kind, TABLES, Table};
use super::{BackupError, FORMAT};
use crate::Database;
use crate::session::Session;
use crate::sql::{Row, Sql, Value};

/// Rows that are held in memory at once.
const PORTION: usize = 2000;

pub(super) async fn write(database: &Database, to: &Path) -> Result<u64, BackupError> {
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let failed = |cause| BackupError::File { path: to.to_owned(), cause };
    let (lines, inbox) = mpsc::channel::<Vec<u8>>(16);
    let target = partial.clone();
    let file = tokio::task::spawn_blocking(move || drain(&target, inbox));
    let asked = ask(database, &lines).await;
    drop(lines);
    let written = file.await.map_err(|error| failed(std::io::Error::other(error)))?;
    let done = match (asked, written) {
        // Where the file failed, the lines could not be handed over: that is the cause.
        (_, Err(cause)) => Err(failed(cause)),
        (Err(error), Ok(())) => Err(error.into()),
        (Ok(rows), Ok(())) => std::fs::rename(&partial, to).map_err(failed).map(|()| rows),
    };
    match &done {
        Ok(_) => {
            // So that the name outlasts a loss of power too.
            if let Some(folder) = to.parent().and_then(|folder| File::open(folder).ok()) {
                let _ = folder.sync_all();
            }
        }
        Err(_) => {
            let _ = std::fs::remove_file(&partial);
        }
    }
    done
}

/// Writes what comes in until nothing more does.
fn drain(target: &Path, mut inbox: mpsc::Receiver<Vec<u8>>) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // It holds what signs people in.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(target)?;
    let mut encoder = zstd::Encoder::new(BufWriter::new(file), 3)?;
    encoder.include_checksum(true)?;
    while let Some(lines) = inbox.blocking_recv() {
        encoder.write_all(&lines)?;
    }
    let file = encoder.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()
}

async fn ask(database: &Database, lines: &mpsc::Sender<Vec<u8>>) -> Result<u64, StoreError> {
    let schema = database.health().await?.schema;
    let mut session = database.engine.snapshot().await?;
    send(lines, &[json!({"medward-backup": FORMAT, "schema": schema})]).await?;
    let mut rows = 0;
    for table in TABLES {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        send(lines, &[json!({"table": table.name, "columns": columns})]).await?;
        rows += whole_table(&mut session, table, lines).await?;
    }
    send(lines, &[json!({"rows": rows})]).await?;
    Ok(rows)
}

async fn whole_table(
    session: &mut Session,
    table: &Table,
    lines: &mpsc::Sender<Vec<u8>>,
) -> Result<u64, StoreError> {
    let (names, key) = (table.names(), table.key_names());
    let mut last: Option<Vec<Value>> = None;
    let mut count = 0;
    loop {
        let mut sql = Sql::new(&format!("SELECT {names} FROM {}", table.name));
        if let Some(last) = last.take() {
            sql.push(&format!(" WHERE ({key}) > ")).list(last);
        }
        sql.push(&format!(" ORDER BY {key} LIMIT {PORTION}"));
        let rows = session.fetch(sql).await?;
        let all = rows.iter().map(|row| read(row, table)).collect::<Result<Vec<_>, _>>()?;
        send(lines, &all).await?;
        count += u64::try_from(rows.len()).unwrap_or(0);
        match rows.last() {
            Some(row) if rows.len() == PORTION => last = Some(key_of(row, table)?),
            _ => return Ok(count),
        }
    }
}

fn key_of(row: &Row, table: &Table) -> Result<Vec<Value>, StoreError> {
    let key = table.columns.iter().take(table.key).enumerate();
    key.map(|(at, (_, kind))| {
        Ok(match kind {
            Kind::Int => row.int(at)?.into(),
            Kind::Real => row.real(at)?.into(),
            Kind::Text => row.text(at)?.into(),
            Kind::Blob => row.blob(at)?.into(),
        })
    })
    .collect()
}

fn read(row: &Row, table: &Table) -> Result<Json, StoreError> {
    let values = table.columns.iter().enumerate();
    let values: Result<Vec<Json>, StoreError> = values
        .map(|(at, (_, kind))| {
            Ok(match kind {
                Kind::Int => row.maybe_int(at)?.map_or(Json::Null, Json::from),
                // By its bits, so that it stays the same to the last.
                Kind::Real => Json::from(row.real(at)?.to_bits()),
                Kind::Text => row.maybe_text(at)?.map_or(Json::Null, Json::from),
                Kind::Blob => json!({"b": STANDARD.encode(row.blob(at)?)}),
            })
        })
        .collect();
    values.map(Json::Array)
}

async fn send(lines: &mpsc::Sender<Vec<u8>>, values: &[Json]) -> Result<(), StoreError> {
    let mut text = Vec::new();
    for value in values {
        text.extend(crate::sql::to_json(value)?.into_bytes());
        text.push(b'\n');
    }
    lines.send(text).await.map_err(|_| StoreError::Unavailable("the file takes no more".to_owned()))
}
