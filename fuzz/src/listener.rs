//! The part of the listener that reads what is said of addresses, and what must hold for any bytes.

#[path = "../../src/listener/forwarded/mod.rs"]
mod forwarded;
#[path = "../../src/listener/preface.rs"]
mod preface;

use std::net::{IpAddr, SocketAddr};

use self::{
    forwarded::{Grammar, client},
    preface::{FIXED, Origin, origin, rest},
};

/// Whatever stands in a header, one line of `said` a line of it, behind it counts what the proxies
/// wrote.
pub fn headers(said: &[u8]) {
    let peer = SocketAddr::from(([10, 0, 0, 1], 1_000));
    let honest = SocketAddr::from(([192, 0, 2, 7], 47_011));
    let is_trusted = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.octets()[0] == 10,
        IpAddr::V6(v6) => v6.octets()[0] == 0xFD,
    };
    for (grammar, written) in [
        (Grammar::XForwardedFor, &b", 192.0.2.7:47011, 10.0.0.9"[..]),
        (Grammar::Forwarded, b", for=\"192.0.2.7:47011\", for=10.0.0.9;proto=https"),
    ] {
        let lines = || said.split(|byte| *byte == b'\n');
        let found = client(peer, lines(), grammar, is_trusted);
        assert_eq!(found.ip().to_canonical(), found.ip());
        assert_eq!(client(honest, lines(), grammar, is_trusted), honest);
        let behind = [said, written].concat();
        let lines = behind.split(|byte| *byte == b'\n');
        assert_eq!(client(peer, lines, grammar, is_trusted), honest);
    }
}

/// Any bytes are a header of the PROXY protocol, or none; what follows its addresses says nothing.
pub fn prefaces(bytes: &[u8]) {
    let Some((fixed, more)) = bytes.split_first_chunk::<FIXED>() else { return };
    let Ok(length) = rest(fixed) else { return };
    let Some(more) = more.get(..length) else { return };
    let Ok(Origin::Client(found)) = origin(fixed, more) else { return };
    assert_eq!(found.ip().to_canonical(), found.ip());
    assert_eq!(origin(fixed, &[more, b"more"].concat()), Ok(Origin::Client(found)));
}
