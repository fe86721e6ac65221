//! The directory on a real file: what is put is read, by everyone and soon.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{operations::NameCheck, *};
use crate::{
    config,
    operation::{Caller, Catalogue, Role},
    telemetry::{Health, Metrics},
};

/// A directory with its operations; names that contain 加微信 are refused.
struct Desk {
    directory: Directory,
    catalogue: Catalogue,
    _folder: TempDir,
}

impl Desk {
    async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let section = config::store::Store::sqlite(&folder.path().join("directory.db"));
        let metrics = Metrics::new();
        let store = Store::open(&section, &metrics, Health::default().part("store")).await.unwrap();
        let directory = Directory::new(store, Clock::set(1_000));
        let check: NameCheck = Arc::new(|name| match name.contains("加微信") {
            true => Err(Refusal::new(Code::BadRequest).with("category", "privacy")),
            false => Ok(()),
        });
        let mut catalogue = Catalogue::new(&config::rates::Rates::default());
        catalogue.add(operations::operations(&directory, &check));
        Self { directory, catalogue, _folder: folder }
    }

    async fn call(&self, role: Role, name: &str, input: Value) -> Result<Value, Refusal> {
        let answer = self.catalogue.call(Caller::new("x", role), name, &input.to_string()).await?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    async fn put(&self, what: &str, input: Value) -> Result<Value, Refusal> {
        self.call(Role::Service, &format!("directory.{what}.put"), input).await
    }
}

fn institution(id: &str) -> Value {
    json!({"id": id, "name": "青云教育", "certification": "certified"})
}

#[tokio::test]
async fn what_the_platform_puts_is_what_everyone_reads() {
    let desk = Desk::open().await;
    for id in ["inst2", "inst1"] {
        desk.put("institution", institution(id)).await.unwrap();
    }
    let tutor = json!({
        "id": "tutor1", "institution": "inst1", "name": "王老师", "title": "高级讲师",
        "groups": ["申论"], "avatar": "https://example.com/a.png",
    });
    desk.put("tutor", tutor).await.unwrap();
    for role in [Role::User, Role::Tutor, Role::Auditor] {
        let page = desk.call(role, "directory.institutions", json!({})).await.unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(page, @r#"{"institutions":[{"id":"inst1","name":"青云教育","certification":"certified","suspended":false},{"id":"inst2","name":"青云教育","certification":"certified","suspended":false}]}"#);
        }
        let page = desk.call(role, "directory.tutors", json!({"institution": "inst1"})).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(page.unwrap(), @r#"{"tutors":[{"tutor":"tutor1","name":"王老师","title":"高级讲师","avatar":"https://example.com/a.png"}]}"#);
        }
    }
    let tutor = desk.directory.tutor(&"tutor1".into()).await.unwrap().unwrap();
    assert_eq!(tutor.groups, ["申论"]);
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end() {
    let desk = Desk::open().await;
    for n in 1..=3 {
        desk.put("institution", institution(&format!("inst{n}"))).await.unwrap();
        let tutor = json!({"id": format!("tutor{n}"), "institution": "inst1", "name": "王老师"});
        desk.put("tutor", tutor).await.unwrap();
    }
    for (name, key, id) in
        [("directory.institutions", "institutions", "id"), ("directory.tutors", "tutors", "tutor")]
    {
        let mut asked = json!({"limit": 2});
        if key == "tutors" {
            asked["institution"] = json!("inst1");
        }
        let mut found = Vec::new();
        loop {
            let page = desk.call(Role::User, name, asked.clone()).await.unwrap();
            found.extend(page[key].as_array().unwrap().iter().map(|it| it[id].clone()));
            match &page["next"] {
                Value::Null => break,
                next => asked["after"] = next.clone(),
            }
        }
        assert_eq!(found.len(), 3, "{name}");
    }
}

#[tokio::test]
async fn what_can_be_no_id_is_nobody_and_begins_no_page() {
    let desk = Desk::open().await;
    let long = "x".repeat(65);
    assert_eq!(desk.directory.institution(&long.as_str().into()).await.unwrap(), None);
    assert_eq!(desk.directory.tutor(&long.as_str().into()).await.unwrap(), None);
    assert_eq!(desk.directory.staff(&long.as_str().into()).await.unwrap().iter().count(), 0);
    assert_eq!(desk.directory.profile(&long.as_str().into()).await.unwrap(), None);
    let page = desk.call(Role::User, "directory.tutors", json!({"institution": long})).await;
    assert_eq!(page.unwrap(), json!({"tutors": []}));
    for (name, mut asked) in [
        ("directory.institutions", json!({})),
        ("directory.tutors", json!({"institution": "inst1"})),
    ] {
        asked["after"] = json!("");
        desk.call(Role::User, name, asked.clone()).await.unwrap();
        asked["after"] = json!(long);
        let refused = desk.call(Role::User, name, asked).await.unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest);
    }
}

