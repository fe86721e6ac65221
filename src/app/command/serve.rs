//! `belfry serve`: logs, a runtime, the house, and an ending that the exit status tells.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::runtime;

use crate::{
    app::{
        App, cli, demo,
        lifecycle::{self, Ending, Lifecycle},
    },
    clock::Clock,
    config::Config,
    telemetry::logging,
};

/// How long everybody's goodbye may take, beside `http.stop_grace` for running requests.
const GOODBYE: Duration = Duration::from_secs(30);

pub(super) fn run(wanted: &cli::Serve) -> anyhow::Result<()> {
    let mut sources = wanted.source.sources();
    if let Some(listen) = wanted.listen {
        sources = sources.with_flag("--listen", "http.listen", listen.to_string());
    }
    let config = Config::load(&sources)?;
    logging::init(&config.log)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    match runtime.block_on(serve(config, wanted.demo))? {
        Ending::Farewell => Ok(()),
        Ending::CutOff => bail!("stopped before everything was finished"),
        Ending::Crash => bail!("a part of the server ended by itself"),
    }
}

async fn serve(config: Config, demo: bool) -> anyhow::Result<Ending> {
    let public_url = config.http.public_url.clone();
    let grace = config.http.stop_grace.0 + GOODBYE;
    let signals = lifecycle::signals().context("listen to signals")?;
    let app = App::build(config, Clock::system()).await?;
    tracing::info!(address = %app.address(), "listening");
    if demo {
        let passes = app.furnish().await.context("write the demo's people")?;
        demo::print(&mut std::io::stdout(), app.address(), &public_url, &passes)?;
    }
    let lifecycle = Lifecycle::new();
    lifecycle.spawn_vital("app", app.run(lifecycle.soft()));
    Ok(lifecycle.until_end(signals, grace).await)
}
