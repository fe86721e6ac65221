//! Who may speak: tokens are verified here, and only here does a caller come from.
//!
//! A token is believed when a key of ours signed it with an algorithm that this key is for, its
//! times, issuer and audience fit, and its claims make a caller. Nothing that a client says of
//! itself beside the token counts.

pub mod claims;
mod fault;
mod grant;
mod key;
mod key_set;
mod pseudonym;
mod ring;
mod secret;

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub use self::{
    claims::Claims,
    fault::{Flaw, KeySetFault, MintFault, SetupFault, TokenFault},
    grant::{ConnectionGrant, Overrides, SubOptions, SubscriptionGrant},
    pseudonym::Face,
};
use self::{
    pseudonym::Masks,
    ring::{Kind, Ring},
};
use crate::{
    clock::Clock,
    config::identity as config,
    ids::{InstitutionId, UserId},
};

/// No key set is renewed more often, whatever is configured.
const JWKS_REFRESH_MIN: Duration = Duration::from_secs(1);

/// Whose tokens this node believes. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    config: config::Identity,
    clock: Clock,
    ring: Ring,
    masks: Masks,
}

impl Identity {
    /// Sets the keys up from `config`; makes the secret file where it is needed and missing.
    ///
    /// # Errors
    /// When the secret file can be neither read nor made, or the key set's file holds none.
    pub fn new(config: &config::Identity, clock: Clock) -> Result<Self, SetupFault> {
        let ring = Ring::new(config)?;
        let masks = match config.pseudonym_secret.is_empty() {
            true => Masks::new(&secret::kept_in(&config.secret_file)?),
            false => Masks::new(&config.pseudonym_secret),
        };
        Ok(Self(Arc::new(Inner { config: config.clone(), clock, ring, masks })))
    }

    /// Renews the key set at its interval until `stop`; the first time at once.
    pub async fn tend(&self, stop: CancellationToken) {
        let Some(set) = self.0.ring.set() else { return };
        let mut due = tokio::time::interval(self.0.config.jwks_refresh.0.max(JWKS_REFRESH_MIN));
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            stop.run_until_cancelled(set.renew(&set.keys())).await;
        }
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
        let claims = self.open(Kind::Connection, token).await?;
        Ok(ConnectionGrant::read(claims, self.0.config.anonymous)?)
    }

    /// Verifies a subscription token. Whose it is and for which connection is for the session to
    /// compare.
    ///
    /// # Errors
    /// As for [`Identity::verify_connection`].
    pub async fn verify_subscription(&self, token: &str) -> Result<SubscriptionGrant, TokenFault> {
        let claims = self.open(Kind::Subscription, token).await?;
        Ok(SubscriptionGrant::read(claims)?)
    }

    /// Signs a connection token with the secret that verifies it (HS256).
    ///
    /// # Errors
    /// When only public keys are configured.
    pub fn mint(&self, claims: &Claims) -> Result<String, MintFault> {
        self.0.ring.sign(claims)
    }

    /// The user as the institution sees them: stable, and unlinkable between institutions.
    pub fn pseudonym(&self, user: &UserId, institution: &InstitutionId) -> Face {
        self.0.masks.face(user, institution)
    }

    async fn open(&self, kind: Kind, token: &str) -> Result<Claims, TokenFault> {
        if token.len() > self.0.config.token_max.0 {
            return Err(Flaw::Length.into());
        }
        let claims = self.0.ring.open(kind, token).await?;
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
        let ttl_max_s = config.token_ttl_max.as_ms() / 1_000;
        let ttl_s = claims.exp.zip(claims.iat).map(|(exp, iat)| exp.saturating_sub(iat));
        if ttl_max_s > 0 && ttl_s.is_none_or(|ttl_s| ttl_s > ttl_max_s) {
            return Err(Flaw::Lifetime.into());
        }
        let (now_s, leeway_s) = (self.0.clock.now_s(), config.leeway.as_ms() / 1_000);
        let is_over = claims.exp.is_some_and(|exp| exp.saturating_add(leeway_s) <= now_s);
        let is_early = claims.nbf.is_some_and(|nbf| nbf.saturating_sub(leeway_s) > now_s);
        if is_over || is_early { Err(TokenFault::Expired) } else { Ok(()) }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("config", &self.0.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
