//! The accept loop against raw sockets.

mod proxies;

use std::{sync::Arc, time::Duration};

use axum::{Extension, routing};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
    time::Instant,
};

use super::*;
use crate::{config::value::Span, operation::caller::PeerAddress};

/// A running listener on a free port.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    metrics: Metrics,
}

fn run(http: Http, limits: &Limits, router: Router) -> Running {
    let http = Http { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..http };
    let metrics = Metrics::new();
    let listener = Listener::bind(http, limits, metrics.clone()).unwrap();
    let (address, stop) = (listener.address(), CancellationToken::new());
    let served = tokio::spawn(listener.serve(router, stop.clone()));
    Running { address, stop, served, metrics }
}

async fn peer(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Reads until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
    text
}

fn hello() -> Router {
    Router::new().route("/", routing::get(|| async { "hello" }))
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_head_that_does_not_arrive_in_time_ends_the_connection() {
    let http = Http { header_timeout: Span::milliseconds(200), ..Http::default() };
    let running = run(http, &Limits::default(), hello());
    let since = Instant::now();
    for text in ["GET / HTTP/1.1\r\nHo", ""] {
        let closed = rest(peer(running.address, text).await).await;
        assert!(!closed.contains("hello"), "{closed}");
    }
    assert!(since.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn an_oversized_head_is_refused() {
    let running = run(Http::default(), &Limits::default(), hello());
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Much: {}\r\n\r\n", "a".repeat(20 << 10));
    let answer = rest(peer(running.address, &head).await).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn every_request_knows_its_peer() {
    let router = Router::new().route(
        "/",
        routing::get(|Extension(PeerAddress(peer)): Extension<PeerAddress>| async move {
            peer.to_string()
        }),
    );
    let running = run(Http::default(), &Limits::default(), router);
    let stream = peer(running.address, GET).await;
    let from = stream.local_addr().unwrap().to_string();
    assert!(rest(stream).await.ends_with(&from));
}

#[tokio::test]
async fn a_stop_waits_for_the_running_request_and_takes_no_other() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let router = Router::new().route("/", routing::get(handler));
    let running = run(Http::default(), &Limits::default(), router);
    let idle = peer(running.address, "").await;
    let busy = peer(running.address, GET).await;
    begun.notified().await;
    running.stop.cancel();
    assert_eq!(rest(idle).await, "", "a silent connection is closed at once");
    assert!(TcpStream::connect(running.address).await.is_err(), "the socket is closed");
    assert!(!running.served.is_finished());
    go_on.notify_one();
    assert!(rest(busy).await.ends_with("done"));
    running.served.await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_longer_than_its_grace() {
    let begun = Arc::new(Notify::new());
    let handler = {
        let begun = Arc::clone(&begun);
        move || async move {
            begun.notify_one();
            std::future::pending::<&str>().await
        }
    };
    let http = Http { stop_grace: Span::milliseconds(50), ..Http::default() };
    let router = Router::new().route("/", routing::get(handler));
    let running = run(http, &Limits::default(), router);
    let busy = peer(running.address, GET).await;
    begun.notified().await;
    running.stop.cancel();
    running.served.await.unwrap();
    assert_eq!(rest(busy).await, "");
}

#[tokio::test]
async fn who_holds_the_leash_can_break_the_connection_off() {
    let router = Router::new().route(
        "/",
        routing::get(|Extension(leash): Extension<Leash>| async move {
            leash.end_within(Duration::ZERO).await;
            std::future::pending::<&str>().await
        }),
    );
    let running = run(Http::default(), &Limits::default(), router);
    assert_eq!(rest(peer(running.address, GET).await).await, "");
    running.stop.cancel();
    running.served.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_ends_by_itself_lets_go_of_the_leash() {
    let (sender, mut leashes) = tokio::sync::mpsc::channel(1);
    let router = Router::new().route(
        "/",
        routing::get(|Extension(leash): Extension<Leash>| async move {
            sender.try_send(leash).unwrap();
            "hello"
        }),
    );
    let running = run(Http::default(), &Limits::default(), router);
    assert!(rest(peer(running.address, GET).await).await.ends_with("hello"));
    let leash = leashes.recv().await.unwrap();
    let ended = leash.end_within(Duration::from_secs(3_600));
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_told_when_to_come_back() {
    let router = hello().route("/healthz", routing::get(|| async { "alive" }));
    let limits = Limits { per_address: 1, ..Limits::default() };
    let running = run(Http::default(), &limits, router);
    let mut held = peer(running.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(held.read(&mut [0; 512]).await.unwrap() > 0, "the first is served");

    let refused = rest(peer(running.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    let counted = r#"belfry_admission_refusals_total{reason="address"} 1"#;
    assert!(running.metrics.encode().contains(counted));
    let health = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    assert!(rest(peer(running.address, health).await).await.ends_with("alive"));

    drop(held);
    // The seat is free once the server has seen the end; until then it answers 503.
    let served =
        async { while !rest(peer(running.address, GET).await).await.ends_with("hello") {} };
    tokio::time::timeout(Duration::from_secs(10), served).await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let bind = |listen| {
        Listener::bind(Http { listen, ..Http::default() }, &Limits::default(), Metrics::new())
    };
    let taken = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = taken.address();
    let fault = bind(address).err().unwrap().to_string();
    assert!(fault.starts_with(&format!("cannot listen on {address}: ")), "{fault}");
}
