//! The body of a message: today text; each later kind is one variant more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{error::Code, operation::Refusal};

/// The longest idempotency key, in characters.
const CLIENT_ID_MAX: usize = 64;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Body {
    /// Plain text, 1–2 000 characters.
    Text {
        /// The text; what is only white space is no message.
        text: String,
    },
}

impl Body {
    /// Reads what a client sent, at most `text_max` characters of text.
    pub(super) fn read(sent: &Value, text_max: usize) -> Result<Self, Refusal> {
        match sent.get("kind").and_then(Value::as_str) {
            Some("text") => {}
            Some(_) => return Err(Refusal::new(Code::UnknownKind).with("known", vec!["text"])),
            None => return Err(bad("body must have a kind")),
        }
        // The fault's own words would quote what was sent.
        let body = Self::deserialize(sent)
            .map_err(|_| bad("a body of kind text has exactly one field more, text"))?;
        let Self::Text { text } = &body;
        if text.chars().count() > text_max {
            return Err(Refusal::new(Code::TooLong).with("max", text_max));
        }
        if text.trim().is_empty() {
            return Err(bad("text is empty"));
        }
        Ok(body)
    }

    /// The words that moderation judges.
    pub(super) fn text(&self) -> &str {
        let Self::Text { text } = self;
        text
    }
}

/// Refuses keys that are empty, too long or unprintable.
pub(super) fn check_client_id(client_id: &str) -> Result<(), Refusal> {
    let fits = (1..=CLIENT_ID_MAX).contains(&client_id.chars().count())
        && !client_id.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(bad("client_id must be 1 to 64 printable characters")) }
}

pub(super) fn bad(reason: &str) -> Refusal {
    Refusal::new(Code::BadRequest).because(reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(sent: &Value) -> Code {
        Body::read(sent, 5).unwrap_err().code()
    }

    #[test]
    fn a_text_is_read_and_bounded_in_characters() {
        let body = Body::read(&json!({"kind": "text", "text": "五个汉字呀"}), 5).unwrap();
        assert_eq!(body.text(), "五个汉字呀");
        assert_eq!(code(&json!({"kind": "text", "text": "六个汉字多了"})), Code::TooLong);
        assert_eq!(code(&json!({"kind": "text", "text": " \n\u{3000}"})), Code::BadRequest);
    }

    #[test]
    fn other_kinds_and_other_shapes_are_refused_without_quoting_them() {
        assert_eq!(code(&json!({"kind": "card", "id": 1})), Code::UnknownKind);
        for sent in [
            json!("text"),
            json!({"text": "x"}),
            json!({"kind": "text"}),
            json!({"kind": "text", "text": 5}),
            json!({"kind": "text", "text": "x", "secret": "y"}),
        ] {
            let refusal = Body::read(&sent, 5).unwrap_err();
            assert_eq!(refusal.code(), Code::BadRequest, "{sent}");
            assert!(!refusal.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_client_id_has_1_to_64_printable_characters() {
        assert!(check_client_id("a").is_ok() && check_client_id(&"号".repeat(64)).is_ok());
        for wrong in ["", "a\nb", &"x".repeat(65)] {
            assert!(check_client_id(wrong).is_err());
        }
    }
}
