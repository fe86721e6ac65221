//! What both sides see of every kind of record.

use super::{institution::SeenByInstitution, user::SeenByUser, *};
use crate::{
    config::value::Span,
    consult::{
        body::Body,
        effect::Effects,
        entry::{Confirmed, Content, Entry, Judged, Opened, Turn},
        sample,
    },
    ids::UserId,
    media::link::Signer,
    moderation,
    store::{Row, Value},
};

fn body() -> Body {
    Body::Text { text: "我的电话是13800138000".to_owned() }
}

fn judged() -> Judged {
    Judged {
        category: Category::Privacy,
        score: 90,
        rules_version: "r1".to_owned(),
        spans: vec![moderation::Span {
            utf8: (15, 26),
            utf16: (5, 16),
            rule: "mobile".to_owned(),
            reason: "a mobile number".to_owned(),
            view: Default::default(),
        }],
    }
}

fn message() -> Entry {
    Entry::Message {
        body: body(),
        reply_to: Some(1),
        client_id: Some("k1".to_owned()),
        confirms: Some(Confirmed {
            hold: "h1".into(),
            target: 2,
            category: Category::Privacy,
            rules_version: "r1".to_owned(),
        }),
    }
}

fn hold(expires_at: i64) -> Entry {
    Entry::Hold {
        hold: "h1".into(),
        body: body(),
        reply_to: None,
        client_id: Some("k1".to_owned()),
        verdict: judged(),
        expires_at,
        token: Some("secret-token".to_owned()),
        withdraws: Vec::new(),
    }
}

fn opened(author: &str, content: Content) -> Opened {
    Opened { seq: 3, at_ms: 3_000, author: author.into(), content }
}

fn entry(author: &str, entry: Entry) -> Opened {
    opened(author, Content::Entry(entry))
}

fn happened(effect: &str) -> Effects {
    Effects::of_rows(&[Row(vec![Value::Int(3), effect.into(), Value::Int(4)])])
}

/// The record as JSON, to `viewer` on each side.
fn seen(opened: &Opened, effects: &Effects, viewer: &str) -> [String; 2] {
    let (conversation, viewer) = (sample::conversation(), UserId::from(viewer));
    let mut faces = Faces::default();
    faces.0.insert("tutor1".into(), TutorCard::from(&sample::tutor("tutor1", "inst1", false)));
    let scene = Scene {
        conversation: &conversation,
        faces: &faces,
        effects,
        signer: &Signer::new(&[], "", Span::seconds(600)),
        viewer: &viewer,
        now_ms: 5_000,
    };
    [
        serde_json::to_string(&scene.record::<SeenByUser>(opened)).unwrap(),
        serde_json::to_string(&scene.record::<SeenByInstitution>(opened)).unwrap(),
    ]
}

/// What the user sees, what the tutor sees.
fn by_both(opened: &Opened, effects: &Effects) -> String {
    let [user, _] = seen(opened, effects, "user1");
    let [_, institution] = seen(opened, effects, "tutor1");
    format!("{user}\n{institution}")
}

