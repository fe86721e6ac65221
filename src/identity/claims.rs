//! What a token says: the claims of both kinds of token, as they travel.
//!
//! The names are those of RFC 7519 and of the Centrifuge protocol's home server, and the platform's
//! own `role`, `inst`, `name`, `avatar` and `badge`. Claims that nobody here reads (`meta` …) may be
//! present and are passed over.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

use crate::operation::Role;

/// The claims of a connection token or of a subscription token. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// The user's id; empty for nobody.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sub: String,
    /// What the user is to the platform; a candidate when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The institution that an institutional role acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inst: Option<String>,
    /// A nickname, or a tutor's professional name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Shown beside the name in public places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<String>,
    /// When it was issued.
    #[serde(deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Not valid before.
    #[serde(deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Not valid from then on.
    #[serde(deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Whom it is meant for: one name or several.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// Its own id, to revoke it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// When the connection or subscription ends, instead of `exp`; 0 for never.
    #[serde(deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub expire_at: Option<i64>,
    /// JSON shown to others beside the user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<RawValue>>,
    /// The same, in base64; wins over `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b64info: Option<String>,
    /// Channels that the server subscribes the connection to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The same with settings of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subs: BTreeMap<String, SubscriptionClaims>,
    /// The channel of a subscription token; no connection token has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The one connection that a subscription token is for, when it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// JSON given to the subscriber with the answer to a subscription token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The same, in base64; wins over `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b64data: Option<String>,
    /// What a subscription token changes in the channel's settings.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub overrides: Option<OverrideClaims>,
}

/// One entry of `subs`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionClaims {
    /// JSON shown to the channel's others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<RawValue>>,
    /// The same, in base64; wins over `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b64info: Option<String>,
    /// JSON given to the subscriber.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The same, in base64; wins over `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b64data: Option<String>,
    /// What changes in the channel's settings.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub overrides: Option<OverrideClaims>,
}

/// Settings of a channel that one subscription sees otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OverrideClaims {
    /// Whether the subscriber is counted among the present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Flag>,
    /// Whether its join and leave are announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_leave: Option<Flag>,
    /// Whether it is told of joins and leaves without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_push_join_leave: Option<Flag>,
    /// Whether it is positioned and recovers without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_recovery: Option<Flag>,
    /// Whether it is positioned without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_positioning: Option<Flag>,
}

/// `{"value": true}`, as overrides are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// The setting.
    pub value: bool,
}

/// A `NumericDate` may have a fraction (RFC 7519, section 2); whole seconds are kept.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(deserializer)?;
    let whole = |number: serde_json::Number| {
        number.as_i64().or_else(|| {
            let fraction = number.as_f64().filter(|n| n.abs() < 1e15)?;
            #[expect(clippy::cast_possible_truncation, reason = "bounded on the line above")]
            Some(fraction.floor() as i64)
        })
    };
    number.map(|n| whole(n).ok_or_else(|| D::Error::custom("not a time"))).transpose()
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Audience>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Audience::One(name)) => vec![name],
        Some(Audience::Many(names)) => names,
    })
}
