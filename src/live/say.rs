//! `live.comment`: weighed, then shown, sampled, held or rejected; always archived.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tokio::{sync::SetOnce, time::Instant};

use super::{
    Live,
    answer::{Answer, Pledge, Told, rejected},
    author::{Author, Said},
    beside::Unstored,
    comment::{Content, Face, Lane, Shown, State},
    crowd::{Offer, Ruling},
    facts::Facts,
    judge::{Fate, Judging},
    keep::Spoken,
    permit::{check_client_id, check_pause, check_text, may_speak},
    replay::place,
    room::{Room, lock},
    scope::{self, Actor},
    settings::Speak,
};
use crate::{
    error::Code,
    ids::{CommentId, RoomId, UserId},
    operation::{Caller, Refusal},
};

/// Asks to say something to a room.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentWanted {
    /// Where.
    pub(super) room: RoomId,
    /// 1–64 characters of the author's choice. The same key with the same text answers the first
    /// result again; with another text it is a `conflict`.
    pub(super) client_id: String,
    /// What: 1–200 characters.
    pub(super) text: String,
    /// Where the author's player stands, in milliseconds; the media's own position when absent. In a
    /// replay it must be given.
    #[serde(default)]
    pub(super) at_ms: Option<i64>,
    /// It is a question, where the room takes questions.
    #[serde(default)]
    pub(super) question: bool,
}

/// A comment that is new, and what is to become of it.
struct Weighed {
    shown: Shown,
    client_id: String,
    fate: Fate,
    told: Told,
}

/// What weighing came to.
enum Weighing {
    /// It was sent before.
    Again(Told),
    New(Box<Weighed>),
}

/// A comment on its way: who, where, and what is known of the room.
struct Speaker<'a> {
    room: &'a Arc<Room>,
    facts: Arc<Facts>,
    caller: &'a Caller,
    actor: Actor,
    author: Arc<Author>,
}

impl Live {
    /// Says something to a room.
    pub(super) async fn comment(
        &self,
        caller: &Caller,
        asked: CommentWanted,
    ) -> Result<Answer, Refusal> {
        check_client_id(&asked.client_id)?;
        check_text(&asked.text, self.config().text_max)?;
        let room = self.room(&asked.room).await?;
        let facts = room.facts();
        let works = self.works(caller).await?;
        let actor = scope::actor(caller, &facts, works);
        let author = self.author(&room.id, &caller.user).await?;
        let face = self.face(caller, &actor).await?;
        let follows_since = self.follows_since(&facts, &actor).await?;
        if !self.config().durable {
            let behind = |_| Refusal::new(Code::Unavailable).because("the archive is behind");
            self.beside().ready().await.map_err(behind)?;
        }
        // Settings, staff and mutes may have changed while all this was waited for.
        let facts = room.facts();
        let actor = scope::actor(caller, &facts, works);
        let speaker = Speaker { room: &room, facts, caller, actor, author };
        let weighed = match self.weigh(&speaker, asked, face, follows_since)? {
            Weighing::Again(told) => return told.wait().await.clone(),
            Weighing::New(weighed) => *weighed,
        };
        let (id, told) = (weighed.shown.id.clone(), Arc::clone(&weighed.told));
        let pledge = Pledge { told: &told, author: &speaker.author, id: &id };
        let answer = self.settle(&speaker, weighed).await;
        pledge.keep(&answer);
        answer
    }

    /// When the author began to follow, where that matters.
    async fn follows_since(&self, facts: &Facts, actor: &Actor) -> Result<Option<i64>, Refusal> {
        if actor.is_staff() || !matches!(facts.charter.settings.speak, Speak::Followers { .. }) {
            return Ok(None);
        }
        let directory = &self.needs().directory;
        let since = match &facts.charter.institution {
            Some(institution) => directory.follows_institution_since(&actor.id, institution).await,
            None => {
                let tutors: Vec<UserId> = facts.staff.keys().cloned().collect();
                directory.follows_any_since(&actor.id, &tutors).await
            }
        };
        Ok(since?)
    }

