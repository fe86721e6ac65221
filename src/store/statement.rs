//! A statement, its values, and the rows it yields: the portable subset of two engines' types.

use std::borrow::Cow;

/// A value of a column. Times are milliseconds, booleans 0 or 1: both engines agree on integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BLOB`, `BYTEA`.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One SQL statement with its values, `$1` first; each placeholder stands in it once or more often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text, the same for every engine.
    pub sql: Cow<'static, str>,
    /// The values of `$1`, `$2` …
    pub values: Vec<Value>,
    /// How many rows it must touch; another number undoes the whole transaction.
    pub touches: Option<u64>,
}

impl Statement {
    /// A statement without values.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new(), touches: None }
    }

    /// Binds the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Requires that exactly `rows` rows are inserted, updated or deleted.
    #[must_use]
    pub fn touching(mut self, rows: u64) -> Self {
        self.touches = Some(rows);
        self
    }
}

/// What a statement yields.
pub type Rows = Vec<Row>;

/// One row, its columns in the order of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The integer in column `at`; 0 for `NULL`.
    pub fn int(&self, at: usize) -> i64 {
        match self.0.get(at) {
            Some(Value::Int(int)) => *int,
            _ => 0,
        }
    }

    /// The integer in column `at`, `None` for `NULL`.
    pub fn opt_int(&self, at: usize) -> Option<i64> {
        match self.0.get(at) {
            Some(Value::Int(int)) => Some(*int),
            _ => None,
        }
    }

    /// The flag in column `at`.
    pub fn flag(&self, at: usize) -> bool {
        self.int(at) != 0
    }

    /// The text in column `at`; empty for `NULL`.
    pub fn text(&self, at: usize) -> &str {
        self.opt_text(at).unwrap_or_default()
    }

    /// The text in column `at`, `None` for `NULL`.
    pub fn opt_text(&self, at: usize) -> Option<&str> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The bytes in column `at`; empty for `NULL`.
    pub fn blob(&self, at: usize) -> &[u8] {
        match self.0.get(at) {
            Some(Value::Blob(bytes)) => bytes,
            _ => &[],
        }
    }
}
