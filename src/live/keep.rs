//! How a comment is archived, and what the room's desk and the platform's staff are told of it.

use std::iter;

use super::{
    Live,
    comment::{Content, State, thread},
    event::DeskEvent,
    reach::unarchived,
    room::Room,
    row,
};
use crate::{
    alert::{self, Cause, Kind},
    archive::Draft,
    directory::SUPPORT,
    ids::{ConversationId, InstitutionId, RoomId, UserId},
    media::{Purpose, claim},
    moderation::Category,
    operation::Refusal,
    telemetry::label::ByState,
};

/// Where a comment was made, and by whom.
#[derive(Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) room: &'a Room,
    pub(super) author: &'a UserId,
    /// Whose room it is; `None` for the platform's own.
    pub(super) institution: Option<&'a InstitutionId>,
}

impl Live {
    /// The record of a comment, with its row beside it.
    pub(super) fn draft(&self, room: &RoomId, author: &UserId, content: &Content) -> Draft {
        let media = content.shown.media.as_ref();
        let take = if content.outcome == State::Rejected { claim::conceal } else { claim::show };
        let heard = media.map(|facts| take(&facts.id, author, Purpose::Live));
        Draft {
            thread: thread(room, author),
            author: author.as_str().to_owned(),
            // A retry is recognised by what its author is remembered to have said.
            client_id: None,
            kind: "comment",
            content: serde_json::to_vec(content).unwrap_or_default(),
            beside: iter::once(row::insert(room, author, content)).chain(heard).collect(),
        }
    }

    /// Archives a comment; it is durable afterwards.
    pub(super) async fn store(&self, draft: Draft) -> Result<(), Refusal> {
        let appended = self.needs().archive.append(draft).await;
        appended.map(|_| ()).map_err(|fault| unarchived(&fault))
    }

    /// A comment is held or rejected: archived before anybody is told, and what is banned raises an
    /// alert with it.
    pub(super) async fn stop(&self, spoken: Spoken<'_>, content: &Content) -> Result<(), Refusal> {
        let Spoken { room, author, institution } = spoken;
        let category = content.verdict.as_ref().and_then(|verdict| verdict.category);
        let is_grave = content.outcome == State::Rejected && category == Some(Category::Sensitive);
        let cause = is_grave.then(|| self.cause(&room.id, author, institution));
        let mut draft = self.draft(&room.id, author, content);
        draft.beside.extend(cause.iter().flat_map(Cause::statements));
        self.store(draft).await?;
        self.report(room, content).await;
        if let Some(cause) = &cause {
            self.alert(cause).await;
        }
        Ok(())
    }

    /// Tells the room's desk of a comment, and counts it. A comment that the rules rejected or could not
    /// judge is told without its text: it may hold what an institution is not to know of a user.
    pub(super) async fn report(&self, room: &Room, content: &Content) {
        let state = content.outcome;
        self.needs().metrics.live_comments.one(&ByState { state: state.as_str() });
        let mut comment = self.lens(&room.facts().charter.edit).near(content.shown.clone());
        if content.is_unread() {
            comment.text.clear();
            comment.media = None;
        }
        let category = content.verdict.as_ref().and_then(|verdict| verdict.category);
        let event = DeskEvent::Comment { comment, state, cause: content.cause, category };
        self.tell_desk(room, &event).await;
    }

    /// Banned speech of one author in one room is one alert.
    fn cause(&self, room: &RoomId, author: &UserId, institution: Option<&InstitutionId>) -> Cause {
        let conversation = ConversationId::new(thread(room, author));
        let platform = InstitutionId::from(SUPPORT);
        let place = (institution.unwrap_or(&platform), &conversation, author);
        let category = Category::Sensitive.as_str();
        Cause::new(Kind::Live, place, category, self.needs().clock.now_ms())
    }

    /// Tells staff of an alert that is durable now. Those who are not told find it in the list.
    async fn alert(&self, cause: &Cause) {
        let news = match self.needs().alerts.raised(cause).await {
            Ok(Some(news)) => news,
            Ok(None) => return,
            Err(fault) => {
                tracing::warn!(%fault, "an alert was raised but not announced");
                return;
            }
        };
        alert::publish(&self.needs().hub, news).await;
    }
}
