//! A house of rooms on a file of its own: real store, archive, hub and moderation; the clock is set.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, LazyLock, Mutex},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    alert::{self, Alerts},
    archive::{Archive, Window},
    clock::Clock,
    config::{self, keys::Keys},
    directory::Directory,
    hub::{Dialect, Guest, Hub, Mailbox, Place, Query, Signal, Wire, Wishes},
    ids::ChannelName,
    live::{Live, Needs, Region, operations::operations},
    media::{self, Media, link::Signer},
    moderation::{Action, Moderation},
    operation::{Caller, Catalogue, Refusal, Role},
    store::{Rows, Statement, Store},
    telemetry::{Health, Metrics},
};

/// The time at which every test begins.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;

/// The rules, made ready once for all tests: none of them changes them.
static MODERATION: LazyLock<Moderation> =
    LazyLock::new(|| Moderation::load(&config::moderation::Moderation::default()).unwrap());

/// The same, of which whatever they find is hidden in rooms.
static HIDING: LazyLock<Moderation> = LazyLock::new(|| {
    let mut config = config::moderation::Moderation::default();
    let hides = config::moderation::Actions {
        privacy: Action::Hide,
        property: Action::Hide,
        sensitive: Action::Hide,
    };
    config.matrix.live.user = hides;
    Moderation::load(&config).unwrap()
});

/// A node with rooms.
pub(super) struct House {
    pub(super) live: Live,
    pub(super) clock: Clock,
    pub(super) hub: Hub,
    pub(super) metrics: Metrics,
    pub(super) archive: Archive,
    pub(super) directory: Directory,
    pub(super) media: Media,
    pub(super) catalogue: Catalogue,
    pub(super) store: Store,
    pub(super) folder: Arc<TempDir>,
    config: Furniture,
}

/// What a house is set up with.
#[derive(Clone)]
struct Furniture {
    live: config::live::Live,
    archive: config::archive::Archive,
    moderation: Moderation,
}

impl Default for Furniture {
    fn default() -> Self {
        let (live, archive) = Default::default();
        Self { live, archive, moderation: MODERATION.clone() }
    }
}

/// Somebody who only watches, and everything that was written to them.
pub(super) struct Watcher {
    paper: Arc<Mutex<Vec<u8>>>,
    guest: Guest,
}

struct Paper(Arc<Mutex<Vec<u8>>>);

impl Wire for Paper {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
}

/// A candidate.
pub(super) fn user(id: &str) -> Caller {
    let address = IpAddr::from([10, 0, 0, 1]);
    Caller { address: Some(address), ..Caller::new(id, Role::User) }
}

/// The host of the room `r1`, which is of `inst1`.
pub(super) fn host() -> Caller {
    Caller::new("tutor1", Role::Tutor).of("inst1")
}

/// The admin of `inst1`.
pub(super) fn admin() -> Caller {
    Caller::new("admin1", Role::InstitutionAdmin).of("inst1")
}

/// The platform's moderator.
pub(super) fn moderator() -> Caller {
    Caller::new("mod1", Role::Moderator)
}

/// The platform's operator.
pub(super) fn operator() -> Caller {
    Caller::new("op1", Role::Operator)
}

impl House {
    /// A house with the room `r1` of `inst1`, live, led by `tutor1`.
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same after `change` had its way with the configuration.
    pub(super) async fn with(change: impl FnOnce(&mut config::live::Live)) -> Self {
        let mut furniture = Furniture::default();
        change(&mut furniture.live);
        Self::furnished(furniture).await
    }

    /// The same, whose archive takes so many records of a thread.
    pub(super) async fn narrow(records: usize) -> Self {
        // What has no key of its own has twice the room.
        let thread_day_max = records / 2;
        let archive = config::archive::Archive { thread_day_max, ..Default::default() };
        Self::furnished(Furniture { archive, ..Furniture::default() }).await
    }

    /// The same, whose rules hide what they find in comments of users.
    pub(super) async fn hiding() -> Self {
        let moderation = HIDING.clone();
        Self::furnished(Furniture { moderation, ..Furniture::default() }).await
    }

