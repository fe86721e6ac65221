//! `media.upload`: bytes become a file, once for each key of their owner's.

use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use super::{
    Fault, Item, Media, State,
    facts::{Facts, Look},
    format::{Class, Kind, Sniffed, sniff},
    link::Form,
    row::{self, Purpose},
    workshop::Finished,
};
use crate::{
    error::Code,
    ids::{MediaId, UserId},
    operation::{Caller, Refusal, upload::Upload},
    store,
    telemetry::label::ByKind,
};

/// The longest idempotency key, in characters.
const CLIENT_ID_MAX: usize = 64;
const DAY_MS: i64 = 86_400_000;
/// How long no bytes may come, and how many a second must have come after that. Slower, a file of a usual
/// size would not arrive in time either, and somebody else waits for the place.
const STALL_MAX: Duration = Duration::from_secs(5);
const PACE_MIN: usize = 4 * 1_024;
/// How often the same upload from two devices is sorted out.
const ATTEMPTS: usize = 3;

/// Asks to keep a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Where it is to be sent.
    pub(super) purpose: Purpose,
    /// 1–64 characters of the sender's choice. The same key with the same bytes answers the first
    /// result again; with other bytes it is a `conflict`.
    pub(super) client_id: String,
}

/// A file that is kept.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Uploaded {
    /// What to name it by when it is sent, and how its owner may see it.
    pub(super) media: Look,
    /// What to send it as.
    pub(super) kind: SentAs,
    /// Until when it waits to be sent, in milliseconds since 1970; then it is deleted.
    pub(super) claim_before: i64,
}

/// The kind of message that a file makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SentAs {
    /// A picture.
    Image,
    /// A voice.
    Voice,
}

impl Media {
    /// Takes a file.
    pub(super) async fn upload(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        sent: Upload,
    ) -> Result<Uploaded, Refusal> {
        let fits = (1..=CLIENT_ID_MAX).contains(&wanted.client_id.chars().count())
            && !wanted.client_id.chars().any(char::is_control);
        if !fits {
            let reason = "client_id must be 1 to 64 printable characters";
            return Err(Refusal::new(Code::BadRequest).because(reason));
        }
        let item = self.take(&caller.user, wanted, sent).await.inspect_err(|fault| {
            if matches!(fault, Fault::Blobs(_)) {
                tracing::error!(%fault, "a file was not kept");
            }
        })?;
        let now_ms = self.now_ms();
        Ok(Uploaded {
            media: Facts::of(&item).look(self.signer(), now_ms),
            kind: match item.kind.class() {
                Class::Picture => SentAs::Image,
                Class::Voice => SentAs::Voice,
            },
            claim_before: item.created_at + self.0.config.unclaimed_ttl.as_ms(),
        })
    }

    async fn take(&self, owner: &UserId, wanted: &Wanted, sent: Upload) -> Result<Item, Fault> {
        let _slot = self.0.slots.enter(owner)?;
        let _arriving = self.0.needs.metrics.media_arriving.hold();
        self.check_quota(owner).await?;
        let within = self.0.config.upload_timeout.0;
        let received = timeout(within, self.receive(wanted.purpose, sent)).await;
        let (kind, bytes) =
            received.map_err(|_| Fault::Incomplete("the file did not arrive in time"))??;
        let sent_hash = blake3::hash(&bytes).as_bytes().to_vec();
        let known = self.known(owner, wanted, &sent_hash).await?;
        let arriving = match known {
            Some(known) if known.state != State::Arriving => return Ok(known),
            arriving => arriving,
        };
        let begun_at = Instant::now();
        let finished = self.0.workshop.finish(kind, bytes).await?;
        self.0.needs.metrics.media_time.time(begun_at.elapsed());
        let item = Item {
            // What a server that died had begun is done again, under the same name.
            id: arriving.as_ref().map_or_else(|| MediaId::fresh(self.now_ms()), |it| it.id.clone()),
            owner: owner.clone(),
            purpose: wanted.purpose,
            kind,
            bytes: finished.bytes.len() as i64,
            preview_bytes: finished.preview.as_ref().map_or(0, Bytes::len) as i64,
            width: finished.width.into(),
            height: finished.height.into(),
            duration_ms: i64::try_from(finished.duration_ms).unwrap_or(i64::MAX),
            hash: blake3::hash(&finished.bytes).as_bytes().to_vec(),
            sent_hash,
            state: State::Unclaimed,
            created_at: arriving.as_ref().map_or_else(|| self.now_ms(), |it| it.created_at),
        };
        self.keep(item, finished, wanted, arriving.is_some()).await
    }

