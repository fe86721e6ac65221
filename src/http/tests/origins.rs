//! Pages of other origins: nothing, unless they are configured.

use super::*;

const APP: &str = "https://app.example.cn";

async fn from(origin: &str, method: &str) -> Reply {
    let http = Http { allowed_origins: vec![APP.to_owned()], ..Http::default() };
    let request = Request::builder()
        .method(method)
        .uri("/api/v1/note.echo")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .body(Body::empty());
    ask(door(http).await, request.unwrap()).await
}

#[tokio::test]
async fn a_configured_origin_may_ask_and_read() {
    let preflight = from(APP, "OPTIONS").await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), APP);
    assert_eq!(preflight.header("access-control-allow-methods"), "GET, POST");
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(preflight.header("vary"), "origin");

    let reply = from(APP, "POST").await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(reply.header("access-control-allow-origin"), APP);
    assert_eq!(reply.header("access-control-allow-credentials"), "-");
}

#[tokio::test]
async fn another_origin_is_told_nothing() {
    for origin in ["https://evil.example", "http://app.example.cn", "null"] {
        for method in ["OPTIONS", "POST"] {
            let reply = from(origin, method).await;
            assert_eq!(reply.header("access-control-allow-origin"), "-", "{origin}");
            assert_eq!(reply.header("access-control-allow-methods"), "-", "{origin}");
        }
    }
}

#[tokio::test]
async fn without_configuration_no_origin_is_allowed() {
    let request = Request::get("/").header("origin", APP).body(Body::empty()).unwrap();
    let reply = ask(door(Http::default()).await, request).await;
    assert_eq!(reply.header("access-control-allow-origin"), "-");
}
