//! The house: every part built once, in order, and taken down in reverse.

pub mod cli;
pub mod command;
pub mod lifecycle;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    channel::{self, Access},
    clock::Clock,
    config::Config,
    http,
    hub::Hub,
    identity::{self, Identity},
    listener::Listener,
    operation::Catalogue,
    protocol::code::{Disconnect, DisconnectCode},
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
    store: Store,
    hub: Hub,
    identity: Identity,
    catalogue: Arc<Catalogue>,
    listener: Listener,
    router: Router,
    connections: TaskTracker,
}

impl App {
    /// Builds every part, from the ground up, and binds the address.
    ///
    /// # Errors
    /// What could not be built, and why.
    pub async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let (metrics, health) = (Metrics::new(), Health::default());
        // First of all: a second server on the address must not touch the first one's data.
        let listener = Listener::bind(config.http.clone(), &config.admission, metrics.clone())?;
        let store = Store::open(&config.store, &metrics, health.part("store"))
            .await
            .context("open the database")?;
        let hub = Hub::start(config.hub, &config.channels, metrics.clone())
            .context("start the flushers")?;
        let identity = Identity::open(&config.identity, clock.clone(), store.clone(), &metrics)
            .await
            .context("set up identity")?;
        let access = Access::new(hub.clone(), identity.clone());
        let platform = channel::Platform::new(hub.clone(), config.channels.history_max);
        let mut catalogue = Catalogue::new(&config.rates).measured(metrics.clone());
        catalogue.add(identity::operations(&identity, &hub));
        catalogue.add(channel::operations(&platform));
        let catalogue = Arc::new(catalogue);

        let connections = TaskTracker::new();
        let door = http::router(http::Needs {
            catalogue: Arc::clone(&catalogue),
            identity: identity.clone(),
            http: config.http.clone(),
            metrics: metrics.clone(),
            health,
        });
        let needs = Arc::new(session::Needs {
            hub: hub.clone(),
            identity: identity.clone(),
            access,
            catalogue: Arc::clone(&catalogue),
            clock,
            metrics,
            client: config.client,
            channels: config.channels,
            per_user: config.admission.per_user,
        });
        let transport = Transport { needs, http: config.http, tasks: connections.clone() };
        let router = door.merge(transport.router());
        Ok(Self { store, hub, identity, catalogue, listener, router, connections })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Serves until `stop`, then lets everybody go in order.
    pub async fn run(self, stop: CancellationToken) {
        let Self { store, hub, identity, catalogue, listener, router, connections } = self;
        let (keepers, keepers_stop) = (TaskTracker::new(), CancellationToken::new());
        keepers.spawn({
            let (hub, stop) = (hub.clone(), keepers_stop.clone());
            async move { hub.beat_until(stop).await }
        });
        keepers.spawn({
            let stop = keepers_stop.clone();
            async move { identity.tend(stop).await }
        });
        let goodbye = Disconnect::from(DisconnectCode::Shutdown);
        let drain = async {
            stop.cancelled().await;
            hub.disconnect_all(&goodbye, DRAIN_SLICE, DRAIN_PAUSE).await;
        };
        tokio::join!(listener.serve(router, stop.clone()), drain);
        // Those whose handshake was under way when the others were told.
        hub.disconnect_all(&goodbye, DRAIN_SLICE, DRAIN_PAUSE).await;
        connections.close();
        connections.wait().await;
        catalogue.finish().await;
        keepers_stop.cancel();
        keepers.close();
        keepers.wait().await;
        store.close().await;
    }
}
