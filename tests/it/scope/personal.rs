//! Personal channels: nobody else's can be entered, written to, or read, by any way in.

use belfry::{
    clock::Clock,
    config::{self, value::Secret},
    identity::{Claims, Identity},
    operation::Role,
    protocol::{
        codec::Encoding,
        command::{Command, Request},
        request::{
            ConnectRequest, HistoryRequest, PresenceRequest, PresenceStatsRequest, PublishRequest,
            SubRefreshRequest, SubscribeRequest,
        },
    },
};
use serde_json::json;

use super::{privacy, town::Town};
use crate::support::{Visitor, call};

const OTHER: &str = "user:#uid-secret-alpha";

/// Asks for everything that can be asked of a channel.
fn questions(channel: &str, token: &str) -> Vec<Request> {
    let channel = channel.to_owned();
    let subscribe = SubscribeRequest {
        channel: channel.clone(),
        token: token.to_owned(),
        recover: true,
        positioned: true,
        ..SubscribeRequest::default()
    };
    let data = br#"{"type":"consult.notice"}"#.as_slice().into();
    let history = HistoryRequest { channel: channel.clone(), limit: -1, ..<_>::default() };
    vec![
        subscribe.into(),
        PublishRequest { channel: channel.clone(), data, kind: 0 }.into(),
        history.into(),
        PresenceRequest { channel: channel.clone() }.into(),
        PresenceStatsRequest { channel }.into(),
    ]
}

/// The publications that alpha's channel has seen.
async fn offset(town: &mut Town) -> u64 {
    let input = json!({"channel": OTHER, "limit": 0});
    call(&mut town.service, "history", input).await.unwrap()["offset"].as_u64().unwrap()
}

#[tokio::test]
async fn nobody_enters_writes_or_reads_somebody_elses_channel() {
    let mut town = Town::build().await;
    let before = offset(&mut town).await;
    let stranger = config::identity::Identity {
        hmac_secret: Secret::new("a secret that this house does not know"),
        ..config::identity::Identity::default()
    };
    let stranger = Identity::new(&stranger, Clock::system()).unwrap();
    let mut asked = 0;
    for person in &mut town.people {
        if person.card.id == "uid-secret-alpha" {
            continue;
        }
        let claims = Claims {
            sub: person.card.id.clone(),
            channel: Some(OTHER.to_owned()),
            ..Claims::default()
        };
        let forged = stranger.mint(&claims).unwrap();
        for channel in [OTHER, "$user:#uid-secret-alpha"] {
            for token in ["", "no token", forged.as_str()] {
                for (visitor, request) in (0..2).flat_map(|visitor| {
                    questions(channel, token).into_iter().map(move |request| (visitor, request))
                }) {
                    let what = format!("{} {request:?}", person.card.id);
                    let answer = person.visitors[visitor].ask(request).await;
                    let error = answer.expect_err(&what);
                    // Who is in a personal channel is not even kept: not available.
                    assert!(matches!(error.code, 103 | 108), "{what}: {error:?}");
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 24 * 2 * 3 * 2 * 5, "people, channels, tokens, encodings, questions");
    assert_eq!(offset(&mut town).await, before, "nothing was published");
    town.fence().await;
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn a_channel_that_names_several_is_nobodys_personal_one() {
    let mut town = Town::build().await;
    for channel in ["user:#uid-secret-alpha,uid-secret-beta", "user:x#uid-secret-beta"] {
        let beta = town.person("uid-secret-beta");
        beta.visitors[0].subscribe(channel).await.unwrap();
    }
    for channel in ["user:#uid-secret-alpha,tutor-b", "user:#uid-secret-alpha#uid-secret-beta"] {
        let error = town.person("uid-secret-beta").visitors[0].subscribe(channel).await;
        assert_eq!(error.unwrap_err().code, 103, "{channel}");
    }
    let id = town.objects[0].id.clone();
    town.say("uid-secret-alpha", &id, "said-a- 在吗").await;
    // The fence fails on what comes from any channel but their own.
    town.fence().await;
    privacy::check(&mut town).await;
}

#[tokio::test]
async fn a_token_for_somebody_else_ends_the_connection_that_shows_it() {
    let town = Town::build().await;
    let foreign = town.house.token_with("uid-secret-alpha", |claims| {
        claims.channel = Some(OTHER.to_owned());
    });
    let elsewhere = town.house.token_with("tutor-a", |claims| {
        claims.channel = Some("user:#tutor-a".to_owned());
    });
    let others = town.people.iter().find(|it| it.card.id == "tutor-b").unwrap().clients[0].clone();
    let connection = town.house.token_with("tutor-a", |claims| {
        (claims.channel, claims.client) = (Some("live:x".to_owned()), Some(others));
    });
    for (channel, token) in [(OTHER, &foreign), (OTHER, &elsewhere), ("live:x", &connection)] {
        let mut visitor = arrive(&town).await;
        let request = SubscribeRequest {
            channel: channel.to_owned(),
            token: token.clone(),
            ..SubscribeRequest::default()
        };
        visitor.send(&[Command::new(9, request)]).await;
        assert_eq!(visitor.farewell().await.0, 3500, "{channel}");
    }
    // Renewing a subscription that one does not have, with a token of somebody else.
    let mut visitor = arrive(&town).await;
    let request = SubRefreshRequest { channel: OTHER.to_owned(), token: foreign, kind: 0 };
    assert!(visitor.ask(request).await.is_err());
}

#[tokio::test]
async fn asking_at_connect_subscribes_to_nothing_more() {
    let town = Town::build().await;
    let subs = [OTHER, "$user:#uid-secret-alpha", "user:#tutor-b"].map(|channel| {
        let request = SubscribeRequest { recover: true, ..SubscribeRequest::default() };
        (channel.to_owned(), request)
    });
    let request = ConnectRequest { subs: subs.into(), ..ConnectRequest::default() };
    for person in &town.people {
        if !["uid-secret-alpha", "tutor-b"].contains(&person.card.id.as_str()) {
            let given = person.connect_again(&town.house, request.clone()).await;
            assert_eq!(given, [format!("user:#{}", person.card.id)]);
        }
    }
}

/// A connection of `tutor-a` that may be lost.
async fn arrive(town: &Town) -> Visitor {
    let token = town.house.token_with("tutor-a", |claims| {
        claims.role = Some(Role::Tutor);
        claims.inst = Some("inst1".to_owned());
    });
    let mut visitor = Visitor::arrive_speaking(town.house.address, Encoding::Json).await;
    visitor.connect(&token).await.unwrap();
    visitor
}
