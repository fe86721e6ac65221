//! `[keys]`: the key ring that wraps the archive's keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::value::Secret;

/// The `[keys]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The key ring's file. When it is missing, one with a fresh key is made there, readable by its
    /// owner alone. Without this file nothing in the archive can be read again: keep a copy.
    pub file: PathBuf,
    /// The key ring itself, in place of the file: `VERSION:BASE64` of 32 bytes, several separated
    /// by commas; the first is the current one.
    pub ring: Secret,
}

impl Default for Keys {
    fn default() -> Self {
        Self { file: PathBuf::from("var/keys.toml"), ring: Secret::default() }
    }
}
