//! Voices: uploaded first, heard once a moderator lets them, and taken back with their comment.

use bytes::Bytes;
use serde_json::{Value, json};

use super::house::{House, host, moderator, shown, user};
use crate::{
    ids::MediaId,
    media::{
        link::{Form, Ticket},
        operations::operations,
    },
    operation::{Caller, Catalogue, Refusal, upload::Upload},
};

impl House {
    /// Uploads a voice of `tests/media` for rooms; what it is called.
    async fn record(&self, who: &Caller, key: &str) -> String {
        self.upload(who, ("live", key), "opus.ogg").await
    }

    async fn upload(&self, who: &Caller, (purpose, key): (&str, &str), name: &str) -> String {
        let path = format!("{}/tests/media/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = Bytes::from(std::fs::read(path).unwrap());
        let (feeder, upload) = Upload::pair(None);
        let feeding = async {
            feeder.feed(bytes).await.unwrap();
            feeder.end().await;
        };
        let input = json!({"purpose": purpose, "client_id": key}).to_string();
        let mut catalogue = Catalogue::default();
        catalogue.add(operations(&self.media));
        let calling = catalogue.call_with(who.clone(), "media.upload", &input, Some(upload));
        let (answer, ()) = tokio::join!(calling, feeding);
        let answer: Value = serde_json::from_str(answer.unwrap().get()).unwrap();
        answer["media"]["id"].as_str().unwrap().to_owned()
    }

    async fn speak(&self, who: &Caller, key: &str, media: &str) -> Result<Value, Refusal> {
        let input = json!({"room": "r1", "client_id": key, "media": media});
        self.call(who, "comment", input).await
    }

    async fn hear(&self, who: &Caller, comment: &Value) -> Result<Value, Refusal> {
        self.call(who, "voice", json!({"room": "r1", "comment": comment})).await
    }

    /// Whether somebody who holds this link may listen.
    async fn opens(&self, url: &Value) -> bool {
        let (path, query) = url.as_str().unwrap().split_once('?').unwrap();
        let mut fields = query.split('&').map(|field| field.split_once('=').unwrap().1);
        let id = MediaId::from(path.strip_prefix("/media/").unwrap());
        let (expires_at, signature) = (fields.next().unwrap().parse().unwrap(), fields.next());
        let ticket =
            Ticket { id: &id, form: Form::Whole, expires_at, signature: signature.unwrap() };
        self.media.lend(&ticket).await.is_ok()
    }
}

#[tokio::test]
async fn a_voice_waits_for_a_moderator_and_is_then_heard_by_everybody() {
    let house = House::new().await;
    house.set(json!({"voice": "held"})).await;
    let (ann, ben) = (user("ann"), user("ben"));
    let media = house.record(&ann, "u1").await;
    let answer = house.speak(&ann, "k1", &media).await.unwrap();
    assert_eq!(answer["status"], "held");
    assert!(!house.types("live:r1").await.contains(&"live.comment".to_owned()));
    assert_eq!(house.hear(&ben, &answer["id"]).await.unwrap_err().to_string(), "not_in_scope");
    let event = house.last("live_desk:r1").await;
    assert_eq!((&event["state"], &event["cause"]), (&json!("held"), &json!("voice")));
    assert!(house.opens(&event["comment"]["media"]["url"]).await, "who decides must hear it");
    let page = house.ask(&moderator(), "hold.list", json!({"room": "r1"})).await;
    assert!(house.opens(&page["held"][0]["comment"]["media"]["url"]).await);
    let decision = json!({"room": "r1", "comment": answer["id"], "decision": "approve"});
    house.ask(&host(), "hold.decide", decision).await;
    let mut event = house.last("live:r1").await;
    let seen = event["media"].take();
    assert!(house.opens(&seen["url"]).await && seen["duration_ms"].as_i64() > Some(1_400));
    assert_eq!((&seen["id"], &seen["type"]), (&json!(media), &json!("audio/ogg")));
    insta::assert_snapshot!(shown(&event), @r#"{"type":"live.comment","id":"id1","at_ms":0,"posted_at":T000000,"nickname":"考生ann","avatar":"/a.png","region":"浙江","text":"","media":null}"#);
    let archived = &house.archived("live/r1/ann").await[0].1;
    assert_eq!((&archived["media"]["id"], archived["media"].get("url")), (&json!(media), None));
}

#[tokio::test]
async fn links_end_and_whoever_may_hear_a_voice_gets_another() {
    let house = House::new().await;
    house.set(json!({"voice": "open"})).await;
    let (ann, ben) = (user("ann"), user("ben"));
    let media = house.record(&ann, "u1").await;
    let answer = house.speak(&ann, "k1", &media).await.unwrap();
    assert_eq!(answer["status"], "visible");
    let first = house.last("live:r1").await["media"]["url"].clone();
    house.clock.advance_ms(600_000);
    assert!(!house.opens(&first).await);
    let again = house.hear(&ben, &answer["id"]).await.unwrap();
    assert!(house.opens(&again["media"]["url"]).await);
    for name in ["list", "replay", "replay_seek"] {
        let input = match name {
            "list" => json!({"room": "r1"}),
            "replay" => json!({"room": "r1", "from_ms": 0, "to_ms": 1_000}),
            _ => json!({"room": "r1", "at_ms": 1_000, "count": 1}),
        };
        let page = house.ask(&ben, name, input).await;
        assert!(house.opens(&page["comments"][0]["media"]["url"]).await, "{name}");
    }
    house.ask(&host(), "pin", json!({"room": "r1", "comment": answer["id"]})).await;
    house.clock.advance_ms(600_000);
    let room = house.ask(&ben, "room.get", json!({"room": "r1"})).await;
    assert!(house.opens(&room["pinned"]["media"]["url"]).await);
    let text = house.said(&ann, "老师好").await;
    let refused = house.hear(&ben, &json!(text)).await.unwrap_err().to_string();
    assert!(refused.starts_with("bad request"), "{refused}");
}

#[tokio::test]
async fn a_voice_that_is_taken_off_can_be_heard_by_nobody_whatever_link_they_hold() {
    let house = House::new().await;
    let (ann, ben) = (user("ann"), user("ben"));
    house.set(json!({"voice": "open"})).await;
    let media = house.record(&ann, "u1").await;
    let comment = house.speak(&ann, "k1", &media).await.unwrap()["id"].clone();
    let url = house.last("live:r1").await["media"]["url"].clone();
    house.ask(&moderator(), "remove", json!({"room": "r1", "comment": comment})).await;
    assert!(!house.opens(&url).await);
    assert_eq!(house.hear(&ben, &comment).await.unwrap_err().to_string(), "not_in_scope");
    house.set(json!({"voice": "held"})).await;
    let media = house.record(&ann, "u2").await;
    let comment = house.speak(&ann, "k2", &media).await.unwrap()["id"].clone();
    let url = house.last("live_desk:r1").await["comment"]["media"]["url"].clone();
    let decision = json!({"room": "r1", "comment": comment, "decision": "reject"});
    house.ask(&moderator(), "hold.decide", decision).await;
    assert!(!house.opens(&url).await);
    let media = house.record(&ann, "u3").await;
    let comment = house.speak(&ann, "k3", &media).await.unwrap()["id"].clone();
    let url = house.last("live_desk:r1").await["comment"]["media"]["url"].clone();
    let mute = json!({"room": "r1", "comment": comment, "term": "session", "remove_recent": true});
    house.ask(&host(), "mute", mute).await;
    assert!(!house.opens(&url).await, "what goes with a mute goes with its file");
}

#[tokio::test]
async fn a_voice_is_its_authors_own_made_for_rooms_and_heard_once() {
    let house = House::new().await;
    let (ann, ben) = (user("ann"), user("ben"));
    let media = house.record(&ann, "u1").await;
    let refused = async |who: &Caller, key: &str, media: &str| {
        house.speak(who, key, media).await.unwrap_err().to_string()
    };
    let told = refused(&ann, "k1", &media).await;
    assert!(told.contains("the room takes no voice"), "{told}");
    house.set(json!({"voice": "open"})).await;
    assert_eq!(refused(&ben, "k1", &media).await, "not_in_scope");
    assert_eq!(refused(&ann, "k1", "no such file").await, "not_in_scope");
    let first = house.speak(&ann, "k1", &media).await.unwrap();
    assert_eq!(house.speak(&ann, "k1", &media).await.unwrap(), first, "a retry is one comment");
    assert!(refused(&ann, "k2", &media).await.starts_with("gone"));
    let other = house.record(&ann, "u2").await;
    assert_eq!(refused(&ann, "k1", &other).await, "conflict");
    house.speak(&ann, "k3", &other).await.expect("two voices are no duplicates");
    let picture = house.upload(&ann, ("consult", "u3"), "gps.jpg").await;
    assert!(refused(&ann, "k4", &picture).await.starts_with("bad request"));
    let both = json!({"room": "r1", "client_id": "k5", "media": other, "text": "老师好"});
    assert!(house.refused(&ann, "comment", both).await.starts_with("bad request"));
}

#[tokio::test]
async fn of_two_that_send_one_voice_at_once_one_is_heard() {
    let house = House::new().await;
    house.set(json!({"voice": "open"})).await;
    let ann = user("ann");
    let media = house.record(&ann, "u1").await;
    let both = tokio::join!(house.speak(&ann, "k1", &media), house.speak(&ann, "k2", &media));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    let heard = house.types("live:r1").await;
    assert_eq!(heard.iter().filter(|it| *it == "live.comment").count(), 1);
}

#[tokio::test]
async fn the_rooms_staff_speak_where_others_may_not_and_wait_for_nobody() {
    let house = House::new().await;
    let media = house.record(&host(), "u1").await;
    assert_eq!(house.speak(&host(), "k1", &media).await.unwrap()["status"], "visible");
    house.set(json!({"voice": "open", "premoderated": true})).await;
    let media = house.record(&user("ann"), "u1").await;
    assert_eq!(house.speak(&user("ann"), "k1", &media).await.unwrap()["status"], "held");
}

#[tokio::test]
async fn a_voice_that_waits_for_the_delay_is_not_heard_once_voices_must_wait_for_a_moderator() {
    let house = House::new().await;
    house.set(json!({"voice": "open", "delay_s": 6})).await;
    let media = house.record(&user("ann"), "u1").await;
    let comment = house.speak(&user("ann"), "k1", &media).await.unwrap()["id"].clone();
    house.set(json!({"voice": "held"})).await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(7)).await;
    tokio::time::resume();
    while house.sql("SELECT state FROM live_comment").await[0].text(0) != "held" {
        tokio::task::yield_now().await;
    }
    let page = house.ask(&moderator(), "hold.list", json!({"room": "r1"})).await;
    assert_eq!(page["held"][0]["comment"]["id"], comment);
    assert!(!house.types("live:r1").await.contains(&"live.comment".to_owned()));
}

#[tokio::test]
async fn what_is_cut_out_is_given_no_link_even_when_it_is_pinned() {
    let house = House::new().await;
    house.set(json!({"voice": "open"})).await;
    house.clock.advance_ms(60_000);
    let media = house.record(&user("ann"), "u1").await;
    let comment = house.speak(&user("ann"), "k1", &media).await.unwrap()["id"].clone();
    house.ask(&host(), "pin", json!({"room": "r1", "comment": comment})).await;
    house.clock.advance_ms(60_000);
    house.ask(&host(), "end", json!({"room": "r1"})).await;
    let cuts = json!([{"from_ms": 50_000, "to_ms": 70_000}]);
    house.ask(&host(), "trim", json!({"room": "r1", "cuts": cuts})).await;
    assert_eq!(house.hear(&user("ben"), &comment).await.unwrap_err().to_string(), "not_in_scope");
    assert!(house.hear(&moderator(), &comment).await.is_ok(), "staff look after what was cut out");
    let room = house.ask(&user("ben"), "room.get", json!({"room": "r1"})).await;
    assert_eq!(room["pinned"].get("media"), None);
}
