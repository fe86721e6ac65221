//! The house: every part built once, in order, and taken down in reverse.

pub mod cli;
pub mod command;
pub mod demo;
pub mod lifecycle;
mod rooms;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alert::{self, Alerts},
    archive::Archive,
    channel::{self, Access, Platform},
    clock::Clock,
    config::Config,
    consult::{self, Consult},
    curation::{self, Curation},
    directory::{self, Directory, operations::NameCheck},
    error::Code,
    http,
    hub::Hub,
    identity::{self, Identity},
    listener::Listener,
    live::{self, Live},
    media::{self, Media, link::Signer},
    moderation::{Action, Moderation, Place, Question, Side},
    operation::{Catalogue, Refusal},
    protocol::code::DisconnectCode,
    region::{self, Region},
    session,
    store::Store,
    telemetry::{Health, Metrics},
    transport::Transport,
};

/// Connections are closed so many at a time when the server stops, and so far apart, lest all
/// clients come back at the same moment.
const DRAIN_SLICE: usize = 512;
const DRAIN_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens, and runs once [`App::run`] is called.
pub struct App {
    foundations: Foundations,
    catalogue: Arc<Catalogue>,
    listener: Listener,
    router: Router,
    connections: TaskTracker,
}

/// What the domains stand on, from the ground up.
struct Foundations {
    clock: Clock,
    metrics: Metrics,
    health: Health,
    store: Store,
    hub: Hub,
    identity: Identity,
    moderation: Moderation,
    curation: Curation,
    archive: Archive,
    alerts: Alerts,
    directory: Directory,
    live: Live,
    media: Media,
    region: Region,
}

impl App {
    /// Builds every part, from the ground up, and binds the address.
    ///
    /// # Errors
    /// What could not be built, and why.
    pub async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let metrics = Metrics::new();
        // First of all: a second server on the address must not touch the first one's data.
        let listener = Listener::bind(config.http.clone(), &config.admission, metrics.clone())?;
        let foundations = Foundations::lay(&config, clock, metrics).await?;
        let catalogue = Arc::new(catalogue(&config, &foundations));
        let Foundations { metrics, health, hub, identity, clock, live, media, .. } = &foundations;

        let door = http::router(http::Needs {
            catalogue: Arc::clone(&catalogue),
            identity: identity.clone(),
            media: media.clone(),
            http: config.http.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
        });
        let needs = Arc::new(session::Needs {
            hub: hub.clone(),
            identity: identity.clone(),
            access: Access::new(hub.clone(), identity.clone())
                .with(rooms::domains(live, &catalogue, clock)),
            catalogue: Arc::clone(&catalogue),
            clock: clock.clone(),
            metrics: metrics.clone(),
            client: config.client,
            channels: config.channels,
            per_user: config.admission.per_user,
        });
        let connections = TaskTracker::new();
        let transport = Transport::new(needs, config.http.clone(), connections.clone());
        let streams = http::dress(transport.streams(), &config.http, metrics);
        let router = door.merge(streams).merge(transport.sockets());
        Ok(Self { foundations, catalogue, listener, router, connections })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Puts the demo's people into the directory, and gives each a token.
    ///
    /// # Errors
    /// What could not be written.
    pub async fn furnish(&self) -> anyhow::Result<Vec<demo::Pass>> {
        demo::furnish(&self.catalogue).await?;
        demo::passes(&self.foundations.identity, &self.foundations.clock)
    }

    /// Serves until `stop`, then lets everybody go in order.
    pub async fn run(self, stop: CancellationToken) {
        let Self { foundations, catalogue, listener, router, connections } = self;
        let Foundations {
            hub,
            identity,
            health,
            archive,
            store,
            curation,
            alerts,
            live,
            media,
            ..
        } = foundations;
        let keepers = TaskTracker::new();
        let keepers_stop = CancellationToken::new();
        let (pulse, pulse_stop) = (hub.clone(), keepers_stop.clone());
        keepers.spawn(async move { pulse.beat_until(pulse_stop).await });
        let (ticker, ticker_stop) = (hub.clone(), keepers_stop.clone());
        keepers.spawn(async move { ticker.tick_until(ticker_stop).await });
        let (writer, write_stop) = (hub.clone(), keepers_stop.clone());
        keepers.spawn(async move { writer.write_until(write_stop).await });
        let tend_stop = keepers_stop.clone();
        keepers.spawn(async move { identity.tend(tend_stop).await });
        let look_stop = keepers_stop.clone();
        keepers.spawn(async move { curation.tend(look_stop).await });
        let count_stop = keepers_stop.clone();
        keepers.spawn(async move { alerts.tend(count_stop).await });
        let (rooms, tell_stop) = (live.clone(), keepers_stop.clone());
        keepers.spawn(async move { rooms.tend(tell_stop).await });
        let sweep_stop = keepers_stop.clone();
        keepers.spawn(async move { media.tend(sweep_stop).await });

        let drain = async {
            stop.cancelled().await;
            health.drain();
            hub.drain(DisconnectCode::Shutdown.into(), DRAIN_SLICE, DRAIN_PAUSE).await;
        };
        tokio::join!(listener.serve(router, stop.clone()), drain);
        connections.close();
        connections.wait().await;
        catalogue.finish().await;
        live.close().await;
        archive.close().await;
        store.close().await;
        keepers_stop.cancel();
        keepers.close();
        keepers.wait().await;
    }
}

