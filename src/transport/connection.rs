//! The life of one connection, whatever carries it: obey, hear, write on, and end with words.
//!
//! One task: it waits for the client and for the house, lets the session obey, and waits for
//! whatever the mailbox could not write at once. Publications do not pass through it: their senders
//! write to the carrier themselves.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use crate::{
    hub::{Flushed, Mailbox},
    protocol::{
        code::{Disconnect, DisconnectCode},
        command::Command,
        request::ConnectRequest,
    },
    session::{Needs, Visitor},
    telemetry::{Metrics, label::ByClose},
};

/// How long the last words may take to reach a client, and the client to answer them.
pub const PARTING: Duration = Duration::from_secs(1);

/// What carries a connection: its other end writes, and this one listens.
pub trait Carrier: Send {
    /// What the client does next. An answer that the carrier gives by itself goes to `mailbox`.
    fn poll_listen(&mut self, mailbox: &Mailbox, cx: &mut Context<'_>) -> Poll<Heard>;

    /// Whether there is room to write again; an error when there is nobody to write to.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Sends the last words behind what waits in `mailbox`, and ends within [`PARTING`]. Without a
    /// `why` the client has ended the connection, or broken the rules of what carries it.
    fn part(
        &mut self,
        mailbox: &Mailbox,
        why: Option<&Disconnect>,
    ) -> impl Future<Output = ()> + Send;
}

/// What a client does.
#[derive(Debug)]
pub enum Heard {
    /// It sends these.
    Commands(Vec<Command>),
    /// It cannot send commands, and connects.
    Connect(Box<ConnectRequest>),
    /// It answers a ping of the carrier's own.
    Pong,
    /// It sends what nobody understands.
    Nonsense,
    /// It sends more commands at once than are kept.
    Flood,
    /// It ends the connection, or breaks the rules of the carrier, which ends it with this code; 0
    /// for the first. There are last words to say.
    End(u16),
    /// It is gone.
    Gone,
}

/// One connection and what carries it.
pub struct Line<C> {
    carrier: C,
    mailbox: Arc<Mailbox>,
    metrics: Metrics,
}

/// What wakes a connection.
enum Wake {
    /// The client.
    Heard(Heard),
    /// The house asks something of the session.
    Signals,
    /// The connection must end, and the client is told why.
    Close(Disconnect),
}

/// What becomes of commands under way.
enum Obeyed {
    /// They are done, or one of them ends the connection.
    Done(Result<(), Disconnect>),
    /// The connection ends before they are done.
    Interrupted(Disconnect),
}

impl<C: Carrier> Line<C> {
    /// A line over `carrier`, whose writing half is the mailbox's.
    pub fn new(carrier: C, mailbox: Arc<Mailbox>, needs: &Needs) -> Self {
        Self { carrier, mailbox, metrics: needs.metrics.clone() }
    }

    /// Serves the visitor until either side ends the connection.
    pub async fn serve(mut self, mut visitor: Visitor) {
        let ended = loop {
            if let Err(ended) = self.serve_once(&mut visitor).await {
                break ended;
            }
        };
        let code = self.mailbox.closing().map_or(ended.code, |why| why.code());
        self.metrics.closes.one(&ByClose { code: code.into() });
        self.mailbox.close(DisconnectCode::ConnectionClosed);
        drop(self);
        Box::pin(visitor.farewell()).await;
    }

