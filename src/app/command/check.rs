//! `belfry config check`: the effective configuration, or everything that is wrong with it.

use std::io::{self, Write};

use crate::app::{cli::Source, command::configured};

pub(super) fn run(source: &Source) -> anyhow::Result<()> {
    let config = configured(source)?;
    Ok(io::stdout().write_all(config.to_toml().as_bytes())?)
}
