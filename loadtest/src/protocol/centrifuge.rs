//! Centrifuge's client protocol, read without a JSON tree: where a publication is, and its offset.

use anyhow::bail;
use belfry::protocol::{
    codec::{Encoding, decode_replies, encode_commands},
    command::Command,
    request::{ConnectRequest, SubscribeRequest},
};
use memchr::{
    memchr_iter,
    memmem::{self, FinderRev},
};

use super::{Kind, Message, Opening, Protocol};

/// An offset stands among a publication's last members, within so many bytes of the end.
const TAIL_BYTES: usize = 96;

/// The protocol in one of its two encodings.
#[derive(Debug)]
pub(crate) struct Centrifuge {
    encoding: Encoding,
    offset: FinderRev<'static>,
}

impl Centrifuge {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, offset: FinderRev::new(b"\"offset\":") }
    }

    fn json(&self, line: &[u8]) -> Kind {
        if line == b"{}" {
            return Kind::Ping;
        }
        let Some(push) = line.strip_prefix(b"{\"push\":{") else { return Kind::Answer };
        if !is_publication(push) {
            return Kind::Other;
        }
        let tail = &line[line.len().saturating_sub(TAIL_BYTES)..];
        let Some(at) = self.offset.rfind(tail) else { return Kind::Publication(0) };
        let digits = tail[at + self.offset.needle().len()..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        Kind::Publication(digits.fold(0, |offset, byte| offset * 10 + u64::from(byte - b'0')))
    }
}

impl Protocol for Centrifuge {
    fn path(&self, path: &str, _channel: Option<&str>) -> String {
        path.to_owned()
    }

    fn subprotocol(&self) -> Option<&'static str> {
        Some(self.encoding.subprotocol())
    }

    /// Both commands in one frame, as SDKs send them.
    fn opening(&self, token: String, channel: Option<String>) -> anyhow::Result<Opening> {
        let connect = ConnectRequest { token, name: "loadtest".to_owned(), ..<_>::default() };
        let mut commands = vec![Command::new(1, connect)];
        if let Some(channel) = channel {
            commands.push(Command::new(2, SubscribeRequest { channel, ..<_>::default() }));
        }
        let mut payload = Vec::new();
        encode_commands(self.encoding, &commands, &mut payload)?;
        Ok(Opening { payload, answers: commands.len() })
    }

    fn accepted(&self, answer: &[u8]) -> anyhow::Result<()> {
        for reply in decode_replies(self.encoding, answer)? {
            if let Some(error) = reply.error {
                bail!("the server refused a command: {} {}", error.code, error.message);
            }
        }
        Ok(())
    }

    fn sort(&self, payload: &[u8], each: &mut dyn FnMut(Message<'_>)) {
        match self.encoding {
            Encoding::Json => {
                let mut start = 0;
                for end in memchr_iter(b'\n', payload).chain([payload.len()]) {
                    let bytes = &payload[start..end];
                    start = end + 1;
                    if !bytes.is_empty() {
                        each(Message { kind: self.json(bytes), bytes });
                    }
                }
            }
            Encoding::Protobuf => {
                let mut rest = payload;
                while let Some((length, size)) = varint(rest) {
                    let end = size.saturating_add(length as usize).min(rest.len());
                    let (bytes, after) = rest.split_at(end);
                    each(Message { kind: protobuf(&bytes[size..]), bytes });
                    rest = after;
                }
            }
        }
    }

    fn pong(&self) -> &'static [u8] {
        match self.encoding {
            Encoding::Json => b"{}",
            Encoding::Protobuf => &[0],
        }
    }

    fn is_binary(&self) -> bool {
        self.encoding == Encoding::Protobuf
    }

    fn ending(&self, message: &[u8]) -> Option<String> {
        let replies = decode_replies(self.encoding, message).ok()?;
        let push = replies.into_iter().find_map(|reply| reply.push)?;
        if let Some(end) = push.disconnect {
            return Some(format!("the server disconnected: {} {}", end.code, end.reason));
        }
        push.unsubscribe.map(|end| format!("the server unsubscribed: {} {}", end.code, end.reason))
    }
}

/// Whether a push, its first brace gone, brings a publication. Servers write the channel first.
fn is_publication(push: &[u8]) -> bool {
    let named = push.strip_prefix(b"\"channel\":\"").and_then(|rest| {
        let end = memchr::memchr(b'"', rest)?;
        rest.get(end + 1..)
    });
    match named {
        Some(rest) => rest.starts_with(b",\"pub\":"),
        None => memmem::find(push, b"\"pub\":").is_some(),
    }
}

