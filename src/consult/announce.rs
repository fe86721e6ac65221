//! From a stored record to the events that tell of it, for each side in its own types.

use super::{
    Consult,
    conversation::Conversation,
    desk,
    effect::Effects,
    entry::Opened,
    event::{Event, InstitutionEvent, Manner, News, QueueNews, UserEvent, about},
    ledger, scope,
    session::{Availability, State},
    view::{
        self, Scene,
        institution::{InstitutionSession, QueueRow},
        user::UserSession,
    },
    wording::{self, Words},
};
use crate::{
    directory,
    ids::{ConversationId, InstitutionId, UserId},
    moderation::Category,
    store,
};

/// What is to be published once the operation is over, whatever its answer.
pub(super) type Bulletin = Vec<News>;

/// Earlier messages that show no more, since the rest of a secret was stopped.
pub(super) struct Withdrawal<'a> {
    pub(super) seqs: &'a [i64],
    pub(super) category: Category,
    pub(super) last_seq: i64,
}

/// Why an announcement could not be made up. Its record is stored all the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Directory(#[from] directory::Fault),
    #[error(transparent)]
    Store(#[from] store::Fault),
}

impl Consult {
    /// Tells of a message, a hidden text, a hold or a recall.
    pub(super) async fn announce(
        &self,
        conversation: &Conversation,
        opened: &Opened,
        manner: Manner,
        bulletin: &mut Bulletin,
    ) {
        let made = self.news_of(conversation, opened, manner).await;
        take(made, bulletin);
    }

    async fn news_of(
        &self,
        conversation: &Conversation,
        opened: &Opened,
        manner: Manner,
    ) -> Result<Bulletin, Fault> {
        let faces = self.faces(view::tutors_in(conversation, opened)).await?;
        let audience = self.audience(conversation).await?;
        let effects = Effects::default();
        let now_ms = self.now_ms();
        let scene = |viewer| Scene {
            conversation,
            faces: &faces,
            effects: &effects,
            signer: self.inner().needs.media.signer(),
            viewer,
            now_ms,
        };
        let hears = |it: &&UserId| manner != Manner::Held || **it == opened.author;
        let user = Some(&audience.user).filter(hears).map(|to| {
            let record = scene(to).record(opened);
            News::user(to, about(conversation, record, manner, *to == opened.author))
        });
        let institution = audience.institution.iter().filter(hears).map(|to| {
            let record = scene(to).record(opened);
            News::institution(to, about(conversation, record, manner, *to == opened.author))
        });
        Ok(user.into_iter().chain(institution).collect())
    }

    /// Tells both sides that earlier messages show no more.
    pub(super) async fn announce_withdrawal(
        &self,
        conversation: &Conversation,
        withdrawal: &Withdrawal<'_>,
        bulletin: &mut Bulletin,
    ) {
        let made = self.tell_both(
            conversation,
            withdrawn::<_, UserSession>(conversation, withdrawal),
            withdrawn::<_, InstitutionSession>(conversation, withdrawal),
        );
        take(made.await, bulletin);
    }

    /// Tells both sides that earlier messages show again, since their author insisted.
    pub(super) async fn announce_restored(
        &self,
        conversation: &Conversation,
        (seqs, last_seq): (&[i64], i64),
        bulletin: &mut Bulletin,
    ) {
        let made = self.tell_both(
            conversation,
            restored::<_, UserSession>(conversation, seqs, last_seq),
            restored::<_, InstitutionSession>(conversation, seqs, last_seq),
        );
        take(made.await, bulletin);
    }

    async fn tell_both(
        &self,
        conversation: &Conversation,
        user: UserEvent,
        institution: InstitutionEvent,
    ) -> Result<Bulletin, Fault> {
        let audience = self.audience(conversation).await?;
        let staff = audience.institution.iter();
        let told = staff.map(|to| News::institution(to, institution.clone()));
        Ok([News::user(&audience.user, user)].into_iter().chain(told).collect())
    }

    /// Tells that a session began, changed hands or ended: `before` is the conversation as it was,
    /// `None` when there was none.
    pub(super) async fn announce_turn(
        &self,
        before: Option<&Conversation>,
        after: &Conversation,
        opened: &Opened,
        bulletin: &mut Bulletin,
    ) {
        let made = self.news_of_turn(after, opened).await;
        take(made, bulletin);
        let waited = before.is_some_and(|it| it.state == State::Queued);
        let waits = after.state == State::Queued;
        if waited != waits {
            let entered = waits.then(|| QueueRow::of(after));
            let left = waited.then(|| after.id.clone());
            let made = self.news_of_queue(&after.institution, entered, left).await;
            take(made, bulletin);
        }
    }

