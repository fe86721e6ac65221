//! Consultations from end to end, without a hub: what operations answer and what they make known.

mod doors;
mod failing;
mod house;
mod keywords;
mod leaving;
mod masks;
mod motion;
mod moves;
mod oracle;
mod pieces;
mod plans;
mod scope;
mod serving;
mod showing;
mod syncing;
mod talking;

use serde_json::{Value, json};

use self::house::{Called, House, admin, support, tutor, user};
use crate::error::Code;

/// JSON with the ids and masks of this run replaced, for snapshots.
fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    let is_id = |piece: &str| piece.len() == 32 && piece.bytes().all(|it| it.is_ascii_hexdigit());
    let ids: Vec<_> = text.split('"').filter(|it| is_id(it)).map(str::to_owned).collect();
    let (mut known, mut masks) = (Vec::new(), 0);
    for id in ids {
        if !known.contains(&id) {
            known.push(id);
        }
    }
    for (at, id) in known.iter().enumerate() {
        text = text.replace(id, &format!("id{}", at + 1));
    }
    while let Some(mask) = text.split(r#""pseudonym":"p_"#).nth(1) {
        // pseudonym","name":"…","avatar_seed":"…
        let parts: Vec<_> = mask.split('"').step_by(4).take(3).map(str::to_owned).collect();
        masks += 1;
        text = text
            .replace(&format!("p_{}", parts[0]), &format!("pseudonym{masks}"))
            .replace(&parts[1], &format!("name{masks}"))
            .replace(&parts[2], &format!("seed{masks}"));
    }
    text
}

/// A call's answer and events, a line each.
fn told(called: &Called) -> String {
    let answer = match &called.answer {
        Ok(answer) => answer.clone(),
        Err(refusal) => json!(refusal.to_string()),
    };
    let lines = called.events.iter().map(|(to, event)| json!([to, event]));
    let all: Vec<_> = std::iter::once(answer).chain(lines).collect();
    shown(&Value::Array(all)).replace(",[\"", "\n[\"")
}
