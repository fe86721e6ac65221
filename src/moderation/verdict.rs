//! What is asked of the engine, and what it answers.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::token::View;
pub use crate::config::moderation::Action;

/// What a hit is about, from the least grave.
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
    /// What the text was read as when it hit.
    #[serde(default)]
    pub view: View,
}

/// What the engine says of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The category that decides the action, the gravest where several do.
    pub category: Option<Category>,
    /// What is done, by the matrix of place and side.
    pub action: Action,
    /// 0 to 100: how sure the surest hit is.
    pub score: u32,
    /// Which rule set judged.
    pub rules_version: String,
    /// Every hit, by position.
    pub spans: Vec<Span>,
    /// Which of the earlier messages hold a part of what was found, by their number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<usize>,
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

/// A rule hit: where in the text, and what the rule says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit<'a> {
    /// Bytes of the original text.
    pub(super) at: Range<usize>,
    pub(super) rule: &'a str,
    pub(super) reason: &'a str,
    pub(super) category: Category,
    pub(super) score: u32,
    pub(super) view: View,
}

impl Place {
    /// Whether people talk there, as they do in the lines that the prior was learned from.
    pub fn is_talk(self) -> bool {
        matches!(self, Self::Consult | Self::Support | Self::Live)
    }
}

impl Category {
    /// The name on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Property => "property",
            Self::Sensitive => "sensitive",
        }
    }
}

/// The hits as spans, by position; one within another of the same rule is left out.
pub(super) fn spans(text: &str, mut hits: Vec<Hit<'_>>) -> Vec<Span> {
    hits.sort_by(|a, b| a.at.start.cmp(&b.at.start).then(b.at.end.cmp(&a.at.end)));
    let mut kept: Vec<Hit<'_>> = Vec::new();
    for hit in hits {
        let is_within = |other: &Hit<'_>| other.rule == hit.rule && hit.at.end <= other.at.end;
        // Hits of one rule overlap with their next neighbours only: few are looked at.
        if !kept.iter().rev().take(8).any(is_within) {
            kept.push(hit);
        }
    }
    let utf16 = Utf16::new(text, &kept);
    kept.iter()
        .map(|hit| Span {
            utf8: (hit.at.start, hit.at.end),
            utf16: (utf16.of(hit.at.start), utf16.of(hit.at.end)),
            rule: hit.rule.to_owned(),
            reason: hit.reason.to_owned(),
            view: hit.view,
        })
        .collect()
}

/// UTF-16 offsets of the ends of spans, counted in one pass over the text.
struct Utf16(Vec<(usize, usize)>);

impl Utf16 {
    fn new(text: &str, hits: &[Hit<'_>]) -> Self {
        let mut ends: Vec<usize> = hits.iter().flat_map(|hit| [hit.at.start, hit.at.end]).collect();
        ends.sort_unstable();
        ends.dedup();
        let (mut from, mut units) = (0, 0);
        let counted = ends.into_iter().map(|end| {
            units += text[from..end].encode_utf16().count();
            from = end;
            (end, units)
        });
        Self(counted.collect())
    }

    fn of(&self, byte: usize) -> usize {
        let found = self.0.binary_search_by_key(&byte, |(end, _)| *end);
        found.map_or(0, |at| self.0[at].1)
    }
}
