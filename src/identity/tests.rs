//! What makes a token believed, and everything that must not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::{
    config::value::{Secret, Span},
    ids::ChannelName,
    operation::Role,
};

const NOW_S: i64 = 1_790_000_000;
const SECRET: &str = "a secret of thirty-two bytes ...";

fn config() -> config::Identity {
    config::Identity { hmac_secret: Secret::new(SECRET), ..config::Identity::default() }
}

fn identity(config: &config::Identity) -> Identity {
    Identity::new(config, Clock::set(NOW_S * 1_000)).unwrap()
}

fn signed_with(secret: &str, algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn signed(claims: &Value) -> String {
    signed_with(SECRET, Algorithm::HS256, claims)
}

async fn connect(claims: Value) -> Result<ConnectionGrant, TokenFault> {
    identity(&config()).verify_connection(&signed(&claims)).await
}

async fn subscribe(claims: Value) -> Result<SubscriptionGrant, TokenFault> {
    identity(&config()).verify_subscription(&signed(&claims)).await
}

#[tokio::test]
async fn a_connection_token_makes_a_caller() {
    let grant = connect(json!({
        "sub": "tutor1", "role": "tutor", "inst": "inst1", "name": "王老师", "avatar": "a.png",
        "badge": "讲师", "exp": NOW_S + 60, "iat": NOW_S - 1, "jti": "t-1", "meta": {"x": 1},
        "info": {"a":  1}, "channels": ["news"],
        "subs": {"live:1": {"data": [1], "b64info": "eyJiIjoyfQ==",
                            "override": {"join_leave": {"value": true}}}},
    }))
    .await
    .unwrap();
    let caller = &grant.caller;
    assert_eq!((caller.user.as_str(), caller.role), ("tutor1", Role::Tutor));
    assert_eq!(caller.institution.as_ref().unwrap().as_str(), "inst1");
    assert_eq!(caller.name.as_deref(), Some("王老师"));
    assert_eq!((caller.avatar.as_deref(), caller.badge.as_deref()), (Some("a.png"), Some("讲师")));
    assert_eq!(grant.info.as_deref(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(grant.channels, [ChannelName::from("news")]);
    let live = &grant.subs["live:1"];
    assert_eq!(live.data.as_deref(), Some(&b"[1]"[..]));
    assert_eq!(live.info.as_deref(), Some(&br#"{"b":2}"#[..]));
    assert_eq!(live.overrides, Overrides { join_leave: Some(true), ..Overrides::default() });
    assert_eq!((grant.expire_at_s, grant.stamp.issued_at_s), (Some(NOW_S + 60), NOW_S - 1));
    assert_eq!(grant.stamp.token_id.as_deref(), Some("t-1"));
}

#[tokio::test]
async fn a_token_without_a_role_is_a_candidates_and_its_institution_is_ignored() {
    let caller = connect(json!({"sub": "u", "inst": "inst1"})).await.unwrap().caller;
    assert_eq!((caller.role, caller.institution), (Role::User, None));
}

#[tokio::test]
async fn an_institutional_role_without_an_institution_is_invalid() {
    for role in ["tutor", "institution_admin"] {
        for claims in
            [json!({"sub": "t", "role": role}), json!({"sub": "t", "role": role, "inst": ""})]
        {
            assert_eq!(connect(claims).await, Err(Flaw::Institution.into()));
        }
    }
}

#[tokio::test]
async fn a_subscription_token_opens_one_channel() {
    let grant = subscribe(json!({
        "sub": "u", "channel": "$room:1", "client": "c1", "exp": NOW_S + 5, "info": {"i": 1},
        "b64data": "eyJkIjoxfQ==", "override": {"force_recovery": {"value": false}},
    }))
    .await
    .unwrap();
    assert_eq!((grant.user.as_str(), grant.channel.as_str()), ("u", "$room:1"));
    assert_eq!(grant.client.as_deref(), Some("c1"));
    assert_eq!(grant.options.info.as_deref(), Some(&br#"{"i":1}"#[..]));
    assert_eq!(grant.options.data.as_deref(), Some(&br#"{"d":1}"#[..]));
    assert_eq!(grant.options.overrides.force_recovery, Some(false));
    assert_eq!(grant.expire_at_s, Some(NOW_S + 5));
}

#[tokio::test]
async fn what_nests_too_deep_for_others_to_read_is_in_no_token() {
    let nested = |levels: usize| {
        serde_json::from_str::<Box<serde_json::value::RawValue>>(&format!(
            "{}{}",
            "[".repeat(levels),
            "]".repeat(levels)
        ))
        .unwrap()
    };
    for (levels, is_fine) in [(127, true), (128, false), (500, false)] {
        let base64 = base64::engine::general_purpose::STANDARD.encode(nested(levels).get());
        let claims = [
            Claims { info: Some(nested(levels)), ..Claims::default() },
            Claims { b64info: Some(base64.clone()), ..Claims::default() },
            Claims { data: Some(nested(levels)), ..Claims::default() },
            Claims { b64data: Some(base64), ..Claims::default() },
        ];
        for claims in claims {
            let claims = Claims { sub: "u".into(), channel: Some("news".into()), ..claims };
            let token = identity(&config()).mint(&claims).unwrap();
            let read = identity(&config()).verify_subscription(&token).await.map(|_| ());
            let expected = if is_fine { Ok(()) } else { Err(Flaw::Claims.into()) };
            assert_eq!(read, expected, "{levels} levels");
        }
    }
}

#[tokio::test]
async fn tokens_of_the_other_kind_are_invalid() {
    let channel = json!({"sub": "u", "channel": "news"});
    assert_eq!(connect(channel).await, Err(Flaw::Kind.into()));
    assert_eq!(subscribe(json!({"sub": "u"})).await, Err(Flaw::Kind.into()));
    assert_eq!(subscribe(json!({"sub": "u", "channel": ""})).await, Err(Flaw::Kind.into()));
}

#[tokio::test]
async fn a_token_counts_from_its_nbf_until_before_its_exp() {
    let at = |claims| async { connect(claims).await.map(|_| ()) };
    assert_eq!(at(json!({"sub": "u", "exp": NOW_S + 1, "nbf": NOW_S})).await, Ok(()));
    assert_eq!(at(json!({"sub": "u", "exp": NOW_S})).await, Err(TokenFault::Expired));
    assert_eq!(at(json!({"sub": "u", "nbf": NOW_S + 1})).await, Err(TokenFault::Expired));
    assert_eq!(at(json!({"sub": "u", "exp": NOW_S as f64 + 1.5})).await, Ok(()));
    assert_eq!(at(json!({"sub": "u", "exp": "soon"})).await, Err(Flaw::Claims.into()));
    assert_eq!(at(json!({"sub": "u", "exp": 1e300})).await, Err(Flaw::Claims.into()));
}

#[tokio::test]
async fn the_leeway_forgives_clocks_that_differ() {
    let config = config::Identity { leeway: Span::seconds(5), ..config() };
    let identity = identity(&config);
    let fine = signed(&json!({"sub": "u", "exp": NOW_S - 4, "nbf": NOW_S + 5}));
    assert!(identity.verify_connection(&fine).await.is_ok());
    let late = signed(&json!({"sub": "u", "exp": NOW_S - 5}));
    assert_eq!(identity.verify_connection(&late).await, Err(TokenFault::Expired));
}

#[tokio::test]
async fn expire_at_stands_for_exp_and_zero_is_never() {
    let expiry = |claims| async { connect(claims).await.unwrap().expire_at_s };
    assert_eq!(expiry(json!({"sub": "u"})).await, None);
    assert_eq!(expiry(json!({"sub": "u", "exp": NOW_S + 9, "expire_at": 0})).await, None);
    assert_eq!(expiry(json!({"sub": "u", "exp": NOW_S + 9, "expire_at": 77})).await, Some(77));
}

#[tokio::test]
async fn nobody_is_anonymous_unless_allowed_and_never_with_a_role() {
    for sub in ["a,b", "a#b", "张三", "a b", &"x".repeat(129)] {
        assert_eq!(connect(json!({"sub": sub})).await, Err(Flaw::Subject.into()), "{sub}");
    }
    let nobody = connect(json!({})).await.unwrap();
    assert!(nobody.caller.is_anonymous());
    let open = identity(&config::Identity { anonymous: true, ..config() });
    assert!(open.admits(&nobody) && !identity(&config()).admits(&nobody));
    assert!(identity(&config()).admits(&connect(json!({"sub": "u"})).await.unwrap()));
    let boss = open.verify_connection(&signed(&json!({"role": "operator"}))).await;
    assert_eq!(boss, Err(Flaw::Subject.into()));
}

#[tokio::test]
async fn a_longest_life_requires_both_times() {
    let short = identity(&config::Identity { token_ttl_max: Span::seconds(60), ..config() });
    let with = |claims: Value| {
        let (short, token) = (short.clone(), signed(&claims));
        async move { short.verify_connection(&token).await.map(|_| ()) }
    };
    let lasting = Err(Flaw::Lifetime.into());
    assert_eq!(with(json!({"sub": "u", "iat": NOW_S, "exp": NOW_S + 60})).await, Ok(()));
    assert_eq!(with(json!({"sub": "u", "iat": NOW_S, "exp": NOW_S + 61})).await, lasting);
    assert_eq!(with(json!({"sub": "u", "exp": NOW_S + 1})).await, lasting);
    assert_eq!(with(json!({"sub": "u", "iat": NOW_S})).await, lasting);
    assert_eq!(with(json!({"sub": "u", "iat": i64::MIN, "exp": NOW_S + 1})).await, lasting);
}

#[tokio::test]
async fn issuer_and_audience_are_checked_when_configured() {
    let strict = identity(&config::Identity {
        issuer: "https://id.example".into(),
        audience: "belfry".into(),
        ..config()
    });
    let with = |iss: Value, aud: Value| {
        let token = signed(&json!({"sub": "u", "iss": iss, "aud": aud}));
        let strict = strict.clone();
        async move { strict.verify_connection(&token).await.map(|_| ()) }
    };
    let issuer = json!("https://id.example");
    assert_eq!(with(issuer.clone(), json!("belfry")).await, Ok(()));
    assert_eq!(with(issuer.clone(), json!(["web", "belfry"])).await, Ok(()));
    assert_eq!(with(issuer.clone(), json!("web")).await, Err(Flaw::Audience.into()));
    assert_eq!(with(issuer, Value::Null).await, Err(Flaw::Audience.into()));
    assert_eq!(with(json!("evil"), json!("belfry")).await, Err(Flaw::Issuer.into()));
    assert_eq!(with(Value::Null, json!("belfry")).await, Err(Flaw::Issuer.into()));
}

#[tokio::test]
async fn every_hmac_strength_verifies_and_the_previous_secret_still_does() {
    let previous = "the secret before the last rotation";
    let rotated =
        identity(&config::Identity { hmac_secret_previous: Secret::new(previous), ..config() });
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in [SECRET, previous] {
            let token = signed_with(secret, algorithm, &json!({"sub": "u"}));
            assert!(rotated.verify_connection(&token).await.is_ok(), "{algorithm:?}");
        }
        let forged =
            signed_with("another secret altogether .......", algorithm, &json!({"sub": "u"}));
        assert_eq!(rotated.verify_connection(&forged).await, Err(Flaw::Signature.into()));
    }
    let minted = rotated.mint(&Claims { sub: "u".into(), ..Claims::default() }).unwrap();
    assert!(
        identity(&config()).verify_connection(&minted).await.is_ok(),
        "signed with the new one"
    );
}

#[tokio::test]
async fn a_secret_for_subscriptions_verifies_them_alone() {
    let other = "the secret of subscription tokens";
    let split =
        identity(&config::Identity { subscription_hmac_secret: Secret::new(other), ..config() });
    let claims = json!({"sub": "u", "channel": "news"});
    let theirs = signed_with(other, Algorithm::HS256, &claims);
    assert!(split.verify_subscription(&theirs).await.is_ok());
    assert_eq!(split.verify_subscription(&signed(&claims)).await, Err(Flaw::Signature.into()));
    let connection = signed_with(other, Algorithm::HS256, &json!({"sub": "u"}));
    assert_eq!(split.verify_connection(&connection).await, Err(Flaw::Signature.into()));
}

#[tokio::test]
async fn unsigned_altered_and_oversized_tokens_are_invalid() {
    let identity = identity(&config());
    let verify = |token: String| {
        let identity = identity.clone();
        async move { identity.verify_connection(&token).await.unwrap_err() }
    };
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = part(json!({"sub": "u"}));
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let token = format!("{}.{claims}.", part(json!({"typ": "JWT", "alg": algorithm})));
        assert_eq!(verify(token).await, Flaw::Shape.into());
    }
    let good = signed(&json!({"sub": "u"}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    assert_eq!(verify(format!("{message}.")).await, Flaw::Signature.into());
    let altered = format!("{header}.{}.{signature}", part(json!({"sub": "v"})));
    assert_eq!(verify(altered).await, Flaw::Signature.into());
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["exp".to_owned()]);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let critical = jsonwebtoken::encode(&critical, &json!({"sub": "u"}), &key).unwrap();
    assert_eq!(verify(critical).await, Flaw::Shape.into());
    assert_eq!(verify("x".repeat(16 * 1024 + 1)).await, Flaw::Length.into());
    assert_eq!(verify(signed(&json!({"sub": 5}))).await, Flaw::Claims.into());
    assert_eq!(verify(signed(&json!({"sub": "u", "role": "root"}))).await, Flaw::Claims.into());
    assert_eq!(verify(signed(&json!({"sub": "u", "b64info": "e3sK"}))).await, Flaw::Claims.into());
}

#[tokio::test]
async fn without_keys_a_development_secret_signs_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let secret_file = folder.path().join("identity.secret").to_str().unwrap().to_owned();
    let config = config::Identity { secret_file, ..config::Identity::default() };
    let token = identity(&config).mint(&Claims { sub: "u".into(), ..Claims::default() }).unwrap();
    assert!(identity(&config).verify_connection(&token).await.is_ok());
}

#[test]
fn nothing_secret_is_printed() {
    let printed = format!("{:?}", identity(&config()));
    assert!(!printed.contains(SECRET), "{printed}");
}

#[test]
fn claims_travel_under_their_registered_names() {
    let raw = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    let claims = Claims {
        sub: "tutor1".into(),
        role: Some(Role::InstitutionAdmin),
        inst: Some("inst1".into()),
        name: Some("王老师".into()),
        avatar: Some("a.png".into()),
        badge: Some("讲师".into()),
        iat: Some(1),
        nbf: Some(2),
        exp: Some(3),
        iss: Some("i".into()),
        aud: vec!["belfry".into()],
        jti: Some("t-1".into()),
        expire_at: Some(0),
        info: Some(raw("{\"a\":1}")),
        channels: vec!["news".into()],
        subs: [(
            "live:1".to_owned(),
            claims::SubscriptionClaims {
                overrides: Some(claims::OverrideClaims {
                    presence: Some(claims::Flag { value: true }),
                    ..claims::OverrideClaims::default()
                }),
                ..claims::SubscriptionClaims::default()
            },
        )]
        .into(),
        ..Claims::default()
    };
    insta::assert_snapshot!(serde_json::to_string_pretty(&claims).unwrap(), @r#"
    {
      "sub": "tutor1",
      "role": "institution_admin",
      "inst": "inst1",
      "name": "王老师",
      "avatar": "a.png",
      "badge": "讲师",
      "iat": 1,
      "nbf": 2,
      "exp": 3,
      "iss": "i",
      "aud": [
        "belfry"
      ],
      "jti": "t-1",
      "expire_at": 0,
      "info": {"a":1},
      "channels": [
        "news"
      ],
      "subs": {
        "live:1": {
          "override": {
            "presence": {
              "value": true
            }
          }
        }
      }
    }
    "#);
}

proptest::proptest! {
    #[test]
    fn no_text_and_no_payload_panics(text in ".{0,200}", claims in "\\PC{0,80}") {
        let identity = identity(&config());
        let signed = {
                    let message = format!("eyJhbGciOiJIUzI1NiJ9.{}", URL_SAFE_NO_PAD.encode(&claims));
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let signature =
                jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            format!("{message}.{signature}")
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for token in [text, signed] {
            let verified = runtime.block_on(identity.verify_connection(&token));
            proptest::prop_assert!(matches!(verified, Err(TokenFault::Invalid(_))));
        }
    }
}
