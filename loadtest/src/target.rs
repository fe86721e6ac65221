//! The server that is measured, and who its visitors say they are.

use std::{
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, bail, ensure};
use belfry::{
    clock::Clock,
    config::{identity as config, value::Secret},
    identity::{Claims, Identity},
    protocol::codec::Encoding,
};
use clap::{Args, ValueEnum};

use crate::{
    http::Endpoint,
    outlet::Way,
    process::Process,
    progress::Progress,
    protocol::{self, Centrifuge, Nchan, Protocol},
    stamp::Stamps,
};

/// Tokens are good for longer than any run.
const TOKEN_TTL_S: i64 = 24 * 3_600;

/// The path of Centrifugo's server API.
const API_PATH: &str = "/api/publish";

/// How clients publish when they do so over their own connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Publish {
    /// The `publish` command.
    #[default]
    Command,
    /// The operation `live.comment` of Belfry: judged, archived, sampled.
    Comment,
}

/// Where the server is and how it is spoken to.
#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// The server's WebSocket address; with nchan, `{channel}` in it stands for the channel.
    #[arg(long, global = true, default_value = "ws://127.0.0.1:8000/connection/websocket")]
    pub(crate) url: String,
    /// What the server speaks.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) protocol: protocol::Name,
    /// The secret that signs connection tokens (HS256); without it everybody is anonymous.
    #[arg(long, global = true, env = "BELFRY__IDENTITY__HMAC_SECRET", hide_env_values = true)]
    pub(crate) hmac_secret: Option<String>,
    /// Publishes by HTTP: Centrifugo's server API (`http://127.0.0.1:8000`, /api/publish is added), or
    /// nchan's publisher location, where `{channel}` stands for the channel.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) publish_api: Option<String>,
    /// The key of the server API.
    #[arg(long, global = true, env = "BELFRY_LOADTEST_API_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    /// How clients publish when no --publish-api is given.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) publish: Publish,
    /// The server's processes, when they run on this machine: their CPU and memory are measured.
    #[arg(long, global = true, value_delimiter = ',')]
    pub(crate) pid: Vec<u32>,
    /// Speaks Protobuf instead of JSON.
    #[arg(long, global = true)]
    pub(crate) protobuf: bool,
    /// Threads of this tool; 0 for one a core that it may run on.
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
    /// Writes a page with plots, complete in one file.
    #[arg(long, global = true, value_name = "FILE.html")]
    pub(crate) report: Option<std::path::PathBuf>,
}

/// Where something is: the host with its port, what it resolves to, the path.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    /// What requests name as `Host`.
    pub(crate) host: String,
    /// The path and query.
    pub(crate) path: String,
}

/// The server, ready to be visited.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// What requests name as `Host`.
    pub(crate) host: String,
    /// The path and query of the WebSocket endpoint.
    pub(crate) path: String,
    pub(crate) protocol: Arc<dyn Protocol>,
    /// The encoding of Centrifuge's protocol.
    pub(crate) encoding: Encoding,
    /// How publications are asked for.
    pub(crate) way: Way,
    pub(crate) process: Option<Process>,
    pub(crate) connecting: usize,
    pub(crate) stamps: Stamps,
    pub(crate) progress: Progress,
    let_in: AtomicU64,
    seed: u64,
    source_addresses: u8,
    identity: Option<Identity>,
    clock: Clock,
}

impl Target {
    /// # Errors
    /// When an argument makes no sense.
    pub(crate) fn new(args: &TargetArgs, channel: Option<&str>) -> anyhow::Result<Self> {
        let address = address(&args.url, "ws://")?;
        let clock = Clock::system();
        let secret = args.hmac_secret.as_ref().filter(|secret| !secret.is_empty());
        let identity = secret.map(|secret| identity(secret, &clock)).transpose()?;
        let encoding = if args.protobuf { Encoding::Protobuf } else { Encoding::Json };
        Ok(Self {
            address: address.socket,
            host: address.host,
            path: address.path,
            protocol: match args.protocol {
                protocol::Name::Centrifuge => Arc::new(Centrifuge::new(encoding)),
                protocol::Name::Nchan => Arc::new(Nchan),
            },
            encoding,
            way: way(args, encoding, channel.unwrap_or_default())?,
            process: Process::of(&args.pid)?,
            connecting: args.connecting.max(1),
            let_in: AtomicU64::new(0),
            seed: args.seed,
            stamps: Stamps::new(),
            progress: Progress::new(),
            source_addresses: args.source_addresses.max(1),
            identity,
            clock,
        })
    }

    /// The address that the visitor of this number comes from; `None` leaves it to the system.
    pub(crate) fn source(&self, number: usize) -> Option<Ipv4Addr> {
        let is_split = self.source_addresses > 1 && self.address.ip().is_loopback();
        let last = 1 + (number % usize::from(self.source_addresses)) as u8;
        is_split.then_some(Ipv4Addr::new(127, 0, 0, last))
    }

    /// Counts somebody whom the server let in.
    pub(crate) fn count_newcomer(&self) {
        self.let_in.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were let in so far.
    pub(crate) fn let_in(&self) -> u64 {
        self.let_in.load(Ordering::Relaxed)
    }

    /// The seed of one actor of the run: whatever thread it runs on, its chance is the same.
    pub(crate) fn seed_of(&self, number: usize) -> u64 {
        self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number as u64)
    }

    /// Whether the server speaks Centrifuge's protocol.
    pub(crate) fn is_centrifuge(&self) -> bool {
        self.protocol.subprotocol().is_some()
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

fn way(args: &TargetArgs, encoding: Encoding, channel: &str) -> anyhow::Result<Way> {
    let api = args.publish_api.as_ref().map(|url| address(url, "http://")).transpose()?;
    let key = args.api_key.clone();
    Ok(match (args.protocol, api, args.publish) {
        (protocol::Name::Nchan, Some(address), _) => {
            let path = address.path.replace(protocol::CHANNEL, channel);
            Way::Post(Endpoint { address: Address { path, ..address }, key })
        }
        (protocol::Name::Centrifuge, Some(address), _) => {
            let path = match address.path.trim_end_matches('/') {
                "" => API_PATH.to_owned(),
                _ => address.path,
            };
            Way::Api(Endpoint { address: Address { path, ..address }, key })
        }
        (_, None, Publish::Command) => Way::Command(encoding),
        (_, None, Publish::Comment) => Way::Comment(encoding),
    })
}

/// The parts of an address that begins with `scheme`.
fn address(url: &str, scheme: &str) -> anyhow::Result<Address> {
    let (host, path) = parts(url, scheme)?;
    let mut addresses = host.to_socket_addrs().with_context(|| format!("look up {host}"))?;
    let socket = addresses.next().with_context(|| format!("{host} has no address"))?;
    Ok(Address { socket, host, path: path.to_owned() })
}

/// The host with its port, and the path.
fn parts<'a>(url: &'a str, scheme: &str) -> anyhow::Result<(String, &'a str)> {
    let Some(rest) = url.strip_prefix(scheme) else {
        bail!("{url} does not begin with {scheme}; measure TLS where it ends, not here");
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
        let parts = |url| parts(url, "ws://");
        let whole = parts("ws://127.0.0.1:8000/connection/websocket?a=1").unwrap();
        assert_eq!(whole, ("127.0.0.1:8000".to_owned(), "/connection/websocket?a=1"));
        assert_eq!(parts("ws://im.example.cn").unwrap(), ("im.example.cn:80".to_owned(), "/"));
        assert!(parts("wss://im.example.cn").is_err());
        assert!(parts("ws:///path").is_err());
    }
}
