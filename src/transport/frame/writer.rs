//! From payloads to finished frames, unmasked as a server's are.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

use super::{CONTROL_MAX, Control, Data, OpCode};
use crate::protocol::codec::Encoding;

/// The longest header of an unmasked frame.
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
    append_frame(opcode, payload, &mut frame);
    frame.into()
}

/// Appends a finished frame around `payload`, as when several are merged into one write.
pub fn append_frame(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// A finished frame around what `write` appends, which is not copied again: the header is written
/// before it, into room that was left.
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
    Ok(Bytes::from(frame).slice(start..))
}

/// A close frame. A reason that is too long loses its end.
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CONTROL_MAX - 2)];
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    encode_frame(OpCode::Control(Control::Close), &payload)
}

fn write_header(opcode: OpCode, length: usize, out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    header.format(length as u64, out).expect("a Vec takes every byte");
}
