//! A tutor or admin of an institution: the professional face, not the person behind it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{InstitutionId, UserId},
    store::{Row, Statement},
};

/// Whether a tutor works for the institution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Employment {
    /// Yes.
    #[default]
    Active,
    /// The platform or the institution has stopped them for now.
    Suspended,
    /// No longer.
    Left,
}

impl Employment {
    /// The name that tables and JSON use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Left => "left",
        }
    }

    fn of_text(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "suspended" => Self::Suspended,
            _ => Self::Left,
        }
    }
}

/// Somebody who acts for an institution, as the platform describes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tutor {
    /// The user id of their account: the `sub` of their token.
    pub id: UserId,
    /// The institution they act for; `support` for the platform's own staff.
    pub institution: InstitutionId,
    /// Their professional name, 1–64 characters, judged before it is taken.
    pub name: String,
    /// What they are, as 高级讲师; at most 64 characters, judged like the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The address of a picture, at most 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The groups whose queue they share; at most 16.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether they lead the institution's tutors.
    #[serde(default)]
    pub admin: bool,
    /// Whether they work there.
    #[serde(default)]
    pub status: Employment,
}

impl Tutor {
    /// Whether they may answer candidates for `institution`.
    pub fn works_for(&self, institution: &InstitutionId) -> bool {
        self.status == Employment::Active && self.institution == *institution
    }
}

const COLUMNS: &str = "id, institution, name, title, avatar, desk_groups, is_admin, status";

pub(super) fn by_id(id: &UserId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM directory_tutor WHERE id = $1")).bind(id.as_str())
}

pub(super) fn active_of(institution: &InstitutionId) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM directory_tutor
         WHERE institution = $1 AND status = 'active' ORDER BY id"
    );
    Statement::new(sql).bind(institution.as_str())
}

/// The active ones after `id`, by id.
pub(super) fn page(institution: &InstitutionId, after: &str, limit: i64) -> Statement {
    let sql = format!(
        "SELECT {COLUMNS} FROM directory_tutor
         WHERE institution = $1 AND id > $2 AND status = 'active' ORDER BY id LIMIT $3"
    );
    Statement::new(sql).bind(institution.as_str()).bind(after).bind(limit)
}

pub(super) fn put(tutor: &Tutor, now_ms: i64) -> Statement {
    let groups = serde_json::Value::from(tutor.groups.clone()).to_string();
    Statement::new(
        "INSERT INTO directory_tutor
             (id, institution, name, title, avatar, desk_groups, is_admin, status, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET
             institution = excluded.institution, name = excluded.name, title = excluded.title,
             avatar = excluded.avatar, desk_groups = excluded.desk_groups,
             is_admin = excluded.is_admin, status = excluded.status,
             updated_at = excluded.updated_at",
    )
    .bind(tutor.id.as_str())
    .bind(tutor.institution.as_str())
    .bind(tutor.name.as_str())
    .bind(tutor.title.clone())
    .bind(tutor.avatar.clone())
    .bind(groups)
    .bind(tutor.admin)
    .bind(tutor.status.as_str())
    .bind(now_ms)
}

pub(super) fn of_row(row: &Row) -> Tutor {
    Tutor {
        id: row.text(0).into(),
        institution: row.text(1).into(),
        name: row.text(2).to_owned(),
        title: row.opt_text(3).map(str::to_owned),
        avatar: row.opt_text(4).map(str::to_owned),
        groups: serde_json::from_str(row.text(5)).unwrap_or_default(),
        admin: row.flag(6),
        status: Employment::of_text(row.text(7)),
    }
}
