//! Proxies in front: who is believed, and whom the limits count. Proxies are 127.0.0.1, clients that
//! come by themselves are 127.0.0.2.

use axum::body::Body;
use tokio::net::TcpSocket;

use super::*;
use crate::config::http::{Forwarded, ProxyProtocol};

const DIRECT: [u8; 4] = [127, 0, 0, 2];

fn behind_proxies() -> Http {
    Http { trusted_proxies: vec![network("127.0.0.1"), network("10.0.0.0/8")], ..Http::default() }
}

fn introduced() -> Http {
    Http { proxy_protocol: ProxyProtocol::V2, ..behind_proxies() }
}

fn network(text: &str) -> crate::config::network::Network {
    crate::config::network::Network::parse(text).unwrap()
}

/// `/` answers who asks, `/connection/x` and `/healthz` the same; `/held` never ends.
fn whoami() -> Router {
    let who = || {
        routing::get(|Extension(PeerAddress(peer)): Extension<PeerAddress>| async move {
            peer.to_string()
        })
    };
    let held = routing::get(|| async {
        Body::from_stream(futures_util::stream::pending::<Result<String, io::Error>>())
    });
    let router = Router::new().route("/", who()).route("/connection/x", who());
    router.route("/healthz", who()).route("/held", held)
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

/// The answer to the last request on a connection from 127.0.0.1 that begins with `bytes`.
async fn asked(running: &Running, bytes: &[u8], path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = get(path, &format!("Connection: close\r\n{headers}"));
    stream.write_all(&[bytes, request.as_bytes()].concat()).await.unwrap();
    rest(stream).await
}

/// The same for a client that comes by itself.
async fn asked_directly(running: &Running, headers: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((DIRECT, 0))).unwrap();
    let mut stream = socket.connect(running.address).await.unwrap();
    let request = get("/", &format!("Connection: close\r\n{headers}"));
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(stream).await
}

/// A header of the PROXY protocol, as HAProxy writes it for a client of IPv4.
fn preface(client: [u8; 4]) -> Vec<u8> {
    let addresses = [&client[..], &[10, 0, 0, 9], &5_000_u16.to_be_bytes(), &443_u16.to_be_bytes()];
    let fixed = b"\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A\x21\x11\x00\x0C";
    [&fixed[..], &addresses.concat()].concat()
}

/// Asks `path` until the answer ends with `end`.
async fn until(running: &Running, headers: &str, end: &str) {
    let asking = async { while !asked(running, b"", "/", headers).await.ends_with(end) {} };
    tokio::time::timeout(Duration::from_secs(10), asking).await.unwrap();
}

fn counts(running: &Running, reason: &str, number: u32) -> bool {
    let line = format!("belfry_admission_refusals_total{{reason=\"{reason}\"}} {number}\n");
    running.metrics.encode().contains(&line)
}

#[tokio::test]
async fn a_trusted_proxy_says_of_each_request_whose_it_is() {
    let running = run(behind_proxies(), &Limits::default(), whoami());
    let first = get("/", "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n");
    let second = "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:db8::8, 10.0.0.9\r\n";
    let both = asked(&running, first.as_bytes(), "/", second).await;
    assert!(both.contains("\r\n\r\n192.0.2.7:0HTTP/1.1 200 OK"), "{both}");
    assert!(both.ends_with("\r\n\r\n[2001:db8::8]:0"), "{both}");
    let silent = asked(&running, b"", "/", "").await;
    assert!(silent.contains("\r\n\r\n127.0.0.1:"), "{silent}");
}

#[tokio::test]
async fn who_is_not_trusted_cannot_pass_for_another() {
    let forged = "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n";
    for http in [behind_proxies(), introduced(), Http::default()] {
        let running = run(http, &Limits::default(), whoami());
        let answer = asked_directly(&running, forged).await;
        assert!(answer.contains("\r\n\r\n127.0.0.2:"), "{answer}");
    }
}