    /// Decides what is to become of a comment. Nothing is waited for: of comments of one author that
    /// come at once, each is weighed when those before it are remembered.
    fn weigh(
        &self,
        speaker: &Speaker<'_>,
        asked: CommentWanted,
        face: Face,
        follows_since: Option<i64>,
    ) -> Result<Weighing, Refusal> {
        let now_ms = self.needs().clock.now_ms();
        let Speaker { facts, caller, actor, author, .. } = speaker;
        let mut memory = author.memory();
        if let Some(said) = memory.under(&asked.client_id) {
            return match said.text == asked.text {
                true => Ok(Weighing::Again(Arc::clone(&said.told))),
                false => Err(Code::Conflict.into()),
            };
        }
        may_speak(facts, actor, follows_since, now_ms)?;
        let at_ms = place(&facts.charter, asked.at_ms, now_ms)?;
        if asked.question && !facts.charter.settings.questions {
            return Err(Refusal::new(Code::NotAvailable).because("the room takes no questions"));
        }
        let since = now_ms - self.config().duplicate_window.as_ms();
        if memory.has(&asked.text, since) {
            return Err(Code::Duplicate.into());
        }
        if !actor.is_staff() {
            check_pause(facts, memory.last_at(), now_ms)?;
        }
        let judging = Judging {
            text: &asked.text,
            earlier: &memory.earlier(now_ms),
            role: caller.role,
            is_staff: actor.is_staff(),
        };
        let fate = self.judge(facts, judging);
        let (id, told) = (CommentId::fresh(now_ms), Told::new(SetOnce::new()));
        memory.note(Said {
            id: id.clone(),
            client_id: asked.client_id.clone(),
            text: asked.text.clone(),
            posted_at: now_ms,
            counts: !matches!(fate, Fate::Reject(_)),
            told: Arc::clone(&told),
        });
        let shown = Shown {
            id,
            at_ms,
            posted_at: now_ms,
            face,
            text: asked.text,
            question: asked.question,
        };
        Ok(Weighing::New(Box::new(Weighed { shown, client_id: asked.client_id, fate, told })))
    }

    /// Brings about what was decided.
    async fn settle(&self, speaker: &Speaker<'_>, weighed: Weighed) -> Result<Answer, Refusal> {
        let lane = if speaker.actor.is_staff() { Lane::Staff } else { Lane::Ordinary };
        let Weighed { shown, client_id, fate, .. } = weighed;
        let mut content =
            Content { shown, client_id, lane, outcome: State::Visible, cause: None, verdict: None };
        let spoken = Spoken {
            room: speaker.room,
            author: &speaker.caller.user,
            institution: speaker.facts.charter.institution.as_ref(),
        };
        match fate {
            Fate::Reject(verdict) => {
                content = Content { outcome: State::Rejected, verdict, ..content };
                self.stop(spoken, &content).await?;
                Err(rejected(&content))
            }
            Fate::Hold(cause, verdict) => {
                content = Content { outcome: State::Held, cause: Some(cause), verdict, ..content };
                self.stop(spoken, &content).await?;
                Ok(Answer::Held { id: content.shown.id })
            }
            Fate::Pass => {
                if lane == Lane::Ordinary
                    && (self.ruling(speaker).await == Ruling::Sample || self.is_stopped(speaker))
                {
                    content.outcome = State::Sampled;
                }
                self.pass(speaker, content).await
            }
        }
    }

    /// Whether an ordinary comment is among those that viewers are shown.
    async fn ruling(&self, speaker: &Speaker<'_>) -> Ruling {
        let offer = lock(&speaker.room.crowd).offer(&speaker.caller.user, Instant::now());
        let ruled = match offer {
            Offer::Ruled(ruling) => return ruling,
            Offer::Waits(ruled) => ruled,
            Offer::Begins(ruled) => {
                let (room, tick) = (Arc::clone(speaker.room), self.config().tick.0);
                self.tasks().spawn(async move {
                    loop {
                        tokio::time::sleep(tick).await;
                        if !lock(&room.crowd).tick(Instant::now()) {
                            return;
                        }
                    }
                });
                ruled
            }
        };
        ruled.await.unwrap_or(Ruling::Sample)
    }

    /// Whether the room has closed, or its author was muted, while a comment waited for its turn: it is
    /// kept like any other, and nobody is shown it any more.
    fn is_stopped(&self, speaker: &Speaker<'_>) -> bool {
        let (facts, now_ms) = (speaker.room.facts(), self.needs().clock.now_ms());
        let mute = facts.mutes.get(&speaker.actor.id);
        !facts.charter.is_open() || mute.is_some_and(|mute| mute.term.holds(now_ms))
    }

    /// A comment is shown or sampled: told first and archived beside it, or the other way round.
    async fn pass(&self, speaker: &Speaker<'_>, content: Content) -> Result<Answer, Refusal> {
        let Speaker { room, caller, .. } = speaker;
        let draft = self.draft(&room.id, &caller.user, &content);
        if self.config().durable || speaker.author.is_distrusted() {
            self.store(draft).await?;
            speaker.author.trust();
            let answer = self.announce(room, &content).await;
            return Ok(answer);
        }
        let answer = self.announce(room, &content).await;
        let (room, id) = (room.id.clone(), content.shown.id);
        self.beside().append(Unstored { room, id, draft }).await;
        Ok(answer)
    }

    async fn announce(&self, room: &Arc<Room>, content: &Content) -> Answer {
        let id = content.shown.id.clone();
        let answer = match content.outcome {
            State::Visible => Answer::Visible { id, offset: self.show(room, &content.shown).await },
            _ => Answer::Sampled { id },
        };
        self.report(room, content).await;
        answer
    }
}
