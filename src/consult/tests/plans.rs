//! No query of a list, a sync or the queue looks at conversations that are none of its business.

use super::*;
use crate::{
    consult::{feed, ledger, place::page_query, scope::readable, viewer::Viewer},
    ids::InstitutionId,
    store::Statement,
};

/// How SQLite runs `statement`: a line each step.
async fn plan(house: &House, statement: &Statement) -> Vec<String> {
    let mut explained = statement.clone();
    explained.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql).into();
    let rows = house.store().read(explained).await.unwrap();
    rows.iter().map(|row| row.text(3).to_owned()).collect()
}

#[tokio::test]
async fn lists_and_syncs_go_by_an_index_of_their_own() {
    let house = House::new().await;
    let institution = InstitutionId::from("inst1");
    for (who, of_list, of_sync) in [
        (user("user1"), "(user_id=?)", "(user_id=?)"),
        (tutor("tutor1"), "(owner=? AND institution=?)", "institution_change>?"),
        (admin("admin1"), "(institution=?)", "institution_change>?"),
    ] {
        let viewer = Viewer::of(&who, true).unwrap();
        let list = plan(&house, &page_query(&viewer, None, 20)).await;
        assert!(list[0].ends_with(of_list), "{list:?}");
        let sorts = list.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(sorts, who.role == crate::operation::Role::User, "{list:?}");
        let sync = ledger::changed_since(&viewer, readable(&viewer, 2), 7, 20);
        let sync = plan(&house, &sync).await;
        assert!(sync[0].contains(of_sync), "{sync:?}");
    }
    let others = [
        ledger::queue(&institution, 20),
        ledger::queue_length(&institution),
        ledger::served_by(&"tutor1".into(), &institution, 20),
        feed::left_since(&"tutor1".into(), &institution, 7, 20),
    ];
    let writes = ledger::touch_served(&"tutor1".into(), &institution);
    for statement in others.into_iter().chain(writes) {
        let steps = plan(&house, &statement).await;
        assert!(steps[0].starts_with("SEARCH"), "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
    }
}
