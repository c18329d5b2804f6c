//! From text to value; all mistakes are told, not only the first.

use std::net::IpAddr;

use medward_query::{Field, ParseError, Query};
use toml::de::DeTable;

use super::error::nearest;
use super::table::{At, Reader, Span};
use super::{
    BreakGlass, Conduit, Duty, Ends, Errors, Fail, Invariant, Kind, Members, Policy, Rate, SCHEMA, Service,
    Stage, StatedBy, Treatment, Window, Zone,
};
use crate::ports::Ports;

/// How sure attributes must be where a zone says nothing.
pub(crate) const CONFIDENCE: f64 = 0.8;

/// Longest text, in bytes.
const LONGEST: usize = 8 << 20;

impl Policy {
    /// Reads a text. Names of protocols are looked up in `ports`.
    pub fn parse(text: &str, ports: &dyn Ports) -> Result<Policy, Errors> {
        let mut reader = Reader::new(text);
        if text.len() > LONGEST {
            reader.wrong(&(0..0), format!("the text is longer than {LONGEST} bytes"));
            return Err(reader.finish());
        }
        let (root, broken) = DeTable::parse_recoverable(text);
        for error in &broken {
            reader.wrong(&error.span().unwrap_or(0..0), error.message());
        }
        let policy = policy(&mut reader, root.get_ref(), ports);
        let errors = reader.finish();
        if errors.0.is_empty() { Ok(policy) } else { Err(errors) }
    }
}

fn policy(reader: &mut Reader<'_>, root: &DeTable<'_>, ports: &dyn Ports) -> Policy {
    let top = [
        "schema",
        "name",
        "owner",
        "defaults",
        "zone",
        "conduit",
        "never",
        "always",
        "unknown",
        "unsure",
        "break_glass",
    ];
    reader.only(root, &top);
    match reader.needed(root, "schema", &(0..0)) {
        Some((schema, span)) if schema != SCHEMA => {
            reader.suggest(
                &span,
                format!("the schema '{schema}' is not understood"),
                Some(SCHEMA.to_owned()),
            );
        }
        _ => {}
    }
    let name = reader.needed(root, "name", &(0..0)).map(|(name, _)| name).unwrap_or_default();
    let owner = reader.string(root, "owner").map(|(owner, _)| owner);
    let mut stage = Stage::Observe;
    if let Some((defaults, _)) = reader.table(root, "defaults") {
        reader.only(defaults, &["stage"]);
        stage = reader.word(defaults, "stage", Stage::ALL, Stage::name).unwrap_or(stage);
    }
    let zones = zones(reader, root, stage);
    let names: Vec<String> = zones.iter().map(|zone| zone.name.clone()).collect();
    let mut conduits = Vec::new();
    for (table, span) in reader.tables(root, "conduit") {
        conduits.extend(conduit(reader, table, &span, &names, ports));
    }
    let mut invariants = Vec::new();
    for (duty, key) in [(Duty::Never, "never"), (Duty::Always, "always")] {
        for (table, span) in reader.tables(root, key) {
            invariants.extend(invariant(reader, table, &span, duty, &names, ports));
        }
    }
    let unknown = treatment(reader, root, "unknown", &names);
    let unsure = treatment(reader, root, "unsure", &names);
    let break_glass = break_glass(reader, root);
    Policy { name, owner, stage, zones, conduits, invariants, unknown, unsure, break_glass }
}

fn zones(reader: &mut Reader<'_>, root: &DeTable<'_>, stage: Stage) -> Vec<Zone> {
    let Some((all, _)) = reader.table(root, "zone") else { return Vec::new() };
    let mut keys: Vec<(&str, Span)> = all.iter().map(|(key, _)| (&**key.get_ref(), key.span())).collect();
    keys.sort_by_key(|(_, span)| span.start);
    let mut zones = Vec::new();
    for (name, span) in keys {
        if let Some((table, _)) = reader.table(all, name) {
            zones.extend(zone(reader, table, name, &span, stage));
        }
    }
    zones
}

