//! `[store]`: where the data lives, and how much may wait to be written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    value::{Size, Span},
};

/// The `[store]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// `sqlite:` and a path; a relative one counts from the working folder, and missing folders are
    /// made. The file belongs to one running server.
    pub url: String,
    /// How many threads answer reads.
    pub readers: usize,
    /// How many reads, and how many transactions, may wait; more are refused as `unavailable`.
    pub queue_max: usize,
    /// How many transactions share one commit to the disk at most.
    pub group_max: usize,
    /// How much of the file each thread keeps in memory.
    pub cache: Size,
    /// How long a write waits for another process that holds the file's lock.
    pub busy_timeout: Span,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite:var/belfry.db".to_owned(),
            readers: 2,
            queue_max: 8_192,
            group_max: 512,
            cache: Size::kib(32 * 1_024),
            busy_timeout: Span::seconds(5),
        }
    }
}

impl Store {
    /// The defaults, with the SQLite file at `path`.
    pub fn sqlite(path: &Path) -> Self {
        Self { url: format!("sqlite:{}", path.display()), ..Self::default() }
    }
}

/// A database that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file on this machine.
    Sqlite(PathBuf),
}

impl Store {
    /// Reads `url`: `sqlite:PATH`, or `sqlite://PATH` as other tools write it. A refusal does not
    /// repeat it: it may hold a password.
    pub fn location(&self) -> Result<Location, Wrong> {
        if self.url.starts_with("postgres:") || self.url.starts_with("postgresql:") {
            let reason = "PostgreSQL is not supported by this version; write \"sqlite:PATH\"";
            return Err(Wrong::new("url", reason));
        }
        let path = self.url.strip_prefix("sqlite:").unwrap_or_default();
        match path.strip_prefix("//").unwrap_or(path) {
            ":memory:" => Err(Wrong::new(
                "url",
                "the threads that read and write cannot share a database in memory; write \"sqlite:PATH\"",
            )),
            path if path.is_empty() || path.contains('?') => {
                Err(Wrong::new("url", "no such database; write \"sqlite:PATH\""))
            }
            path => Ok(Location::Sqlite(PathBuf::from(path))),
        }
    }

    /// Refuses what could not be opened, or could never answer.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let bounds = [
            ("readers", self.readers),
            ("queue_max", self.queue_max),
            ("group_max", self.group_max),
        ];
        self.location().err().into_iter().chain(Wrong::zeros(bounds)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Store {
        Store { url: url.to_owned(), ..Store::default() }
    }

    #[test]
    fn a_path_is_relative_unless_it_begins_at_the_root() {
        let file = |path: &str| Ok(Location::Sqlite(PathBuf::from(path)));
        assert_eq!(at("sqlite:var/belfry.db").location(), file("var/belfry.db"));
        assert_eq!(at("sqlite://var/belfry.db").location(), file("var/belfry.db"));
        assert_eq!(at("sqlite:/srv/belfry.db").location(), file("/srv/belfry.db"));
        assert_eq!(at("sqlite:///srv/belfry.db").location(), file("/srv/belfry.db"));
    }

    #[test]
    fn what_cannot_be_opened_is_refused_without_repeating_it() {
        let refused = at("postgres://belfry:hunter2@db/belfry").location().unwrap_err();
        assert!(refused.reason.contains("PostgreSQL") && !refused.reason.contains("hunter2"));
        let others =
            ["", "sqlite:", "sqlite::memory:", "mysql://db", "sqlite:a.db?mode=ro", "a.db"];
        for url in others {
            assert!(at(url).location().is_err(), "{url}");
        }
    }

    #[test]
    fn every_bound_of_zero_is_named() {
        let none = Store { readers: 0, queue_max: 0, group_max: 0, ..Store::default() };
        let keys: Vec<_> = none.check().into_iter().map(|wrong| wrong.key).collect();
        assert_eq!(keys, ["readers", "queue_max", "group_max"]);
    }
}
