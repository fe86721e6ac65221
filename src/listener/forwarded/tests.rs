//! Both headers as proxies write them, as clients forge them, and at random.

use proptest::{prelude::*, sample::select};

use super::*;

const PEER: &str = "10.0.0.1:1000";

/// Everything that begins with 10 is a trusted proxy, and so is `fd00::/8`.
fn is_trusted(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[0] == 10,
        IpAddr::V6(v6) => v6.octets()[0] == 0xFD,
    }
}

fn from(peer: &str, lines: &[&str], grammar: Grammar) -> String {
    let lines = lines.iter().map(|line| line.as_bytes());
    client(peer.parse().unwrap(), lines, grammar, is_trusted).to_string()
}

fn listed(lines: &[&str]) -> String {
    from(PEER, lines, Grammar::XForwardedFor)
}

fn elements(lines: &[&str]) -> String {
    from(PEER, lines, Grammar::Forwarded)
}

#[test]
fn the_nearest_hop_that_is_not_trusted_is_the_client() {
    assert_eq!(listed(&["192.0.2.7"]), "192.0.2.7:0");
    assert_eq!(listed(&["192.0.2.7, 10.0.0.9,10.0.0.8"]), "192.0.2.7:0");
    assert_eq!(listed(&["198.51.100.1, 192.0.2.7, 10.0.0.9"]), "192.0.2.7:0", "the left is forged");
    assert_eq!(
        elements(&["for=198.51.100.1, for=192.0.2.7;proto=https, for=10.0.0.9"]),
        "192.0.2.7:0"
    );
}

#[test]
fn where_every_hop_is_trusted_the_first_is_the_client() {
    assert_eq!(listed(&["10.0.0.3, 10.0.0.9"]), "10.0.0.3:0");
    assert_eq!(listed(&[]), PEER);
    assert_eq!(elements(&[""]), PEER);
}

#[test]
fn who_is_not_trusted_is_not_asked() {
    for grammar in [Grammar::XForwardedFor, Grammar::Forwarded] {
        for line in ["198.51.100.1", "for=198.51.100.1"] {
            assert_eq!(from("192.0.2.7:5", &[line], grammar), "192.0.2.7:5");
        }
    }
}

#[test]
fn several_lines_are_one_list() {
    assert_eq!(listed(&["198.51.100.1", "192.0.2.7", "10.0.0.9, 10.0.0.8"]), "192.0.2.7:0");
    assert_eq!(elements(&["for=198.51.100.1", "for=192.0.2.7, for=10.0.0.9"]), "192.0.2.7:0");
}

