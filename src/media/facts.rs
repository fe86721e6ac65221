//! What a record keeps of a file, and what people get to see it by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Item, link::Signer};
use crate::ids::MediaId;

/// What a record keeps of a file: enough to show it, and to know it again. It is sealed with the
/// record, so its shape is append-only: a field may be added with a default, none renamed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Which.
    pub id: MediaId,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long the file is.
    pub bytes: i64,
    /// Whether it has a preview.
    pub preview: bool,
    /// Of a picture as it is shown, in pixels; 0 of a voice.
    pub width: i64,
    /// The same.
    pub height: i64,
    /// Of a voice; 0 of a picture.
    pub duration_ms: i64,
    /// BLAKE3 of the file, in hexadecimal digits.
    pub blake3: String,
}

/// A file as somebody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Media")]
pub struct Look {
    /// Which.
    pub id: MediaId,
    /// Its media type, as `image/jpeg` or `audio/ogg`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long the file is.
    pub bytes: i64,
    /// Of a picture as it is shown, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// Of a voice, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Where it is; the link itself is the right to look, so it belongs in no log.
    pub url: String,
    /// Where a small JPEG of a picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_url: Option<String>,
    /// Until when the links count, in milliseconds since 1970; then ask for fresh ones.
    pub expires_at: i64,
}

impl Facts {
    /// What there is to keep of `item`.
    pub fn of(item: &Item) -> Self {
        Self {
            id: item.id.clone(),
            media_type: item.kind.media_type().to_owned(),
            bytes: item.bytes,
            preview: item.preview_bytes > 0,
            width: item.width,
            height: item.height,
            duration_ms: item.duration_ms,
            blake3: item.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// The file with fresh links.
    pub fn look(&self, signer: &Signer, now_ms: i64) -> Look {
        let links = signer.links(&self.id, self.preview, now_ms);
        let some = |number: i64| (number > 0).then_some(number);
        Look {
            id: self.id.clone(),
            media_type: self.media_type.clone(),
            bytes: self.bytes,
            width: some(self.width),
            height: some(self.height),
            duration_ms: some(self.duration_ms),
            url: links.url,
            thumb_url: links.preview_url,
            expires_at: links.expires_at,
        }
    }
}
