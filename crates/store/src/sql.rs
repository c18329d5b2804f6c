//! A statement with its arguments, and a row of an answer: what both databases have in common.

use medward_model::Timestamp;
use medward_monitor::StoreError;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// An argument. PostgreSQL wants to know the kind of an absent one too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(f64),
    Text(Option<String>),
    Blob(Vec<u8>),
    /// Many at once, for PostgreSQL alone.
    Ints(Vec<Option<i64>>),
    Reals(Vec<f64>),
    Texts(Vec<Option<String>>),
    Blobs(Vec<Vec<u8>>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(Some(value))
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(Some(i64::from(value)))
    }
}
impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Value {
        Value::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(Some(i64::from(value)))
    }
}
impl From<u64> for Value {
    /// Counters beyond 2^63 stand still there.
    fn from(value: u64) -> Value {
        Value::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Value {
        Value::Int(Some(value.as_nanos()))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(Some(storable(value.to_owned())))
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(Some(storable(value)))
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Value {
        Value::Text(value.map(storable))
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Blob(value)
    }
}

/// PostgreSQL keeps no NUL in text; it becomes the replacement character.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A statement in the making: its text has numbered placeholders, which both databases understand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) args: Vec<Value>,
    /// Placeholders have no number: SQLite would look through the names of all others for each.
    pub(crate) unnumbered: bool,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Sql {
        Sql { text: text.to_owned(), ..Sql::default() }
    }

    /// A fixed text with its arguments in order.
    pub(crate) fn with<const N: usize>(text: &str, args: [Value; N]) -> Sql {
        Sql { text: text.to_owned(), args: args.into(), unnumbered: false }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    /// An argument, as a placeholder where the text stands now.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Sql {
        self.args.push(value.into());
        if self.unnumbered {
            self.text.push('?');
        } else {
            let number = self.args.len();
            self.text.push('$');
            self.text.push_str(&number.to_string());
        }
        self
    }

    /// `(…, …)`; where there are none, a list that nothing is in.
    pub(crate) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Sql {
        self.push("(");
        let mut first = true;
        for value in values {
            if !first {
                self.push(",");
            }
            first = false;
            self.bind(value);
        }
        self.push(if first { "NULL)" } else { ")" })
    }

    /// `(SELECT …)` of many keys, as one argument.
    pub(crate) fn keys(&mut self, sqlite: bool, keys: &[i64]) -> Result<&mut Sql, StoreError> {
        if sqlite {
            self.push("(SELECT j.value FROM json_each(").bind(to_json(&keys)?);
            return Ok(self.push(") j)"));
        }
        self.push("(SELECT * FROM UNNEST(").bind(Value::Ints(keys.iter().copied().map(Some).collect()));
        Ok(self.push("))"))
    }

    /// Numbers that we made ourselves, as text: keys and codes.
    pub(crate) fn numbers(&mut self, values: impl IntoIterator<Item = i64>) -> &mut Sql {
        let all: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        self.push("(").push(if all.is_empty() { "NULL" } else { "" }).push(&all.join(",")).push(")")
    }
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getter {
    ($name:ident, $kind:ty) => {
        pub(crate) fn $name(&self, column: usize) -> Result<$kind, StoreError> {
            match self {
                Row::Sqlite(row) => row.try_get(column),
                Row::Postgres(row) => row.try_get(column),
            }
            .map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
        }
    };
}

impl Row {
    getter!(int, i64);
    getter!(maybe_int, Option<i64>);
    getter!(real, f64);
    getter!(text, String);
    getter!(maybe_text, Option<String>);
    getter!(blob, Vec<u8>);
    getter!(maybe_blob, Option<Vec<u8>>);

    /// A counter.
    pub(crate) fn count(&self, column: usize) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int(column)?).unwrap_or(0))
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_nanos)
    }

    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_nanos))
    }
}

/// Text of JSON that was stored.
pub(crate) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Text of JSON to be stored.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Refused(format!("it cannot be stored: {error}")))
}
