//! `[log]`: what is logged, and how a line looks.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::fault::Wrong;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people: coloured on a terminal.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The `[log]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Which lines are written: a level, or levels by module, as `info,belfry::hub=debug`.
    pub filter: String,
    /// How a line looks: `text` or `json`.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: Format::Text }
    }
}

impl Log {
    pub(super) fn check(&self) -> Vec<Wrong> {
        match EnvFilter::try_new(&self.filter) {
            Ok(_) => Vec::new(),
            Err(fault) => vec![Wrong::new("filter", fault.to_string())],
        }
    }
}
