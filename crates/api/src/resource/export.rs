//! Downloads of device lists: CSV, JSON lines and spreadsheets.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use medward_monitor::{DeviceList, DeviceSummary, PageRequest};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::extract::Asked;
use crate::problem::Problems;
use crate::{Answer, App, Problem, find};

/// Rows that a spreadsheet of this kind holds at most.
const SHEET_ROWS: usize = 1_048_575;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(download))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    q: Option<String>,
    sort: Option<String>,
    /// csv, jsonl or xlsx.
    format: Option<String>,
}

/// A column with what stands in it.
type Column = (&'static str, fn(&DeviceSummary) -> String);

/// The columns.
const COLUMNS: [Column; 26] = [
    ("id", |d| d.id.0.clone()),
    ("site", |d| d.site.clone()),
    ("name", |d| d.name.clone()),
    ("status", |d| d.status.name().to_owned()),
    ("scope", |d| d.scope.clone()),
    ("vendor", |d| d.vendor.clone().unwrap_or_default()),
    ("family", |d| d.family.clone().unwrap_or_default()),
    ("model", |d| d.model.clone().unwrap_or_default()),
    ("serial", |d| d.serial.clone().unwrap_or_default()),
    ("category", |d| d.category.clone().unwrap_or_default()),
    ("group", |d| d.group.clone().unwrap_or_default()),
    ("medical", |d| if d.medical { "yes" } else { "no" }.to_owned()),
    ("os", |d| d.os.clone().unwrap_or_default()),
    ("os_version", |d| d.os_version.clone().unwrap_or_default()),
    ("firmware", |d| d.firmware.clone().unwrap_or_default()),
    ("role", |d| d.role.clone().unwrap_or_default()),
    ("life_supporting", |d| d.life_supporting.clone().unwrap_or_default()),
    ("ips", |d| d.ips.join(" ")),
    ("macs", |d| d.macs.join(" ")),
    ("vlans", |d| d.vlans.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")),
    ("position", |d| d.whereabouts.as_ref().map(|w| w.position.clone()).unwrap_or_default()),
    ("first_seen", |d| d.first_seen.map(|at| at.to_string()).unwrap_or_default()),
    ("last_seen", |d| d.last_seen.map(|at| at.to_string()).unwrap_or_default()),
    ("tags", |d| d.tags.iter().cloned().collect::<Vec<_>>().join(" ")),
    ("owner", |d| d.owner.clone().unwrap_or_default()),
    ("criticality", |d| d.criticality.map(|c| c.to_string()).unwrap_or_default()),
];

/// A cell that no spreadsheet takes for a formula: names come from the network.
fn harmless(cell: String) -> String {
    match cell.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '|' | '%') => format!("'{cell}"),
        _ if cell.starts_with(['\t', '\r', '\n']) => format!("'{cell}"),
        _ => cell,
    }
}

fn csv_row(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(cells.map(harmless));
    writer.into_inner().unwrap_or_default()
}

/// A list of devices as a file.
#[utoipa::path(get, path = "/api/v1/devices/export", tag = "devices", params(Wanted), responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), Problems))]
async fn download(State(app): State<App>, caller: Caller, Asked(wanted): Asked<Wanted>) -> Answer<Response> {
    let mut list = find::devices(&app, &caller, wanted.q.as_deref(), PageRequest::first(1000))?;
    list.sort = find::sort(wanted.sort.as_deref())?;
    let turn = app
        .streams
        .clone()
        .try_acquire_owned()
        .map_err(|_| Problem::slow_down("Too many streams and downloads are open.", 10))?;
    let (kind, extension) = match wanted.format.as_deref() {
        None | Some("" | "csv") => ("text/csv; charset=utf-8", "csv"),
        Some("jsonl") => ("application/x-ndjson", "jsonl"),
        Some("xlsx") => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        Some(_) => {
            return Err(Problem::malformed("'format' is none of csv, jsonl, xlsx.", "Use one of these."));
        }
    };
    let day: String = app.now().to_string().chars().take(10).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"medward-devices-{day}.{extension}\"")),
    ];
    if extension == "xlsx" {
        return Ok((headers, sheet(&app, list).await?).into_response());
    }
    let (give, take) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    let lines = extension == "jsonl";
    tokio::spawn(async move {
        let _turn = turn;
        if let Err(problem) = write_pages(&app, list, lines, &give).await {
            // The head of the answer is gone: breaking off tells the reader that it is not whole.
            let _ = give.send(Err(std::io::Error::other(problem.detail))).await;
        }
    });
    Ok((headers, Body::from_stream(Pieces(take))).into_response())
}

async fn write_pages(
    app: &App,
    mut list: DeviceList,
    lines: bool,
    give: &mpsc::Sender<Result<Bytes, std::io::Error>>,
) -> Answer<()> {
    if !lines {
        // The mark lets spreadsheets read it as UTF-8.
        let mut head = b"\xef\xbb\xbf".to_vec();
        head.extend(csv_row(COLUMNS.iter().map(|(name, _)| (*name).to_owned())));
        if give.send(Ok(head.into())).await.is_err() {
            return Ok(());
        }
    }
    loop {
        let page = app.store.devices(&list).await?;
        let mut piece = Vec::new();
        for device in &page.items {
            if lines {
                piece.extend(serde_json::to_vec(device).map_err(|_| Problem::internal("summary"))?);
                piece.push(b'\n');
            } else {
                piece.extend(csv_row(COLUMNS.iter().map(|(_, cell)| cell(device))));
            }
        }
        if !piece.is_empty() && give.send(Ok(piece.into())).await.is_err() {
            return Ok(());
        }
        match page.next {
            Some(next) => list.page.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// A spreadsheet, written page by page; its rows go to a temporary file.
async fn sheet(app: &App, mut list: DeviceList) -> Answer<Vec<u8>> {
    let wrong = |error: rust_xlsxwriter::XlsxError| Problem::internal(&error.to_string());
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    for (column, (name, _)) in (0_u16..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, name, &bold).map_err(wrong)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(wrong)?;
    let mut row: u32 = 1;
    loop {
        let page = app.store.devices(&list).await?;
        for device in &page.items {
            for (column, (_, cell)) in (0_u16..).zip(COLUMNS) {
                let text: String = cell(device).chars().take(32_000).collect();
                // A string cell is never a formula.
                sheet.write_string(row, column, text).map_err(wrong)?;
            }
            row = row.saturating_add(1);
        }
        match page.next {
            Some(next) if (row as usize) < SHEET_ROWS - 1000 => list.page.cursor = Some(next),
            Some(_) => {
                return Err(Problem::refused(
                    "There are more devices than a spreadsheet holds.",
                    "Use csv, or narrow the search.",
                ));
            }
            None => break,
        }
    }
    tokio::task::spawn_blocking(move || book.save_to_buffer())
        .await
        .map_err(|_| Problem::internal("spreadsheet was ended"))?
        .map_err(wrong)
}

/// Pieces of a download.
struct Pieces(mpsc::Receiver<Result<Bytes, std::io::Error>>);

impl Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_formula_becomes_text() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "|calc"] {
            assert!(harmless(evil.to_owned()).starts_with('\''), "{evil}");
        }
        assert_eq!(harmless("pump-1".to_owned()), "pump-1");
    }
}