    async fn news_of_turn(&self, after: &Conversation, opened: &Opened) -> Result<Bulletin, Fault> {
        let owner = after.owner.iter().cloned();
        let faces = self.faces(view::tutors_in(after, opened).into_iter().chain(owner)).await?;
        let audience = self.audience(after).await?;
        let owner_state = self.owner_state(after).await?;
        let effects = Effects::default();
        let now_ms = self.now_ms();
        let scene = |viewer| Scene {
            conversation: after,
            faces: &faces,
            effects: &effects,
            signer: self.inner().needs.media.signer(),
            viewer,
            now_ms,
        };
        let to = &audience.user;
        let session = UserSession::of(after, owner_state, &faces);
        let told = turn(after, session, Some(scene(to).record(opened)));
        let institution = audience.institution.iter().map(|to| {
            let session = InstitutionSession::of(after, &faces);
            News::institution(to, turn(after, session, Some(scene(to).record(opened))))
        });
        Ok([News::user(to, told)].into_iter().chain(institution).collect())
    }

    async fn news_of_queue(
        &self,
        institution: &InstitutionId,
        entered: Option<QueueRow>,
        left: Option<ConversationId>,
    ) -> Result<Bulletin, Fault> {
        let queries = vec![ledger::queue_length(institution), desk::staffed(institution)];
        let rows = self.inner().needs.store.read_all(queries).await?;
        let [length, staffed] = rows.as_slice() else { return Ok(Bulletin::new()) };
        let news = QueueNews {
            institution: institution.clone(),
            waiting: length.first().map_or(0, |row| row.int(0)),
            oldest_since: length.first().and_then(|row| row.opt_int(1)),
            entered,
            left,
        };
        let admin_reads = self.inner().config.admin_reads;
        let at_desk = |id: &UserId| staffed.iter().any(|row| row.text(0) == id.as_str());
        let staff = self.inner().needs.directory.staff(institution).await?;
        let hear = staff.iter().filter(|it| scope::is_watcher(it, admin_reads) || at_desk(&it.id));
        Ok(hear.map(|it| News::institution(&it.id, Event::Queue(news.clone()))).collect())
    }

    /// Tells the users whom `tutor` serves what the tutor chose to be.
    pub(super) async fn announce_availability(
        &self,
        (tutor, institution): (&UserId, &InstitutionId),
        state: Availability,
        bulletin: &mut Bulletin,
    ) {
        let made = self.news_of_availability(tutor, institution, state).await;
        take(made, bulletin);
    }

    async fn news_of_availability(
        &self,
        tutor: &UserId,
        institution: &InstitutionId,
        state: Availability,
    ) -> Result<Bulletin, Fault> {
        let limit = self.inner().config.sync_max as i64;
        let served = ledger::served_by(tutor, institution, limit);
        let rows = self.inner().needs.store.read(served).await?;
        let faces = self.faces([tutor.clone()]).await?;
        let tell = |conversation: Conversation| {
            let session = UserSession::of(&conversation, state, &faces);
            News::user(&conversation.user, turn(&conversation, session, None))
        };
        Ok(rows.iter().map(Conversation::of_row).map(tell).collect())
    }

    /// Tells the user, on every device, what every session begins with.
    pub(super) fn announce_notice(
        &self,
        conversation: &Conversation,
        notice: Words,
        bulletin: &mut Bulletin,
    ) {
        let event = Event::Notice {
            conversation: conversation.id.clone(),
            last_seq: conversation.last_seq,
            notice,
        };
        bulletin.push(News::user(&conversation.user, event));
    }

    /// Everyone in scope of what is said in `conversation`.
    pub(super) async fn audience(
        &self,
        conversation: &Conversation,
    ) -> Result<scope::Audience, directory::Fault> {
        let staff = self.inner().needs.directory.staff(&conversation.institution).await?;
        Ok(scope::audience(conversation, &staff, self.inner().config.admin_reads))
    }

    async fn owner_state(&self, conversation: &Conversation) -> Result<Availability, Fault> {
        let Some(owner) = &conversation.owner else { return Ok(Availability::Offline) };
        if self.is_deserted(conversation).await? {
            return Ok(Availability::Offline);
        }
        Ok(self.desk(owner).await?.map_or(Availability::Offline, |desk| desk.state))
    }
}

fn withdrawn<A, S>(conversation: &Conversation, withdrawal: &Withdrawal<'_>) -> Event<A, S> {
    Event::Withdrawn {
        conversation: conversation.id.clone(),
        last_seq: withdrawal.last_seq,
        seqs: withdrawal.seqs.to_vec(),
        category: withdrawal.category,
        notice: wording::withdrawn(withdrawal.category),
    }
}

fn restored<A, S>(conversation: &Conversation, seqs: &[i64], last_seq: i64) -> Event<A, S> {
    let conversation = conversation.id.clone();
    Event::Restored { conversation, last_seq, seqs: seqs.to_vec() }
}

fn turn<A, S>(
    conversation: &Conversation,
    session: S,
    record: Option<view::Record<A>>,
) -> Event<A, S> {
    let last_seq = conversation.last_seq;
    Event::Session { conversation: conversation.id.clone(), last_seq, session, record }
}

/// A failed announcement never fails the operation: its record is durable, and the receivers see the
/// gap at the next event or `consult.sync`.
fn take(made: Result<Bulletin, Fault>, bulletin: &mut Bulletin) {
    match made {
        Ok(news) => bulletin.extend(news),
        Err(fault) => tracing::warn!(%fault, "a record was stored but could not be announced"),
    }
}
