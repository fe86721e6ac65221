//! Floods: a bucket of commands for each connection, and an end to those that pour on.
//!
//! While commands pour in, some still pass at the rate; so what counts is not refusals in a row, but
//! refusals until the bucket has had time to fill halfway.

use tokio::time::Instant;

use crate::{config::client::Client, protocol::code::DisconnectCode};

/// A token bucket; each command takes one token.
#[derive(Debug)]
pub struct Flood {
    tokens: f32,
    refused: u32,
    at: Instant,
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toll {
    /// It is done.
    Pass,
    /// It is answered with error 111.
    Refuse,
    /// The connection ends.
    Close(DisconnectCode),
}

impl Flood {
    /// A full bucket.
    pub fn new(config: &Client) -> Self {
        Self { tokens: config.commands_burst as f32, refused: 0, at: Instant::now() }
    }

    /// Takes a token for one command.
    pub fn toll(&mut self, config: &Client) -> Toll {
        if config.commands_per_second == 0 {
            return Toll::Pass;
        }
        let now = Instant::now();
        let earned = (now - self.at).as_secs_f32() * config.commands_per_second as f32;
        self.tokens = (self.tokens + earned).min(config.commands_burst as f32);
        self.at = now;
        if self.tokens >= 1.0 {
            if self.tokens * 2.0 >= config.commands_burst as f32 {
                self.refused = 0;
            }
            self.tokens -= 1.0;
            return Toll::Pass;
        }
        self.refused += 1;
        if self.refused > config.commands_burst.saturating_mul(2) {
            return Toll::Close(DisconnectCode::TooManyRequests);
        }
        Toll::Refuse
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_then_the_rate_holds_then_the_flood_ends() {
        let config = Client { commands_per_second: 10, commands_burst: 3, ..Client::default() };
        let mut flood = Flood::new(&config);
        for _ in 0..3 {
            assert_eq!(flood.toll(&config), Toll::Pass);
        }
        assert_eq!(flood.toll(&config), Toll::Refuse);
        tokio::time::advance(Duration::from_millis(110)).await;
        assert_eq!(flood.toll(&config), Toll::Pass);
        for _ in 0..5 {
            assert_eq!(flood.toll(&config), Toll::Refuse);
        }
        assert_eq!(flood.toll(&config), Toll::Close(DisconnectCode::TooManyRequests));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_at_three_times_the_rate_ends_and_a_short_excess_is_forgiven() {
        let config = Client::default();
        let mut flood = Flood::new(&config);
        let mut pour = async |milliseconds: usize, a_millisecond: usize| {
            for _ in 0..milliseconds {
                tokio::time::advance(Duration::from_millis(1)).await;
                for _ in 0..a_millisecond {
                    if matches!(flood.toll(&config), Toll::Close(_)) {
                        return Err(());
                    }
                }
            }
            Ok(())
        };
        for _ in 0..20 {
            assert_eq!(pour(1_500, 3).await, Ok(()), "a thousand refusals, and then a rest");
            tokio::time::advance(Duration::from_secs(2)).await;
        }
        assert_eq!(pour(5_000, 3).await, Err(()));
    }
}
