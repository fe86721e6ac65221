//! `POST /api/v1/<name>`: runs one operation for the bearer of a token.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::Response,
    routing::{self, MethodRouter},
};

use super::{
    Needs,
    answer::{self, Refused},
    bearer, body, upload,
};
use crate::{
    error::Code,
    operation::{Refusal, caller::PeerAddress},
};

/// Takes `POST` alone and says so to other methods (RFC 9110, section 15.5.6).
pub(super) fn route() -> MethodRouter<Arc<Needs>> {
    let refusal = Refusal::new(Code::BadRequest).because("operations take POST");
    let refused = Refused::from(refusal).under(StatusCode::METHOD_NOT_ALLOWED);
    routing::post(call).fallback(([(header::ALLOW, "POST")], refused))
}

/// Runs the operation `name`; its output is the whole body of the answer.
async fn call(
    State(needs): State<Arc<Needs>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refused> {
    let Path(name) = name.map_err(|fault| {
        Refused::from(Refusal::new(Code::BadRequest).because(fault.body_text()))
    })?;
    let (head, body) = request.into_parts();
    let mut caller = bearer::caller(&head.headers, &needs.identity).await?;
    caller.address = head.extensions.get::<PeerAddress>().map(|PeerAddress(peer)| peer.ip());
    if needs.catalogue.takes_bytes(&name) {
        return upload::call(&needs, (caller, &name), &head.uri, body).await;
    }
    let input = body::read(&head.headers, body, &needs.http).await?;
    Ok(answer::output(needs.catalogue.call(caller, &name, input.trim()).await?))
}
