//! `consult`: candidates and tutors talk; what is acknowledged is on disk, and the other side hears it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use belfry::{identity::Claims, operation::Role};
use serde_json::json;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    cli, limits,
    process::{Spent, Stretch},
    report::Report,
    sampler::Sampler,
    talker::{Call, Pace, Talker},
    tally::{Phase, Tally},
    target::Target,
};

/// The institution whose tutors answer; it is made by the run itself.
const INSTITUTION: &str = "load";

/// What has been sent is acknowledged and heard within this time after the end.
const SETTLING: Duration = Duration::from_secs(30);

/// Opens the conversations, lets both sides talk, reports what was acknowledged and heard.
pub(crate) async fn run(target: &Arc<Target>, wanted: &cli::Consult) -> anyhow::Result<Report> {
    ensure!(target.is_centrifuge(), "consult calls operations, which Belfry alone has");
    limits::check(2 * wanted.conversations + target.connecting)?;
    let institution = json!({"id": INSTITUTION, "name": "压测机构", "certification": "certified"});
    Call::service(target).await?.call("directory.institution.put", &institution).await?;
    let tally = Arc::new(Tally::new());
    let sampler = Sampler::start(target, {
        let tally = Arc::clone(&tally);
        move || tally.acknowledged()
    });
    let (mut talks, mut ushers) = (JoinSet::new(), JoinSet::new());
    let next = Arc::new(AtomicUsize::new(0));
    let (entrance, mut entering) = mpsc::channel(1);
    for _ in 0..target.connecting.min(wanted.conversations) {
        let (target, next) = (Arc::clone(target), Arc::clone(&next));
        ushers.spawn(usher(target, next, wanted.conversations, entrance.clone()));
    }
    drop(entrance);
    let pace = Pace::of(wanted.rate, 2 * wanted.conversations);
    while let Some(mut talker) = entering.recv().await {
        let tally = Arc::clone(&tally);
        talks.spawn(async move { talker.talk(pace, &tally).await });
    }
    while let Some(ushered) = ushers.join_next().await {
        ushered??;
    }
    tally.enter(Phase::Talking);
    sleep(wanted.warm_up.0).await;
    tally.forget_latencies();
    let (before, stretch) = (tally.acknowledged(), Stretch::begin(target.process.as_ref())?);
    watch(&mut talks, wanted.duration.0).await?;
    let (counted, spent) = (tally.acknowledged() - before, stretch.end()?);
    tally.enter(Phase::Over);
    settle(talks).await?;
    let mut report = report(wanted, counted, spent);
    tally.report(&mut report);
    report.series = sampler.stop();
    Ok(report)
}

/// Opens one conversation after the other, until all are open.
async fn usher(
    target: Arc<Target>,
    next: Arc<AtomicUsize>,
    count: usize,
    entrance: mpsc::Sender<Talker>,
) -> anyhow::Result<()> {
    let mut house = Call::service(&target).await?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        for talker in converse(&target, &mut house, number).await? {
            entrance.send(talker).await?;
        }
        target.progress.tell(format_args!("{number} of {count} talk"));
    }
}

/// A candidate and a tutor of their own, in an open conversation.
async fn converse(target: &Target, house: &mut Call, number: usize) -> anyhow::Result<[Talker; 2]> {
    let tutor = format!("load-tutor-{number}");
    let entry = json!({"id": tutor, "institution": INSTITUTION, "name": "压测老师"});
    house.call("directory.tutor.put", &entry).await?;
    let role = Some(Role::Tutor);
    let inst = Some(INSTITUTION.to_owned());
    let claims = Claims { sub: tutor.clone(), role, inst, ..<_>::default() };
    let mut desk = Call::open(target, target.source(number), claims).await?;
    desk.call("consult.state", &json!({"state": "online"})).await?;

    let claims = Claims { sub: format!("load-candidate-{number}"), ..<_>::default() };
    let mut candidate = Call::open(target, target.source(number), claims).await?;
    let wish = json!({"institution": INSTITUTION, "tutor": tutor});
    let opening = candidate.call("consult.open", &wish).await?;
    let conversation = opening["conversation"].as_str().context("consult.open names none")?;
    let run = target.now_ms();
    let mut chance = fastrand::Rng::with_seed(target.seed_of(number));
    let mut talker = |call, side| {
        let key = format!("{side}-{run}");
        Talker::new(call, conversation, key, target.stamps, chance.f64())
    };
    Ok([talker(candidate, "candidate"), talker(desk, "tutor")])
}

/// Lets the time pass, and ends early when somebody could not go on.
async fn watch(talks: &mut JoinSet<anyhow::Result<()>>, duration: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        sleep(Duration::from_secs(1).min(end - Instant::now())).await;
        if let Some(ended) = talks.try_join_next() {
            ended??;
        }
    }
    Ok(())
}

async fn settle(mut talks: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    let settled = async {
        while let Some(ended) = talks.join_next().await {
            ended??;
        }
        Ok(())
    };
    let waited = tokio::time::timeout(SETTLING, settled).await;
    waited.context("messages were still under way after the end")?
}

fn report(wanted: &cli::Consult, counted: u64, spent: Spent) -> Report {
    let mut report = Report::new("consult");
    report.set("conversations", wanted.conversations as f64);
    report.set("seconds", spent.wall.as_secs_f64());
    report.set("acknowledged", counted as f64);
    report.set("per_s", spent.per_s(counted));
    report.set_if("cpu_seconds", spent.cpu.map(|cpu| cpu.as_secs_f64()));
    report.set_if("per_cpu_s", spent.per_cpu_s(counted));
    report
}
