//! A refusal is an answer: its code, and what the caller needs to know to do better.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::Code;

/// Why an operation did not happen, with the details that its code promises (`retry_ms`, `max` …).
///
/// Over `rpc` it travels as the protocol's error: `message` is the name, a space, and the details as
/// one JSON object. Over HTTP it is [`Refusal::to_json`].
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    code: Code,
    detail: Map<String, Value>,
}

impl Refusal {
    /// A refusal without details.
    pub fn new(code: Code) -> Self {
        Self { code, detail: Map::new() }
    }

    /// Adds one detail. Never the text of a message, never somebody else's id.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    /// Adds `reason`: a sentence for the developer who reads it.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        self.with("reason", reason.into())
    }

    /// What kind of refusal it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// `{"error": {"code", "name", "message", "temporary", …details}}`, as the HTTP door answers.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.number().into());
        error.insert("name".to_owned(), self.code.name().into());
        error.insert("message".to_owned(), self.code.sentence().into());
        error.insert("temporary".to_owned(), self.code.is_temporary().into());
        for (key, value) in &self.detail {
            error.entry(key).or_insert_with(|| value.clone());
        }
        serde_json::json!({ "error": error })
    }

    /// The details beside the code.
    pub fn detail(&self) -> &Map<String, Value> {
        &self.detail
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        if self.detail.is_empty() {
            return Ok(());
        }
        write!(f, " {}", Value::Object(self.detail.clone()))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_http_no_detail_can_replace_the_code() {
        let refusal = Refusal::new(Code::TooLong).with("max", 2_000).with("code", 1);
        insta::assert_snapshot!(
            refusal.to_json(),
            @r#"{"error":{"code":405,"name":"too_long","message":"The text is longer than the maximum given.","temporary":false,"max":2000}}"#
        );
    }

    #[test]
    fn a_refusal_reads_as_its_name_and_its_details() {
        assert_eq!(Refusal::new(Code::NotInScope).to_string(), "not_in_scope");
        let slow = Refusal::new(Code::RateLimited).with("retry_ms", 1_500);
        assert_eq!(slow.to_string(), r#"rate_limited {"retry_ms":1500}"#);
    }
}
