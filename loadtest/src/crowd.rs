//! Crowds: many visitors let in at once, so many handshakes at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use belfry::identity::Claims;
use tokio::{task::JoinSet, time::Instant};

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

/// Who was let in.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) links: Vec<Link>,
    /// From the first packet to the last reply.
    pub(crate) latency: Latency,
}

impl Crowd {
    /// Lets all of them in.
    ///
    /// # Errors
    /// The first refusal: a crowd that is not whole measures nothing.
    pub(crate) async fn gather(target: &Arc<Target>, plan: Plan) -> anyhow::Result<Self> {
        let (plan, next) = (Arc::new(plan), Arc::new(AtomicUsize::new(0)));
        let mut ushers = JoinSet::new();
        for _ in 0..target.connecting.min(plan.count) {
            ushers.spawn(usher(Arc::clone(target), Arc::clone(&plan), Arc::clone(&next)));
        }
        let mut crowd = Self { links: Vec::with_capacity(plan.count), latency: Latency::new() };
        while let Some(ushered) = ushers.join_next().await {
            let part = ushered??;
            crowd.links.extend(part.links);
            crowd.latency.add(&part.latency);
        }
        Ok(crowd)
    }
}

async fn usher(
    target: Arc<Target>,
    plan: Arc<Plan>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Crowd> {
    let mut crowd = Crowd { links: Vec::new(), latency: Latency::new() };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return Ok(crowd);
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
        crowd.latency.record(began.elapsed());
        target.count_newcomer();
        if !plan.leaving {
            crowd.links.push(link);
        }
    }
}