fn zone(reader: &mut Reader<'_>, table: &DeTable<'_>, name: &str, span: &Span, stage: Stage) -> Option<Zone> {
    let keys = [
        "where",
        "addresses",
        "external",
        "confidence",
        "kind",
        "stage",
        "fail",
        "owner",
        "reason",
        "break_glass",
    ];
    reader.only(table, &keys);
    if name == "any" || name.is_empty() {
        reader.wrong(span, format!("no zone can be called '{name}'"));
    }
    let selector = reader.string(table, "where");
    let networks = reader.strings(table, "addresses");
    let external = reader.flag(table, "external").filter(|(external, _)| *external);
    let ways =
        usize::from(selector.is_some()) + usize::from(networks.is_some()) + usize::from(external.is_some());
    if ways > 1 {
        reader.wrong(span, "a zone has one of 'where', 'addresses' and 'external'");
    }
    let members = if let Some((text, at)) = selector {
        selected(reader, text, &at)
    } else if let Some(networks) = networks {
        let read: Vec<Option<(IpAddr, u8)>> =
            networks.iter().map(|(text, at)| network(reader, text, at)).collect();
        read.into_iter().collect::<Option<Vec<_>>>().map(Members::Networks)
    } else if external.is_some() {
        Some(Members::External)
    } else {
        if !["where", "addresses", "external"].iter().any(|key| table.contains_key(*key)) {
            reader.wrong(
                span,
                format!("the zone '{name}' says not what belongs to it: 'where', 'addresses' or 'external'"),
            );
        }
        None
    };
    let confidence = reader.share(table, "confidence");
    let kind = reader.word(table, "kind", Kind::ALL, Kind::name);
    let stage = reader.word(table, "stage", Stage::ALL, Stage::name).unwrap_or(stage);
    let fail = reader.word(table, "fail", Fail::ALL, Fail::name).unwrap_or(Fail::Open);
    let owner = reader.string(table, "owner").map(|(text, _)| text);
    let reason = reader.string(table, "reason").map(|(text, _)| text);
    let break_glass = reader.flag(table, "break_glass").is_none_or(|(flag, _)| flag);
    // A zone with a mistake keeps its name, so that what names it is not told to be wrong as well.
    Some(Zone {
        name: name.to_owned(),
        members: members.unwrap_or(Members::Networks(Vec::new())),
        confidence: confidence.unwrap_or(CONFIDENCE),
        kind,
        stage,
        fail,
        owner,
        reason,
        break_glass,
        place: reader.place(span.start),
    })
}

/// A selector; a mistake in it is told at its own column where the text stands as it is.
fn selected(reader: &mut Reader<'_>, text: String, at: &Span) -> Option<Members> {
    let error = match Query::parse(&text) {
        Ok(query) => return Some(Members::Where { text, query }),
        Err(error) => error,
    };
    let (column, suggestion) = match &error {
        ParseError::TooLong => (1, None),
        ParseError::TooDeep(column) | ParseError::OpenQuote(column) | ParseError::LoneParenthesis(column) => {
            (*column, None)
        }
        ParseError::UnknownField { column, name } => (*column, nearest(name, Field::NAMES.split(", "))),
        ParseError::Missing { column, .. } | ParseError::BadValue { column, .. } => (*column, None),
    };
    let shown = match &error {
        ParseError::UnknownField { name, .. } => format!("no field is called '{name}'"),
        other => other.to_string(),
    };
    let what = shown.strip_prefix(&format!("column {column}: ")).unwrap_or(&shown).to_owned();
    let raw = reader.slice(at);
    let plain = raw.get(1..raw.len().saturating_sub(1)) == Some(text.as_str());
    let before = text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    let start = if plain { at.start + 1 + before } else { at.start };
    reader.suggest(&(start..start), what, suggestion);
    None
}

fn network(reader: &mut Reader<'_>, text: &str, at: &Span) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok(), prefix.parse::<u8>().ok()),
        None => {
            let address = text.parse::<IpAddr>().ok();
            (address, address.map(|address| if address.is_ipv4() { 32 } else { 128 }))
        }
    };
    let found =
        address.zip(prefix).filter(|(address, prefix)| *prefix <= if address.is_ipv4() { 32 } else { 128 });
    if found.is_none() {
        reader.wrong(at, format!("'{text}' is not a network like 10.20.0.0/16"));
    }
    found
}

fn ends(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    key: &str,
    span: &Span,
    zones: &[String],
) -> Option<Ends> {
    if !table.contains_key(key) {
        reader.wrong(span, format!("'{key}' is missing: zones, or \"any\""));
    }
    let texts: Vec<At<String>> = reader.strings(table, key)?;
    if texts.is_empty() {
        reader.wrong(span, format!("'{key}' names no zone"));
    }
    let mut names = Vec::new();
    let mut right = true;
    for (name, at) in texts {
        if name == "any" {
            return Some(Ends::Any);
        }
        if !zones.contains(&name) {
            let suggestion = nearest(&name, zones.iter().map(String::as_str));
            reader.suggest(&at, format!("no zone is called '{name}'"), suggestion);
            right = false;
        }
        names.push(name);
    }
    right.then_some(Ends::Zones(names))
}

