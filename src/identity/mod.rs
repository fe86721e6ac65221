//! Who may speak: tokens are verified here, and only here does a caller come from.
//!
//! A token is believed when a key of ours signed it with an algorithm that this key is for, its
//! times, issuer and audience fit, and its claims make a caller. Nothing that a client says of
//! itself beside the token counts.

pub mod claims;
mod fault;
mod grant;
mod key;
mod secret;

use std::{fmt, sync::Arc};

use jsonwebtoken::{Algorithm, EncodingKey, Header};

use self::key::Key;
pub use self::{
    claims::Claims,
    fault::{Flaw, MintFault, SetupFault, TokenFault},
    grant::{ConnectionGrant, Overrides, SubOptions, SubscriptionGrant},
};
use crate::{clock::Clock, config::identity as config, config::value::Secret};

/// Whose tokens this node believes. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    config: config::Identity,
    clock: Clock,
    signing: Option<Secret>,
    connection_keys: Vec<Key>,
    subscription_keys: Vec<Key>,
}

impl Identity {
    /// Sets the keys up from `config`; makes the secret file where it is needed and missing.
    ///
    /// # Errors
    /// When the secret file can be neither read nor made.
    pub fn new(config: &config::Identity, clock: Clock) -> Result<Self, SetupFault> {
        let signing = signing_secret(config)?;
        let hmac = |secrets: &[&Secret]| -> Vec<Key> {
            let set = secrets.iter().filter(|secret| !secret.is_empty());
            set.map(|secret| Key::hmac(secret.reveal())).collect()
        };
        let own = signing.clone().unwrap_or_default();
        let connection_keys = hmac(&[&own, &config.hmac_secret_previous]);
        let subscription_keys = match config.subscription_hmac_secret.is_empty() {
            true => hmac(&[&own, &config.hmac_secret_previous]),
            false => hmac(&[&config.subscription_hmac_secret]),
        };
        let config = config.clone();
        let inner = Inner { config, clock, signing, connection_keys, subscription_keys };
        Ok(Self(Arc::new(inner)))
    }

    /// Whether connections without a token are let in.
    pub fn allows_anonymous(&self) -> bool {
        self.0.config.anonymous
    }

    /// Verifies a connection token.
    ///
    /// # Errors
    /// See [`TokenFault`]: 109 when expired, close 3500 when revoked or invalid, 100 when its key
    /// cannot be had now.
    pub async fn verify_connection(&self, token: &str) -> Result<ConnectionGrant, TokenFault> {
        let claims = std::future::ready(self.open(token, &self.0.connection_keys)).await?;
        Ok(ConnectionGrant::read(claims, self.0.config.anonymous)?)
    }

    /// Verifies a subscription token. Whose it is and for which connection is for the session to
    /// compare.
    ///
    /// # Errors
    /// As for [`Identity::verify_connection`].
    pub async fn verify_subscription(&self, token: &str) -> Result<SubscriptionGrant, TokenFault> {
        let claims = std::future::ready(self.open(token, &self.0.subscription_keys)).await?;
        Ok(SubscriptionGrant::read(claims)?)
    }

    /// Signs a connection token with the secret that verifies it (HS256).
    ///
    /// # Errors
    /// When only public keys are configured.
    pub fn mint(&self, claims: &Claims) -> Result<String, MintFault> {
        let secret = self.0.signing.as_ref().ok_or(MintFault::NoSecret)?;
        let key = EncodingKey::from_secret(secret.reveal().as_bytes());
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)?)
    }

    fn open(&self, token: &str, keys: &[Key]) -> Result<Claims, TokenFault> {
        if token.len() > self.0.config.token_max.0 {
            return Err(Flaw::Length.into());
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Flaw::Shape)?;
        // Extensions that must be understood are not (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(Flaw::Shape.into());
        }
        let mut outcome = Err(Flaw::Key);
        for key in keys.iter().filter(|key| key.allows(header.alg)) {
            outcome = key.open(token, header.alg);
            if !matches!(outcome, Err(Flaw::Signature)) {
                break;
            }
        }
        let claims = outcome?;
        self.check(&claims)?;
        Ok(claims)
    }

    /// Judges the claims that both kinds of token share.
    fn check(&self, claims: &Claims) -> Result<(), TokenFault> {
        let config = &self.0.config;
        if !config.issuer.is_empty() && claims.iss.as_ref() != Some(&config.issuer) {
            return Err(Flaw::Issuer.into());
        }
        if !config.audience.is_empty() && !claims.aud.contains(&config.audience) {
            return Err(Flaw::Audience.into());
        }
        let (now_s, leeway_s) = (self.0.clock.now_s(), config.leeway.as_ms() / 1_000);
        let is_over = claims.exp.is_some_and(|exp| exp.saturating_add(leeway_s) <= now_s);
        let is_early = claims.nbf.is_some_and(|nbf| nbf.saturating_sub(leeway_s) > now_s);
        match is_over || is_early {
            true => Err(TokenFault::Expired),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// The secret that development tokens are signed with: the configured one, none where a key set
/// stands for it, the file's otherwise.
fn signing_secret(config: &config::Identity) -> Result<Option<Secret>, SetupFault> {
    if !config.hmac_secret.is_empty() {
        return Ok(Some(config.hmac_secret.clone()));
    }
    if !config.jwks.is_empty() {
        return Ok(None);
    }
    tracing::warn!(file = %config.secret_file, "tokens are signed with a development secret");
    secret::kept_in(&config.secret_file).map(Some)
}

#[cfg(test)]
mod tests;
