//! The public side of a user: what comments in live rooms show, and consultations never do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::UserId,
    store::{Row, Statement},
};

/// A user's nickname and picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The account.
    pub id: UserId,
    /// 1–64 characters, judged before it is taken.
    pub nickname: String,
    /// The address of a picture, at most 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

pub(super) fn by_id(id: &UserId) -> Statement {
    Statement::new("SELECT id, nickname, avatar FROM directory_profile WHERE id = $1")
        .bind(id.as_str())
}

pub(super) fn put(profile: &Profile, now_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO directory_profile (id, nickname, avatar, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET
             nickname = excluded.nickname, avatar = excluded.avatar,
             updated_at = excluded.updated_at",
    )
    .bind(profile.id.as_str())
    .bind(profile.nickname.as_str())
    .bind(profile.avatar.clone())
    .bind(now_ms)
}

pub(super) fn of_row(row: &Row) -> Profile {
    Profile {
        id: row.text(0).into(),
        nickname: row.text(1).to_owned(),
        avatar: row.opt_text(2).map(str::to_owned),
    }
}
