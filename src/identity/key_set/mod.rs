//! A JSON Web Key Set from a file or an address, renewed, and kept when a renewal fails.
//!
//! The address comes from the configuration alone; nothing in a token leads anywhere (RFC 8725,
//! section 3.10).

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use jsonwebtoken::Algorithm;
use reqwest::{Client, Url, redirect::Policy};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    config::identity as config,
    identity::{
        fault::{KeySetFault, SetupFault},
        key::Key,
    },
    telemetry::{
        Metrics,
        instrument::Counts,
        label::{ByOutcome, Outcome},
    },
};

/// A set of keys is a few kilobytes; more is somebody's mistake.
const BODY_BYTES_MAX: usize = 256 * 1024;
const KEYS_MAX: usize = 64;

/// The key set of this node.
pub(super) struct KeySet {
    source: Source,
    keys: ArcSwap<Vec<Key>>,
    min_interval: Duration,
    /// One renewal at a time: whoever waited for it finds the set renewed and does not fetch again.
    turn: Semaphore,
    tried_at: Mutex<Option<Instant>>,
    fetches: Counts<ByOutcome>,
}

enum Source {
    File(PathBuf),
    Address { client: Client, url: Url },
}

/// What came of asking for a newer set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// The set is newer than the one that was looked at.
    Done,
    /// The last try was a moment ago.
    TooSoon,
    /// The set could not be had; the old one is kept.
    Failed,
}

impl KeySet {
    /// The set that `config.jwks` names, when it names one. A file is read now; an address is
    /// asked when [`KeySet::renew`] is first called, so that a node starts without it.
    pub(super) fn new(
        config: &config::Identity,
        metrics: &Metrics,
    ) -> Result<Option<Self>, SetupFault> {
        let named = config.jwks.as_str();
        let unusable = |source| SetupFault::KeySet { address: named.to_owned(), source };
        let (source, keys) = match Url::parse(named) {
            _ if named.is_empty() => return Ok(None),
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let client = Client::builder()
                    .redirect(Policy::none())
                    .no_proxy()
                    .timeout(config.jwks_timeout.0)
                    .build()
                    .map_err(|fault| unusable(fault.into()))?;
                (Source::Address { client, url }, Vec::new())
            }
            _ => {
                let path = PathBuf::from(named);
                let keys = read_file(&path).and_then(|text| parse(&text, Key::from_file));
                (Source::File(path), keys.map_err(unusable)?)
            }
        };
        Ok(Some(Self {
            source,
            keys: ArcSwap::from_pointee(keys),
            min_interval: config.jwks_min_interval.0,
            turn: Semaphore::new(1),
            tried_at: Mutex::new(None),
            fetches: metrics.key_set_fetches.clone(),
        }))
    }

    /// The keys as they are now.
    pub(super) fn keys(&self) -> Arc<Vec<Key>> {
        self.keys.load_full()
    }

    /// Whether a newer set could hold a key for `algorithm`: an address gives public keys only.
    pub(super) fn could_hold(&self, algorithm: Algorithm) -> bool {
        matches!(self.source, Source::File(_)) || !is_symmetric(algorithm)
    }

    /// Fetches a set newer than `seen`, unless somebody just did or tried.
    pub(super) async fn renew(&self, seen: &Arc<Vec<Key>>) -> Renewal {
        let Ok(_turn) = self.turn.acquire().await else { return Renewal::Failed };
        if !Arc::ptr_eq(&self.keys(), seen) {
            return Renewal::Done;
        }
        let now = Instant::now();
        {
            let mut tried_at = self.tried_at.lock().unwrap_or_else(PoisonError::into_inner);
            if tried_at.is_some_and(|at| now.duration_since(at) < self.min_interval) {
                return Renewal::TooSoon;
            }
            *tried_at = Some(now);
        }
        match self.source.fetch().await {
            Ok(keys) => {
                self.fetches.one(&ByOutcome { outcome: Outcome::Done });
                self.keys.store(Arc::new(keys));
                Renewal::Done
            }
            Err(fault) => {
                self.fetches.one(&ByOutcome { outcome: Outcome::Failed });
                tracing::warn!(source = ?self.source, %fault, "the key set was not renewed");
                Renewal::Failed
            }
        }
    }
}

impl Source {
    async fn fetch(&self) -> Result<Vec<Key>, KeySetFault> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let text = tokio::task::spawn_blocking(move || read_file(&path)).await;
                parse(&text.map_err(io::Error::other)??, Key::from_file)
            }
            Self::Address { client, url } => {
                let mut answer = client.get(url.clone()).send().await?.error_for_status()?;
                let mut text = Vec::new();
                while let Some(chunk) = answer.chunk().await? {
                    if text.len() + chunk.len() > BODY_BYTES_MAX {
                        return Err(KeySetFault::TooLong(BODY_BYTES_MAX));
                    }
                    text.extend_from_slice(&chunk);
                }
                parse(&text, Key::from_address)
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            // The path and query may hold a secret of the issuer's.
            Self::Address { url, .. } => f.write_str(url.host_str().unwrap_or_default()),
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, KeySetFault> {
    let text = std::fs::read(path)?;
    if text.len() > BODY_BYTES_MAX { Err(KeySetFault::TooLong(BODY_BYTES_MAX)) } else { Ok(text) }
}

/// Keys that nobody here can use are passed over: issuers publish keys for other ends too.
fn parse(text: &[u8], read: fn(&RawValue) -> Option<Key>) -> Result<Vec<Key>, KeySetFault> {
    #[derive(Deserialize)]
    struct Set<'a> {
        #[serde(borrow)]
        keys: Vec<&'a RawValue>,
    }
    let set: Set<'_> = serde_json::from_slice(text).map_err(|_| KeySetFault::Shape(KEYS_MAX))?;
    if set.keys.len() > KEYS_MAX {
        return Err(KeySetFault::Shape(KEYS_MAX));
    }
    let keys: Vec<Key> = set.keys.into_iter().filter_map(read).collect();
    if keys.is_empty() { Err(KeySetFault::Empty) } else { Ok(keys) }
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

#[cfg(test)]
mod tests;
