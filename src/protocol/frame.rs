//! Finished WebSocket frames, unmasked as a server's are (RFC 6455, section 5).
//!
//! What goes to many is framed once and shared: a server does not mask, so the bytes of one frame
//! serve every receiver. Reading frames needs a connection's state and is the transport's.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::codec::Encoding;

/// The longest payload of a control frame, in bytes (RFC 6455, section 5.5).
pub const CONTROL_MAX: usize = 125;

/// A ping without a payload (RFC 6455, section 5.5.2).
pub const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// The longest header of an unmasked frame, in bytes.
const HEADER_MAX: usize = 10;

/// What most pushes fit into without growing the buffer.
const TYPICAL_LEN: usize = 256;

/// The kind of message that carries `encoding`: text for JSON, binary for Protobuf.
pub fn opcode(encoding: Encoding) -> OpCode {
    match encoding {
        Encoding::Json => OpCode::Data(Data::Text),
        Encoding::Protobuf => OpCode::Data(Data::Binary),
    }
}

/// A finished frame around `payload`.
pub fn encode_frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(HEADER_MAX + payload.len());
    write_header(opcode, payload.len(), &mut frame);
    frame.extend_from_slice(payload);
    exact(&frame)
}

/// A finished frame around what `write` appends: the header is written before it, into room that was
/// left.
///
/// # Errors
/// Those of `write`.
pub fn frame_with<E>(
    opcode: OpCode,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Bytes, E> {
    let mut frame = Vec::with_capacity(HEADER_MAX + TYPICAL_LEN);
    frame.extend_from_slice(&[0; HEADER_MAX]);
    write(&mut frame)?;
    let mut header = Vec::with_capacity(HEADER_MAX);
    write_header(opcode, frame.len() - HEADER_MAX, &mut header);
    let start = HEADER_MAX - header.len();
    frame[start..HEADER_MAX].copy_from_slice(&header);
    Ok(exact(&frame[start..]))
}

/// A close frame. A reason that is too long loses its end.
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CONTROL_MAX - 2)];
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    encode_frame(OpCode::Control(Control::Close), &payload)
}

/// A frame may wait long for its reader, in a mailbox that counts its length: the room that was left
/// while it was written is not kept.
fn exact(frame: &[u8]) -> Bytes {
    Bytes::copy_from_slice(frame)
}

fn write_header(opcode: OpCode, length: usize, out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    header.format(length as u64, out).expect("a Vec takes every byte");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;

    use super::*;

    const TEXT: OpCode = OpCode::Data(Data::Text);
    const BINARY: OpCode = OpCode::Data(Data::Binary);

    proptest! {
        #[test]
        fn a_frame_is_written_as_tungstenite_writes_it(
            byte: u8,
            length in prop_oneof![0..300_usize, 65_500..65_600_usize],
        ) {
            let payload = vec![byte; length];
            let mut expected = Vec::new();
            Frame::message(payload.clone(), BINARY, true).format(&mut expected).unwrap();
            prop_assert_eq!(&encode_frame(BINARY, &payload)[..], &expected[..]);
            let in_place = frame_with(BINARY, |out| -> Result<(), ()> {
                out.extend_from_slice(&payload);
                Ok(())
            });
            prop_assert_eq!(&in_place.unwrap()[..], &expected[..]);
        }
    }

    #[test]
    fn a_long_reason_loses_its_end_at_a_character() {
        let frame = close_frame(3_001, &"停".repeat(60));
        assert_eq!(frame.len(), 2 + 2 + 123);
        let short = close_frame(3_001, &format!("x{}", "停".repeat(60)));
        assert_eq!(short.len(), 2 + 2 + 121);
        assert_eq!(&close_frame(3_001, "shutdown")[..], b"\x88\x0a\x0b\xb9shutdown");
    }

    #[test]
    fn a_frame_holds_no_more_memory_than_it_is_long() {
        let written = |length: usize| {
            let write = |out: &mut Vec<u8>| -> Result<(), ()> {
                (0..length).for_each(|_| out.push(b'x'));
                Ok(())
            };
            [encode_frame(TEXT, &vec![b'x'; length]), frame_with(TEXT, write).unwrap()]
        };
        for frame in [0, 2, 300, 70_000].into_iter().flat_map(written) {
            let length = frame.len();
            assert_eq!(frame.try_into_mut().unwrap().capacity(), length);
        }
    }

    #[test]
    fn an_error_of_the_payload_makes_no_frame() {
        assert_eq!(frame_with(TEXT, |_| Err("no")), Err("no"));
        assert_eq!((opcode(Encoding::Json), opcode(Encoding::Protobuf)), (TEXT, BINARY));
    }
}
