//! A key, and the algorithms it may be used with: the key decides, never the token's header.

use std::fmt;

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::value::RawValue;

use crate::identity::{claims::Claims, fault::Flaw};

const HMAC: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
/// What a shared secret should have: the size of the hash (RFC 7518, section 3.2).
pub(super) const SECRET_BYTES_MIN: usize = 32;

/// One verification key, pinned to its algorithms.
pub(super) struct Key {
    id: Option<String>,
    algorithms: &'static [Algorithm],
    decoding: DecodingKey,
}

impl Key {
    /// A shared secret from the configuration.
    pub(super) fn hmac(secret: &str) -> Self {
        let decoding = DecodingKey::from_secret(secret.as_bytes());
        Self { id: None, algorithms: HMAC, decoding }
    }

    /// A key of a set that lies on this machine; `None` when it is no key for us.
    pub(super) fn from_file(json: &RawValue) -> Option<Self> {
        let jwk: Jwk = serde_json::from_str(json.get()).ok()?;
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        let is_short = |bytes: &[u8]| bytes.len() < SECRET_BYTES_MIN;
        if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_))
            && decoding.try_get_as_bytes().is_ok_and(is_short)
        {
            return None;
        }
        Some(Self { algorithms: pinned(&jwk)?, id: jwk.common.key_id, decoding })
    }

    /// A key of a set that came over the network: public ones only, whatever is served.
    pub(super) fn from_address(json: &RawValue) -> Option<Self> {
        let is_public = |key: &Self| key.algorithms.iter().all(|one| !HMAC.contains(one));
        Self::from_file(json).filter(is_public)
    }

    /// Whether a token with this header may be this key's: by its key id where both name one, and
    /// always by the algorithms that the key is for.
    pub(super) fn fits(&self, header: &Header) -> bool {
        let is_named = match (&self.id, &header.kid) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        };
        is_named && self.algorithms.contains(&header.alg)
    }

    /// Verifies the signature and reads the claims; judges none of them.
    pub(super) fn open(&self, token: &str, header: &Header) -> Result<Claims, Flaw> {
        if !self.fits(header) {
            return Err(Flaw::Key);
        }
        let mut signature_only = Validation::new(header.alg);
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

/// The algorithms that a key is for: the one it names, if its type has it, or those of its type.
fn pinned(jwk: &Jwk) -> Option<&'static [Algorithm]> {
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_ref();
    if !is_for_signatures || operations.is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return None;
    }
    let of_type: &'static [Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => RSA,
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            _ => return None,
        },
        AlgorithmParameters::OctetKey(_) => HMAC,
        _ => return None,
    };
    let Some(named) = jwk.common.key_algorithm else { return Some(of_type) };
    let at = of_type.iter().position(|algorithm| KeyAlgorithm::from(*algorithm) == named)?;
    Some(&of_type[at..=at])
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithms", &self.algorithms).finish()
    }
}
