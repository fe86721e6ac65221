//! A server in this process, on a free port, with files of its own.

use std::net::SocketAddr;

use belfry::{
    app::App,
    clock::Clock,
    config::{
        Config,
        channels::{Namespace, Who},
        store::Store,
        value::{Secret, Span},
    },
    identity::{Claims, Identity},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Ask, PATIENCE, Visitor};

/// A running server.
pub struct House {
    pub address: SocketAddr,
    identity: Identity,
    stop: CancellationToken,
    running: JoinHandle<()>,
    _files: tempfile::TempDir,
}

impl House {
    /// A house with namespace `room` (open to users, everything on) beside the built-in ones.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// The same, after `change` had its way with the configuration.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.store = Store::sqlite(&files.path().join("belfry.db"));
        config.keys.file = files.path().join("keys.toml");
        config.media.url = format!("file:{}", files.path().join("media").display());
        config.identity.hmac_secret = Secret::new("a secret of the tests, of no use elsewhere");
        config.channels.namespaces.insert("room".to_owned(), room());
        change(&mut config);
        let identity = Identity::new(&config.identity, Clock::system()).unwrap();
        let app = App::build(config, Clock::system()).await.unwrap();
        let (address, stop) = (app.address(), CancellationToken::new());
        let running = tokio::spawn(app.run(stop.clone()));
        Self { address, identity, stop, running, _files: files }
    }

    /// A token for `user` as the platform would give it out.
    pub fn token(&self, user: &str) -> String {
        self.token_with(user, |_| {})
    }

    /// The same, after `change` had its way with the claims.
    pub fn token_with(&self, user: &str, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = Claims { sub: user.to_owned(), ..Claims::default() };
        change(&mut claims);
        self.identity.mint(&claims).unwrap()
    }

    /// `user`, connected in JSON.
    pub async fn visitor(&self, user: &str) -> Visitor {
        let mut visitor = Visitor::arrive(self.address).await;
        visitor.connect(&self.token(user)).await.unwrap();
        visitor
    }

    /// Waits until the metrics hold `line`.
    pub async fn counts(&self, line: &str) {
        let told = async {
            loop {
                let page = Ask::get("/metrics").with("connection", "close").of(self.address).await;
                let page = String::from_utf8(page.rest().await).unwrap();
                if page.lines().any(|told| told == line) {
                    return;
                }
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("`{line}` was not told"));
    }

    /// Stops the server and waits until it is down.
    pub async fn close(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

fn room() -> Namespace {
    Namespace {
        presence: true,
        join_leave: true,
        history_size: 10,
        history_ttl: Span::seconds(60),
        allow_recovery: true,
        subscribe: Who::User,
        publish: Who::Subscriber,
        history: Who::Subscriber,
        read_presence: Who::Subscriber,
        ..Namespace::default()
    }
}
