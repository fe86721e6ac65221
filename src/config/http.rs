//! `[http]`: the address that is listened on, and what one request may cost.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    network::Network,
    value::{Size, Span},
};

/// The header in which trusted proxies say whom they forward for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// `X-Forwarded-For`, as nginx and most load balancers write it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// None.
    Off,
}

/// Whether trusted proxies begin their connections with the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyProtocol {
    /// They do not.
    #[default]
    Off,
    /// Each begins with a header of version 2 of the PROXY protocol, the binary one.
    V2,
}

/// The `[http]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address by which clients reach the server, as `https://im.example.cn`; empty for the
    /// listening address.
    pub public_url: String,
    /// Web origins, as `https://app.example.cn`, whose pages may call the server from a browser.
    /// Pages of the server itself need no entry.
    pub allowed_origins: Vec<String>,
    /// Proxies that are believed when they say whose requests they forward: addresses, or networks
    /// as `10.0.0.0/8`. What anybody else says is ignored.
    pub trusted_proxies: Vec<Network>,
    /// The one header in which they say it; they must set it themselves.
    pub forwarded: Forwarded,
    /// Whether each of their connections begins with it.
    pub proxy_protocol: ProxyProtocol,
    /// The largest body of a request (413).
    pub body_max: Size,
    /// How long a request's body may take to arrive (408).
    pub body_timeout: Span,
    /// The largest head of a request (431).
    pub header_max: Size,
    /// How long a request's head may take to arrive, and an idle connection may wait for one.
    pub header_timeout: Span,
    /// How many connections the kernel keeps waiting while none is accepted.
    pub backlog: u32,
    /// How long bytes may stay without an answer from the peer before the connection is given up.
    pub peer_timeout: Span,
    /// How long running requests may take to finish when the server stops.
    pub stop_grace: Span,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8_000)),
            public_url: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            forwarded: Forwarded::default(),
            proxy_protocol: ProxyProtocol::default(),
            body_max: Size::kib(256),
            body_timeout: Span::seconds(10),
            header_max: Size::kib(16),
            header_timeout: Span::seconds(5),
            backlog: 4_096,
            peer_timeout: Span::seconds(40),
            stop_grace: Span::seconds(15),
        }
    }
}

impl Http {
    /// Refuses addresses that no browser would name so, trust in everybody, and bounds that no
    /// request passes.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Wrong::zeros([
            ("body_max", self.body_max.0),
            ("header_max", self.header_max.0),
            ("backlog", self.backlog as usize),
        ]);
        let origins = self.allowed_origins.iter().filter(|origin| !is_origin(origin));
        wrong.extend(origins.map(|origin| {
            let reason = format!("{origin:?} is no origin; write it as \"https://app.example.cn\"");
            Wrong::new("allowed_origins", reason)
        }));
        if !self.public_url.is_empty() && !is_origin(&self.public_url) {
            let reason = "must be as \"https://im.example.cn\", without a path";
            wrong.push(Wrong::new("public_url", reason));
        }
        if self.trusted_proxies.iter().any(|network| network.is_everything()) {
            let reason = "would let everybody make up an address; name the proxies";
            wrong.push(Wrong::new("trusted_proxies", reason));
        }
        if self.proxy_protocol == ProxyProtocol::V2 && self.trusted_proxies.is_empty() {
            let reason = "is read from `http.trusted_proxies` alone, and there are none";
            wrong.push(Wrong::new("proxy_protocol", reason));
        }
        wrong
    }
}

/// Whether `text` is a scheme and a host, with a port perhaps, and nothing else (RFC 6454, section 6).
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@*".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for origin in ["https://app.example.cn", "http://127.0.0.1:8000", "http://[::1]:80"] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in
            ["*", "app.example.cn", "https://", "https://a.cn/", "https://u@a.cn", "ws://a"]
        {
            assert!(!is_origin(other), "{other}");
        }
    }
}
