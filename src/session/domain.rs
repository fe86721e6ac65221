//! Channels that belong to a domain: what it shows to whoever enters, and whom it lets in no longer.

use super::{command::Session, subscription::Opened};
use crate::{
    error::Code,
    ids::ChannelName,
    protocol::code::{Disconnect, UnsubscribeCode},
};

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

    /// Asks again whether the channel's domain lets the session in, and leaves when it does not.
    pub(super) async fn review(&mut self, channel: &ChannelName) -> Result<(), Disconnect> {
        if !self.subscription(channel).is_some_and(|held| held.by_domain) {
            return Ok(());
        }
        match self.needs.access.review(&self.caller, channel).await {
            // Nobody is sent away because the domain cannot say.
            Ok(()) | Err(Code::Internal) => Ok(()),
            Err(_) => self.be_unsubscribed(channel, UnsubscribeCode::Unsubscribed).await,
        }
    }
}
