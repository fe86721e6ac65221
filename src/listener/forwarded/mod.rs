//! Whom a request is forwarded for: `X-Forwarded-For` or `Forwarded` (RFC 7239), read from the right.
//!
//! Each proxy adds the address that it saw at the right end. So the last entry is the word of the
//! peer, and the one before it counts only when the peer of that hop is trusted too. What stands
//! further left was written by somebody who is not: the client, say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a header names its hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Addresses and commas. Nobody standardized it; ports and brackets are in use.
    XForwardedFor,
    /// Elements of pairs (RFC 7239, section 4).
    Forwarded,
}

/// The client of a request that came from `peer`: the nearest hop that is not trusted, or the last
/// that is well named. `lines` are the values of the header in the order in which they came; the port
/// is 0 where nobody said one.
pub(super) fn client<'a>(
    peer: SocketAddr,
    lines: impl DoubleEndedIterator<Item = &'a [u8]>,
    grammar: Grammar,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> SocketAddr {
    let mut client = peer;
    for entry in lines.rev().flat_map(|line| entries(line, grammar)) {
        if !is_trusted(client.ip()) {
            break;
        }
        match hop(entry, grammar) {
            Some(before) => client = before,
            None => break,
        }
    }
    client
}

/// The entries of a line from the right. Empty ones say nothing (RFC 9110, section 5.6.1).
fn entries(line: &[u8], grammar: Grammar) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    let cut = move || {
        let line = rest?;
        let comma = last_comma(line, grammar == Grammar::Forwarded);
        rest = comma.map(|at| &line[..at]);
        Some(line[comma.map_or(0, |at| at + 1)..].trim_ascii())
    };
    std::iter::from_fn(cut).filter(|entry| !entry.is_empty())
}

/// Where the last entry begins. Quotes are counted from the right: a quote that a client left open
/// must not swallow what the proxies wrote behind it.
fn last_comma(line: &[u8], has_quotes: bool) -> Option<usize> {
    let mut is_quoted = false;
    for (at, byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if has_quotes && !is_escaped(&line[..at]) => is_quoted = !is_quoted,
            b',' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether what follows `before` is escaped: an odd number of backslashes ends it.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn hop(entry: &[u8], grammar: Grammar) -> Option<SocketAddr> {
    let entry = std::str::from_utf8(entry).ok()?;
    match grammar {
        Grammar::XForwardedFor => node(entry),
        Grammar::Forwarded => node(&named_for(entry)?),
    }
}

/// The value of an element's `for`, which must stand there once; the others must be pairs too.
fn named_for(element: &str) -> Option<String> {
    let mut found = None;
    let mut rest = element;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
        match after.trim_ascii_start().strip_prefix(';').map(str::trim_ascii_start) {
            None if after.is_empty() => return found,
            None => return None,
            Some("") => return found,
            Some(more) => rest = more,
        }
    }
}

/// A token or a quoted string at the beginning of `text`, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Colons and brackets belong into quotes; many a proxy writes them without.
        let end = text.find([';', '"', ' ', '\t']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// An address with or without a port. `unknown` and names that hide an address, as `_gazonk`, are
/// none (RFC 7239, section 6).
fn node(text: &str) -> Option<SocketAddr> {
    let (address, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => (
                IpAddr::V4(address.parse::<Ipv4Addr>().ok()?),
                &text[text.len() - port.len() - 1..],
            ),
            _ => (text.parse().ok()?, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => 0,
        None => return None,
        Some(hidden) if hidden.starts_with('_') => hidden.bytes().all(is_token).then_some(0)?,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}

/// What names are made of (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
