//! What reads strangers' input, compiled from the files of the house, and what must hold for any.
//!
//! Only these files: the whole house would bring a database and a crypto library, minutes of
//! building under a sanitizer for nothing that is tested here.

#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/moderation/mod.rs"]
pub mod moderation;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;

pub mod config;
pub mod media;
pub mod listener;
pub mod region;
pub mod telemetry;
pub mod transport;

#[path = "../../src/transport/frame/tests/agreement.rs"]
mod agreement;

use std::{fmt::Debug, sync::LazyLock};

use media::format::{Class, Kind, Sniffed, picture, sniff, voice};
use moderation::{Moderation, Place, Question, Side};
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

/// Any text after any others gets a verdict, twice the same, whose spans are pieces of the text.
pub fn texts(lines: &str) {
    static ENGINE: LazyLock<Moderation> =
        LazyLock::new(|| Moderation::load(&Default::default()).expect("the rules are built in"));
    let mut earlier: Vec<&str> = lines.split('\x1f').collect();
    let text = earlier.pop().unwrap_or_default();
    let question =
        Question { text, earlier: &earlier, place: Place::Consult, side: Side::Institution };
    let verdict = ENGINE.judge(question);
    assert_eq!(verdict, ENGINE.judge(question));
    let utf16: Vec<u16> = text.encode_utf16().collect();
    for span in &verdict.spans {
        let hit = &text[span.utf8.0..span.utf8.1];
        assert!(!hit.is_empty());
        assert_eq!(String::from_utf16_lossy(&utf16[span.utf16.0..span.utf16.1]), hit);
    }
}

/// What is taken of any bytes is taken whole when it comes again: nothing is left to take out.
pub fn upload(bytes: &[u8]) {
    let Sniffed::Known(kind) = sniff(&bytes[..bytes.len().min(Kind::PREFIX)]) else { return };
    match kind.class() {
        Class::Picture => {
            let Ok(stripped) = picture::strip(kind, bytes) else { return };
            assert_eq!(picture::strip(kind, &stripped.bytes), Ok(stripped));
        }
        Class::Voice => {
            let Ok(cleaned) = voice::clean(kind, bytes.to_vec()) else { return };
            assert!(cleaned.bytes.len() <= bytes.len());
            assert_eq!(voice::clean(kind, cleaned.bytes.clone()), Ok(cleaned));
        }
    }
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
