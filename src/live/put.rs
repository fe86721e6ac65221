//! `live.room.put`, `live.room.get`, `live.rooms`: rooms are made, looked at and listed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::{Act, Scene},
    charter::{self, Charter, State},
    edit::Edit,
    reach::{Stop, bad, settle, unstored},
    room::is_room_id,
    scope::{self, Standing},
    settings::{Patch, Settings},
    staff::{Duty, Member, STAFF_MAX, appoint, dismiss},
    stage::Named,
    view::{RoomOpened, RoomSeen},
    words::Words,
};
use crate::{
    error::Code,
    ids::{InstitutionId, MemberId, RoomId, UserId},
    operation::{Caller, Refusal},
    store::{Statement, Value},
};

/// The longest title, in characters.
const TITLE_MAX: usize = 64;
/// How many rooms one page has at most.
const PAGE_MAX: usize = 100;

/// Makes a room, or changes its title and hosts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutRoom {
    /// 1–64 letters, digits, `-`, `_` or `.`.
    pub(super) id: RoomId,
    /// What it is called, 1–64 characters.
    pub(super) title: String,
    /// Whose it is; absent for the platform's own. It stays what it was at first.
    #[serde(default)]
    pub(super) institution: Option<InstitutionId>,
    /// Who leads it, all of them; absent to leave them as they are.
    #[serde(default)]
    pub(super) hosts: Option<Vec<UserId>>,
    /// What a new room begins with, or what is to change.
    #[serde(default)]
    pub(super) settings: Option<Patch>,
}

/// Asks for rooms.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoomsWanted {
    /// Only those that stand so.
    #[serde(default)]
    pub(super) state: Option<State>,
    /// Those after this one, by id.
    #[serde(default)]
    pub(super) after: Option<RoomId>,
    /// At most so many, 100 by default and at most.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A page of rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct RoomsPage {
    /// By id.
    pub(super) rooms: Vec<RoomSeen>,
    /// What to ask for next; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<RoomId>,
}

impl Live {
    /// Makes a room, or changes it.
    pub(super) async fn put_room(
        &self,
        caller: &Caller,
        asked: PutRoom,
    ) -> Result<RoomOpened, Refusal> {
        if !is_room_id(asked.id.as_str()) {
            return Err(bad("id has 1 to 64 letters, digits, -, _ or ."));
        }
        let title = asked.title.trim();
        if !(1..=TITLE_MAX).contains(&title.chars().count())
            || title != asked.title
            || title.chars().any(char::is_control)
        {
            return Err(bad("title has 1 to 64 characters without control ones"));
        }
        if !scope::platform(caller.role) {
            self.check_staff_text(caller, title)?;
        }
        if asked.hosts.as_ref().is_some_and(|hosts| hosts.len() > STAFF_MAX) {
            return Err(Refusal::new(Code::LimitExceeded).with("max", STAFF_MAX));
        }
        settle!(self.try_put(caller, &asked).await)?;
        let named = Named { room: asked.id };
        self.get_room(caller, named).await
    }

