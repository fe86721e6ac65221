//! A few speakers and a crowd: live rooms, what is said in them, and those who keep order.
//!
//! A comment is weighed together with what its author said before, then shown, sampled, held or
//! rejected. What staff do to a room is a record in the room's own thread of the archive, guarded by
//! everything that was done before. Where somebody stands, and what they may, is [`scope`]'s to say.
//!
//! Knows no socket and no token. What goes out to viewers passes [`outlet`].

mod act;
mod answer;
mod author;
mod beside;
mod charter;
mod choose;
mod comment;
mod crowd;
mod delay;
mod door;
mod doubt;
mod edit;
mod event;
mod face;
mod facts;
mod hold;
mod judge;
mod keep;
mod list;
mod lost;
mod mute;
mod news;
pub mod operations;
mod outlet;
mod permit;
mod pin;
mod probe;
mod put;
mod question;
mod reach;
mod remove;
mod replay;
mod room;
mod rooms;
mod row;
mod say;
mod scope;
mod seen;
mod set;
mod settings;
mod shelf;
mod staff;
mod stage;
mod stats;
mod team;
mod trim;
mod view;
mod voice;
mod words;

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::face::Region;
use self::{
    author::Authors, beside::Beside, facts::Facts, probe::Probes, rooms::Rooms, scope::Actor,
    scope::Work,
};
use crate::{
    alert::Alerts,
    archive::Archive,
    clock::Clock,
    config,
    directory::Directory,
    hub::Hub,
    ids::UserId,
    media::Media,
    moderation::Moderation,
    operation::{Caller, Refusal},
    store::Store,
    telemetry::Metrics,
};

/// How often idle rooms are forgotten, held comments counted, and desks looked over.
const TIDY_EVERY: Duration = Duration::from_secs(15);

/// What live rooms lean on.
pub struct Needs {
    /// The rows of rooms and comments.
    pub store: Store,
    /// What was said.
    pub archive: Archive,
    /// What may be said.
    pub moderation: Moderation,
    /// How people are slowed down who find out what that is, line by line.
    pub probing: config::moderation::Probing,
    /// What staff should look at.
    pub alerts: Alerts,
    /// What people are called, and who works where.
    pub directory: Directory,
    /// What was spoken.
    pub media: Media,
    /// Who listens.
    pub hub: Hub,
    /// Where people write from.
    pub region: Region,
    /// The date.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
}

/// The live rooms of this node. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    needs: Needs,
    config: config::live::Live,
    rooms: Rooms,
    authors: Authors,
    beside: Beside,
    probes: Probes,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Live {
    /// Rooms over what `needs` holds. Its tasks run until [`Live::close`].
    pub fn start(config: config::live::Live, needs: Needs) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let stored = (needs.archive.clone(), needs.store.clone());
        let owned = (&tasks, stop.clone());
        let (beside, lost) = Beside::start(stored, &config, &needs.metrics, owned);
        let (rooms, authors) = (Rooms::default(), Authors::new(config.authors_max));
        let probes = Probes::new(needs.probing);
        let live =
            Self(Arc::new(Inner { needs, config, rooms, authors, beside, probes, tasks, stop }));
        live.see_to_lost(lost);
        live
    }

    /// Tells viewers how many they are, stores likes and forgets idle rooms, until `stop`.
    pub async fn tend(&self, stop: CancellationToken) {
        let mut telling = interval(self.config().stats_every.0);
        let mut tidying = interval(TIDY_EVERY);
        for due in [&mut telling, &mut tidying] {
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = telling.tick() => {
                    self.refresh_doubted().await;
                    self.tell_stats().await;
                }
                _ = tidying.tick() => {
                    self.store_likes().await;
                    self.count_held().await;
                    self.review_desks();
                    self.forget_idle();
                }
            }
        }
    }

    /// Stores what was shown and is not stored yet, and ends the tasks. To be called when no operation
    /// runs any more, and before the archive is closed.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.store_likes().await;
    }

    /// What `caller` is in the room of `facts`.
    async fn actor(&self, caller: &Caller, facts: &Facts) -> Result<Actor, Refusal> {
        Ok(scope::actor(caller, facts, &self.work(caller, facts).await?))
    }

    /// Where `caller` works, as far as that matters in the room of `facts`.
    async fn work(&self, caller: &Caller, facts: &Facts) -> Result<Work, Refusal> {
        let matters = caller.role.is_institutional() || facts.staff.contains_key(&caller.user);
        if matters { self.work_of(&caller.user).await } else { Ok(Work::Never) }
    }

    /// Where somebody works, as the directory knows.
    async fn work_of(&self, person: &UserId) -> Result<Work, Refusal> {
        let tutor = self.needs().directory.tutor(person).await?;
        Ok(tutor.map_or(Work::Never, |tutor| match tutor.works_for(&tutor.institution) {
            true => Work::At(tutor.institution.clone()),
            false => Work::NoLonger,
        }))
    }

    fn needs(&self) -> &Needs {
        &self.0.needs
    }

    fn config(&self) -> &config::live::Live {
        &self.0.config
    }

    fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    fn authors(&self) -> &Authors {
        &self.0.authors
    }

    fn beside(&self) -> &Beside {
        &self.0.beside
    }

    fn probes(&self) -> &Probes {
        &self.0.probes
    }

    fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Waits until the house closes.
    async fn stopped(&self) {
        self.0.stop.cancelled().await;
    }
}

#[cfg(test)]
mod tests;
