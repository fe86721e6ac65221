//! A room as its viewers and its staff see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Live,
    charter::{Charter, State},
    edit::Cut,
    facts::{Facts, Notice},
    room::Room,
    scope::{Actor, Standing},
    seen::Seen,
    settings::{PublicSettings, Settings},
    staff::{Duty, Member},
};
use crate::{
    ids::{InstitutionId, MemberId, RoomId, UserId},
    operation::Refusal,
};

/// Where a room stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Stage {
    /// `scheduled`, `live`, `ended` or `replay`.
    pub(super) state: State,
    /// It is live and pauses.
    pub(super) paused: bool,
    /// When it began, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_at: Option<i64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<i64>,
    /// Where its media stands, in milliseconds from the start without pauses; once it is over, how
    /// long it is without what was cut out.
    pub(super) position_ms: i64,
}

/// A room as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct RoomSeen {
    /// Its name in channels and operations.
    pub(super) id: RoomId,
    /// Whose it is; absent for the platform's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) institution: Option<InstitutionId>,
    /// What it is called.
    pub(super) title: String,
    /// Where it stands.
    #[serde(flatten)]
    pub(super) stage: Stage,
}

/// A room with what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct RoomOpened {
    /// The room.
    #[serde(flatten)]
    pub(super) room: RoomSeen,
    /// What its host decided, as far as everybody may know.
    pub(super) settings: PublicSettings,
    /// The comment that is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pinned: Option<Seen>,
    /// What staff tell everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<Notice>,
    /// Comments posted until then are shown no more, in milliseconds since 1970; absent when the room
    /// was never cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cleared_at: Option<i64>,
    /// How many connections watch.
    pub(super) viewers: usize,
    /// All likes.
    pub(super) total_likes: i64,
    /// What staff see; absent for viewers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) desk: Option<DeskSeen>,
}

/// What a room's staff see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct DeskSeen {
    /// What the caller is.
    pub(super) you: Duty,
    /// All settings.
    pub(super) settings: Settings,
    /// How often settings and cuts were changed.
    pub(super) version: i64,
    /// What was cut out of the recording, in milliseconds of the uncut media.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cuts: Vec<Cut>,
    /// Who is on the staff; to hosts alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) staff: Vec<MemberSeen>,
}

/// Somebody on the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct MemberSeen {
    /// Their place.
    pub(super) member: MemberId,
    /// What they are.
    pub(super) duty: Duty,
    /// What they are called, when the directory knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nickname: Option<String>,
    /// Who they are; to the platform's staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
}

impl Stage {
    pub(super) fn of(charter: &Charter, now_ms: i64) -> Self {
        Self {
            state: charter.state,
            paused: charter.is_open() && charter.paused_at.is_some(),
            started_at: charter.started_at,
            ended_at: charter.ended_at,
            position_ms: charter.edit.near(charter.position_ms(now_ms)),
        }
    }
}

impl RoomSeen {
    pub(super) fn of(charter: &Charter, now_ms: i64) -> Self {
        Self {
            id: charter.id.clone(),
            institution: charter.institution.clone(),
            title: charter.title.clone(),
            stage: Stage::of(charter, now_ms),
        }
    }
}

impl Live {
    /// What is pinned, as everybody sees it.
    pub(super) fn pinned(&self, facts: &Facts) -> Option<Seen> {
        Some(self.lens(&facts.charter.edit).near(facts.pinned.clone()?))
    }

    /// The room as everybody sees it, with what is in it.
    pub(super) fn opened(&self, room: &Room) -> RoomOpened {
        let (facts, needs) = (room.facts(), self.needs());
        RoomOpened {
            room: RoomSeen::of(&facts.charter, needs.clock.now_ms()),
            settings: facts.charter.settings.public(),
            pinned: self.pinned(&facts),
            notice: facts.notice.clone(),
            cleared_at: Some(facts.charter.cleared_at).filter(|at| *at > 0),
            viewers: needs.hub.subscribers(&room.viewers),
            total_likes: room.likes.total(),
            desk: None,
        }
    }

    /// What `actor` sees of the room as one of its staff; `None` for viewers.
    pub(super) async fn desk_of(
        &self,
        room: &Room,
        actor: &Actor,
    ) -> Result<Option<DeskSeen>, Refusal> {
        let you = match actor.standing {
            Standing::Viewer => return Ok(None),
            Standing::Moderator => Duty::Moderator,
            Standing::Host => Duty::Host,
        };
        let facts = room.facts();
        let mut staff = Vec::new();
        if actor.standing == Standing::Host {
            let mut members: Vec<&Member> = facts.staff.values().collect();
            members.sort_by(|a, b| a.id.cmp(&b.id));
            for Member { id, person, duty } in members {
                let nickname = self.known_name(person).await?;
                let (member, user) = (id.clone(), actor.told(person).cloned());
                staff.push(MemberSeen { member, duty: *duty, nickname, user });
            }
        }
        let charter = &facts.charter;
        Ok(Some(DeskSeen {
            you,
            settings: charter.settings.clone(),
            version: charter.version,
            cuts: charter.edit.cuts().to_vec(),
            staff,
        }))
    }
}
