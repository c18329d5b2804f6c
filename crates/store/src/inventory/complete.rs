//! Values to offer while somebody types.

use medward_model::Attribute;
use medward_monitor::{Lifecycle, Status, StoreError};
use medward_query::{Field, Is, folded};

use crate::Database;
use crate::cursor::bounded;
use crate::search::{self, pattern, term_contains};
use crate::sql::Sql;
use crate::terms::{self, SCOPES};

/// Distinct values that are looked at.
const CANDIDATES: usize = 500;

/// Devices that are counted for a value: more is "many".
const COUNTED: usize = 1000;

fn fields(name: &str) -> Result<Vec<i64>, StoreError> {
    Ok(match name {
        "ip" | "net" => vec![terms::IP],
        "vlan" => vec![terms::VLAN],
        "port" => vec![terms::PORT, terms::WORDS],
        name => match Field::by_name(name) {
            Some(Field::Id) => vec![terms::ID],
            Some(Field::Mac) => vec![terms::MAC],
            Some(Field::Name) => vec![terms::NAME],
            Some(Field::Alias) => vec![terms::ALIAS],
            Some(Field::Service) => vec![terms::SERVICE],
            Some(Field::Software) => vec![terms::SOFTWARE],
            Some(Field::Attribute(attribute)) => vec![terms::attribute_field(attribute)],
            Some(Field::Tag) => vec![terms::TAG],
            Some(Field::Owner) => vec![terms::OWNER],
            Some(Field::Group) => vec![terms::GROUP],
            Some(Field::Place) => {
                let location = terms::attribute_field(Attribute::Location);
                vec![terms::POSITION, terms::PLACE, terms::BELONGS, location]
            }
            _ => return Err(StoreError::Refused(format!("'{name}' has no values to offer"))),
        },
    })
}

/// Values that are always the same.
fn fixed(field: &str) -> Option<Vec<&'static str>> {
    Some(match field {
        "scope" => SCOPES.to_vec(),
        "status" => Status::ALL.map(Status::name).to_vec(),
        "lifecycle" => Lifecycle::ALL.map(Lifecycle::name).to_vec(),
        "is" => Is::ALL.map(Is::name).to_vec(),
        "has" => Attribute::ALL.map(Attribute::name).to_vec(),
        "finding" | "findings" => medward_query::FINDINGS.to_vec(),
        "criticality" => vec!["1", "2", "3", "4", "5"],
        "seen" | "first" | "last" => vec!["1h", "24h", "7d", "4w"],
        _ => return None,
    })
}

pub(super) async fn complete(
    database: &Database,
    field: &str,
    text: &str,
    sites: Option<&[String]>,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let limit = bounded(limit, 100)?;
    let wanted = folded(text);
    if let Some(names) = fixed(field) {
        let found = names.into_iter().filter(|name| folded(name).contains(&wanted));
        return Ok(found.take(limit).map(str::to_owned).collect());
    }
    // Nobody knows the numbers by heart: they are pasted.
    if field == "cve" {
        return Ok(Vec::new());
    }
    let mut session = database.engine.reader().await?;
    if field == "site" {
        let mut sql = Sql::new("SELECT s.name FROM site s WHERE s.folded LIKE ");
        sql.bind(pattern(&wanted)).push(" ESCAPE '\\' AND ");
        search::sites(sites, "s.id", &mut sql);
        sql.push(&format!(" ORDER BY s.name LIMIT {limit}"));
        return session.fetch(sql).await?.iter().map(|row| row.text(0)).collect();
    }
    let mut sql = Sql::new("SELECT c.shown, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM device_term x ");
    if sites.is_some() {
        sql.push("JOIN device d ON d.id = x.device ");
    }
    sql.push("WHERE x.term = c.id AND ");
    search::sites(sites, "d.site", &mut sql);
    sql.push(&format!(" LIMIT {COUNTED}) n) AS devices, c.value FROM (SELECT t.id, t.shown, t.value FROM term t WHERE t.field IN "));
    sql.numbers(fields(field)?).push(" AND ");
    term_contains(&wanted, database.lookup(), &mut sql);
    sql.push(&format!(" LIMIT {CANDIDATES}) c"));
    let mut found = Vec::new();
    for row in session.fetch(sql).await? {
        let devices = row.int(1)?;
        if devices > 0 {
            found.push((devices, row.text(0)?, row.text(2)?));
        }
    }
    // Where it begins with the text, it is more likely to be meant.
    found.sort_by(|a, b| {
        let begins = |value: &str| value.starts_with(&wanted);
        begins(&b.2).cmp(&begins(&a.2)).then(b.0.cmp(&a.0)).then_with(|| a.1.cmp(&b.1))
    });
    let mut values: Vec<String> = Vec::new();
    for (_, shown, _) in found {
        if !values.contains(&shown) {
            values.push(shown);
        }
    }
    values.truncate(limit);
    Ok(values)
}
