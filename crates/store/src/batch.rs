//! Many rows in one statement.
//!
//! SQLite takes `VALUES (…),(…)`, in few sizes, so that the prepared statements are found again. PostgreSQL takes a list a
//! column, so that one prepared statement does for any number of rows.

use medward_monitor::StoreError;

use crate::session::Session;
use crate::sql::{Row, Sql, Value};

/// Rows that PostgreSQL is given at once: what is sent stays small.
const LISTED: usize = 8192;

/// Arguments that SQLite is given at once.
const ARGUMENTS: usize = 16_000;

impl Session {
    /// Asks for many: `head (rows) tail`, some at a time.
    pub(crate) async fn fetch_of(
        &mut self,
        head: &str,
        tail: &str,
        wanted: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for part in self.portions(wanted) {
            rows.extend(self.fetch(enclosed(self.is_sqlite(), head, part, tail)).await?);
        }
        Ok(rows)
    }

    /// Changes by many: `head (rows) tail`, some at a time. Columns are named `column1` and so on.
    pub(crate) async fn apply(
        &mut self,
        head: &str,
        tail: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        for part in self.portions(rows) {
            self.execute(enclosed(self.is_sqlite(), head, part, tail)).await?;
        }
        Ok(())
    }

    /// Writes rows and hands back what `tail` returns of them.
    pub(crate) async fn insert_returning(
        &mut self,
        head: &str,
        tail: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut returned = Vec::with_capacity(rows.len());
        for part in self.portions(rows) {
            returned.extend(self.fetch(inserting(self.is_sqlite(), head, part, tail)).await?);
        }
        Ok(returned)
    }

    /// Writes rows: `head (rows) tail`, as many at a time as the database takes.
    pub(crate) async fn insert(
        &mut self,
        head: &str,
        tail: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        for part in self.portions(rows) {
            self.execute(inserting(self.is_sqlite(), head, part, tail)).await?;
        }
        Ok(())
    }

    fn portions(&self, rows: Vec<Vec<Value>>) -> impl Iterator<Item = Vec<Vec<Value>>> + use<> {
        let columns = rows.first().map_or(1, Vec::len);
        let sqlite = self.is_sqlite();
        let mut rows = rows.into_iter();
        std::iter::from_fn(move || {
            let left = rows.len();
            let size = if sqlite {
                let fits = |size: &usize| *size <= left && size * columns <= ARGUMENTS;
                [512, 128, 32, 8, 1].into_iter().find(fits)?
            } else {
                left.min(LISTED)
            };
            (size > 0).then(|| rows.by_ref().take(size).collect())
        })
    }
}

fn enclosed(sqlite: bool, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Sql {
    let mut statement = Sql { unnumbered: sqlite, ..Sql::new(head) };
    statement.push(" (");
    listed(sqlite, &mut statement, rows);
    statement.push(") ").push(tail);
    statement
}

fn inserting(sqlite: bool, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Sql {
    let mut statement = Sql { unnumbered: sqlite, ..Sql::new(head) };
    statement.push(" ");
    listed(sqlite, &mut statement, rows);
    statement.push(" ").push(tail);
    statement
}

fn listed(sqlite: bool, statement: &mut Sql, rows: Vec<Vec<Value>>) {
    if !sqlite {
        return lists(statement, rows);
    }
    statement.push("VALUES ");
    for (number, row) in rows.into_iter().enumerate() {
        statement.push(if number == 0 { "" } else { "," }).list(row);
    }
}

/// `SELECT * FROM UNNEST(a list a column)`.
fn lists(statement: &mut Sql, rows: Vec<Vec<Value>>) {
    let mut columns: Vec<(&str, Value)> = Vec::new();
    for value in rows.first().into_iter().flatten() {
        columns.push(match value {
            Value::Real(_) | Value::Reals(_) => ("FLOAT8", Value::Reals(Vec::with_capacity(rows.len()))),
            Value::Text(_) | Value::Texts(_) => ("TEXT", Value::Texts(Vec::with_capacity(rows.len()))),
            Value::Blob(_) | Value::Blobs(_) => ("BYTEA", Value::Blobs(Vec::with_capacity(rows.len()))),
            Value::Int(_) | Value::Ints(_) => ("INT8", Value::Ints(Vec::with_capacity(rows.len()))),
        });
    }
    for row in rows {
        for ((_, column), value) in columns.iter_mut().zip(row) {
            match (column, value) {
                (Value::Ints(list), Value::Int(value)) => list.push(value),
                (Value::Reals(list), Value::Real(value)) => list.push(value),
                (Value::Texts(list), Value::Text(value)) => list.push(value),
                (Value::Blobs(list), Value::Blob(value)) => list.push(value),
                // A row of other kinds than the first does not come about; its length would tell.
                _ => {}
            }
        }
    }
    statement.push("SELECT * FROM UNNEST(");
    let names: Vec<String> = (1..=columns.len()).map(|number| format!("column{number}")).collect();
    for (number, (kind, list)) in columns.into_iter().enumerate() {
        if number > 0 {
            statement.push(", ");
        }
        statement.push("CAST(").bind(list).push(" AS ").push(kind).push("[])");
    }
    statement.push(") AS listed (").push(&names.join(", ")).push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_list_a_column() {
        let rows = vec![
            vec![Value::from(1_i64), Value::from("a"), Value::Text(None)],
            vec![Value::Int(None), Value::from("b"), Value::from("c")],
        ];
        let sql = inserting(false, "INSERT INTO t (x, y, z)", rows.clone(), "");
        assert!(sql.text.contains("UNNEST(CAST($1 AS INT8[]), CAST($2 AS TEXT[]), CAST($3 AS TEXT[]))"));
        assert_eq!(sql.args.first(), Some(&Value::Ints(vec![Some(1), None])));
        assert_eq!(sql.args.get(2), Some(&Value::Texts(vec![None, Some("c".to_owned())])));
        let sql = inserting(true, "INSERT INTO t (x, y, z)", rows, "");
        assert!(sql.text.ends_with("VALUES (?,?,?),(?,?,?) "), "{}", sql.text);
    }
}
