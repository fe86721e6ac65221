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
    comment::{Cause, Content, Face, Lane, Shown, State},
    crowd::{Offer, Ruling},
    doubt::doubted,
    facts::Facts,
    judge::{Fate, Judgement, Judging},
    keep::Spoken,
    outlet::Showing,
    permit::{Voice, check_client_id, check_pause},
    replay::place,
    room::{Room, lock},
    scope::{self, Actor},
    settings::Speak,
    voice::{Recording, check_said},
};
use crate::{
    error::Code,
    ids::{CommentId, MediaId, RoomId, UserId},
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
    /// What: 1–200 characters; empty or absent with `media`.
    #[serde(default)]
    pub(super) text: String,
    /// What in its place is spoken: the name that `media.upload` gave to a voice for `live`.
    #[serde(default)]
    pub(super) media: Option<MediaId>,
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
    /// What its author said before that holds a part of what the rules found in it.
    pieces: Vec<CommentId>,
    told: Told,
}

/// What weighing came to.
enum Weighing {
    /// It was sent before.
    Again(Told),
    New(Box<Weighed>),
}

/// A comment on its way: who, where, and what is known of the room.
pub(super) struct Speaker<'a> {
    pub(super) room: &'a Arc<Room>,
    facts: Arc<Facts>,
    caller: &'a Caller,
    actor: Actor,
    pub(super) author: Arc<Author>,
    voice: Voice,
}

