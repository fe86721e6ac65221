//! What nobody sends is deleted, and keys are forgotten after a day.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Fault, Media};
use crate::{ids::MediaId, store::Statement};

/// A key is remembered as long as that of a message.
const REMEMBERED_MS: i64 = 25 * 3_600_000;
/// How many files one round of the sweep deletes before it looks again.
const BATCH: i64 = 100;
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(600);

impl Media {
    /// Deletes what nobody sent, now and again, until `stop`.
    pub async fn tend(&self, stop: CancellationToken) {
        let pause = (self.0.config.unclaimed_ttl.0 / 4).clamp(PAUSE_MIN, PAUSE_MAX);
        let mut due = interval(pause);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            // A file is deleted whole: the stop waits for the one at hand.
            if let Err(fault) = self.sweep(&stop).await {
                tracing::warn!(%fault, "uploads that nobody sent were not deleted");
            }
        }
    }

    /// Deletes all that nobody sent in time. The row says so first: from then on no message can name it.
    pub(super) async fn sweep(&self, stop: &CancellationToken) -> Result<(), Fault> {
        let (store, now_ms) = (&self.0.needs.store, self.now_ms());
        let expire = Statement::new(
            "UPDATE media SET state = 'expired'
             WHERE state IN ('arriving', 'unclaimed') AND created_at < $1",
        )
        .bind(now_ms - self.0.config.unclaimed_ttl.as_ms());
        let forget = Statement::new(
            "UPDATE media SET client_id = NULL WHERE client_id IS NOT NULL AND created_at < $1",
        )
        .bind(now_ms - REMEMBERED_MS);
        store.commit(vec![expire, forget]).await?;
        loop {
            let query = Statement::new(
                "SELECT id FROM media WHERE state = 'expired' ORDER BY created_at LIMIT $1",
            );
            let rows = store.read(query.bind(BATCH)).await?;
            for row in &rows {
                if stop.is_cancelled() {
                    return Ok(());
                }
                self.delete(&MediaId::from(row.text(0))).await?;
            }
            if rows.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn delete(&self, id: &MediaId) -> Result<(), Fault> {
        self.0.blobs.delete(id).await?;
        let row = Statement::new("DELETE FROM media WHERE id = $1 AND state = 'expired'");
        self.0.needs.store.commit(vec![row.bind(id.as_str())]).await?;
        self.0.needs.metrics.media_expired.one();
        Ok(())
    }
}
