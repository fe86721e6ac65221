//! `consult.sync`: what changed since a cursor, or a gap with the list. Never a time window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    conversation::Listed,
    feed::{self, Cursor, Feed},
    ledger,
    list::{List, queue_rows},
    reach::{Stop, settle},
    scope,
    view::{
        institution::{InstitutionConversation, QueueRow},
        user::UserConversation,
    },
    viewer::{Standing, Viewer},
};
use crate::{
    ids::ConversationId,
    operation::{Caller, Refusal},
    store::Rows,
};

/// Asks what changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SyncWanted {
    /// What the last `consult.sync` answered; absent at the first.
    pub(super) cursor: Option<String>,
}

/// What changed since the cursor, on the caller's side.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Synced {
    /// Everything that changed for a candidate.
    Resumed {
        /// To be sent the next time.
        cursor: String,
        /// As they are now, the oldest change first.
        changed: Vec<UserConversation>,
    },
    /// Everything that changed for a tutor or admin.
    #[serde(rename = "resumed")]
    ResumedInstitution {
        /// To be sent the next time.
        cursor: String,
        /// As they are now, the oldest change first.
        changed: Vec<InstitutionConversation>,
        /// Those that are out of the caller's sight now.
        gone: Vec<ConversationId>,
        /// The whole queue as it is now, the longest wait first; at most 200.
        queue: Vec<QueueRow>,
    },
    /// The cursor is missing, unknown or another's, or too much changed: forget what you have and take
    /// the list.
    Gap {
        /// To be sent the next time.
        cursor: String,
        /// The first page, as `consult.list` answers it.
        list: List,
    },
}

/// One consistent look at a feed.
struct Look {
    newest: i64,
    changed: Vec<Listed>,
    gone: Vec<ConversationId>,
    queue: Rows,
}

impl Consult {
    /// What changed since the cursor.
    pub(super) async fn sync(&self, caller: &Caller, asked: SyncWanted) -> Result<Synced, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_sync(&viewer, asked.cursor.as_deref()).await)
    }

    async fn try_sync(&self, viewer: &Viewer, cursor: Option<&str>) -> Result<Synced, Stop> {
        let feed = Feed::of_viewer(viewer);
        let newest = self.newest(&feed).await?;
        let place = cursor.and_then(|cursor| Cursor::read(cursor, viewer, newest));
        let Some(change) = place else {
            return self.gap(viewer, newest).await;
        };
        let look = self.look(viewer, &feed, change).await?;
        let sync_max = self.inner().config.sync_max;
        if look.changed.len() > sync_max || look.gone.len() > sync_max {
            return self.gap(viewer, look.newest).await;
        }
        let cursor = Cursor::of(viewer, look.newest).to_string();
        Ok(match viewer.institution() {
            None => {
                Synced::Resumed { cursor, changed: self.seen_by_user(viewer, &look.changed).await? }
            }
            Some(_) => Synced::ResumedInstitution {
                cursor,
                changed: self.seen_by_institution(viewer, &look.changed).await?,
                gone: look.gone,
                queue: queue_rows(&look.queue),
            },
        })
    }

    /// The list may be newer than the cursor: then the next sync answers something twice.
    async fn gap(&self, viewer: &Viewer, newest: i64) -> Result<Synced, Stop> {
        let list = self.try_list(viewer, None, None).await?;
        Ok(Synced::Gap { cursor: Cursor::of(viewer, newest).to_string(), list })
    }

    async fn newest(&self, feed: &Feed) -> Result<i64, Stop> {
        let rows = self.inner().needs.store.read(feed.position()).await?;
        Ok(rows.first().map_or(0, |row| row.int(0)))
    }

    /// All from one committed state: the cursor is exactly as new as the rows.
    async fn look(&self, viewer: &Viewer, feed: &Feed, change: i64) -> Result<Look, Stop> {
        let config = &self.inner().config;
        let limit = config.sync_max as i64 + 1;
        let readable = scope::readable(viewer, 2);
        let mut queries =
            vec![feed.position(), ledger::changed_since(viewer, readable, change, limit)];
        if let Some(institution) = viewer.institution() {
            queries.push(ledger::queue(institution, config.queue_shown as i64));
        }
        // Watchers keep sight of what they no longer own.
        if let Standing::Tutor(institution) = &viewer.standing {
            queries.push(feed::left_since(&viewer.person, institution, change, limit));
        }
        let mut answers = self.inner().needs.store.read_all(queries).await?.into_iter();
        let newest = answers.next().unwrap_or_default();
        let changed = answers.next().unwrap_or_default();
        let queue = answers.next().unwrap_or_default();
        let gone = answers.next().unwrap_or_default();
        Ok(Look {
            newest: newest.first().map_or(0, |row| row.int(0)),
            changed: changed.iter().map(Listed::of_row).collect(),
            gone: gone.iter().map(|row| row.text(0).into()).collect(),
            queue,
        })
    }
}
