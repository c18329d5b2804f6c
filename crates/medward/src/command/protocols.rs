//! `medward protocols`.

use std::io::Write;

use medward_dissect::{Basis, Dissector, dissectors};
use medward_model::Gives;
use serde_json::{Value, json};

use crate::cli::{Common, PlainFormat, ProtocolsArguments};
use crate::exit::Exit;
use crate::output;

pub fn run(arguments: &ProtocolsArguments, common: &Common) -> anyhow::Result<Exit> {
    let mut all: Vec<&Dissector> = dissectors().collect();
    all.sort_by_key(|dissector| (dissector.group, dissector.name));
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let list: Vec<Value> = all.iter().map(|dissector| entry(dissector)).collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.protocols/1", "protocols": list}),
                )?;
                writeln!(out)?;
            }
            PlainFormat::Text => text(&all, out)?,
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::RealPeers => "real peers",
        Basis::DocumentOnly => "document only",
    }
}

fn entry(dissector: &Dissector) -> Value {
    let fields: Vec<Value> = dissector
        .fields
        .iter()
        .map(|field| match field.gives {
            Gives::Attribute { attribute, percent } => json!({
                "name": field.name, "gives": attribute.name(), "weight": f64::from(percent) / 100.0, "meaning": field.meaning,
            }),
            Gives::Fact => json!({"name": field.name, "meaning": field.meaning}),
        })
        .collect();
    json!({
        "name": dissector.name,
        "title": dissector.title,
        "label": dissector.label,
        "group": dissector.group.name(),
        "carrier": dissector.carrier.name(),
        "ports": dissector.ports,
        "specification": dissector.specification,
        "checked_against": basis(dissector.basis),
        "fields": fields,
    })
}

fn text(all: &[&Dissector], out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{} protocols, recognised by content; ports are hints.", all.len())?;
    let mut group = None;
    for dissector in all {
        if group != Some(dissector.group) {
            group = Some(dissector.group);
            writeln!(out, "\n{}", dissector.group.name())?;
        }
        let ports: Vec<String> = dissector.ports.iter().map(u16::to_string).collect();
        let over = if ports.is_empty() { String::new() } else { format!(" {}", ports.join(", ")) };
        let mut gives: Vec<&str> = dissector
            .fields
            .iter()
            .filter_map(|field| match field.gives {
                Gives::Attribute { attribute, .. } => Some(attribute.name()),
                Gives::Fact => None,
            })
            .collect();
        gives.sort_unstable();
        gives.dedup();
        writeln!(out, "  {:<12} {}  ({}{over})", dissector.name, dissector.title, dissector.carrier.name())?;
        writeln!(out, "  {:<12}   by {}", "", dissector.specification.join("; "))?;
        if !gives.is_empty() {
            writeln!(out, "  {:<12}   states {}", "", gives.join(", "))?;
        }
        if dissector.basis == Basis::DocumentOnly {
            writeln!(out, "  {:<12}   built from its document; not yet checked against a real device", "")?;
        }
    }
    Ok(())
}
