//! Brings the tables up to date: each migration in a transaction of its own, once.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::store::{OpenFault, migration::Migration};

/// Applies what is missing of `known`. A database that knows more than `known` is refused.
pub(super) fn bring_up_to_date(
    connection: &mut Connection,
    known: &'static [Migration],
) -> Result<(), OpenFault> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    )?;
    refuse_newer(connection, known)?;
    for migration in known {
        // Immediate, so that two processes that start together take turns.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if is_applied(&transaction, migration)? {
            continue;
        }
        apply(transaction, migration)
            .map_err(|source| OpenFault::Migration { name: migration.name, source })?;
        tracing::info!(migration = migration.name, "migrated the database");
    }
    Ok(())
}

fn refuse_newer(connection: &Connection, known: &[Migration]) -> Result<(), OpenFault> {
    let known: BTreeSet<i64> = known.iter().map(Migration::number).collect();
    let mut applied = connection.prepare("SELECT number FROM schema_version ORDER BY number")?;
    for number in applied.query_map([], |row| row.get::<_, i64>(0))? {
        let found = number?;
        if !known.contains(&found) {
            return Err(OpenFault::Newer { found });
        }
    }
    Ok(())
}

fn is_applied(connection: &Connection, migration: &Migration) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM schema_version WHERE number = $1")?
        .exists([migration.number()])
}

fn apply(transaction: Transaction<'_>, migration: &Migration) -> rusqlite::Result<()> {
    // An INTEGER key is the row's own number, where a BIGINT key would be an index beside it.
    let sql = migration.sql.replace("{BLOB}", "BLOB").replace("{KEY}", "INTEGER");
    transaction.execute_batch(&sql)?;
    transaction.execute(
        "INSERT INTO schema_version (number, name) VALUES ($1, $2)",
        params![migration.number(), migration.name],
    )?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        name: "0001_first",
        sql: "CREATE TABLE a (b {BLOB}); CREATE TABLE c (d TEXT);",
    };
    const BROKEN: Migration =
        Migration { name: "0002_broken", sql: "CREATE TABLE e (f TEXT); CREATE TABLE nonsense" };
    const MENDED: Migration = Migration { name: "0002_mended", sql: "CREATE TABLE e (f TEXT);" };

    fn tables(connection: &Connection) -> Vec<String> {
        let mut names =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_migration_is_applied_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            bring_up_to_date(&mut connection, &[FIRST]).unwrap();
            assert_eq!(tables(&connection), ["schema_version", "a", "c"]);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_and_can_be_mended() {
        let mut connection = Connection::open_in_memory().unwrap();
        let fault = bring_up_to_date(&mut connection, &[FIRST, BROKEN]).unwrap_err();
        assert!(matches!(fault, OpenFault::Migration { name: "0002_broken", .. }), "{fault:?}");
        assert_eq!(tables(&connection), ["schema_version", "a", "c"]);
        bring_up_to_date(&mut connection, &[FIRST, MENDED]).unwrap();
        assert_eq!(tables(&connection), ["schema_version", "a", "c", "e"]);
    }

    #[test]
    fn a_database_of_a_newer_server_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        bring_up_to_date(&mut connection, &[FIRST, MENDED]).unwrap();
        let fault = bring_up_to_date(&mut connection, &[FIRST]).unwrap_err();
        assert!(matches!(fault, OpenFault::Newer { found: 2 }), "{fault:?}");
    }
}
