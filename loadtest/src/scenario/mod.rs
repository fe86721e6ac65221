//! The scenarios: each opens its connections, lets its time pass, and reports.

mod connect_storm;
mod consult;
mod idle;
mod room;
mod sendloop;

use std::sync::Arc;

use anyhow::bail;

use crate::{
    cli::{Cli, Scenario},
    report::Report,
    target::Target,
};

/// Runs what the command line asks for.
pub(crate) async fn run(cli: &Cli) -> anyhow::Result<Report> {
    let channel = match &cli.scenario {
        Scenario::Room(room) => Some(room.channel.as_str()),
        _ => None,
    };
    let target = Arc::new(Target::new(&cli.target, channel)?);
    match &cli.scenario {
        Scenario::Idle(idle) => idle::run(&target, idle).await,
        Scenario::Room(room) => room::run(&target, room).await,
        Scenario::Consult(consult) => consult::run(&target, consult).await,
        Scenario::ConnectStorm(storm) => connect_storm::run(&target, storm).await,
        Scenario::Sendloop(sendloop) => sendloop::run(&target, sendloop).await,
        Scenario::Compare(_) => bail!("a comparison measures nothing"),
    }
}
