//! An institution: its name, and whether the platform vouches for it today.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SUPPORT;
use crate::{
    ids::InstitutionId,
    store::{Row, Statement},
};

/// What the platform's examination of an institution came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certification {
    /// Not finished.
    Pending,
    /// Passed.
    Certified,
    /// Passed once, taken back.
    Revoked,
}

impl Certification {
    /// The name that tables and JSON use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Certified => "certified",
            Self::Revoked => "revoked",
        }
    }

    fn of_text(text: &str) -> Self {
        match text {
            "certified" => Self::Certified,
            "revoked" => Self::Revoked,
            _ => Self::Pending,
        }
    }
}

/// An institution as the platform describes it, and as every signed-in person may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Institution {
    /// The platform's id: 1–64 visible ASCII characters.
    pub id: InstitutionId,
    /// Its name, 1–64 characters.
    pub name: String,
    /// What its examination came to.
    pub certification: Certification,
    /// When the certification ends, in milliseconds since 1970; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified_until: Option<i64>,
    /// The platform has stopped it for now.
    #[serde(default)]
    pub suspended: bool,
}

impl Institution {
    /// The platform itself.
    pub fn platform() -> Self {
        Self {
            id: SUPPORT.into(),
            name: "平台客服".to_owned(),
            certification: Certification::Certified,
            certified_until: None,
            suspended: false,
        }
    }

    /// Whether it may serve candidates at `now_ms`.
    pub fn is_open(&self, now_ms: i64) -> bool {
        let in_time = self.certified_until.is_none_or(|until| now_ms < until);
        self.certification == Certification::Certified && in_time && !self.suspended
    }
}

const COLUMNS: &str = "id, name, certification, certified_until, suspended";

pub(super) fn by_id(id: &InstitutionId) -> Statement {
    Statement::new(format!("SELECT {COLUMNS} FROM directory_institution WHERE id = $1"))
        .bind(id.as_str())
}

/// Those after `id`, by id.
pub(super) fn page(after: &str, limit: i64) -> Statement {
    let sql =
        format!("SELECT {COLUMNS} FROM directory_institution WHERE id > $1 ORDER BY id LIMIT $2");
    Statement::new(sql).bind(after).bind(limit)
}

pub(super) fn put(institution: &Institution, now_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO directory_institution
             (id, name, certification, certified_until, suspended, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, certification = excluded.certification,
             certified_until = excluded.certified_until, suspended = excluded.suspended,
             updated_at = excluded.updated_at",
    )
    .bind(institution.id.as_str())
    .bind(institution.name.as_str())
    .bind(institution.certification.as_str())
    .bind(institution.certified_until)
    .bind(institution.suspended)
    .bind(now_ms)
}

pub(super) fn of_row(row: &Row) -> Institution {
    Institution {
        id: row.text(0).into(),
        name: row.text(1).to_owned(),
        certification: Certification::of_text(row.text(2)),
        certified_until: row.opt_int(3),
        suspended: row.flag(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_certified_and_unsuspended_are_open_and_only_until_their_time() {
        let good = Institution { certified_until: Some(100), ..Institution::platform() };
        assert!(good.is_open(99));
        assert!(!good.is_open(100));
        assert!(!Institution { suspended: true, ..good.clone() }.is_open(99));
        for certification in [Certification::Pending, Certification::Revoked] {
            assert!(!Institution { certification, ..good.clone() }.is_open(99));
        }
    }
}
