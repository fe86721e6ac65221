//! Whose pages may connect: this server's own, and those of the configured origins.

use axum::http::{HeaderMap, header};

/// Whether the request comes from a program, which sends no origin, from a page of this server, or
/// from a page of an origin that is `allowed`.
pub fn is_welcome(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}
