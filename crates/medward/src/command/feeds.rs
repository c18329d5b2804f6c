//! `medward feeds`.

use medward_knowledge::{Extent, FEEDS};
use serde_json::json;

use crate::cli::{Common, FeedsArguments, PlainFormat};
use crate::exit::Exit;
use crate::output;

pub fn run(arguments: &FeedsArguments, common: &Common) -> anyhow::Result<Exit> {
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let list: Vec<_> = FEEDS
                    .iter()
                    .map(|feed| {
                        json!({
                            "name": feed.name,
                            "title": feed.title,
                            "publisher": feed.publisher,
                            "licence": feed.licence,
                            "specification": feed.specification,
                            "cadence_hours": feed.cadence_hours,
                            "extent": if feed.extent == Extent::Whole { "whole" } else { "part" },
                            "yields": feed.yields.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
                        })
                    })
                    .collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.feeds/1", "feeds": list}),
                )?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(
                    out,
                    "{} feeds; `medward knowledge import` recognises their files by content.\n",
                    FEEDS.len()
                )?;
                for feed in FEEDS {
                    let yields: Vec<&str> = feed.yields.iter().map(|kind| kind.name()).collect();
                    writeln!(out, "  {:<19} {}, by {}", feed.name, feed.title, feed.publisher)?;
                    writeln!(out, "  {:<19}   {}; licence: {}", "", yields.join(", "), feed.licence)?;
                    writeln!(out, "  {:<19}   by {}", "", feed.specification.join("; "))?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