#[tokio::test]
async fn one_header_counts_and_no_other() {
    let headers = "Forwarded: for=\"192.0.2.7:80\"\r\nX-Forwarded-For: 192.0.2.8\r\n";
    for (forwarded, client) in [
        (Forwarded::XForwardedFor, "\r\n\r\n192.0.2.8:0"),
        (Forwarded::Forwarded, "\r\n\r\n192.0.2.7:80"),
        (Forwarded::Off, "\r\n\r\n127.0.0.1:"),
    ] {
        let running = run(Http { forwarded, ..behind_proxies() }, &Limits::default(), whoami());
        let answer = asked(&running, b"", "/", headers).await;
        assert!(answer.contains(client), "{answer}");
    }
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_seats_of_its_own_for_as_long_as_it_is_answered() {
    let limits = Limits { per_address: 1, ..Limits::default() };
    let running = run(behind_proxies(), &limits, whoami());
    let held = |client: &str| get("/held", &format!("X-Forwarded-For: {client}\r\n"));
    let mut first = peer(running.address, &held("192.0.2.7")).await;
    let mut other = peer(running.address, &held("192.0.2.8")).await;
    for stream in [&mut first, &mut other] {
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
    }
    let client = "X-Forwarded-For: 192.0.2.7\r\n";
    let refused = asked(&running, b"", "/", client).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1\r\n"));
    assert!(counts(&running, "address", 1));
    assert!(asked(&running, b"", "/healthz", client).await.ends_with("192.0.2.7:0"));
    assert!(asked(&running, b"", "/", "").await.starts_with("HTTP/1.1 200 "), "the proxy's own");
    drop(first);
    until(&running, client, "192.0.2.7:0").await;
}

#[tokio::test]
async fn behind_a_proxy_the_rates_count_what_becomes_a_connection() {
    let limits = Limits { connects_per_address: 2, ..Limits::default() };
    let running = run(behind_proxies(), &limits, whoami());
    let status = async |path: &str, client: &str| {
        let answer = asked(&running, b"", path, &format!("X-Forwarded-For: {client}\r\n")).await;
        answer[9..12].parse::<u16>().unwrap()
    };
    for _ in 0..5 {
        assert_eq!(status("/", "192.0.2.7").await, 200);
    }
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(status("/connection/x", "192.0.2.7").await);
    }
    assert_eq!(statuses[..2], [200, 200]);
    assert!(statuses.contains(&503), "{statuses:?}");
    assert_eq!(status("/connection/x", "192.0.2.8").await, 200);
}

#[tokio::test]
async fn a_connection_that_a_proxy_introduces_is_its_clients() {
    let limits = Limits { per_address: 1, ..Limits::default() };
    let running = run(introduced(), &limits, whoami());
    let forged = "X-Forwarded-For: 6.6.6.6\r\n";
    let client = preface([192, 0, 2, 7]);
    assert!(asked(&running, &client, "/", forged).await.ends_with("\r\n\r\n192.0.2.7:5000"));
    let (balancer, client_of) = (preface([10, 0, 0, 8]), "X-Forwarded-For: 192.0.2.7\r\n");
    let through = asked(&running, &balancer, "/", client_of).await;
    assert!(through.ends_with("\r\n\r\n192.0.2.7:0"), "{through}");
    assert!(asked(&running, &LOCAL_PREFACE, "/", "").await.contains("\r\n\r\n127.0.0.1:"));

    let mut held = TcpStream::connect(running.address).await.unwrap();
    // In two pieces, and with a request right behind it.
    held.write_all(&client[..9]).await.unwrap();
    held.write_all(&[&client[9..], get("/held", "").as_bytes()].concat()).await.unwrap();
    assert!(held.read(&mut [0; 512]).await.unwrap() > 0);
    let refused = asked(&running, &client, "/", "").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    let other = asked(&running, &preface([192, 0, 2, 8]), "/", "").await;
    assert!(other.ends_with("\r\n\r\n192.0.2.8:5000"), "{other}");
}

#[tokio::test]
async fn a_proxy_that_introduces_nobody_is_not_served() {
    let http = Http { header_timeout: Span::milliseconds(200), ..introduced() };
    let running = run(http, &Limits::default(), whoami());
    let over_udp = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0C"[..], &[0; 12]].concat();
    let cut = preface([192, 0, 2, 7])[..15].to_vec();
    for (number, mut bytes) in (1..).zip([Vec::new(), cut, over_udp]) {
        bytes.extend(get("/", "").bytes());
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut heard = Vec::new();
        // A socket that is closed on unread bytes is reset.
        let _reset = stream.read_to_end(&mut heard).await;
        assert!(heard.is_empty(), "{number}");
        assert!(counts(&running, "proxy_protocol", number));
    }
    let since = Instant::now();
    let silent = peer(running.address, "\r\n\r\n").await;
    assert_eq!(rest(silent).await, "");
    assert!(since.elapsed() >= Duration::from_millis(200));
    assert!(counts(&running, "proxy_protocol", 4));
    running.stop.cancel();
    running.served.await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_proxy_to_introduce_somebody() {
    let running = run(introduced(), &Limits::default(), whoami());
    let mut silent = peer(running.address, "\r\n\r\n").await;
    until_accepted(&running).await;
    running.stop.cancel();
    tokio::time::timeout(Duration::from_secs(2), running.served).await.unwrap().unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

/// Connections are accepted in the order in which they came.
async fn until_accepted(running: &Running) {
    assert!(asked_directly(running, "").await.starts_with("HTTP/1.1 200 "));
}
