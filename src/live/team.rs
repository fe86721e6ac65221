//! `live.appoint`, `live.dismiss`: 主持 chooses 房管.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Live,
    act::Act,
    pin::Done,
    reach::{Stop, bad, settle},
    room::Room,
    scope::Standing,
    staff::{Duty, Member, STAFF_MAX, appoint, dismiss},
};
use crate::{
    error::Code,
    hub::Signal,
    ids::{CommentId, MemberId, RoomId, UserId},
    operation::{Caller, Refusal},
    protocol::code::UnsubscribeCode,
};

/// Makes somebody 房管: whoever wrote a comment, or somebody whom the caller may name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Appointment {
    /// The room.
    pub(super) room: RoomId,
    /// The comment whose author it is to be.
    #[serde(default)]
    pub(super) comment: Option<CommentId>,
    /// Who it is to be: anybody for the platform's staff, a colleague for an institution's.
    #[serde(default)]
    pub(super) user: Option<UserId>,
}

/// Takes 房管 off the staff.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dismissal {
    /// The room.
    pub(super) room: RoomId,
    /// Their place, as `live.room.get` shows it to hosts.
    pub(super) member: MemberId,
}

/// Somebody's place on the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Appointed {
    /// The place.
    pub(super) member: MemberId,
}

impl Live {
    /// Makes somebody 房管.
    pub(super) async fn appoint(
        &self,
        caller: &Caller,
        asked: Appointment,
    ) -> Result<Appointed, Refusal> {
        settle!(self.try_appoint(caller, &asked).await)
    }

    async fn try_appoint(&self, caller: &Caller, asked: &Appointment) -> Result<Appointed, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        let person = match (&asked.comment, &asked.user) {
            (Some(comment), None) => self.comment_row(&scene.room, comment).await?.author,
            (None, Some(user)) => {
                let institution = scene.facts.charter.institution.as_ref();
                let people = std::slice::from_ref(user);
                self.check_nameable(scene.actor.is_platform, institution, people).await?;
                user.clone()
            }
            _ => return Err(bad("give `comment` or `user`").into()),
        };
        if let Some(known) = scene.facts.staff.get(&person) {
            return Ok(Appointed { member: known.id.clone() });
        }
        if scene.facts.staff.len() >= STAFF_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", STAFF_MAX).into());
        }
        let id = MemberId::fresh(self.needs().clock.now_ms());
        let member = Member { id: id.clone(), person, duty: Duty::Moderator };
        let detail = json!({ "member": id, "person": member.person });
        let beside = vec![appoint(&scene.room.id, &member)];
        let act = Act { kind: "appoint", detail: &detail, beside };
        self.change(&scene, ("", Vec::new()), act).await?;
        Ok(Appointed { member: id })
    }

    /// Takes 房管 off the staff; their desk closes at once.
    pub(super) async fn dismiss(&self, caller: &Caller, asked: Dismissal) -> Result<Done, Refusal> {
        settle!(self.try_dismiss(caller, &asked).await)
    }

    async fn try_dismiss(&self, caller: &Caller, asked: &Dismissal) -> Result<Done, Stop> {
        let scene = self.alone(caller, &asked.room, Standing::Host).await?;
        let facts = &scene.facts;
        let Some(member) = facts.staff.values().find(|member| member.id == asked.member) else {
            return Ok(Done {});
        };
        if member.duty == Duty::Host {
            return Err(bad("live.room.put says who the hosts are").into());
        }
        let detail = json!({ "member": member.id, "person": member.person });
        let beside = vec![dismiss(&member.id)];
        let act = Act { kind: "dismiss", detail: &detail, beside };
        self.change(&scene, ("", Vec::new()), act).await?;
        Ok(Done {})
    }

    /// Has everybody at a desk asked for again: whoever no longer works where they did, or came with
    /// another token meanwhile, leaves.
    pub(super) fn review_desks(&self) {
        for room in self.rooms().all() {
            self.needs().hub.review(&room.desk);
        }
    }

    /// Closes the desk to somebody who is no longer of the staff.
    pub(super) fn see_off(&self, room: &Room, person: &UserId) {
        let signal =
            Signal::Unsubscribe { channel: room.desk.clone(), code: UnsubscribeCode::Unsubscribed };
        self.needs().hub.signal(person, None, &signal);
    }
}
