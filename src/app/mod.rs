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
    identity::Identity,
    listener::Listener,
    operation::Catalogue,
    protocol::code::{Disconnect, DisconnectCode},
    session,
    telemetry::{Health, Metrics},
    transport::Transport,
};

/// Connections are closed so many at a time when the server stops, and so far apart, lest all
/// clients come back at the same moment.
const DRAIN_SLICE: usize = 512;
const DRAIN_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens, and runs once [`App::run`] is called.
pub struct App {
    hub: Hub,
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
    #[expect(clippy::unused_async, reason = "parts that come next wait for the database")]
    pub async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let (metrics, health) = (Metrics::new(), Health::default());
        let hub = Hub::start(config.hub, &config.channels, metrics.clone())
            .context("start the flushers")?;
        let identity = Identity::new(&config.identity, clock.clone()).context("set up identity")?;
        let access = Access::new(hub.clone(), identity.clone());
        let platform = channel::Platform::new(hub.clone(), config.channels.history_max);
        let mut catalogue = Catalogue::new(&config.rates).measured(metrics.clone());
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
        let http = config.http.clone();
        let listener = Listener::bind(config.http, &config.admission, metrics.clone())?;
        let needs = Arc::new(session::Needs {
            hub: hub.clone(),
            identity,
            access,
            catalogue: Arc::clone(&catalogue),
            clock,
            metrics,
            client: config.client,
            channels: config.channels,
            per_user: config.admission.per_user,
        });
        let transport = Transport { needs, http, tasks: connections.clone() };
        let router = door.merge(transport.router());
        Ok(Self { hub, catalogue, listener, router, connections })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Serves until `stop`, then lets everybody go in order.
    pub async fn run(self, stop: CancellationToken) {
        let Self { hub, catalogue, listener, router, connections } = self;
        let pulse_stop = CancellationToken::new();
        let pulse = tokio::spawn({
            let (hub, stop) = (hub.clone(), pulse_stop.clone());
            async move { hub.beat_until(stop).await }
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
        pulse_stop.cancel();
        if let Err(fault) = pulse.await {
            tracing::error!(%fault, "the pulse stopped");
        }
    }
}
