//! The search language as a condition of SQL on a device `d`. It finds what [`Query::matches_with`] finds.
//!
//! [`Query::matches_with`]: medward_query::Query::matches_with

use std::cmp::Ordering;

use medward_model::{Attribute, Timestamp};
use medward_monitor::{DeviceList, Lifecycle, Status, StoreError};
use medward_query::{Age, Field, Is, Node, folded};

use crate::columns::{NEVER, lifecycle_code, status_code};
use crate::sql::Sql;
use crate::terms;

/// Most terms in a query: each is a part of the statement.
const MOST_TERMS: usize = 200;

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
    let mut left = MOST_TERMS;
    node(list.query.root(), list.now, lookup, sql, &mut left)
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

fn node(
    node_: &Node,
    now: Timestamp,
    lookup: Lookup,
    sql: &mut Sql,
    left: &mut usize,
) -> Result<(), StoreError> {
    *left = left.checked_sub(1).ok_or_else(|| {
        StoreError::Refused(format!("the query has more than {MOST_TERMS} terms; ask for less at once"))
    })?;
    match node_ {
        Node::And(all) if all.is_empty() => {
            sql.push("1 = 1");
        }
        Node::Or(any) if any.is_empty() => {
            sql.push("1 = 0");
        }
        Node::And(parts) | Node::Or(parts) => {
            let word = if matches!(node_, Node::And(_)) { " AND " } else { " OR " };
            sql.push("(");
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    sql.push(word);
                }
                node(part, now, lookup, sql, left)?;
            }
            sql.push(")");
        }
        Node::Not(inner) => {
            sql.push("NOT (");
            node(inner, now, lookup, sql, left)?;
            sql.push(")");
        }
        Node::Anywhere(text) => {
            containing(&format!("t.field < {}", terms::ANYWHERE), &folded(text), lookup, sql);
        }
        Node::Text { field, value } => text(*field, &folded(value), lookup, sql)?,
        Node::Network { address, prefix } => {
            let (first, last) = terms::network_range(*address, *prefix);
            sql.push("d.id IN (SELECT a.device FROM address a WHERE a.ip BETWEEN ")
                .bind(first)
                .push(" AND ")
                .bind(last)
                .push(")");
        }
        Node::Port(port) => exactly(terms::PORT, &port.to_string(), sql),
        Node::Vlan(vlan) => exactly(terms::VLAN, &vlan.to_string(), sql),
        Node::Position(words) => containing(&format!("t.field = {}", terms::WORDS), words, lookup, sql),
        Node::Criticality { order, value } => {
            let sign = match order {
                Ordering::Less => "<",
                Ordering::Equal => "=",
                Ordering::Greater => ">",
            };
            // Nought stands for "nobody said".
            sql.push("(d.criticality > 0 AND d.criticality ")
                .push(sign)
                .push(" ")
                .bind(u32::from(*value))
                .push(")");
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

fn text(field: Field, wanted: &str, lookup: Lookup, sql: &mut Sql) -> Result<(), StoreError> {
    let one = |field: i64| format!("t.field = {field}");
    match field {
        Field::Mac => {
            let digits = terms::hex_digits(wanted);
            if digits.is_empty() {
                sql.push("1 = 0");
            } else {
                containing(&one(terms::MAC_DIGITS), &digits, lookup, sql);
            }
        }
        Field::Id => containing(&one(terms::ID), wanted, lookup, sql),
        Field::Name => containing(&one(terms::NAME), wanted, lookup, sql),
        Field::Alias => containing(&one(terms::ALIAS), wanted, lookup, sql),
        Field::Service => containing(&one(terms::SERVICE), wanted, lookup, sql),
        Field::Software => containing(&one(terms::SOFTWARE), wanted, lookup, sql),
        Field::Attribute(attribute) => {
            containing(&one(terms::attribute_field(attribute)), wanted, lookup, sql);
        }
        Field::Tag => containing(&one(terms::TAG), wanted, lookup, sql),
        Field::Owner => containing(&one(terms::OWNER), wanted, lookup, sql),
        Field::Group => containing(&one(terms::GROUP), wanted, lookup, sql),
        Field::Place => {
            let location = terms::attribute_field(Attribute::Location);
            let fields =
                format!("t.field IN ({}, {}, {}, {location})", terms::POSITION, terms::PLACE, terms::BELONGS);
            containing(&fields, wanted, lookup, sql);
        }
        Field::Site => {
            sql.push("d.site IN (SELECT s.id FROM site s WHERE s.folded LIKE ")
                .bind(pattern(wanted))
                .push(" ESCAPE '\\')");
        }
        Field::Scope => named("d.scope", (0..).zip(terms::SCOPES), wanted, sql),
        Field::Status => {
            named("d.status", Status::ALL.map(|s| (status_code(s), s.name())).into_iter(), wanted, sql);
        }
        Field::Lifecycle => {
            named(
                "d.lifecycle",
                Lifecycle::ALL.map(|l| (lifecycle_code(l), l.name())).into_iter(),
                wanted,
                sql,
            );
        }
        other => return Err(StoreError::Refused(format!("the store cannot look into {other:?}"))),
    }
    Ok(())
}

fn named<'a>(column: &str, all: impl Iterator<Item = (i64, &'a str)>, wanted: &str, sql: &mut Sql) {
    let codes: Vec<i64> =
        all.filter(|(_, name)| folded(name).contains(wanted)).map(|(code, _)| code).collect();
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
    sql.push("t.value LIKE ").bind(pattern(wanted)).push(" ESCAPE '\\'");
}

fn containing(fields: &str, wanted: &str, lookup: Lookup, sql: &mut Sql) {
    sql.push("d.id IN (SELECT x.device FROM device_term x WHERE x.term IN (SELECT t.id FROM term t WHERE ")
        .push(fields)
        .push(" AND ");
    term_contains(wanted, lookup, sql);
    sql.push("))");
}

fn exactly(field: i64, value: &str, sql: &mut Sql) {
    sql.push("d.id IN (SELECT x.device FROM device_term x WHERE x.term IN (SELECT t.id FROM term t WHERE t.field = ")
        .push(&field.to_string())
        .push(" AND t.value = ")
        .bind(value)
        .push("))");
}

fn state(is: Is, now: Timestamp, sql: &mut Sql) {
    match is {
        Is::Medical => {
            sql.push("d.medical = 1");
        }
        Is::Missing => {
            sql.push("d.status = ").push(&status_code(Status::Missing).to_string());
        }
        Is::Unheard => {
            sql.push("d.status = ").push(&status_code(Status::Unheard).to_string());
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

/// Whole seconds since then, rounded down, are at most so many (`younger`), or more.
fn seen(column: &str, younger: bool, seconds: i64, now: Timestamp, sql: &mut Sql) {
    let bound = i128::from(now.as_nanos()) - (i128::from(seconds) + 1) * 1_000_000_000;
    let bound = i64::try_from(bound.clamp(i128::from(NEVER), i128::from(i64::MAX))).unwrap_or(NEVER);
    sql.push("(").push(column).push(" <> ").bind(NEVER).push(" AND ").push(column);
    sql.push(if younger { " > " } else { " <= " }).bind(bound).push(")");
}
