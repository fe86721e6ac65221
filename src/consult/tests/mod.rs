//! Consultations from end to end, without a hub: what operations answer and what they make known.

mod doors;
mod house;
mod keywords;
mod moves;
mod plans;
mod scope;
mod serving;
mod syncing;
mod talking;

use serde_json::{Value, json};

use self::house::{House, admin, support, tutor, user};
use crate::error::Code;

/// JSON with ids of this run replaced, for snapshots.
fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    let is_id = |piece: &str| piece.len() == 32 && piece.bytes().all(|it| it.is_ascii_hexdigit());
    let ids: Vec<_> = text.split('"').filter(|it| is_id(it)).map(str::to_owned).collect();
    let mut known = Vec::new();
    for id in ids {
        if !known.contains(&id) {
            known.push(id);
        }
    }
    for (at, id) in known.iter().enumerate() {
        text = text.replace(id, &format!("id{}", at + 1));
    }
    text
}

/// A call's answer and events, a line each.
fn told(called: &house::Called) -> String {
    let answer = match &called.answer {
        Ok(answer) => answer.clone(),
        Err(refusal) => json!(refusal.to_string()),
    };
    let lines = called.events.iter().map(|(to, event)| json!([to, event]));
    let all: Vec<_> = std::iter::once(answer).chain(lines).collect();
    shown(&Value::Array(all)).replace(",[\"", "\n[\"")
}
