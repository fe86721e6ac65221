//! The pulse: one beat a second for all connections, so that none needs a timer of its own.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// How often idle streams and spent idempotency keys are swept out, in beats.
const SWEEP_EVERY: u32 = 60;

impl Hub {
    /// Beats until `stop`: wakes sessions whose time has come, closes readers that take nothing,
    /// sweeps what nobody needs.
    pub async fn beat_until(&self, stop: CancellationToken) {
        let mut beats = tokio::time::interval(Duration::from_secs(1));
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let age_max_s =
            u32::try_from(self.0.config.mailbox_age_max.0.as_secs()).unwrap_or(u32::MAX);
        let mut count = 0_u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = beats.tick() => {}
            }
            let now_s = self.now_s();
            let mut waiting_bytes = 0;
            self.0.registry.for_each(|mailbox| {
                mailbox.beat(now_s, age_max_s);
                waiting_bytes += mailbox.waiting_bytes();
            });
            self.0.metrics.mailboxes.set(i64::try_from(waiting_bytes).unwrap_or(i64::MAX));
            let held = i64::try_from(self.0.broker.held()).unwrap_or(i64::MAX);
            self.0.metrics.streams.set(held);
            count = count.wrapping_add(1);
            if count.is_multiple_of(SWEEP_EVERY) {
                self.0.broker.sweep();
            }
        }
    }
}
