//! The operations of identity: what the platform and its staff do about people's tokens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::Code,
    hub::{Hub, signal::Signal},
    identity::{Identity, Revocation},
    ids::UserId,
    operation::{Operation, Rate, Refusal, Role},
};

/// The longest `jti` that can be revoked, in bytes; a longer one is nobody's.
const TOKEN_ID_BYTES_MAX: usize = 256;

/// Which tokens end. With `token_id` it is that one; otherwise all of `user`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Revoke {
    /// Whose tokens.
    user: Option<UserId>,
    /// Those issued at or before this second since 1970; now when absent.
    before: Option<i64>,
    /// The one token with this `jti`.
    token_id: Option<String>,
}

/// Done; nothing more to say.
#[derive(Debug, Serialize, JsonSchema)]
struct Revoked {}

/// What identity offers over both doors.
pub fn operations(identity: &Identity, hub: &Hub) -> Vec<Operation> {
    let (identity, hub) = (identity.clone(), hub.clone());
    vec![Operation::new(
        "identity.revoke",
        "Ends tokens before their time, and the connections and subscriptions that live by them.",
        &[Role::Service, Role::Compliance, Role::Operator],
        Rate::Write,
        move |_, input| revoke(identity.clone(), hub.clone(), input),
    )]
}

async fn revoke(identity: Identity, hub: Hub, input: Revoke) -> Result<Revoked, Refusal> {
    let bad = |reason: &str| Err(Refusal::new(Code::BadRequest).because(reason));
    let now_s = identity.0.clock.now_s();
    let revocation = match (&input.user, input.before, input.token_id) {
        (_, None, Some(token_id)) if token_id.is_empty() || token_id.len() > TOKEN_ID_BYTES_MAX => {
            return bad("`token_id` is empty or longer than 256 bytes");
        }
        (_, None, Some(token_id)) => Revocation::Token { token_id },
        (Some(user), before, None) if !user.as_str().is_empty() => {
            // A second yet to come would lock the user out instead of ending what they hold.
            if before.is_some_and(|before_s| before_s > now_s) {
                return bad("`before` is in the future");
            }
            Revocation::User { user: user.clone(), before_s: before.unwrap_or(now_s) }
        }
        _ => return bad("give `user`, with or without `before`, or `token_id`"),
    };
    identity.revoke(&revocation).await.map_err(|_| Refusal::new(Code::Unavailable))?;
    let signal = match revocation {
        Revocation::User { before_s, .. } => {
            Signal::Revoked { before_s: Some(before_s), token_id: None }
        }
        Revocation::Token { token_id } => {
            Signal::Revoked { before_s: None, token_id: Some(token_id) }
        }
    };
    match input.user {
        Some(user) => drop(hub.signal(&user, None, &signal)),
        None => hub.signal_all(&signal),
    }
    Ok(Revoked {})
}
