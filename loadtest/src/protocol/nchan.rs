//! nchan: the channel is in the path of the WebSocket, and each frame is one publication.

use anyhow::ensure;

use super::{Kind, Message, Opening, Protocol};

/// What stands for the channel's name in an address.
pub(crate) const CHANNEL: &str = "{channel}";

/// The protocol; a bare loop's listeners read by it too.
#[derive(Debug)]
pub(crate) struct Nchan;

impl Protocol for Nchan {
    fn path(&self, path: &str, channel: Option<&str>) -> String {
        path.replace(CHANNEL, channel.unwrap_or_default())
    }

    fn subprotocol(&self) -> Option<&'static str> {
        None
    }

    /// Who has opened the WebSocket is subscribed.
    fn opening(&self, _token: String, channel: Option<String>) -> anyhow::Result<Opening> {
        ensure!(channel.is_some(), "nchan knows no connection without a channel: --channel");
        Ok(Opening::default())
    }

    fn accepted(&self, _answer: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }

    fn sort(&self, payload: &[u8], each: &mut dyn FnMut(Message<'_>)) {
        each(Message { kind: Kind::Publication(0), bytes: payload });
    }

    fn pong(&self) -> &'static [u8] {
        &[]
    }

    fn is_binary(&self) -> bool {
        false
    }

    fn ending(&self, _message: &[u8]) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_in_the_path_and_a_frame_is_a_publication() {
        assert_eq!(Nchan.path("/sub?id={channel}", Some("room")), "/sub?id=room");
        let mut kinds = Vec::new();
        Nchan.sort(b"a\nb", &mut |message| kinds.push(message.kind));
        assert_eq!(kinds, [Kind::Publication(0)]);
        assert!(Nchan.opening(String::new(), None).is_err());
    }
}
