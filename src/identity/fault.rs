//! Why a token is not believed, in the ways a client must tell apart, or not made.

/// Why a token is not accepted. Never holds the token or any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Past its `exp` or before its `nbf`: the client fetches a new one (error 109).
    #[error("token expired")]
    Expired,
    /// Revoked by its id, or with all that its user held: the client signs in again (close 3500).
    #[error("token revoked")]
    Revoked,
    /// It will never be accepted (close 3500).
    #[error("invalid token: {0}")]
    Invalid(Flaw),
    /// Its key cannot be had now; the same token may be accepted later (error 100, temporary).
    #[error("the key set cannot be reached now")]
    Unavailable,
}

/// What is wrong with an invalid token, in words for logs, metrics and developers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// Longer than `identity.token_max`.
    #[error("longer than allowed")]
    Length,
    /// Not three base64url parts with a JSON header, or a header with critical extensions.
    #[error("not a signed JSON Web Token")]
    Shape,
    /// No key at hand has its `kid`, or may be used with its `alg`.
    #[error("no key for its algorithm and key id")]
    Key,
    /// The signature is another key's or another text's.
    #[error("its signature does not match")]
    Signature,
    /// A claim is of the wrong type, or its role is unknown.
    #[error("a claim is malformed")]
    Claims,
    /// Another `iss` than configured.
    #[error("issued by somebody else")]
    Issuer,
    /// Another `aud` than configured.
    #[error("meant for somebody else")]
    Audience,
    /// No `sub` beside a role that only somebody can have, or one that cannot stand in a channel's
    /// name.
    #[error("its subject is missing or malformed")]
    Subject,
    /// An institutional role without a well-formed `inst`.
    #[error("its role needs an institution")]
    Institution,
    /// A subscription token where a connection token is due, or the other way round.
    #[error("a token of the other kind")]
    Kind,
    /// Without `iat` and `exp`, or with more between them than `identity.token_ttl_max`.
    #[error("it lives longer than allowed")]
    Lifetime,
}

impl From<Flaw> for TokenFault {
    fn from(flaw: Flaw) -> Self {
        Self::Invalid(flaw)
    }
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintFault {
    /// Only public keys are configured.
    #[error("there is no secret to sign with: set identity.hmac_secret")]
    NoSecret,
    /// The claims do not serialize.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Why a key set could not be had. Never holds a key.
#[derive(Debug, thiserror::Error)]
pub enum KeySetFault {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The address cannot be reached, or answers with a fault.
    #[error("the address does not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// It is far longer than sets of keys are.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// It is something else, or holds too many keys.
    #[error("it is no JSON Web Key Set of at most {0} keys")]
    Shape(usize),
    /// None of its keys is for verifying signatures with an algorithm known here.
    #[error("it holds no key that tokens could be verified with")]
    Empty,
}

/// Why identity could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupFault {
    /// The key set's file holds none, or no connection to its address can be made ready.
    #[error("the key set {address} cannot be used: {source}")]
    KeySet {
        /// What `identity.jwks` names.
        address: String,
        /// Why.
        source: KeySetFault,
    },
    /// The secret file can be neither read nor made.
    #[error("the secret file {path} cannot be used: {source}")]
    SecretFile {
        /// Where it should be.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The revocations cannot be read.
    #[error("the revocations cannot be read: {0}")]
    Store(#[from] crate::store::Fault),
}
