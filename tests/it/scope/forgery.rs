//! Other people's ids in one's own calls: holds, tokens, keys, numbers and cursors.

use serde_json::{Value, json};

use super::{person::Door, privacy, rule::OUT_OF_SCOPE, town::Town};

const ALPHA: &str = "uid-secret-alpha";
const BETA: &str = "uid-secret-beta";

/// Runs a call that must be refused with `code`, over both doors, and changes nothing.
async fn refused(town: &mut Town, who: &str, name: &str, input: Value, code: u32) {
    let before = town.snapshot().await;
    for door in [Door::Rpc, Door::Http] {
        let answer = town.person(who).attempt(door, name, input.clone()).await;
        assert_eq!(answer.expect_err(name).0, code, "{who} {name} {input}");
    }
    assert_eq!(before, town.snapshot().await, "{who} {name} {input}");
}

#[tokio::test]
async fn a_hold_is_confirmed_by_its_author_with_its_own_token_in_its_own_conversation() {
    let mut town = Town::build().await;
    let [a, b] = [0, 1].map(|at| town.objects[at].clone());
    let elsewhere = town.objects[4].clone();
    let [(hold, token), (other_hold, other_token)] = a.holds.clone();
    let foreign = b.holds[0].clone();
    let with = |id: &str, hold: &str, token: &str| json!({"conversation": id, "hold": hold, "token": token});
    for (who, input, code) in [
        // Beta knows everything of alpha's.
        (BETA, with(&a.id, &hold, &token), OUT_OF_SCOPE),
        (BETA, with(&b.id, &hold, &token), OUT_OF_SCOPE),
        (BETA, with(&b.id, &foreign.0, &token), 103),
        (ALPHA, with(&b.id, &foreign.0, &foreign.1), OUT_OF_SCOPE),
        // Alpha mixes up what is alpha's own.
        (ALPHA, with(&elsewhere.id, &hold, &token), OUT_OF_SCOPE),
        (ALPHA, with(&a.id, &hold, &other_token), 103),
        (ALPHA, with(&a.id, &other_hold, &token), 103),
        (ALPHA, with(&a.id, &hold, ""), 103),
        (ALPHA, with(&a.id, &hold, &"A".repeat(43)), 103),
        // The tutor, who owns the conversation and not the text.
        ("tutor-a", with(&a.id, &hold, &token), OUT_OF_SCOPE),
        ("admin-1", with(&a.id, &hold, &token), OUT_OF_SCOPE),
    ] {
        refused(&mut town, who, "consult.confirm", input.clone(), code).await;
        if code == OUT_OF_SCOPE {
            let mut input = input;
            input.as_object_mut().unwrap().remove("token");
            refused(&mut town, who, "consult.discard", input, code).await;
        }
    }
    let input = with(&a.id, &hold, &token);
    let sent = town.person(ALPHA).ask("consult.confirm", input).await;
    assert_eq!(sent["status"], "delivered");
    town.fence().await;
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn a_client_id_finds_nothing_but_its_authors_own_message() {
    let mut town = Town::build().await;
    let [a, b] = [0, 1].map(|at| town.objects[at].clone());
    let send = |id: &str, mark: char| {
        let body = json!({"kind": "text", "text": format!("said-{mark}- 同一句话")});
        json!({"conversation": id, "client_id": "the-same", "body": body})
    };
    let input = send(&a.id, a.mark);
    let first = town.person(ALPHA).ask("consult.send", input.clone()).await;
    let again = town.person(ALPHA).ask("consult.send", input.clone()).await;
    assert_eq!(first, again);
    refused(&mut town, BETA, "consult.send", input.clone(), OUT_OF_SCOPE).await;
    refused(&mut town, "tutor-z", "consult.send", input.clone(), OUT_OF_SCOPE).await;
    refused(&mut town, "tutor-b", "consult.send", input.clone(), OUT_OF_SCOPE).await;
    // The other side's key in the same conversation, and the same key in another, are new sends.
    let theirs = town.person("tutor-a").ask("consult.send", input).await;
    assert!(theirs["seq"].as_i64() > first["seq"].as_i64());
    let elsewhere = town.person(BETA).ask("consult.send", send(&b.id, b.mark)).await;
    assert_eq!(elsewhere["status"], "delivered");
    town.fence().await;
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn numbers_and_cursors_of_others_open_nothing() {
    let mut town = Town::build().await;
    let a = town.objects[0].clone();
    let last = town.standing(0).await.last_seq;
    for seq in [0, -1, last + 1, i64::MAX, i64::MIN] {
        let recall = json!({"conversation": a.id, "seq": seq});
        refused(&mut town, ALPHA, "consult.recall", recall, OUT_OF_SCOPE).await;
    }
    let body = json!({"kind": "text", "text": "said-a- 回复"});
    for seq in [0, last + 1, i64::MAX] {
        let reply = json!({"conversation": a.id, "client_id": "r", "body": body, "reply_to": seq});
        refused(&mut town, ALPHA, "consult.send", reply, 107).await;
    }
    // A tutor's own answer is not the user's to take back, a text that was held is no message.
    for seq in [a.seqs[1], a.seqs[0] + 1] {
        let recall = json!({"conversation": a.id, "seq": seq});
        refused(&mut town, ALPHA, "consult.recall", recall, OUT_OF_SCOPE).await;
    }
    let people = [ALPHA, BETA, "tutor-a", "tutor-z", "admin-1", "support-1"];
    let mut cursors = Vec::new();
    for who in people {
        let synced = town.person(who).ask("consult.sync", json!({})).await;
        cursors.push(synced["cursor"].as_str().unwrap().to_owned());
    }
    for who in people {
        let list = town.person(who).ask("consult.list", json!({})).await;
        for cursor in &cursors {
            let synced = town.person(who).ask("consult.sync", json!({"cursor": cursor})).await;
            match synced["status"].as_str().unwrap() {
                "gap" => assert_eq!(synced["list"], list, "{who} {cursor}"),
                _ => assert_eq!(synced["changed"], json!([]), "{who} {cursor}"),
            }
        }
    }
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn a_page_of_a_list_goes_on_in_ones_own_conversations_alone() {
    let mut town = Town::build().await;
    let mut cursors = Vec::new();
    for who in [ALPHA, BETA, "admin-1", "admin-2", "tutor-z"] {
        let list = town.person(who).ask("consult.list", json!({"limit": 1})).await;
        cursors.extend(list["next"].as_str().map(str::to_owned));
    }
    assert!(cursors.len() >= 4, "{cursors:?}");
    for at in 0..town.people.len() {
        let person = &mut town.people[at];
        let own = person.attempt(Door::Rpc, "consult.list", json!({"limit": 100})).await;
        let Ok(own) = own else { continue };
        let own = own["conversations"].as_array().unwrap().clone();
        for cursor in &cursors {
            let input = json!({"cursor": cursor, "limit": 100});
            match person.attempt(Door::Http, "consult.list", input).await {
                Ok(page) => {
                    let page = page["conversations"].as_array().unwrap();
                    assert!(page.iter().all(|row| own.contains(row)), "{}", person.card.id);
                }
                Err((code, words)) => assert_eq!(code, 107, "{words}"),
            }
        }
    }
    privacy::check(&mut town).await;
}
