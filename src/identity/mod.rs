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
mod operation;
mod revocation;
mod ring;
mod secret;

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

pub use self::{
    claims::Claims,
    fault::{Flaw, KeySetFault, MintFault, SetupFault, TokenFault},
    grant::{ConnectionGrant, Overrides, Stamp, SubOptions, SubscriptionGrant},
    operation::operations,
    revocation::Revocation,
};
use self::{
    revocation::Revocations,
    ring::{Kind, Ring},
};
use crate::{
    clock::Clock,
    config::identity as config,
    store::{self, Store},
    telemetry::Metrics,
};

/// No key set is renewed more often, whatever is configured.
const JWKS_REFRESH_MIN: Duration = Duration::from_secs(1);
/// How often revocations that name nothing valid any more are forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_secs(3_600);

/// Whose tokens this node believes. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    config: config::Identity,
    clock: Clock,
    ring: Ring,
    revocations: Revocations,
}

impl Identity {
    /// Sets the keys up from `config`; makes the secret file where it is needed and missing.
    /// Revocations last as long as the value: what `belfry token` and tests need.
    ///
    /// # Errors
    /// When the secret file can be neither read nor made, or the key set's file holds none.
    pub fn new(config: &config::Identity, clock: Clock) -> Result<Self, SetupFault> {
        let revocations = Revocations::new(ttl_max_s(config));
        Self::with(config, clock, revocations, &Metrics::default())
    }

    /// The same with the revocations of `store`, counting into `metrics`.
    ///
    /// # Errors
    /// As for [`Identity::new`], and when the revocations cannot be read.
    pub async fn open(
        config: &config::Identity,
        clock: Clock,
        store: Store,
        metrics: &Metrics,
    ) -> Result<Self, SetupFault> {
        let revocations = Revocations::load(store, ttl_max_s(config)).await?;
        Self::with(config, clock, revocations, metrics)
    }

    fn with(
        config: &config::Identity,
        clock: Clock,
        revocations: Revocations,
        metrics: &Metrics,
    ) -> Result<Self, SetupFault> {
        let ring = Ring::new(config, metrics)?;
        Ok(Self(Arc::new(Inner { config: config.clone(), clock, ring, revocations })))
    }

    /// Renews the key set and forgets old revocations at their intervals, until `stop`; the first
    /// time at once.
    pub async fn tend(&self, stop: CancellationToken) {
        tokio::join!(self.renew_keys(&stop), self.prune(&stop));
    }

    /// Whether connections without a token are let in.
    pub fn allows_anonymous(&self) -> bool {
        self.0.config.anonymous
    }

    /// Whether the one whom a believed token names may come in: not when it names nobody, and nobody
    /// is let in.
    pub fn admits(&self, grant: &ConnectionGrant) -> bool {
        !grant.caller.is_anonymous() || self.allows_anonymous()
    }

    /// Verifies a connection token; whom it names may still not come in, see [`Identity::admits`].
    ///
    /// # Errors
    /// See [`TokenFault`]: 109 when expired, close 3500 when revoked or invalid, 100 when its key
    /// cannot be had now.
    pub async fn verify_connection(&self, token: &str) -> Result<ConnectionGrant, TokenFault> {
        let claims = self.verify(Kind::Connection, token).await?;
        Ok(ConnectionGrant::read(claims)?)
    }

    /// Verifies a subscription token. Whose it is and for which connection is for the session to
    /// compare.
    ///
    /// # Errors
    /// As for [`Identity::verify_connection`].
    pub async fn verify_subscription(&self, token: &str) -> Result<SubscriptionGrant, TokenFault> {
        let claims = self.verify(Kind::Subscription, token).await?;
        Ok(SubscriptionGrant::read(claims)?)
    }

    /// Signs a connection token with the secret that verifies it (HS256).
    ///
    /// # Errors
    /// When only public keys are configured.
    pub fn mint(&self, claims: &Claims) -> Result<String, MintFault> {
        self.0.ring.sign(claims)
    }

    /// Ends tokens before their time. Connections that live by them are for the caller to end, as
    /// `identity.revoke` does.
    ///
    /// # Errors
    /// When the database does not take it; nothing is revoked then.
    pub async fn revoke(&self, revocation: &Revocation) -> Result<(), store::Fault> {
        self.0.revocations.add(revocation, self.0.clock.now_s()).await
    }

    /// Whether the token of this grant was revoked. Ask again once the connection can be reached by
    /// the signal of a revocation: one that came in between would be missed.
    pub fn is_revoked(&self, grant: &ConnectionGrant) -> bool {
        let Stamp { token_id, issued_at_s } = &grant.stamp;
        let user = grant.caller.user.as_str();
        self.0.revocations.covers(user, *issued_at_s, token_id.as_deref())
    }

    async fn verify(&self, kind: Kind, token: &str) -> Result<Claims, TokenFault> {
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
        if is_over || is_early {
            return Err(TokenFault::Expired);
        }
        let (issued_at_s, token_id) = (claims.iat.unwrap_or(0), claims.jti.as_deref());
        match self.0.revocations.covers(&claims.sub, issued_at_s, token_id) {
            true => Err(TokenFault::Revoked),
            false => Ok(()),
        }
    }

    async fn renew_keys(&self, stop: &CancellationToken) {
        let Some(set) = self.0.ring.set() else { return };
        let mut due = every(self.0.config.jwks_refresh.0.max(JWKS_REFRESH_MIN));
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            stop.run_until_cancelled(set.renew(&set.keys())).await;
        }
    }

    async fn prune(&self, stop: &CancellationToken) {
        let mut due = every(PRUNE_INTERVAL);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            if let Err(fault) = self.0.revocations.prune(self.0.clock.now_s()).await {
                tracing::warn!(%fault, "old revocations were not forgotten");
            }
        }
    }
}

/// For how long after its time a revocation may name a token that is still right.
fn ttl_max_s(config: &config::Identity) -> Option<i64> {
    let ttl_max_ms = config.token_ttl_max.as_ms();
    (ttl_max_ms > 0).then(|| ttl_max_ms.saturating_add(config.leeway.as_ms()) / 1_000 + 1)
}

fn every(interval: Duration) -> Interval {
    let mut due = tokio::time::interval(interval);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("config", &self.0.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