    /// Reads the bytes, no more of them than such a file may have.
    pub(super) async fn receive(
        &self,
        purpose: Purpose,
        mut sent: Upload,
    ) -> Result<(Kind, Vec<u8>), Fault> {
        let (mut bytes, mut known) = (Vec::new(), None);
        let broken = |_| Fault::Incomplete("the bytes broke off");
        let begun_at = Instant::now();
        loop {
            let next = timeout(STALL_MAX, sent.next()).await;
            let next = next.map_err(|_| Fault::Incomplete("no bytes came for too long"))?;
            let Some(piece) = next.map_err(broken)? else { break };
            bytes.extend_from_slice(&piece);
            let seconds = begun_at.elapsed().as_secs() as usize;
            if begun_at.elapsed() > STALL_MAX && bytes.len() < seconds * PACE_MIN {
                return Err(Fault::Incomplete("the bytes come too slowly"));
            }
            if known.is_none() && bytes.len() >= Kind::PREFIX {
                let (kind, max) = self.admit(purpose, &bytes)?;
                let length = sent.length().and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
                if length > max {
                    return Err(Fault::TooLarge { max });
                }
                bytes.reserve_exact(length.saturating_sub(bytes.len()));
                known = Some((kind, max));
            }
            if let Some((_, max)) = known
                && bytes.len() > max
            {
                return Err(Fault::TooLarge { max });
            }
        }
        match known {
            Some((kind, _)) => Ok((kind, bytes)),
            None => self.admit(purpose, &bytes).map(|(kind, _)| (kind, bytes)),
        }
    }

    /// What the first bytes say, if that is taken here, and how many may come.
    fn admit(&self, purpose: Purpose, prefix: &[u8]) -> Result<(Kind, usize), Fault> {
        let accepted = purpose.accepts();
        let kind = match sniff(prefix) {
            Sniffed::Known(kind) if accepted.contains(&kind.class()) => kind,
            Sniffed::Known(_) | Sniffed::Unknown => {
                return Err(Fault::Unsupported { accepted, hint: None });
            }
            Sniffed::Refused(hint) => {
                return Err(Fault::Unsupported { accepted, hint: Some(hint) });
            }
        };
        let config = &self.0.config;
        Ok(match kind.class() {
            Class::Picture => (kind, config.picture_max.0),
            Class::Voice => (kind, config.voice_max.0),
        })
    }

    async fn check_quota(&self, owner: &UserId) -> Result<(), Fault> {
        let (now_ms, max) = (self.now_ms(), self.0.config.user_day_max.0);
        let query = row::kept_since(owner, now_ms - DAY_MS);
        let rows = self.0.needs.store.read(query).await?;
        let (kept, oldest) = rows.first().map_or((0, 0), |row| (row.int(0), row.int(1)));
        if usize::try_from(kept).unwrap_or(0) < max {
            return Ok(());
        }
        Err(Fault::Quota { max, retry_ms: (oldest + DAY_MS - now_ms).max(1_000) })
    }

    /// What was uploaded under this key before: the same, or it is a conflict.
    async fn known(
        &self,
        owner: &UserId,
        wanted: &Wanted,
        sent_hash: &[u8],
    ) -> Result<Option<Item>, Fault> {
        let rows = self.0.needs.store.read(row::by_key(owner, &wanted.client_id)).await?;
        let Some(item) = rows.first().and_then(Item::of_row) else { return Ok(None) };
        if item.sent_hash != sent_hash || item.purpose != wanted.purpose {
            return Err(Fault::Conflict);
        }
        match item.state {
            State::Removed | State::Expired => Err(Fault::Over),
            State::Arriving | State::Unclaimed | State::Claimed => Ok(Some(item)),
        }
    }

    /// Writes the row, then the files, then that they are there: whatever is cut off in between is found
    /// again by the row.
    async fn keep(
        &self,
        mut item: Item,
        finished: Finished,
        wanted: &Wanted,
        mut is_known: bool,
    ) -> Result<Item, Fault> {
        let inner = &self.0;
        for _ in 0..ATTEMPTS {
            if !is_known {
                match inner.needs.store.commit(vec![row::arrive(&item, &wanted.client_id)]).await {
                    Err(store::Fault::Duplicate { .. }) => {}
                    other => drop(other?),
                }
            }
            // Another device, or another try, may have been first.
            let Some(known) = self.known(&item.owner, wanted, &item.sent_hash).await? else {
                // Swept meanwhile: its row is made again, so that no file is without one.
                is_known = false;
                continue;
            };
            if known.state != State::Arriving {
                return Ok(known);
            }
            (item.id, item.created_at, is_known) = (known.id, known.created_at, true);
            inner.blobs.write(&item.id, Form::Whole, finished.bytes.clone()).await?;
            if let Some(preview) = &finished.preview {
                inner.blobs.write(&item.id, Form::Preview, preview.clone()).await?;
            }
            match inner.needs.store.commit(vec![row::arrived(&item.id)]).await {
                Ok(_) => {
                    self.count(&item);
                    return Ok(item);
                }
                Err(store::Fault::Guard { .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Fault::Busy("the same file is being uploaded elsewhere"))
    }

    fn count(&self, item: &Item) {
        let metrics = &self.0.needs.metrics;
        metrics.media_uploads.one(&ByKind { kind: item.kind.media_type() });
        let written = item.bytes.saturating_add(item.preview_bytes);
        metrics.media_written.add(u64::try_from(written).unwrap_or(0));
    }
}
