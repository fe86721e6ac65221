//! One statement on one connection: values in, rows and the number touched out.

use rusqlite::{
    Connection, ErrorCode, ffi,
    types::{ToSqlOutput, Type, ValueRef},
};

use crate::store::{Fault, Row, Rows, Statement, Value};

/// What a statement did.
pub(super) struct Effect {
    /// The rows it returned.
    pub(super) rows: Rows,
    /// How many rows it inserted, updated, deleted or returned.
    pub(super) touched: u64,
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Runs `statement`, compiled once per connection.
pub(super) fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<Effect> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    bind(&mut prepared, &statement.values)?;
    let columns = prepared.column_count();
    if columns == 0 {
        let touched = prepared.raw_execute()? as u64;
        return Ok(Effect { rows: Rows::new(), touched });
    }
    let mut rows = Rows::new();
    let mut found = prepared.raw_query();
    while let Some(row) = found.next()? {
        rows.push(Row((0..columns).map(|at| value_at(row, at)).collect::<Result<_, _>>()?));
    }
    let touched = rows.len() as u64;
    Ok(Effect { rows, touched })
}

/// Binds each value to its placeholder: SQLite takes `$3` for a name, not for the third.
fn bind(prepared: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    let wanted = prepared.parameter_count();
    if wanted != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), wanted));
    }
    for index in 1..=wanted {
        let name = prepared.parameter_name(index).unwrap_or_default();
        let number = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        let Some(value) = number.and_then(|number| values.get(number.checked_sub(1)?)) else {
            return Err(rusqlite::Error::InvalidParameterName(name.to_owned()));
        };
        prepared.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

fn value_at(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|fault| {
                rusqlite::Error::FromSqlConversionFailure(at, Type::Text, fault.into())
            })?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        // Not in the portable subset: PostgreSQL would answer NUMERIC where SQLite answers REAL.
        ValueRef::Real(_) => {
            return Err(rusqlite::Error::InvalidColumnType(at, String::new(), Type::Real));
        }
    })
}

/// What an error of the engine at statement `index` means to the caller.
///
/// [`Fault::Unavailable`] stands for the surroundings — disk, lock, memory — which say nothing
/// about this statement. Result codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn fault(error: &rusqlite::Error, index: usize) -> Fault {
    let Some(cause) = error.sqlite_error() else {
        return Fault::Engine(error.to_string());
    };
    match cause.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => return Fault::Duplicate { index },
        _ => {}
    }
    match cause.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory
        | ErrorCode::ReadOnly
        | ErrorCode::OperationInterrupted
        | ErrorCode::SystemIoFailure
        | ErrorCode::DiskFull
        | ErrorCode::CannotOpen
        | ErrorCode::FileLockingProtocolFailed => Fault::Unavailable,
        _ => Fault::Engine(error.to_string()),
    }
}
