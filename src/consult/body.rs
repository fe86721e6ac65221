//! The body of a message, as it is sent, stored and seen; each later kind is one variant more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Code,
    ids::MediaId,
    media::{Facts, Look, link::Signer},
    operation::Refusal,
};

/// The longest idempotency key, in characters.
const CLIENT_ID_MAX: usize = 64;
const KINDS: [&str; 3] = ["text", "image", "voice"];

/// What a message says, as its author sends it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Body")]
pub(super) enum Said {
    /// Plain text, 1–2 000 characters.
    Text {
        /// The text; what is only white space is no message.
        text: String,
    },
    /// A picture.
    Image {
        /// What `media.upload` called it.
        media: MediaId,
    },
    /// A voice.
    Voice {
        /// What `media.upload` called it.
        media: MediaId,
    },
}

/// The same as the archive keeps it: its shape is append-only, like that of every record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Body {
    Text { text: String },
    Image { media: Box<Facts> },
    Voice { media: Box<Facts> },
}

/// The same as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum SeenBody {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Where to find it.
        media: Look,
    },
    /// A voice.
    Voice {
        /// Where to find it.
        media: Look,
    },
}

impl Said {
    /// Reads what a client sent, at most `text_max` characters of text.
    pub(super) fn read(sent: &Value, text_max: usize) -> Result<Self, Refusal> {
        let field = match sent.get("kind").and_then(Value::as_str) {
            Some("text") => "text",
            Some("image" | "voice") => "media",
            Some(_) => return Err(Refusal::new(Code::UnknownKind).with("known", KINDS.to_vec())),
            None => return Err(bad("body must have a kind")),
        };
        // The fault's own words would quote what was sent.
        let said = Self::deserialize(sent).map_err(|_| {
            Refusal::new(Code::BadRequest)
                .because(format!("a body of this kind has exactly one field more, {field}"))
        })?;
        if said.text().chars().count() > text_max {
            return Err(Refusal::new(Code::TooLong).with("max", text_max));
        }
        if matches!(&said, Self::Text { text } if text.trim().is_empty()) {
            return Err(bad("text is empty"));
        }
        Ok(said)
    }

    /// The words that moderation judges.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text { text } => text,
            Self::Image { .. } | Self::Voice { .. } => "",
        }
    }

    /// Whether `body` is what became of it.
    pub(super) fn is(&self, body: &Body) -> bool {
        match (self, body) {
            (Self::Text { text }, Body::Text { text: kept }) => text == kept,
            (Self::Image { media }, Body::Image { media: kept })
            | (Self::Voice { media }, Body::Voice { media: kept }) => *media == kept.id,
            _ => false,
        }
    }
}

impl Body {
    /// The words that moderation judged.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text { text } => text,
            Self::Image { .. } | Self::Voice { .. } => "",
        }
    }

    /// The file that it shows.
    pub(super) fn media(&self) -> Option<&Facts> {
        match self {
            Self::Text { .. } => None,
            Self::Image { media } | Self::Voice { media } => Some(media),
        }
    }

    /// What somebody in scope sees of it at `now_ms`.
    pub(super) fn seen(self, signer: &Signer, now_ms: i64) -> SeenBody {
        match self {
            Self::Text { text } => SeenBody::Text { text },
            Self::Image { media } => SeenBody::Image { media: media.look(signer, now_ms) },
            Self::Voice { media } => SeenBody::Voice { media: media.look(signer, now_ms) },
        }
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
        Said::read(sent, 5).unwrap_err().code()
    }

    #[test]
    fn a_text_is_read_and_bounded_in_characters() {
        let said = Said::read(&json!({"kind": "text", "text": "五个汉字呀"}), 5).unwrap();
        assert_eq!(said.text(), "五个汉字呀");
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
            json!({"kind": "image", "text": "secret"}),
            json!({"kind": "voice", "media": "m1", "text": "secret"}),
        ] {
            let refusal = Said::read(&sent, 5).unwrap_err();
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
