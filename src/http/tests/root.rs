//! `/`, what does not exist, and what every answer wears.

use super::*;

#[tokio::test]
async fn the_landing_page_leads_on() {
    let page = get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    for link in ["/api/", "/api/openapi.json"] {
        assert!(page.text.contains(&format!(r#"href="{link}""#)));
        assert_eq!(get(link).await.status(), StatusCode::OK);
    }
    assert_eq!(get("/landing.css").await.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_the_same_shape() {
    let reply = get("/nothing/here").await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    assert!(reply.text.starts_with(r#"{"error":{"code":104,"#), "{}", reply.text);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    for path in ["/", "/api/", "/api/v1/note.echo", "/nothing/here"] {
        let reply = get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    }
}

#[tokio::test]
async fn a_plain_request_id_is_echoed_and_another_replaced() {
    let ask_as = async |id: &str| {
        let request = Request::get("/").header("x-request-id", id).body(Body::empty()).unwrap();
        ask(door(Http::default()).await, request).await
    };
    assert_eq!(ask_as("abc-1.2_3").await.header("x-request-id"), "abc-1.2_3");
    for strange in ["", "a b", "a\"b", &"x".repeat(65)] {
        let reply = ask_as(strange).await;
        let id = reply.header("x-request-id");
        assert!(id != strange && id.len() == 32, "{id}");
    }
    assert_ne!(get("/").await.header("x-request-id"), get("/").await.header("x-request-id"));
}
