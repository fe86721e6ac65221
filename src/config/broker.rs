//! `[broker]`: what carries publications between nodes.

use serde::{Deserialize, Serialize};

use super::fault::Wrong;

/// The `[broker]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Broker {
    /// Where the broker is: `memory:` for one node that needs none.
    pub url: String,
}

impl Default for Broker {
    fn default() -> Self {
        Self { url: "memory:".to_owned() }
    }
}

impl Broker {
    /// Refuses what this build cannot connect to, without showing the address: it may hold a
    /// password.
    pub(super) fn check(&self) -> Vec<Wrong> {
        if self.url == "memory:" {
            return Vec::new();
        }
        let reason = match self.url.split_once(':') {
            Some(("redis" | "rediss" | "redis+sentinel" | "redis+cluster", _)) => {
                "Redis is not supported by this version, which runs as one node; write \"memory:\""
            }
            _ => "no such broker; write \"memory:\"",
        };
        vec![Wrong::new("url", reason)]
    }
}
