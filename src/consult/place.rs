//! Where a page of a list ends, and the query that finds the next one.

use super::{body::bad, conversation::Conversation, ledger, scope, session::State, viewer::Viewer};
use crate::{moderation::Side, operation::Refusal, store::Statement};

/// The longest cursor, in bytes: a state, a time and an id.
const CURSOR_MAX: usize = 128;

/// Where a page ends, by the order of the viewer's list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// By newest line.
    Line { at: i64, id: String },
    /// By state, then by newest turn. The names of the states sort as the list needs them.
    Turn { state: State, at: i64, id: String },
}

impl Place {
    pub(super) fn of(viewer: &Viewer, last: &Conversation) -> Self {
        let id = last.id.to_string();
        match viewer.side() {
            Side::User => Self::Line { at: last.line_at, id },
            Side::Institution => Self::Turn { state: last.state, at: last.turned_at, id },
        }
    }

    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Line { at, id } => format!("{at}.{id}"),
            Self::Turn { state, at, id } => format!("{}.{at}.{id}", state.as_str()),
        }
    }

    pub(super) fn of_text(viewer: &Viewer, text: &str) -> Result<Self, Refusal> {
        let foreign = || bad("cursor is not one that consult.list has answered");
        if text.len() > CURSOR_MAX {
            return Err(foreign());
        }
        let parts: Vec<_> = text.split('.').collect();
        let place = match (viewer.side(), parts.as_slice()) {
            (Side::User, [at, id]) => {
                at.parse().ok().map(|at| Self::Line { at, id: (*id).to_owned() })
            }
            (Side::Institution, [state, at, id]) => {
                let state = State::of_text(state);
                at.parse().ok().map(|at| Self::Turn { state, at, id: (*id).to_owned() })
            }
            _ => None,
        };
        place.ok_or_else(foreign)
    }
}

/// The conversations whose text the viewer may read, after `place` in the order of their list.
pub(super) fn page_query(viewer: &Viewer, place: Option<&Place>, limit: i64) -> Statement {
    let readable = scope::readable(viewer, 2);
    let at = readable.next(2);
    let (order, columns, width) = match viewer.side() {
        Side::User => ("c.line_at DESC, c.id DESC", "(c.line_at, c.id)", 2),
        Side::Institution => {
            ("c.state DESC, c.turned_at DESC, c.id DESC", "(c.state, c.turned_at, c.id)", 3)
        }
    };
    let (after, limit_at) = match place {
        None => (String::new(), at),
        Some(_) => {
            let marks: Vec<_> = (at..at + width).map(|number| format!("${number}")).collect();
            (format!(" AND {columns} < ({})", marks.join(", ")), at + width)
        }
    };
    let rest = format!("WHERE {}{after} ORDER BY {order} LIMIT ${limit_at}", readable.clause);
    let query = readable.bind(ledger::listed(viewer, &rest));
    let query = match place {
        None => query,
        Some(Place::Line { at, id }) => query.bind(*at).bind(id.as_str()),
        Some(Place::Turn { state, at, id }) => {
            query.bind(state.as_str()).bind(*at).bind(id.as_str())
        }
    };
    query.bind(limit)
}
