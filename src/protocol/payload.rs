//! Payloads inside JSON messages: embedded values, checked, on one line, of bounded depth.
//!
//! The protocol's `bytes` fields are opaque in Protobuf, but in JSON they *are* JSON. A frame's
//! messages are told apart by newlines, so an embedded value must not bring its own.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// How deep arrays and objects may nest: the bound of `serde_json`, below that of every SDK's reader.
pub const DEPTH_MAX: usize = 127;

/// The payload cannot travel in JSON: a connection that must read it as JSON closes with 3506.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is not JSON, or nests too deep")]
pub struct NotJson;

/// Checks a payload and returns it on one line: itself when it already is.
///
/// # Errors
/// [`NotJson`] when it is not exactly one JSON value in UTF-8 that nests at most [`DEPTH_MAX`] deep.
pub fn one_line(data: &Bytes) -> Result<Bytes, NotJson> {
    match check(data)? {
        Cow::Borrowed(value) => Ok(data.slice_ref(value.get().as_bytes())),
        Cow::Owned(value) => Ok(Bytes::from(Box::<str>::from(value).into_string())),
    }
}

/// Appends a payload as a JSON value on one line.
pub(super) fn write(data: &[u8], out: &mut Vec<u8>) -> Result<(), NotJson> {
    out.extend_from_slice(check(data)?.get().as_bytes());
    Ok(())
}

/// Writes the field as the JSON value that it holds.
pub(super) fn serialize<S: Serializer>(data: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    check(data).map_err(ser::Error::custom)?.serialize(serializer)
}

/// Keeps the field's JSON value as it was written, on one line.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let value = <&RawValue>::deserialize(deserializer)?;
    if !is_shallow(value.get()) {
        return Err(de::Error::custom(NotJson));
    }
    Ok(match on_one_line(value) {
        Cow::Borrowed(value) => Bytes::copy_from_slice(value.get().as_bytes()),
        Cow::Owned(value) => Bytes::from(Box::<str>::from(value).into_string()),
    })
}

fn check(data: &[u8]) -> Result<Cow<'_, RawValue>, NotJson> {
    let text = simdutf8::basic::from_utf8(data).map_err(|_| NotJson)?;
    let value: &RawValue = serde_json::from_str(text).map_err(|_| NotJson)?;
    if is_shallow(value.get()) { Ok(on_one_line(value)) } else { Err(NotJson) }
}

/// `\r` ends a line too in an event stream (WHATWG HTML, 9.2.5).
fn on_one_line(value: &RawValue) -> Cow<'_, RawValue> {
    if !value.get().bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Cow::Borrowed(value);
    }
    // Inside a JSON string both bytes are escaped, so what remains stands between tokens.
    let line = value.get().replace(['\n', '\r'], "");
    RawValue::from_string(line).map_or(Cow::Borrowed(value), Cow::Owned)
}

fn is_shallow(json: &str) -> bool {
    let openings = json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    openings <= DEPTH_MAX || depth(json) <= DEPTH_MAX
}

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_string, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<String, NotJson> {
        one_line(&Bytes::copy_from_slice(text.as_bytes()))
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
    }

    #[test]
    fn a_value_on_one_line_is_not_copied() {
        let data = Bytes::from_static(b"{\"a\": \"\\n b\"}");
        assert_eq!(one_line(&data).unwrap().as_ptr(), data.as_ptr());
    }

    #[test]
    fn newlines_between_tokens_go_and_those_in_strings_stay_escaped() {
        assert_eq!(line("{\r\n \"a\":\n\"x\\ny\"\n}\n").unwrap(), "{ \"a\":\"x\\ny\"}");
        assert_eq!(line("[1,\n2]").unwrap(), "[1,2]");
    }

    #[test]
    fn what_is_not_exactly_one_value_is_refused() {
        for text in ["", " ", "x", "{", "1 2", "{}{}", "\"a\nb\"", "\u{1}", "nan"] {
            assert_eq!(line(text), Err(NotJson), "{text:?}");
        }
        assert_eq!(one_line(&Bytes::from_static(b"\"\xff\"")), Err(NotJson));
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_nest() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(line(&nested(DEPTH_MAX)).is_ok());
        assert!(serde_json::from_str::<serde_json::Value>(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(line(&nested(DEPTH_MAX + 1)), Err(NotJson));
        assert!(line(&format!("[{}]", vec!["[]"; 1_000].join(","))).is_ok());
        assert!(line(&format!("\"\\\"{}\"", "[".repeat(1_000))).is_ok());
    }
}
