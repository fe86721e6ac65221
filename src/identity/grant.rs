//! What a believed token allows, in the house's own terms.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    identity::{
        claims::{Claims, Flag, OverrideClaims, SubscriptionClaims},
        fault::Flaw,
    },
    ids::{ChannelName, InstitutionId, UserId},
    operation::{Caller, Role},
    protocol::payload,
};

/// How long an id may be: it stands in channel names, which hold 255 bytes.
const ID_BYTES_MAX: usize = 128;

/// What a connection token allows.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionGrant {
    /// Who connects; the session adds its connection and address.
    pub caller: Caller,
    /// JSON on one line, shown to others beside the user's id.
    pub info: Option<Bytes>,
    /// Channels that the server subscribes the connection to.
    pub channels: Vec<ChannelName>,
    /// The same with settings of each.
    pub subs: BTreeMap<ChannelName, SubOptions>,
    /// When the connection must have been refreshed, in seconds since 1970; `None` for never.
    pub expire_at_s: Option<i64>,
    /// What the token is revoked by.
    pub stamp: Stamp,
}

/// What a subscription token allows.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionGrant {
    /// Whose token it is; empty for an anonymous connection.
    pub user: UserId,
    /// The one channel it opens.
    pub channel: ChannelName,
    /// The one connection it is for, when it names one.
    pub client: Option<String>,
    /// Info, data and settings of the subscription.
    pub options: SubOptions,
    /// When the subscription must have been refreshed, in seconds since 1970; `None` for never.
    pub expire_at_s: Option<i64>,
    /// What the token is revoked by.
    pub stamp: Stamp,
}

/// What a revocation names a token by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its `jti`.
    pub token_id: Option<String>,
    /// Its `iat`; 0 when it has none, so that revoking its user covers it.
    pub issued_at_s: i64,
}

/// What a token says of one subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubOptions {
    /// JSON on one line, shown to the channel's others.
    pub info: Option<Bytes>,
    /// JSON on one line, given to the subscriber.
    pub data: Option<Bytes>,
    /// What changes in the channel's settings.
    pub overrides: Overrides,
}

/// Settings of the channel that this subscription sees otherwise; `None` leaves them as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Whether the subscriber is counted among the present.
    pub presence: Option<bool>,
    /// Whether its join and leave are announced.
    pub join_leave: Option<bool>,
    /// Whether it is told of joins and leaves without asking.
    pub force_push_join_leave: Option<bool>,
    /// Whether it is positioned and recovers without asking.
    pub force_recovery: Option<bool>,
    /// Whether it is positioned without asking.
    pub force_positioning: Option<bool>,
}

impl ConnectionGrant {
    /// Reads what verified `claims` allow. Without a subject they are nobody's; whether nobody may
    /// come in is for [`Identity::admits`](crate::identity::Identity::admits) to say.
    pub(super) fn read(claims: Claims) -> Result<Self, Flaw> {
        if claims.channel.is_some() {
            return Err(Flaw::Kind);
        }
        let role = claims.role.unwrap_or_default();
        let is_nobodys = claims.sub.is_empty() && role == Role::User;
        if !is_nobodys && !is_id(&claims.sub) {
            return Err(Flaw::Subject);
        }
        let institution = claims.inst.filter(|_| role.is_institutional());
        if role.is_institutional() && !institution.as_deref().is_some_and(is_id) {
            return Err(Flaw::Institution);
        }
        let mut caller = Caller::new(claims.sub, role);
        caller.institution = institution.map(InstitutionId::from);
        caller.name = claims.name;
        caller.avatar = claims.avatar;
        caller.badge = claims.badge;
        let options = |(channel, sub)| Ok((ChannelName::from(channel), SubOptions::read(sub)?));
        Ok(Self {
            caller,
            info: json(claims.info, claims.b64info)?,
            channels: claims.channels.into_iter().map(ChannelName::from).collect(),
            subs: claims.subs.into_iter().map(options).collect::<Result<_, Flaw>>()?,
            expire_at_s: expiry(claims.expire_at, claims.exp),
            stamp: Stamp::read(claims.jti, claims.iat),
        })
    }
}

impl SubscriptionGrant {
    /// Reads what verified `claims` allow.
    pub(super) fn read(claims: Claims) -> Result<Self, Flaw> {
        let Some(channel) = claims.channel.filter(|channel| !channel.is_empty()) else {
            return Err(Flaw::Kind);
        };
        if !claims.sub.is_empty() && !is_id(&claims.sub) {
            return Err(Flaw::Subject);
        }
        let options = SubscriptionClaims {
            info: claims.info,
            b64info: claims.b64info,
            data: claims.data,
            b64data: claims.b64data,
            overrides: claims.overrides,
        };
        Ok(Self {
            user: claims.sub.into(),
            channel: channel.into(),
            client: claims.client.filter(|client| !client.is_empty()),
            options: SubOptions::read(options)?,
            expire_at_s: expiry(claims.expire_at, claims.exp),
            stamp: Stamp::read(claims.jti, claims.iat),
        })
    }
}

impl Stamp {
    fn read(token_id: Option<String>, issued_at_s: Option<i64>) -> Self {
        Self { token_id, issued_at_s: issued_at_s.unwrap_or(0) }
    }

    /// Whether the token is revoked with those issued at or before `before_s`, or as the one of
    /// `token_id`.
    pub fn is_named(&self, before_s: Option<i64>, token_id: Option<&str>) -> bool {
        before_s.is_some_and(|before_s| self.issued_at_s <= before_s)
            || token_id.is_some() && token_id == self.token_id.as_deref()
    }
}

impl SubOptions {
    fn read(claims: SubscriptionClaims) -> Result<Self, Flaw> {
        Ok(Self {
            info: json(claims.info, claims.b64info)?,
            data: json(claims.data, claims.b64data)?,
            overrides: claims.overrides.unwrap_or_default().into(),
        })
    }
}

impl From<OverrideClaims> for Overrides {
    fn from(claims: OverrideClaims) -> Self {
        let value = |flag: Option<Flag>| flag.map(|flag| flag.value);
        Self {
            presence: value(claims.presence),
            join_leave: value(claims.join_leave),
            force_push_join_leave: value(claims.force_push_join_leave),
            force_recovery: value(claims.force_recovery),
            force_positioning: value(claims.force_positioning),
        }
    }
}

/// A comma would name two users in `user:#<id>`, a `#` would start another list of them.
fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b',' && byte != b'#';
    !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(is_plain)
}

fn expiry(expire_at: Option<i64>, exp: Option<i64>) -> Option<i64> {
    match expire_at {
        Some(0) => None,
        Some(at) => Some(at),
        None => exp,
    }
}

/// The payload as others will get it: JSON on one line, nested no deeper than they read. Otherwise it
/// would close each JSON connection that it is shown to.
fn json(raw: Option<Box<RawValue>>, base64: Option<String>) -> Result<Option<Bytes>, Flaw> {
    let text = match base64.filter(|text| !text.is_empty()) {
        None => raw.map(|raw| Bytes::from(Box::<str>::from(raw).into_string())),
        Some(base64) => Some(STANDARD.decode(base64).map_err(|_| Flaw::Claims)?.into()),
    };
    text.map(|text| payload::one_line(&text)).transpose().map_err(|_| Flaw::Claims)
}
