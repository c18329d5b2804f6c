//! The search language as a condition of SQL on a device `d`. It finds what [`Query::matches_with`] finds.
//!
//! [`Query::matches_with`]: medward_query::Query::matches_with

use std::cmp::Ordering;

use medward_model::{Attribute, FindingKind, Severity, Timestamp, Verdict};
use medward_monitor::{DeviceList, Lifecycle, Status, StoreError};
use medward_query::{Age, Field, Is, Node, folded};

use crate::columns::{NEVER, finding_kind_code, lifecycle_code, severity_code, status_code, verdict_code};
use crate::session::Session;
use crate::sql::Sql;
use crate::terms;

/// Most terms in a query: each is a part of the statement.
pub(crate) const MOST_TERMS: usize = 200;

/// How words are looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// In SQLite's index of triples.
    Triples,
    /// By comparing, which PostgreSQL may do by its own index.
    Like,
}

/// Adds the condition that a device `d` is in the list: its sites and its query.
pub(crate) fn condition(list: &DeviceList, lookup: Lookup, sql: &mut Sql) -> Result<(), StoreError> {
    sites(list.sites.as_deref(), "d.site", sql);
    sql.push(" AND ");
    let mut compiler = Compiler { now: list.now, lookup, left: MOST_TERMS };
    compiler.node(list.query.root(), sql)
}

/// A part of a query that is looked up in other tables than that of the devices.
pub(crate) enum Leaf {
    /// A condition on the field of a term `t`, and the text that its value contains.
    Containing(String, String),
    /// A condition on the field of a term `t`, and the texts one of which is its value.
    Whole(String, Vec<String>),
    /// A field, and the value.
    Exactly(i64, String),
    /// The first and the last address.
    Network(Vec<u8>, Vec<u8>),
}

pub(crate) fn leaf(node: &Node) -> Option<Leaf> {
    let one = |field: i64| format!("t.field = {field}");
    Some(match node {
        // Columns tell of single letters: nearly all terms contain one.
        Node::Anywhere(text) if terms::letter(&folded(text)).is_some() => return None,
        Node::Anywhere(text) => Leaf::Containing(format!("t.field < {}", terms::ANYWHERE), folded(text)),
        Node::Equal { field: Field::Mac, value } => {
            let digits = terms::hex_digits(&folded(value));
            (!digits.is_empty()).then(|| Leaf::Whole(one(terms::MAC_DIGITS), vec![digits]))?
        }
        Node::Text { field: Field::Mac, value } => {
            let digits = terms::hex_digits(&folded(value));
            (!digits.is_empty()).then(|| Leaf::Containing(one(terms::MAC_DIGITS), digits))?
        }
        Node::Text { field, value } => Leaf::Containing(term_fields(*field)?, folded(value)),
        Node::Equal { field, value } => {
            // As terms are kept.
            let mut values = vec![folded(value).replace('\0', "\u{fffd}")];
            if matches!(field, Field::Software | Field::Attribute(Attribute::Software)) {
                // Software without a version stands with a blank after its name.
                values.extend(values.first().map(|value| format!("{value} ")));
            }
            Leaf::Whole(term_fields(*field)?, values)
        }
        Node::Position(words) => Leaf::Containing(one(terms::WORDS), words.clone()),
        Node::Port(port) => Leaf::Exactly(terms::PORT, port.to_string()),
        Node::Vlan(vlan) => Leaf::Exactly(terms::VLAN, vlan.to_string()),
        Node::Network { address, prefix } => {
            let (first, last) = terms::network_range(*address, *prefix);
            Leaf::Network(first, last)
        }
        _ => return None,
    })
}

/// The condition on the field of a term `t`, for a field that has terms.
fn term_fields(field: Field) -> Option<String> {
    let field = match field {
        Field::Id => terms::ID,
        Field::Name => terms::NAME,
        Field::Alias => terms::ALIAS,
        Field::Service => terms::SERVICE,
        Field::Software => terms::SOFTWARE,
        Field::Attribute(attribute) => terms::attribute_field(attribute),
        Field::Tag => terms::TAG,
        Field::Owner => terms::OWNER,
        Field::Group => terms::GROUP,
        Field::Place => {
            let location = terms::attribute_field(Attribute::Location);
            let all = format!("{}, {}, {}, {location}", terms::POSITION, terms::PLACE, terms::BELONGS);
            return Some(format!("t.field IN ({all})"));
        }
        _ => return None,
    };
    Some(format!("t.field = {field}"))
}

