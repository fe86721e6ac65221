//! What happened to a record later. The record itself never changes.

use std::collections::HashMap;

use crate::{
    ids::ConversationId,
    store::{Row, Statement},
};

/// What can happen to a record; each record meets at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// A message was taken back.
    Recalled,
    /// A held text was delivered.
    Confirmed,
    /// A held text was given up.
    Discarded,
}

/// An effect, and the record that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) effect: Effect,
    pub(super) by_seq: i64,
}

/// The effects within a stretch of a conversation, by `seq`.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects(HashMap<i64, Happened>);

impl Effect {
    fn as_str(self) -> &'static str {
        match self {
            Self::Recalled => "recalled",
            Self::Confirmed => "confirmed",
            Self::Discarded => "discarded",
        }
    }

    fn of_text(text: &str) -> Self {
        match text {
            "confirmed" => Self::Confirmed,
            "discarded" => Self::Discarded,
            _ => Self::Recalled,
        }
    }
}

impl Effects {
    pub(super) fn of_rows(rows: &[Row]) -> Self {
        let happened = |row: &Row| {
            (row.int(0), Happened { effect: Effect::of_text(row.text(1)), by_seq: row.int(2) })
        };
        Self(rows.iter().map(happened).collect())
    }

    /// What happened to `seq`.
    pub(super) fn of(&self, seq: i64) -> Option<Happened> {
        self.0.get(&seq).copied()
    }
}

/// The effects on records `from..=to`.
pub(super) fn within(conversation: &ConversationId, from: i64, to: i64) -> Statement {
    Statement::new(
        "SELECT seq, effect, by_seq FROM consult_effect
         WHERE conversation = $1 AND seq >= $2 AND seq <= $3",
    )
    .bind(conversation.as_str())
    .bind(from)
    .bind(to)
}

/// Beside the record that brings it: `effect` on `seq`, guarded against a second one.
pub(super) fn bring(conversation: &ConversationId, seq: i64, effect: Effect) -> Statement {
    Statement::new(
        "INSERT INTO consult_effect (conversation, seq, effect, by_seq) VALUES ($1, $2, $3, $seq)
         ON CONFLICT (conversation, seq) DO NOTHING",
    )
    .bind(conversation.as_str())
    .bind(seq)
    .bind(effect.as_str())
    .touching(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_reads_back() {
        for effect in [Effect::Recalled, Effect::Confirmed, Effect::Discarded] {
            assert_eq!(Effect::of_text(effect.as_str()), effect);
        }
    }
}
