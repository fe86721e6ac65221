//! Who looks at consultations, as their token tells. Whether they still work where it says is the
//! directory's to know ([`super::Consult::viewer`]).

use crate::{
    directory::SUPPORT,
    error::Code,
    ids::{InstitutionId, UserId},
    moderation::Side,
    operation::{Caller, Refusal, Role},
};

/// A person with something to see in consultations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Viewer {
    /// The account.
    pub(super) person: UserId,
    /// What they may look at.
    pub(super) standing: Standing,
}

/// What a viewer may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Their own conversations.
    User,
    /// Those they own, and the institution's queue without its text.
    Tutor(InstitutionId),
    /// All of the institution: its admin, or for `support` the platform's staff.
    Watcher(InstitutionId),
}

impl Viewer {
    /// The viewer that `caller` is. With `admin_reads` off, an admin sees what a tutor sees.
    pub(super) fn of(caller: &Caller, admin_reads: bool) -> Result<Self, Refusal> {
        let standing = match (caller.role, &caller.institution) {
            (Role::User, _) => Standing::User,
            (Role::Support, _) => Standing::Watcher(SUPPORT.into()),
            // `support` is the platform: no institution's token may name it.
            (Role::Tutor | Role::InstitutionAdmin, Some(institution))
                if institution.as_str() == SUPPORT =>
            {
                return Err(Code::PermissionDenied.into());
            }
            (Role::InstitutionAdmin, Some(institution)) if admin_reads => {
                Standing::Watcher(institution.clone())
            }
            (Role::Tutor | Role::InstitutionAdmin, Some(institution)) => {
                Standing::Tutor(institution.clone())
            }
            _ => return Err(Code::PermissionDenied.into()),
        };
        Ok(Self { person: caller.user.clone(), standing })
    }

    /// The institution they act for; `None` for a user.
    pub(super) fn institution(&self) -> Option<&InstitutionId> {
        match &self.standing {
            Standing::User => None,
            Standing::Tutor(institution) | Standing::Watcher(institution) => Some(institution),
        }
    }

    /// Which side they write on.
    pub(super) fn side(&self) -> Side {
        match self.standing {
            Standing::User => Side::User,
            Standing::Tutor(_) | Standing::Watcher(_) => Side::Institution,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_roles_see_consultations_and_no_token_of_an_institution_reaches_support() {
        for role in Role::ALL {
            let seen = Viewer::of(&Caller::new("x", *role).of("inst1"), true).is_ok();
            let expected =
                matches!(role, Role::User | Role::Tutor | Role::InstitutionAdmin | Role::Support);
            assert_eq!(seen, expected, "{role}");
        }
        for role in [Role::Tutor, Role::InstitutionAdmin] {
            assert!(Viewer::of(&Caller::new("x", role).of(SUPPORT), true).is_err());
            assert!(Viewer::of(&Caller::new("x", role), true).is_err());
        }
    }

    #[test]
    fn an_admin_who_may_not_read_is_a_tutor() {
        let admin = Caller::new("x", Role::InstitutionAdmin).of("inst1");
        let standing = |reads| Viewer::of(&admin, reads).unwrap().standing;
        assert_eq!(standing(true), Standing::Watcher("inst1".into()));
        assert_eq!(standing(false), Standing::Tutor("inst1".into()));
    }
}
