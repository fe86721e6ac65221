//! Labelled lines: a text, and what somebody who knows says of it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::Context as _;
use serde::Deserialize;

/// A labelled line.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Label {
    /// The text.
    pub(super) text: String,
    /// `user` or `tutor`.
    #[serde(default)]
    pub(super) sender: String,
    /// `allow`, or the category that it must have.
    pub(super) expect: String,
    /// Other categories that are right too.
    #[serde(default)]
    pub(super) accept: Vec<String>,
    /// How it is disguised.
    #[serde(default = "plain")]
    pub(super) evasion: String,
    /// Earlier messages of the same author.
    #[serde(default)]
    pub(super) prev: Vec<String>,
    /// The numbers that are in it.
    #[serde(default, deserialize_with = "numbers")]
    pub(super) num: Vec<String>,
}

fn plain() -> String {
    "none".to_owned()
}

/// One number or several, each as a text or as `{"kind": …, "value": …}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(Number),
    Many(Vec<Number>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Bare(String),
    Told { value: String },
}

fn numbers<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let numbers = match Option::<Numbers>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Numbers::One(one)) => vec![one],
        Some(Numbers::Many(many)) => many,
    };
    let value = |number| match number {
        Number::Bare(value) | Number::Told { value } => value,
    };
    Ok(numbers.into_iter().map(value).collect())
}

impl Label {
    /// A line to warm up on.
    pub(super) fn warming() -> Self {
        Self {
            text: "你好，①号岗位怎么样？😀".to_owned(),
            sender: String::new(),
            expect: "allow".to_owned(),
            accept: Vec::new(),
            evasion: plain(),
            prev: Vec::new(),
            num: Vec::new(),
        }
    }

    /// Whether `category` is right.
    pub(super) fn is_right(&self, category: &str) -> bool {
        self.expect == category || self.accept.iter().any(|accepted| accepted == category)
    }
}

/// Reads the lines of a file; blank ones are passed over.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Label>> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("{name}"))?;
    let mut labels = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("{name}"))?;
        if !line.trim().is_empty() {
            let label = serde_json::from_str(&line);
            labels.push(label.with_context(|| format!("{name}, line {}", number + 1))?);
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_form() {
        for num in [
            r#""13800138000""#,
            r#"["13800138000"]"#,
            r#"[{"kind": "mobile", "value": "13800138000"}]"#,
        ] {
            let line = format!(r#"{{"text": "a", "expect": "privacy", "num": {num}}}"#);
            let label: Label = serde_json::from_str(&line).unwrap();
            assert_eq!(label.num, ["13800138000"]);
            assert!(label.is_right("privacy") && !label.is_right("allow"));
        }
    }
}
