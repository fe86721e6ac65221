//! `consult.open`: the user begins a service session, and only the user can.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Consult,
    announce::Bulletin,
    body::bad,
    conversation::Conversation,
    entry::Entry,
    ledger,
    reach::{Stop, settle},
    session::State,
    start::{Start, Wish, notice},
    turn::Turning,
    view::institution::Mask,
    viewer::{Standing, Viewer},
    wording::Words,
};
use crate::{
    archive::Receipt,
    directory::{check_id, listing::TutorCard},
    error::Code,
    ids::{ConversationId, InstitutionId, ServiceSessionId, UserId},
    operation::{Caller, Refusal},
};

/// The longest `source`, in characters.
const SOURCE_MAX: usize = 64;

/// Asks to consult an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    /// Which; `support` for the platform's own customer service.
    pub(super) institution: InstitutionId,
    /// Whom there. Without one, or when they are not online or have no room, the queue.
    #[serde(default)]
    pub(super) tutor: Option<UserId>,
    /// Where in the app it was opened, at most 64 characters. Never shown to the institution.
    #[serde(default)]
    pub(super) source: Option<String>,
    /// Follow the tutor who answers, so that their replies are pushed.
    #[serde(default = "yes")]
    pub(super) follow: bool,
}

fn yes() -> bool {
    true
}

/// A conversation with an open service session.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Opening {
    /// Which; the same for this user and institution for ever.
    pub(super) conversation: ConversationId,
    /// The service session.
    pub(super) session: ServiceSessionId,
    /// Queued or serving.
    pub(super) state: State,
    /// Who serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tutor: Option<TutorCard>,
    /// Whether this call opened it; `false` when it was open already.
    pub(super) opened: bool,
    /// The newest record's number.
    pub(super) last_seq: i64,
    /// To be shown at the head of the conversation.
    pub(super) notice: Words,
}

impl Consult {
    /// Opens a conversation, opens its next session, or answers the one that is open.
    pub(super) async fn open(
        &self,
        caller: &Caller,
        asked: Open,
        bulletin: &mut Bulletin,
    ) -> Result<Opening, Refusal> {
        let viewer = self.viewer(caller).await?;
        if viewer.standing != Standing::User {
            return Err(Code::PermissionDenied.into());
        }
        check_id("institution", asked.institution.as_str())?;
        asked.tutor.as_ref().map_or(Ok(()), |tutor| check_id("tutor", tutor.as_str()))?;
        if asked.source.as_ref().is_some_and(|source| source.chars().count() > SOURCE_MAX) {
            return Err(bad("source has at most 64 characters"));
        }
        let wish = Wish { tutor: asked.tutor, source: asked.source, follow: asked.follow };
        settle!(self.try_open(&viewer, &asked.institution, &wish, bulletin).await)
    }

    async fn try_open(
        &self,
        viewer: &Viewer,
        institution: &InstitutionId,
        wish: &Wish,
        bulletin: &mut Bulletin,
    ) -> Result<Opening, Stop> {
        self.check_open(institution).await?;
        let pair = ledger::by_pair(&viewer.person, institution);
        let rows = self.inner().needs.store.read(pair).await?;
        let found = rows.first().map(Conversation::of_row);
        let (conversation, opened) = match found {
            Some(found) if found.state.is_open() => {
                match self.turning(&found, viewer.side()).await? {
                    Some(turning) => (self.turn(&viewer.person, &turning, bulletin).await?, false),
                    None => (found, false),
                }
            }
            Some(found) => {
                let turning = self.reopening(&found, wish).await?;
                (self.turn(&viewer.person, &turning, bulletin).await?, true)
            }
            None => (self.begin(&viewer.person, institution, wish, bulletin).await?, true),
        };
        // The tutor was looked up a moment ago; if that is forgotten and cannot be asked again, a
        // nameless one is better than the refusal of what is stored already.
        let faces = self.faces(conversation.owner.clone()).await.unwrap_or_default();
        Ok(Opening {
            tutor: conversation.owner.as_ref().map(|owner| faces.of(owner)),
            session: conversation.session,
            state: conversation.state,
            opened,
            last_seq: conversation.last_seq,
            notice: notice(&conversation.institution),
            conversation: conversation.id,
        })
    }

    /// Stores the first session of a new conversation.
    async fn begin(
        &self,
        user: &UserId,
        institution: &InstitutionId,
        wish: &Wish,
        bulletin: &mut Bulletin,
    ) -> Result<Conversation, Stop> {
        let now_ms = self.now_ms();
        let start = Start {
            conversation: ConversationId::fresh(now_ms),
            user: user.clone(),
            institution: institution.clone(),
            session: ServiceSessionId::fresh(now_ms),
            owner: self.seat((user, institution), wish.tutor.as_ref()).await?,
            lines: 0,
        };
        let mask = Mask::fresh();
        let mut beside = start.create(&mask);
        beside.extend(start.take_seat(wish, self.inner().config.capacity, now_ms));
        let entry = Entry::Session { session: start.session.clone(), turn: start.turn() };
        let opened = self.append(&start.conversation, user, entry, beside).await?;
        let after = start.begun(mask, Receipt { seq: opened.seq, at_ms: opened.at_ms });
        self.announce_turn(None, &after, &opened, bulletin).await;
        self.announce_notice(&after, notice(institution), bulletin);
        Ok(after)
    }

    /// The next session of a conversation whose last one is over, about to be stored.
    pub(super) async fn reopening<'a>(
        &self,
        before: &'a Conversation,
        wish: &Wish,
    ) -> Result<Turning<'a>, Stop> {
        let now_ms = self.now_ms();
        let wanted = wish.tutor.as_ref().or(before.owner.as_ref());
        let start = Start {
            conversation: before.id.clone(),
            user: before.user.clone(),
            institution: before.institution.clone(),
            session: ServiceSessionId::fresh(now_ms),
            owner: self.seat((&before.user, &before.institution), wanted).await?,
            lines: before.user_lines,
        };
        let seat = start.take_seat(wish, self.inner().config.capacity, now_ms);
        Ok(start.succeed(before, seat))
    }

    /// The tutor whom `user` asks for, if they can take one conversation more; nobody serves themself.
    async fn seat(
        &self,
        (user, institution): (&UserId, &InstitutionId),
        wanted: Option<&UserId>,
    ) -> Result<Option<UserId>, Stop> {
        let Some(wanted) = wanted.filter(|wanted| *wanted != user) else { return Ok(None) };
        let tutor = self.inner().needs.directory.tutor(wanted).await?;
        if !tutor.is_some_and(|tutor| tutor.works_for(institution)) {
            return Ok(None);
        }
        let desk = self.desk(wanted).await?;
        Ok(desk.is_some_and(|desk| desk.takes_more()).then(|| wanted.clone()))
    }
}
