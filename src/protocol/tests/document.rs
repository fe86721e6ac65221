//! The tables in the documents are the catalogues, word for word.

use crate::{
    error::Code,
    protocol::{
        code::{DisconnectCode, UnsubscribeCode},
        codec::{self, Encoding},
    },
};

const CODES: &str = include_str!("../../../docs/CODES.md");
const PROTOCOL: &str = include_str!("../../../docs/PROTOCOL.md");

/// The rows of the table under `heading`, a list of cells each, without its head.
fn table(document: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = document.split_once(&format!("\n{heading}\n")).expect(heading);
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn answered(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

#[test]
fn the_errors_are_those_of_the_catalogue() {
    let expected = Code::ALL.iter().map(|code| {
        let (number, status) = (code.number().to_string(), code.http_status().to_string());
        let name = code.name().to_owned();
        vec![number, name, answered(code.is_temporary()).into(), status, code.sentence().into()]
    });
    assert_eq!(table(CODES, "## Errors"), expected.collect::<Vec<_>>());
}

#[test]
fn the_unsubscribe_codes_are_those_of_the_catalogue() {
    let expected = UnsubscribeCode::ALL.iter().map(|code| {
        let again = answered(code.is_resubscribe());
        vec![code.number().to_string(), code.reason().into(), again.into(), code.sentence().into()]
    });
    assert_eq!(table(CODES, "## Unsubscribe pushes"), expected.collect::<Vec<_>>());
}

#[test]
fn the_close_codes_are_those_of_the_catalogue() {
    let expected = DisconnectCode::ALL.iter().map(|code| {
        let again = answered(code.is_reconnect());
        vec![code.number().to_string(), code.reason().into(), again.into(), code.sentence().into()]
    });
    assert_eq!(table(CODES, "## Closes"), expected.collect::<Vec<_>>());
}

#[test]
fn every_command_is_in_the_document() {
    let rows = table(PROTOCOL, "## Commands");
    let named: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let expected = [
        "connect",
        "subscribe",
        "unsubscribe",
        "publish",
        "presence",
        "presence_stats",
        "history",
        "rpc",
        "send",
        "refresh",
        "sub_refresh",
        "ping",
    ];
    assert_eq!(named, expected);
}

#[test]
fn the_session_in_the_document_is_what_travels() {
    let lines =
        |mark: &'static str| PROTOCOL.lines().filter_map(move |line| line.strip_prefix(mark));
    let (mut up, mut down) = (0, 0);
    for line in lines("> ") {
        let commands = codec::decode_commands(Encoding::Json, line.as_bytes(), 1).expect(line);
        let mut written = Vec::new();
        codec::encode_commands(Encoding::Json, &commands, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), line);
        up += 1;
    }
    for line in lines("< ") {
        let replies = codec::decode_replies(Encoding::Json, line.as_bytes()).expect(line);
        let mut written = Vec::new();
        codec::encode_replies(Encoding::Json, &replies, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), line);
        down += 1;
    }
    assert_eq!((up, down), (4, 5));
}
