//! Connections whose commands come apart from where they read, found by a secret of each.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use dashmap::DashMap;
use tokio::sync::mpsc::{self, error::TrySendError};
use uuid::Uuid;

use crate::{
    hub::Mailbox,
    protocol::{
        code::DisconnectCode, codec::decode_commands, command::Command, emulation::EmulationRequest,
    },
    session::WayBack,
};

/// So many frames of commands wait for one connection; each is as long as a message may be.
const WAITING_MAX: usize = 16;

/// The connections of this node that are reached so.
pub struct Sessions {
    node: Arc<str>,
    by_secret: DashMap<String, Reached>,
    commands_max: usize,
}

struct Reached {
    commands: mpsc::Sender<Vec<Command>>,
    mailbox: Arc<Mailbox>,
}

/// Where a connection hears what was sent to it. It is reached as long as this lives.
pub struct Inbox {
    commands: mpsc::Receiver<Vec<Command>>,
    secret: String,
    sessions: Arc<Sessions>,
}

/// Why commands did not reach their connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// This node is another, or was started again.
    #[error("the node is not known here")]
    Node,
    /// The connection has ended, or the secret is wrong.
    #[error("the session has ended")]
    Session,
    /// They are no commands, and the connection ends.
    #[error("`data` holds no commands")]
    Malformed,
    /// Too many wait already.
    #[error("too many commands wait")]
    Full,
}

impl Sessions {
    /// No connection yet. A frame holds at most `commands_max` commands.
    pub fn new(commands_max: usize) -> Self {
        let node = Uuid::new_v4().simple().to_string().into();
        Self { node, by_secret: DashMap::new(), commands_max }
    }

    /// Makes the connection of `mailbox` reachable, and says how.
    pub fn open(self: &Arc<Self>, mailbox: &Arc<Mailbox>) -> (Inbox, WayBack) {
        let secret = Uuid::new_v4().simple().to_string();
        let (sender, commands) = mpsc::channel(WAITING_MAX);
        let reached = Reached { commands: sender, mailbox: Arc::clone(mailbox) };
        self.by_secret.insert(secret.clone(), reached);
        let way_back = WayBack { session: secret.clone(), node: Arc::clone(&self.node) };
        (Inbox { commands, secret, sessions: Arc::clone(self) }, way_back)
    }

    /// Puts commands into the connection's queue. What is no commands ends the connection, as it
    /// would on a WebSocket.
    ///
    /// # Errors
    /// [`Undelivered`]; nothing waits then.
    pub fn deliver(&self, request: &EmulationRequest) -> Result<(), Undelivered> {
        if request.node != *self.node {
            return Err(Undelivered::Node);
        }
        let reached = self.by_secret.get(&request.session).ok_or(Undelivered::Session)?;
        let encoding = reached.mailbox.dialect().encoding();
        let Ok(commands) = decode_commands(encoding, &request.data, self.commands_max) else {
            reached.mailbox.close(DisconnectCode::BadRequest);
            return Err(Undelivered::Malformed);
        };
        reached.commands.try_send(commands).map_err(|unsent| match unsent {
            TrySendError::Full(_) => Undelivered::Full,
            TrySendError::Closed(_) => Undelivered::Session,
        })
    }
}

impl Inbox {
    /// The next frame of commands. Pending for ever is no more than idle: the end of a connection
    /// is heard elsewhere.
    pub fn poll_commands(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Command>> {
        match self.commands.poll_recv(cx) {
            Poll::Ready(Some(commands)) => Poll::Ready(commands),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.sessions.by_secret.remove(&self.secret);
    }
}

#[cfg(test)]
mod tests {
    use std::{io, task::Waker};

    use bytes::Bytes;

    use super::*;
    use crate::{
        hub::{Bounds, Dialect, Wire},
        ids::ConnectionId,
    };

    struct Nowhere;

    impl Wire for Nowhere {
        fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
    }

    fn request(way_back: &WayBack, data: &'static str) -> EmulationRequest {
        let WayBack { session, node } = way_back.clone();
        EmulationRequest { session, node: node.to_string(), data: Bytes::from(data) }
    }

    #[test]
    fn a_queue_is_bounded_keeps_order_and_ends_with_its_connection() {
        let (sessions, id) = (Arc::new(Sessions::new(2)), ConnectionId::fresh());
        let bounds = Bounds { bytes_max: 1_000 };
        let mailbox = Arc::new(Mailbox::new(id, Dialect::StreamJson, bounds, Box::new(Nowhere)));
        let (mut inbox, way_back) = sessions.open(&mailbox);
        let other = sessions.open(&mailbox);
        assert_ne!(other.1.session, way_back.session);
        assert_eq!(sessions.deliver(&request(&way_back, r#"{"id":1}"#)), Ok(()));
        for _ in 1..WAITING_MAX {
            assert_eq!(sessions.deliver(&request(&way_back, "{\"id\":2}\n{\"id\":3}")), Ok(()));
        }
        let more = request(&way_back, "{}");
        assert_eq!(sessions.deliver(&more), Err(Undelivered::Full));
        assert_eq!(mailbox.closing(), None);
        let cx = &mut Context::from_waker(Waker::noop());
        for ids in [vec![1], vec![2, 3]] {
            let Poll::Ready(commands) = inbox.poll_commands(cx) else { panic!("nothing waits") };
            assert_eq!(commands.iter().map(|command| command.id).collect::<Vec<_>>(), ids);
        }
        assert_eq!(sessions.deliver(&more), Ok(()));
        drop(inbox);
        assert_eq!(sessions.deliver(&more), Err(Undelivered::Session));
        drop(other);
        assert!(sessions.by_secret.is_empty());
    }

    #[test]
    fn too_many_commands_in_one_frame_end_the_connection() {
        let (sessions, id) = (Arc::new(Sessions::new(2)), ConnectionId::fresh());
        let bounds = Bounds { bytes_max: 1_000 };
        let mailbox = Arc::new(Mailbox::new(id, Dialect::EventsJson, bounds, Box::new(Nowhere)));
        let (_inbox, way_back) = sessions.open(&mailbox);
        let three = request(&way_back, "{}\n{}\n{}");
        assert_eq!(sessions.deliver(&three), Err(Undelivered::Malformed));
        assert_eq!(mailbox.closing(), Some(DisconnectCode::BadRequest.into()));
    }
}
