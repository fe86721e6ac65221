//! The wire as clients see it: round trips, shapes and traps.

use bytes::Bytes;

use super::{
    codec::{Encoding, decode_commands, decode_replies, encode_commands, encode_reply},
    command::Command,
    reply::Reply,
    request::{ConnectRequest, RpcRequest},
    result::PublishResult,
};

#[test]
fn commands_of_one_frame_come_out_as_they_went_in() {
    let commands = [
        Command::new(1, ConnectRequest { token: "t".into(), ..ConnectRequest::default() }),
        Command::new(2, RpcRequest { method: "m".into(), data: Bytes::from_static(b"{\"a\":1}") }),
        Command::pong(),
    ];
    for encoding in Encoding::ALL {
        let mut frame = Vec::new();
        encode_commands(encoding, &commands, &mut frame).unwrap();
        assert_eq!(decode_commands(encoding, &frame, 3).unwrap(), commands);
        assert!(decode_commands(encoding, &frame, 2).is_err());
    }
}

#[test]
fn an_empty_result_is_still_there() {
    let mut frame = Vec::new();
    encode_reply(Encoding::Json, &Reply::success(3, PublishResult {}), &mut frame).unwrap();
    assert_eq!(frame, br#"{"id":3,"publish":{}}"#);
    let replies = decode_replies(Encoding::Json, &frame).unwrap();
    assert_eq!(replies, [Reply::success(3, PublishResult {})]);
}
