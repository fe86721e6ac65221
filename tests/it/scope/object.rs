//! A conversation of the town, in the state it is meant to be in, and what was said in it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::town::Town;

/// Who consults whom, where that stands, and who serves or served it.
pub type Plan = (&'static str, &'static str, &'static str, Option<&'static str>);

/// Every state, in both institutions and at the platform's desk.
pub const PLAN: [Plan; 12] = [
    ("uid-secret-alpha", "inst1", "serving", Some("tutor-a")),
    ("uid-secret-beta", "inst1", "queued", None),
    ("uid-secret-gamma", "inst1", "ended", Some("tutor-a")),
    ("uid-secret-delta", "inst1", "serving", Some("tutor-b")),
    ("uid-secret-alpha", "inst2", "serving", Some("tutor-z")),
    ("uid-secret-beta", "inst2", "ended", Some("tutor-z")),
    ("uid-secret-gamma", "inst2", "queued", None),
    ("uid-secret-alpha", "support", "serving", Some("support-1")),
    ("uid-secret-beta", "support", "queued", None),
    ("uid-secret-gamma", "support", "ended", Some("support-1")),
    ("uid-secret-delta", "inst2", "serving", Some("tutor-suspended")),
    ("uid-secret-delta", "support", "ended", Some("support-left")),
];

/// No conversation has this id.
pub const NOWHERE: &str = "01900000-0000-7000-8000-000000000000";

/// A held text: its id and its token.
pub type Hold = (String, String);

/// A conversation.
#[derive(Clone, Debug)]
pub struct Object {
    pub id: String,
    pub user: &'static str,
    pub institution: &'static str,
    pub state: &'static str,
    pub owner: Option<&'static str>,
    /// Names it in all that is said in it.
    pub mark: char,
    /// A message of the user, and one of the owner.
    pub seqs: [i64; 2],
    /// Two texts of the user that wait: the first may be delivered, the second never is.
    pub holds: [Hold; 2],
    /// Who, beside the owner, has ever served it.
    pub served_by: Vec<String>,
}

impl Object {
    /// Opens, accepts, says of everything some, and ends, as `plan` says.
    pub async fn begin(town: &mut Town, plan: Plan) -> Self {
        let (user, institution, state, owner) = plan;
        let mark = char::from(b'a' + town.objects.len() as u8);
        let opened = town.person(user).ask("consult.open", json!({"institution": institution}));
        let id = opened.await["conversation"].as_str().unwrap().to_owned();
        if let Some(owner) = owner {
            town.reinstate(owner).await;
            town.accept(owner, &id).await;
        }
        let first = say(town, user, &id, (&format!("您好 said-{mark}-"), "delivered")).await;
        let holds = [
            hold(town, user, &id, &format!("held-{mark}- 我的电话是13812345678")).await,
            hold(town, user, &id, &format!("kept-{mark}- 我的电话是13912345678")).await,
        ];
        let is_support = institution == "support";
        let sensitive = format!("hide-{mark}- 谁有考前买答案的渠道，多少钱");
        if !is_support {
            say(town, user, &id, (&sensitive, "hidden")).await;
        }
        recall(town, user, &id, mark).await;
        let mut answer = 1;
        if let Some(owner) = owner {
            answer = say(town, owner, &id, (&format!("请讲 said-{mark}-"), "delivered")).await;
            recall(town, owner, &id, mark).await;
            if !is_support {
                let phone = format!("hide-{mark}- 加我电话13712345678");
                say(town, owner, &id, (&phone, "hidden")).await;
            }
            town.dismiss(owner).await;
        }
        if state == "ended" {
            town.person(user).ask("consult.close", json!({"conversation": id})).await;
        }
        let (seqs, served_by) = ([first, answer], Vec::new());
        Self { id, user, institution, state, owner, mark, seqs, holds, served_by }
    }

    /// Whether `id` ever served it.
    pub fn was_served_by(&self, id: &str) -> bool {
        self.owner == Some(id) || self.served_by.iter().any(|it| it == id)
    }
}

async fn say(town: &mut Town, who: &str, id: &str, (text, status): (&str, &str)) -> i64 {
    let sent = town.say(who, id, text).await;
    assert_eq!(sent["status"], status, "{text}");
    sent["seq"].as_i64().unwrap()
}

async fn hold(town: &mut Town, who: &str, id: &str, text: &str) -> Hold {
    let sent = town.say(who, id, text).await;
    assert_eq!(sent["status"], "held", "{text}");
    let text = |key: &str| sent[key].as_str().unwrap().to_owned();
    (text("hold"), text("token"))
}

async fn recall(town: &mut Town, who: &str, id: &str, mark: char) {
    let seq = say(town, who, id, (&format!("说错了 said-{mark}-"), "delivered")).await;
    town.person(who).ask("consult.recall", json!({"conversation": id, "seq": seq})).await;
}

/// Where a conversation stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub state: String,
    pub owner: Option<String>,
    pub owner_version: i64,
    pub last_seq: i64,
}

/// Where everything stands: the lists of all who have one.
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    lists: Vec<Value>,
    standings: HashMap<String, Standing>,
}

impl Snapshot {
    pub fn new(lists: Vec<Value>) -> Self {
        let rows = lists.iter().flat_map(|list| list["conversations"].as_array().unwrap());
        let rows = rows.filter(|row| row.get("owner_version").is_some());
        let standings = rows.map(|row| {
            let standing = Standing {
                state: row["state"].as_str().unwrap().to_owned(),
                owner: row["owner"]["tutor"].as_str().map(str::to_owned),
                owner_version: row["owner_version"].as_i64().unwrap(),
                last_seq: row["last_seq"].as_i64().unwrap(),
            };
            (row["conversation"].as_str().unwrap().to_owned(), standing)
        });
        let standings = standings.collect();
        Self { lists, standings }
    }

    /// Where one conversation stands.
    pub fn of(&self, id: &str) -> Standing {
        self.standings[id].clone()
    }
}
