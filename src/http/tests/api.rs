//! `/api/`: the document and its page.

use serde_json::Value;

use super::*;

#[tokio::test]
async fn the_document_lists_every_operation() {
    let reply = get("/api/openapi.json").await;
    assert_eq!(reply.header("content-type"), "application/json");
    let document: Value = serde_json::from_str(&reply.text).unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/api/v1/note.echo", "/api/v1/note.hurry", "/api/v1/who.am"]);
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let page = get("/api/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    let sources = page.text.split(['"', ' ', '>']).filter(|word| word.starts_with("page/"));
    let mut count = 0;
    for source in sources {
        let file = get(&format!("/api/{source}")).await;
        assert_eq!(file.status(), StatusCode::OK, "{source}");
        count += 1;
    }
    assert_eq!(count, 3, "{}", page.text);
    assert!(!page.text.contains("//"), "no address of another server");
}

#[tokio::test]
async fn a_file_that_is_not_part_of_the_page_is_not_found() {
    assert_eq!(get("/api/page/secrets.txt").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get("/api/page/..%2f..%2fetc%2fpasswd").await.status(), StatusCode::NOT_FOUND);
    let redirect = get("/api").await;
    assert_eq!(redirect.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(redirect.header("location"), "/api/");
}
