//! Tokens that count no longer: kept in the database, asked in memory at every verification.

use dashmap::DashMap;

use crate::{
    ids::UserId,
    store::{Fault, Row, Statement, Store},
};

/// Ends tokens that are otherwise right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// All of a user's tokens that were issued at or before a second since 1970; those without
    /// `iat` too.
    User {
        /// Whose tokens.
        user: UserId,
        /// The last second that is covered.
        before_s: i64,
    },
    /// The one token of this id.
    Token {
        /// Its `jti`.
        token_id: String,
    },
}

/// Keeps a revocation for as long as tokens that it names may live.
const FOREVER_S: i64 = i64::MAX;

/// The revocations in force.
pub(super) struct Revocations {
    users: DashMap<UserId, Entry>,
    tokens: DashMap<String, Entry>,
    store: Option<Store>,
    /// The longest life of a token with the leeway; `None` when there is no limit.
    ttl_max_s: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    before_s: i64,
    until_s: i64,
}

impl Revocations {
    /// None yet, kept in memory alone until [`Revocations::load`].
    pub(super) fn new(ttl_max_s: Option<i64>) -> Self {
        Self { users: DashMap::new(), tokens: DashMap::new(), store: None, ttl_max_s }
    }

    /// Those of the database, where later ones are kept too.
    pub(super) async fn load(store: Store, ttl_max_s: Option<i64>) -> Result<Self, Fault> {
        let revocations = Self { store: Some(store.clone()), ..Self::new(ttl_max_s) };
        let all = Statement::new("SELECT kind, subject, before_s, until_s FROM revocation");
        for row in store.read(all).await? {
            revocations.index(&row);
        }
        Ok(revocations)
    }

    /// Whether a token of `user` with this `iat` and `jti` counts no longer.
    pub(super) fn covers(&self, user: &str, issued_at_s: i64, token_id: Option<&str>) -> bool {
        self.users.get(user).is_some_and(|entry| issued_at_s <= entry.before_s)
            || token_id.is_some_and(|token_id| self.tokens.contains_key(token_id))
    }

    /// Puts a revocation into force, once it is durable.
    pub(super) async fn add(&self, revocation: &Revocation, now_s: i64) -> Result<(), Fault> {
        let until =
            |from_s: i64| self.ttl_max_s.map_or(FOREVER_S, |ttl| from_s.saturating_add(ttl));
        let (kind, subject, before_s, until_s) = match revocation {
            Revocation::User { user, before_s } => {
                ("user", user.as_str(), *before_s, until(*before_s))
            }
            Revocation::Token { token_id } => ("token", token_id.as_str(), 0, until(now_s)),
        };
        if let Some(store) = &self.store {
            // An earlier second never weakens a later one.
            let put = Statement::new(
                "INSERT INTO revocation (kind, subject, before_s, until_s) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (kind, subject) DO UPDATE
                 SET before_s = excluded.before_s, until_s = excluded.until_s
                 WHERE revocation.before_s <= excluded.before_s",
            );
            let put = put.bind(kind).bind(subject).bind(before_s).bind(until_s);
            store.commit(vec![put]).await?;
        }
        self.put(kind, subject, Entry { before_s, until_s });
        Ok(())
    }

    /// Forgets revocations that name nothing valid any more.
    pub(super) async fn prune(&self, now_s: i64) -> Result<(), Fault> {
        if let Some(store) = &self.store {
            let old = Statement::new("DELETE FROM revocation WHERE until_s < $1").bind(now_s);
            store.commit(vec![old]).await?;
        }
        self.users.retain(|_, entry| entry.until_s >= now_s);
        self.tokens.retain(|_, entry| entry.until_s >= now_s);
        Ok(())
    }

    fn index(&self, row: &Row) {
        let entry = Entry { before_s: row.int(2), until_s: row.int(3) };
        self.put(row.text(0), row.text(1), entry);
    }

    fn put(&self, kind: &str, subject: &str, entry: Entry) {
        match kind {
            "user" => {
                let mut kept = self.users.entry(UserId::from(subject)).or_insert(entry);
                if kept.before_s <= entry.before_s {
                    *kept = entry;
                }
            }
            _ => drop(self.tokens.insert(subject.to_owned(), entry)),
        }
    }
}

#[cfg(test)]
mod tests;
