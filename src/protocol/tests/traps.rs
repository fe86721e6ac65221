//! What makes SDKs hang, loop or crash, and what a server must not be fooled by.

use bytes::Bytes;

use crate::protocol::{
    codec::{self, DecodeError, Encoding, decode_commands},
    command::{Command, Request},
    payload::DEPTH_MAX,
    publication::Publication,
    push::Push,
    reply::Reply,
    request::{
        ConnectRequest, PublishRequest, RefreshRequest, SubRefreshRequest, SubscribeRequest,
    },
    result::{ConnectResult, SubscribeResult},
};

fn commands(text: &str) -> Result<Vec<Command>, DecodeError> {
    decode_commands(Encoding::Json, text.as_bytes(), 4)
}

fn published(text: &str) -> Bytes {
    match commands(text).unwrap().remove(0).request() {
        Some(Request::Publish(request)) => request.data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_without_a_command_is_refused() {
    for text in ["", "\n", " \r\n \n"] {
        assert_eq!(commands(text), Err(DecodeError::Empty));
    }
    assert_eq!(decode_commands(Encoding::Protobuf, &[], 4), Err(DecodeError::Empty));
}

#[test]
fn newlines_and_spaces_around_commands_are_harmless() {
    let expected = Ok(vec![Command::pong(), Command { id: 1, ..Command::default() }]);
    for text in ["{}\n{\"id\":1}", "{}\n{\"id\":1}\n", "\n {} \r\n\r\n{\"id\":1}\t\n\n"] {
        assert_eq!(commands(text), expected, "{text:?}");
    }
}

#[test]
fn a_pong_is_an_empty_command_in_both_encodings() {
    assert_eq!(commands("{}"), Ok(vec![Command::pong()]));
    assert_eq!(decode_commands(Encoding::Protobuf, &[0], 4), Ok(vec![Command::pong()]));
}

#[test]
fn more_commands_than_allowed_are_refused_unread() {
    let too_many = Err(DecodeError::TooMany { max: 4 });
    assert_eq!(commands("{}\n{}\n{}\n{}\nnot even JSON"), too_many);
    assert_eq!(decode_commands(Encoding::Protobuf, &[0, 0, 0, 0, 9], 4), too_many);
}

#[test]
fn what_is_no_command_is_refused_where_it_stands() {
    for (text, at) in [
        ("[]", 0),
        ("null", 0),
        ("{}\n[1]", 3),
        ("{\"id\":-1}", 8),
        ("{\"id\":\"1\"}", 9),
        ("{\"id\":1}{\"id\":2}", 9),
        ("{\"id\":4294967296}", 16),
        ("{}\n{\"rpc\":{\"data\":{]}}}", 20),
    ] {
        assert_eq!(commands(text), Err(DecodeError::Json { at }), "{text}");
    }
    let not_utf8 = decode_commands(Encoding::Json, b"{\"id\":1}\xff", 4);
    assert_eq!(not_utf8, Err(DecodeError::NotUtf8));
}

#[test]
fn a_refusal_never_repeats_what_was_sent() {
    let secret = r#"{"id":1,"connect":{"token":["eyJ-secret"]}}"#;
    let refused = commands(secret).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("secret"));
}

#[test]
fn a_token_is_never_printed() {
    let token = || "eyJ-secret".to_owned();
    let connect = ConnectRequest { token: token(), ..ConnectRequest::default() };
    let subscribe = SubscribeRequest { token: token(), ..SubscribeRequest::default() };
    let refresh = RefreshRequest { token: token() };
    let sub_refresh = SubRefreshRequest { token: token(), ..SubRefreshRequest::default() };
    for command in [
        Command::new(1, connect),
        Command::new(2, subscribe),
        Command::new(3, refresh),
        Command::new(4, sub_refresh),
    ] {
        assert!(!format!("{command:?}").contains("secret"));
        assert!(!format!("{:?}", command.request()).contains("secret"));
    }
}

#[test]
fn unknown_fields_are_passed_over() {
    let text = r#"{"id":7,"new":{"a":[1]},"publish":{"channel":"c","data":1,"key":"k"}}"#;
    let publish =
        PublishRequest { channel: "c".into(), data: "1".into(), ..PublishRequest::default() };
    assert_eq!(commands(text), Ok(vec![Command::new(7, publish)]));
    // Field 99, a varint.
    let binary = [5, 0x08, 7, 0x98, 0x06, 1];
    let expected = Command { id: 7, ..Command::default() };
    assert_eq!(decode_commands(Encoding::Protobuf, &binary, 4), Ok(vec![expected]));
}

#[test]
fn a_length_beyond_the_frame_is_refused_before_memory_is_taken() {
    for frame in [
        &[5, 0x08][..],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff; 10],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x80],
    ] {
        let refused = decode_commands(Encoding::Protobuf, frame, 4);
        assert_eq!(refused, Err(DecodeError::Length), "{frame:?}");
    }
    // A bytes field that claims four GiB.
    let inner = [6, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let refused = decode_commands(Encoding::Protobuf, &inner, 4);
    assert!(matches!(refused, Err(DecodeError::Protobuf(_))), "{refused:?}");
}

