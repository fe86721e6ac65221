//! Writes to people that wait until what the runtime has at hand is done.
//!
//! What a person is told comes in company as a rule: the event about their message comes right before
//! the answer to the command that sent it, and one commit brings the words of many. A write costs more
//! than all else about an event, so mailboxes wait on one list until the tasks that are ready have had
//! their turn; most of them were written to by then, with the answer. There is no timer: whoever is
//! alone is written to at once. Rooms have ticks, and readers by the thousand: they do not come here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{sync::Notify, task::yield_now};
use tokio_util::sync::CancellationToken;

use crate::{
    hub::{Hub, Inner, Mailbox},
    ids::ChannelName,
};

/// So many mailboxes wait; those beyond are written to where they came up.
const WAITING_MAX: usize = 4_096;

/// After so many writes others have their turn.
const AT_ONCE: usize = 32;

/// The list, and who is to be woken for it.
#[derive(Default)]
pub(super) struct Deferred {
    list: Mutex<List>,
    news: Notify,
}

/// The mailboxes that wait: one may stand in it again when it was written to by its own task.
#[derive(Default)]
struct List {
    waiting: Vec<Arc<Mailbox>>,
    /// Whether anybody comes to write.
    is_tended: bool,
}

impl Deferred {
    /// Takes mailboxes that are to be written to; gives back those that cannot wait here.
    fn add(&self, mut dirty: Vec<Arc<Mailbox>>) -> Vec<Arc<Mailbox>> {
        let mut list = self.lock();
        if !list.is_tended {
            return dirty;
        }
        let room = WAITING_MAX - list.waiting.len();
        let surplus = dirty.split_off(dirty.len().min(room));
        let is_first = list.waiting.is_empty() && !dirty.is_empty();
        list.waiting.append(&mut dirty);
        drop(list);
        if is_first {
            self.news.notify_one();
        }
        surplus
    }

    fn take(&self) -> Vec<Arc<Mailbox>> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// Whether the list is tended from now on; what is on it is given back.
    fn tend(&self, is_tended: bool) -> Vec<Arc<Mailbox>> {
        let mut list = self.lock();
        list.is_tended = is_tended;
        std::mem::take(&mut list.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Writes out what was delivered on `channel`: at once, or with what else its readers get.
    pub(super) fn write_out(&self, channel: &ChannelName, dirty: Vec<Arc<Mailbox>>) {
        let now = if self.is_personal(channel) { self.deferred.add(dirty) } else { dirty };
        self.flusher.flush(now);
    }

    /// Whether the house tells one person things on `channel`.
    fn is_personal(&self, channel: &ChannelName) -> bool {
        let name = match self.personal_namespace.as_str() {
            "" => Some(channel.as_str()),
            namespace => {
                let rest = channel.as_str().strip_prefix(namespace);
                rest.and_then(|rest| rest.strip_prefix(':'))
            }
        };
        name.is_some_and(|name| name.starts_with('#'))
    }
}

impl Hub {
    /// Writes to people what they are told, until `stop`; from then on it is written where it comes up.
    pub async fn write_until(&self, stop: CancellationToken) {
        let deferred = &self.0.deferred;
        deferred.tend(true);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = deferred.news.notified() => {}
            }
            yield_now().await;
            let waiting = deferred.take();
            self.0.metrics.deferred.size(waiting.len());
            for some in waiting.chunks(AT_ONCE) {
                for mailbox in some {
                    mailbox.flush();
                }
                yield_now().await;
            }
        }
        self.0.flusher.flush(deferred.tend(false));
    }
}
