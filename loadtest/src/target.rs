//! The server that is measured, and who its visitors say they are.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, bail, ensure};
use belfry::{
    clock::Clock,
    config::{identity as config, value::Secret},
    identity::{Claims, Identity},
    protocol::codec::Encoding,
};
use clap::Args;

use crate::{process::Process, progress::Progress, stamp::Stamps};

/// Tokens are good for longer than any run.
const TOKEN_TTL_S: i64 = 24 * 3_600;

/// Where the server is and how it is spoken to.
#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// The server's WebSocket address.
    #[arg(long, global = true, default_value = "ws://127.0.0.1:8000/connection/websocket")]
    pub(crate) url: String,
    /// The secret that signs connection tokens (HS256).
    #[arg(long, global = true, env = "BELFRY__IDENTITY__HMAC_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,
    /// The server's process, when it runs on this machine: its CPU and memory are measured.
    #[arg(long, global = true)]
    pub(crate) pid: Option<u32>,
    /// Speaks Protobuf instead of JSON.
    #[arg(long, global = true)]
    pub(crate) protobuf: bool,
    /// Threads of this tool; 0 for one a core.
    #[arg(long, global = true, default_value_t = 0)]
    pub(crate) threads: usize,
    /// Connects from so many addresses, 127.0.0.1 and those after it: each has its own ports.
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) source_addresses: u8,
    /// How many handshakes are under way at a time.
    #[arg(long, global = true, default_value_t = 64)]
    pub(crate) connecting: usize,
    /// Makes what is left to chance the same in every run.
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// The server, ready to be visited.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// What requests name as `Host`.
    pub(crate) host: String,
    /// The path and query of the WebSocket endpoint.
    pub(crate) path: String,
    pub(crate) encoding: Encoding,
    pub(crate) process: Option<Process>,
    pub(crate) connecting: usize,
    pub(crate) seed: u64,
    pub(crate) stamps: Stamps,
    pub(crate) progress: Progress,
    source_addresses: u8,
    identity: Option<Identity>,
    clock: Clock,
}

impl Target {
    pub(crate) fn new(args: &TargetArgs) -> anyhow::Result<Self> {
        let (host, path) = parts(&args.url)?;
        let mut addresses = host.to_socket_addrs().with_context(|| format!("look up {host}"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        let clock = Clock::system();
        let secret = args.secret.as_ref().filter(|secret| !secret.is_empty());
        let identity = secret.map(|secret| identity(secret, &clock)).transpose()?;
        Ok(Self {
            address,
            path: path.to_owned(),
            encoding: if args.protobuf { Encoding::Protobuf } else { Encoding::Json },
            process: args.pid.map(Process::of).transpose()?,
            connecting: args.connecting.max(1),
            seed: args.seed,
            stamps: Stamps::new(),
            progress: Progress::new(),
            source_addresses: args.source_addresses.max(1),
            identity,
            clock,
            host,
        })
    }

    /// The address that the visitor of this number comes from; `None` leaves it to the system.
    pub(crate) fn source(&self, number: usize) -> Option<Ipv4Addr> {
        let is_split = self.source_addresses > 1 && self.address.ip().is_loopback();
        let last = 1 + (number % usize::from(self.source_addresses)) as u8;
        is_split.then_some(Ipv4Addr::new(127, 0, 0, last))
    }

    /// The date, in milliseconds since 1970: what tells this run's messages from those of others.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A connection token; empty, as anonymous visitors have it, when there is no secret.
    pub(crate) fn token(&self, claims: Claims) -> anyhow::Result<String> {
        let Some(identity) = &self.identity else { return Ok(String::new()) };
        let now_s = self.clock.now_s();
        let claims = Claims { iat: Some(now_s), exp: Some(now_s + TOKEN_TTL_S), ..claims };
        Ok(identity.mint(&claims)?)
    }
}

fn identity(secret: &str, clock: &Clock) -> anyhow::Result<Identity> {
    let config = config::Identity { hmac_secret: Secret::new(secret), ..<_>::default() };
    Identity::new(&config, clock.clone()).context("take the secret")
}

/// The host with its port, and the path.
fn parts(url: &str) -> anyhow::Result<(String, &str)> {
    let Some(rest) = url.strip_prefix("ws://") else {
        bail!("{url} does not begin with ws://; measure TLS where it ends, not here");
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    ensure!(!host.is_empty(), "{url} names no host");
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let host = if has_port { host.to_owned() } else { format!("{host}:80") };
    Ok((host, if path.is_empty() { "/" } else { path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_a_port_and_a_path() {
        let whole = parts("ws://127.0.0.1:8000/connection/websocket?a=1").unwrap();
        assert_eq!(whole, ("127.0.0.1:8000".to_owned(), "/connection/websocket?a=1"));
        assert_eq!(parts("ws://im.example.cn").unwrap(), ("im.example.cn:80".to_owned(), "/"));
        assert!(parts("wss://im.example.cn").is_err());
        assert!(parts("ws:///path").is_err());
    }
}
