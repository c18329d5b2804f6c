//! How many devices have which values.

use std::collections::BTreeMap;

use medward_monitor::{DeviceList, Facet, FacetCount, FacetField, Lifecycle, Status, StoreError};
use medward_query::Node;

use crate::Database;
use crate::columns::{NONE, shown};
use crate::cursor::bounded;
use crate::engine::Session;
use crate::search::condition;
use crate::sql::Sql;
use crate::terms::{SCOPES, SERVICE, TAG, VLAN};

/// Where the values of a field stand.
enum Source {
    /// Text in a column of the device.
    Text(&'static str),
    /// A code in a column of the device.
    Code(&'static str, Vec<&'static str>),
    /// Terms of that field.
    Terms(i64),
}

fn source(field: FacetField) -> Source {
    match field {
        FacetField::Site => Source::Text("site_key"),
        FacetField::Group => Source::Text("grp"),
        FacetField::Category => Source::Text("category"),
        FacetField::Vendor => Source::Text("vendor"),
        FacetField::Model => Source::Text("model"),
        FacetField::Os => Source::Text("os"),
        FacetField::Owner => Source::Text("owner"),
        FacetField::Place => Source::Text("place"),
        FacetField::Status => Source::Code("status", Status::ALL.map(Status::name).to_vec()),
        FacetField::Scope => Source::Code("scope", SCOPES.to_vec()),
        FacetField::Lifecycle => Source::Code("lifecycle", Lifecycle::ALL.map(Lifecycle::name).to_vec()),
        FacetField::Vlan => Source::Terms(VLAN),
        FacetField::Tag => Source::Terms(TAG),
        FacetField::Service => Source::Terms(SERVICE),
    }
}

pub(super) async fn facets(
    database: &Database,
    list: &DeviceList,
    fields: &[FacetField],
    limit: u32,
) -> Result<Vec<Facet>, StoreError> {
    let limit = bounded(limit, 1000)?;
    let everything = *list.query.root() == Node::And(Vec::new());
    let mut session = database.engine.snapshot().await?;
    let mut facets = Vec::with_capacity(fields.len());
    for field in fields {
        let counts = match source(*field) {
            Source::Terms(terms) => by_terms(&mut session, database, list, terms, everything).await?,
            Source::Text(column) => {
                let mut counts = Counts::default();
                for row in by_column(&mut session, database, list, column, everything).await? {
                    let value = row.text(0)?;
                    counts.add(shown(&value).filter(|value| !value.is_empty()), row.count(1)?);
                }
                counts
            }
            Source::Code(column, names) => {
                let mut counts = Counts::default();
                for row in by_column(&mut session, database, list, column, everything).await? {
                    let name = usize::try_from(row.int(0)?).ok().and_then(|code| names.get(code));
                    counts.add(name.copied(), row.count(1)?);
                }
                counts
            }
        };
        facets.push(counts.facet(*field, limit));
    }
    Ok(facets)
}

#[derive(Default)]
struct Counts {
    values: BTreeMap<String, u64>,
    without: u64,
}

impl Counts {
    fn add(&mut self, value: Option<&str>, count: u64) {
        match value {
            Some(value) if value != NONE => *self.values.entry(value.to_owned()).or_default() += count,
            _ => self.without += count,
        }
    }

    fn facet(self, field: FacetField, limit: usize) -> Facet {
        let mut values: Vec<FacetCount> =
            self.values.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        Facet { field, values, without: self.without }
    }
}

async fn by_column(
    session: &mut Session,
    database: &Database,
    list: &DeviceList,
    column: &str,
    everything: bool,
) -> Result<Vec<crate::sql::Row>, StoreError> {
    // Grouped by site too where an index holds both, so that nothing needs sorting.
    let group = if everything && column != "site_key" {
        format!("d.site, d.{column}")
    } else {
        format!("d.{column}")
    };
    let mut sql = Sql::new(&format!("SELECT d.{column}, COUNT(*) FROM device d WHERE "));
    condition(list, database.lookup(), &mut sql)?;
    sql.push(&format!(" GROUP BY {group}"));
    session.fetch(sql).await
}

async fn by_terms(
    session: &mut Session,
    database: &Database,
    list: &DeviceList,
    field: i64,
    everything: bool,
) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    let mut sql = Sql::new(
        "SELECT t.shown, COUNT(*) FROM term t CROSS JOIN device_term x WHERE x.term = t.id AND t.field = ",
    );
    sql.push(&field.to_string());
    let all = everything && list.sites.is_none();
    if !all {
        sql.push(" AND x.device IN (SELECT d.id FROM device d WHERE ");
        condition(list, database.lookup(), &mut sql)?;
        sql.push(")");
    }
    sql.push(" GROUP BY t.id, t.shown");
    for row in session.fetch(sql).await? {
        counts.add(Some(&row.text(0)?), row.count(1)?);
    }
    let mut sql = Sql::new("SELECT COUNT(*) FROM device d WHERE ");
    condition(list, database.lookup(), &mut sql)?;
    sql.push(&format!(
        " AND d.id NOT IN (SELECT x.device FROM term t CROSS JOIN device_term x WHERE x.term = t.id AND t.field = {field})"
    ));
    if let Some(row) = session.first(sql).await? {
        counts.without = row.count(0)?;
    }
    Ok(counts)
}
