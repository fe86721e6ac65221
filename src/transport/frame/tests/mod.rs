//! The codec against tungstenite, which plays the client, and against what no client may send.

mod agreement;

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite::{
    Message, WebSocket,
    protocol::{
        CloseFrame, Role,
        frame::{Frame, FrameHeader},
    },
};

use self::agreement::{MESSAGE_MAX, Seen, assert_agreement, read, read_with_tungstenite};
use super::*;

/// The shortest frame of a client: a header of two bytes and a mask.
const SHORTEST: usize = 6;

const MASK: Option<[u8; 4]> = Some([1, 2, 3, 4]);

fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        is_final: first & 0x80 != 0,
        rsv1: first & 0x40 != 0,
        rsv2: first & 0x20 != 0,
        rsv3: first & 0x10 != 0,
        opcode: OpCode::from(first & 0x0f),
        mask,
    };
    let mut bytes = Vec::new();
    Frame::from_payload(header, payload.to_vec().into()).format(&mut bytes).unwrap();
    bytes
}

/// What a client of tungstenite writes to send `messages`.
fn written_by_tungstenite(messages: &[Message]) -> Vec<u8> {
    #[derive(Default)]
    struct Sink(Vec<u8>);
    impl Read for Sink {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut socket = WebSocket::from_raw_socket(Sink::default(), Role::Client, None);
    for message in messages {
        socket.send(message.clone()).unwrap();
    }
    socket.into_inner().0
}

fn close_frames() -> impl Strategy<Value = CloseFrame> {
    let codes = prop_oneof![1_000..=1_003_u16, 1_007..=1_013_u16, 3_000..=4_999_u16];
    (codes, "\\PC{0,40}")
        .prop_map(|(code, reason)| CloseFrame { code: code.into(), reason: reason.into() })
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let control = || prop::collection::vec(any::<u8>(), 0..=CONTROL_MAX);
    let message = prop_oneof![
        "\\PC{0,200}".prop_map(Message::text),
        prop::collection::vec(any::<u8>(), 0..MESSAGE_MAX).prop_map(Message::binary),
        control().prop_map(|bytes| Message::Ping(bytes.into())),
        control().prop_map(|bytes| Message::Pong(bytes.into())),
    ];
    prop::collection::vec(message, 0..8)
}

/// A stream of frames, most of them right, some of them wrong in any way.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => prop::sample::select(vec![0x81_u8, 0x82, 0x89, 0x8a, 0x01, 0x02, 0x00, 0x80]),
        1 => Just(0x88_u8),
        1 => any::<u8>(),
    ];
    let first = first.prop_map(|first| match first & 0x0f {
        // tungstenite formats no reserved opcode; those have a test of their own.
        3..=7 | 11..=15 => first & 0xf0 | 1,
        _ => first,
    });
    let mask = prop_oneof![9 => any::<[u8; 4]>().prop_map(Some), 1 => Just(None)];
    let payload = prop_oneof![
        5 => "\\PC{0,30}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (0..1_200_usize).prop_map(|length| vec![b'a'; length]),
        1 => any::<u16>().prop_map(|code| code.to_be_bytes().to_vec()),
    ];
    let frame = (first, mask, payload).prop_map(|(first, mask, bytes)| frame(first, mask, &bytes));
    prop::collection::vec(frame, 0..8).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn what_tungstenite_sends_arrives_however_it_is_cut(
        messages in messages(),
        close in prop::option::of(close_frames()),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut messages = messages;
        messages.push(Message::Close(close));
        let bytes = written_by_tungstenite(&messages);
        let expected: Vec<Seen> = read_with_tungstenite(&bytes).0;
        prop_assert_eq!(expected.len(), messages.len());
        prop_assert_eq!(read(&bytes, &cuts), (expected, Ok(false)));
    }

    #[test]
    fn any_frames_mean_the_same_to_tungstenite(
        bytes in streams(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        missing in prop_oneof![Just(0), 0..20_usize],
    ) {
        assert_agreement(&bytes[..bytes.len().saturating_sub(missing)], &cuts);
    }

    #[test]
    fn cuts_change_nothing(
        bytes in streams(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (seen, _) = read(&bytes, &[7, 20, 100]);
        prop_assert!(seen.len() * SHORTEST <= bytes.len());
    }
}

#[test]
fn each_violation_is_named_and_closes_with_its_code() {
    let unended = [frame(0x01, MASK, b"a"), frame(0x81, MASK, b"b")].concat();
    let grown = [frame(0x02, MASK, &[0; 600]), frame(0x80, MASK, &[0; 401])].concat();
    let cases = [
        (frame(0x81, None, b"a"), Violation::Unmasked, 1002),
        (frame(0xc1, MASK, b"a"), Violation::ReservedBit, 1002),
        (frame(0xa1, MASK, b"a"), Violation::ReservedBit, 1002),
        (frame(0x91, MASK, b"a"), Violation::ReservedBit, 1002),
        (vec![0x83, 0x80, 0, 0, 0, 0], Violation::UnknownOpcode, 1002),
        (vec![0x8b, 0x80, 0, 0, 0, 0], Violation::UnknownOpcode, 1002),
        (frame(0x09, MASK, b""), Violation::FragmentedControl, 1002),
        (frame(0x89, MASK, &[0; 126]), Violation::LongControl, 1002),
        (frame(0x80, MASK, b"a"), Violation::UnexpectedContinuation, 1002),
        (unended, Violation::ExpectedContinuation, 1002),
        (frame(0x88, MASK, &[3]), Violation::InvalidClose, 1002),
        (frame(0x88, MASK, &1005_u16.to_be_bytes()), Violation::InvalidClose, 1002),
        (frame(0x88, MASK, &999_u16.to_be_bytes()), Violation::InvalidClose, 1002),
        (frame(0x88, MASK, &[3, 232, 0xff]), Violation::NotUtf8, 1007),
        (frame(0x81, MASK, &[0xff]), Violation::NotUtf8, 1007),
        (frame(0x82, MASK, &[0; MESSAGE_MAX + 1]), Violation::LongMessage, 1009),
        (grown, Violation::LongMessage, 1009),
    ];
    for (bytes, violation, code) in cases {
        assert_eq!(read(&bytes, &[]).1, Err(violation), "{bytes:?}");
        assert_eq!(read(&bytes, &[1, 2, 3, 4, 5, 6, 7]).1, Err(violation), "{bytes:?}");
        assert_eq!(u16::from(violation.close_code()), code);
        let (theirs, fault) = read_with_tungstenite(&bytes);
        let is_passed_on = matches!(theirs[..], [Seen::Close(Some((1_002, _)))]);
        assert!(is_passed_on || fault == Some(violation.close_code()), "{bytes:?}");
    }
}

#[test]
fn a_length_that_lies_is_refused_before_a_byte_is_kept() {
    let mut reader = Reader::new(MESSAGE_MAX);
    let mut header = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    assert_eq!(reader.next(&mut Chunk::new(&mut header)), Err(Violation::LongMessage));
    assert!(!reader.is_unfinished());
}

#[test]
fn nothing_is_owned_between_messages() {
    let mut reader = Reader::new(MESSAGE_MAX);
    assert_eq!(size_of::<Reader>(), 16);
    let mut whole = frame(0x81, MASK, "问".as_bytes());
    let mut chunk = Chunk::new(&mut whole);
    assert_eq!(reader.next(&mut chunk), Ok(Some(Event::Text("问"))));
    assert!(!reader.is_unfinished());
    assert_eq!(reader.next(&mut chunk), Ok(None));
    assert!(!reader.is_unfinished());

    let mut bytes = frame(0x81, MASK, "答".as_bytes());
    let (first, second) = bytes.split_at_mut(7);
    assert_eq!(reader.next(&mut Chunk::new(first)), Ok(None));
    assert!(reader.is_unfinished());
    let mut chunk = Chunk::new(second);
    assert_eq!(reader.next(&mut chunk), Ok(Some(Event::Text("答"))));
    assert_eq!(reader.next(&mut chunk), Ok(None));
    assert!(!reader.is_unfinished());
}

#[test]
fn a_ping_between_fragments_is_answered_before_the_message_ends() {
    let bytes = [
        frame(0x01, MASK, "选".as_bytes()),
        frame(0x89, MASK, b"now"),
        frame(0x80, MASK, "岗".as_bytes()),
    ]
    .concat();
    let expected = vec![Seen::Ping(b"now".to_vec()), Seen::Text("选岗".to_owned())];
    for cut in 0..bytes.len() {
        assert_eq!(read(&bytes, &[cut]), (expected.clone(), Ok(false)));
    }
}
