//! Behind a proxy: whoever it names has the limits of an address, on connections of every kind.

use std::net::SocketAddr;

use belfry::config::{Config, http::ProxyProtocol, network::Network};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Answer, Ask, House};

fn behind_a_proxy(config: &mut Config) {
    config.http.trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    config.admission.per_address = 1;
}

fn socket() -> Ask {
    Ask::get("/connection/websocket")
        .with("upgrade", "websocket")
        .with("connection", "upgrade")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

fn stream(house: &House) -> Ask {
    let connect = format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, house.token("ann"));
    Ask::post("/connection/http_stream", "application/json", connect)
}

/// The answer to `ask` on behalf of `client`.
async fn on_behalf(house: &House, client: &str, ask: Ask) -> Answer {
    ask.with("x-forwarded-for", client).of(house.address).await
}

/// Asks on until the client has a place again.
async fn free_again(house: &House, client: &str) {
    while on_behalf(house, client, Ask::get("/")).await.status != 200 {}
}

#[tokio::test]
async fn a_client_behind_a_proxy_keeps_its_place_as_long_as_its_connection() {
    let house = House::open_with(behind_a_proxy).await;
    for (ask, status) in [(socket(), 101), (stream(&house), 200)] {
        let held = on_behalf(&house, "192.0.2.7", ask.clone()).await;
        assert_eq!(held.status, status);
        let refused = on_behalf(&house, "192.0.2.7", ask.clone()).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
        let other = on_behalf(&house, "192.0.2.8", ask).await;
        assert_eq!(other.status, status);
        drop((held, other));
        free_again(&house, "192.0.2.7").await;
        free_again(&house, "192.0.2.8").await;
    }
    house.close().await;
}

#[tokio::test]
async fn a_client_that_a_balancer_introduces_keeps_its_place_as_long_as_its_connection() {
    let house = House::open_with(|config| {
        behind_a_proxy(config);
        config.http.proxy_protocol = ProxyProtocol::V2;
    })
    .await;
    let held = introduced(&house, [192, 0, 2, 7], socket()).await;
    assert_eq!(held.status, 101);
    assert_eq!(introduced(&house, [192, 0, 2, 7], socket()).await.status, 503);
    assert_eq!(introduced(&house, [192, 0, 2, 8], socket()).await.status, 101);
    drop(held);
    while introduced(&house, [192, 0, 2, 7], Ask::get("/")).await.status != 200 {}
    house.close().await;
}

/// The answer to `ask` over a connection that begins with a header of the PROXY protocol.
async fn introduced(house: &House, client: [u8; 4], ask: Ask) -> Answer {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let SocketAddr::V4(server) = house.address else { panic!("an address of IPv4") };
    let parts = [
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C",
        &client[..],
        &server.ip().octets(),
        &5_000_u16.to_be_bytes(),
        &server.port().to_be_bytes(),
    ];
    stream.write_all(&parts.concat()).await.unwrap();
    ask.over(stream).await
}
