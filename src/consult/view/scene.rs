//! A pair of eyes at one moment: how a stored record becomes what they see.

use std::collections::HashMap;

use super::{Author, Fate, Record, SeenTurn, Shown};
use crate::{
    consult::{
        conversation::Conversation,
        effect::{Effect, Effects},
        entry::{Content, Entry, Opened, Turn},
        wording,
    },
    directory::listing::TutorCard,
    ids::UserId,
    media::link::Signer,
    moderation::Side,
};

/// The tutors that appear in a page of records.
#[derive(Clone, Debug, Default)]
pub(in crate::consult) struct Faces(pub(in crate::consult) HashMap<UserId, TutorCard>);

impl Faces {
    /// The tutor's card; a nameless one when the directory no longer knows them.
    pub(in crate::consult) fn of(&self, tutor: &UserId) -> TutorCard {
        self.0.get(tutor).cloned().unwrap_or_else(|| TutorCard {
            tutor: tutor.clone(),
            name: wording::UNKNOWN_TUTOR.to_owned(),
            title: None,
            avatar: None,
        })
    }
}

/// Whose eyes look at which conversation, and when.
pub(in crate::consult) struct Scene<'a> {
    pub(in crate::consult) conversation: &'a Conversation,
    pub(in crate::consult) faces: &'a Faces,
    pub(in crate::consult) effects: &'a Effects,
    /// Signs the links to files.
    pub(in crate::consult) signer: &'a Signer,
    pub(in crate::consult) viewer: &'a UserId,
    pub(in crate::consult) now_ms: i64,
}

impl Scene<'_> {
    /// What the viewer sees of `opened`. `A` decides what they can see of its author.
    pub(in crate::consult) fn record<A: Author>(&self, opened: &Opened) -> Record<A> {
        let shown = match &opened.content {
            Content::Entry(entry) => self.shown(opened, entry.clone()),
            Content::Erased => Shown::Erased {},
            Content::Unknown => Shown::Withheld {},
        };
        Record { seq: opened.seq, at: opened.at_ms, shown }
    }

    fn shown<A: Author>(&self, opened: &Opened, entry: Entry) -> Shown<A> {
        let is_mine = opened.author == *self.viewer;
        let author = || self.author(&opened.author);
        let effect = self.effect(opened.seq);
        match entry {
            Entry::Message { .. } if effect == Some(Effect::Recalled) => {
                Shown::Recalled { author: author() }
            }
            Entry::Message { .. } if let Some(Effect::Withdrawn(category)) = effect => {
                let notice = wording::withdrawn(category);
                Shown::Withdrawn { author: author(), category, notice }
            }
            Entry::Message { body, reply_to, client_id, confirms } => Shown::Message {
                author: author(),
                body: body.seen(self.signer, self.now_ms),
                reply_to,
                flagged: confirms.as_ref().map(|it| it.category),
                confirms: confirms.map(|it| it.hold).filter(|_| is_mine),
                client_id: client_id.filter(|_| is_mine),
            },
            Entry::Hidden { verdict, client_id, .. } => Shown::Hidden {
                author: author(),
                category: verdict.category,
                notice: wording::safety_notice(verdict.category),
                client_id: client_id.filter(|_| is_mine),
            },
            Entry::Hold { hold, body, client_id, verdict, expires_at, .. } if is_mine => {
                let category = verdict.category;
                let fate = self.fate(opened.seq, expires_at);
                let body = body.seen(self.signer, self.now_ms);
                Shown::Held { hold, body, category, fate, expires_at, client_id }
            }
            Entry::Discard { hold, target } if is_mine => Shown::Discard { hold, target },
            Entry::Hold { .. } | Entry::Discard { .. } => Shown::Withheld {},
            Entry::Recall { target } => Shown::Recall { author: author(), target },
            Entry::Session { session, turn } => Shown::Session { session, turn: self.turn(turn) },
        }
    }

    fn author<A: Author>(&self, author: &UserId) -> A {
        match self.conversation.side_of(author) {
            Side::User => A::user(&self.conversation.mask),
            Side::Institution => A::institution(self.faces.of(author)),
        }
    }

    fn effect(&self, seq: i64) -> Option<Effect> {
        self.effects.of(seq).map(|happened| happened.effect)
    }

    fn fate(&self, seq: i64, expires_at: i64) -> Fate {
        match self.effect(seq) {
            Some(Effect::Confirmed) => Fate::Confirmed,
            Some(Effect::Discarded) => Fate::Discarded,
            _ if self.now_ms >= expires_at => Fate::Expired,
            _ => Fate::Pending,
        }
    }

    fn turn(&self, turn: Turn) -> SeenTurn {
        match turn {
            Turn::Opened { state, owner, notice } => {
                let tutor = owner.map(|owner| self.faces.of(&owner));
                SeenTurn::Opened { state, tutor, notice }
            }
            Turn::Accepted { owner } => SeenTurn::Accepted { tutor: self.faces.of(&owner) },
            Turn::Requeued {} => SeenTurn::Requeued {},
            Turn::Ended { by } => SeenTurn::Ended { by },
        }
    }
}

/// The tutors whose faces a record shows.
pub(in crate::consult) fn tutors_in(conversation: &Conversation, opened: &Opened) -> Vec<UserId> {
    let writer =
        (conversation.side_of(&opened.author) == Side::Institution).then_some(&opened.author);
    let named = match opened.entry() {
        Some(Entry::Session { turn: Turn::Opened { owner, .. }, .. }) => owner.as_ref(),
        Some(Entry::Session { turn: Turn::Accepted { owner }, .. }) => Some(owner),
        _ => None,
    };
    writer.into_iter().chain(named).cloned().collect()
}
