//! What is encoded is decoded, in both encodings, and nothing panics on the way.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};

use super::any;
use crate::protocol::{
    codec::{self, Encoding},
    payload::{self, NotJson},
    publication::{Direction, encode_publication_push},
    push::Push,
    reply::Reply,
};

const DIRECTIONS: [Direction; 2] = [Direction::Bidirectional, Direction::Unidirectional];

proptest! {
    #[test]
    fn commands_come_out_as_they_went_in(commands in vec(any::command(), 1..6)) {
        for encoding in Encoding::ALL {
            let mut frame = Vec::new();
            codec::encode_commands(encoding, &commands, &mut frame).unwrap();
            let decoded = codec::decode_commands(encoding, &frame, commands.len()).unwrap();
            prop_assert_eq!(&decoded, &commands);
        }
    }

    #[test]
    fn replies_come_out_as_they_went_in(replies in vec(any::reply(), 1..6)) {
        for encoding in Encoding::ALL {
            let mut frame = Vec::new();
            codec::encode_replies(encoding, &replies, &mut frame).unwrap();
            prop_assert_eq!(&codec::decode_replies(encoding, &frame).unwrap(), &replies);
            let lines = frame.split(|byte| *byte == b'\n').count();
            prop_assert!(encoding == Encoding::Protobuf || lines == replies.len());
        }
    }

    #[test]
    fn bare_pushes_come_out_as_they_went_in(push in any::push()) {
        for encoding in Encoding::ALL {
            let mut frame = Vec::new();
            codec::encode_push(encoding, &push, &mut frame).unwrap();
            let decoded = codec::decode_pushes(encoding, &frame).unwrap();
            prop_assert_eq!(&decoded[..], std::slice::from_ref(&push));
        }
    }

    #[test]
    fn a_publication_by_hand_is_the_derived_one(
        channel in "[a-z:#]{1,12}|\"\\\\",
        publication in any::publication(),
        data in prop_oneof![3 => any::payload(), 1 => vec(any::<u8>(), 0..9).prop_map(Bytes::from)],
    ) {
        let mut publication = publication;
        publication.data = data;
        for (encoding, direction) in Encoding::ALL.into_iter().zip(DIRECTIONS).chain(
            Encoding::ALL.into_iter().zip(DIRECTIONS.into_iter().rev()),
        ) {
            let push = Push::publication(channel.clone(), publication.clone());
            let (mut derived, mut by_hand) = (b"before".to_vec(), b"before".to_vec());
            let expected = match direction {
                Direction::Bidirectional => {
                    codec::encode_reply(encoding, &Reply::push(push), &mut derived)
                }
                Direction::Unidirectional => codec::encode_push(encoding, &push, &mut derived),
            };
            let written =
                encode_publication_push(encoding, &channel, &publication, direction, &mut by_hand);
            prop_assert_eq!(written, expected);
            prop_assert_eq!(by_hand, derived);
        }
    }

    #[test]
    fn a_payload_keeps_its_meaning_on_one_line(payload in any::payload(), is_crlf: bool) {
        prop_assume!(!payload.is_empty());
        let value: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let written = if is_crlf { pretty.replace('\n', "\r\n") } else { pretty };
        let line = payload::one_line(&Bytes::from(written)).unwrap();
        prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&line).unwrap(), value);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        for encoding in Encoding::ALL {
            let commands = codec::decode_commands(encoding, &bytes, 8);
            prop_assert!(commands.map_or(true, |commands| commands.len() <= 8));
            prop_assert!(codec::decode_replies(encoding, &bytes).ok() != Some(Vec::new()));
        }
    }

    #[test]
    fn a_damaged_frame_never_panics(
        commands in vec(any::command(), 1..4),
        at: prop::sample::Index,
        byte: u8,
    ) {
        for encoding in Encoding::ALL {
            let mut frame = Vec::new();
            codec::encode_commands(encoding, &commands, &mut frame).unwrap();
            let at = at.index(frame.len());
            frame[at] = byte;
            // Whatever it means now, it can be written again, or is refused.
            if let Ok(decoded) = codec::decode_commands(encoding, &frame, 1_000) {
                let mut again = Vec::new();
                codec::encode_commands(encoding, &decoded, &mut again).unwrap();
                prop_assert_eq!(codec::decode_commands(encoding, &again, 1_000), Ok(decoded));
            }
        }
    }
}

#[test]
fn a_payload_that_is_not_json_leaves_the_buffer_as_it_was() {
    let push = Push::message(Bytes::from_static(b"\xff"));
    let replies = [Reply::ping(), Reply::push(push.clone())];
    let mut out = b"before".to_vec();
    assert_eq!(codec::encode_push(Encoding::Json, &push, &mut out), Err(NotJson));
    assert_eq!(codec::encode_replies(Encoding::Json, &replies, &mut out), Err(NotJson));
    assert_eq!(out, b"before");
    assert_eq!(codec::encode_push(Encoding::Protobuf, &push, &mut out), Ok(()));
}
