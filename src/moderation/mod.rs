//! What may be said: a verdict for each text, explained by the rules that led to it.
//!
//! Pure and synchronous: no clock, no database, no async. Knows places and sides, no conversation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a hit is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Phone, ID, card, WeChat/QQ, address, e-mail, code.
    Privacy,
    /// Transfers, deposits, 保过, loans.
    Property,
    /// Banned speech.
    Sensitive,
}

/// What is done with a text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Delivered.
    Allow,
    /// Held; its author is warned and may insist.
    Warn,
    /// Never delivered; a placeholder stands for it.
    Hide,
    /// Refused to its author.
    Reject,
}

/// Where a text would appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A consultation with an institution.
    Consult,
    /// The platform's own customer service.
    Support,
    /// A comment in a live room.
    Live,
    /// A nickname or another name that others see.
    Nickname,
    /// The text of a notification.
    Push,
}

/// Which side of a conversation wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A candidate.
    User,
    /// An institution's tutor or admin, or the platform's staff.
    Institution,
}

/// A piece of the text that led to a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Bytes of the text in UTF-8: start and end.
    pub utf8: (usize, usize),
    /// The same in UTF-16 code units, as JavaScript, Dart and Java count.
    pub utf16: (usize, usize),
    /// The name of the rule that hit.
    pub rule: String,
    /// Why it hit, in a reviewer's words; never the text itself.
    pub reason: String,
}

/// What the engine says of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The gravest category that hit, if any.
    pub category: Option<Category>,
    /// What is done, by the matrix of place and side.
    pub action: Action,
    /// 0 to 100.
    pub score: u32,
    /// Which rule set judged.
    pub rules_version: String,
    /// Every hit, by position.
    pub spans: Vec<Span>,
}

/// A text to judge, and what its author wrote just before.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The text.
    pub text: &'a str,
    /// Earlier messages of the same author in the same conversation, oldest first.
    pub earlier: &'a [&'a str],
    /// Where it would appear.
    pub place: Place,
    /// Who wrote it.
    pub side: Side,
}

/// The engine with its rule set. Cheap to clone.
#[derive(Clone)]
pub struct Moderation {}

impl Moderation {
    /// Judges a text. Deterministic; never fails.
    pub fn judge(&self, _question: Question<'_>) -> Verdict {
        Verdict {
            category: None,
            action: Action::Allow,
            score: 0,
            rules_version: String::new(),
            spans: Vec::new(),
        }
    }
}
