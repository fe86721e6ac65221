//! What time does to a connection: pings, pongs, and the end of tokens.
//!
//! Seconds are the hub's own; the pulse wakes the session at the earliest of these times, so an idle
//! connection has no timer.

use std::time::Duration;

use crate::{config::client::Client, protocol::code::DisconnectCode};

/// What the server pings with, and what answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pings {
    /// Empty replies, answered by empty commands.
    #[default]
    Messages,
    /// Frames of the WebSocket, which its library answers: for tools that know nothing of the
    /// protocol's own pings.
    Frames,
}

/// The times of one connection.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    interval_s: u32,
    timeout_s: u32,
    ping_at_s: u32,
    pong_by_s: Option<u32>,
    /// For how long the client was not heard since the ping, in microseconds.
    busy_us: u32,
    expires_at_s: Option<u32>,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before this second.
    Later(u32),
    /// A ping is to be sent.
    Ping,
    /// The connection ends.
    Close(DisconnectCode),
}

impl Heartbeat {
    /// The first ping falls at random into the second half of the interval, so that clients which
    /// came together are not pinged together.
    pub fn new(config: &Client, now_s: u32) -> Self {
        let interval_s = seconds(config.ping_interval.0);
        let first = fastrand::u32(interval_s / 2..=interval_s).max(1);
        Self {
            interval_s,
            timeout_s: seconds(config.pong_timeout.0).max(1),
            ping_at_s: now_s + first,
            pong_by_s: None,
            busy_us: 0,
            expires_at_s: None,
        }
    }

    /// Sets when the connection ends, its grace included; `None` for never.
    pub fn expire_at(&mut self, expires_at_s: Option<u32>) {
        self.expires_at_s = expires_at_s;
    }

    /// What is due at `now_s`. A ping counts as sent once it was due.
    pub fn due(&mut self, now_s: u32) -> Due {
        if self.expires_at_s.is_some_and(|at_s| at_s <= now_s) {
            return Due::Close(DisconnectCode::ConnectionExpired);
        }
        if self.late_at_s().is_some_and(|at_s| at_s <= now_s) {
            return Due::Close(DisconnectCode::NoPong);
        }
        if self.interval_s > 0 && self.pong_by_s.is_none() && self.ping_at_s <= now_s {
            (self.pong_by_s, self.busy_us) = (Some(now_s + self.timeout_s), 0);
            self.ping_at_s = now_s + self.interval_s;
            return Due::Ping;
        }
        Due::Later(self.next_s().unwrap_or(0))
    }

    /// The next second at which something is due; `None` for never.
    pub fn next_s(&self) -> Option<u32> {
        let ping = (self.interval_s > 0 && self.pong_by_s.is_none()).then_some(self.ping_at_s);
        [ping, self.late_at_s(), self.expires_at_s].into_iter().flatten().min()
    }

    /// While the session did what its client had asked, it heard nothing: a pong that waits behind is
    /// not late.
    pub fn was_busy(&mut self, span: Duration) {
        let span_us = u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
        self.busy_us = self.busy_us.saturating_add(span_us);
    }

    /// When a pong that did not come is late.
    fn late_at_s(&self) -> Option<u32> {
        self.pong_by_s.map(|by_s| by_s.saturating_add(self.busy_us.div_ceil(1_000_000)))
    }

    /// The client answered a ping. A pong that nobody asked for is a fault of the client's.
    pub fn pong(&mut self) -> Result<(), DisconnectCode> {
        self.pong_by_s.take().map(|_| ()).ok_or(DisconnectCode::BadRequest)
    }

    /// The client answered a ping of the transport, or sent a pong that nobody asked for, as it may
    /// (RFC 6455 section 5.5.3).
    pub fn pong_frame(&mut self) {
        self.pong_by_s = None;
    }

    /// A connection that is never asked for pongs (unidirectional ones) only gets pings.
    pub fn expects_no_pong(&mut self) {
        self.pong_by_s = None;
    }
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ping_falls_into_the_second_half_of_the_interval() {
        for _ in 0..200 {
            let mut heartbeat = Heartbeat::new(&Client::default(), 100);
            let Due::Later(at_s) = heartbeat.due(100) else { panic!("nothing can be due yet") };
            assert!((112..=125).contains(&at_s), "{at_s}");
        }
    }

    #[test]
    fn a_missing_pong_ends_the_connection_and_an_unasked_one_does_too() {
        let mut heartbeat = Heartbeat::new(&Client::default(), 0);
        assert_eq!(heartbeat.pong(), Err(DisconnectCode::BadRequest));
        assert_eq!(heartbeat.due(30), Due::Ping);
        assert_eq!(heartbeat.due(31), Due::Later(38));
        assert_eq!(heartbeat.due(38), Due::Close(DisconnectCode::NoPong));
    }

    #[test]
    fn time_that_commands_took_is_not_the_clients() {
        let mut heartbeat = Heartbeat::new(&Client::default(), 0);
        heartbeat.was_busy(Duration::from_secs(60));
        assert_eq!(heartbeat.due(30), Due::Ping);
        heartbeat.was_busy(Duration::from_millis(4_000));
        heartbeat.was_busy(Duration::from_millis(4_900));
        assert_eq!(heartbeat.due(46), Due::Later(47));
        assert_eq!(heartbeat.clone().due(47), Due::Close(DisconnectCode::NoPong));
        heartbeat.pong().unwrap();
        assert_eq!(heartbeat.due(55), Due::Ping);
        assert_eq!(heartbeat.due(56), Due::Later(63));
    }

    #[test]
    fn after_a_pong_the_next_ping_is_an_interval_after_the_last() {
        let mut heartbeat = Heartbeat::new(&Client::default(), 0);
        assert_eq!(heartbeat.due(30), Due::Ping);
        heartbeat.pong().unwrap();
        assert_eq!(heartbeat.due(31), Due::Later(55));
        heartbeat.expire_at(Some(40));
        assert_eq!(heartbeat.due(31), Due::Later(40));
        assert_eq!(heartbeat.due(40), Due::Close(DisconnectCode::ConnectionExpired));
    }
}
