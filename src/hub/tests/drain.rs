//! The end of a node: who is there goes in slices, who comes goes at once.

use std::time::Duration;

use super::Paper;
use crate::{
    config::{channels::Channels, hub::Hub as Config},
    hub::{Dialect, Guest, Hub},
    protocol::code::DisconnectCode,
    telemetry::Metrics,
};

fn come(hub: &Hub) -> Guest {
    hub.admit(Dialect::StreamJson, Box::new(Paper::endless()))
}

fn is_told(guest: &Guest) -> bool {
    guest.mailbox().closing() == Some(DisconnectCode::Shutdown.into())
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_the_others_go_is_sent_away_too() {
    let config = Config { flusher_threads: 1, ..Config::default() };
    let hub = Hub::start(config, &Channels::default(), Metrics::new()).unwrap();
    let guests: Vec<_> = (0..5).map(|_| come(&hub)).collect();
    let told = || guests.iter().filter(|guest| is_told(guest)).count();
    let draining = tokio::spawn({
        let hub = hub.clone();
        async move { hub.drain(DisconnectCode::Shutdown.into(), 2, Duration::from_secs(1)).await }
    });
    for expected in [2, 4, 5] {
        tokio::task::yield_now().await;
        assert_eq!(told(), expected);
        assert!(is_told(&come(&hub)), "the node is closing");
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    draining.await.unwrap();
    assert!(is_told(&come(&hub)), "whose handshake took long");
}
