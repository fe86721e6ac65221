//! One spare file descriptor, so that a full table turns peers away instead of leaving them hanging.

use std::{fs::File, future::Future as _, task::Poll, time::Duration};

use tokio::net::TcpListener;

/// How long the loop rests when no descriptor is free: long enough for others to close some.
const REST: Duration = Duration::from_millis(50);

/// Holds a descriptor that is given up to accept a peer and close it at once.
pub(super) struct Reserve(Option<File>);

impl Reserve {
    pub(super) fn new() -> Self {
        Self(spare())
    }

    /// Accepts the peer at the head of the queue and closes it, then rests.
    pub(super) async fn turn_one_away(&mut self, socket: &TcpListener) {
        drop(self.0.take());
        std::future::poll_fn(|context| {
            let turned_away = std::pin::pin!(socket.accept()).poll(context);
            drop(turned_away);
            Poll::Ready(())
        })
        .await;
        self.0 = spare();
        tokio::time::sleep(REST).await;
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, net::TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_peer_turned_away_sees_the_end_at_once() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(socket.local_addr().unwrap()).await.unwrap();
        let mut reserve = Reserve::new();
        reserve.turn_one_away(&socket).await;
        assert_eq!(peer.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(reserve.0.is_some(), "the spare descriptor is taken again");
    }
}