/// A reply has its push as field 4, a push its publication as 4, that its offset as 6
/// (`client.proto`).
fn protobuf(reply: &[u8]) -> Kind {
    if reply.is_empty() {
        return Kind::Ping;
    }
    let Some(push) = field(reply, 4) else {
        return if field(reply, 1).is_some() { Kind::Answer } else { Kind::Other };
    };
    match field(push.bytes, 4) {
        None => Kind::Other,
        Some(publication) => {
            Kind::Publication(field(publication.bytes, 6).map_or(0, |offset| offset.number))
        }
    }
}

/// A field's value: a number, or bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Value<'a> {
    number: u64,
    bytes: &'a [u8],
}

/// The first field of this number.
fn field(mut message: &[u8], wanted: u64) -> Option<Value<'_>> {
    while let Some((tag, size)) = varint(message) {
        message = &message[size..];
        let (value, size) = match tag & 7 {
            0 => varint(message).map(|(number, size)| (Value { number, bytes: &[] }, size))?,
            1 => (Value::default(), 8),
            2 => {
                let (length, size) = varint(message)?;
                let end = size.checked_add(usize::try_from(length).ok()?)?;
                (Value { number: length, bytes: message.get(size..end)? }, end)
            }
            5 => (Value::default(), 4),
            _ => return None,
        };
        if tag >> 3 == wanted {
            return Some(value);
        }
        message = message.get(size..)?;
    }
    None
}

/// A number of seven bits a byte, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let size = bytes.iter().take(10).position(|byte| *byte < 0x80)? + 1;
    let bits = bytes[..size].iter().rev();
    Some((bits.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7F)), size))
}

#[cfg(test)]
mod tests {
    use belfry::protocol::{
        code::UnsubscribeCode,
        codec::encode_replies,
        publication::{ClientInfo, Publication},
        push::Push,
        reply::Reply,
        result::PublishResult,
    };

    use super::*;

    fn sorted(protocol: &Centrifuge, payload: &[u8]) -> Vec<Kind> {
        let mut kinds = Vec::new();
        protocol.sort(payload, &mut |message| kinds.push(message.kind));
        kinds
    }

    #[test]
    fn messages_of_a_frame_are_told_apart_in_both_encodings() {
        let text = br#"{"offset":7,"text":"\"pub\":"}"#;
        let publication =
            |offset| Publication { data: text.as_slice().into(), offset, ..<_>::default() };
        let late = Publication { time: 1_763_990_000_000, ..publication(1 << 50) };
        let answer = Reply { id: 9, publish: Some(PublishResult::default()), ..<_>::default() };
        let replies = [
            Reply::push(Push::publication("room", publication(300))),
            Reply::ping(),
            Reply::push(Push::publication("x".repeat(250).as_str(), late)),
            Reply::push(Push::join("room", ClientInfo::default())),
            answer,
        ];
        for encoding in Encoding::ALL {
            let protocol = Centrifuge::new(encoding);
            let mut payload = Vec::new();
            encode_replies(encoding, &replies, &mut payload).unwrap();
            let expected = [
                Kind::Publication(300),
                Kind::Ping,
                Kind::Publication(1 << 50),
                Kind::Other,
                Kind::Answer,
            ];
            assert_eq!(sorted(&protocol, &payload), expected, "{encoding:?}");
            assert_eq!(sorted(&protocol, protocol.pong()), [Kind::Ping], "{encoding:?}");
            protocol.sort(&payload, &mut |message| {
                assert_eq!(decode_replies(encoding, message.bytes).unwrap().len(), 1);
            });
        }
    }

    #[test]
    fn a_subscription_that_ends_says_why_and_broken_bytes_end_nothing() {
        for encoding in Encoding::ALL {
            let protocol = Centrifuge::new(encoding);
            let push = Push::unsubscribe("room", UnsubscribeCode::InsufficientState);
            let mut payload = Vec::new();
            encode_replies(encoding, &[Reply::push(push)], &mut payload).unwrap();
            let why = protocol.ending(&payload).unwrap();
            assert!(why.starts_with("the server unsubscribed: 2500"), "{why}");
            for end in 0..payload.len() {
                sorted(&protocol, &payload[..end]);
            }
            sorted(&protocol, &[0xFF; 20]);
        }
    }
}
