//! Finding what a caller means, within their scope, and the reads that every operation shares.

use std::collections::HashSet;

use super::{
    Consult, Inner,
    conversation::{Conversation, Listed},
    desk::{self, Desk},
    effect::{self, Effects},
    entry::Opened,
    ledger,
    scope::{self, Sight},
    view::Faces,
    viewer::Viewer,
};
use crate::{
    archive::{self, Window},
    directory::{self, Employment, listing::TutorCard},
    error::Code,
    ids::{ConversationId, InstitutionId, UserId, is_id},
    operation::{Caller, Refusal},
    store,
};

/// How often an operation decides again when others were first. Each round somebody got on.
pub(super) const ATTEMPTS: usize = 8;

/// Why one attempt of an operation came to nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// The state that it decided on has changed: decide again.
    Moved,
    /// The answer is no.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<directory::Fault> for Stop {
    fn from(fault: directory::Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<store::Fault> for Stop {
    fn from(fault: store::Fault) -> Self {
        match fault {
            store::Fault::Guard { .. } | store::Fault::Duplicate { .. } => Self::Moved,
            store::Fault::Unavailable => Code::Unavailable.into(),
            store::Fault::Engine(_) => Code::Internal.into(),
        }
    }
}

impl From<archive::Fault> for Stop {
    fn from(fault: archive::Fault) -> Self {
        match fault {
            archive::Fault::Guard => Self::Moved,
            archive::Fault::Conflict => Code::Conflict.into(),
            archive::Fault::Full { retry_ms } => {
                Self::Refused(Refusal::new(Code::RateLimited).with("retry_ms", retry_ms))
            }
            archive::Fault::Unavailable => Code::Unavailable.into(),
            archive::Fault::Sealed => Code::Internal.into(),
            archive::Fault::Store(fault) => fault.into(),
        }
    }
}

/// Runs `attempt` until it settles, at most [`ATTEMPTS`] times.
macro_rules! settle {
    ($attempt:expr) => {{
        let mut settled = Err($crate::error::Code::Unavailable.into());
        for _ in 0..$crate::consult::reach::ATTEMPTS {
            match $attempt {
                Ok(answer) => settled = Ok(answer),
                Err($crate::consult::reach::Stop::Refused(refusal)) => settled = Err(refusal),
                Err($crate::consult::reach::Stop::Moved) => continue,
            }
            break;
        }
        settled
    }};
}
pub(super) use settle;

impl Consult {
    /// The viewer that `caller` is. On an institution's side the token alone does not do: who was
    /// suspended or has left keeps it for a while, and sees nothing with it.
    pub(super) async fn viewer(&self, caller: &Caller) -> Result<Viewer, Refusal> {
        let viewer = self.holder(caller)?;
        self.check_working(&viewer).await?;
        Ok(viewer)
    }

    /// The viewer that the caller's token tells of, whatever the directory says.
    pub(super) fn holder(&self, caller: &Caller) -> Result<Viewer, Refusal> {
        Viewer::of(caller, self.0.config.admin_reads)
    }

    /// The conversation, if the viewer sees anything of it.
    pub(super) async fn reach(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
    ) -> Result<(Conversation, Sight), Stop> {
        let conversation = self.conversation(id).await?.ok_or_else(scope::out_of_scope)?;
        let sight = scope::sight(viewer, &conversation).ok_or_else(scope::out_of_scope)?;
        Ok((conversation, sight))
    }

    /// The conversation, if the viewer may read what was said in it.
    pub(super) async fn reach_text(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
    ) -> Result<(Conversation, Sight), Stop> {
        let (conversation, sight) = self.reach(viewer, id).await?;
        if !sight.covers_text() {
            return Err(accept_first().into());
        }
        Ok((conversation, sight))
    }

    /// The same as the viewer finds it in a list.
    pub(super) async fn reach_listed(
        &self,
        viewer: &Viewer,
        id: &ConversationId,
    ) -> Result<(Listed, Sight), Stop> {
        if !is_id(id.as_str()) {
            return Err(scope::out_of_scope().into());
        }
        let rows = self.0.needs.store.read(ledger::listed_one(viewer, id)).await?;
        let listed = rows.first().map(Listed::of_row).ok_or_else(scope::out_of_scope)?;
        let sight = scope::sight(viewer, &listed.conversation).ok_or_else(scope::out_of_scope)?;
        if !sight.covers_text() {
            return Err(accept_first().into());
        }
        Ok((listed, sight))
    }

    /// The conversation, whoever asks. What can be no id names none, and is not carried to the
    /// database: there it would wait in a queue at whatever length it was sent.
    pub(super) async fn conversation(
        &self,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, store::Fault> {
        if !is_id(id.as_str()) {
            return Ok(None);
        }
        let rows = self.0.needs.store.read(ledger::by_id(id)).await?;
        Ok(rows.first().map(Conversation::of_row))
    }

    /// Refuses to serve where the platform has stopped the institution.
    pub(super) async fn check_open(&self, institution: &InstitutionId) -> Result<(), Stop> {
        let found = self.0.needs.directory.institution(institution).await?;
        match found {
            None => Err(scope::out_of_scope().into()),
            Some(found) if found.is_open(self.now_ms()) => Ok(()),
            Some(_) => Err(Refusal::new(Code::Suspended).with("who", "institution").into()),
        }
    }

    /// Refuses those who do not work for the institution that their token names; a user needs none.
    pub(super) async fn check_working(&self, viewer: &Viewer) -> Result<(), Refusal> {
        let Some(institution) = viewer.institution() else { return Ok(()) };
        let found = self.0.needs.directory.tutor(&viewer.person).await?;
        let found = found.filter(|tutor| tutor.institution == *institution);
        match found.map(|tutor| tutor.status) {
            Some(Employment::Active) => Ok(()),
            Some(Employment::Suspended) => Err(Refusal::new(Code::Suspended).with("who", "tutor")),
            Some(Employment::Left) | None => Err(Refusal::new(Code::PermissionDenied).because(
                "the directory does not name you among those who work for the institution",
            )),
        }
    }

    /// Whether the conversation's owner no longer works for its institution: suspended, or gone.
    pub(super) async fn is_deserted(
        &self,
        conversation: &Conversation,
    ) -> Result<bool, directory::Fault> {
        let Some(owner) = &conversation.owner else { return Ok(false) };
        let found = self.0.needs.directory.tutor(owner).await?;
        Ok(!found.is_some_and(|tutor| tutor.works_for(&conversation.institution)))
    }

    /// The tutor's desk; `None` when they never chose a state.
    pub(super) async fn desk(&self, tutor: &UserId) -> Result<Option<Desk>, store::Fault> {
        let rows = self.0.needs.store.read(desk::by_tutor(tutor)).await?;
        Ok(rows.first().map(|row| Desk::of_row(row, self.0.config.capacity)))
    }

    /// The cards of `tutors`, as far as the directory knows them.
    pub(super) async fn faces(
        &self,
        tutors: impl IntoIterator<Item = UserId>,
    ) -> Result<Faces, directory::Fault> {
        let mut faces = Faces::default();
        for id in tutors.into_iter().collect::<HashSet<_>>() {
            if let Some(tutor) = self.0.needs.directory.tutor(&id).await? {
                faces.0.insert(id, TutorCard::from(&*tutor));
            }
        }
        Ok(faces)
    }

    /// One record of a conversation.
    pub(super) async fn record(
        &self,
        id: &ConversationId,
        seq: i64,
    ) -> Result<Option<Opened>, archive::Fault> {
        let window = Window { after: seq - 1, before: seq + 1, limit: 1, newest: false };
        let records = self.0.needs.archive.read(id.as_str(), window).await?;
        Ok(records.into_iter().next().map(Opened::of))
    }

    /// What happened to the records `from..=to`.
    pub(super) async fn effects(
        &self,
        id: &ConversationId,
        from: i64,
        to: i64,
    ) -> Result<Effects, store::Fault> {
        let rows = self.0.needs.store.read(effect::within(id, from, to)).await?;
        Ok(Effects::of_rows(&rows))
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.0.needs.clock.now_ms()
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }
}

/// The answer to a tutor who wants more of a queue row than there is to see.
pub(super) fn accept_first() -> Refusal {
    Refusal::new(Code::PermissionDenied).because("accept the conversation first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_conversation_says_when_it_takes_more() {
        let Stop::Refused(refusal) = Stop::from(archive::Fault::Full { retry_ms: 1_500 }) else {
            panic!("the answer is no");
        };
        assert_eq!(refusal.to_string(), r#"rate_limited {"retry_ms":1500}"#);
    }
}
