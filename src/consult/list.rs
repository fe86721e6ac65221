//! `consult.list`: the caller's conversations, page by page, each with its preview and unread count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    conversation::{Conversation, Listed},
    ledger,
    place::{Place, page_query},
    reach::{Stop, settle},
    session::Availability,
    view::{
        Author, Record,
        institution::{InstitutionConversation, QueueRow},
        user::UserConversation,
    },
    viewer::Viewer,
};
use crate::{
    ids::InstitutionId,
    operation::{Caller, Refusal},
    store::Row,
};

/// How many conversations a page has when the caller does not say.
const PAGE: usize = 20;

/// Asks for a page of conversations.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListWanted {
    /// Continue after the page that answered this `next`.
    pub(super) cursor: Option<String>,
    /// 1–100 conversations.
    pub(super) limit: Option<usize>,
}

/// A page, as the caller's side sees it.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum List {
    /// To the candidate.
    User(UserList),
    /// To the institution's side.
    Institution(InstitutionList),
}

/// A candidate's conversations, the one with the newest line first.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(super) struct UserList {
    /// The page.
    pub(super) conversations: Vec<UserConversation>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A tutor's or admin's conversations: served ones first, then queued, then ended ones, each group
/// with the newest turn first.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(super) struct InstitutionList {
    /// The page. An admin's holds the institution's conversations, a tutor's those they own.
    pub(super) conversations: Vec<InstitutionConversation>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    /// Who waits, the longest first; on the first page only, and at most 200.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) queue: Vec<QueueRow>,
}

/// The rows of a page, not yet as anybody sees them.
struct Page {
    rows: Vec<Listed>,
    has_more: bool,
}

impl Consult {
    /// A page of the caller's conversations.
    pub(super) async fn list(&self, caller: &Caller, asked: ListWanted) -> Result<List, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_list(&viewer, asked.cursor.as_deref(), asked.limit).await)
    }

    pub(super) async fn try_list(
        &self,
        viewer: &Viewer,
        cursor: Option<&str>,
        limit: Option<usize>,
    ) -> Result<List, Stop> {
        let limit = limit.unwrap_or(PAGE).clamp(1, self.inner().config.page_max);
        let page = self.page_of_list(viewer, cursor, limit).await?;
        let last = page.rows.last().filter(|_| page.has_more);
        let next = last.map(|last| Place::of(viewer, &last.conversation).to_text());
        Ok(match viewer.institution() {
            None => List::User(UserList {
                conversations: self.seen_by_user(viewer, &page.rows).await?,
                next,
            }),
            Some(institution) => List::Institution(InstitutionList {
                conversations: self.seen_by_institution(viewer, &page.rows).await?,
                next,
                queue: match cursor {
                    None => self.queue(institution).await?,
                    Some(_) => Vec::new(),
                },
            }),
        })
    }

    async fn page_of_list(
        &self,
        viewer: &Viewer,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Stop> {
        let place = cursor.map(|text| Place::of_text(viewer, text)).transpose()?;
        let query = page_query(viewer, place.as_ref(), limit as i64 + 1);
        let rows = self.inner().needs.store.read(query).await?;
        let has_more = rows.len() > limit;
        let rows = rows.iter().take(limit).map(Listed::of_row).collect();
        Ok(Page { rows, has_more })
    }

    /// The institution's queue, those who have waited longest first.
    pub(super) async fn queue(&self, institution: &InstitutionId) -> Result<Vec<QueueRow>, Stop> {
        let limit = self.inner().config.queue_shown as i64;
        let rows = self.inner().needs.store.read(ledger::queue(institution, limit)).await?;
        Ok(queue_rows(&rows))
    }

    /// Rows as the candidate sees them.
    pub(super) async fn seen_by_user(
        &self,
        viewer: &Viewer,
        rows: &[Listed],
    ) -> Result<Vec<UserConversation>, Stop> {
        let faces = self.faces(owners(rows)).await?;
        let mut seen = Vec::with_capacity(rows.len());
        for listed in rows {
            let directory = &self.inner().needs.directory;
            let institution = directory.institution(&listed.conversation.institution).await?;
            let name = institution.map_or_else(String::new, |found| found.name.clone());
            // Whatever they chose to be while they worked there.
            let owner_state = match self.is_deserted(&listed.conversation).await? {
                true => Availability::Offline,
                false => listed.owner_state,
            };
            let preview = self.preview(viewer, listed).await?;
            seen.push(UserConversation::of(listed, owner_state, name, &faces, preview));
        }
        Ok(seen)
    }

    /// Rows as the institution's side sees them.
    pub(super) async fn seen_by_institution(
        &self,
        viewer: &Viewer,
        rows: &[Listed],
    ) -> Result<Vec<InstitutionConversation>, Stop> {
        let faces = self.faces(owners(rows)).await?;
        let mut seen = Vec::with_capacity(rows.len());
        for listed in rows {
            let preview = self.preview(viewer, listed).await?;
            seen.push(InstitutionConversation::of(listed, &faces, preview));
        }
        Ok(seen)
    }

    /// The newest line, as the history would show it.
    async fn preview<A: Author>(
        &self,
        viewer: &Viewer,
        listed: &Listed,
    ) -> Result<Option<Record<A>>, Stop> {
        let conversation = &listed.conversation;
        if conversation.line_seq == 0 {
            return Ok(None);
        }
        let opened = self.record(&conversation.id, conversation.line_seq).await?;
        let records = self.records(viewer, conversation, opened.as_slice()).await?;
        Ok(records.into_iter().next())
    }
}

/// The rows of a queue, for those who have not accepted yet.
pub(super) fn queue_rows(rows: &[Row]) -> Vec<QueueRow> {
    rows.iter().map(|row| QueueRow::of(&Conversation::of_row(row))).collect()
}

fn owners(rows: &[Listed]) -> impl Iterator<Item = crate::ids::UserId> + '_ {
    rows.iter().filter_map(|listed| listed.conversation.owner.clone())
}
