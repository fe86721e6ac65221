//! How refusals look in the document: one response for each status, one example for each code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{error::Code, operation::Refusal};

/// Statuses that are the door's own, with the code under which they answer.
const OF_THE_DOOR: [(u16, Code, &str); 4] = [
    (405, Code::BadRequest, "Operations take POST."),
    (408, Code::BadRequest, "The body did not arrive in time."),
    (413, Code::LimitExceeded, "The body is too long."),
    (415, Code::BadRequest, "The body is not application/json."),
];

/// The shape of every refusal.
pub(super) fn schema() -> Value {
    let numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
    let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    json!({
        "title": "Refusal",
        "description": "Why something was refused. A code may bring more: retry_ms, max, until, owner, at …",
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "name", "message", "temporary"],
                "properties": {
                    "code": { "description": "For programs.", "type": "integer", "enum": numbers },
                    "name": { "description": "The same, readable.", "type": "string", "enum": names },
                    "message": { "description": "For people; never compare it.", "type": "string" },
                    "temporary": { "description": "Whether the same call may succeed later.", "type": "boolean" },
                    "reason": { "description": "What exactly was wrong.", "type": "string" },
                    "retry_ms": { "description": "Milliseconds to wait.", "type": "integer", "minimum": 0 },
                },
                "additionalProperties": true,
            },
        },
    })
}

/// `components.responses`: one for each status.
pub(super) fn responses() -> Value {
    statuses().into_iter().map(|(status, cases)| (name(status), response(&cases))).collect()
}

/// References to all of them, by status, as every operation has them.
pub(super) fn references() -> Map<String, Value> {
    let reference = |status| json!({ "$ref": format!("#/components/responses/{}", name(status)) });
    statuses().into_keys().map(|status| (status.to_string(), reference(status))).collect()
}

fn name(status: u16) -> String {
    format!("refused_{status}")
}

/// What may stand behind each status: code and sentence.
fn statuses() -> BTreeMap<u16, Vec<(Code, &'static str)>> {
    let of_codes = Code::ALL.iter().map(|code| (code.http_status(), *code, code.sentence()));
    let mut statuses = BTreeMap::<_, Vec<_>>::new();
    for (status, code, sentence) in of_codes.chain(OF_THE_DOOR) {
        statuses.entry(status).or_default().push((code, sentence));
    }
    statuses
}

fn response(cases: &[(Code, &str)]) -> Value {
    let lines: Vec<_> = cases
        .iter()
        .map(|(code, sentence)| format!("* {} `{}`: {sentence}", code.number(), code.name()))
        .collect();
    let examples: Map<_, _> = cases
        .iter()
        .map(|(code, sentence)| {
            let value = Refusal::new(*code).to_json();
            (code.number().to_string(), json!({ "summary": sentence, "value": value }))
        })
        .collect();
    json!({
        "description": lines.join("\n"),
        "content": {
            "application/json": {
                "schema": { "$ref": "#/components/schemas/error" },
                "examples": examples,
            },
        },
    })
}