#[tokio::test]
async fn only_the_platform_writes_and_only_what_fits() {
    let desk = Desk::open().await;
    for role in [Role::User, Role::Tutor, Role::InstitutionAdmin, Role::Support, Role::Supervisor] {
        let refused = desk.call(role, "directory.institution.put", institution("inst1")).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    }
    desk.put("institution", institution("inst1")).await.unwrap();
    for (what, input) in [
        ("institution", institution("")),
        ("institution", institution("有空格 的")),
        ("institution", institution("support")),
        ("institution", json!({"id": "i", "name": " x", "certification": "certified"})),
        ("tutor", json!({"id": "t", "institution": "inst9", "name": "王老师"})),
        ("tutor", json!({"id": "t", "institution": "inst1", "name": "王老师", "avatar": "data:x"})),
        ("profile", json!({"id": "u", "nickname": "加微信abc"})),
        ("tutor", json!({"id": "t", "institution": "inst1", "name": "加微信abc"})),
        (
            "tutor",
            json!({"id": "t", "institution": "inst1", "name": "王老师", "title": "加微信abc"}),
        ),
        ("profile", json!({"id": "u", "nickname": "长".repeat(65)})),
    ] {
        let refused = desk.put(what, input.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest, "{input}");
    }
    assert_eq!(desk.directory.tutor(&"t".into()).await.unwrap(), None);
    assert_eq!(desk.directory.profile(&"u".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_counts_at_once_on_the_node_that_made_it() {
    let desk = Desk::open().await;
    desk.put("institution", institution("inst1")).await.unwrap();
    let tutor = |institution: &str, status: &str| json!({"id": "tutor1", "institution": institution, "name": "王老师", "status": status});
    desk.put("tutor", tutor("inst1", "active")).await.unwrap();
    assert_eq!(desk.directory.staff(&"inst1".into()).await.unwrap().iter().count(), 1);
    desk.put("tutor", tutor(SUPPORT, "active")).await.unwrap();
    assert_eq!(desk.directory.staff(&"inst1".into()).await.unwrap().iter().count(), 0);
    assert_eq!(desk.directory.staff(&SUPPORT.into()).await.unwrap().iter().count(), 1);
    desk.put("tutor", tutor(SUPPORT, "suspended")).await.unwrap();
    assert_eq!(desk.directory.staff(&SUPPORT.into()).await.unwrap().iter().count(), 0);
    desk.put("profile", json!({"id": "u", "nickname": "小明"})).await.unwrap();
    desk.put("profile", json!({"id": "u", "nickname": "小红"})).await.unwrap();
    assert_eq!(desk.directory.profile(&"u".into()).await.unwrap().unwrap().nickname, "小红");
    desk.put("institution", json!({"id": "inst1", "name": "青云", "certification": "revoked"}))
        .await
        .unwrap();
    let institution = desk.directory.institution(&"inst1".into()).await.unwrap().unwrap();
    assert!(!institution.is_open(0));
}
