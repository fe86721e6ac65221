//! A key, and the algorithms it may be used with: the key decides, never the token's header.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};

use crate::identity::{claims::Claims, fault::Flaw};

/// The algorithms of an HMAC secret.
pub(super) const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// One verification key, pinned to its algorithms.
pub(super) struct Key {
    /// Its `kid`, for keys of a key set.
    pub(super) id: Option<String>,
    algorithms: &'static [Algorithm],
    decoding: DecodingKey,
}

impl Key {
    /// A shared secret.
    pub(super) fn hmac(secret: &str) -> Self {
        let decoding = DecodingKey::from_secret(secret.as_bytes());
        Self { id: None, algorithms: HMAC, decoding }
    }

    /// Whether a token with this `alg` may be verified with the key.
    pub(super) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Verifies the signature and reads the claims; judges none of them.
    pub(super) fn open(&self, token: &str, algorithm: Algorithm) -> Result<Claims, Flaw> {
        if !self.allows(algorithm) {
            return Err(Flaw::Key);
        }
        let mut signature_only = Validation::new(algorithm);
        signature_only.required_spec_claims.clear();
        // Times and names are checked against our clock and configuration by the caller.
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let opened = jsonwebtoken::decode::<Claims>(token, &self.decoding, &signature_only);
        opened.map(|data| data.claims).map_err(|fault| match fault.kind() {
            ErrorKind::Json(_) | ErrorKind::Utf8(_) => Flaw::Claims,
            ErrorKind::InvalidToken | ErrorKind::Base64(_) => Flaw::Shape,
            _ => Flaw::Signature,
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithms", &self.algorithms).finish()
    }
}