impl Foundations {
    async fn lay(config: &Config, clock: Clock, metrics: Metrics) -> anyhow::Result<Self> {
        let health = Health::default();
        let store = Store::open(&config.store, &metrics, health.part("store"))
            .await
            .context("open the database")?;
        let hub = Hub::start(config.hub.clone(), &config.channels, metrics.clone())
            .context("start the flushers")?;
        let identity = Identity::open(&config.identity, clock.clone(), store.clone(), &metrics)
            .await
            .context("set up identity")?;
        let moderation = Moderation::load(&config.moderation).context("load the lexicon")?;
        let needs = curation::Needs {
            store: store.clone(),
            moderation: moderation.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let curation = Curation::open(config.moderation.clone(), needs)
            .await
            .context("read the published rules")?;
        let archive =
            Archive::open(store.clone(), &config.archive, &config.keys, clock.clone(), &metrics)
                .await
                .context("open the archive")?;
        let alerts = Alerts::new(alert::Needs {
            store: store.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        });
        let region = Region::load(&config.region, &metrics).context("load the region data")?;
        let directory = Directory::new(store.clone(), clock.clone());
        let keys = archive.derive(media::link::KEYS_FOR);
        let media = media::Needs {
            store: store.clone(),
            signer: Signer::new(&keys, &config.http.public_url, config.media.link_ttl),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let media = Media::open(config.media.clone(), media).context("open the files")?;
        let needs = live::Needs {
            store: store.clone(),
            archive: archive.clone(),
            moderation: moderation.clone(),
            probing: config.moderation.probing(),
            alerts: alerts.clone(),
            directory: directory.clone(),
            media: media.clone(),
            hub: hub.clone(),
            region: rooms::region(&region),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let live = Live::start(config.live.clone(), needs);
        Ok(Self {
            clock,
            metrics,
            health,
            store,
            hub,
            identity,
            moderation,
            curation,
            archive,
            alerts,
            directory,
            live,
            media,
            region,
        })
    }
}

/// What is answered for a name that could not be judged. A moment later it may be.
const UNJUDGED: &str = "the name could not be judged, so it was not taken; try again";

/// Everything that both doors offer.
fn catalogue(config: &Config, foundations: &Foundations) -> Catalogue {
    let Foundations {
        clock,
        metrics,
        store,
        hub,
        identity,
        moderation,
        curation,
        archive,
        alerts,
        directory,
        live,
        media,
        region,
        ..
    } = foundations;
    let needs = consult::Needs {
        store: store.clone(),
        archive: archive.clone(),
        media: media.clone(),
        moderation: moderation.clone(),
        probing: config.moderation.probing(),
        alerts: alerts.clone(),
        directory: directory.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
    };
    let consult = Consult::new(config.consult.clone(), needs);
    let platform = Platform::new(hub.clone(), config.channels.history_max);

    let mut catalogue = Catalogue::new(&config.rates).measured(metrics.clone());
    catalogue.add(channel::operations(&platform));
    catalogue.add(identity::operations(identity, hub));
    catalogue.add(directory::operations::operations(directory, &name_check(moderation, metrics)));
    catalogue.add(curation::operations::operations(curation));
    catalogue.add(alert::operations::operations(alerts, hub));
    catalogue.add(media::operations::operations(media));
    catalogue.add(region::operations::operations(region));
    catalogue.add(consult::operations::operations(&consult, hub));
    catalogue.add(live::operations::operations(live));
    catalogue
}

/// Names that others see pass moderation, or are refused with what they hit.
fn name_check(moderation: &Moderation, metrics: &Metrics) -> NameCheck {
    let (moderation, metrics) = (moderation.clone(), metrics.clone());
    Arc::new(move |name| {
        let question =
            Question { text: name, earlier: &[], place: Place::Nickname, side: Side::User };
        let judged = moderation.decide(question, &metrics);
        let verdict = judged.map_err(|_| Refusal::new(Code::Unavailable).because(UNJUDGED))?;
        match (verdict.action, verdict.category) {
            (Action::Allow, _) => Ok(()),
            (_, Some(category)) => {
                Err(Refusal::new(Code::Rejected).with("category", category.as_str()))
            }
            (_, None) => Err(Code::Rejected.into()),
        }
    })
}
