//! The command line: what can be typed. What it does stands in `command`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{source::Sources, value::Span},
    moderation::{Place, Side},
    operation::Role,
};

/// 青云选岗 real-time messaging: consultation chat, live rooms and push on one WebSocket hub.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server until it is told to stop; asked twice, it stops at once.
    Serve(Serve),
    /// Prints a token for development, as one line.
    Token(Token),
    /// Looks at the configuration.
    #[command(subcommand)]
    Config(Look),
    /// Looks after the rules of moderation.
    #[command(subcommand)]
    Lexicon(Lexicon),
    /// Asks a running server whether it lives; the exit status answers.
    Healthcheck(Healthcheck),
}

/// Where the configuration is.
#[derive(Args, Debug)]
pub struct Source {
    /// The configuration file; `BELFRY_CONFIG` names one too.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `belfry serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// Puts people to try it with into the database, and prints links and tokens for them.
    #[arg(long)]
    pub demo: bool,
    /// The address to listen on, in place of `http.listen`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Where the configuration is.
    #[command(flatten)]
    pub source: Source,
}

/// `belfry token`.
#[derive(Args, Debug)]
pub struct Token {
    /// The user's id.
    #[arg(long, value_name = "ID")]
    pub sub: String,
    /// What the user is to the platform.
    #[arg(long, default_value_t = Role::User)]
    pub role: Role,
    /// The institution that a tutor or an institution's admin acts for.
    #[arg(long, value_name = "ID")]
    pub inst: Option<String>,
    /// A nickname, or a tutor's professional name.
    #[arg(long)]
    pub name: Option<String>,
    /// How long the token is good for: a number with s, m, h or d.
    #[arg(long, default_value = "1h", value_parser = Span::parse)]
    pub ttl: Span,
    /// Channels that the server subscribes the connection to, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub channels: Vec<String>,
    /// Where the secret is found.
    #[command(flatten)]
    pub source: Source,
}

/// `belfry config`.
#[derive(Debug, Subcommand)]
pub enum Look {
    /// Prints the effective configuration, or everything that is wrong with it (exit status 64).
    Check(Source),
}

/// `belfry lexicon`.
#[derive(Debug, Subcommand)]
pub enum Lexicon {
    /// Reads the rules whole and tells what is wrong with them, or how many there are.
    Check(LexiconCheck),
    /// Judges one text and explains the verdict.
    Test(LexiconTest),
    /// Judges labelled lines: recall by evasion, false alarms, exact numbers, time.
    Eval(LexiconEval),
    /// Prints how the engine reads each line: folded, and compact as the prior reads it.
    Fold(LexiconFold),
}

/// Which rules.
#[derive(Args, Debug)]
pub struct Rules {
    /// A folder of rules, in place of `moderation.lexicon`.
    #[arg(long, value_name = "FOLDER")]
    pub lexicon: Option<PathBuf>,
    /// Where the configuration is.
    #[command(flatten)]
    pub source: Source,
}

/// `belfry lexicon check`.
#[derive(Args, Debug)]
pub struct LexiconCheck {
    /// Which rules.
    #[command(flatten)]
    pub rules: Rules,
}

/// `belfry lexicon test`.
#[derive(Args, Debug)]
pub struct LexiconTest {
    /// The text.
    pub text: String,
    /// Earlier messages of the same author, oldest first; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub earlier: Vec<String>,
    /// Who wrote it: user or institution.
    #[arg(long, default_value = "user", value_parser = named::<Side>)]
    pub side: Side,
    /// Where it would appear: consult, support, live, nickname or push.
    #[arg(long, default_value = "consult", value_parser = named::<Place>)]
    pub place: Place,
    /// Prints the verdict as JSON.
    #[arg(long)]
    pub json: bool,
    /// Which rules.
    #[command(flatten)]
    pub rules: Rules,
}

/// `belfry lexicon eval`.
#[derive(Args, Debug)]
pub struct LexiconEval {
    /// Labelled lines, one JSON object each.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Writes one JSON line for each input: what was found in it.
    #[arg(long, value_name = "OUT")]
    pub verdicts: Option<PathBuf>,
    /// Prints every line that was judged otherwise than labelled.
    #[arg(long)]
    pub wrong: bool,
    /// Which rules.
    #[command(flatten)]
    pub rules: Rules,
}

/// `belfry lexicon fold`.
#[derive(Args, Debug)]
pub struct LexiconFold {
    /// Lines of JSON with a `text`.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// A value by the name that JSON has for it.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, String> {
    serde_json::from_value(name.into()).map_err(|fault| fault.to_string())
}

/// `belfry healthcheck`.
#[derive(Args, Debug)]
pub struct Healthcheck {
    /// Where the server listens.
    #[command(flatten)]
    pub source: Source,
}

impl Source {
    /// The file and the environment of this process.
    pub fn sources(&self) -> Sources {
        Sources::new(self.config.clone()).with_environment()
    }
}
