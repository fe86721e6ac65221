//! The rooms' channels: who may enter them, and what a client publishes into one.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Live, reach::bad, room::Room, scope::Standing};
use crate::{
    error::Code,
    ids::{ChannelName, CommentId, MediaId, RoomId},
    operation::{Caller, Refusal},
};

/// What a client publishes into `live:<room>`: a comment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    #[serde(default)]
    text: String,
    media: Option<MediaId>,
    client_id: Option<String>,
    at_ms: Option<i64>,
    #[serde(default)]
    question: bool,
}

/// The same as the input of `live.comment`.
#[derive(Serialize)]
struct Comment {
    room: RoomId,
    client_id: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<MediaId>,
    at_ms: Option<i64>,
    question: bool,
}

impl Live {
    /// Whether `caller` may watch the room of `channel`.
    ///
    /// # Errors
    /// `permission denied`, for what does not exist too.
    pub async fn enter(&self, caller: &Caller, channel: &ChannelName) -> Result<(), Code> {
        let room = self.watched(channel).await?;
        if caller.is_anonymous() && !room.facts().charter.settings.anonymous {
            return Err(Code::PermissionDenied);
        }
        Ok(())
    }

    /// What whoever watches the room of `channel` gets with the subscription: the room as it stands.
    ///
    /// # Errors
    /// `permission denied` when there is none.
    pub async fn seen(&self, channel: &ChannelName) -> Result<Option<Bytes>, Code> {
        let room = self.watched(channel).await?;
        Ok(serde_json::to_vec(&self.opened(&room)).ok().map(Bytes::from))
    }

    async fn watched(&self, channel: &ChannelName) -> Result<Arc<Room>, Code> {
        let room = room_of(channel, "live:").ok_or(Code::PermissionDenied)?;
        self.room(&room).await.map_err(|refusal| entering(&refusal))
    }

    /// Whether `caller` may sit at the desk of the room of `channel`.
    ///
    /// # Errors
    /// `permission denied`, for what does not exist too.
    pub async fn enter_desk(&self, caller: &Caller, channel: &ChannelName) -> Result<(), Code> {
        if caller.is_anonymous() {
            return Err(Code::PermissionDenied);
        }
        let room = room_of(channel, "live_desk:").ok_or(Code::PermissionDenied)?;
        let scene = self.scene(caller, &room, Standing::Moderator).await;
        scene.map(|_| ()).map_err(|refusal| entering(&refusal))
    }
}

/// What `live.comment` is to be called with when a client publishes `data` into `channel`.
///
/// # Errors
/// When the channel is no room's, or the data no comment.
pub fn comment_in(channel: &ChannelName, data: &[u8], now_ms: i64) -> Result<String, Refusal> {
    let room = room_of(channel, "live:").ok_or(Code::PermissionDenied)?;
    // The parser's own words would quote what was sent.
    let Published { text, media, client_id, at_ms, question } = serde_json::from_slice(data)
        .map_err(|_| {
            bad("publish {\"text\"} or {\"media\"}, and if you like `client_id`, `at_ms`, `question`")
        })?;
    let client_id = client_id.unwrap_or_else(|| CommentId::fresh(now_ms).to_string());
    let comment = Comment { room, client_id, text, media, at_ms, question };
    serde_json::to_string(&comment).map_err(|_| Code::Internal.into())
}

/// The room whose channel it is.
fn room_of(channel: &ChannelName, prefix: &str) -> Option<RoomId> {
    channel.as_str().strip_prefix(prefix).map(RoomId::from)
}

/// What is answered to whoever may not enter. What does not exist looks like what is closed.
fn entering(refusal: &Refusal) -> Code {
    match refusal.code() {
        Code::Unavailable | Code::Internal => Code::Internal,
        _ => Code::PermissionDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(channel: &str, data: &str) -> Result<String, Code> {
        let asked = comment_in(&channel.into(), data.as_bytes(), 0);
        asked.map_err(|refusal| refusal.code())
    }

    #[test]
    fn what_is_published_into_a_room_is_a_comment() {
        let data = r#"{"text": "老师好", "client_id": "k1", "at_ms": 5, "question": true}"#;
        assert_eq!(
            asked("live:demo", data).unwrap(),
            r#"{"room":"demo","client_id":"k1","text":"老师好","at_ms":5,"question":true}"#
        );
        let drawn = asked("live:demo", r#"{"text": "好"}"#).unwrap();
        assert_ne!(drawn, asked("live:demo", r#"{"text": "好"}"#).unwrap(), "each has its key");
    }

    #[test]
    fn what_is_no_comment_is_refused() {
        for data in [
            "",
            "5",
            r#""老师好""#,
            r#"{"media": 5}"#,
            r#"{"text": 5}"#,
            r#"{"text": "x", "to": "y"}"#,
        ] {
            assert_eq!(asked("live:demo", data), Err(Code::BadRequest), "{data}");
        }
        for channel in ["$live:demo", "live_desk:demo", "other"] {
            assert_eq!(asked(channel, r#"{"text": "x"}"#), Err(Code::PermissionDenied));
        }
    }
}
