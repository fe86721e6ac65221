//! `/api/v1/<name>`.

use std::{convert::Infallible, net::SocketAddr};

use futures_util::stream;
use insta::assert_snapshot;

use super::*;
use crate::{
    config::value::{Size, Span},
    operation::caller::PeerAddress,
};

async fn call(name: &str, body: impl Into<Body>) -> Reply {
    ask(door(Http::default()).await, post(name, &bearer("user1", Role::User, 60), body)).await
}

fn post(name: &str, bearer: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(format!("/api/v1/{name}"))
        .header("authorization", bearer)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn an_operation_answers_with_its_output() {
    let reply = call("note.echo", r#" {"text":"你好","times":2} "#).await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.text, r#"{"texts":["你好","你好"],"mood":"calm"}"#);
}

#[tokio::test]
async fn the_caller_is_the_tokens_with_the_address_of_the_socket() {
    let mut request = post("who.am", &bearer("tutor-1", Role::Operator, 60), "");
    request.headers_mut().remove("content-type");
    request.headers_mut().insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
    let peer = SocketAddr::from(([192, 0, 2, 7], 50_000));
    request.extensions_mut().insert(PeerAddress(peer));
    let reply = ask(door(Http::default()).await, request).await;
    assert_eq!(reply.text, r#"{"user":"tutor-1","role":"operator","address":"192.0.2.7"}"#);
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back() {
    let reply = call("note.hurry", "{}").await;
    assert_eq!(reply.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.header("retry-after"), "2");
    assert_snapshot!(
        reply.text,
        @r#"{"error":{"code":400,"name":"rate_limited","message":"Slow down; the answer says how long.","temporary":true,"retry_ms":1200}}"#
    );
}

#[tokio::test]
async fn without_a_token_nobody_calls() {
    let request = Request::post("/api/v1/who.am").body(Body::empty()).unwrap();
    let reply = ask(door(Http::default()).await, request).await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="belfry""#);
    assert_snapshot!(
        reply.text,
        @r#"{"error":{"code":101,"name":"unauthorized","message":"No identity, or one that may not act at all.","temporary":false,"reason":"send a token as Authorization: Bearer <JWT>"}}"#
    );
    let nobodys = bearer("", Role::User, 60);
    for wrong in ["", "Bearer", "Bearer nonsense", "Basic dTpw", "Bearer a.b.c", &nobodys] {
        let reply = ask(door(Http::default()).await, post("who.am", wrong, "")).await;
        assert_eq!(reply.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(reply.text.contains(r#""code":101,"#), "{}", reply.text);
    }
}

#[tokio::test]
async fn an_expired_token_is_told_apart() {
    let expired = bearer("user1", Role::User, -1);
    let reply = ask(door(Http::default()).await, post("who.am", &expired, "")).await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    assert!(reply.text.contains(r#""code":109,"#), "{}", reply.text);
    assert!(reply.header("www-authenticate").contains("token expired"));
}

#[tokio::test]
async fn a_role_that_may_not_is_refused() {
    let supervisor = bearer("s1", Role::Supervisor, 60);
    let request = post("note.echo", &supervisor, r#"{"text":"x"}"#);
    let reply = ask(door(Http::default()).await, request).await;
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    assert!(reply.text.contains(r#""code":103,"#), "{}", reply.text);
}

#[tokio::test]
async fn an_unknown_name_is_not_found() {
    let reply = call("note.shout", "{}").await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    assert!(reply.text.contains(r#""code":104,"#), "{}", reply.text);
}

#[tokio::test]
async fn other_methods_are_told_which_one_to_use() {
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri("/api/v1/note.echo");
        let reply = ask(door(Http::default()).await, request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(reply.header("allow"), "POST");
        assert!(reply.text.contains("operations take POST"), "{}", reply.text);
    }
}

#[tokio::test]
async fn malformed_input_is_refused_with_the_reason() {
    for (body, reason) in [
        ("{", "EOF while parsing"),
        (r#"{"text":1}"#, "expected a string"),
        (r#"{"text":"x","txet":"y"}"#, "unknown field `txet`"),
        ("", "missing field `text`"),
        ("[]", "expected"),
    ] {
        let reply = call("note.echo", body).await;
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.text.contains(r#""code":107,"#), "{}", reply.text);
        assert!(reply.text.contains(reason), "{}", reply.text);
    }
    let reply = call("note.echo", &b"{\"text\":\"\xff\"}"[..]).await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    assert!(reply.text.contains("not UTF-8"), "{}", reply.text);
}

#[tokio::test]
async fn a_body_too_long_is_refused_even_when_it_does_not_say_how_long_it_is() {
    let http = Http { body_max: Size(64), ..Http::default() };
    let bearer = bearer("user1", Role::User, 60);
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(64));
    let chunks = long.as_bytes().chunks(10).map(|chunk| Ok::<_, Infallible>(chunk.to_vec()));
    let streamed = Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()));
    for body in [Body::from(long), streamed] {
        let reply = ask(door(http.clone()).await, post("note.echo", &bearer, body)).await;
        assert_eq!(reply.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(reply.text.contains(r#""code":106,"#), "{}", reply.text);
        assert!(reply.text.contains(r#""max":64"#), "{}", reply.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_is_given_up() {
    let http = Http { body_timeout: Span::seconds(2), ..Http::default() };
    let never = Body::from_stream(stream::pending::<Result<Vec<u8>, Infallible>>());
    let request = post("note.echo", &bearer("user1", Role::User, 60), never);
    let reply = ask(door(http).await, request).await;
    assert_eq!(reply.status(), StatusCode::REQUEST_TIMEOUT);
    assert!(reply.text.contains("within 2s"), "{}", reply.text);
}

#[tokio::test]
async fn only_json_is_taken() {
    let bearer = bearer("user1", Role::User, 60);
    for (content_type, status) in [
        ("application/json; charset=utf-8", StatusCode::OK),
        ("Application/JSON", StatusCode::OK),
        ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let mut request = post("note.echo", &bearer, r#"{"text":"x"}"#);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let reply = ask(door(Http::default()).await, request).await;
        assert_eq!(reply.status(), status, "{content_type}");
    }
}

#[tokio::test]
async fn a_name_that_is_no_text_is_refused() {
    let reply = call("%ff", "{}").await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    assert!(reply.text.contains(r#""code":107,"#), "{}", reply.text);
}
