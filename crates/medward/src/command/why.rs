//! `medward why`: the chain from packets to a value.

use std::io::Write;

use medward_identify::Catalog;
use medward_model::{Attribute, Device, Fused, Support};
use serde_json::{Value, json};

use crate::cli::{Common, PlainFormat, WhyArguments};
use crate::exit::{Exit, Failure};
use crate::{output, reading};

pub fn run(arguments: &WhyArguments, common: &Common) -> anyhow::Result<Exit> {
    let attribute = arguments.attribute.as_deref().map(attribute).transpose()?;
    let catalog = reading::catalog(arguments.reading.catalog.as_deref())?;
    let files = [arguments.file.clone()];
    let (assessment, exit) = reading::assess(&files, &arguments.reading, &catalog, common, None)?;
    let found: Vec<&Device> =
        assessment.devices.iter().filter(|device| is_called(device, &arguments.device)).collect();
    let device = match found.as_slice() {
        [] => {
            return Err(Failure::usage(format!(
                "no device is called '{}' in {}. `medward assess {}` lists them",
                arguments.device,
                arguments.file.display(),
                arguments.file.display()
            )));
        }
        [device] => *device,
        several => {
            let ids: Vec<&str> = several.iter().map(|device| device.id.0.as_str()).collect();
            return Err(Failure::usage(format!(
                "'{}' fits {} devices: {}. Give one of these ids",
                arguments.device,
                several.len(),
                ids.join(", ")
            )));
        }
    };
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Text => text(device, attribute, &catalog, out)?,
            PlainFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &document(device, attribute, &catalog))?;
                writeln!(out)?;
            }
        }
        Ok(())
    })?;
    Ok(exit)
}

fn attribute(name: &str) -> anyhow::Result<&'static str> {
    Attribute::by_name(&name.to_ascii_lowercase().replace([' ', '-'], "_")).map(Attribute::name).ok_or_else(
        || {
            let names: Vec<&str> = Attribute::ALL.into_iter().map(Attribute::name).collect();
            Failure::usage(format!("'{name}' is no attribute. There are: {}", names.join(", ")))
        },
    )
}

/// Whether a device goes by that id, address, name or number.
fn is_called(device: &Device, name: &str) -> bool {
    let same = |own: &str| own.eq_ignore_ascii_case(name);
    same(&device.id.0)
        || device.macs.iter().any(|mac| name.parse() == Ok(*mac))
        || device.ips.iter().any(|ip| name.parse() == Ok(*ip))
        || device.hostnames.iter().chain(&device.aliases).any(|own| same(own))
        || device.value(Attribute::Serial).is_some_and(same)
}

/// What the catalogue says of the rule that a support comes from.
fn rule<'c>(catalog: &'c Catalog, support: &Support) -> Option<&'c str> {
    catalog.rule(&support.source).map(|rule| rule.source)
}

fn wanted<'d>(device: &'d Device, attribute: Option<&'static str>) -> Vec<(&'static str, &'d Fused)> {
    device
        .attributes
        .iter()
        .filter(|(name, _)| attribute.is_none_or(|only| only == **name))
        .map(|(name, fused)| (*name, fused))
        .collect()
}

fn text(
    device: &Device,
    only: Option<&'static str>,
    catalog: &Catalog,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let addresses: Vec<String> = device
        .ips
        .iter()
        .map(ToString::to_string)
        .chain(device.macs.iter().map(ToString::to_string))
        .collect();
    writeln!(out, "{}  {}", device.id, addresses.join("  "))?;
    let shown = wanted(device, only);
    if shown.is_empty() && only.is_none_or(|name| name != "software") {
        writeln!(
            out,
            "\nNothing is claimed{}.",
            only.map(|name| format!(" for {name}")).unwrap_or_default()
        )?;
    }
    for (name, fused) in shown {
        writeln!(out, "\n{name}: {}   (confidence {:.2})", fused.value, fused.confidence)?;
        supports(&fused.evidence, catalog, out)?;
        for lost in &fused.rejected {
            writeln!(out, "  rejected: {}   (confidence {:.2})", lost.value, lost.confidence)?;
            supports(&lost.evidence, catalog, out)?;
        }
    }
    if only.is_none_or(|name| name == "software") {
        for software in &device.software {
            let version = software.version.as_deref().unwrap_or("(version unknown)");
            writeln!(
                out,
                "\nsoftware: {} {version}   (confidence {:.2})",
                software.name, software.confidence
            )?;
            supports(&software.evidence, catalog, out)?;
        }
    }
    Ok(())
}

fn supports(evidence: &[Support], catalog: &Catalog, out: &mut dyn Write) -> std::io::Result<()> {
    for support in evidence {
        let place = match (support.packet, support.time) {
            (Some(packet), Some(time)) => format!("packet {packet}, {time}"),
            (Some(packet), None) => format!("packet {packet}"),
            _ => "no packet".to_owned(),
        };
        writeln!(out, "  {:.2}  {place}", support.weight)?;
        writeln!(out, "        {} = \"{}\"", support.field, support.value)?;
        match rule(catalog, support) {
            Some(source) => writeln!(out, "        read by catalogue entry {}: {source}", support.source)?,
            None => writeln!(out, "        said by {}", support.source)?,
        }
    }
    Ok(())
}

fn document(device: &Device, only: Option<&'static str>, catalog: &Catalog) -> Value {
    let mut rules = serde_json::Map::new();
    let shown = wanted(device, only);
    let all = shown.iter().flat_map(|(_, fused)| {
        fused.evidence.iter().chain(fused.rejected.iter().flat_map(|lost| lost.evidence.iter()))
    });
    for support in all.chain(device.software.iter().flat_map(|software| software.evidence.iter())) {
        if let Some(source) = rule(catalog, support) {
            rules.insert(support.source.clone(), json!(source));
        }
    }
    let attributes: serde_json::Map<String, Value> =
        shown.into_iter().map(|(name, fused)| (name.to_owned(), json!(fused))).collect();
    let software =
        if only.is_none_or(|name| name == "software") { json!(device.software) } else { json!([]) };
    json!({
        "schema": "medward.why/1",
        "device": {"id": device.id, "macs": device.macs, "ips": device.ips},
        "attributes": attributes,
        "software": software,
        "catalog": rules,
    })
}