impl Leaf {
    /// The condition on a term `t` or an address `a`.
    pub(crate) fn matched(&self, lookup: Lookup, sql: &mut Sql) {
        match self {
            Leaf::Containing(fields, wanted) => {
                sql.push(fields).push(" AND ");
                term_contains(wanted, lookup, sql);
            }
            Leaf::Whole(fields, values) => {
                sql.push(fields).push(" AND t.value IN ").list(values.iter().map(String::as_str));
            }
            Leaf::Exactly(field, value) => {
                sql.push(&format!("t.field = {field} AND t.value = ")).bind(value.as_str());
            }
            Leaf::Network(first, last) => {
                sql.push("a.ip BETWEEN ").bind(first.clone()).push(" AND ").bind(last.clone());
            }
        }
    }

    /// The condition on a device `d`.
    fn condition(&self, lookup: Lookup, sql: &mut Sql) {
        let network = matches!(self, Leaf::Network(..));
        sql.push(if network {
            "d.id IN (SELECT a.device FROM address a WHERE "
        } else {
            "d.id IN (SELECT x.device FROM device_term x WHERE x.term IN (SELECT t.id FROM term t WHERE "
        });
        self.matched(lookup, sql);
        sql.push(if network { ")" } else { "))" });
    }
}

/// Adds the condition that a column holds one of the sites.
pub(crate) fn sites(sites: Option<&[String]>, column: &str, sql: &mut Sql) {
    match sites {
        None => sql.push("1 = 1"),
        Some(sites) => sql
            .push(column)
            .push(" IN (SELECT id FROM site WHERE name IN ")
            .list(sites.iter().map(String::as_str))
            .push(")"),
    };
}

/// The numbers of sites; `None`: of all.
pub(crate) async fn site_numbers(
    session: &mut Session,
    names: Option<&[String]>,
) -> Result<Option<Vec<i64>>, StoreError> {
    if names.is_none() {
        return Ok(None);
    }
    let mut sql = Sql::new("SELECT s.id FROM site s WHERE ");
    sites(names, "s.id", &mut sql);
    session.fetch(sql).await?.iter().map(|row| row.int(0)).collect::<Result<_, _>>().map(Some)
}

struct Compiler {
    now: Timestamp,
    lookup: Lookup,
    /// Terms that may still come.
    left: usize,
}

impl Compiler {
    fn node(&mut self, node: &Node, sql: &mut Sql) -> Result<(), StoreError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            StoreError::Refused(format!("the query has more than {MOST_TERMS} terms; ask for less at once"))
        })?;
        match node {
            Node::And(all) if all.is_empty() => {
                sql.push("1 = 1");
            }
            Node::Or(any) if any.is_empty() => {
                sql.push("1 = 0");
            }
            Node::And(parts) | Node::Or(parts) => {
                let word = if matches!(node, Node::And(_)) { " AND " } else { " OR " };
                sql.push("(");
                for (number, part) in parts.iter().enumerate() {
                    if number > 0 {
                        sql.push(word);
                    }
                    self.node(part, sql)?;
                }
                sql.push(")");
            }
            Node::Not(inner) => {
                sql.push("NOT (");
                self.node(inner, sql)?;
                sql.push(")");
            }
            other => match leaf(other) {
                Some(leaf) => leaf.condition(self.lookup, sql),
                None => column(other, self.now, sql)?,
            },
        }
        Ok(())
    }
}

