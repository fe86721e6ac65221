//! A house on a file of its own: real store, archive, directory and moderation; the clock is set.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    alert::{self, Alerts},
    archive::Archive,
    clock::Clock,
    config::{self, keys::Keys},
    consult::{Consult, Needs, announce::Bulletin, sample},
    directory::{Directory, Employment, SUPPORT, Tutor},
    error::Code,
    media::{self, Media, link::Signer},
    moderation::Moderation,
    operation::{Caller, Refusal, Role},
    store::{Statement, Store},
    telemetry::{Health, Metrics},
};

/// The time at which every test begins.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;

/// The parts, and what was made known by the last call.
pub(super) struct House {
    pub(super) consult: Consult,
    pub(super) clock: Clock,
    pub(super) directory: Directory,
    pub(super) media: Media,
    pub(super) metrics: Metrics,
    pub(super) moderation: Moderation,
    archive: Archive,
    store: Store,
    config: Settings,
    folder: Arc<TempDir>,
}

type Settings = (config::consult::Consult, config::moderation::Moderation);

/// A candidate.
pub(super) fn user(id: &str) -> Caller {
    Caller::new(id, Role::User)
}

/// A tutor of `inst1`, or of `inst2` when the id ends with 9.
pub(super) fn tutor(id: &str) -> Caller {
    Caller::new(id, Role::Tutor).of(if id.ends_with('9') { "inst2" } else { "inst1" })
}

/// The admin of `inst1`.
pub(super) fn admin(id: &str) -> Caller {
    Caller::new(id, Role::InstitutionAdmin).of("inst1")
}

/// One of the platform's own staff.
pub(super) fn support(id: &str) -> Caller {
    Caller::new(id, Role::Support)
}

