//! A file that a message shows: found, taken in the message's transaction, given up with the message.
//!
//! What is in a picture or a voice is not judged yet. Where a verdict conceals the message, its file is
//! concealed with it, in the same transaction.

use super::{
    Consult,
    body::{Body, Said, bad},
    reach::Stop,
    scope,
    send::Sending,
    viewer::Viewer,
};
use crate::{
    error::Code,
    ids::{MediaId, UserId, is_id},
    media::{self, Facts, Item, Purpose, State, claim, format::Class},
    moderation::Action,
    operation::Refusal,
    store::Statement,
};

impl From<media::Fault> for Stop {
    fn from(fault: media::Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl Consult {
    /// What is to be stored of what is said. A file must be the author's own and wait to be sent.
    pub(super) async fn body(&self, viewer: &Viewer, sending: &Sending) -> Result<Body, Stop> {
        Ok(match &sending.said {
            Said::Text { text } => Body::Text { text: text.clone() },
            Said::Image { media } => {
                Body::Image { media: self.facts(viewer, media, Class::Picture).await? }
            }
            Said::Voice { media } => {
                Body::Voice { media: self.facts(viewer, media, Class::Voice).await? }
            }
        })
    }

    async fn facts(&self, viewer: &Viewer, id: &MediaId, class: Class) -> Result<Box<Facts>, Stop> {
        if !is_id(id.as_str()) {
            return Err(scope::out_of_scope().into());
        }
        let found = self.inner().needs.media.find(id).await?;
        let item = found.filter(|item| item.owner == viewer.person);
        let item = item.ok_or_else(scope::out_of_scope)?;
        check(&item, class)?;
        Ok(Box::new(Facts::of(&item)))
    }
}

fn check(item: &Item, class: Class) -> Result<(), Refusal> {
    if item.purpose != Purpose::Consult {
        return Err(bad("the file was uploaded for another purpose than consult"));
    }
    if item.kind.class() != class {
        return Err(bad("the file is of the other kind, of image and voice"));
    }
    let reason = match item.state {
        State::Unclaimed => return Ok(()),
        State::Claimed => "the file stands in another message; upload it again",
        State::Arriving => "the upload is not finished",
        State::Removed | State::Expired => "the upload is over; upload the file again",
    };
    Err(Refusal::new(Code::Gone).because(reason))
}

/// Beside the message: the file that it shows is taken, or concealed like the message.
pub(super) fn taking(body: &Body, author: &UserId, action: Action) -> Option<Statement> {
    let id = &body.media()?.id;
    Some(match action {
        Action::Allow | Action::Warn => claim::show(id, author, Purpose::Consult),
        Action::Hide | Action::Reject => claim::conceal(id, author, Purpose::Consult),
    })
}

/// Beside the record that takes a message back: its file is shown no more.
pub(super) fn giving_up(body: &Body) -> Option<Statement> {
    body.media().map(|facts| claim::withdraw(&facts.id))
}
