//! Who may do what in a room, and who may learn whose comment it is: decided here and nowhere else.
//!
//! Two levels keep order: 房管 ([`Standing::Moderator`]) and 主持 ([`Standing::Host`]). Of both there
//! are those of the room, who may be an institution's, and those of the platform. Users are nobody to
//! an institution, so only the latter ever see an id.

use super::{
    facts::Facts,
    staff::{Duty, Term},
};
use crate::{
    error::Code,
    ids::{InstitutionId, UserId},
    operation::{Caller, Refusal, Role},
};

/// The longest mute of a 房管: a day.
const MODERATOR_MUTE_MS: i64 = 24 * 3_600_000;

/// What somebody is in a room, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Watches and speaks.
    Viewer,
    /// 房管: removes, mutes for up to a day, decides on held comments and questions.
    Moderator,
    /// 主持: all of that, and leads the room.
    Host,
}

/// Who acts in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) id: UserId,
    pub(super) standing: Standing,
    /// Whether they are the platform's own staff, who may learn whose comment it is.
    pub(super) is_platform: bool,
}

/// Where somebody works for an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// The directory has never heard of it.
    Never,
    /// There.
    At(InstitutionId),
    /// They did, and do not now.
    NoLonger,
}

/// What `caller` is in the room of `facts`, working where the directory says. Tokens outlive employment,
/// and a place on the staff of an institution's room outlives it as little: for those who come as its
/// people, and for those who come by another token and have once worked for one.
pub(super) fn actor(caller: &Caller, facts: &Facts, work: &Work) -> Actor {
    let owner = facts.charter.institution.as_ref();
    let is_theirs = match owner {
        _ if caller.role.is_institutional() => {
            works_as(caller, work) && (owner.is_none() || owner == caller.institution.as_ref())
        }
        None => true,
        Some(owner) => matches!(work, Work::Never) || work.is_at(owner),
    };
    let is_platform = platform(caller.role);
    let place = if is_theirs { duty(caller, facts) } else { Standing::Viewer };
    let standing = match caller.role {
        Role::Service | Role::Operator | Role::Lead => Standing::Host,
        Role::InstitutionAdmin if is_theirs && owner.is_some() => Standing::Host,
        Role::Moderator => Standing::Moderator.max(place),
        _ => place,
    };
    Actor { id: caller.user.clone(), standing, is_platform }
}

/// Whether a caller of an institution works where their token says.
fn works_as(caller: &Caller, work: &Work) -> bool {
    caller.institution.as_ref().is_some_and(|institution| work.is_at(institution))
}

/// Whether the role is of the platform's own staff.
pub(super) fn platform(role: Role) -> bool {
    matches!(role, Role::Service | Role::Operator | Role::Lead | Role::Moderator)
}

fn duty(caller: &Caller, facts: &Facts) -> Standing {
    match facts.staff.get(&caller.user).map(|member| member.duty) {
        None => Standing::Viewer,
        Some(Duty::Host) => Standing::Host,
        Some(Duty::Moderator) if caller.role == Role::Host => Standing::Host,
        Some(Duty::Moderator) => Standing::Moderator,
    }
}

/// Whether `caller` may make a room for `institution`. Where it is none, the room is the platform's.
pub(super) fn may_create(
    caller: &Caller,
    institution: Option<&InstitutionId>,
    work: &Work,
) -> Result<(), Refusal> {
    let may = match caller.role {
        Role::Service | Role::Operator | Role::Lead => true,
        Role::InstitutionAdmin => {
            works_as(caller, work)
                && institution.is_some()
                && caller.institution.as_ref() == institution
        }
        _ => false,
    };
    if may { Ok(()) } else { Err(Code::PermissionDenied.into()) }
}

impl Work {
    fn is_at(&self, institution: &InstitutionId) -> bool {
        matches!(self, Self::At(place) if place == institution)
    }
}

impl Actor {
    /// Whether they are on the room's staff, or the platform's.
    pub(super) fn is_staff(&self) -> bool {
        self.standing > Standing::Viewer
    }

    /// Refuses whoever stands lower than `least`.
    pub(super) fn at_least(&self, least: Standing) -> Result<(), Refusal> {
        if self.standing >= least { Ok(()) } else { Err(Code::PermissionDenied.into()) }
    }

    /// Refuses mutes that are longer than the actor may set.
    pub(super) fn may_mute(&self, term: Term, now_ms: i64) -> Result<(), Refusal> {
        self.at_least(Standing::Moderator)?;
        let is_short = matches!(term, Term::Time { until } if until - now_ms <= MODERATOR_MUTE_MS);
        if is_short { Ok(()) } else { self.at_least(Standing::Host) }
    }

    /// Refuses those who may not name people by their ids.
    pub(super) fn may_name_people(&self) -> Result<(), Refusal> {
        if self.is_platform { Ok(()) } else { Err(Code::PermissionDenied.into()) }
    }

    /// `person`, for whoever may learn it.
    pub(super) fn told<'a>(&self, person: &'a UserId) -> Option<&'a UserId> {
        self.is_platform.then_some(person)
    }
}
