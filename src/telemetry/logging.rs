//! Logs: one subscriber for the process, set up once from the `[log]` section.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::log::{Format, Log};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The filter is none.
    #[error("`log.filter` is no filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else logs in this process already.
    #[error("logging was set up before")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends the lines that `log` wants to the standard error, from now to the end of the process.
pub fn init(log: &Log) -> Result<(), Fault> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        Format::Text => Box::new(lines.with_ansi(io::stderr().is_terminal())),
        Format::Json => Box::new(lines.json().flatten_event(true)),
    };
    Ok(tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?)
}
