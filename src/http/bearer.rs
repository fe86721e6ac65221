//! From the `Authorization` header to a caller.

use axum::http::{HeaderMap, header};

use super::answer::Refused;
use crate::{
    error::Code,
    identity::{Identity, TokenFault},
    operation::{Caller, Refusal},
};

/// Whose token the request carries (RFC 6750, section 2.1; the scheme's case does not matter).
pub(super) async fn caller(headers: &HeaderMap, identity: &Identity) -> Result<Caller, Refused> {
    let token = token(headers)
        .ok_or_else(|| unauthorized("send a token as Authorization: Bearer <JWT>".to_owned()))?;
    match identity.verify_connection(token).await {
        Ok(grant) if identity.admits(&grant) => Ok(grant.caller),
        Ok(_) => Err(unauthorized("the token names nobody".to_owned())),
        Err(TokenFault::Expired) => Err(Code::TokenExpired.into()),
        Err(TokenFault::Unavailable) => Err(Code::Unavailable.into()),
        Err(fault @ (TokenFault::Revoked | TokenFault::Invalid(_))) => {
            Err(unauthorized(fault.to_string()))
        }
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(reason: String) -> Refused {
    Refusal::new(Code::Unauthorized).because(reason).into()
}
