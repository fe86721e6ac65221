//! Voices: a file that was uploaded for rooms becomes a comment. Nothing judges yet what is said in it,
//! so a moderator does, unless the room's host leaves that to those who listen.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Live, comment::State, permit::check_text, pin::NamedComment, reach::bad, row::CommentRow,
    say::CommentWanted, scope::Standing, settings::Voices,
};
use crate::{
    error::Code,
    ids::{MediaId, UserId, is_id},
    media::{Facts, Look, Purpose, State as FileState, format::Class},
    operation::{Caller, Refusal},
};

/// A file that somebody wants to be heard.
pub(super) struct Recording {
    pub(super) facts: Box<Facts>,
    state: FileState,
}

/// A voice with a link to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Voice {
    /// The voice.
    media: Look,
}

/// Refuses what is neither a text nor a voice, or both.
pub(super) fn check_said(asked: &CommentWanted, text_max: usize) -> Result<(), Refusal> {
    match asked.media {
        None => check_text(&asked.text, text_max),
        Some(_) if asked.text.is_empty() => Ok(()),
        Some(_) => Err(bad("a comment has text or media, not both")),
    }
}

impl Recording {
    /// Refuses a voice where the room hears none, and one that was heard before.
    pub(super) fn check(&self, voices: Voices, is_staff: bool) -> Result<(), Refusal> {
        if voices == Voices::Off && !is_staff {
            return Err(Refusal::new(Code::NotAvailable).because("the room takes no voice"));
        }
        let reason = match self.state {
            FileState::Unclaimed => return Ok(()),
            FileState::Claimed => "the file stands in another comment; upload it again",
            FileState::Arriving => "the upload is not finished",
            FileState::Removed | FileState::Expired => "the upload is over; upload the file again",
        };
        Err(Refusal::new(Code::Gone).because(reason))
    }
}

impl Live {
    /// The file that a comment names. It must be the author's own and made for rooms.
    pub(super) async fn recording(
        &self,
        author: &UserId,
        id: Option<&MediaId>,
    ) -> Result<Option<Recording>, Refusal> {
        let Some(id) = id else { return Ok(None) };
        let found = if is_id(id.as_str()) { self.needs().media.find(id).await? } else { None };
        let item = found.filter(|item| item.owner == *author).ok_or(Code::NotInScope)?;
        if item.purpose != Purpose::Live || item.kind.class() != Class::Voice {
            return Err(bad("the file was uploaded for another purpose than live"));
        }
        Ok(Some(Recording { facts: Box::new(Facts::of(&item)), state: item.state }))
    }

    /// `live.voice`: the voice of a comment with a link that begins to count now.
    pub(super) async fn voice(
        &self,
        caller: &Caller,
        asked: NamedComment,
    ) -> Result<Voice, Refusal> {
        let scene = self.scene(caller, &asked.room, Standing::Viewer).await?;
        let row = self.comment_row(&scene.room, &asked.comment).await?;
        let charter = &scene.facts.charter;
        let is_out = |row: &CommentRow| {
            let is_pinned = charter.pinned.as_ref() == Some(&row.id);
            (row.state == State::Visible || (row.state == State::Sampled && is_pinned))
                && row.posted_at > charter.cleared_at
                && charter.edit.shown(row.at_ms).is_some()
        };
        let is_kept =
            |row: &CommentRow| matches!(row.state, State::Visible | State::Sampled | State::Held);
        // What viewers do not see is, to them, no comment.
        let is_theirs = is_out(&row) || (scene.actor.is_staff() && is_kept(&row));
        if !is_theirs {
            return Err(Code::NotInScope.into());
        }
        let content = self.contents(std::slice::from_ref(&row)).await?.pop().flatten();
        let content = content.ok_or(Code::Gone)?;
        if content.is_unread() && !scene.actor.is_platform {
            return Err(Code::NotInScope.into());
        }
        let facts = content.shown.media.ok_or_else(|| bad("the comment is a text"))?;
        Ok(Voice { media: self.lens(&charter.edit).look(&facts) })
    }
}