#[test]
fn a_message_shows_its_author_under_the_name_that_the_viewer_knows() {
    let none = Effects::default();
    insta::assert_snapshot!(by_both(&entry("user1", message()), &none), @r#"
    {"seq":3,"at":3000,"kind":"message","author":{"side":"user"},"body":{"kind":"text","text":"我的电话是13800138000"},"reply_to":1,"flagged":"privacy","confirms":"h1","client_id":"k1"}
    {"seq":3,"at":3000,"kind":"message","author":{"side":"user","pseudonym":"p_7","name":"海棠42","avatar_seed":"00ff"},"body":{"kind":"text","text":"我的电话是13800138000"},"reply_to":1,"flagged":"privacy"}
    "#);
    insta::assert_snapshot!(by_both(&entry("tutor1", message()), &none), @r#"
    {"seq":3,"at":3000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"我的电话是13800138000"},"reply_to":1,"flagged":"privacy"}
    {"seq":3,"at":3000,"kind":"message","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"body":{"kind":"text","text":"我的电话是13800138000"},"reply_to":1,"flagged":"privacy","confirms":"h1","client_id":"k1"}
    "#);
}

#[test]
fn a_recalled_message_shows_nothing_of_its_text_to_anyone() {
    let recalled = by_both(&entry("user1", message()), &happened("recalled"));
    insta::assert_snapshot!(recalled, @r#"
    {"seq":3,"at":3000,"kind":"recalled","author":{"side":"user"}}
    {"seq":3,"at":3000,"kind":"recalled","author":{"side":"user","pseudonym":"p_7","name":"海棠42","avatar_seed":"00ff"}}
    "#);
    insta::assert_snapshot!(by_both(&entry("user1", Entry::Recall { target: 1 }), &Effects::default()), @r#"
    {"seq":3,"at":3000,"kind":"recall","author":{"side":"user"},"target":1}
    {"seq":3,"at":3000,"kind":"recall","author":{"side":"user","pseudonym":"p_7","name":"海棠42","avatar_seed":"00ff"},"target":1}
    "#);
}

#[test]
fn a_hidden_text_is_a_placeholder_even_for_its_author() {
    let hidden = Entry::Hidden {
        body: body(),
        reply_to: None,
        client_id: Some("k1".to_owned()),
        verdict: judged(),
        withdraws: Vec::new(),
    };
    let both = by_both(&entry("tutor1", hidden), &Effects::default());
    assert!(!both.contains("138"));
    insta::assert_snapshot!(both, @r#"
    {"seq":3,"at":3000,"kind":"hidden","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."}}
    {"seq":3,"at":3000,"kind":"hidden","author":{"side":"institution","tutor":"tutor1","name":"王老师","title":"高级讲师"},"category":"privacy","notice":{"zh":"该消息涉及个人隐私或站外联系方式，已不予显示。请勿泄露个人信息，谨防诈骗。","en":"This message was about private data or contact outside the platform and is not displayed. Do not give away personal data; beware of fraud."},"client_id":"k1"}
    "#);
}

#[test]
fn a_held_text_is_shown_to_its_author_and_is_nothing_to_everyone_else() {
    insta::assert_snapshot!(by_both(&entry("user1", hold(6_000)), &Effects::default()), @r#"
    {"seq":3,"at":3000,"kind":"held","hold":"h1","body":{"kind":"text","text":"我的电话是13800138000"},"category":"privacy","fate":"pending","expires_at":6000,"client_id":"k1"}
    {"seq":3,"at":3000,"kind":"withheld"}
    "#);
    for (effects, expires_at, fate) in [
        (Effects::default(), 6_000, "pending"),
        (Effects::default(), 5_000, "expired"),
        (happened("confirmed"), 5_000, "confirmed"),
        (happened("discarded"), 6_000, "discarded"),
    ] {
        let [user, _] = seen(&entry("user1", hold(expires_at)), &effects, "user1");
        assert!(user.contains(&format!(r#""fate":"{fate}""#)), "{user}");
        assert!(!user.contains("secret-token"), "only the answer to the send tells it");
    }
    let discard = Entry::Discard { hold: "h1".into(), target: 2 };
    insta::assert_snapshot!(by_both(&entry("user1", discard), &Effects::default()), @r#"
    {"seq":3,"at":3000,"kind":"discard","hold":"h1","target":2}
    {"seq":3,"at":3000,"kind":"withheld"}
    "#);
}

#[test]
fn sessions_begin_change_hands_and_end() {
    let session = |turn| Entry::Session { session: "s1".into(), turn };
    let notice = Words { zh: "甲".into(), en: "A".into() };
    let turns = [
        Turn::Opened { state: State::Queued, owner: None, notice: notice.clone() },
        Turn::Opened { state: State::Serving, owner: Some("tutor1".into()), notice },
        Turn::Accepted { owner: "tutor9".into() },
        Turn::Requeued {},
        Turn::Ended { by: EndedBy::User },
    ];
    let shown: Vec<_> = turns
        .into_iter()
        .map(|turn| by_both(&entry("user1", session(turn)), &Effects::default()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"opened","state":"queued","notice":{"zh":"甲","en":"A"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"opened","state":"queued","notice":{"zh":"甲","en":"A"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"甲","en":"A"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"opened","state":"serving","tutor":{"tutor":"tutor1","name":"王老师","title":"高级讲师"},"notice":{"zh":"甲","en":"A"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"accepted","tutor":{"tutor":"tutor9","name":"老师"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"accepted","tutor":{"tutor":"tutor9","name":"老师"}}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"requeued"}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"requeued"}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"ended","by":"user"}
    {"seq":3,"at":3000,"kind":"session","session":"s1","turn":"ended","by":"user"}
    "#);
}

#[test]
fn what_cannot_be_read_is_still_a_number() {
    let none = Effects::default();
    insta::assert_snapshot!(by_both(&opened("user1", Content::Erased), &none), @r#"
    {"seq":3,"at":3000,"kind":"erased"}
    {"seq":3,"at":3000,"kind":"erased"}
    "#);
    insta::assert_snapshot!(by_both(&opened("user1", Content::Unknown), &none), @r#"
    {"seq":3,"at":3000,"kind":"withheld"}
    {"seq":3,"at":3000,"kind":"withheld"}
    "#);
}

#[test]
fn no_record_tells_an_institution_who_the_user_is() {
    let entries = [
        message(),
        hold(6_000),
        Entry::Discard { hold: "h1".into(), target: 2 },
        Entry::Recall { target: 1 },
        Entry::Session { session: "s1".into(), turn: Turn::Ended { by: EndedBy::User } },
    ];
    for each in entries {
        for effects in [Effects::default(), happened("recalled")] {
            for viewer in ["tutor1", "admin1"] {
                let [_, institution] = seen(&entry("user1", each.clone()), &effects, viewer);
                assert!(!institution.contains("user1"), "{institution}");
            }
        }
    }
}
