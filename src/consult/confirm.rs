//! `consult.confirm` and `consult.discard`: the author decides on a held text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    append::Word,
    attach::giving_up,
    conversation::Conversation,
    effect::{self, Effect, Happened},
    entry::{Confirmed, Entry, Judged, Opened},
    event::Manner,
    hold::{self, Placed},
    judge::remember,
    ledger::{self, Move},
    reach::{Stop, settle},
    scope,
    send::Sent,
    turn::ground,
    viewer::Viewer,
};
use crate::{
    error::Code,
    ids::{ConversationId, HoldId, is_id},
    operation::{Caller, Refusal},
};

/// Asks to deliver a held text as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    /// Where.
    pub(super) conversation: ConversationId,
    /// Which.
    pub(super) hold: HoldId,
    /// What `consult.send` answered with it.
    pub(super) token: String,
}

/// Asks to give a held text up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Discard {
    /// Where.
    pub(super) conversation: ConversationId,
    /// Which.
    pub(super) hold: HoldId,
}

/// The text was given up.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Discarded {
    /// The number of the record that says so.
    pub(super) seq: i64,
}

/// A held text of the viewer's, as it lies in the archive.
struct Held {
    conversation: Conversation,
    sight: scope::Sight,
    placed: Placed,
    opened: Opened,
    happened: Option<Happened>,
}

impl Consult {
    /// Delivers a held text, flagged. Confirming again answers the same.
    pub(super) async fn confirm(
        &self,
        caller: &Caller,
        asked: Confirm,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Refusal> {
        let viewer = self.viewer(caller).await?;
        let _voice = self.inner().voices.of(&viewer.person, &asked.conversation).await;
        settle!(self.try_confirm(&viewer, &asked, bulletin).await)
    }

    async fn try_confirm(
        &self,
        viewer: &Viewer,
        asked: &Confirm,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Stop> {
        let held = self.held(viewer, &asked.conversation, &asked.hold).await?;
        let Some(Entry::Hold {
            hold, body, reply_to, client_id, verdict, expires_at, token, ..
        }) = held.opened.entry()
        else {
            return Err(gone("the text was erased").into());
        };
        let id = &held.conversation.id;
        let Some(token) = token else {
            return Err(gone("an older server held the text; send it again").into());
        };
        if !hold::is_token(token, &asked.token) {
            return Err(Refusal::new(Code::PermissionDenied)
                .because("the token is not the one of this hold")
                .into());
        }
        match held.happened {
            Some(Happened { effect: Effect::Confirmed, by_seq }) => {
                return self.delivered_as(id, by_seq).await;
            }
            Some(_) => return Err(gone("the text was discarded").into()),
            None if self.now_ms() >= *expires_at => {
                return Err(gone("the time to confirm is over; send the text again").into());
            }
            None => {}
        }
        if self.inner().needs.moderation.rules_version() != verdict.rules_version {
            return Err(gone("the rules have changed; send the text again").into());
        }
        let entry = Entry::Message {
            body: body.clone(),
            reply_to: *reply_to,
            client_id: client_id.clone(),
            confirms: Some(confirmed(hold, held.placed.seq, verdict)),
        };
        self.deliver_held(viewer, held, entry, bulletin).await
    }

    async fn deliver_held(
        &self,
        viewer: &Viewer,
        held: Held,
        entry: Entry,
        bulletin: &mut Bulletin,
    ) -> Result<Sent, Stop> {
        let before = held.conversation;
        self.check_floor(&before, held.sight).await?;
        let turning = self.turning(&before, viewer.side()).await?;
        let ground = ground(&before, turning.as_ref(), self.now_ms());
        let mut beside = vec![effect::bring(&before.id, held.placed.seq, Effect::Confirmed)];
        beside.extend(ledger::advance(&ground, &Move::Said(viewer.side())));
        let withdraws = held.opened.entry().and_then(Entry::withdraws);
        let restored = withdraws.map_or(Vec::new(), |(seqs, _)| seqs.to_vec());
        if !restored.is_empty() {
            beside.push(effect::restore(&before.id, held.placed.seq));
        }
        let (place, word) = ((&before.id, &viewer.person), Word { entry, beside, client_id: None });
        let (opened, _) = self.append_word(place, turning.as_ref(), word).await?;
        self.insists(viewer, &opened);
        self.tell_word((&before, turning.as_ref()), &opened, Manner::Said, bulletin).await;
        if !restored.is_empty() {
            self.announce_restored(&before, (&restored, opened.seq), bulletin).await;
        }
        Ok(Sent::Delivered { seq: opened.seq, at: opened.at_ms })
    }

    async fn delivered_as(&self, id: &ConversationId, seq: i64) -> Result<Sent, Stop> {
        let opened = self.record(id, seq).await?.ok_or(Code::Internal)?;
        Ok(Sent::Delivered { seq, at: opened.at_ms })
    }

    /// Gives a held text up. Discarding again answers the same.
    pub(super) async fn discard(
        &self,
        caller: &Caller,
        asked: Discard,
        bulletin: &mut Bulletin,
    ) -> Result<Discarded, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_discard(&viewer, &asked, bulletin).await)
    }

    async fn try_discard(
        &self,
        viewer: &Viewer,
        asked: &Discard,
        bulletin: &mut Bulletin,
    ) -> Result<Discarded, Stop> {
        let held = self.held(viewer, &asked.conversation, &asked.hold).await?;
        match held.happened {
            Some(Happened { effect: Effect::Discarded, by_seq }) => {
                return Ok(Discarded { seq: by_seq });
            }
            Some(_) => return Err(gone("the text was confirmed").into()),
            None => {}
        }
        let (conversation, target) = (&held.conversation, held.placed.seq);
        let mut beside = vec![effect::bring(&conversation.id, target, Effect::Discarded)];
        beside.extend(ledger::advance(conversation, &Move::Quiet));
        let held_body = held.opened.entry().and_then(Entry::sent).map(|(body, _)| body);
        beside.extend(held_body.and_then(giving_up));
        let entry = Entry::Discard { hold: asked.hold.clone(), target };
        let opened = self.append(&conversation.id, &viewer.person, entry, beside).await?;
        remember(self, conversation, &opened);
        self.announce(conversation, &opened, Manner::Held, bulletin).await;
        Ok(Discarded { seq: opened.seq })
    }

    /// The hold, if it is the viewer's own; to everyone else it does not exist.
    async fn held(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
        hold: &HoldId,
    ) -> Result<Held, Stop> {
        let (conversation, sight) = self.reach_text(viewer, id).await?;
        if !is_id(hold.as_str()) {
            return Err(scope::out_of_scope().into());
        }
        let rows = self.inner().needs.store.read(hold::by_id(hold)).await?;
        let placed = rows.first().map(Placed::of_row).ok_or_else(scope::out_of_scope)?;
        if placed.conversation != *id || placed.author != viewer.person {
            return Err(scope::out_of_scope().into());
        }
        let opened = self.record(id, placed.seq).await?.ok_or(Code::Internal)?;
        let happened = self.effects(id, placed.seq, placed.seq).await?.of(placed.seq);
        Ok(Held { conversation, sight, placed, opened, happened })
    }
}

fn confirmed(hold: &HoldId, target: i64, verdict: &Judged) -> Confirmed {
    Confirmed {
        hold: hold.clone(),
        target,
        category: verdict.category,
        rules_version: verdict.rules_version.clone(),
    }
}

fn gone(reason: &str) -> Refusal {
    Refusal::new(Code::Gone).because(reason)
}