    async fn furnished(config: Furniture) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let house = Self::at(folder, Clock::set(NOW_MS), config).await;
        for id in ["inst1", "inst2"] {
            let entry = json!({"id": id, "name": "青云教育", "certification": "certified"});
            let entry = serde_json::from_value(entry).unwrap();
            house.directory.put_institution(&entry).await.unwrap();
        }
        for (id, institution) in
            [("tutor1", "inst1"), ("tutor2", "inst1"), ("admin1", "inst1"), ("tutor9", "inst2")]
        {
            let entry = json!({"id": id, "institution": institution, "name": format!("{id}老师"),
                "admin": id == "admin1"});
            house.directory.put_tutor(&serde_json::from_value(entry).unwrap()).await.unwrap();
        }
        for id in ["ann", "ben"] {
            let entry = json!({"id": id, "nickname": format!("考生{id}"), "avatar": "/a.png"});
            house.directory.put_profile(&serde_json::from_value(entry).unwrap()).await.unwrap();
        }
        let room = json!({"id": "r1", "title": "选岗答疑", "institution": "inst1",
            "hosts": ["tutor1"]});
        house.ask(&operator(), "room.put", room).await;
        house.ask(&host(), "start", json!({"room": "r1"})).await;
        house
    }

    async fn at(folder: Arc<TempDir>, clock: Clock, config: Furniture) -> Self {
        let metrics = Metrics::new();
        let mut section = config::store::Store::sqlite(&folder.path().join("live.db"));
        section.busy_timeout = config::value::Span::milliseconds(50);
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let keys = Keys { file: folder.path().join("keys.toml"), ..Keys::default() };
        let archive = Archive::open(store.clone(), &config.archive, &keys, clock.clone(), &metrics)
            .await
            .unwrap();
        let channels = config::channels::Channels::default();
        let hub = Hub::start(config::hub::Hub::default(), &channels, metrics.clone()).unwrap();
        let directory = Directory::new(store.clone(), clock.clone());
        let region: Region = Arc::new(|_| "浙江".into());
        let url = format!("file:{}", folder.path().join("files").display());
        let section = config::media::Media { url, ..config::media::Media::default() };
        let keys = archive.derive(media::link::KEYS_FOR);
        let needs = media::Needs {
            store: store.clone(),
            signer: Signer::new(&keys, "", section.link_ttl),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let media = Media::open(section, needs).unwrap();
        let needs = Needs {
            store: store.clone(),
            archive: archive.clone(),
            moderation: config.moderation.clone(),
            probing: config::moderation::Moderation::default().probing(),
            alerts: Alerts::new(alert::Needs {
                store: store.clone(),
                clock: clock.clone(),
                metrics: metrics.clone(),
            }),
            directory: directory.clone(),
            media: media.clone(),
            hub: hub.clone(),
            region,
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let live = Live::start(config.live.clone(), needs);
        let mut catalogue = Catalogue::new(&config::rates::Rates::default());
        catalogue.add(operations(&live));
        Self {
            live,
            clock,
            hub,
            metrics,
            archive,
            directory,
            media,
            catalogue,
            store,
            folder,
            config,
        }
    }

    /// As after a restart of the server.
    pub(super) async fn restarted(self) -> Self {
        self.live.close().await;
        self.archive.close().await;
        self.store.close().await;
        Self::at(self.folder, self.clock, self.config).await
    }

    pub(super) async fn call(
        &self,
        who: &Caller,
        name: &str,
        input: Value,
    ) -> Result<Value, Refusal> {
        let name = format!("live.{name}");
        let answer = self.catalogue.call(who.clone(), &name, &input.to_string()).await?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// The answer of a call that is expected to succeed.
    pub(super) async fn ask(&self, who: &Caller, name: &str, input: Value) -> Value {
        self.call(who, name, input).await.unwrap()
    }

    /// The refusal of a call that is expected to be refused.
    pub(super) async fn refused(&self, who: &Caller, name: &str, input: Value) -> String {
        self.call(who, name, input).await.unwrap_err().to_string()
    }

    /// Says `text` in `r1` under a key of its own.
    pub(super) async fn say(&self, who: &Caller, text: &str) -> Result<Value, Refusal> {
        let client_id = format!("k{}", fastrand::u64(..));
        let input = json!({"room": "r1", "client_id": client_id, "text": text});
        self.call(who, "comment", input).await
    }

    /// The id of a comment that is expected to be taken.
    pub(super) async fn said(&self, who: &Caller, text: &str) -> String {
        self.say(who, text).await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn set(&self, settings: Value) -> Value {
        self.ask(&host(), "settings", json!({"room": "r1", "set": settings})).await
    }

    /// What the stream of a channel keeps.
    pub(super) async fn kept(&self, channel: &str) -> Vec<Value> {
        let query = Query { since: None, limit: 1_000, reverse: false };
        let page = self.hub.history(&ChannelName::from(channel), &query).await;
        for (offset, publication) in (1..).zip(&page.publications) {
            assert!(publication.offset >= offset, "offsets rise");
        }
        page.publications.iter().map(|it| serde_json::from_slice(&it.data).unwrap()).collect()
    }

    /// The types of the events that viewers can still read.
    pub(super) async fn types(&self, channel: &str) -> Vec<String> {
        let events = self.kept(channel).await;
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The last event of a channel.
    pub(super) async fn last(&self, channel: &str) -> Value {
        self.kept(channel).await.pop().unwrap()
    }

    /// What the archive has of a thread, by kind and content.
    pub(super) async fn archived(&self, thread: &str) -> Vec<(String, Value)> {
        self.live.beside().settled().await;
        let records = self.archive.read(thread, Window::after(0, 1_000)).await.unwrap();
        let content = |bytes: Option<Vec<u8>>| serde_json::from_slice(&bytes.unwrap()).unwrap();
        records.into_iter().map(|it| (it.kind, content(it.content))).collect()
    }

    pub(super) async fn sql(&self, sql: &str) -> Rows {
        let rows = self.store.commit(vec![Statement::new(sql.to_owned())]).await.unwrap();
        rows.into_iter().next().unwrap()
    }

    pub(super) fn counts(&self, line: &str) -> bool {
        self.metrics.encode().contains(&format!("{line}\n"))
    }

    /// Somebody begins to watch a channel.
    pub(super) fn watch(&self, channel: &str) -> Watcher {
        let paper = Arc::<Mutex<Vec<u8>>>::default();
        let wire = Box::new(Paper(Arc::clone(&paper)));
        let guest = self.hub.admit(Dialect::UniStreamJson, wire);
        let channel = ChannelName::from(channel);
        self.hub.join(&channel, guest.mailbox(), Wishes::default());
        self.hub.go_live(&channel, guest.mailbox(), Place::Unpositioned);
        Watcher { paper, guest }
    }

    /// Lets the house tend its rooms until the token is dropped.
    pub(super) fn tended(&self) -> tokio_util::sync::DropGuard {
        let stop = CancellationToken::new();
        let (live, stopped) = (self.live.clone(), stop.clone());
        tokio::spawn(async move { live.tend(stopped).await });
        stop.drop_guard()
    }
}

impl Watcher {
    /// Every event that came.
    pub(super) fn events(&self) -> Vec<Value> {
        let paper = String::from_utf8(self.paper.lock().unwrap().clone()).unwrap();
        let event = |line: &str| {
            let push: Value = serde_json::from_str(line).unwrap();
            push["pub"]["data"].clone()
        };
        paper.lines().map(event).collect()
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        self.guest.mailbox()
    }

    /// Waits until the house asks something of them.
    pub(super) async fn asked(&self) -> Vec<Signal> {
        loop {
            let signals = self.mailbox().take_signals();
            if !signals.is_empty() {
                return signals;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until an event of this type has come.
    pub(super) async fn hears(&self, kind: &str) -> Value {
        loop {
            if let Some(event) = self.events().into_iter().find(|event| event["type"] == kind) {
                return event;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// JSON with the ids and times of this run replaced, for snapshots.
pub(super) fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    let is_id = |piece: &str| piece.len() == 32 && piece.bytes().all(|it| it.is_ascii_hexdigit());
    let ids: Vec<_> = text.split('"').filter(|it| is_id(it)).map(str::to_owned).collect();
    let mut known: Vec<String> = Vec::new();
    for id in ids {
        if !known.contains(&id) {
            known.push(id);
        }
    }
    for (at, id) in known.iter().enumerate() {
        text = text.replace(id, &format!("id{}", at + 1));
    }
    text.replace("1800000", "T")
}