    /// Waits for one thing and does it; an error when the connection has ended. Futures that are
    /// seldom needed are boxed, so that an idle connection does not own the room for them.
    async fn serve_once(&mut self, visitor: &mut Visitor) -> Result<(), Ended> {
        let obeyed = match std::future::poll_fn(|cx| self.poll_wake(cx)).await {
            Wake::Heard(Heard::Commands(commands)) => {
                let mailbox = Arc::clone(&self.mailbox);
                let mut obeying = Box::pin(obey(visitor, &mailbox, commands));
                match std::future::poll_fn(|cx| self.poll_obeying(obeying.as_mut(), cx)).await {
                    Obeyed::Done(obeyed) => obeyed,
                    Obeyed::Interrupted(disconnect) => {
                        let ended = self.hang_up(&disconnect).await;
                        // What began is finished, with nobody left to tell.
                        let _nobody_to_tell = obeying.await;
                        return ended;
                    }
                }
            }
            Wake::Heard(Heard::Connect(request)) => Box::pin(visitor.welcome(*request)).await,
            Wake::Heard(Heard::Pong) => {
                visitor.answered_ping();
                Ok(())
            }
            Wake::Heard(Heard::Flood) => Err(DisconnectCode::TooManyRequests.into()),
            Wake::Heard(Heard::Nonsense) => Err(DisconnectCode::BadRequest.into()),
            Wake::Heard(Heard::End(code)) => {
                Box::pin(self.carrier.part(&self.mailbox, None)).await;
                return Err(Ended { code });
            }
            Wake::Heard(Heard::Gone) => return Err(Ended { code: 0 }),
            Wake::Signals => Box::pin(hear(visitor, &self.mailbox)).await,
            Wake::Close(disconnect) => Err(disconnect),
        };
        self.mailbox.flush();
        match obeyed {
            Ok(()) => Ok(()),
            Err(disconnect) => self.hang_up(&disconnect).await,
        }
    }

    async fn hang_up(&mut self, disconnect: &Disconnect) -> Result<(), Ended> {
        self.mailbox.close(disconnect.clone());
        Box::pin(self.carrier.part(&self.mailbox, Some(disconnect))).await;
        Err(Ended { code: disconnect.code() })
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        match self.poll_mailbox(cx) {
            Some(wake) => Poll::Ready(wake),
            None => self.carrier.poll_listen(&self.mailbox, cx).map(Wake::Heard),
        }
    }

    /// Looks into the mailbox, and writes on when the carrier is ready again.
    fn poll_mailbox(&self, cx: &mut Context<'_>) -> Option<Wake> {
        let news = self.mailbox.news(cx.waker());
        if let Some(disconnect) = news.closing {
            return Some(Wake::Close(disconnect));
        }
        if news.is_blocked
            && poll_resume(&self.carrier, &self.mailbox, cx) == Poll::Ready(Flushed::Broken)
        {
            return Some(Wake::Heard(Heard::Gone));
        }
        news.has_signals.then_some(Wake::Signals)
    }

    /// Lets the session obey. While it waits for something, what it has answered already leaves.
    fn poll_obeying(
        &self,
        obeying: Pin<&mut (impl Future<Output = Result<(), Disconnect>> + ?Sized)>,
        cx: &mut Context<'_>,
    ) -> Poll<Obeyed> {
        if let Poll::Ready(obeyed) = obeying.poll(cx) {
            return Poll::Ready(Obeyed::Done(obeyed));
        }
        self.mailbox.flush();
        match self.poll_mailbox(cx) {
            Some(Wake::Close(disconnect)) => Poll::Ready(Obeyed::Interrupted(disconnect)),
            Some(Wake::Heard(_)) => {
                Poll::Ready(Obeyed::Interrupted(DisconnectCode::WriteError.into()))
            }
            Some(Wake::Signals) | None => Poll::Pending,
        }
    }
}

/// The connection has ended.
struct Ended {
    /// What it was closed with; 0 when the client left.
    code: u16,
}

/// Writes out what waits in `mailbox` as far as `carrier` takes it.
pub fn poll_resume(
    carrier: &impl Carrier,
    mailbox: &Mailbox,
    cx: &mut Context<'_>,
) -> Poll<Flushed> {
    loop {
        if ready!(carrier.poll_writable(cx)).is_err() {
            return Poll::Ready(Flushed::Broken);
        }
        match mailbox.resume() {
            Flushed::Blocked => {}
            flushed => return Poll::Ready(flushed),
        }
    }
}

/// Lets the visitor obey one command after the other. Whoever was sent away while one was done, or
/// whose token was revoked, gets none of the others done.
async fn obey(
    visitor: &mut Visitor,
    mailbox: &Mailbox,
    commands: Vec<Command>,
) -> Result<(), Disconnect> {
    for command in commands {
        hear(visitor, mailbox).await?;
        if let Some(why) = mailbox.closing() {
            return Err(why);
        }
        visitor.obey(command).await?;
    }
    Ok(())
}

async fn hear(visitor: &mut Visitor, mailbox: &Mailbox) -> Result<(), Disconnect> {
    for signal in mailbox.take_signals() {
        visitor.hear(signal).await?;
    }
    Ok(())
}
