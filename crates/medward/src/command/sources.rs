//! `medward sources`.

use medward_sources::{Carrier, SOURCES};
use serde_json::json;

use crate::cli::{Common, PlainFormat, SourcesArguments};
use crate::exit::Exit;
use crate::output;

pub fn run(arguments: &SourcesArguments, common: &Common) -> anyhow::Result<Exit> {
    let kind = |carrier: &Carrier| match carrier {
        Carrier::Datagrams { .. } => "udp",
        Carrier::Log { .. } => "log",
        Carrier::Ledger { .. } => "file",
    };
    let usual = |carrier: &Carrier| -> Vec<String> {
        match carrier {
            Carrier::Datagrams { ports } => ports.iter().map(ToString::to_string).collect(),
            Carrier::Log { usual } | Carrier::Ledger { usual } => {
                usual.iter().map(|path| (*path).to_owned()).collect()
            }
        }
    };
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let list: Vec<_> = SOURCES
                    .iter()
                    .map(|source| {
                        json!({
                            "name": source.name,
                            "title": source.title,
                            "specification": source.specification,
                            "carrier": kind(&source.carrier),
                            "usual": usual(&source.carrier),
                            "fields": source.fields.iter().map(|field| field.name).collect::<Vec<_>>(),
                        })
                    })
                    .collect();
                let document = json!({"schema": "medward.sources/1", "sources": list});
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(
                    out,
                    "{} sources beside the wire; `--source NAME=PLACE` listens to one.\n",
                    SOURCES.len()
                )?;
                for source in SOURCES {
                    let usual = usual(&source.carrier).join(", ");
                    writeln!(out, "  {:<19} {}", source.name, source.title)?;
                    writeln!(out, "  {:<19}   {}: {usual}", "", kind(&source.carrier))?;
                    writeln!(out, "  {:<19}   by {}", "", source.specification.join("; "))?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
