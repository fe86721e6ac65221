//! Who may call what, written down apart from the code: a new operation must be entered here.

use belfry::operation::Role::{
    self, Compliance, Host, InstitutionAdmin, Lead, Moderator, Operator, Service, Supervisor,
    Support, Tutor, User,
};

use super::town::Town;

const BOTH: &[Role] = &[User, Tutor, InstitutionAdmin, Support];
const SENDERS: &[Role] = &[User, Tutor, InstitutionAdmin, Host, Support];
const SERVING: &[Role] = &[Tutor, InstitutionAdmin, Support];
const PLATFORM: &[Role] = &[Service, Operator];
const CURATORS: &[Role] = &[Lead, Compliance];
const READERS: &[Role] = &[Moderator, Supervisor, Lead, Compliance];

/// People who may speak in rooms; with the platform's services, those who may keep order there.
const SPEAKERS: &[Role] =
    &[User, Tutor, InstitutionAdmin, Host, Moderator, Supervisor, Lead, Support, Operator];
const KEEPERS: &[Role] =
    &[User, Tutor, InstitutionAdmin, Host, Moderator, Supervisor, Lead, Support, Service, Operator];
const FOUNDERS: &[Role] = &[Tutor, InstitutionAdmin, Host, Lead, Service, Operator];

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

/// Operations on a live room. Who stands high enough in it is a matter of the room.
pub const IN_ROOMS: &[(&str, &[Role])] = &[
    ("live.appoint", KEEPERS),
    ("live.clear", KEEPERS),
    ("live.comment", SPEAKERS),
    ("live.dismiss", KEEPERS),
    ("live.end", KEEPERS),
    ("live.hold.claim", KEEPERS),
    ("live.hold.decide", KEEPERS),
    ("live.hold.list", KEEPERS),
    ("live.like", SPEAKERS),
    ("live.list", Role::ALL),
    ("live.mute", KEEPERS),
    ("live.mutes", KEEPERS),
    ("live.notice", KEEPERS),
    ("live.pause", KEEPERS),
    ("live.pin", KEEPERS),
    ("live.publish_replay", KEEPERS),
    ("live.question.answer", KEEPERS),
    ("live.question.ignore", KEEPERS),
    ("live.question.list", KEEPERS),
    ("live.question.select", KEEPERS),
    ("live.remove", KEEPERS),
    ("live.replay", Role::ALL),
    ("live.replay_seek", Role::ALL),
    ("live.resume", KEEPERS),
    ("live.room.get", Role::ALL),
    ("live.room.put", FOUNDERS),
    ("live.rooms", Role::ALL),
    ("live.settings", KEEPERS),
    ("live.start", KEEPERS),
    ("live.trim", KEEPERS),
    ("live.unmute", KEEPERS),
    ("live.unpin", KEEPERS),
    ("live.voice", Role::ALL),
];

/// Operations on files.
pub const ON_FILES: &[(&str, &[Role])] = &[("media.link", SENDERS), ("media.upload", SENDERS)];

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
    let all = [ON_CONVERSATIONS, ON_THEMSELVES, IN_ROOMS, ON_FILES, OF_THE_PLATFORM];
    let mut all = all.into_iter().flatten();
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
    let written = [ON_CONVERSATIONS, ON_THEMSELVES, IN_ROOMS, ON_FILES, OF_THE_PLATFORM];
    let written: usize = written.into_iter().map(<[_]>::len).sum();
    assert_eq!(paths.len(), written, "the table names operations that are gone");
}

fn sorted<'a>(roles: &[&'a str]) -> Vec<&'a str> {
    let all = Role::ALL.iter().map(|role| role.as_str());
    all.filter(|role| roles.contains(role)).collect()
}
