//! Pictures and voice in a consultation: who sees them, for how long, and how often they are stored.

use bytes::Bytes;

use super::*;
use crate::{
    ids::MediaId,
    media::{
        link::{Form, Ticket},
        operations,
    },
    operation::{Caller, Catalogue, upload::Upload},
};

impl House {
    /// Uploads a file of `tests/media`; what it is called.
    async fn upload(&self, who: &Caller, (purpose, key): (&str, &str), name: &str) -> String {
        let path = format!("{}/tests/media/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = Bytes::from(std::fs::read(path).unwrap());
        let mut catalogue = Catalogue::default();
        catalogue.add(operations::operations(&self.media));
        let (feeder, upload) = Upload::pair(None);
        let feeding = async {
            feeder.feed(bytes).await.unwrap();
            feeder.end().await;
        };
        let input = json!({"purpose": purpose, "client_id": key}).to_string();
        let calling = catalogue.call_with(who.clone(), "media.upload", &input, Some(upload));
        let (answer, ()) = tokio::join!(calling, feeding);
        let answer: Value = serde_json::from_str(answer.unwrap().get()).unwrap();
        answer["media"]["id"].as_str().unwrap().to_owned()
    }

    async fn show(&self, who: &Caller, conversation: &str, (key, body): (&str, Value)) -> Called {
        let input = json!({"conversation": conversation, "client_id": key, "body": body});
        self.call(who, "send", input).await
    }

    /// Whether somebody who holds this link may look.
    async fn opens(&self, url: &Value) -> bool {
        let (path, query) = url.as_str().unwrap().split_once('?').unwrap();
        let mut fields = query.split('&').map(|field| field.split_once('=').unwrap().1);
        let id = MediaId::from(path.strip_prefix("/media/").unwrap());
        let expires_at = fields.next().unwrap().parse().unwrap();
        let (form, signature) = match (fields.next().unwrap(), fields.next()) {
            (word, Some(signature)) => (Form::of_word(Some(word)).unwrap(), signature),
            (signature, None) => (Form::Whole, signature),
        };
        self.media.lend(&Ticket { id: &id, form, expires_at, signature }).await.is_ok()
    }

    /// The newest record as `who` sees it.
    async fn last(&self, who: &Caller, conversation: &str) -> Value {
        let input = json!({"conversation": conversation, "limit": 1});
        self.ask(who, "history", input).await["records"][0].clone()
    }
}

fn image(id: &str) -> Value {
    json!({"kind": "image", "media": id})
}

#[tokio::test]
async fn a_picture_is_seen_by_both_sides_until_it_is_taken_back() {
    let house = House::new().await;
    let conversation = house.served().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    let id = house.upload(&user1, ("consult", "k1"), "gps.jpg").await;
    let called = house.show(&user1, &conversation, ("k1", image(&id))).await;
    assert_eq!(called.answer.as_ref().unwrap()["status"], "delivered");
    let mut told: Vec<_> = called.events.iter().map(|(to, event)| (to.as_str(), event)).collect();
    told.sort_by_key(|(to, _)| *to);
    let receivers: Vec<_> = told.iter().map(|(to, _)| *to).collect();
    assert_eq!(receivers, ["admin1", "tutor1", "user1"]);
    for (to, event) in &told {
        let media = &event["record"]["body"]["media"];
        assert!(house.opens(&media["url"]).await && house.opens(&media["thumb_url"]).await, "{to}");
        assert!(*to == "user1" || !event.to_string().contains("user1"), "{event}");
    }
    let mut seen = house.last(&tutor1, &conversation).await;
    let media = seen["body"]["media"].take();
    assert_eq!((&media["width"], &media["height"]), (&json!(32), &json!(48)));
    assert_eq!((&media["id"], &media["type"]), (&json!(id), &json!("image/jpeg")));
    insta::assert_snapshot!(shown(&seen), @r#"{"seq":2,"at":1800000000000,"kind":"message","author":{"side":"user","pseudonym":"pseudonym1","name":"name1","avatar_seed":"seed1"},"body":{"kind":"image","media":null}}"#);
    let list = house.ask(&user1, "list", json!({})).await;
    assert_eq!(list["conversations"][0]["preview"]["body"]["media"], media);
    house.ask(&user1, "recall", json!({"conversation": conversation, "seq": 2})).await;
    assert!(!house.opens(&media["url"]).await && !house.opens(&media["thumb_url"]).await);
    for who in [&user1, &tutor1] {
        let kinds = house.kinds(who, &conversation).await;
        assert_eq!(kinds, ["session", "recalled", "recall"]);
    }
    let again = house.show(&user1, &conversation, ("k1", image(&id))).await;
    assert_eq!(again.answer.unwrap(), called.answer.unwrap(), "a retry is no new word");
}

#[tokio::test]
async fn a_picture_is_sent_once_however_often_it_is_sent() {
    let house = House::new().await;
    let conversation = house.served().await;
    let user1 = user("user1");
    let id = house.upload(&user1, ("consult", "k1"), "gps.png").await;
    let first = house.show(&user1, &conversation, ("k1", image(&id))).await.answer.unwrap();
    let again = house.show(&user1, &conversation, ("k1", image(&id))).await;
    assert_eq!(again.answer.unwrap(), first);
    assert!(again.events.is_empty(), "and told once");
    let other = house.upload(&user1, ("consult", "k2"), "gps.webp").await;
    let conflict = house.show(&user1, &conversation, ("k1", image(&other))).await;
    assert_eq!(conflict.answer.unwrap_err().code(), Code::Conflict);
    let text = house.say(&user1, &conversation, ("k1", "你好")).await;
    assert_eq!(text.answer.unwrap_err().code(), Code::Conflict);
    let twice = house.show(&user1, &conversation, ("k3", image(&id))).await;
    assert_eq!(twice.answer.unwrap_err().code(), Code::Gone, "it stands in a message already");
    let sent = house.show(&user1, &conversation, ("k4", image(&other))).await;
    assert_eq!(sent.answer.unwrap()["seq"], 3, "what was refused took nothing");
}

#[tokio::test]
async fn of_two_messages_that_show_one_picture_at_once_one_is_stored() {
    let house = House::new().await;
    let conversation = house.served().await;
    let user1 = user("user1");
    let id = house.upload(&user1, ("consult", "k1"), "gps.png").await;
    let (one, other) = tokio::join!(
        house.show(&user1, &conversation, ("k1", image(&id))),
        house.show(&user1, &conversation, ("k2", image(&id))),
    );
    let refusals: Vec<_> = [one.answer, other.answer].into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].code(), Code::Gone);
    assert_eq!(house.kinds(&user1, &conversation).await, ["session", "message"]);
}

