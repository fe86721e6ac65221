//! Channels that belong to a domain: what it shows to whoever enters.

use super::{command::Session, subscription::Opened};
use crate::error::Code;

impl Session {
    /// Adds what the channel's domain shows. The subscription has its place in the stream already, and
    /// announcements wait for it: what happens while the domain looks is in what it shows, or follows.
    pub(super) async fn look_in(&self, opened: &mut Opened) -> Result<(), Code> {
        let channel = &opened.channel;
        if self.subscription(channel).is_some_and(|held| held.by_domain) {
            let shown = self.needs.access.view(&self.caller, channel).await?;
            opened.result.data = shown.unwrap_or_default();
        }
        Ok(())
    }
}
