//! `medward why`: the chain from packets to a value, of a capture, of what a monitor stored, or of a running monitor.

mod known;
mod stored;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use medward_identify::Catalog;
use medward_model::Attribute;

use crate::asking::Asking;
use crate::cli::{Common, PlainFormat, WhyArguments};
use crate::exit::{Exit, Failure};
use crate::{output, reading};
use known::Known;

/// Where devices are looked for.
enum Place {
    /// A capture, directory, or standard input.
    Capture(PathBuf),
    /// A monitor's database.
    Database(String),
    /// A running monitor.
    Server(String),
}

/// What is asked.
struct Question {
    place: Place,
    device: String,
    attribute: Option<&'static str>,
}

pub fn run(arguments: &WhyArguments, common: &Common) -> anyhow::Result<Exit> {
    let question = question(arguments)?;
    let catalog = reading::catalog(arguments.reading.catalog.as_deref())?;
    let (found, exit) = match &question.place {
        Place::Capture(path) => in_capture(path, &question.device, arguments, &catalog, common)?,
        Place::Database(place) => (stored::in_database(place, &question.device)?, Exit::Done),
        Place::Server(url) => {
            let asking = Asking::new(url, &arguments.server)?;
            (stored::at_server(&asking, &question.device)?, Exit::Done)
        }
    };
    let device = only(&found, &question)?;
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Text => known::text(device, question.attribute, &catalog, out)?,
            PlainFormat::Json => {
                let document = known::document(device, question.attribute, &catalog);
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)?;
            }
        }
        Ok(())
    })?;
    Ok(exit)
}

/// Takes the command line apart: FILE comes first only where nothing else says where to look.
fn question(arguments: &WhyArguments) -> anyhow::Result<Question> {
    let mut words = arguments.what.iter();
    let place = match (&arguments.server.server, &arguments.database, &arguments.data) {
        (Some(url), _, _) => Place::Server(url.clone()),
        (None, Some(url), _) => Place::Database(url.clone()),
        (None, None, Some(folder)) => Place::Database(database(folder)?),
        (None, None, None) => {
            let file = words.next().map(PathBuf::from).unwrap_or_default();
            if words.len() == 0 {
                return Err(Failure::usage(format!(
                    "which device, and where? Give FILE DEVICE, or with --data or --server only DEVICE ('{}' alone is one of both)",
                    file.display()
                )));
            }
            Place::Capture(file)
        }
    };
    if words.len() > 2 {
        return Err(Failure::usage(
            "there is one word too many: with --data, --database or --server there is no FILE, only DEVICE and ATTRIBUTE",
        ));
    }
    let device = words.next().map(text).transpose()?.unwrap_or_default();
    let attribute = words.next().map(text).transpose()?.as_deref().map(attribute).transpose()?;
    if device.trim().is_empty() {
        return Err(Failure::usage(
            "DEVICE is empty: give an id, MAC, IP, host name, alias or serial number",
        ));
    }
    Ok(Question { place, device, attribute })
}

fn text(word: &OsString) -> anyhow::Result<String> {
    word.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::usage(format!("'{}' is not valid text (UTF-8)", word.display())))
}

/// The database in a monitor's data directory.
fn database(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("medward.db");
    if !file.exists() {
        return Err(Failure::unreadable(format!(
            "there is no database at {}: --data names the directory that `medward serve --data` uses; for PostgreSQL give \
             --database URL",
            file.display()
        )));
    }
    Ok(format!("sqlite:{}", file.display()))
}

fn attribute(name: &str) -> anyhow::Result<&'static str> {
    Attribute::by_name(&name.to_ascii_lowercase().replace([' ', '-'], "_")).map(Attribute::name).ok_or_else(
        || {
            let names: Vec<&str> = Attribute::ALL.into_iter().map(Attribute::name).collect();
            Failure::usage(format!("'{name}' is no attribute. There are: {}", names.join(", ")))
        },
    )
}

fn in_capture(
    file: &Path,
    name: &str,
    arguments: &WhyArguments,
    catalog: &Catalog,
    common: &Common,
) -> anyhow::Result<(Vec<Known>, Exit)> {
    let files = [file.to_owned()];
    let (assessment, exit) = reading::assess(&files, &arguments.reading, catalog, common, None)?;
    let mut found = Vec::new();
    for device in &assessment.devices {
        let known = Known::read(serde_json::to_value(device)?)?;
        if known.is_called(name) {
            found.push(known);
        }
    }
    Ok((found, exit))
}

/// The one device that was found.
fn only<'f>(found: &'f [Known], question: &Question) -> anyhow::Result<&'f Known> {
    let name = &question.device;
    match found {
        [] => Err(match &question.place {
            Place::Capture(file) => {
                let file = file.display();
                Failure::usage(format!(
                    "no device is called '{name}' in {file}. `medward assess {file}` lists them"
                ))
            }
            Place::Database(_) => Failure::unreadable(format!(
                "no device is called '{name}' there. The page Devices of the monitor lists them"
            )),
            Place::Server(url) => Failure::unreadable(format!(
                "no device is called '{name}' at {url}, or the token may not see it. Its page Devices lists them"
            )),
        }),
        [device] => Ok(device),
        several => {
            let ids: Vec<&str> = several.iter().map(|device| device.id.as_str()).take(20).collect();
            Err(Failure::usage(format!(
                "'{name}' fits {} devices: {}. Give one of these ids",
                several.len(),
                ids.join(", ")
            )))
        }
    }
}
