//! Who may call what, written down apart from the code: a new operation must be entered here.

use belfry::operation::Role::{
    self, Compliance, InstitutionAdmin, Lead, Moderator, Operator, Service, Supervisor, Support,
    Tutor, User,
};

use super::town::Town;

const BOTH: &[Role] = &[User, Tutor, InstitutionAdmin, Support];
const SERVING: &[Role] = &[Tutor, InstitutionAdmin, Support];
const PLATFORM: &[Role] = &[Service, Operator];
const CURATORS: &[Role] = &[Lead, Compliance];
const READERS: &[Role] = &[Moderator, Supervisor, Lead, Compliance];

/// Operations on one conversation, and the roles that may call them at all.
pub const ON_CONVERSATIONS: &[(&str, &[Role])] = &[
    ("consult.accept", SERVING),
    ("consult.close", BOTH),
    ("consult.confirm", BOTH),
    ("consult.discard", BOTH),
    ("consult.history", BOTH),
    ("consult.read", BOTH),
    ("consult.recall", BOTH),
    ("consult.send", BOTH),
    ("consult.typing", BOTH),
];

/// Operations that only their caller's standing decides on.
pub const ON_THEMSELVES: &[(&str, &[Role])] = &[
    ("consult.list", BOTH),
    ("consult.open", &[User]),
    ("consult.state", SERVING),
    ("consult.sync", BOTH),
    ("directory.institutions", Role::ALL),
    ("directory.tutors", Role::ALL),
];

/// Operations of the platform's own programs and people.
pub const OF_THE_PLATFORM: &[(&str, &[Role])] = &[
    ("alert.claim", READERS),
    ("alert.decide", READERS),
    ("alert.list", READERS),
    ("alert.release", READERS),
    ("broadcast", PLATFORM),
    ("channels", PLATFORM),
    ("directory.institution.put", PLATFORM),
    ("directory.profile.put", PLATFORM),
    ("directory.tutor.put", PLATFORM),
    ("disconnect", PLATFORM),
    ("history", PLATFORM),
    ("history_remove", PLATFORM),
    ("identity.revoke", &[Service, Compliance, Operator]),
    ("info", PLATFORM),
    ("moderation.draft", CURATORS),
    ("moderation.dry_run", READERS),
    ("moderation.hits", READERS),
    ("moderation.publish", CURATORS),
    ("moderation.roll_back", CURATORS),
    ("moderation.rule_set", READERS),
    ("moderation.rules", READERS),
    ("moderation.test", READERS),
    ("presence", PLATFORM),
    ("presence_stats", PLATFORM),
    ("publish", PLATFORM),
    ("refresh", PLATFORM),
    ("region.lookup", &[Supervisor, Support, Operator]),
    ("subscribe", PLATFORM),
    ("unsubscribe", PLATFORM),
];

/// The roles that may call `name`.
pub fn roles(name: &str) -> &'static [Role] {
    let mut all = [ON_CONVERSATIONS, ON_THEMSELVES, OF_THE_PLATFORM].into_iter().flatten();
    let found = all.find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name}: say who may do this")).1
}

#[tokio::test]
async fn the_table_names_every_operation_of_the_document_and_its_roles() {
    let mut town = Town::build().await;
    let document = town.person("support-1").page("/api/openapi.json").await;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let paths = document["paths"].as_object().unwrap();
    for (path, operation) in paths {
        let name = path.strip_prefix("/api/v1/").unwrap();
        let written: Vec<_> = roles(name).iter().map(|role| role.as_str()).collect();
        let mut declared: Vec<_> =
            operation["post"]["x-roles"].as_array().unwrap().iter().collect();
        declared.sort_by_key(|role| Role::ALL.iter().position(|it| it.as_str() == **role));
        assert_eq!(serde_json::json!(declared), serde_json::json!(sorted(&written)), "{name}");
    }
    let written = ON_CONVERSATIONS.len() + ON_THEMSELVES.len() + OF_THE_PLATFORM.len();
    assert_eq!(paths.len(), written, "the table names operations that are gone");
}

fn sorted<'a>(roles: &[&'a str]) -> Vec<&'a str> {
    let all = Role::ALL.iter().map(|role| role.as_str());
    all.filter(|role| roles.contains(role)).collect()
}
