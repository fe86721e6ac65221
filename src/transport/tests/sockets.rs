//! What a client's frames come to: pings, floods, and turns that others get.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
};

use super::{Paper, Sleeper};
use crate::{
    config::client::Client,
    hub::{Bounds, Dialect, Mailbox},
    ids::ConnectionId,
    session::Pings,
    telemetry::instrument::Count,
    transport::{
        connection::{Carrier as _, Heard},
        socket::Listening,
    },
};

/// The ears of a connection, what answers on it, and its client's end.
struct Scene {
    listening: Listening,
    mailbox: Mailbox,
    paper: Paper,
    stream: Arc<TcpStream>,
    client: TcpStream,
}

impl Scene {
    /// A connection whose frames hold at most eight commands.
    async fn open(pings: Pings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = Arc::new(listener.accept().await.unwrap().0);
        let (paper, dialect) = (Paper::default(), Dialect::WebSocketJson);
        let (bounds, wire) = (Bounds { bytes_max: 1 << 20 }, Box::new(paper.clone()));
        let mailbox = Mailbox::new(ConnectionId::fresh(), dialect, bounds, wire);
        let config = Client { commands_per_frame: 8, ..Client::default() };
        let (own, received) = (Arc::clone(&stream), Count::default());
        let listening = Listening::new(own, dialect, pings, &config, received);
        Self { listening, mailbox, paper, stream, client }
    }

    fn digest(&mut self, mut bytes: Vec<u8>) {
        self.listening.digest(&mut bytes, &self.mailbox);
    }

    fn listen(&mut self, waker: &Waker) -> Poll<Heard> {
        self.listening.poll_listen(&self.mailbox, &mut Context::from_waker(waker))
    }
}

/// A frame as a client sends it, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

fn ping(payload: &[u8]) -> Vec<u8> {
    frame(0x89, payload)
}

fn text(message: &str) -> Vec<u8> {
    frame(0x81, message.as_bytes())
}

/// So many commands in one frame, which are the shortest there are.
fn commands(count: usize) -> Vec<u8> {
    text(&vec!["{}"; count].join("\n"))
}

#[tokio::test]
async fn one_pong_answers_all_pings_of_a_read_and_names_the_newest() {
    let mut scene = Scene::open(Pings::Messages).await;
    scene.digest([ping(b"old").repeat(500), ping(b"new")].concat());
    assert_eq!(scene.paper.take(), b"\x8a\x03new");
    assert!(scene.listen(Waker::noop()).is_pending());
}

#[tokio::test]
async fn who_only_pings_gives_way_after_each_read() {
    let mut scene = Scene::open(Pings::Messages).await;
    scene.client.write_all(&ping(b"")).await.unwrap();
    scene.stream.readable().await.unwrap();
    let sleeper = Arc::new(Sleeper::default());
    assert!(scene.listen(&sleeper.waker()).is_pending());
    assert_eq!((scene.paper.take().as_slice(), sleeper.woken()), (&b"\x8a\x00"[..], 1));
}

#[tokio::test]
async fn nothing_behind_nonsense_is_kept() {
    let mut scene = Scene::open(Pings::Messages).await;
    scene.digest([text("nonsense"), commands(8)].concat().repeat(100));
    assert!(matches!(scene.listen(Waker::noop()), Poll::Ready(Heard::Nonsense)));
    assert!(scene.listen(Waker::noop()).is_pending());
}

#[tokio::test]
async fn what_one_read_brings_is_bounded_whatever_stands_between() {
    let mut scene = Scene::open(Pings::Frames).await;
    scene.digest([frame(0x8a, b""), commands(8)].concat().repeat(100));
    let mut kept = 0;
    loop {
        match scene.listen(Waker::noop()) {
            Poll::Ready(Heard::Commands(commands)) => kept += commands.len(),
            Poll::Ready(Heard::Pong) => {}
            Poll::Ready(Heard::Flood) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 24, "the pongs between take room too");
}

#[tokio::test]
async fn many_pongs_say_no_more_than_one() {
    let mut scene = Scene::open(Pings::Frames).await;
    scene.digest(frame(0x8a, b"").repeat(10_000));
    assert!(matches!(scene.listen(Waker::noop()), Poll::Ready(Heard::Pong)));
    assert!(scene.listen(Waker::noop()).is_pending());
}
