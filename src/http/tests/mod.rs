//! The door against a tiny catalogue, one file for each part of its URL space.

mod api;
mod api_v1;
mod media;
mod origins;
mod probes;
mod root;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
};
use http_body_util::BodyExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::{Needs, router};
use crate::{
    clock::Clock,
    config::{http::Http, identity as config, media as files, store, value::Secret},
    error::Code,
    identity::{Claims, Identity},
    media::{Media, Needs as MediaNeeds, link::Signer},
    operation::{Caller, Catalogue, Operation, Rate, Refusal, Role},
    store::Store,
    telemetry::{Health, Metrics},
};

const NOW_S: i64 = 1_800_000_000;

/// What is to be said again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    /// The text.
    #[schemars(example = &"你好")]
    text: String,
    /// How often.
    #[serde(default)]
    times: Option<u8>,
    #[serde(default)]
    mood: Mood,
}

/// How it is to be said.
#[derive(Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mood {
    #[default]
    Calm,
    Loud,
}

/// What was said.
#[derive(Serialize, JsonSchema)]
struct Echoed {
    texts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mood: Option<Mood>,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// Who calls.
#[derive(Serialize, JsonSchema)]
struct Who {
    user: String,
    role: Role,
    address: Option<String>,
}

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add([
        Operation::new(
            "note.echo",
            "Says it again.",
            &[Role::User, Role::Tutor],
            Rate::Write,
            |_, echo: Echo| async move {
                let times = usize::from(echo.times.unwrap_or(1));
                Ok(Echoed { texts: vec![echo.text; times], mood: Some(echo.mood) })
            },
        ),
        Operation::new(
            "note.hurry",
            "Always too fast.",
            &[Role::User],
            Rate::Send,
            |_, _: Nothing| async {
                Err::<(), _>(Refusal::new(Code::RateLimited).with("retry_ms", 1_200))
            },
        ),
        Operation::new(
            "who.am",
            "Says who calls.",
            Role::ALL,
            Rate::Read,
            |caller: Caller, _: Nothing| async move {
                let address = caller.address.map(|address| address.to_string());
                Ok(Who { user: caller.user.to_string(), role: caller.role, address })
            },
        ),
    ]);
    catalogue
}

fn identity() -> Identity {
    let config = config::Identity {
        hmac_secret: Secret::new("a secret of these tests, 32 bytes"),
        ..config::Identity::default()
    };
    Identity::new(&config, Clock::set(NOW_S * 1_000)).unwrap()
}

/// A header's value for `user` with `role`, valid for `ttl_s` from now.
fn bearer(user: &str, role: Role, ttl_s: i64) -> String {
    let claims = Claims {
        sub: user.to_owned(),
        role: Some(role),
        exp: Some(NOW_S + ttl_s),
        ..Claims::default()
    };
    format!("Bearer {}", identity().mint(&claims).unwrap())
}

async fn needs(http: Http) -> Needs {
    Needs {
        catalogue: Arc::new(catalogue()),
        identity: identity(),
        // Most tests keep no file, so the folder may be gone.
        media: media_in(&TempDir::new().unwrap()).await,
        http,
        metrics: Metrics::new(),
        health: Health::default(),
    }
}

async fn door(http: Http) -> Router {
    router(needs(http).await)
}

/// Files in `folder`, with a clock that stands.
async fn media_in(folder: &TempDir) -> Media {
    let metrics = Metrics::new();
    let section = store::Store::sqlite(&folder.path().join("http.db"));
    let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
    let url = format!("file:{}", folder.path().join("files").display());
    let config = files::Media { url, ..files::Media::default() };
    let signer = Signer::new(&[Zeroizing::new([7; 32])], "", config.link_ttl);
    let clock = Clock::set(NOW_S * 1_000);
    Media::open(config, MediaNeeds { store, signer, clock, metrics }).unwrap()
}

/// What came back, with its body as text.
struct Reply {
    response: Response<()>,
    text: String,
}

impl Reply {
    fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The value of a header, `-` when absent.
    fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("-", |value| value.to_str().unwrap())
    }
}

async fn ask(door: Router, request: Request<Body>) -> Reply {
    let (head, body) = door.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Reply { response: Response::from_parts(head, ()), text }
}

async fn get(path: &str) -> Reply {
    ask(door(Http::default()).await, Request::get(path).body(Body::empty()).unwrap()).await
}
