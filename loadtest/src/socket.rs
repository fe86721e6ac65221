//! A bare socket: connected from a chosen address, read into one buffer a thread, written whole.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Poll, ready},
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncRead as _, ReadBuf},
    net::{TcpSocket, TcpStream},
};

/// Bytes are read into one buffer per thread, so that ten thousand connections stay cheap.
const SCRATCH_BYTES: usize = 64 * 1_024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// One end of a TCP connection.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

/// Where to connect to, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) to: SocketAddr,
    /// The own address; `None` leaves it to the system.
    pub(crate) from: Option<Ipv4Addr>,
    /// The receive buffer in bytes; `None` leaves it to the system.
    pub(crate) buffer: Option<u32>,
}

impl Socket {
    pub(crate) fn over(stream: TcpStream) -> Self {
        Self(stream)
    }

    pub(crate) async fn connect(route: Route) -> anyhow::Result<Self> {
        let socket = if route.to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.context("open a socket")?;
        if let Some(bytes) = route.buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(source) = route.from {
            socket.bind((source, 0).into()).with_context(|| format!("bind to {source}"))?;
        }
        let stream = socket.connect(route.to).await;
        let stream = stream.with_context(|| format!("connect to {}", route.to))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Waits until something has come. May be given up at any time.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        Ok(self.0.readable().await?)
    }

    /// Waits until something comes, and hands it over. May be given up at any time.
    ///
    /// A read that fills less than the buffer has emptied the socket: tokio then waits for the next
    /// event without a second system call, which halves the calls of a listener.
    pub(crate) async fn read<T>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        poll_fn(|context| {
            SCRATCH.with_borrow_mut(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer))?;
                Poll::Ready(hand_over(buffer.filled(), &mut take))
            })
        })
        .await
    }

    /// Hands over what is there now; `None` when that is nothing.
    pub(crate) fn read_now<T>(
        &self,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        SCRATCH.with_borrow_mut(|scratch| match self.0.try_read(scratch) {
            Ok(length) => hand_over(&scratch[..length], &mut take).map(Some),
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(fault) => Err(fault.into()),
        })
    }

    pub(crate) async fn write(&self, mut bytes: &[u8]) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            match self.0.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                    self.0.writable().await?;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }
}

fn hand_over<T>(
    bytes: &[u8],
    take: &mut impl FnMut(&[u8]) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if bytes.is_empty() {
        bail!("the server hung up");
    }
    take(bytes)
}
