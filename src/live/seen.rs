//! A comment as people see it: at its position in what is left of the media, its voice by a link.
//!
//! What is sealed of a comment has neither: positions move when a recording is trimmed, and links end.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Live,
    comment::{Face, Shown},
    edit::Edit,
};
use crate::{
    ids::CommentId,
    media::{Facts, Look, link::Signer},
};

/// A comment as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Comment")]
pub(super) struct Seen {
    /// Its name; names rise as comments are written.
    pub(super) id: CommentId,
    /// Where in the media it was made, in milliseconds; of a trimmed recording, where that is now.
    pub(super) at_ms: i64,
    /// When it was written, in milliseconds since 1970.
    pub(super) posted_at: i64,
    /// Who wrote it.
    #[serde(flatten)]
    pub(super) face: Face,
    /// What they wrote, to be shown as text and nothing else; empty when they spoke.
    pub(super) text: String,
    /// What they spoke. When its link is over, `live.voice` has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<Box<Look>>,
    /// It is a question.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) question: bool,
}

/// What makes a comment that is kept one that is seen.
pub(super) struct Lens<'a> {
    edit: &'a Edit,
    signer: &'a Signer,
    now_ms: i64,
}

impl Live {
    /// Comments at their positions in the media that `edit` left, with links that begin to count now.
    pub(super) fn lens<'a>(&'a self, edit: &'a Edit) -> Lens<'a> {
        let needs = self.needs();
        Lens { edit, signer: needs.media.signer(), now_ms: needs.clock.now_ms() }
    }
}

impl Lens<'_> {
    /// The comment; `None` when its position was cut out.
    pub(super) fn within(&self, shown: Shown) -> Option<Seen> {
        let at_ms = self.edit.shown(shown.at_ms)?;
        Some(self.seen(shown, at_ms))
    }

    /// The comment, at the edge of the cut when its position was cut out; then without its voice.
    pub(super) fn near(&self, mut shown: Shown) -> Seen {
        let at_ms = self.edit.near(shown.at_ms);
        if self.edit.shown(shown.at_ms).is_none() {
            shown.media = None;
        }
        self.seen(shown, at_ms)
    }

    /// A voice with a link to it.
    pub(super) fn look(&self, facts: &Facts) -> Look {
        facts.look(self.signer, self.now_ms)
    }

    fn seen(&self, shown: Shown, at_ms: i64) -> Seen {
        let Shown { id, posted_at, face, text, media, question, .. } = shown;
        let media = media.map(|facts| Box::new(self.look(&facts)));
        Seen { id, at_ms, posted_at, face, text, media, question }
    }
}
