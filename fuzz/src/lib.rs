//! The codecs under test, compiled from the files of the house, and what must hold for any input.
//!
//! Only these files: the whole house would bring a database and a crypto library, minutes of
//! building under a sanitizer for nothing that is tested here.

#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;

pub mod transport;

#[path = "../../src/transport/frame/tests/agreement.rs"]
mod agreement;

use std::fmt::Debug;

use protocol::{
    codec::{self, DecodeError, Encoding},
    payload::NotJson,
};

/// The bound on commands a frame, as the configuration has it by default.
const COMMANDS_MAX: usize = 256;

/// Nothing panics, and what is a sequence of commands or replies survives a round trip.
pub fn messages(encoding: Encoding, frame: &[u8]) {
    let commands = |frame: &[u8]| codec::decode_commands(encoding, frame, COMMANDS_MAX);
    survives(encoding, frame, commands, codec::encode_commands);
    let replies = |frame: &[u8]| codec::decode_replies(encoding, frame);
    survives(encoding, frame, replies, codec::encode_replies);
}

/// Both readers agree about the bytes, however these are cut.
pub fn frames(cuts: &[u8], bytes: &[u8]) {
    let cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
    agreement::assert_agreement(bytes, &cuts);
    assert_eq!(agreement::read(bytes, &cuts), agreement::read(bytes, &[]));
}

type Encode<M> = fn(Encoding, &[M], &mut Vec<u8>) -> Result<(), NotJson>;

fn survives<M: PartialEq + Debug>(
    encoding: Encoding,
    frame: &[u8],
    decode: impl Fn(&[u8]) -> Result<Vec<M>, DecodeError>,
    encode: Encode<M>,
) {
    let Ok(messages) = decode(frame) else { return };
    let mut again = Vec::new();
    encode(encoding, &messages, &mut again).expect("what was read can be written");
    assert_eq!(decode(&again).as_ref(), Ok(&messages));

    // In the other encoding it is refused for its payloads, or stays one message a line.
    let mut text = Vec::new();
    match encode(Encoding::Json, &messages, &mut text) {
        Ok(()) => assert_eq!(text.split(|byte| *byte == b'\n').count(), messages.len()),
        Err(NotJson) => assert!(text.is_empty() && encoding == Encoding::Protobuf),
    }
}