#[tokio::test]
async fn an_author_sends_their_own_files_as_what_they_are() {
    let house = House::new().await;
    let conversation = house.served().await;
    let (user1, tutor1) = (user("user1"), tutor("tutor1"));
    let picture = house.upload(&user1, ("consult", "k1"), "gps.jpg").await;
    let voice = house.upload(&user1, ("consult", "k2"), "opus.ogg").await;
    let live = house.upload(&user1, ("live", "k3"), "opus.ogg").await;
    let spoken = |id: &str| json!({"kind": "voice", "media": id});
    for (who, body, code) in [
        (&tutor1, image(&picture), Code::NotInScope),
        (&user1, image("nothing"), Code::NotInScope),
        (&user1, image(&"x".repeat(999)), Code::NotInScope),
        (&user1, spoken(&picture), Code::BadRequest),
        (&user1, image(&voice), Code::BadRequest),
        (&user1, spoken(&live), Code::BadRequest),
    ] {
        let called = house.show(who, &conversation, ("k", body)).await;
        assert_eq!(called.answer.unwrap_err().code(), code);
    }
    house.show(&user1, &conversation, ("k", spoken(&voice))).await.answer.unwrap();
    let seen = house.last(&tutor1, &conversation).await["body"].clone();
    assert_eq!((&seen["kind"], &seen["media"]["type"]), (&json!("voice"), &json!("audio/ogg")));
    assert!(seen["media"]["duration_ms"].as_i64().unwrap() > 1_400, "{seen}");
    let answer = house.upload(&tutor1, ("consult", "k1"), "gps.webp").await;
    house.show(&tutor1, &conversation, ("k", image(&answer))).await.answer.unwrap();
    assert!(house.opens(&house.last(&user1, &conversation).await["body"]["media"]["url"]).await);
}

#[tokio::test]
async fn a_picture_between_the_halves_of_a_secret_does_not_hide_it() {
    let house = House::new().await;
    let conversation = house.served().await;
    let user1 = user("user1");
    house.say(&user1, &conversation, ("k1", "我的手机是1380013")).await.answer.unwrap();
    let id = house.upload(&user1, ("consult", "k2"), "gps.png").await;
    house.show(&user1, &conversation, ("k2", image(&id))).await.answer.unwrap();
    let rest = house.say(&user1, &conversation, ("k3", "8000")).await.answer.unwrap();
    assert_eq!(rest["status"], "held");
}

#[tokio::test]
async fn a_picture_is_there_after_a_restart() {
    let house = House::new().await;
    let conversation = house.served().await;
    let user1 = user("user1");
    let id = house.upload(&user1, ("consult", "k1"), "gps.jpg").await;
    house.show(&user1, &conversation, ("k1", image(&id))).await.answer.unwrap();
    let before = house.last(&user1, &conversation).await;
    let house = house.restarted().await;
    assert_eq!(house.last(&user1, &conversation).await, before);
    assert!(house.opens(&before["body"]["media"]["url"]).await, "the key ring is the same");
}
