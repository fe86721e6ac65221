//! `POST /api/v1/media.upload` and `GET /media/…`, as clients and browsers use them.

use super::*;
use crate::{media::operations, operation::Catalogue};

/// A door with files behind it.
struct Door {
    router: Router,
    _folder: TempDir,
}

/// A picture of Pillow's with a place in it.
fn picture() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/media/gps.jpg");
    std::fs::read(path).unwrap()
}

impl Door {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let media = media_in(&folder).await;
        let mut catalogue = Catalogue::default();
        catalogue.add(operations::operations(&media));
        let needs = needs(Http::default()).await;
        let router = router(Needs { catalogue: Arc::new(catalogue), media, ..needs });
        Self { router, _folder: folder }
    }

    async fn upload(&self, query: &str, bytes: impl Into<Body>) -> Reply {
        let request = Request::post(format!("/api/v1/media.upload?{query}"))
            .header("authorization", bearer("user1", Role::User, 60))
            .header("content-type", "text/html")
            .body(bytes.into())
            .unwrap();
        ask(self.router.clone(), request).await
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let request = Request::get(path);
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        ask(self.router.clone(), request.body(Body::empty()).unwrap()).await
    }

    /// The link to a file that is uploaded now.
    async fn link(&self) -> String {
        let reply = self.upload("purpose=consult&client_id=k1", picture()).await;
        assert_eq!(reply.status(), StatusCode::OK, "{}", reply.text);
        let uploaded: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
        uploaded["media"]["url"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_file_is_shown_as_what_it_is_and_can_be_no_page() {
    let door = Door::new().await;
    let reply = door.get(&door.link().await, &[]).await;
    assert_eq!(reply.status(), StatusCode::OK);
    insta::assert_snapshot!(
        ["content-type", "x-content-type-options", "content-security-policy", "cache-control", "accept-ranges", "referrer-policy"]
            .map(|name| format!("{name}: {}", reply.header(name)))
            .join("\n"),
        @r"
    content-type: image/jpeg
    x-content-type-options: nosniff
    content-security-policy: default-src 'none'; sandbox
    cache-control: private, no-cache
    accept-ranges: bytes
    referrer-policy: no-referrer
    "
    );
    let tag = reply.header("etag");
    let again = door.get(&door.link().await, &[("if-none-match", tag)]).await;
    assert_eq!((again.status(), again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn a_player_seeks() {
    let door = Door::new().await;
    let link = door.link().await;
    let whole = door.get(&link, &[]).await;
    let length: u64 = whole.header("content-length").parse().unwrap();
    let part = door.get(&link, &[("range", "bytes=2-5")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), format!("bytes 2-5/{length}"));
    assert_eq!(part.header("content-length"), "4");
    let beyond = door.get(&link, &[("range", "bytes=999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    let other = [("range", "bytes=2-5"), ("if-range", "\"of another version\"")];
    assert_eq!(door.get(&link, &other).await.status(), StatusCode::OK);
    let same = [("range", "bytes=2-5"), ("if-range", whole.header("etag"))];
    assert_eq!(door.get(&link, &same).await.status(), StatusCode::PARTIAL_CONTENT);
}

#[tokio::test]
async fn without_a_genuine_link_there_is_nothing() {
    let door = Door::new().await;
    let link = door.link().await;
    let (path, query) = link.split_once('?').unwrap();
    for wrong in [
        path.to_owned(),
        format!("{path}?e=1&s="),
        format!("{path}?{}", query.replace("e=1", "e=2")),
        format!("{link}&k=thumb"),
        format!("{link}&k=other"),
        format!("/media/other?{query}"),
        "/media/%FF?e=1&s=x".to_owned(),
    ] {
        let reply = door.get(&wrong, &[]).await;
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn the_query_is_the_input_and_the_body_is_the_file() {
    let door = Door::new().await;
    let reply = door.upload("purpose=consult", picture()).await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    assert!(reply.text.contains("missing field `client_id`"), "{}", reply.text);
    let reply = door.upload("purpose=consult&client_id=k1&to=user2", picture()).await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    let reply = door.upload("purpose=consult&client_id=k1", "<html>").await;
    assert_eq!(reply.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let endless = [picture(), vec![0; 11 << 20]].concat();
    let reply = door.upload("purpose=consult&client_id=k1", endless).await;
    assert_eq!(reply.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.text.contains(r#""max":10485760"#), "{}", reply.text);
    let reply = door.upload("purpose=consult&client_id=k1", picture()[..700].to_vec()).await;
    assert_eq!(reply.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let anonymous = Request::post("/api/v1/media.upload?purpose=consult&client_id=k1");
    let reply = ask(door.router.clone(), anonymous.body(Body::from(picture())).unwrap()).await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
}