#[test]
fn ports_brackets_quotes_and_mapped_addresses_are_read() {
    for (entry, client) in [
        ("192.0.2.7:47011", "192.0.2.7:47011"),
        ("[2001:db8::7]:47011", "[2001:db8::7]:47011"),
        ("[2001:db8::7]", "[2001:db8::7]:0"),
        ("[2001:db8::7]:_hidden", "[2001:db8::7]:0"),
        ("::ffff:192.0.2.7", "192.0.2.7:0"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7:80"),
    ] {
        assert_eq!(listed(&[entry]), client);
        assert_eq!(elements(&[&format!("For=\"{entry}\"; by=_x")]), client);
    }
    assert_eq!(listed(&["2001:db8::7"]), "[2001:db8::7]:0");
    assert_eq!(elements(&[r#"proto=https;host="a,b;c\"";for="192\.0.2.7";"#]), "192.0.2.7:0");
}

#[test]
fn a_hop_that_is_not_named_ends_the_walk_at_the_one_before() {
    for entry in [
        "unknown",
        "_gazonk",
        "192.0.2.007",
        "192.0.2",
        "192.0.2.7:",
        "192.0.2.7:65536",
        "192.0.2.7:+1",
        "[192.0.2.7]",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]80",
        "fe80::1%eth0",
        "\u{1F}",
        "名",
        "192.0.2.7 192.0.2.8",
        "\"192.0.2.7\"",
        "192.0.2.7;192.0.2.8",
        "192.0.2.7:_\u{7F}",
    ] {
        assert_eq!(listed(&[&format!("198.51.100.1, {entry}, 10.0.0.9")]), "10.0.0.9:0", "{entry}");
    }
    for element in [
        "for=unknown",
        "for=_gazonk",
        "by=10.0.0.1;proto=http",
        "for=",
        "for",
        "=192.0.2.7",
        "for =192.0.2.7",
        "for=192.0.2.7;for=192.0.2.7",
        "for=192.0.2.7;;by=_x",
        "for=192.0.2.7;by",
        "for=192.0.2.7 by=_x",
        "for=\"192.0.2.7",
        "for=192.0.2.7\"",
        "for=\"192.0.2.7\"x",
        "for=\"192.0.2.7\\\"",
    ] {
        let line = format!("for=198.51.100.1, {element}, for=10.0.0.9");
        assert_eq!(elements(&[&line]), "10.0.0.9:0", "{element}");
    }
}

#[test]
fn a_quote_left_open_hides_nothing_that_a_proxy_wrote() {
    for forged in ["\"", "for=\"", "for=198.51.100.1;x=\"", "for=198.51.100.1, x=\"\\", "\\\""] {
        assert_eq!(elements(&[&format!("{forged}, for=192.0.2.7")]), "192.0.2.7:0", "{forged}");
        let two = format!("{forged}, for=\"[2001:db8::7]:1\", for=\"10.0.0.9:1\"");
        assert_eq!(elements(&[&two]), "[2001:db8::7]:1", "{forged}");
    }
}

/// Anything that a client may send, with a leaning to what means something.
fn forged() -> impl Strategy<Value = Vec<u8>> {
    let pieces = select(vec![
        "for=",
        ",",
        ";",
        "\"",
        "\\",
        "10.0.0.5",
        "198.51.100.1",
        "unknown",
        "[::1]",
        ":80",
        " ",
        "by=_x",
    ]);
    let said = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![said, prop::collection::vec(any::<u8>(), 0..40)]
}

/// Both headers as the proxies of `hops` would write them behind what the client sent.
fn written(sent: &[u8], hops: &[SocketAddr], grammar: Grammar) -> Vec<u8> {
    let mut line = sent.to_vec();
    for hop in hops {
        line.extend(match grammar {
            Grammar::XForwardedFor => format!(", {}", hop.ip()).into_bytes(),
            Grammar::Forwarded => format!(", for=\"{hop}\";proto=https").into_bytes(),
        });
    }
    line
}

fn stranger() -> impl Strategy<Value = SocketAddr> {
    let canonical =
        |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let named =
        any::<SocketAddr>().prop_filter(
            "a scope has no place in a header",
            |address| match address {
                SocketAddr::V4(_) => true,
                SocketAddr::V6(v6) => v6.scope_id() == 0 || !v6.to_string().contains('%'),
            },
        );
    named.prop_map(canonical).prop_filter("a stranger", |address| !is_trusted(address.ip()))
}

proptest! {
    #[test]
    fn whatever_a_client_sends_the_first_proxy_tells_who_it_is(
        sent in forged(),
        honest in stranger(),
        proxies in prop::collection::vec((0..=255_u8).prop_map(|n| SocketAddr::from(([10, 1, 2, n], 0))), 0..4),
    ) {
        let hops = [&[honest][..], &proxies].concat();
        for grammar in [Grammar::XForwardedFor, Grammar::Forwarded] {
            let line = written(&sent, &hops, grammar);
            let found = client(PEER.parse().unwrap(), [&line[..]].into_iter(), grammar, is_trusted);
            prop_assert_eq!(found.ip(), honest.ip());
        }
    }

    #[test]
    fn a_client_is_the_peer_or_somebody_who_is_named(lines in prop::collection::vec(forged(), 0..3)) {
        for grammar in [Grammar::XForwardedFor, Grammar::Forwarded] {
            let lines = lines.iter().map(Vec::as_slice);
            let found = client(PEER.parse().unwrap(), lines, grammar, is_trusted);
            prop_assert_eq!(found.ip().to_canonical(), found.ip());
        }
    }
}
