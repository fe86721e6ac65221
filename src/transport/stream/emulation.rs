//! `/emulation`: commands for a connection that reads elsewhere.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
};

use super::intake::{Intake, Refused};
use crate::{protocol::codec::decode_emulation, transport::Transport};

/// Beside the commands there are two ids and names, and in JSON a backslash before each quote.
const ENVELOPE_BYTES: usize = 1_024;

/// Puts commands into the queue of their connection, in the order in which requests arrive. 204
/// says that they wait there; what comes of them is said on the stream.
pub async fn emulate(
    State(transport): State<Arc<Transport>>,
    request: Request,
) -> Result<StatusCode, Refused> {
    let max = transport.message_max();
    let intake = Intake::read(&transport, request, 2 * max + ENVELOPE_BYTES).await?;
    let request =
        decode_emulation(intake.encoding, &intake.body).map_err(|_| Refused::Malformed)?;
    if request.data.len() > max {
        return Err(Refused::TooLong);
    }
    transport.sessions.deliver(&request)?;
    Ok(StatusCode::NO_CONTENT)
}
