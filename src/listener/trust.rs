//! Whose word about addresses is taken: `http.trusted_proxies`, and what they say.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, header};
use tokio::net::TcpStream;

use super::{
    forwarded::{self, Grammar},
    preface::{self, Malformed, Origin},
};
use crate::config::{
    http::{Forwarded, Http, ProxyProtocol},
    network::Network,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are trusted, and how they name their clients.
pub(super) struct Trust {
    proxies: Vec<Network>,
    header: Option<(HeaderName, Grammar)>,
    has_preface: bool,
    patience: Duration,
}

/// A trusted proxy did not say whom it connects for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silence {
    /// Nothing came in time.
    #[error("its header of the PROXY protocol did not arrive in time")]
    TooSlow,
    /// The connection broke.
    #[error(transparent)]
    Broken(#[from] io::Error),
    /// Something else came.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Trust {
    pub(super) fn new(http: &Http) -> Self {
        let header = match http.forwarded {
            Forwarded::XForwardedFor => Some((X_FORWARDED_FOR, Grammar::XForwardedFor)),
            Forwarded::Forwarded => Some((header::FORWARDED, Grammar::Forwarded)),
            Forwarded::Off => None,
        };
        Self {
            proxies: http.trusted_proxies.clone(),
            header,
            has_preface: http.proxy_protocol == ProxyProtocol::V2,
            patience: http.header_timeout.0,
        }
    }

    /// Whether `address` is that of a trusted proxy.
    pub(super) fn covers(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }

    /// Whether a connection from `address` begins with a header of the PROXY protocol.
    pub(super) fn expects_preface(&self, address: IpAddr) -> bool {
        self.has_preface && self.covers(address)
    }

    /// Reads that header, and not a byte more: whose connection it is that came from `peer`.
    ///
    /// # Errors
    /// [`Silence`]: then nothing of the connection can be believed.
    pub(super) async fn introduced(
        &self,
        stream: &TcpStream,
        peer: SocketAddr,
    ) -> Result<SocketAddr, Silence> {
        let reading = async {
            let mut fixed = [0; preface::FIXED];
            fill(stream, &mut fixed).await?;
            let mut rest = vec![0; preface::rest(&fixed)?];
            fill(stream, &mut rest).await?;
            Ok(preface::origin(&fixed, &rest)?)
        };
        match tokio::time::timeout(self.patience, reading).await {
            Ok(Ok(Origin::Proxy)) => Ok(peer),
            Ok(Ok(Origin::Client(client))) => Ok(client),
            Ok(Err(silence)) => Err(silence),
            Err(_elapsed) => Err(Silence::TooSlow),
        }
    }

    /// The client of a request that came from `peer`.
    pub(super) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let Some((name, grammar)) = &self.header else { return peer };
        let lines = headers.get_all(name).into_iter().map(|value| value.as_bytes());
        forwarded::client(peer, lines, *grammar, |address| self.covers(address))
    }
}

/// Reads as many bytes as `buffer` takes.
async fn fill(stream: &TcpStream, buffer: &mut [u8]) -> Result<(), Silence> {
    let mut filled = 0;
    while filled < buffer.len() {
        stream.readable().await?;
        match stream.try_read(&mut buffer[filled..]) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(count) => filled += count,
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}
