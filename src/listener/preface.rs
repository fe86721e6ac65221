//! The PROXY protocol, version 2: what a proxy says of its client before the client's first byte.
//!
//! The format is section 2.2 of HAProxy's `proxy-protocol.txt`. Nothing is guessed: whoever is to
//! send a header either sends one or is turned away.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What every header begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The length of what stands before the addresses.
pub(super) const FIXED: usize = 16;

/// So long may the rest be: 36 bytes of addresses, and what a load balancer or a TLS terminator adds
/// about itself, which is not read. A certificate of the client fits too.
pub(super) const REST_MAX: usize = 4_096;

/// The header of a connection that a proxy makes on its own account: `LOCAL`, without addresses.
pub const LOCAL: [u8; FIXED] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The proxy itself: it looks whether the server lives.
    Proxy,
    /// A client, whose connection is relayed.
    Client(SocketAddr),
}

/// What is read is no header, or none that names a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// It begins otherwise.
    #[error("no header of the PROXY protocol, version 2")]
    Signature,
    /// A command that is not known.
    #[error("a command other than LOCAL and PROXY")]
    Command,
    /// The header is longer than [`REST_MAX`] allows.
    #[error("a header that is too long")]
    TooLong,
    /// The header ends within its addresses.
    #[error("a header without room for its addresses")]
    TooShort,
    /// A client that has no address, so that nothing could hold it to limits: on a Unix socket, or
    /// over UDP, or unspecified.
    #[error("a client that does not come over TCP")]
    NoTcp,
}

/// How many bytes follow the fixed part.
///
/// # Errors
/// [`Malformed`]: it is no header, or too long.
pub(super) fn rest(fixed: &[u8; FIXED]) -> Result<usize, Malformed> {
    let [.., version_command, _, high, low] = *fixed;
    if !fixed.starts_with(SIGNATURE) || version_command >> 4 != 2 {
        return Err(Malformed::Signature);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST_MAX { Err(Malformed::TooLong) } else { Ok(length) }
}

/// Who is at the other end, from a header whose parts have been read.
///
/// # Errors
/// [`Malformed`] says what is wrong with it.
pub(super) fn origin(fixed: &[u8; FIXED], rest: &[u8]) -> Result<Origin, Malformed> {
    let [.., version_command, family, _, _] = *fixed;
    match version_command & 0x0F {
        // Whatever follows is to be discarded.
        0 => return Ok(Origin::Proxy),
        1 => {}
        _ => return Err(Malformed::Command),
    }
    let client = match family {
        0x11 => {
            let (addresses, ports) = split::<8>(rest)?;
            let [a, b, c, d, ..] = addresses;
            SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), source_port(ports))
        }
        0x21 => {
            let (addresses, ports) = split::<32>(rest)?;
            let (source, _) = addresses.split_first_chunk::<16>().ok_or(Malformed::TooShort)?;
            let source = Ipv6Addr::from(*source);
            SocketAddr::new(source.to_canonical(), source_port(ports))
        }
        _ => return Err(Malformed::NoTcp),
    };
    Ok(Origin::Client(client))
}

/// Both addresses, and both ports.
fn split<const N: usize>(rest: &[u8]) -> Result<([u8; N], [u8; 4]), Malformed> {
    let (addresses, rest) = rest.split_first_chunk().ok_or(Malformed::TooShort)?;
    let ports = rest.first_chunk().ok_or(Malformed::TooShort)?;
    Ok((*addresses, *ports))
}

fn source_port([high, low, ..]: [u8; 4]) -> u16 {
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header of `client`, by what the document says and not by the code above.
    fn header(client: SocketAddr, more: &[u8]) -> Vec<u8> {
        let mut rest = match client {
            SocketAddr::V4(v4) => [&v4.ip().octets()[..], &[10, 0, 0, 1]].concat(),
            SocketAddr::V6(v6) => [&v6.ip().octets()[..], &[0; 16]].concat(),
        };
        rest.extend(client.port().to_be_bytes());
        rest.extend(443_u16.to_be_bytes());
        rest.extend(more);
        let family = if client.is_ipv4() { 0x11 } else { 0x21 };
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        let fixed =
            [b"\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A\x21", &[family][..], &length];
        [&fixed.concat(), &rest[..]].concat()
    }

    fn read(bytes: &[u8]) -> Result<Origin, Malformed> {
        let (fixed, more) = bytes.split_first_chunk().unwrap();
        origin(fixed, more.get(..rest(fixed)?).unwrap())
    }

    #[test]
    fn a_proxy_that_looks_after_the_server_is_nobodys_client() {
        assert_eq!(read(&LOCAL), Ok(Origin::Proxy));
        let mut header = header("192.0.2.1:5".parse().unwrap(), b"");
        header[12] = 0x20;
        assert_eq!(read(&header), Ok(Origin::Proxy), "its addresses are discarded");
    }

    #[test]
    fn what_is_no_header_names_nobody() {
        let good = header("192.0.2.1:5".parse().unwrap(), b"");
        let wrong = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            read(&bytes).unwrap_err()
        };
        assert_eq!(read(b"GET / HTTP/1.1\r\n").unwrap_err(), Malformed::Signature);
        assert_eq!(read(b"PROXY TCP4 192.0").unwrap_err(), Malformed::Signature);
        assert_eq!(wrong(12, 0x11), Malformed::Signature, "another version");
        assert_eq!(wrong(12, 0x22), Malformed::Command);
        for family in [0x00, 0x01, 0x12, 0x22, 0x31, 0x32, 0x41] {
            assert_eq!(wrong(13, family), Malformed::NoTcp, "{family:x}");
        }
        assert_eq!(wrong(13, 0x21), Malformed::TooShort, "addresses of IPv6");
        assert_eq!(wrong(14, 0x10), Malformed::TooLong);
    }

    proptest! {
        #[test]
        fn a_client_is_who_the_header_names(client: SocketAddr, more: Vec<u8>) {
            let client = SocketAddr::new(client.ip().to_canonical(), client.port());
            prop_assert_eq!(read(&header(client, &more)), Ok(Origin::Client(client)));
        }

        #[test]
        fn nothing_panics(fixed: [u8; FIXED], bytes: Vec<u8>) {
            let _read = (rest(&fixed), origin(&fixed, &bytes));
        }
    }
}
