//! `[identity]`: whose tokens are believed, and with which keys they are verified.

use serde::{Deserialize, Serialize};

use super::{
    fault::Wrong,
    value::{Secret, Size, Span},
};

/// The `[identity]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The secret that HS256, HS384 and HS512 tokens are signed with; 32 bytes or more (RFC 7518,
    /// section 3.2). Without it and without `jwks`, a development secret is made in `secret_file`.
    pub hmac_secret: Secret,
    /// The secret before the last rotation: still verifies, never signs.
    pub hmac_secret_previous: Secret,
    /// A secret of its own for subscription tokens; absent, `hmac_secret` verifies both kinds.
    pub subscription_hmac_secret: Secret,
    /// A JSON Web Key Set (RFC 7517): the path of a file, or an `https://` address (`http://` on a
    /// closed network). Shared secrets are taken from a file only.
    pub jwks: String,
    /// How often the key set is fetched again.
    pub jwks_refresh: Span,
    /// How long one fetch may take.
    pub jwks_timeout: Span,
    /// The shortest time between two fetches that tokens with unknown key ids cause.
    pub jwks_min_interval: Span,
    /// Tokens must carry this `iss`; empty, any or none will do.
    pub issuer: String,
    /// Tokens must carry this among their `aud`; empty, any or none will do.
    pub audience: String,
    /// By how much the clocks of the issuer and of this server may differ.
    pub leeway: Span,
    /// The longest token that is looked at.
    pub token_max: Size,
    /// The longest life of a token, `exp` − `iat`; both claims are then required, and revocations
    /// are forgotten after as long. 0 sets no limit and keeps revocations for ever.
    pub token_ttl_max: Span,
    /// Whether connections that nobody vouches for are let in at all.
    pub anonymous: bool,
    /// Where the development secret is kept, readable by its owner alone. It is made at the first
    /// start without `hmac_secret` and `jwks`.
    pub secret_file: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            hmac_secret: Secret::default(),
            hmac_secret_previous: Secret::default(),
            subscription_hmac_secret: Secret::default(),
            jwks: String::new(),
            jwks_refresh: Span::seconds(300),
            jwks_timeout: Span::seconds(5),
            jwks_min_interval: Span::seconds(10),
            issuer: String::new(),
            audience: String::new(),
            leeway: Span::seconds(0),
            token_max: Size::kib(16),
            token_ttl_max: Span::seconds(0),
            anonymous: false,
            secret_file: "var/identity.secret".to_owned(),
        }
    }
}

impl Identity {
    /// Refuses what would let nobody in, and a rotation without a secret to rotate to.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if self.token_max.0 == 0 {
            wrong.push(Wrong::new("token_max", "0 would refuse every token"));
        }
        if self.hmac_secret.is_empty() && !self.hmac_secret_previous.is_empty() {
            let reason = "there is no hmac_secret that came after it";
            wrong.push(Wrong::new("hmac_secret_previous", reason));
        }
        wrong
    }
}
