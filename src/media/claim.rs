//! Statements by which a domain takes a file, in the transaction of the record that shows it.
//!
//! They stand beside the record: what is said and what it shows are stored together or not at all.

use super::row::Purpose;
use crate::{
    ids::{MediaId, UserId},
    store::Statement,
};

/// The record shows the file from now on. Nothing is stored when it is not `owner`'s, was uploaded for
/// another purpose, is over, or stands in another record already.
pub fn show(id: &MediaId, owner: &UserId, purpose: Purpose) -> Statement {
    take(id, owner, purpose, "claimed")
}

/// The same for a record that is displayed to nobody: the file is kept with it, and lent to nobody.
pub fn conceal(id: &MediaId, owner: &UserId, purpose: Purpose) -> Statement {
    take(id, owner, purpose, "removed")
}

/// The record shows the file no more. Saying so twice is saying so once.
pub fn withdraw(id: &MediaId) -> Statement {
    Statement::new("UPDATE media SET state = 'removed' WHERE id = $1 AND state = 'claimed'")
        .bind(id.as_str())
}

fn take(id: &MediaId, owner: &UserId, purpose: Purpose, state: &'static str) -> Statement {
    let sql = "UPDATE media SET state = $4
         WHERE id = $1 AND owner = $2 AND purpose = $3 AND state = 'unclaimed'";
    Statement::new(sql)
        .bind(id.as_str())
        .bind(owner.as_str())
        .bind(purpose.as_str())
        .bind(state)
        .touching(1)
}
