//! What is wrong with a configuration: where it stands, which key, and why.

use std::{fmt, path::PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The defaults that are built in.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable, by name.
    Variable(String),
    /// A flag of the command line, as it is typed.
    Flag(&'static str),
}

/// One thing that is wrong. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it was found.
    pub origin: Origin,
    /// The key, dotted from the section on; empty when the fault is no key's.
    pub key: String,
    /// Why, in words for the operator.
    pub reason: String,
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// A value that its section cannot work with, as the section's own check reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The key, dotted, without the section.
    pub key: String,
    /// Why, in words for the operator; never the value of a secret.
    pub reason: String,
}

impl Wrong {
    /// Blames `key`.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// Blames every key whose bound is 0, where nothing would ever pass.
    pub fn zeros<'a>(bounds: impl IntoIterator<Item = (&'a str, usize)>) -> Vec<Self> {
        let zero = bounds.into_iter().filter(|(_, bound)| *bound == 0);
        zero.map(|(key, _)| Self::new(key, "must be at least 1")).collect()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in defaults"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.origin, self.reason);
        }
        write!(f, "{}: `{}`: {}", self.origin, self.key, self.reason)
    }
}
