//! `belfry healthcheck`: one request to the server of this machine, for images without a shell.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::{
    app::{cli, command::configured},
    config::http::{Http, ProxyProtocol},
    listener::LOCAL_PREFACE,
};

/// How long connecting, asking and answering may each take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(wanted: &cli::Healthcheck) -> anyhow::Result<()> {
    let http = configured(&wanted.source)?.http;
    let address = reachable(http.listen);
    let status = ask(address, &http).with_context(|| format!("no answer from {address}"))?;
    ensure!(status.split(' ').nth(1) == Some("200"), "{address} answered {status}");
    Ok(())
}

/// The first line of the answer, as `HTTP/1.1 200 OK`.
fn ask(address: SocketAddr, http: &Http) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let own = stream.local_addr()?.ip();
    let is_trusted = http.trusted_proxies.iter().any(|network| network.contains(own));
    let preface: &[u8] = match http.proxy_protocol {
        ProxyProtocol::V2 if is_trusted => &LOCAL_PREFACE,
        _ => b"",
    };
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[preface, request.as_bytes()].concat())?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status.trim_end().to_owned())
}

/// Where a server that listens on `address` is reached from its own machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_over_loopback() {
        let asked = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8000"), "127.0.0.1:8000");
        assert_eq!(asked("[::]:8000"), "[::1]:8000");
        assert_eq!(asked("10.0.0.7:80"), "10.0.0.7:80");
    }
}
