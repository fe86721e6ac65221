//! The row of a file: whose it is, what it is, and what became of it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::format::{Class, Kind};
use crate::{
    ids::{MediaId, UserId},
    store::{Row, Statement},
};

/// Where a file may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// In a consultation: pictures and voice.
    Consult,
    /// In a live room: voice.
    Live,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being written, or was when the server died.
    Arriving,
    /// It is kept, and no message names it yet.
    Unclaimed,
    /// A message names it.
    Claimed,
    /// It is kept and shown to nobody: its message was taken back or hidden.
    Removed,
    /// It is to be deleted, since no message named it in time.
    Expired,
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub id: MediaId,
    /// Who uploaded it.
    pub owner: UserId,
    /// Where it may be sent.
    pub purpose: Purpose,
    /// What it is.
    pub kind: Kind,
    /// How long the file is.
    pub bytes: i64,
    /// How long its preview is; 0 when it has none.
    pub preview_bytes: i64,
    /// Of a picture as it is shown, in pixels; 0 of a voice.
    pub width: i64,
    /// The same.
    pub height: i64,
    /// Of a voice; 0 of a picture.
    pub duration_ms: i64,
    /// BLAKE3 of the file as it is kept.
    pub hash: Vec<u8>,
    /// BLAKE3 of what was sent.
    pub(super) sent_hash: Vec<u8>,
    /// What became of it.
    pub state: State,
    /// When it was uploaded, in milliseconds since 1970.
    pub created_at: i64,
}

const COLUMNS: &str = "id, owner, purpose, kind, bytes, preview_bytes, width, height, duration_ms, \
     hash, sent_hash, state, created_at";

impl Purpose {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consult => "consult",
            Self::Live => "live",
        }
    }

    /// What may be sent there.
    pub fn accepts(self) -> &'static [Class] {
        match self {
            Self::Consult => &[Class::Picture, Class::Voice],
            Self::Live => &[Class::Voice],
        }
    }
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Arriving => "arriving",
            Self::Unclaimed => "unclaimed",
            Self::Claimed => "claimed",
            Self::Removed => "removed",
            Self::Expired => "expired",
        }
    }

    fn of(text: &str) -> Self {
        let all = [Self::Arriving, Self::Unclaimed, Self::Claimed, Self::Expired];
        // What a newer server made of it is shown to nobody.
        all.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Removed)
    }

    /// Whether it may be looked at.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Unclaimed | Self::Claimed)
    }
}

impl Item {
    /// `None` for a kind that only a newer server knows.
    pub(super) fn of_row(row: &Row) -> Option<Self> {
        Some(Self {
            id: row.text(0).into(),
            owner: row.text(1).into(),
            purpose: if row.text(2) == "live" { Purpose::Live } else { Purpose::Consult },
            kind: Kind::of_media_type(row.text(3))?,
            bytes: row.int(4),
            preview_bytes: row.int(5),
            width: row.int(6),
            height: row.int(7),
            duration_ms: row.int(8),
            hash: row.blob(9).to_vec(),
            sent_hash: row.blob(10).to_vec(),
            state: State::of(row.text(11)),
            created_at: row.int(12),
        })
    }
}

/// The file with this id.
pub(super) fn by_id(id: &MediaId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM media WHERE id = $1")).bind(id.as_str())
}

/// The file that its owner uploaded under this key.
pub(super) fn by_key(owner: &UserId, client_id: &str) -> Statement {
    let sql = format!("SELECT {COLUMNS} FROM media WHERE owner = $1 AND client_id = $2");
    Statement::new(sql).bind(owner.as_str()).bind(client_id)
}

/// How much a user has kept since `from_ms`, and since when.
pub(super) fn kept_since(owner: &UserId, from_ms: i64) -> Statement {
    Statement::new(
        "SELECT COALESCE(SUM(bytes + preview_bytes), 0), MIN(created_at) FROM media
         WHERE owner = $1 AND created_at > $2",
    )
    .bind(owner.as_str())
    .bind(from_ms)
}

/// A file is about to be written.
pub(super) fn arrive(item: &Item, client_id: &str) -> Statement {
    let sql = format!(
        "INSERT INTO media ({COLUMNS}, client_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    Statement::new(sql)
        .bind(item.id.as_str())
        .bind(item.owner.as_str())
        .bind(item.purpose.as_str())
        .bind(item.kind.media_type())
        .bind(item.bytes)
        .bind(item.preview_bytes)
        .bind(item.width)
        .bind(item.height)
        .bind(item.duration_ms)
        .bind(item.hash.clone())
        .bind(item.sent_hash.clone())
        .bind(State::Arriving.as_str())
        .bind(item.created_at)
        .bind(client_id)
}

/// The file is written. Of two that wrote the same one, both are right.
pub(super) fn arrived(id: &MediaId) -> Statement {
    Statement::new(
        "UPDATE media SET state = 'unclaimed' WHERE id = $1 AND state IN ('arriving', 'unclaimed')",
    )
    .bind(id.as_str())
    .touching(1)
}
