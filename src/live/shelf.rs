//! Statements on what viewers may browse at rest: visible, not cleared, not cut out, by position.

use super::{edit::Edit, facts::Facts, row::COLUMNS};
use crate::{
    ids::{CommentId, RoomId},
    store::{Statement, Value},
};

/// What viewers may browse of one room.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    room: &'a RoomId,
    cleared_at: i64,
    edit: &'a Edit,
}

/// A stretch of the original media, and the comment after which it begins.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'a> {
    /// From this position.
    pub(super) from: i64,
    /// At `from` itself, only what comes after this one.
    pub(super) after: &'a str,
    /// Up to this position.
    pub(super) to: i64,
}

impl<'a> Shelf<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let charter = &facts.charter;
        Self { room: &charter.id, cleared_at: charter.cleared_at, edit: &charter.edit }
    }

    /// What follows a comment, in order.
    pub(super) fn after(self, (from, after): (i64, &str), limit: i64) -> Statement {
        let filter = "AND at_ms >= $3 AND (at_ms > $3 OR id > $4)";
        let order = "ORDER BY at_ms, id LIMIT $5";
        self.select((filter, order), vec![from.into(), after.into(), limit.into()])
    }

    /// A stretch, in order.
    pub(super) fn stretch(self, within: Stretch<'_>, limit: i64) -> Statement {
        let filter = "AND at_ms >= $3 AND at_ms < $4 AND (at_ms > $3 OR id > $5)";
        let order = "ORDER BY at_ms, id LIMIT $6";
        let Stretch { from, after, to } = within;
        let values = vec![from.into(), to.into(), after.into(), limit.into()];
        self.select((filter, order), values)
    }

    /// The last ones before a position, the last first.
    pub(super) fn before(self, to: i64, limit: i64) -> Statement {
        let order = "ORDER BY at_ms DESC, id DESC LIMIT $4";
        self.select(("AND at_ms < $3", order), vec![to.into(), limit.into()])
    }

    /// Placeholders of `filter` and `order` count from `$3`.
    fn select(self, (filter, order): (&str, &str), values: Vec<Value>) -> Statement {
        let mut cuts = String::new();
        let mut statement = Statement::new("").bind(self.room.as_str()).bind(self.cleared_at);
        statement = values.into_iter().fold(statement, Statement::bind);
        for (from, to) in self.edit.hidden() {
            let at = statement.values.len() + 1;
            cuts.push_str(&format!(" AND (at_ms < ${at} OR at_ms >= ${})", at + 1));
            statement = statement.bind(from).bind(to);
        }
        statement.sql = format!(
            "SELECT {COLUMNS} FROM live_comment
             WHERE state = 'visible' AND room = $1 AND posted_at > $2 {filter}{cuts} {order}"
        )
        .into();
        statement
    }
}

/// Where a list by position goes on after a comment.
pub(super) fn cursor_at(at_ms: i64, id: &CommentId) -> String {
    format!("{at_ms}.{id}")
}
