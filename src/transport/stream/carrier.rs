//! A response that does not end as the carrier of a line; its commands come on another way.

use std::{
    io,
    task::{Context, Poll},
};

use tokio::time::{Instant, timeout_at};

use crate::{
    hub::{Dialect, Flushed, Mailbox},
    listener::Leash,
    protocol::{code::Disconnect, push::Push},
    transport::{
        connection::{Carrier, Heard, PARTING, poll_resume},
        sessions::Inbox,
        stream::pipe::Inlet,
    },
};

/// The client's end of a stream.
pub struct Streaming {
    /// Where the mailbox writes.
    pub inlet: Inlet,
    /// How messages are written.
    pub dialect: Dialect,
    /// What the client said to open the stream.
    pub first: Option<Heard>,
    /// What it says later; `None` for one that cannot send commands.
    pub inbox: Option<Inbox>,
    /// The HTTP connection beneath.
    pub leash: Option<Leash>,
}

impl Carrier for Streaming {
    fn poll_listen(&mut self, _mailbox: &Mailbox, cx: &mut Context<'_>) -> Poll<Heard> {
        if self.inlet.poll_gone(cx).is_ready() {
            return Poll::Ready(Heard::Gone);
        }
        match (self.first.take(), &mut self.inbox) {
            (Some(first), _) => Poll::Ready(first),
            (None, Some(inbox)) => inbox.poll_commands(cx).map(Heard::Commands),
            (None, None) => Poll::Pending,
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inlet.poll_writable(cx)
    }

    /// A disconnect push, and the end of the body. Who does not read them is cut off.
    async fn part(&mut self, mailbox: &Mailbox, why: Option<&Disconnect>) {
        self.inbox = None;
        let deadline = Instant::now() + PARTING;
        if let Some(Ok(words)) = why.map(|why| self.dialect.push(Push::disconnect(why)))
            && mailbox.finish(words) == Flushed::Blocked
        {
            let this = &*self;
            let writing = std::future::poll_fn(|cx| poll_resume(this, mailbox, cx));
            let _slow_to_read = timeout_at(deadline, writing).await;
        }
        self.inlet.finish();
        if let Some(leash) = &self.leash {
            leash.end_within(deadline.saturating_duration_since(Instant::now())).await;
        }
    }
}