impl Live {
    /// Says something to a room.
    pub(super) async fn comment(
        &self,
        caller: &Caller,
        asked: CommentWanted,
    ) -> Result<Answer, Refusal> {
        check_client_id(&asked.client_id)?;
        check_said(&asked, self.config().text_max)?;
        let room = self.room(&asked.room).await?;
        let facts = room.facts();
        let work = self.work(caller, &facts).await?;
        let actor = scope::actor(caller, &facts, &work);
        let author = self.author(&room.id, &caller.user).await?;
        let spoken = self.recording(&caller.user, asked.media.as_ref()).await?;
        let face = self.face(caller, &actor).await?;
        let follows_since = self.follows_since(&facts, &actor).await?;
        if !self.config().durable {
            let behind = |_| Refusal::new(Code::Unavailable).because("the archive is behind");
            self.beside().ready().await.map_err(behind)?;
        }
        // Settings, staff and mutes may have changed while all this was waited for.
        let facts = room.facts();
        let is_spoken = spoken.is_some();
        let voice = Voice { caller: Arc::new(caller.clone()), work, follows_since, is_spoken };
        let actor = voice.actor(&facts);
        let speaker = Speaker { room: &room, facts, caller, actor, author, voice };
        if let Some(answer) = self.settle_doubt(&speaker, &asked).await? {
            return Ok(answer);
        }
        let weighed = match self.weigh(&speaker, (asked, spoken), face)? {
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
        (asked, spoken): (CommentWanted, Option<Recording>),
        face: Face,
    ) -> Result<Weighing, Refusal> {
        let now_ms = self.needs().clock.now_ms();
        let Speaker { facts, caller, actor, author, voice, .. } = speaker;
        let mut memory = author.memory();
        if let Some(said) = memory.under(&asked.client_id) {
            return match said.text == asked.text && said.media == asked.media {
                true => Ok(Weighing::Again(Arc::clone(&said.told))),
                false => Err(Code::Conflict.into()),
            };
        }
        voice.may_speak(facts, now_ms)?;
        let at_ms = place(&facts.charter, asked.at_ms, now_ms)?;
        if asked.question && !facts.charter.settings.questions {
            return Err(Refusal::new(Code::NotAvailable).because("the room takes no questions"));
        }
        if let Some(spoken) = &spoken {
            spoken.check(facts.charter.settings.voice, actor.is_staff())?;
        }
        let since = now_ms - self.config().duplicate_window.as_ms();
        if spoken.is_none() && memory.has(&asked.text, since) {
            return Err(Code::Duplicate.into());
        }
        if !actor.is_staff() {
            check_pause(facts, memory.last_at(), now_ms)?;
        }
        self.probes().check(&actor.id, now_ms)?;
        let earlier = memory.earlier(now_ms);
        let texts: Vec<_> = earlier.iter().map(|said| said.text.as_str()).collect();
        let judging = Judging {
            text: &asked.text,
            earlier: &texts,
            role: caller.role,
            is_staff: actor.is_staff(),
            is_voice: spoken.is_some(),
        };
        let Judgement { fate, pieces } = self.judge(facts, judging);
        if matches!(fate, Fate::Reject(_) | Fate::Hold(Cause::Rules, _)) {
            self.probes().stopped(&actor.id, now_ms);
        }
        let pieces = pieces.into_iter().filter_map(|number| earlier.get(number));
        let pieces = pieces.map(|said| said.id.clone()).collect();
        // What follows a clearing is none of what was cleared, also in the same millisecond.
        let posted_at = now_ms.max(facts.charter.cleared_at + 1);
        let (id, told) = (CommentId::fresh(now_ms), Told::new(SetOnce::new()));
        memory.note(Said {
            id: id.clone(),
            client_id: asked.client_id.clone(),
            text: asked.text.clone(),
            media: asked.media,
            posted_at,
            counts: !matches!(fate, Fate::Reject(_)),
            told: Arc::clone(&told),
        });
        let shown = Shown {
            id,
            at_ms,
            posted_at,
            face,
            text: asked.text,
            media: spoken.map(|it| it.facts),
            question: asked.question,
        };
        let client_id = asked.client_id;
        Ok(Weighing::New(Box::new(Weighed { shown, client_id, fate, pieces, told })))
    }

    /// Brings about what was decided.
    async fn settle(&self, speaker: &Speaker<'_>, weighed: Weighed) -> Result<Answer, Refusal> {
        let lane = if speaker.actor.is_staff() { Lane::Staff } else { Lane::Ordinary };
        let Weighed { shown, client_id, fate, pieces, .. } = weighed;
        self.take_off_pieces(speaker.room, &pieces).await?;
        let mut content =
            Content { shown, client_id, lane, outcome: State::Visible, cause: None, verdict: None };
        match fate {
            Fate::Reject(verdict) => {
                content = Content { outcome: State::Rejected, verdict, ..content };
                self.stop_or_doubt(speaker, &content).await?;
                Err(rejected(&content))
            }
            Fate::Hold(cause, verdict) => {
                content = Content { verdict, ..content };
                self.hold(speaker, content, cause).await
            }
            Fate::Pass => {
                if lane == Lane::Ordinary && self.ruling(speaker).await == Ruling::Sample {
                    content.outcome = State::Sampled;
                }
                self.pass(speaker, content).await
            }
        }
    }

    async fn hold(
        &self,
        speaker: &Speaker<'_>,
        content: Content,
        cause: Cause,
    ) -> Result<Answer, Refusal> {
        let is_text = content.shown.media.is_none();
        let cause = if is_text { cause } else { Cause::Voice };
        let content = Content { outcome: State::Held, cause: Some(cause), ..content };
        self.stop_or_doubt(speaker, &content).await?;
        Ok(Answer::Held { id: content.shown.id })
    }

    async fn stop_or_doubt(&self, speaker: &Speaker<'_>, content: &Content) -> Result<(), Refusal> {
        let stopped = self.stop(speaker.spoken(), content).await;
        stopped.map_err(|refusal| doubted(speaker, content, refusal))
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

    /// A comment is shown or sampled: told first and archived beside it, or the other way round.
    async fn pass(&self, speaker: &Speaker<'_>, mut content: Content) -> Result<Answer, Refusal> {
        if content.outcome == State::Visible {
            content.outcome = self.outcome(speaker, &content.shown);
        }
        if content.outcome == State::Held {
            return self.hold(speaker, content, Cause::Premoderated).await;
        }
        // A voice is heard once its file is taken, and never twice.
        let is_voice = content.shown.media.is_some();
        if is_voice || self.config().durable || speaker.author.is_distrusted() {
            return self.pass_stored(speaker, content).await;
        }
        let offset = match self.show_if(speaker, &content).await {
            Showing::Out(offset) => offset,
            Showing::Barred(State::Held) => {
                return self.hold(speaker, content, Cause::Premoderated).await;
            }
            Showing::Barred(state) => {
                content.outcome = state;
                None
            }
        };
        self.report(speaker.room, &content).await;
        let answer = answered(&content, offset);
        let (room, id) = (speaker.room.id.clone(), content.shown.id.clone());
        let draft = self.draft(&room, &speaker.caller.user, &content);
        self.beside().append(Unstored { room, id, draft }).await;
        Ok(answer)
    }

    /// A comment is stored first.
    async fn pass_stored(
        &self,
        speaker: &Speaker<'_>,
        content: Content,
    ) -> Result<Answer, Refusal> {
        let Speaker { room, caller, author, .. } = speaker;
        let stored = self.store(self.draft(&room.id, &caller.user, &content)).await;
        stored.map_err(|refusal| doubted(speaker, &content, refusal))?;
        author.trust();
        Ok(self.tell_stored(speaker, content).await)
    }

    /// A comment that is stored is shown, or not if something has come between.
    pub(super) async fn tell_stored(&self, speaker: &Speaker<'_>, mut content: Content) -> Answer {
        let room = speaker.room;
        let offset = match self.show_if(speaker, &content).await {
            Showing::Out(offset) => offset,
            Showing::Barred(state) => {
                self.put_by(room, &[(content.shown.id.clone(), state)]).await;
                content.outcome = state;
                None
            }
        };
        self.report(room, &content).await;
        answered(&content, offset)
    }

    async fn show_if(&self, speaker: &Speaker<'_>, content: &Content) -> Showing {
        match content.outcome {
            State::Visible => {
                self.show(speaker.room, &content.shown, Some(speaker.voice.clone())).await
            }
            _ => Showing::Out(None),
        }
    }

    /// What becomes of a comment that was to be shown when it came, now that its turn has come: the
    /// room may have closed, its author been muted, or everybody.
    fn outcome(&self, speaker: &Speaker<'_>, shown: &Shown) -> State {
        let Speaker { room, voice, .. } = speaker;
        if !room.facts().charter.is_open() {
            return State::Sampled;
        }
        let bar = self.bar(room, (&shown.id, shown.posted_at), Some(voice));
        bar.unwrap_or(State::Visible)
    }
}

impl Speaker<'_> {
    fn spoken(&self) -> Spoken<'_> {
        Spoken {
            room: self.room,
            author: &self.caller.user,
            institution: self.facts.charter.institution.as_ref(),
        }
    }
}

/// What the author of a comment that was not held is answered.
fn answered(content: &Content, offset: Option<u64>) -> Answer {
    let id = content.shown.id.clone();
    match content.outcome {
        State::Visible => Answer::Visible { id, offset },
        State::Held => Answer::Held { id },
        _ => Answer::Sampled { id },
    }
}