/// What a call came to: its answer, and the events as `(receiver, event)`.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) answer: Result<Value, Refusal>,
    pub(super) events: Vec<(String, Value)>,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(config::consult::Consult::default()).await
    }

    pub(super) async fn with(config: config::consult::Consult) -> Self {
        Self::judging(config, config::moderation::Moderation::default()).await
    }

    /// With other settings of moderation.
    pub(super) async fn judging(
        config: config::consult::Consult,
        moderation: config::moderation::Moderation,
    ) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let house = Self::at(folder, Clock::set(NOW_MS), (config, moderation)).await;
        for id in ["inst1", "inst2"] {
            let entry = json!({"id": id, "name": "青云教育", "certification": "certified"});
            let entry = serde_json::from_value(entry).unwrap();
            house.directory.put_institution(&entry).await.unwrap();
        }
        let staff = [
            ("tutor1", "inst1", false),
            ("tutor2", "inst1", false),
            ("admin1", "inst1", true),
            ("tutor9", "inst2", false),
            ("support1", SUPPORT, false),
        ];
        for (id, institution, admin) in staff {
            house.hire(id, institution, admin).await;
        }
        house
    }

    /// From now on `id` works for `institution`, and for no other.
    pub(super) async fn hire(&self, id: &str, institution: &str, admin: bool) {
        let entry = sample::tutor(id, institution, admin);
        self.directory.put_tutor(&entry).await.unwrap();
    }

    async fn at(folder: Arc<TempDir>, clock: Clock, config: Settings) -> Self {
        let metrics = Metrics::new();
        let section = config::store::Store::sqlite(&folder.path().join("consult.db"));
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let keys = Keys { file: folder.path().join("keys.toml"), ..Keys::default() };
        let section = config::archive::Archive::default();
        let archive =
            Archive::open(store.clone(), &section, &keys, clock.clone(), &metrics).await.unwrap();
        let directory = Directory::new(store.clone(), clock.clone());
        let moderation = Moderation::load(&config.1).unwrap();
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
            media: media.clone(),
            moderation: moderation.clone(),
            probing: config.1.probing(),
            alerts: Alerts::new(alert::Needs {
                store: store.clone(),
                clock: clock.clone(),
                metrics: metrics.clone(),
            }),
            directory: directory.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let consult = Consult::new(config.0.clone(), needs);
        Self {
            consult,
            clock,
            directory,
            media,
            metrics,
            moderation,
            archive,
            store,
            config,
            folder,
        }
    }

    /// As after a restart of the server.
    pub(super) async fn restarted(self) -> Self {
        self.archive.close().await;
        self.store.close().await;
        Self::at(self.folder, self.clock, self.config).await
    }

    /// Another node on the same database.
    pub(super) async fn neighbour(&self) -> Self {
        Self::at(Arc::clone(&self.folder), self.clock.clone(), self.config.clone()).await
    }

    /// Changes the database behind everybody's back.
    pub(super) async fn sql(&self, sql: &str) {
        self.store.commit(vec![Statement::new(sql.to_owned())]).await.unwrap();
    }

    /// The same with other settings of moderation.
    pub(super) async fn restarted_judging(
        mut self,
        moderation: config::moderation::Moderation,
    ) -> Self {
        self.config.1 = moderation;
        self.restarted().await
    }

    /// The same with another configuration.
    pub(super) async fn restarted_with(mut self, config: config::consult::Consult) -> Self {
        self.config.0 = config;
        self.restarted().await
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Calls an operation as both doors do.
    pub(super) async fn call(&self, caller: &Caller, name: &str, input: Value) -> Called {
        let mut bulletin = Bulletin::new();
        let answer = self.run(caller, name, input, &mut bulletin).await;
        let event = |news: crate::consult::event::News| {
            (news.to.to_string(), serde_json::to_value(&news.event).unwrap())
        };
        Called { answer, events: bulletin.into_iter().map(event).collect() }
    }

    async fn run(
        &self,
        caller: &Caller,
        name: &str,
        input: Value,
        bulletin: &mut Bulletin,
    ) -> Result<Value, Refusal> {
        let consult = &self.consult;
        match name {
            "open" => json_of(consult.open(caller, parsed(input)?, bulletin).await),
            "send" => json_of(consult.send(caller, parsed(input)?, bulletin).await),
            "confirm" => json_of(consult.confirm(caller, parsed(input)?, bulletin).await),
            "discard" => json_of(consult.discard(caller, parsed(input)?, bulletin).await),
            "recall" => json_of(consult.recall(caller, parsed(input)?, bulletin).await),
            "typing" => json_of(consult.typing(caller, parsed(input)?, bulletin).await),
            "accept" => json_of(consult.accept(caller, parsed(input)?, bulletin).await),
            "state" => json_of(consult.choose(caller, parsed(input)?, bulletin).await),
            "close" => json_of(consult.close(caller, parsed(input)?, bulletin).await),
            "read" => json_of(consult.read(caller, parsed(input)?, bulletin).await),
            "list" => json_of(consult.list(caller, parsed(input)?).await),
            "history" => json_of(consult.history(caller, parsed(input)?).await),
            "sync" => json_of(consult.sync(caller, parsed(input)?).await),
            other => panic!("no operation consult.{other}"),
        }
    }

    /// The answer of a call that is expected to succeed.
    pub(super) async fn ask(&self, caller: &Caller, name: &str, input: Value) -> Value {
        self.call(caller, name, input).await.answer.unwrap()
    }

    /// The code of a call that is expected to be refused.
    pub(super) async fn refused(&self, caller: &Caller, name: &str, input: Value) -> Code {
        self.call(caller, name, input).await.answer.unwrap_err().code()
    }

    /// What the platform says of `id` from now on.
    pub(super) async fn employ(&self, id: &str, status: Employment) {
        let known = self.directory.tutor(&id.into()).await.unwrap().unwrap();
        self.directory.put_tutor(&Tutor { status, ..(*known).clone() }).await.unwrap();
    }

    /// `who` may take from the queue, and is assigned nothing.
    pub(super) async fn at_desk(&self, who: &Caller) {
        self.ask(who, "state", json!({"state": "busy"})).await;
    }

    /// `user1` consults `inst1` and is served by `tutor1`; the conversation.
    pub(super) async fn served(&self) -> String {
        self.ask(&tutor("tutor1"), "state", json!({"state": "online"})).await;
        let input = json!({"institution": "inst1", "tutor": "tutor1"});
        let opened = self.ask(&user("user1"), "open", input).await;
        assert_eq!(opened["state"], "serving");
        opened["conversation"].as_str().unwrap().to_owned()
    }

    /// `user1` waits in the queue of `inst1`; the conversation.
    pub(super) async fn queued(&self) -> String {
        let opened = self.ask(&user("user1"), "open", json!({"institution": "inst1"})).await;
        assert_eq!(opened["state"], "queued");
        opened["conversation"].as_str().unwrap().to_owned()
    }

    /// Says `text` under `client_id`; the whole call.
    pub(super) async fn say(&self, who: &Caller, conversation: &str, said: (&str, &str)) -> Called {
        let (client_id, text) = said;
        let input = json!({
            "conversation": conversation,
            "client_id": client_id,
            "body": {"kind": "text", "text": text},
        });
        self.call(who, "send", input).await
    }

    /// The kinds of all records that `who` sees, by `seq`.
    pub(super) async fn kinds(&self, who: &Caller, conversation: &str) -> Vec<String> {
        let page = self.ask(who, "history", json!({"conversation": conversation})).await;
        let records = page["records"].as_array().unwrap();
        for (at, record) in records.iter().enumerate() {
            assert_eq!(record["seq"], at as i64 + 1, "numbers have no gap");
        }
        records.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
    }
}

impl Called {
    /// Who received which type of event.
    pub(super) fn heard(&self) -> Vec<(&str, &str)> {
        self.events
            .iter()
            .map(|(to, event)| (to.as_str(), event["type"].as_str().unwrap_or_default()))
            .collect()
    }
}

fn parsed<T: DeserializeOwned>(input: Value) -> Result<T, Refusal> {
    serde_json::from_value(input).map_err(|_| Code::BadRequest.into())
}

fn json_of<T: Serialize>(answer: Result<T, Refusal>) -> Result<Value, Refusal> {
    answer.map(|answer| serde_json::to_value(answer).unwrap())
}
