//! The folder of rules as it looks from outside, so that nothing is read while nothing changes.

use std::{fs, time::SystemTime};

use crate::moderation::rule_files;

/// Names, sizes and times of a folder's files; empty for the built-in rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<(String, u64, Option<SystemTime>)>);

impl Fingerprint {
    /// How the folder at `path` looks now. One that cannot be read looks empty, and is then found to
    /// be at fault by whoever reads it.
    pub(super) fn of(path: &str) -> Self {
        if path.is_empty() {
            return Self::default();
        }
        let files = rule_files(path).unwrap_or_default().into_iter();
        let looks = files.map(|file| {
            let data = fs::metadata(&file).ok();
            let size = data.as_ref().map_or(0, fs::Metadata::len);
            let at = data.and_then(|data| data.modified().ok());
            (file.display().to_string(), size, at)
        });
        Self(looks.collect())
    }
}
