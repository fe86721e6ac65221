//! `/healthz`, `/readyz`, `/metrics`.

use super::*;

async fn ask_for(needs: Needs, path: &str) -> Reply {
    ask(router(needs), Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_living_node_says_so() {
    let reply = get("/healthz").await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.text, r#"{"alive":true}"#);
}

#[tokio::test]
async fn a_node_that_is_not_ready_names_the_part() {
    let needs_failing = needs(Http::default()).await;
    let store = needs_failing.health.part("store");
    store.failing("the disk is full");
    let reply = ask_for(needs_failing, "/readyz").await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text.contains("the disk is full"), "{}", reply.text);

    let needs_ready = needs(Http::default()).await;
    needs_ready.health.part("store").ready();
    assert_eq!(ask_for(needs_ready, "/readyz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_and_refusals_are_counted_by_route() {
    let needs = needs(Http::default()).await;
    let metrics = needs.metrics.clone();
    let door = router(needs);
    let path = "/api/v1/a-name-of-the-client";
    ask(door.clone(), Request::post(path).body(Body::empty()).unwrap()).await;
    ask(door.clone(), Request::get("/nowhere").body(Body::empty()).unwrap()).await;
    let page = ask(door, Request::get("/metrics").body(Body::empty()).unwrap()).await;
    assert!(page.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        r#"belfry_requests_total{route="/api/v1/{name}",status="401"} 1"#,
        r#"belfry_requests_total{route="none",status="404"} 1"#,
        r#"belfry_refusals_total{door="http",code="101",reason="unauthorized"} 1"#,
    ] {
        assert!(page.text.contains(line), "{line}\n{}", page.text);
    }
    assert!(!metrics.encode().contains("a-name-of-the-client"));
}
