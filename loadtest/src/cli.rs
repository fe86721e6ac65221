//! The command line.

use belfry::config::value::Span;
use clap::{Args, Parser, Subcommand};

use crate::{budget::Budget, target::TargetArgs};

/// Measures a server that tells many of what a few say: JSON on stdout, words on stderr.
#[derive(Debug, Parser)]
#[command(
    name = "belfry-loadtest",
    version,
    arg_required_else_help = true,
    args_override_self = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) scenario: Scenario,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) budget: Budget,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Connections that ask for nothing: the memory of each, and the CPU that keeping them takes.
    #[command(args_override_self = true)]
    Idle(Idle),
    /// One channel, many subscribers: deliveries per CPU-second, beside a bare send loop.
    #[command(args_override_self = true)]
    Room(Room),
    /// Candidates and tutors talk: what is acknowledged is on disk, and the other side hears it.
    Consult(Consult),
    /// Newcomers all at once: connect, authenticate, subscribe.
    #[command(args_override_self = true)]
    ConnectStorm(ConnectStorm),
    /// The yardstick alone: a bare loop of blocking `send()` over loopback sockets.
    Sendloop(SendLoop),
    /// Reads reports of several servers, and sets them side by side.
    Compare(Compare),
}

/// `idle`.
#[derive(Args, Debug)]
pub(crate) struct Idle {
    /// How many connections.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// A channel that each subscribes to; `{n}` in it stands for the connection's number.
    #[arg(long)]
    pub(crate) channel: Option<String>,
    /// How long they are held before memory is read; their CPU is measured in this time.
    #[arg(long, default_value = "15s", value_parser = Span::parse)]
    pub(crate) hold: Span,
}

/// `room`.
#[derive(Args, Debug)]
pub(crate) struct Room {
    /// How many subscribe to the channel.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) subscribers: usize,
    /// How many more subscribe and never read.
    #[arg(long, default_value_t = 0)]
    pub(crate) stalled: usize,
    /// The channel: its namespace lets users subscribe and publish.
    #[arg(long, default_value = "load:room")]
    pub(crate) channel: String,
    /// How many times a second something is published.
    #[arg(long, default_value_t = 20.0)]
    pub(crate) rate: f64,
    /// How many publications at each of these times, in one frame.
    #[arg(long, default_value_t = 1)]
    pub(crate) burst: usize,
    /// How many publish, in turn.
    #[arg(long, default_value_t = 4)]
    pub(crate) publishers: usize,
    /// The size of a publication's payload, in bytes.
    #[arg(long, default_value_t = 200)]
    pub(crate) bytes: usize,
    /// How many rounds, each of the server's turn and the yardstick's.
    #[arg(long, default_value_t = 7)]
    pub(crate) rounds: usize,
    /// How long each turn takes.
    #[arg(long, default_value = "3s", value_parser = Span::parse)]
    pub(crate) turn: Span,
    /// How long after a turn what is still under way is waited for.
    #[arg(long, default_value = "20s", value_parser = Span::parse)]
    pub(crate) settle: Span,
    /// Measures the server alone.
    #[arg(long)]
    pub(crate) no_yardstick: bool,
    /// The core on which the yardstick sends: the server's, when it is bound to one.
    #[arg(long, value_name = "CORE")]
    pub(crate) yardstick_core: Option<usize>,
}

/// `consult`: against a server of this kind alone, since it calls its operations.
#[derive(Args, Debug)]
pub(crate) struct Consult {
    /// How many conversations, each between a candidate and a tutor of their own.
    #[arg(long, default_value_t = 500)]
    pub(crate) conversations: usize,
    /// How many messages a second all of them say together; 0 lets everybody say the next one as
    /// soon as the last one is acknowledged.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) rate: f64,
    /// How long they talk before anything counts.
    #[arg(long, default_value = "2s", value_parser = Span::parse)]
    pub(crate) warm_up: Span,
    /// How long they talk.
    #[arg(long, default_value = "15s", value_parser = Span::parse)]
    pub(crate) duration: Span,
}

/// `connect-storm`.
#[derive(Args, Debug)]
pub(crate) struct ConnectStorm {
    /// How many newcomers.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// A channel that each subscribes to; `{n}` in it stands for the newcomer's number.
    #[arg(long, default_value = "load:storm")]
    pub(crate) channel: String,
    /// Newcomers leave at once, and their leaving is measured too.
    #[arg(long)]
    pub(crate) leaving: bool,
}

/// `sendloop`.
#[derive(Args, Debug)]
pub(crate) struct SendLoop {
    /// How many sockets.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) sockets: usize,
    /// The size of a frame, in bytes.
    #[arg(long, default_value_t = 150)]
    pub(crate) bytes: usize,
    /// How many times a second each socket gets a frame.
    #[arg(long, default_value_t = 20.0)]
    pub(crate) rate: f64,
    /// How many rounds.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long each round takes.
    #[arg(long, default_value = "3s", value_parser = Span::parse)]
    pub(crate) turn: Span,
    /// The core on which it sends.
    #[arg(long, value_name = "CORE")]
    pub(crate) yardstick_core: Option<usize>,
}

/// `compare`.
#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// `NAME=FILE`: what a server is called, and a file of reports in JSON, one a line; of several in
    /// one file the medians count.
    #[arg(required = true)]
    pub(crate) reports: Vec<String>,
}

/// Options whose values stay out of reports.
const SECRETS: [&str; 2] = ["--hmac-secret", "--api-key"];

/// The command line as one text, fit to be shown.
pub(crate) fn without_secrets(arguments: impl Iterator<Item = String>) -> String {
    let (mut shown, mut is_secret) = (Vec::new(), false);
    for argument in arguments {
        let name = argument.split('=').next().unwrap_or_default();
        let begins_secret = SECRETS.contains(&name);
        match (is_secret, begins_secret && argument.contains('=')) {
            (true, _) => shown.push("…".to_owned()),
            (false, true) => shown.push(format!("{name}=…")),
            (false, false) => shown.push(argument.clone()),
        }
        is_secret = begins_secret && !is_secret && !argument.contains('=');
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_shown_without_its_secrets() {
        Cli::command().debug_assert();
        let shown = |text: &str| without_secrets(text.split(' ').map(str::to_owned));
        let given = "room --hmac-secret --api-key --rate 1 --api-key=abc --api-key abc --seed 1";
        assert_eq!(shown(given), "room --hmac-secret … --rate 1 --api-key=… --api-key … --seed 1");
    }
}