#[test]
fn a_payload_is_kept_as_it_was_written_but_on_one_line() {
    let kept = r#"{"n":1.10, "big":12345678901234567890123, "s":"\u5c97\n"}"#;
    assert_eq!(published(&format!(r#"{{"publish":{{"data":{kept}}}}}"#)), kept);
    assert_eq!(published("{\"publish\":{\"data\":[1,\r 2]}}"), "[1, 2]");
    assert_eq!(published(r#"{"publish":{"data":null}}"#), "null");
    assert_eq!(published(r#"{"publish":{}}"#), "");
}

#[test]
fn a_payload_that_would_overflow_a_reader_is_refused() {
    let nested = |levels: usize| {
        let data = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        commands(&format!(r#"{{"id":1,"publish":{{"channel":"c","data":{data}}}}}"#))
    };
    assert!(nested(DEPTH_MAX).is_ok());
    assert!(matches!(nested(DEPTH_MAX + 1), Err(DecodeError::Json { .. })));
    assert!(matches!(nested(30_000), Err(DecodeError::Json { .. })));
}

#[test]
fn filters_that_nest_too_deep_are_refused() {
    let deep = format!("{}{}", r#"{"nodes":["#.repeat(200), "]}".repeat(200));
    let text = format!(r#"{{"id":1,"subscribe":{{"channel":"c","tf":{deep}}}}}"#);
    assert!(matches!(commands(&text), Err(DecodeError::Json { .. })));
}

#[test]
fn offsets_and_times_travel_as_plain_numbers_up_to_what_scripts_can_hold() {
    const SAFE: u64 = (1 << 53) - 1;
    let publication = Publication { data: "1".into(), offset: SAFE, ..Publication::default() };
    let mut frame = Vec::new();
    let reply = Reply::push(Push::publication("c", publication));
    codec::encode_reply(Encoding::Json, &reply, &mut frame).unwrap();
    let text = String::from_utf8(frame).unwrap();
    assert_eq!(text, r#"{"push":{"channel":"c","pub":{"data":1,"offset":9007199254740991}}}"#);
}

#[test]
fn a_newline_in_a_payload_or_a_name_does_not_split_a_frame() {
    let publication = Publication { data: "{\n\"a\":\r\n1}".into(), ..Publication::default() };
    let replies = [Reply::push(Push::publication("a\nb", publication)), Reply::ping()];
    let mut frame = Vec::new();
    codec::encode_replies(Encoding::Json, &replies, &mut frame).unwrap();
    let text = String::from_utf8(frame).unwrap();
    assert_eq!(text, "{\"push\":{\"channel\":\"a\\nb\",\"pub\":{\"data\":{\"a\":1}}}}\n{}");
}

#[test]
fn an_empty_server_side_subscription_is_an_object_in_protobuf_too() {
    let subs = vec![("c".to_owned(), SubscribeResult::default()).into()];
    let reply = Reply::success(1, ConnectResult { subs, ..ConnectResult::default() });
    let mut frame = Vec::new();
    codec::encode_reply(Encoding::Protobuf, &reply, &mut frame).unwrap();
    // Field 6 of the result: an entry with its key, and a value of length 0.
    assert!(frame.ends_with(&[0x32, 5, 0x0a, 1, b'c', 0x12, 0]), "{frame:x?}");
}