    async fn try_put(&self, caller: &Caller, asked: &PutRoom) -> Result<(), Stop> {
        match self.scene(caller, &asked.id, Standing::Viewer).await {
            Ok(_) => {
                let scene = self.alone(caller, &asked.id, Standing::Host).await?;
                self.change_room(&scene, asked).await
            }
            Err(refusal) if refusal.code() == Code::NotInScope => {
                self.make_room(caller, asked).await
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn make_room(&self, caller: &Caller, asked: &PutRoom) -> Result<(), Stop> {
        let institution = asked.institution.as_ref();
        scope::may_create(caller, institution, &self.work_of(&caller.user).await?)?;
        if let Some(institution) = institution
            && self.needs().directory.institution(institution).await?.is_none()
        {
            return Err(bad("institution is not in the directory").into());
        }
        let hosts = asked.hosts.clone().unwrap_or_default();
        self.check_people(caller, institution, &hosts).await?;
        let patch = asked.settings.clone().unwrap_or_default();
        let settings = Settings::default().changed(patch, self.config())?;
        Words::compile(&self.needs().moderation, &settings.words).await?;
        let charter = Charter {
            id: asked.id.clone(),
            institution: asked.institution.clone(),
            title: asked.title.clone(),
            state: State::Scheduled,
            started_at: None,
            ended_at: None,
            paused_at: None,
            paused_ms: 0,
            settings,
            version: 1,
            turn: 1,
            pinned: None,
            notice_seq: None,
            cleared_at: 0,
            likes: 0,
            edit: Edit::default(),
        };
        let mut beside = vec![charter::insert(&charter, &caller.user)];
        beside.extend(hosts.iter().map(|host| appoint(&charter.id, &self.member(host))));
        let detail = json!({
            "title": charter.title, "institution": charter.institution, "hosts": hosts,
            "settings": charter.settings,
        });
        let act = Act { kind: "room", detail: &detail, beside };
        self.record(&charter.id, &caller.user, act).await?;
        Ok(())
    }

    async fn change_room(&self, scene: &Scene, asked: &PutRoom) -> Result<(), Stop> {
        let Scene { facts, actor, .. } = scene;
        if asked.institution.is_some() && asked.institution != facts.charter.institution {
            return Err(bad("a room stays with whom it was made for").into());
        }
        let mut beside = Vec::new();
        if let Some(hosts) = &asked.hosts {
            let institution = facts.charter.institution.as_ref();
            self.check_nameable(actor.is_platform, institution, hosts).await?;
            beside = self.hosts_changed(scene, hosts);
        }
        let settings = match &asked.settings {
            Some(patch) => self.settings_changed(facts, patch.clone()).await?,
            None => None,
        };
        if beside.is_empty() && settings.is_none() && facts.charter.title == asked.title {
            return Ok(());
        }
        let detail = json!({ "title": asked.title, "hosts": asked.hosts, "settings": settings });
        let title = Value::from(asked.title.as_str());
        let set = match &settings {
            None => ("title = $1", vec![title]),
            Some(settings) => (
                "title = $1, settings = $2, version = version + 1",
                vec![title, settings.to_text().into()],
            ),
        };
        self.change(scene, set, Act { kind: "room", detail: &detail, beside }).await?;
        Ok(())
    }

    /// What makes `hosts` the hosts, and nobody else.
    fn hosts_changed(&self, scene: &Scene, hosts: &[UserId]) -> Vec<Statement> {
        let (room, staff) = (&scene.room.id, &scene.facts.staff);
        let leaves =
            |member: &&Member| member.duty == Duty::Host && !hosts.contains(&member.person);
        let comes = |host: &&UserId| staff.get(*host).is_none_or(|it| it.duty != Duty::Host);
        let leaving = staff.values().filter(leaves).map(|member| dismiss(&member.id));
        let coming = hosts.iter().filter(comes).map(|host| appoint(room, &self.member(host)));
        leaving.chain(coming).collect()
    }

    fn member(&self, host: &UserId) -> Member {
        let id = MemberId::fresh(self.needs().clock.now_ms());
        Member { id, person: host.clone(), duty: Duty::Host }
    }

    async fn check_people(
        &self,
        caller: &Caller,
        institution: Option<&InstitutionId>,
        people: &[UserId],
    ) -> Result<(), Refusal> {
        self.check_nameable(scope::platform(caller.role), institution, people).await
    }

    /// Refuses people whom the caller may not name: an institution's people know their colleagues and
    /// nobody else.
    pub(super) async fn check_nameable(
        &self,
        is_platform: bool,
        institution: Option<&InstitutionId>,
        people: &[UserId],
    ) -> Result<(), Refusal> {
        for person in people {
            crate::directory::check_id("a person", person.as_str())?;
            if is_platform {
                continue;
            }
            let tutor = self.needs().directory.tutor(person).await?;
            let works =
                |it: &InstitutionId| tutor.as_ref().is_some_and(|tutor| tutor.works_for(it));
            if !institution.is_some_and(works) {
                return Err(bad("somebody named does not work for the institution"));
            }
        }
        Ok(())
    }

    /// A room with what is in it.
    pub(super) async fn get_room(
        &self,
        caller: &Caller,
        Named { room }: Named,
    ) -> Result<RoomOpened, Refusal> {
        let scene = self.scene(caller, &room, Standing::Viewer).await?;
        let desk = self.desk_of(&scene.room, &scene.actor).await?;
        Ok(RoomOpened { desk, ..self.opened(&scene.room) })
    }

    /// A page of rooms, by id.
    pub(super) async fn list_rooms(&self, asked: RoomsWanted) -> Result<RoomsPage, Refusal> {
        let limit = asked.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let after = asked.after.as_ref().map_or("", RoomId::as_str);
        if !after.is_empty() && !is_room_id(after) {
            return Err(bad("after is no room's id"));
        }
        // One more than asked for tells whether there is a next page.
        let found = charter::page(asked.state, after, limit as i64 + 1);
        let rows = self.needs().store.read(found).await.map_err(|it| unstored(&it))?;
        let now_ms = self.needs().clock.now_ms();
        let rooms = rows.iter().take(limit).map(Charter::of_row);
        let rooms: Vec<_> = rooms.map(|charter| RoomSeen::of(&charter, now_ms)).collect();
        let next = rooms.last().filter(|_| rows.len() > limit).map(|room| room.id.clone());
        Ok(RoomsPage { rooms, next })
    }
}
