//! Who is asking: what a verified token says, and nothing that the client says about itself.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, InstitutionId, UserId};

/// What a person or program is to the platform. A token without a role is a candidate's.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A candidate, on phone, PC and web at once.
    #[default]
    User,
    /// Answers candidates for an institution.
    Tutor,
    /// Leads an institution's tutors.
    InstitutionAdmin,
    /// Leads a live room.
    Host,
    /// 审核员: decides on live comments and reports.
    Moderator,
    /// 监管员: supervises consultations under a grant.
    Supervisor,
    /// 监管主管: approves what supervisors ask for.
    Lead,
    /// 合规: rights, holds, sanctions under the law.
    Compliance,
    /// 审计员: reads the audit log and nothing else.
    Auditor,
    /// 客服: the platform's own customer service.
    Support,
    /// One of the platform's own services, over HTTP.
    Service,
    /// A push delivery worker.
    Worker,
    /// Runs the server.
    Operator,
}

impl Role {
    /// Every role, in the order above.
    pub const ALL: &'static [Self] = &[
        Self::User,
        Self::Tutor,
        Self::InstitutionAdmin,
        Self::Host,
        Self::Moderator,
        Self::Supervisor,
        Self::Lead,
        Self::Compliance,
        Self::Auditor,
        Self::Support,
        Self::Service,
        Self::Worker,
        Self::Operator,
    ];

    /// The role as a token's `role` claim writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tutor => "tutor",
            Self::InstitutionAdmin => "institution_admin",
            Self::Host => "host",
            Self::Moderator => "moderator",
            Self::Supervisor => "supervisor",
            Self::Lead => "lead",
            Self::Compliance => "compliance",
            Self::Auditor => "auditor",
            Self::Support => "support",
            Self::Service => "service",
            Self::Worker => "worker",
            Self::Operator => "operator",
        }
    }

    /// Whether the role acts for an institution, and so must carry an `inst` claim.
    pub fn is_institutional(self) -> bool {
        matches!(self, Self::Tutor | Self::InstitutionAdmin)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, thiserror::Error)]
#[error(
    "no such role; one of user, tutor, institution_admin, host, moderator, supervisor, lead, compliance, auditor, support, service, worker, operator"
)]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// Where a request comes from: the other end of the connection, or whom a trusted proxy names; then
/// the port is 0 when it names none. A request extension that the accept loop sets and both doors
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// Who calls an operation. Made by `identity` from a verified token alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`; empty for an anonymous connection.
    pub user: UserId,
    /// The token's `role`.
    pub role: Role,
    /// The token's `inst`: set for institutional roles, ignored for the others.
    pub institution: Option<InstitutionId>,
    /// The token's `name`: a nickname or a tutor's professional name.
    pub name: Option<String>,
    /// The token's `avatar`: an address of a picture.
    pub avatar: Option<String>,
    /// The token's `badge`: shown beside the name in public places.
    pub badge: Option<String>,
    /// The connection the call came over; `None` on the HTTP door.
    pub connection: Option<ConnectionId>,
    /// The client's address, as the server saw it or a trusted proxy names it, for rates and IP属地.
    /// Never shown to anyone.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// A caller with nothing but an id and a role, as tests and the server itself need.
    pub fn new(user: impl Into<UserId>, role: Role) -> Self {
        Self {
            user: user.into(),
            role,
            institution: None,
            name: None,
            avatar: None,
            badge: None,
            connection: None,
            address: None,
        }
    }

    /// The same caller, acting for `institution`.
    #[must_use]
    pub fn of(mut self, institution: impl Into<InstitutionId>) -> Self {
        self.institution = Some(institution.into());
        self
    }

    /// Whether nobody vouches for this caller.
    pub fn is_anonymous(&self) -> bool {
        self.user.as_str().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_claim() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), *role);
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert!("root".parse::<Role>().is_err());
    }
}
