//! One candidate, one institution: conversations, their service sessions, and what is said in them.
//!
//! An operation reads the conversation, asks [`scope`] what its caller may see, decides, and appends
//! one record with everything else that changes beside it, guarded by the state it decided on. What
//! people are told is computed from the record by [`view`] and published when it is durable.
//!
//! Knows no socket and no token. Ratings, transfers, the queue's automatic assignment and the
//! supervisors' grants are not part of it yet.

mod accept;
mod alarm;
mod announce;
mod append;
mod attach;
mod availability;
mod body;
mod chance;
mod close;
mod confirm;
mod conversation;
mod desk;
mod effect;
mod entry;
mod event;
mod feed;
mod floor;
mod history;
mod hold;
mod judge;
mod ledger;
mod list;
mod mark;
mod motion;
mod open;
pub mod operations;
mod place;
mod probe;
mod pseudonym;
mod reach;
mod read;
mod recall;
mod recent;
#[cfg(test)]
mod sample;
mod scope;
mod send;
mod session;
mod start;
mod sync;
mod turn;
mod typing;
mod view;
mod viewer;
mod voice;
mod wording;

use std::sync::Arc;

use self::{motion::Motion, probe::Probes, recent::Recent, voice::Voices};
use crate::{
    alert::Alerts, archive::Archive, clock::Clock, config, directory::Directory, media::Media,
    moderation::Moderation, store::Store, telemetry::Metrics,
};

/// What consultations lean on.
pub struct Needs {
    /// The conversations' rows.
    pub store: Store,
    /// What was said.
    pub archive: Archive,
    /// Pictures and voice.
    pub media: Media,
    /// What may be said.
    pub moderation: Moderation,
    /// How those are slowed down who find out what may be said.
    pub probing: config::moderation::Probing,
    /// What staff should look at.
    pub alerts: Alerts,
    /// Who may be consulted.
    pub directory: Directory,
    /// The date.
    pub clock: Clock,
    /// Where verdicts are counted.
    pub metrics: Metrics,
}

/// The consultations of this node. Cheap to clone.
#[derive(Clone)]
pub struct Consult(Arc<Inner>);

struct Inner {
    needs: Needs,
    config: config::consult::Consult,
    motion: Motion,
    recent: Recent,
    voices: Voices,
    probes: Probes,
}

impl Consult {
    /// Consultations over what `needs` holds.
    pub fn new(config: config::consult::Consult, needs: Needs) -> Self {
        let motion = Motion::new(config.recent_conversations);
        let recent = Recent::new(config.recent_conversations);
        let (voices, probes) = (Voices::default(), Probes::new(needs.probing));
        Self(Arc::new(Inner { needs, config, motion, recent, voices, probes }))
    }
}

#[cfg(test)]
mod tests;
