//! `consult.history`: what was said, by `seq`, as the caller may see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    conversation::Conversation,
    entry::Opened,
    reach::{Stop, settle},
    view::{self, Author, Record, Scene, institution::SeenByInstitution, user::SeenByUser},
    viewer::Viewer,
};
use crate::{
    archive::Window,
    ids::ConversationId,
    moderation::Side,
    operation::{Caller, Refusal},
};

/// How many records a page has when the caller does not say.
const PAGE: usize = 50;

/// Asks for records with `after < seq < before`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryWanted {
    /// Of which conversation.
    pub(super) conversation: ConversationId,
    /// Only below this number.
    #[serde(default)]
    pub(super) before: Option<i64>,
    /// Only above this number. With `after` alone the page holds the oldest such records, else the
    /// newest.
    #[serde(default)]
    pub(super) after: Option<i64>,
    /// 1–100 records.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A page of records.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct HistoryPage<A> {
    /// Of which conversation.
    pub(super) conversation: ConversationId,
    /// The conversation's newest number.
    pub(super) last_seq: i64,
    /// In order of `seq`, without gaps.
    pub(super) records: Vec<Record<A>>,
}

/// A page, as the caller's side sees it.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum History {
    /// To the candidate.
    User(HistoryPage<SeenByUser>),
    /// To the institution's side.
    Institution(HistoryPage<SeenByInstitution>),
}

impl Consult {
    /// A page of a conversation.
    pub(super) async fn history(
        &self,
        caller: &Caller,
        asked: HistoryWanted,
    ) -> Result<History, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_history(&viewer, &asked).await)
    }

    async fn try_history(&self, viewer: &Viewer, asked: &HistoryWanted) -> Result<History, Stop> {
        let (conversation, _) = self.reach_text(viewer, &asked.conversation).await?;
        let window = Window {
            after: asked.after.unwrap_or(0),
            before: asked.before.unwrap_or(i64::MAX),
            limit: asked.limit.unwrap_or(PAGE).clamp(1, self.inner().config.page_max),
            newest: asked.after.is_none() || asked.before.is_some(),
        };
        Ok(match viewer.side() {
            Side::User => History::User(self.page(viewer, conversation, window).await?),
            Side::Institution => {
                History::Institution(self.page(viewer, conversation, window).await?)
            }
        })
    }

    async fn page<A: Author>(
        &self,
        viewer: &Viewer,
        conversation: Conversation,
        window: Window,
    ) -> Result<HistoryPage<A>, Stop> {
        let thread = conversation.id.as_str();
        let stored = self.inner().needs.archive.read(thread, window).await?;
        let opened: Vec<_> = stored.into_iter().map(Opened::of).collect();
        let records = self.records(viewer, &conversation, &opened).await?;
        let newest = opened.last().map_or(0, |last| last.seq);
        Ok(HistoryPage {
            last_seq: conversation.last_seq.max(newest),
            conversation: conversation.id,
            records,
        })
    }

    /// Records of one conversation, in order of `seq`, as the viewer sees them now.
    pub(super) async fn records<A: Author>(
        &self,
        viewer: &Viewer,
        conversation: &Conversation,
        opened: &[Opened],
    ) -> Result<Vec<Record<A>>, Stop> {
        let (Some(first), Some(last)) = (opened.first(), opened.last()) else {
            return Ok(Vec::new());
        };
        let effects = self.effects(&conversation.id, first.seq, last.seq).await?;
        let tutors = opened.iter().flat_map(|opened| view::tutors_in(conversation, opened));
        let faces = self.faces(tutors).await?;
        let scene = Scene {
            conversation,
            faces: &faces,
            effects: &effects,
            signer: self.inner().needs.media.signer(),
            viewer: &viewer.person,
            now_ms: self.now_ms(),
        };
        Ok(opened.iter().map(|opened| scene.record(opened)).collect())
    }
}
