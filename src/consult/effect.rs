//! What happened to a record later. The record itself never changes.

use std::collections::HashMap;

use crate::{
    ids::ConversationId,
    moderation::Category,
    store::{Row, Statement},
};

/// What can happen to a record; each record meets at most one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// A message was taken back.
    Recalled,
    /// A held text was delivered.
    Confirmed,
    /// A held text was given up.
    Discarded,
    /// A message held a part of a secret that was stopped later.
    Withdrawn(Category),
    /// Its author has insisted: it shows again.
    Restored,
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
            Self::Withdrawn(Category::Privacy) => "withdrawn_privacy",
            Self::Withdrawn(Category::Property) => "withdrawn_property",
            Self::Withdrawn(Category::Sensitive) => "withdrawn_sensitive",
            Self::Restored => "restored",
        }
    }

    fn of_text(text: &str) -> Self {
        match text {
            "confirmed" => Self::Confirmed,
            "discarded" => Self::Discarded,
            "withdrawn_privacy" => Self::Withdrawn(Category::Privacy),
            "withdrawn_property" => Self::Withdrawn(Category::Property),
            "withdrawn_sensitive" => Self::Withdrawn(Category::Sensitive),
            "restored" => Self::Restored,
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

/// Beside the record that brings it: `effect` on `seq`, guarded against a second one. That a message
/// was withdrawn, and shows again, bars nothing.
pub(super) fn bring(conversation: &ConversationId, seq: i64, effect: Effect) -> Statement {
    Statement::new(
        "INSERT INTO consult_effect (conversation, seq, effect, by_seq) VALUES ($1, $2, $3, $seq)
         ON CONFLICT (conversation, seq) DO UPDATE SET
             effect = excluded.effect, by_seq = excluded.by_seq
         WHERE consult_effect.effect = 'restored' OR consult_effect.effect LIKE 'withdrawn_%'",
    )
    .bind(conversation.as_str())
    .bind(seq)
    .bind(effect.as_str())
    .touching(1)
}

/// Beside the record that stops the rest of a secret: the earlier message `seq`, which holds a part
/// of it, shows no more. What was taken back stays taken back.
pub(super) fn withdraw(conversation: &ConversationId, seq: i64, category: Category) -> Statement {
    Statement::new(
        "INSERT INTO consult_effect (conversation, seq, effect, by_seq) VALUES ($1, $2, $3, $seq)
         ON CONFLICT (conversation, seq) DO UPDATE SET
             effect = excluded.effect, by_seq = excluded.by_seq
         WHERE consult_effect.effect = 'restored'",
    )
    .bind(conversation.as_str())
    .bind(seq)
    .bind(Effect::Withdrawn(category).as_str())
}

/// Beside the record that confirms the text held at `held`: what it withdrew shows again.
pub(super) fn restore(conversation: &ConversationId, held: i64) -> Statement {
    Statement::new(
        "UPDATE consult_effect SET effect = $3, by_seq = $seq
         WHERE conversation = $1 AND by_seq = $2 AND effect LIKE 'withdrawn_%'",
    )
    .bind(conversation.as_str())
    .bind(held)
    .bind(Effect::Restored.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_reads_back() {
        let withdrawn =
            [Category::Privacy, Category::Property, Category::Sensitive].map(Effect::Withdrawn);
        let others = [Effect::Recalled, Effect::Confirmed, Effect::Discarded, Effect::Restored];
        for effect in withdrawn.into_iter().chain(others) {
            assert_eq!(Effect::of_text(effect.as_str()), effect);
        }
    }
}
