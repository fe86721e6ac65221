//! The keys of this node: which of them a token must fit, and which one signs.

use jsonwebtoken::{Algorithm, EncodingKey, Header};

use crate::{
    config::{identity as config, value::Secret},
    identity::{
        claims::Claims,
        fault::{Flaw, MintFault, SetupFault, TokenFault},
        key::{Key, SECRET_BYTES_MIN},
        key_set::{KeySet, Renewal},
        secret,
    },
    telemetry::Metrics,
};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connection,
    Subscription,
}

/// The secrets and the key set of this node.
pub(super) struct Ring {
    signing: Option<Secret>,
    connection: Vec<Key>,
    subscription: Vec<Key>,
    set: Option<KeySet>,
}

impl Ring {
    /// Sets the keys up; makes the secret file when nothing else is configured.
    pub(super) fn new(config: &config::Identity, metrics: &Metrics) -> Result<Self, SetupFault> {
        let set = KeySet::new(config, metrics)?;
        let signing = match (config.hmac_secret.is_empty(), &set) {
            (false, _) => Some(config.hmac_secret.clone()),
            (true, Some(_)) => None,
            (true, None) => {
                tracing::warn!(file = %config.secret_file, "tokens are signed for development");
                Some(secret::kept_in(&config.secret_file)?)
            }
        };
        warn_of_short_secrets(config);
        let own = signing.clone().unwrap_or_default();
        let general = || keys(&[&own, &config.hmac_secret_previous]);
        let subscription = match config.subscription_hmac_secret.is_empty() {
            true => general(),
            false => keys(&[&config.subscription_hmac_secret]),
        };
        Ok(Self { connection: general(), subscription, signing, set })
    }

    /// The key set, when one is configured.
    pub(super) fn set(&self) -> Option<&KeySet> {
        self.set.as_ref()
    }

    /// The secret that signs, when there is one.
    pub(super) fn signing(&self) -> Option<&Secret> {
        self.signing.as_ref()
    }

    /// Verifies the signature with the secrets, then with the key set, then with a newer key set
    /// when no key was for this token.
    pub(super) async fn open(&self, kind: Kind, token: &str) -> Result<Claims, TokenFault> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Flaw::Shape)?;
        // Extensions that must be understood are not (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(Flaw::Shape.into());
        }
        let secrets = match kind {
            Kind::Connection => &self.connection,
            Kind::Subscription => &self.subscription,
        };
        let by_secret = first_that_fits(secrets, token, &header);
        let Some(set) = &self.set else { return Ok(by_secret?) };
        if !matches!(by_secret, Err(Flaw::Key | Flaw::Signature)) {
            return Ok(by_secret?);
        }
        let seen = set.keys();
        let by_set = first_that_fits(&seen, token, &header);
        if !matches!(by_set, Err(Flaw::Key)) {
            return Ok(by_set?);
        }
        if !set.could_hold(header.alg) {
            return Ok(by_secret?);
        }
        match set.renew(&seen).await {
            Renewal::Done => Ok(first_that_fits(&set.keys(), token, &header)?),
            Renewal::TooSoon | Renewal::Failed => Err(TokenFault::Unavailable),
        }
    }

    /// Signs a connection token (HS256).
    pub(super) fn sign(&self, claims: &Claims) -> Result<String, MintFault> {
        let secret = self.signing().ok_or(MintFault::NoSecret)?;
        let key = EncodingKey::from_secret(secret.reveal().as_bytes());
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)?)
    }
}

/// Platforms that come from elsewhere bring the secret they have, so a short one is not refused.
fn warn_of_short_secrets(config: &config::Identity) {
    let named = [
        ("hmac_secret", &config.hmac_secret),
        ("hmac_secret_previous", &config.hmac_secret_previous),
        ("subscription_hmac_secret", &config.subscription_hmac_secret),
    ];
    for (name, secret) in named {
        if (1..SECRET_BYTES_MIN).contains(&secret.reveal().len()) {
            tracing::warn!(secret = name, "shorter than the 32 bytes that RFC 7518 asks for");
        }
    }
}

fn keys(secrets: &[&Secret]) -> Vec<Key> {
    let set = secrets.iter().filter(|secret| !secret.is_empty());
    set.map(|secret| Key::hmac(secret.reveal())).collect()
}

fn first_that_fits(keys: &[Key], token: &str, header: &Header) -> Result<Claims, Flaw> {
    let mut outcome = Err(Flaw::Key);
    for key in keys.iter().filter(|key| key.fits(header)) {
        outcome = key.open(token, header);
        if !matches!(outcome, Err(Flaw::Signature)) {
            break;
        }
    }
    outcome
}
