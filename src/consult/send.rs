//! `consult.send`: judged, then delivered, held or hidden; always stored before it is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Consult,
    announce::{Bulletin, Withdrawal},
    append::Word,
    attach::taking,
    body::{Body, Said, check_client_id},
    conversation::Conversation,
    effect,
    entry::{Entry, Judged, Opened},
    event::Manner,
    hold,
    judge::{Judgement, remember},
    ledger::{self, Move},
    probe::is_confided,
    reach::{Stop, settle},
    scope::Sight,
    turn::{Turning, ground},
    viewer::Viewer,
    wording::{self, Words},
};
use crate::{
    alert::Cause,
    archive,
    error::Code,
    ids::{ConversationId, HoldId},
    moderation::{Action, Category, Span},
    operation::{Caller, Refusal},
};

/// Asks to say something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    /// Where.
    pub(super) conversation: ConversationId,
    /// 1–64 characters of the sender's choice. The same key with the same body answers the first
    /// result again; with another body it is a `conflict`.
    pub(super) client_id: String,
    /// What.
    #[schemars(with = "Said")]
    pub(super) body: Value,
    /// The `seq` that it answers.
    #[serde(default)]
    pub(super) reply_to: Option<i64>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Sent {
    /// Stored, and told to everyone in scope.
    Delivered {
        /// The message's number.
        seq: i64,
        /// When it was stored, in milliseconds since 1970.
        at: i64,
    },
    /// Stored, and shown to nobody else until its author confirms it.
    Held {
        /// The number of the held text's record.
        seq: i64,
        /// What to confirm or discard.
        hold: HoldId,
        /// Why.
        warning: Warning,
        /// What `consult.confirm` must show.
        token: String,
        /// Until when, in milliseconds since 1970.
        expires_at: i64,
    },
    /// Stored, and displayed to nobody.
    Hidden {
        /// The number of the placeholder.
        seq: i64,
        /// Why.
        category: Category,
        /// What to tell its author.
        notice: Words,
    },
}

/// Why a text is held.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Warning {
    /// What it seems to contain.
    pub(super) category: Category,
    /// Where in the text; empty for institutions.
    pub(super) spans: Vec<Span>,
    /// What to tell its author.
    pub(super) advice: Words,
}

/// A send that passed its first checks.
pub(super) struct Sending {
    pub(super) conversation: ConversationId,
    pub(super) client_id: String,
    pub(super) said: Said,
    reply_to: Option<i64>,
}