/// What is told by the columns of a device.
fn column(node: &Node, now: Timestamp, sql: &mut Sql) -> Result<(), StoreError> {
    match node {
        Node::Text { field, value } => text(*field, &folded(value), false, sql)?,
        Node::Equal { field, value } => text(*field, &folded(value), true, sql)?,
        Node::Anywhere(value) => {
            let letter = terms::letter(&folded(value)).unwrap_or(0);
            sql.push("((d.letters | d.said) & ").bind(letter).push(") <> 0");
        }
        Node::Criticality { order, value } => {
            let sign = match order {
                Ordering::Less => "<",
                Ordering::Equal => "=",
                Ordering::Greater => ">",
            };
            // Nought stands for "nobody said".
            sql.push("(d.criticality > 0 AND d.criticality ").push(sign).push(" ");
            sql.bind(u32::from(*value)).push(")");
        }
        Node::Is(is) => state(*is, now, sql),
        Node::Has(attribute) => {
            sql.push("(d.known & ").bind(terms::known_bit(*attribute)).push(") <> 0");
        }
        Node::Seen { which, younger, seconds } => {
            let column = match which {
                Age::First => "d.first_seen",
                Age::Last => "d.last_seen",
            };
            seen(column, *younger, *seconds, now, sql);
        }
        other => return Err(StoreError::Refused(format!("the store cannot look for {other:?}"))),
    }
    Ok(())
}

fn text(field: Field, wanted: &str, whole: bool, sql: &mut Sql) -> Result<(), StoreError> {
    match field {
        // Without a digit, which is no address.
        Field::Mac => {
            sql.push("1 = 0");
        }
        Field::Site => {
            sql.push("d.site IN (SELECT s.id FROM site s WHERE ");
            site_named("s", wanted, whole, sql);
            sql.push(")");
        }
        Field::Scope => named("d.scope", codes_of(field, wanted, whole), sql),
        Field::Status => named("d.status", codes_of(field, wanted, whole), sql),
        Field::Lifecycle => named("d.lifecycle", codes_of(field, wanted, whole), sql),
        Field::Finding => finding(wanted, sql),
        Field::Cve => {
            sql.push(
                "d.id IN (SELECT f.device FROM finding f JOIN ruling r ON r.id = f.ruling WHERE f.ended IS NULL AND ",
            );
            cve_named(wanted, whole, sql);
            sql.push(")");
        }
        other => return Err(StoreError::Refused(format!("the store cannot look into {other:?}"))),
    }
    Ok(())
}

/// Adds the condition on a site that its name contains, or is (`whole`), what is wanted.
pub(crate) fn site_named(site: &str, wanted: &str, whole: bool, sql: &mut Sql) {
    if whole {
        sql.push(site).push(".folded = ").bind(wanted.replace('\0', "\u{fffd}"));
        return;
    }
    sql.push(site).push(".folded LIKE ").bind(pattern(wanted)).push(" ESCAPE '\\'");
}

/// Adds the condition on a ruling `r` that one of its CVEs contains, or is (`whole`), what is wanted.
pub(crate) fn cve_named(wanted: &str, whole: bool, sql: &mut Sql) {
    // Hyphens were folded away; the numbers of CVEs hold no blanks. A blank stands before each of a ruling's.
    let number = wanted.replace(' ', "-");
    let sought = if whole { format!(" {number} ") } else { number };
    sql.push("r.cves || ' ' LIKE ").bind(pattern(&sought)).push(" ESCAPE '\\'");
}

/// The severity or the kind of findings that is meant; neither stands for what is exploited.
pub(crate) fn finding_of(wanted: &str) -> Option<(Option<i64>, Option<i64>)> {
    let severity = Severity::ALL.into_iter().find(|severity| folded(severity.name()) == wanted);
    let kind = FindingKind::ALL.into_iter().find(|kind| folded(kind.name()) == wanted);
    match (severity, kind) {
        (Some(severity), _) => Some((Some(severity_code(severity)), None)),
        (_, Some(kind)) => Some((None, Some(finding_kind_code(kind)))),
        _ => (wanted == "exploited").then_some((None, None)),
    }
}

