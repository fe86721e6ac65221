//! Names of things: newtypes around short shared strings, so that two ids are never confused.

use std::{borrow::Borrow, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest id that anybody gives, in bytes: with `user:#` before it, it still fits a channel's name.
const ID_MAX: usize = 64;

/// Whether `text` may be somebody's id: 1–64 visible ASCII characters. Nothing is known by any other.
pub fn is_id(text: &str) -> bool {
    (1..=ID_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Declares a text id: cheap to clone, compared and ordered as its text.
macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(#[schemars(with = "String")] Arc<str>);

        impl $name {
            /// Wraps `text` as it stands.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), &*self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    )*};
}

text_id! {
    /// A person with an account, as the token's `sub` names them. Tutors and staff are users too.
    UserId;
    /// A certified institution, as the platform names it.
    InstitutionId;
    /// One candidate × one institution, or one candidate × the platform (`support`).
    ConversationId;
    /// A service session inside a conversation: from opening to its end.
    ServiceSessionId;
    /// A message that waits for its author to confirm or discard it.
    HoldId;
    /// A live room, as the platform or an institution names it.
    RoomId;
    /// A comment in a live room.
    CommentId;
    /// Somebody's mute in one live room.
    MuteId;
    /// Somebody's place on the staff of one live room.
    MemberId;
    /// Something that staff should look at.
    AlertId;
    /// A picture or voice that was uploaded.
    MediaId;
    /// What an institution sees in place of a user: stable for the pair, unlinkable across pairs.
    Pseudonym;
    /// A channel of the hub: `namespace:name`, at most 255 bytes of ASCII.
    ChannelName;
}

macro_rules! fresh {
    ($($name:ident),*) => {$(
        impl $name {
            /// A new id, sortable by `now_ms` (UUID version 7).
            pub fn fresh(now_ms: i64) -> Self {
                Self::new(fresh_text(now_ms))
            }
        }
    )*};
}

fresh!(ConversationId, ServiceSessionId, HoldId, AlertId, CommentId, MuteId, MemberId, MediaId);

fn fresh_text(now_ms: i64) -> String {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    let time = uuid::Timestamp::from_unix_time(ms / 1_000, (ms % 1_000) as u32 * 1_000_000, 0, 0);
    Uuid::new_v7(time).simple().to_string()
}

/// One connection, from its handshake to its close. Random, so it cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(Uuid);

impl ConnectionId {
    /// A new random id.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id's 128 bits, to pick a shard by.
    pub fn bits(self) -> u128 {
        self.0.as_u128()
    }

    /// Reads the text that [`fmt::Display`] writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({self})")
    }
}
