//! A tutor's desk: the state they chose, and how many conversations it holds.
//!
//! `serving` is counted in the same transaction that gives or ends a conversation, and guarded by the
//! capacity there, so two candidates never get one seat.

use super::session::Availability;
use crate::{
    ids::{InstitutionId, UserId},
    store::{Row, Statement},
};

/// A desk as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) state: Availability,
    pub(super) state_at: i64,
    pub(super) capacity: i64,
    pub(super) serving: i64,
}

impl Desk {
    /// Reads the columns of [`by_tutor`] and [`choose`]; `capacity` is the configured default.
    pub(super) fn of_row(row: &Row, capacity: u32) -> Self {
        Self {
            state: Availability::of_text(row.text(0)),
            state_at: row.int(1),
            capacity: row.opt_int(2).unwrap_or_else(|| i64::from(capacity)),
            serving: row.int(3),
        }
    }

    /// Whether a new conversation may be assigned.
    pub(super) fn takes_more(&self) -> bool {
        self.state == Availability::Online && self.serving < self.capacity
    }
}

pub(super) fn by_tutor(tutor: &UserId) -> Statement {
    Statement::new("SELECT state, state_at, capacity, serving FROM consult_desk WHERE tutor = $1")
        .bind(tutor.as_str())
}

/// The tutors who look at the institution's queue: those who are not offline.
pub(super) fn staffed(institution: &InstitutionId) -> Statement {
    Statement::new(
        "SELECT tutor FROM consult_desk
         WHERE institution = $1 AND state IN ('online', 'busy') ORDER BY tutor",
    )
    .bind(institution.as_str())
}

/// Chooses a state, and yields the desk as it stands then. A tutor who changed the institution takes the desk along.
pub(super) fn choose(
    tutor: &UserId,
    institution: &InstitutionId,
    state: Availability,
    now_ms: i64,
) -> Statement {
    Statement::new(
        "INSERT INTO consult_desk (tutor, institution, state, state_at, serving)
         VALUES ($1, $2, $3, $4, 0)
         ON CONFLICT (tutor) DO UPDATE SET
             institution = excluded.institution, state = excluded.state,
             state_at = CASE WHEN consult_desk.state = excluded.state
                 THEN consult_desk.state_at ELSE excluded.state_at END
         RETURNING state, state_at, capacity, serving",
    )
    .bind(tutor.as_str())
    .bind(institution.as_str())
    .bind(state.as_str())
    .bind(now_ms)
}

/// Assigns a seat: guarded by state and capacity.
pub(super) fn assign(tutor: &UserId, capacity: u32) -> Statement {
    Statement::new(
        "UPDATE consult_desk SET serving = serving + 1
         WHERE tutor = $1 AND state = 'online' AND serving < COALESCE(capacity, $2)",
    )
    .bind(tutor.as_str())
    .bind(i64::from(capacity))
    .touching(1)
}

/// Takes a seat, as a tutor does who accepts from the queue: guarded by capacity, and by being there.
pub(super) fn take(tutor: &UserId, capacity: u32) -> Statement {
    Statement::new(
        "UPDATE consult_desk SET serving = serving + 1
         WHERE tutor = $1 AND state IN ('online', 'busy') AND serving < COALESCE(capacity, $2)",
    )
    .bind(tutor.as_str())
    .bind(i64::from(capacity))
    .touching(1)
}

/// Frees a seat.
pub(super) fn free(tutor: &UserId) -> Statement {
    Statement::new("UPDATE consult_desk SET serving = serving - 1 WHERE tutor = $1 AND serving > 0")
        .bind(tutor.as_str())
}