/// What is found, and more than possible.
fn finding(wanted: &str, sql: &mut Sql) {
    let which = match finding_of(wanted) {
        Some((Some(severity), _)) => format!("r.severity = {severity}"),
        Some((_, Some(kind))) => format!("r.kind = {kind}"),
        Some((None, None)) => "r.exploited = 1".to_owned(),
        None => "1 = 0".to_owned(),
    };
    sql.push(&format!(
        "d.id IN (SELECT f.device FROM finding f JOIN ruling r ON r.id = f.ruling \
         WHERE f.ended IS NULL AND r.status <> {} AND {which})",
        verdict_code(Verdict::Possible)
    ));
}

/// The codes of a field's names that contain, or are (`whole`), what is wanted.
pub(crate) fn codes_of(field: Field, wanted: &str, whole: bool) -> Vec<i64> {
    let all: Vec<(i64, &str)> = match field {
        Field::Scope => (0..).zip(terms::SCOPES).collect(),
        Field::Status => Status::ALL.map(|status| (status_code(status), status.name())).into(),
        Field::Lifecycle => Lifecycle::ALL.map(|one| (lifecycle_code(one), one.name())).into(),
        _ => Vec::new(),
    };
    let meant = |name: &str| if whole { folded(name) == wanted } else { folded(name).contains(wanted) };
    all.into_iter().filter(|(_, name)| meant(name)).map(|(code, _)| code).collect()
}

fn named(column: &str, codes: Vec<i64>, sql: &mut Sql) {
    if codes.is_empty() {
        // Not an empty list, which is neither true nor false.
        sql.push("1 = 0");
    } else {
        sql.push(column).push(" IN ").numbers(codes);
    }
}

/// What is contained, for LIKE with `\` as escape.
pub(crate) fn pattern(wanted: &str) -> String {
    let mut pattern = String::from("%");
    for c in wanted.replace('\0', "\u{fffd}").chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Adds the condition on a term `t` that its value contains what is wanted.
pub(crate) fn term_contains(wanted: &str, lookup: Lookup, sql: &mut Sql) {
    if wanted.is_empty() {
        sql.push("1 = 1");
        return;
    }
    if lookup == Lookup::Triples && wanted.chars().nth(2).is_some() && !wanted.contains('\0') {
        let phrase = format!("\"{}\"", wanted.replace('"', "\"\""));
        sql.push("t.id IN (SELECT rowid FROM term_text WHERE term_text MATCH ").bind(phrase).push(") AND ");
    }
    match lookup {
        // Bytes, as values are folded like what is wanted.
        Lookup::Triples => sql.push("INSTR(t.value, ").bind(wanted).push(") > 0"),
        Lookup::Like => sql.push("t.value LIKE ").bind(pattern(wanted)).push(" ESCAPE '\\'"),
    };
}

fn state(is: Is, now: Timestamp, sql: &mut Sql) {
    match is {
        Is::Medical => {
            sql.push("d.medical = 1");
        }
        Is::Missing | Is::Unheard => {
            sql.push("d.status = ").push(&is_status(is).to_string());
        }
        Is::External => {
            sql.push("d.scope = 1");
        }
        Is::LifeSupporting => {
            sql.push("(d.known & ").bind(terms::LIFE_SUPPORTING).push(") <> 0");
        }
        Is::New => seen("d.first_seen", true, Is::NEW_SECONDS, now, sql),
    }
}

/// The status that is meant.
pub(crate) fn is_status(is: Is) -> i64 {
    status_code(if is == Is::Missing { Status::Missing } else { Status::Unheard })
}

/// The time after which what was seen is at most so many whole seconds old, rounded down.
pub(crate) fn seen_bound(seconds: i64, now: Timestamp) -> i64 {
    let bound = i128::from(now.as_nanos()) - (i128::from(seconds) + 1) * 1_000_000_000;
    i64::try_from(bound.clamp(i128::from(NEVER), i128::from(i64::MAX))).unwrap_or(NEVER)
}

/// Whole seconds since then are at most so many (`younger`), or more.
fn seen(column: &str, younger: bool, seconds: i64, now: Timestamp, sql: &mut Sql) {
    let bound = seen_bound(seconds, now);
    sql.push("(").push(column).push(" <> ").bind(NEVER).push(" AND ").push(column);
    sql.push(if younger { " > " } else { " <= " }).bind(bound).push(")");
}
