//! A client's WebSocket frames (RFC 6455): written masked, read with as little work as can be.

use anyhow::{anyhow, bail, ensure};

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What a server's frame brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// One or more messages of the protocol.
    Data(&'a [u8]),
    /// A ping of the WebSocket protocol, to be answered with its payload.
    Ping(&'a [u8]),
}

/// Finds frames in what comes from a socket; owns memory only while one is incomplete.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Vec<u8>);

impl Inbox {
    /// Keeps what came before anybody asked for frames.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Calls `each` for every frame that is whole.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(Frame<'_>),
    ) -> anyhow::Result<()> {
        if self.0.is_empty() {
            let used = frames(bytes, each)?;
            self.0.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        self.0.extend_from_slice(bytes);
        let used = frames(&self.0, each)?;
        self.0.drain(..used);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        Ok(())
    }
}

/// How many bytes the frame of a payload takes.
pub(crate) fn frame_len(payload: usize) -> usize {
    payload
        + if payload <= 125 {
            2
        } else if payload <= 0xFFFF {
            4
        } else {
            10
        }
}

/// Appends a data frame, masked as a client's must be (section 5.3).
pub(crate) fn append_data(is_binary: bool, payload: &[u8], out: &mut Vec<u8>) {
    append(if is_binary { BINARY } else { TEXT }, payload, out);
}

/// Appends the answer to a ping.
pub(crate) fn append_pong(payload: &[u8], out: &mut Vec<u8>) {
    append(PONG, payload, out);
}

fn append(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(FIN | opcode);
    match payload.len() {
        short @ 0..=125 => out.push(MASKED | short as u8),
        medium @ 126..=0xFFFF => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    let mask = fastrand::u32(..).to_be_bytes();
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Says how many bytes the whole frames took.
fn frames(bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) -> anyhow::Result<usize> {
    let mut at = 0;
    while let Some((opcode, size, length)) = header(&bytes[at..])? {
        let Some(payload) = bytes[at + size..].get(..length) else { break };
        match opcode {
            TEXT | BINARY => each(Frame::Data(payload)),
            PING => each(Frame::Ping(payload)),
            PONG => {}
            CLOSE => return Err(closed(payload)),
            other => bail!("the server sent a frame with opcode {other}"),
        }
        at += size + length;
    }
    Ok(at)
}

/// Opcode, size of the header, length of the payload; `None` when the header is incomplete.
fn header(bytes: &[u8]) -> anyhow::Result<Option<(u8, usize, usize)>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    ensure!(first & FIN != 0, "the server fragments its messages, which this tool does not read");
    ensure!(second & MASKED == 0, "the server masks its frames");
    let opcode = first & 0x0F;
    let length = match (second & 0x7F, rest) {
        (126, [a, b, ..]) => Some((4, usize::from(u16::from_be_bytes([*a, *b])))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            Some((10, usize::try_from(length)?))
        }
        (126 | 127, _) => None,
        (short, _) => Some((2, usize::from(short))),
    };
    Ok(length.map(|(size, length)| (opcode, size, length)))
}

fn closed(payload: &[u8]) -> anyhow::Error {
    match payload.split_first_chunk() {
        None => anyhow!("the server closed the connection without a code"),
        Some((code, reason)) => {
            let (code, reason) = (u16::from_be_bytes(*code), String::from_utf8_lossy(reason));
            anyhow!("the server closed the connection: {code} {reason}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(inbox: &mut Inbox, bytes: &[u8]) -> Vec<String> {
        let mut heard = Vec::new();
        inbox.take(bytes, &mut |frame| heard.push(format!("{frame:?}"))).unwrap();
        heard
    }

    #[test]
    fn frames_are_found_however_the_bytes_come() {
        let long = [b'x'; 200];
        let mut bytes = vec![0x81, 2, b'{', b'}', 0x89, 1, b'p', 0x82, 126, 0, 200];
        bytes.extend_from_slice(&long);
        let whole = heard(&mut Inbox::default(), &bytes);
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[0], format!("{:?}", Frame::Data(b"{}")));
        assert_eq!(whole[1], format!("{:?}", Frame::Ping(b"p")));
        assert_eq!(frame_len(200), 204);
        let mut inbox = Inbox::default();
        let piecemeal: Vec<_> = bytes.iter().flat_map(|byte| heard(&mut inbox, &[*byte])).collect();
        assert_eq!(piecemeal, whole);
        assert_eq!(inbox.0.capacity(), 0, "nothing is kept between frames");
    }

    #[test]
    fn a_close_frame_says_why() {
        let fault =
            Inbox::default().take(&[0x88, 7, 13, 172, b's', b't', b'a', b'l', b'e'], &mut |_| {});
        assert_eq!(fault.unwrap_err().to_string(), "the server closed the connection: 3500 stale");
    }

    #[test]
    fn what_is_written_is_masked_and_as_long_as_it_says() {
        for length in [0, 125, 126, 0xFFFF, 0x1_0000] {
            let payload = vec![b'a'; length];
            let mut out = Vec::new();
            append_data(false, &payload, &mut out);
            assert_eq!(out.len(), frame_len(length) + 4);
            let (mask, body) = out[out.len() - length - 4..].split_first_chunk::<4>().unwrap();
            assert!(body.iter().zip(mask.iter().cycle()).all(|(byte, mask)| byte ^ mask == b'a'));
        }
    }
}
