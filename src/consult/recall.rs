//! `consult.recall`: an author takes a message back. The archive keeps the original.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    attach::giving_up,
    effect::{self, Effect, Happened},
    entry::Entry,
    event::Manner,
    judge::remember,
    ledger::{self, Move},
    reach::{Stop, settle},
    scope,
    viewer::Viewer,
};
use crate::{
    error::Code,
    ids::ConversationId,
    operation::{Caller, Refusal},
};

/// Asks to take a message back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recall {
    /// Where.
    pub(super) conversation: ConversationId,
    /// Which: a message of the caller's own, not older than two minutes.
    pub(super) seq: i64,
}

/// The message shows its text no more.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Recalled {
    /// The number of the record that says so.
    pub(super) seq: i64,
    /// The message's number.
    pub(super) target: i64,
}

impl Consult {
    /// Takes a message back. Recalling again answers the same.
    pub(super) async fn recall(
        &self,
        caller: &Caller,
        asked: Recall,
        bulletin: &mut Bulletin,
    ) -> Result<Recalled, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_recall(&viewer, &asked, bulletin).await)
    }

    async fn try_recall(
        &self,
        viewer: &Viewer,
        asked: &Recall,
        bulletin: &mut Bulletin,
    ) -> Result<Recalled, Stop> {
        let (conversation, _) = self.reach_text(viewer, &asked.conversation).await?;
        let (id, target) = (&conversation.id, asked.seq);
        if !(1..=conversation.last_seq).contains(&target) {
            return Err(scope::out_of_scope().into());
        }
        let message = self.record(id, target).await?.ok_or(Code::Internal)?;
        let Some(Entry::Message { body, .. }) = message.entry() else {
            return Err(scope::out_of_scope().into());
        };
        if message.author != viewer.person {
            return Err(scope::out_of_scope().into());
        }
        if let Some(Happened { effect: Effect::Recalled, by_seq }) =
            self.effects(id, target, target).await?.of(target)
        {
            return Ok(Recalled { seq: by_seq, target });
        }
        if self.now_ms() - message.at_ms > self.inner().config.recall_window.as_ms() {
            return Err(Refusal::new(Code::Gone)
                .because("the message is too old to be taken back")
                .into());
        }
        let mut beside = vec![effect::bring(id, target, Effect::Recalled)];
        beside.extend(ledger::advance(&conversation, &Move::Quiet));
        beside.extend(giving_up(body));
        let opened = self.append(id, &viewer.person, Entry::Recall { target }, beside).await?;
        remember(self, &conversation, &opened);
        self.announce(&conversation, &opened, Manner::Recalled, bulletin).await;
        Ok(Recalled { seq: opened.seq, target })
    }
}
