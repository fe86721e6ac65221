//! `[consult]`: the bounds of consultations.

use serde::{Deserialize, Serialize};

use super::{fault::Wrong, value::Span};

/// The `[consult]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consult {
    /// The longest text, in characters.
    pub text_max: usize,
    /// How long a held message waits for its author's decision.
    pub hold_ttl: Span,
    /// How long an author may take a message back.
    pub recall_window: Span,
    /// How many conversations a tutor serves at a time, unless the desk says otherwise.
    pub capacity: u32,
    /// Institution admins may read the conversations of their tutors.
    pub admin_reads: bool,
    /// The longest page of a history or a list.
    pub page_max: usize,
    /// How many changed conversations one `consult.sync` answers; more are a gap.
    pub sync_max: usize,
    /// How many queue rows a tutor is shown, oldest first.
    pub queue_shown: usize,
    /// How many conversations keep their row and their newest messages in memory: the first spares
    /// looking it up for each message, the others are where secrets are looked for that are split
    /// over several.
    pub recent_conversations: usize,
}

impl Default for Consult {
    fn default() -> Self {
        Self {
            text_max: 2_000,
            hold_ttl: Span::seconds(300),
            recall_window: Span::seconds(120),
            capacity: 50,
            admin_reads: true,
            page_max: 100,
            sync_max: 200,
            queue_shown: 200,
            recent_conversations: 4_096,
        }
    }
}

impl Consult {
    /// Refuses bounds under which nothing could be said, served or read.
    pub(super) fn check(&self) -> Vec<Wrong> {
        Wrong::zeros([
            ("text_max", self.text_max),
            ("capacity", self.capacity as usize),
            ("page_max", self.page_max),
            ("sync_max", self.sync_max),
            ("queue_shown", self.queue_shown),
            ("recent_conversations", self.recent_conversations),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_of_zero_is_named_and_the_defaults_are_not() {
        assert_eq!(Consult::default().check(), []);
        let none = Consult { page_max: 0, capacity: 0, ..Consult::default() };
        let keys: Vec<_> = none.check().into_iter().map(|wrong| wrong.key).collect();
        assert_eq!(keys, ["capacity", "page_max"]);
    }
}
