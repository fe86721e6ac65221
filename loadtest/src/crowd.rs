//! Crowds: many visitors let in at once, so many handshakes at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use belfry::identity::Claims;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    latency::Latency,
    link::{Link, Visitor},
    target::Target,
};

/// Who comes.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) count: usize,
    /// The first part of their ids; the second is their number.
    pub(crate) name: &'static str,
    /// A channel each subscribes to; `{n}` in it stands for the visitor's number.
    pub(crate) channel: Option<String>,
    /// They leave as soon as they were let in.
    pub(crate) leaving: bool,
    /// The receive buffer of each, in bytes; `None` leaves it to the system.
    pub(crate) buffer: Option<u32>,
}

/// Lets all of them in, and hands each over at once: who is in must be listened to, or the server
/// takes it for dead. From the first packet to the last reply, that is what is timed.
///
/// # Errors
/// The first refusal: a crowd that is not whole measures nothing.
pub(crate) async fn gather(
    target: &Arc<Target>,
    plan: Plan,
    mut each: impl FnMut(Link),
) -> anyhow::Result<Latency> {
    let (plan, next) = (Arc::new(plan), Arc::new(AtomicUsize::new(0)));
    let (entrance, mut entering) = mpsc::channel(1);
    let mut ushers = JoinSet::new();
    for _ in 0..target.connecting.min(plan.count) {
        let (plan, next) = (Arc::clone(&plan), Arc::clone(&next));
        ushers.spawn(usher(Arc::clone(target), plan, next, entrance.clone()));
    }
    drop(entrance);
    let mut latency = Latency::new();
    loop {
        tokio::select! {
            link = entering.recv() => match link {
                Some(link) => each(link),
                None => break,
            },
            Some(ushered) = ushers.join_next() => latency.add(&ushered??),
        }
    }
    while let Some(ushered) = ushers.join_next().await {
        latency.add(&ushered??);
    }
    Ok(latency)
}

async fn usher(
    target: Arc<Target>,
    plan: Arc<Plan>,
    next: Arc<AtomicUsize>,
    entrance: mpsc::Sender<Link>,
) -> anyhow::Result<Latency> {
    let mut latency = Latency::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return Ok(latency);
        }
        let claims = Claims { sub: format!("{}-{number}", plan.name), ..Claims::default() };
        let visitor = Visitor {
            token: target.token(claims)?,
            channel: plan.channel.as_ref().map(|name| name.replace("{n}", &number.to_string())),
            source: target.source(number),
            buffer: plan.buffer,
        };
        let began = Instant::now();
        let link = Link::open(&target, visitor).await?;
        latency.record(began.elapsed());
        target.count_newcomer();
        if !plan.leaving {
            entrance.send(link).await?;
        }
    }
}