fn services(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    key: &str,
    ports: &dyn Ports,
) -> Option<Vec<Service>> {
    let Some(texts) = reader.strings(table, key) else {
        return (!table.contains_key(key)).then(Vec::new);
    };
    let mut all = Vec::new();
    let mut right = true;
    for (text, at) in texts {
        match Service::read(&text, ports) {
            Ok(service) => all.push(service),
            Err(what) => {
                let suggestion = (!text.contains('/')).then(|| nearest(&text, ports.names())).flatten();
                reader.suggest(&at, what, suggestion);
                right = false;
            }
        }
    }
    right.then_some(all)
}

fn rate(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Rate> {
    let (text, at) = reader.string(table, "rate")?;
    let read = text.split_once('/').and_then(|(flows, unit)| {
        let seconds = match unit.trim() {
            "s" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86_400,
            _ => return None,
        };
        flows.trim().parse().ok().filter(|flows| *flows > 0).map(|flows| Rate { flows, seconds })
    });
    if read.is_none() {
        reader.wrong(&at, format!("'{text}' is not a rate of new flows like 100/s, 20/min or 5/day"));
    }
    read
}

fn conduit(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: &Span,
    zones: &[String],
    ports: &dyn Ports,
) -> Option<Conduit> {
    let keys = ["from", "to", "service", "rate", "window", "expires", "reason", "owner", "stated_by"];
    reader.only(table, &keys);
    let from = ends(reader, table, "from", span, zones);
    let to = ends(reader, table, "to", span, zones);
    let services = services(reader, table, "service", ports);
    let rate = rate(reader, table);
    let window = reader.string(table, "window").and_then(|(text, at)| match text.parse::<Window>() {
        Ok(window) => Some(window),
        Err(what) => {
            reader.wrong(&at, what);
            None
        }
    });
    let expires = reader.day(table, "expires");
    let reason = reader.string(table, "reason").map(|(text, _)| text);
    let owner = reader.string(table, "owner").map(|(text, _)| text);
    let stated_by =
        reader.word(table, "stated_by", StatedBy::ALL, StatedBy::name).unwrap_or(StatedBy::Person);
    Some(Conduit {
        from: from?,
        to: to?,
        services: services?,
        rate,
        window,
        expires,
        reason,
        owner,
        stated_by,
        place: reader.place(span.start),
    })
}

fn invariant(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: &Span,
    duty: Duty,
    zones: &[String],
    ports: &dyn Ports,
) -> Option<Invariant> {
    reader.only(table, &["from", "to", "service", "on", "reason"]);
    let from = ends(reader, table, "from", span, zones);
    let to = ends(reader, table, "to", span, zones);
    // `on` reads better after an arrow, and means the same.
    let key = if table.contains_key("on") { "on" } else { "service" };
    if key == "on" && table.contains_key("service") {
        reader.wrong(span, "'on' and 'service' mean the same: write one of them");
    }
    let services = services(reader, table, key, ports);
    let reason = reader.needed(table, "reason", span).map(|(text, _)| text);
    Some(Invariant {
        duty,
        from: from?,
        to: to?,
        services: services?,
        reason: reason?,
        place: reader.place(span.start),
    })
}

fn treatment(reader: &mut Reader<'_>, root: &DeTable<'_>, key: &str, zones: &[String]) -> Treatment {
    let Some((table, span)) = reader.table(root, key) else { return Treatment::Alert };
    reader.only(table, &["treatment", "zone"]);
    let word = reader.word(table, "treatment", &["alert", "coarse", "fine"], |word| word);
    let zone = reader.string(table, "zone");
    match (word, zone) {
        (Some("coarse"), None) => {
            reader.wrong(&span, "coarse treatment names its 'zone'");
            Treatment::Alert
        }
        (Some("coarse"), Some((name, at))) => {
            if !zones.contains(&name) {
                let suggestion = nearest(&name, zones.iter().map(String::as_str));
                reader.suggest(&at, format!("no zone is called '{name}'"), suggestion);
            }
            Treatment::Coarse(name)
        }
        (_, Some((_, at))) => {
            reader.wrong(&at, "'zone' goes with coarse treatment only");
            Treatment::Alert
        }
        (Some("fine"), None) => Treatment::Fine,
        _ => Treatment::Alert,
    }
}

fn break_glass(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Option<BreakGlass> {
    let (table, span) = reader.table(root, "break_glass")?;
    reader.only(table, &["who", "minutes"]);
    let who: Vec<String> =
        reader.strings(table, "who").unwrap_or_default().into_iter().map(|(text, _)| text).collect();
    if who.is_empty() {
        reader.wrong(&span, "'who' names nobody");
    }
    let minutes = reader.count(table, "minutes").unwrap_or(60);
    Some(BreakGlass { who, minutes })
}
