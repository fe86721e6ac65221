//! Conversations made up for tests.

use super::{conversation::Conversation, session::State, view::institution::Mask};
use crate::{directory::Tutor, ids::UserId};

/// The conversation `c1` of `user1` with `inst1`, served by `tutor1`.
pub(super) fn conversation() -> Conversation {
    Conversation {
        id: "c1".into(),
        user: "user1".into(),
        institution: "inst1".into(),
        mask: Mask {
            pseudonym: "p_7".into(),
            name: "海棠42".to_owned(),
            avatar_seed: "00ff".to_owned(),
        },
        session: "s1".into(),
        state: State::Serving,
        turned_at: 1_000,
        owner: Some("tutor1".into()),
        owner_version: 2,
        waiting_since: Some(2_000),
        last_seq: 9,
        line_seq: 9,
        line_at: 9_000,
        user_lines: 5,
        institution_lines: 3,
        owner_read_seq: 4,
    }
}

/// A tutor who works for `institution`.
pub(super) fn tutor(id: impl Into<UserId>, institution: &str, admin: bool) -> Tutor {
    serde_json::from_value(serde_json::json!({
        "id": id.into(),
        "institution": institution,
        "name": "王老师",
        "title": "高级讲师",
        "admin": admin,
    }))
    .expect("a tutor is written like this")
}