impl Consult {
    /// Says something in a conversation.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        asked: Send,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Refusal> {
        let viewer = self.holder(caller)?;
        check_client_id(&asked.client_id)?;
        let sending = Sending {
            said: Said::read(&asked.body, self.inner().config.text_max)?,
            conversation: asked.conversation,
            client_id: asked.client_id,
            reply_to: asked.reply_to,
        };
        let _voice = self.inner().voices.of(&viewer.person, &sending.conversation).await;
        settle!(self.try_send(&viewer, &sending, bulletin).await)
    }

    async fn try_send(
        &self,
        viewer: &Viewer,
        sending: &Sending,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Stop> {
        match self.try_say(viewer, sending, bulletin).await {
            Err(Stop::Refused(refusal)) => self.unless_said(viewer, sending, refusal).await,
            other => other,
        }
    }

    /// What was stored before its author or the institution was stopped, or the session ended, is
    /// answered as the first time: its retry is no new word. Everything else gets `refusal`.
    async fn unless_said(
        &self,
        viewer: &Viewer,
        sending: &Sending,
        refusal: Refusal,
    ) -> Result<Sent, Stop> {
        let comes_late = matches!(
            refusal.code(),
            Code::Suspended | Code::PermissionDenied | Code::ConversationClosed
        );
        if comes_late
            && let Ok((_, Sight::User | Sight::Owner)) =
                self.reach(viewer, &sending.conversation).await
            && let Some(first) = self.first_result(viewer, sending).await?
        {
            return Ok(first);
        }
        Err(refusal.into())
    }

    async fn try_say(
        &self,
        viewer: &Viewer,
        sending: &Sending,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Stop> {
        self.check_working(viewer).await?;
        let id = &sending.conversation;
        let conversation = self.spoken_in(viewer, id, sending.reply_to).await?;
        // Of whoever is counted, what was sent before is neither judged nor counted again.
        if self.is_probing(viewer)
            && let Some(first) = self.first_result(viewer, sending).await?
        {
            return Ok(first);
        }
        let body = match self.body(viewer, sending).await {
            Ok(body) => body,
            // A retry finds its file taken, by itself.
            Err(Stop::Refused(refusal)) => {
                return self.first_result(viewer, sending).await?.ok_or(refusal.into());
            }
            Err(stop) => return Err(stop),
        };
        let mut judged = match self.judge(&conversation, viewer, sending).await {
            Ok(judged) => judged,
            // A retry is no new word, even from somebody who has to wait, or while judging fails.
            Err(Stop::Refused(refusal)) => {
                return self.first_result(viewer, sending).await?.ok_or(refusal.into());
            }
            Err(stop) => return Err(stop),
        };
        let causes = self.causes(&conversation, viewer, &judged);
        let stopped = judged.stopped.take();
        let stored =
            self.store((viewer, &conversation), (sending, body), (judged, &causes), bulletin).await;
        if let Some(stopped) = stopped
            && !matches!(stored, Ok((_, true)))
        {
            self.probes_not(viewer, &stopped);
        }
        stored.map(|(sent, _)| sent)
    }

    /// Stores what was judged, and tells of it. Whether it is new, or the first result is answered.
    async fn store(
        &self,
        (viewer, conversation): (&Viewer, &Conversation),
        (sending, body): (&Sending, Body),
        (judged, causes): (Judgement, &[Cause]),
        bulletin: &mut Bulletin,
    ) -> Result<(Sent, bool), Stop> {
        // A text that waits for its author is no word yet: it brings nobody to the conversation.
        let turning = match judged.verdict.action {
            Action::Warn => None,
            _ => self.turning(conversation, viewer.side()).await?,
        };
        let mut word =
            self.compose(viewer, (conversation, turning.as_ref()), (sending, body), judged);
        word.beside.extend(causes.iter().flat_map(Cause::statements));
        let place = (&conversation.id, &viewer.person);
        match self.append_word(place, turning.as_ref(), word).await {
            Ok((opened, is_new)) => {
                if is_new {
                    let told = (conversation, turning.as_ref());
                    self.tell_word(told, &opened, manner(&opened), bulletin).await;
                    self.tell_staff(viewer, causes, bulletin).await;
                }
                let sent = result_of(viewer, &opened).ok_or(Code::Internal)?;
                Ok((sent, is_new))
            }
            // The same text may have been judged otherwise the first time: that result counts.
            Err(archive::Fault::Conflict) => {
                let first = self.first_result(viewer, sending).await?;
                Ok((first.ok_or(Code::Conflict)?, false))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Tells of a word, and of the turn that was stored in front of it.
    pub(super) async fn tell_word(
        &self,
        (before, turning): (&Conversation, Option<&Turning<'_>>),
        opened: &Opened,
        manner: Manner,
        bulletin: &mut Bulletin,
    ) {
        let turned = match turning {
            Some(turning) => Some(self.turned(turning, opened, bulletin).await),
            None => None,
        };
        let conversation = turned.as_ref().unwrap_or(before);
        remember(self, conversation, opened);
        self.announce(conversation, opened, manner, bulletin).await;
        if let Some((seqs, category)) = opened.entry().and_then(Entry::withdraws) {
            let last_seq = conversation.last_seq.max(opened.seq);
            let withdrawal = Withdrawal { seqs, category, last_seq };
            self.announce_withdrawal(conversation, &withdrawal, bulletin).await;
        }
    }

    /// What is stored of the text, by the verdict on it, behind `turning`.
    fn compose(
        &self,
        viewer: &Viewer,
        (before, turning): (&Conversation, Option<&Turning<'_>>),
        (sending, body): (&Sending, Body),
        Judgement { verdict, withdraws, .. }: Judgement,
    ) -> Word {
        let now_ms = self.now_ms();
        let ground = ground(before, turning, now_ms);
        let reply_to = sending.reply_to;
        let taking = taking(&body, &viewer.person, verdict.action);
        let client_id = Some(sending.client_id.clone());
        let side = viewer.side();
        let (entry, beside) = match verdict.action {
            Action::Allow => (
                Entry::Message { body, reply_to, client_id, confirms: None },
                ledger::advance(&ground, &Move::Said(side)),
            ),
            Action::Warn => {
                let hold = HoldId::fresh(now_ms);
                let expires_at = now_ms + self.inner().config.hold_ttl.as_ms();
                let verdict = Judged::of(verdict);
                let mut beside = ledger::advance(&ground, &Move::Held(side));
                beside.push(hold::place(&hold, &before.id, &viewer.person, expires_at));
                let token = Some(hold::fresh_token());
                (
                    Entry::Hold {
                        hold,
                        body,
                        reply_to,
                        client_id,
                        verdict,
                        expires_at,
                        token,
                        withdraws,
                    },
                    beside,
                )
            }
            Action::Hide | Action::Reject => (
                Entry::Hidden {
                    body,
                    reply_to,
                    client_id,
                    verdict: Judged::of(verdict),
                    withdraws,
                },
                ledger::advance(&ground, &Move::Concealed(side)),
            ),
        };
        let mut beside = beside;
        beside.extend(taking);
        if let Some((seqs, category)) = entry.withdraws() {
            beside.extend(seqs.iter().map(|seq| effect::withdraw(&before.id, *seq, category)));
        }
        Word { entry, beside, client_id: Some(sending.client_id.clone()) }
    }

    /// The result of an earlier send under the same key; `None` when there was none.
    async fn first_result(&self, viewer: &Viewer, sending: &Sending) -> Result<Option<Sent>, Stop> {
        let thread = sending.conversation.as_str();
        let author = viewer.person.as_str();
        let found = self.inner().needs.archive.find(thread, author, &sending.client_id).await?;
        let Some(opened) = found.map(Opened::of) else { return Ok(None) };
        let sent = opened.entry().and_then(Entry::sent);
        let same = sent
            .is_some_and(|(body, reply_to)| sending.said.is(body) && reply_to == sending.reply_to);
        if !same {
            return Err(Code::Conflict.into());
        }
        Ok(result_of(viewer, &opened))
    }
}

/// What the sender of a stored text is answered, the first time and every other. An institution is
/// never told which words were found, or by which rule: it would learn how to get round them.
fn result_of(viewer: &Viewer, opened: &Opened) -> Option<Sent> {
    let seq = opened.seq;
    match opened.entry()? {
        Entry::Message { .. } => Some(Sent::Delivered { seq, at: opened.at_ms }),
        Entry::Hidden { verdict, .. } => Some(Sent::Hidden {
            seq,
            category: verdict.category,
            notice: wording::safety_notice(verdict.category),
        }),
        Entry::Hold { hold, verdict, expires_at, token, .. } => Some(Sent::Held {
            seq,
            hold: hold.clone(),
            warning: Warning {
                category: verdict.category,
                spans: if is_confided(viewer) { verdict.spans.clone() } else { Vec::new() },
                advice: wording::advice(verdict.category),
            },
            token: token.clone().unwrap_or_default(),
            expires_at: *expires_at,
        }),
        Entry::Discard { .. } | Entry::Recall { .. } | Entry::Session { .. } => None,
    }
}

fn manner(opened: &Opened) -> Manner {
    match opened.entry() {
        Some(Entry::Hold { .. }) => Manner::Held,
        Some(Entry::Hidden { .. }) => Manner::Hidden,
        _ => Manner::Said,
    }
}
