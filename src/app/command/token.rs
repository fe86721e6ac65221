//! `belfry token`: a token for development, signed and then judged as the server would.

use std::io::{self, Write};

use anyhow::Context;

use crate::{
    app::{cli, command::configured},
    clock::Clock,
    config::identity as config,
    identity::{Claims, Identity},
};

pub(super) fn run(wanted: &cli::Token) -> anyhow::Result<()> {
    let config = configured(&wanted.source)?.identity;
    let clock = Clock::system();
    let identity = Identity::new(&config, clock.clone())?;
    let token = identity.mint(&claims(wanted, &config, &clock))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let judged = runtime.block_on(identity.verify_connection(&token));
    let grant = judged.context("the server would not accept such a token")?;
    anyhow::ensure!(identity.admits(&grant), "the server lets nobody in without a name");
    Ok(writeln!(io::stdout(), "{token}")?)
}

fn claims(wanted: &cli::Token, config: &config::Identity, clock: &Clock) -> Claims {
    let set = |text: &String| (!text.is_empty()).then(|| text.clone());
    let now_s = clock.now_s();
    Claims {
        sub: wanted.sub.clone(),
        role: Some(wanted.role),
        inst: wanted.inst.clone(),
        name: wanted.name.clone(),
        iat: Some(now_s),
        exp: Some(now_s.saturating_add(wanted.ttl.as_ms() / 1_000)),
        iss: set(&config.issuer),
        aud: set(&config.audience).into_iter().collect(),
        channels: wanted.channels.clone(),
        ..Claims::default()
    }
}
