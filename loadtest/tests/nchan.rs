//! Against a server of another kind: subscribers by WebSocket, publications by HTTP, as nchan has it.

#![expect(clippy::unwrap_used, reason = "what cannot be had is a failed test")]

use std::sync::Arc;

use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    process::Command,
    sync::Mutex,
};

type Subscribers = Arc<Mutex<Vec<TcpStream>>>;

/// One request, its head ended by an empty line, from what has come; the rest stays.
async fn request(stream: &TcpStream, come: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        let text = String::from_utf8_lossy(come).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.split("Content-Length: ").nth(1);
            let length = length.map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
            let end = head.len() + 4 + length;
            if come.len() >= end {
                let body = come[head.len() + 4..end].to_vec();
                come.drain(..end);
                return Some((head.to_owned(), body));
            }
        }
        stream.readable().await.unwrap();
        let mut part = [0; 4_096];
        match stream.try_read(&mut part) {
            Ok(0) => return None,
            Ok(length) => come.extend_from_slice(&part[..length]),
            Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_reset) => return None,
        }
    }
}

/// A frame of text for every subscriber, and 201; a subscriber stays.
async fn serve(stream: TcpStream, subscribers: Subscribers) {
    let mut come = Vec::new();
    while let Some((head, body)) = request(&stream, &mut come).await {
        if head.starts_with("GET /sub/room") {
            stream.try_write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
            subscribers.lock().await.push(stream);
            return;
        }
        assert!(head.starts_with("POST /pub?id=room "), "{head}");
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        let frame = [&[0x81, 126], &length[..], &body].concat();
        for subscriber in &*subscribers.lock().await {
            assert_eq!(subscriber.try_write(&frame).unwrap(), frame.len());
        }
        stream.try_write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_nchan_hears_what_is_posted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let subscribers = Subscribers::default();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&subscribers)));
        }
    });
    let url = format!("ws://{address}/sub/{{channel}}");
    let api = format!("http://{address}/pub?id={{channel}}");
    let room = "room --protocol nchan --channel room --subscribers 5 --rate 100 --rounds 1 \
                --turn 100ms --burst 2 --no-yardstick --budget missing<=0 --budget lost<=0";
    let output = Command::new(env!("CARGO_BIN_EXE_belfry-loadtest"))
        .args(room.split(' '))
        .args(["--url", &url, "--publish-api", &api])
        .output()
        .await
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["deliveries"], 2.0 * 10.0 * 5.0, "{report}");
    assert_eq!(report["publications_per_frame"], 1.0, "{report}");
    assert!(report["p99_ms"].as_f64().unwrap() > 0.0, "{report}");
    server.abort();
}
