//! What the platform tells us: institutions, their tutors, the public side of users, follows.
//!
//! The store is the truth; reads come from a small cache that forgets after [`cache::FRESH`], so a
//! change made on another node is seen within that time. Knows no conversation and judges no name:
//! who may be called what is the caller's [`operations::NameCheck`].

mod cache;
pub mod institution;
pub mod listing;
pub mod operations;
pub mod profile;
mod put;
mod staff;
pub mod tutor;

use std::sync::Arc;

use self::cache::Cache;
pub use self::{
    institution::{Certification, Institution},
    profile::Profile,
    put::check_id,
    staff::Staff,
    tutor::{Employment, Tutor},
};
use crate::{
    clock::Clock,
    error::Code,
    ids::{InstitutionId, UserId},
    operation::Refusal,
    store::{self, Statement, Store},
};

/// The platform itself, where it stands in an institution's place: its own customer service.
pub const SUPPORT: &str = "support";

/// How many entries of each kind the cache holds: institutions and tutors are thousands, profiles
/// are read in bursts. 20 000 profiles × about 200 bytes = 4 MB.
const CACHED_MAX: usize = 20_000;

/// Why the directory did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Fault),
}

impl From<Fault> for Refusal {
    fn from(Fault::Store(fault): Fault) -> Self {
        match fault {
            store::Fault::Unavailable => Code::Unavailable.into(),
            _ => Code::Internal.into(),
        }
    }
}

/// The directory of this node. Cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    institutions: Cache<InstitutionId, Institution>,
    tutors: Cache<UserId, Tutor>,
    staff: Cache<InstitutionId, Staff>,
    profiles: Cache<UserId, Profile>,
}

impl Directory {
    /// A directory over `store`.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            institutions: Cache::new(CACHED_MAX),
            tutors: Cache::new(CACHED_MAX),
            staff: Cache::new(CACHED_MAX),
            profiles: Cache::new(CACHED_MAX),
        }))
    }

    /// The institution, or `None` when the platform has named none. `support` always exists.
    pub async fn institution(&self, id: &InstitutionId) -> Result<Option<Arc<Institution>>, Fault> {
        if id.as_str() == SUPPORT {
            return Ok(Some(Arc::new(Institution::platform())));
        }
        let inner = &self.0;
        inner.institutions.read(id, || inner.one(institution::by_id(id), institution::of_row)).await
    }

    /// The tutor or institution admin with this user id.
    pub async fn tutor(&self, id: &UserId) -> Result<Option<Arc<Tutor>>, Fault> {
        let inner = &self.0;
        inner.tutors.read(id, || inner.one(tutor::by_id(id), tutor::of_row)).await
    }

    /// Everyone who acts for the institution now: suspended ones and those who left are missing.
    pub async fn staff(&self, id: &InstitutionId) -> Result<Arc<Staff>, Fault> {
        let inner = &self.0;
        let load = || async {
            let rows = inner.store.read(tutor::active_of(id)).await?;
            Ok(Some(Staff::new(rows.iter().map(tutor::of_row).collect())))
        };
        Ok(inner.staff.read(id, load).await?.unwrap_or_default())
    }

    /// The public side of a user.
    pub async fn profile(&self, id: &UserId) -> Result<Option<Arc<Profile>>, Fault> {
        let inner = &self.0;
        inner.profiles.read(id, || inner.one(profile::by_id(id), profile::of_row)).await
    }
}

/// Following.
impl Directory {
    /// Since when `user` follows somebody of the institution, in milliseconds since 1970.
    pub async fn follows_institution_since(
        &self,
        user: &UserId,
        institution: &InstitutionId,
    ) -> Result<Option<i64>, Fault> {
        let earliest = Statement::new(
            "SELECT MIN(f.since) FROM directory_follow f JOIN directory_tutor t ON t.id = f.tutor
             WHERE f.user_id = $1 AND t.institution = $2",
        );
        self.since(earliest.bind(user.as_str()).bind(institution.as_str())).await
    }

    /// Since when `user` follows one of `tutors`.
    pub async fn follows_any_since(
        &self,
        user: &UserId,
        tutors: &[UserId],
    ) -> Result<Option<i64>, Fault> {
        let names: Vec<_> = (2..tutors.len() + 2).map(|number| format!("${number}")).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT MIN(since) FROM directory_follow WHERE user_id = $1 AND tutor IN ({})",
            names.join(", ")
        );
        let earliest = Statement::new(sql).bind(user.as_str());
        self.since(tutors.iter().map(UserId::as_str).fold(earliest, Statement::bind)).await
    }

    async fn since(&self, earliest: Statement) -> Result<Option<i64>, Fault> {
        let rows = self.0.store.read(earliest).await?;
        Ok(rows.first().and_then(|row| row.opt_int(0)))
    }
}

impl Inner {
    async fn one<T>(
        &self,
        statement: Statement,
        of_row: fn(&store::Row) -> T,
    ) -> Result<Option<T>, Fault> {
        let rows = self.store.read(statement).await?;
        Ok(rows.first().map(of_row))
    }
}

/// Records, beside something else, that `user` follows `tutor` since `now_ms`.
pub fn follow(user: &UserId, tutor: &UserId, now_ms: i64) -> Statement {
    Statement::new(
        "INSERT INTO directory_follow (user_id, tutor, since) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, tutor) DO NOTHING",
    )
    .bind(user.as_str())
    .bind(tutor.as_str())
    .bind(now_ms)
}

#[cfg(test)]
mod tests;
