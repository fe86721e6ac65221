//! What the archive seals for a consultation: one domain record, as JSON.
//!
//! The shape is append-only like the records: a field may be added with a default, none is renamed
//! or removed, or old records no longer open.

use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    session::{EndedBy, State},
    wording::Words,
};
use crate::{
    archive,
    ids::{HoldId, ServiceSessionId, UserId},
    moderation::{Category, Span, Verdict},
};

/// A record of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Entry {
    /// Delivered to the other side.
    Message {
        body: Body,
        reply_to: Option<i64>,
        client_id: Option<String>,
        /// The hold that was confirmed, and what it was held for.
        confirms: Option<Confirmed>,
    },
    /// Never shown to the other side.
    Hidden {
        body: Body,
        reply_to: Option<i64>,
        client_id: Option<String>,
        verdict: Judged,
        /// The earlier messages that hold a part of what was found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withdraws: Vec<i64>,
    },
    /// Shown to its author alone, who may confirm or discard it.
    Hold {
        hold: HoldId,
        body: Body,
        reply_to: Option<i64>,
        client_id: Option<String>,
        verdict: Judged,
        expires_at: i64,
        /// What the author must show to confirm it; absent where an older server held it.
        #[serde(default)]
        token: Option<String>,
        /// The earlier messages that hold a part of what was found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withdraws: Vec<i64>,
    },
    /// The author gave a held text up.
    Discard { hold: HoldId, target: i64 },
    /// The author took a message back.
    Recall { target: i64 },
    /// A service session began, changed hands or ended.
    Session {
        session: ServiceSessionId,
        #[serde(flatten)]
        turn: Turn,
    },
}

/// Which hold a message confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Confirmed {
    pub(super) hold: HoldId,
    pub(super) target: i64,
    pub(super) category: Category,
    pub(super) rules_version: String,
}

/// What moderation said, without the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) category: Category,
    pub(super) score: u32,
    pub(super) rules_version: String,
    pub(super) spans: Vec<Span>,
}

impl Judged {
    /// A verdict without a category still stopped the text: the gravest one is assumed.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self {
            category: verdict.category.unwrap_or(Category::Sensitive),
            score: verdict.score,
            rules_version: verdict.rules_version,
            spans: verdict.spans,
        }
    }
}

/// What happened to a service session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub(super) enum Turn {
    /// The user opened it.
    Opened { state: State, owner: Option<UserId>, notice: Words },
    /// A tutor took it from the queue.
    Accepted { owner: UserId },
    /// Its tutor no longer works there, and it waits for another.
    Requeued {},
    /// It is over.
    Ended { by: EndedBy },
}

/// A record taken from the archive and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) seq: i64,
    pub(super) at_ms: i64,
    pub(super) author: UserId,
    pub(super) content: Content,
}

/// What a record came to when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// It says this.
    Entry(Entry),
    /// Its key was destroyed.
    Erased,
    /// A newer server wrote it: nothing is guessed.
    Unknown,
}

impl Opened {
    /// Reads a stored record.
    pub(super) fn of(record: archive::Record) -> Self {
        let content = match record.content.as_deref().map(Entry::of_content) {
            Some(Some(entry)) => Content::Entry(entry),
            Some(None) => Content::Unknown,
            None => Content::Erased,
        };
        let author = record.author.into();
        Self { seq: record.seq, at_ms: record.at_ms, author, content }
    }

    /// What it says, if it can be read.
    pub(super) fn entry(&self) -> Option<&Entry> {
        match &self.content {
            Content::Entry(entry) => Some(entry),
            Content::Erased | Content::Unknown => None,
        }
    }
}

impl Entry {
    /// The archive's word for this kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Hidden { .. } => "hidden",
            Self::Hold { .. } => "hold",
            Self::Discard { .. } => "discard",
            Self::Recall { .. } => "recall",
            Self::Session { .. } => "session",
        }
    }

    /// What the archive seals.
    pub(super) fn to_content(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry has string keys and nothing that can fail")
    }

    /// What an opened record says; `None` when a newer server wrote it or it is damaged.
    pub(super) fn of_content(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }

    /// The earlier messages that are not to be shown because of it, and why.
    pub(super) fn withdraws(&self) -> Option<(&[i64], Category)> {
        match self {
            Self::Hidden { verdict, withdraws, .. } | Self::Hold { verdict, withdraws, .. } => {
                (!withdraws.is_empty()).then_some((withdraws, verdict.category))
            }
            _ => None,
        }
    }

    /// The text its author sent, with what it answers: what makes two sends the same.
    pub(super) fn sent(&self) -> Option<(&Body, Option<i64>)> {
        match self {
            Self::Message { body, reply_to, .. }
            | Self::Hidden { body, reply_to, .. }
            | Self::Hold { body, reply_to, .. } => Some((body, *reply_to)),
            Self::Discard { .. } | Self::Recall { .. } | Self::Session { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_open_as_they_were_sealed() {
        let entry = Entry::Session {
            session: "s1".into(),
            turn: Turn::Opened {
                state: State::Serving,
                owner: Some("tutor1".into()),
                notice: Words { zh: "甲".into(), en: "A".into() },
            },
        };
        let content = entry.to_content();
        insta::assert_snapshot!(String::from_utf8(content.clone()).unwrap(), @r#"{"kind":"session","session":"s1","turn":"opened","state":"serving","owner":"tutor1","notice":{"zh":"甲","en":"A"}}"#);
        assert_eq!(Entry::of_content(&content), Some(entry));
    }

    #[test]
    fn a_hold_of_an_older_server_opens_without_a_token() {
        let content = r#"{"kind":"hold","hold":"h1","body":{"kind":"text","text":"x"},"reply_to":null,
            "client_id":"k1","verdict":{"category":"privacy","score":90,"rules_version":"7","spans":[]},
            "expires_at":9}"#;
        let entry = Entry::of_content(content.as_bytes());
        assert!(matches!(entry, Some(Entry::Hold { token: None, .. })), "{entry:?}");
    }

    #[test]
    fn a_record_of_a_newer_server_is_not_guessed_at() {
        assert_eq!(Entry::of_content(br#"{"kind":"hologram","x":1}"#), None);
    }
}
