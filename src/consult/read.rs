//! `consult.read`: how far somebody has read. Users see the tutor's mark; nobody sees a user's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    conversation::{Conversation, Listed},
    entry::{Entry, Opened},
    event::{Event, News, Reader},
    ledger,
    mark::Mark,
    reach::{Stop, settle},
    scope::Sight,
    viewer::Viewer,
};
use crate::{
    archive::Window,
    ids::ConversationId,
    moderation::Side,
    operation::{Caller, Refusal},
};

/// How many records above a mark are looked at; whoever is further behind has at least so many unread.
const COUNTED_MAX: usize = 1_000;

/// Says how far the caller has read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    /// Where.
    pub(super) conversation: ConversationId,
    /// Up to which record; a mark never moves back.
    pub(super) seq: i64,
}

/// Where the caller's mark stands.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Marked {
    /// Up to which record.
    pub(super) read_seq: i64,
    /// How many lines of the other side are above it.
    pub(super) unread: i64,
}

impl Consult {
    /// Moves the caller's mark.
    pub(super) async fn read(
        &self,
        caller: &Caller,
        asked: Read,
        bulletin: &mut Bulletin,
    ) -> Result<Marked, Refusal> {
        let viewer = self.viewer(caller).await?;
        settle!(self.try_read(&viewer, &asked, bulletin).await)
    }

    async fn try_read(
        &self,
        viewer: &Viewer,
        asked: &Read,
        bulletin: &mut Bulletin,
    ) -> Result<Marked, Stop> {
        let (listed, sight) = self.reach_listed(viewer, &asked.conversation).await?;
        let conversation = &listed.conversation;
        let seq = asked.seq.min(conversation.last_seq);
        if seq <= listed.read_seq {
            return Ok(standing(&listed, viewer));
        }
        let side = viewer.side();
        let unread = self.lines_above(conversation, seq, side).await?;
        let read_lines = conversation.lines_for(side) - unread;
        let mark = Mark {
            conversation: &conversation.id,
            person: &viewer.person,
            read_seq: seq,
            read_lines,
        };
        // An owner who comes after another may be behind what the user was told already.
        let is_news = sight == Sight::Owner && seq > conversation.owner_read_seq;
        let mut statements = match is_news {
            true => ledger::read_by_owner(conversation, seq),
            false => ledger::touch(conversation, side),
        };
        statements.push(mark.set());
        self.inner().needs.store.commit(statements).await?;
        if is_news {
            self.inner().motion.read_to(&conversation.id, seq);
        }
        tell(viewer, is_news, conversation, (seq, unread), bulletin);
        Ok(Marked { read_seq: seq, unread })
    }

    /// How many lines of the side opposite to `side` stand above `seq`.
    async fn lines_above(
        &self,
        conversation: &Conversation,
        seq: i64,
        side: Side,
    ) -> Result<i64, Stop> {
        if seq >= conversation.line_seq {
            return Ok(0);
        }
        let before = conversation.last_seq + 1;
        let window = Window { after: seq, before, limit: COUNTED_MAX, newest: true };
        let thread = conversation.id.as_str();
        let records = self.inner().needs.archive.read(thread, window).await?;
        let lines = records.into_iter().map(Opened::of).filter(|opened| {
            let is_line =
                matches!(opened.entry(), Some(Entry::Message { .. } | Entry::Hidden { .. }));
            is_line && conversation.side_of(&opened.author) != side
        });
        Ok(lines.count() as i64)
    }
}

fn standing(listed: &Listed, viewer: &Viewer) -> Marked {
    Marked { read_seq: listed.read_seq, unread: listed.unread(viewer.side()) }
}

/// Tells the reader's other devices and, when it is news to them, the user.
fn tell(
    viewer: &Viewer,
    is_news: bool,
    conversation: &Conversation,
    (seq, unread): (i64, i64),
    bulletin: &mut Bulletin,
) {
    let news = match viewer.side() {
        Side::User => {
            News::user(&viewer.person, marked(conversation, Reader::You, (seq, Some(unread))))
        }
        Side::Institution => News::institution(
            &viewer.person,
            marked(conversation, Reader::You, (seq, Some(unread))),
        ),
    };
    bulletin.push(news);
    if is_news {
        let event = marked(conversation, Reader::Tutor, (seq, None));
        bulletin.push(News::user(&conversation.user, event));
    }
}

fn marked<A, S>(
    conversation: &Conversation,
    by: Reader,
    (seq, unread): (i64, Option<i64>),
) -> Event<A, S> {
    Event::Read {
        conversation: conversation.id.clone(),
        last_seq: conversation.last_seq,
        by,
        seq,
        unread,
    }
}
