//! Lane 2: questions that are chosen, answered or passed over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::Act,
    comment::{Asked, State},
    event::{DeskEvent, Event},
    hold::{after_of, cursor_at},
    permit::check_text,
    pin::NamedComment,
    reach::{Stop, bad, settle, unstored},
    row::{self, CommentRow},
    scope::Standing,
    seen::Seen,
};
use crate::{
    error::Code,
    ids::{CommentId, RoomId, UserId},
    operation::{Caller, Refusal},
};

/// Asks for questions that nobody has looked at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionsWanted {
    /// The room.
    pub(super) room: RoomId,
    /// Where the last page ended.
    #[serde(default)]
    pub(super) cursor: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A page of questions, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Questions {
    /// The questions.
    pub(super) questions: Vec<QuestionSeen>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A question as staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct QuestionSeen {
    /// The question.
    pub(super) comment: Seen,
    /// Who asks; to the platform's staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
}

/// Answers a question, aloud or in writing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerWanted {
    /// The room.
    pub(super) room: RoomId,
    /// The question.
    pub(super) comment: CommentId,
    /// The answer, 1–200 characters; absent when it is given aloud.
    #[serde(default)]
    pub(super) text: Option<String>,
}

/// Where a question stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct QuestionTurned {
    /// The question.
    pub(super) comment: CommentId,
    /// Where it stands.
    pub(super) state: Asked,
}

/// What is done with a question.
struct Turn<'a> {
    room: &'a RoomId,
    comment: &'a CommentId,
    to: Asked,
    answer: Option<&'a str>,
}

impl Live {
    /// A page of open questions.
    pub(super) async fn list_questions(
        &self,
        caller: &Caller,
        asked: QuestionsWanted,
    ) -> Result<Questions, Refusal> {
        let scene = self.scene(caller, &asked.room, Standing::Moderator).await?;
        let limit = self.page_of(asked.limit);
        let after = match &asked.cursor {
            Some(cursor) => after_of(cursor).ok_or_else(|| bad("cursor is none of ours"))?,
            None => (0, ""),
        };
        self.beside().settled().await;
        let found = row::open_questions(&scene.room.id, after, limit as i64 + 1);
        let rows = self.needs().store.read(found).await.map_err(|it| unstored(&it))?;
        let mut rows: Vec<_> = rows.iter().map(CommentRow::of_row).collect();
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let contents = self.contents(&rows).await?;
        let next = rows.last().filter(|_| is_more).map(cursor_at);
        let lens = self.lens(&scene.facts.charter.edit);
        let questions = rows.iter().zip(contents).filter_map(|(row, content)| {
            let user = scene.actor.told(&row.author).cloned();
            let comment = lens.near(content?.shown);
            Some(QuestionSeen { comment, user })
        });
        Ok(Questions { questions: questions.collect(), next })
    }

    /// Chooses a question: everybody sees it, whatever became of it when it came.
    pub(super) async fn select(
        &self,
        caller: &Caller,
        asked: NamedComment,
    ) -> Result<QuestionTurned, Refusal> {
        let NamedComment { room, comment } = &asked;
        let turn = Turn { room, comment, to: Asked::Selected, answer: None };
        settle!(self.try_turn(caller, &turn).await)
    }

    /// Answers a question.
    pub(super) async fn answer(
        &self,
        caller: &Caller,
        asked: AnswerWanted,
    ) -> Result<QuestionTurned, Refusal> {
        let AnswerWanted { room, comment, text } = &asked;
        if let Some(text) = text {
            check_text(text, self.config().text_max)?;
            self.check_staff_text(caller, text)?;
        }
        let turn = Turn { room, comment, to: Asked::Answered, answer: text.as_deref() };
        settle!(self.try_turn(caller, &turn).await)
    }

    /// Passes a question over; its author is not told.
    pub(super) async fn ignore(
        &self,
        caller: &Caller,
        asked: NamedComment,
    ) -> Result<QuestionTurned, Refusal> {
        let NamedComment { room, comment } = &asked;
        let turn = Turn { room, comment, to: Asked::Ignored, answer: None };
        settle!(self.try_turn(caller, &turn).await)
    }

    async fn try_turn(&self, caller: &Caller, turn: &Turn<'_>) -> Result<QuestionTurned, Stop> {
        let Turn { room, comment, to, answer } = *turn;
        let scene = self.scene(caller, room, Standing::Moderator).await?;
        let row = self.comment_row(&scene.room, comment).await?;
        let turned = QuestionTurned { comment: row.id.clone(), state: to };
        let Some(before) = row.question else { return Err(bad("it is no question").into()) };
        if before == to {
            return Ok(turned);
        }
        let is_open = matches!(before, Asked::Open | Asked::Selected);
        if !is_open || (before, to) == (Asked::Selected, Asked::Ignored) {
            return Err(Refusal::new(Code::Stale).with("state", before.as_str()).into());
        }
        if !matches!(row.state, State::Visible | State::Sampled) {
            return Err(Refusal::new(Code::Stale).with("state", row.state.as_str()).into());
        }
        if scene.facts.has_cleared(row.posted_at) {
            return Err(Code::Gone.into());
        }
        let content = self.contents(std::slice::from_ref(&row)).await?.pop().flatten();
        let content = content.ok_or(Code::Gone)?;
        let shows = to != Asked::Ignored;
        let detail = json!({ "comment": row.id, "to": to, "answer": answer });
        let beside = vec![row::ask(&row, to, shows)];
        let by = &scene.actor.id;
        self.record(&scene.room.id, by, Act { kind: "question", detail: &detail, beside }).await?;
        if shows {
            let answer = answer.map(str::to_owned);
            let comment = self.lens(&scene.facts.charter.edit).near(content.shown);
            let event = Event::Question { comment, state: to, answer };
            self.tell_of(&scene.room, (&row.id, row.posted_at), &event).await;
        }
        let id = row.id.clone();
        self.tell_desk(&scene.room, &DeskEvent::Question { id, state: to }).await;
        Ok(turned)
    }
}
