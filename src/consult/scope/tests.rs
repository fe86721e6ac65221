//! The three forms of the decision, held together over every combination that matters.

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    config,
    consult::{ledger, sample},
    directory::Employment,
    operation::{Caller, Role},
    store::Store,
    telemetry::{Health, Metrics},
};

const INSTITUTIONS: [&str; 3] = ["inst1", "inst2", SUPPORT];
const PEOPLE: [&str; 5] = ["user1", "user2", "tutor1", "tutor2", "tutor3"];
const ROLES: [Role; 4] = [Role::User, Role::Tutor, Role::InstitutionAdmin, Role::Support];

prop_compose! {
    fn conversations()(
        user in prop::sample::select(&["user1", "user2"][..]),
        institution in prop::sample::select(&INSTITUTIONS[..]),
        state in prop::sample::select(&[State::Queued, State::Serving, State::Ended][..]),
        tutor in prop::sample::select(&["tutor1", "tutor2"][..]),
    ) -> Conversation {
        Conversation {
            user: user.into(),
            institution: institution.into(),
            state,
            owner: (state != State::Queued).then(|| tutor.into()),
            ..sample::conversation()
        }
    }
}

/// Everyone who could be somebody.
fn viewers(admin_reads: bool) -> Vec<Viewer> {
    let mut all = Vec::new();
    for person in PEOPLE {
        for role in ROLES {
            for institution in INSTITUTIONS {
                let caller = Caller::new(person, role).of(institution);
                all.extend(Viewer::of(&caller, admin_reads));
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn nobody_sees_more_than_their_standing_says(
        conversation in conversations(),
        admin_reads: bool,
    ) {
        for viewer in viewers(admin_reads) {
            let sight = sight(&viewer, &conversation);
            let is_user = viewer.standing == Standing::User;
            let ours = viewer.institution() == Some(&conversation.institution);
            prop_assert_eq!(
                sight == Some(Sight::User),
                is_user && conversation.user == viewer.person
            );
            if !is_user && !ours {
                prop_assert_eq!(sight, None);
            }
            if let (Standing::Tutor(_), Some(sight)) = (&viewer.standing, sight) {
                prop_assert_eq!(sight.covers_text(), conversation.is_owned_by(&viewer.person));
            }
        }
    }

    #[test]
    fn whoever_hears_of_a_conversation_may_read_it(
        conversation in conversations(),
        admin_reads: bool,
        staff in prop::collection::btree_map(prop::sample::select(&PEOPLE[2..]), any::<bool>(), 0..4),
    ) {
        let institution = conversation.institution.as_str();
        let members: Vec<_> = staff
            .into_iter()
            .map(|(id, admin)| sample::tutor(id, institution, admin))
            .collect();
        let staff = Staff::new(members.clone());
        let audience = audience(&conversation, &staff, admin_reads);
        prop_assert_eq!(&audience.user, &conversation.user);
        for person in &audience.institution {
            let member = staff.member(person).unwrap();
            let role = match (institution, member.admin) {
                (SUPPORT, _) => Role::Support,
                (_, true) => Role::InstitutionAdmin,
                (_, false) => Role::Tutor,
            };
            let caller = Caller::new(person.clone(), role).of(institution);
            let viewer = Viewer::of(&caller, admin_reads).unwrap();
            prop_assert!(sight(&viewer, &conversation).is_some_and(Sight::covers_text));
        }
        let hears = |it: &&Tutor| conversation.is_owned_by(&it.id) || is_watcher(it, admin_reads);
        let all: Vec<_> = members.iter().filter(hears).map(|it| it.id.clone()).collect();
        prop_assert_eq!(audience.institution, all, "and nobody who should hear is forgotten");
    }
}

#[test]
fn an_owner_who_left_the_institution_hears_nothing_more() {
    let conversation = sample::conversation();
    let tutor = sample::tutor("tutor1", "inst1", false);
    assert_eq!(
        audience(&conversation, &Staff::new(vec![tutor]), true).institution,
        ["tutor1".into()]
    );
    assert_eq!(audience(&conversation, &Staff::default(), true).institution, []);
    let gone = Tutor { status: Employment::Left, ..sample::tutor("tutor1", "inst1", false) };
    assert!(!gone.works_for(&conversation.institution));
}

#[tokio::test]
async fn queries_find_exactly_what_may_be_read() {
    let folder = TempDir::new().unwrap();
    let section = config::store::Store::sqlite(&folder.path().join("scope.db"));
    let store =
        Store::open(&section, &Metrics::new(), Health::default().part("store")).await.unwrap();
    let all = every_conversation();
    for conversation in &all {
        store.commit(vec![row(conversation)]).await.unwrap();
    }
    for viewer in [viewers(true), viewers(false)].concat() {
        let readable = readable(&viewer, 2);
        let rest = format!("WHERE {} ORDER BY c.id", readable.clause);
        let rows = store.read(readable.bind(ledger::listed(&viewer, &rest))).await.unwrap();
        let found: Vec<_> = rows.iter().map(Conversation::of_row).collect();
        let expected: Vec<_> = all
            .iter()
            .filter(|it| sight(&viewer, it).is_some_and(Sight::covers_text))
            .cloned()
            .collect();
        assert_eq!(found, expected, "{viewer:?}");
    }
}

/// Each pair, in each state, with each owner: as many rows as the table's key allows.
fn every_conversation() -> Vec<Conversation> {
    let states = [State::Queued, State::Serving, State::Ended];
    let mut all = Vec::new();
    for (at, user) in ["user1", "user2", "user3", "user4", "user5", "user6"].into_iter().enumerate()
    {
        for (shift, institution) in INSTITUTIONS.into_iter().enumerate() {
            let state = states[(at + shift) % states.len()];
            let owner = if at % 2 == 0 { "tutor1" } else { "tutor2" };
            all.push(Conversation {
                id: format!("c{at}{shift}").into(),
                user: user.into(),
                institution: institution.into(),
                state,
                owner: (state != State::Queued).then(|| owner.into()),
                ..sample::conversation()
            });
        }
    }
    all
}

fn row(it: &Conversation) -> Statement {
    Statement::new(
        "INSERT INTO consult_conversation
             (id, user_id, institution, pseudonym, mask_name, mask_avatar, opened_at, session,
              state, turned_at, owner, owner_version, waiting_since, last_seq, line_seq, line_at,
              user_lines, institution_lines, owner_read_seq, user_change, institution_change)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
             $18, 11, 12)",
    )
    .bind(it.id.as_str())
    .bind(it.user.as_str())
    .bind(it.institution.as_str())
    .bind(it.mask.pseudonym.as_str())
    .bind(it.mask.name.as_str())
    .bind(it.mask.avatar_seed.as_str())
    .bind(it.session.as_str())
    .bind(it.state.as_str())
    .bind(it.turned_at)
    .bind(it.owner.as_ref().map(UserId::as_str))
    .bind(it.owner_version)
    .bind(it.waiting_since)
    .bind(it.last_seq)
    .bind(it.line_seq)
    .bind(it.line_at)
    .bind(it.user_lines)
    .bind(it.institution_lines)
    .bind(it.owner_read_seq)
}
