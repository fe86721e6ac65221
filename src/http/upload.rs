//! A call that brings bytes: its input stands in the query, and the body goes on as it arrives.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use axum::{body::Body, extract::Query, http::Uri, response::Response};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::time::timeout;

use super::{
    Needs,
    answer::{self, Refused},
};
use crate::{
    error::Code,
    operation::{
        Caller, Refusal,
        upload::{Feeder, Upload},
    },
};

/// How long the rest of a body is read after it was refused. A client that is still sending when the
/// connection closes would lose the answer.
const LINGER: Duration = Duration::from_secs(5);

/// Runs the operation `name`, which takes bytes.
pub(super) async fn call(
    needs: &Needs,
    (caller, name): (Caller, &str),
    uri: &Uri,
    body: Body,
) -> Result<Response, Refused> {
    let input = input(uri)?;
    let length = body.size_hint().exact();
    let (feeder, upload) = Upload::pair(length);
    let mut calling = pin!(needs.catalogue.call_with(caller, name, &input, Some(upload)));
    let mut feeding = pin!(feed(body, feeder));
    let (answer, is_read) = tokio::select! {
        biased;
        answer = &mut calling => (answer, false),
        () = &mut feeding => (calling.await, true),
    };
    if !is_read {
        drop(timeout(LINGER, feeding).await);
    }
    Ok(answer::output(answer?))
}

/// The query's fields as an object of texts.
fn input(uri: &Uri) -> Result<String, Refused> {
    let malformed = |reason: String| Refused::from(Refusal::new(Code::BadRequest).because(reason));
    let fields = Query::<BTreeMap<String, String>>::try_from_uri(uri);
    let Query(fields) = fields.map_err(|fault| malformed(fault.body_text()))?;
    serde_json::to_string(&fields).map_err(|fault| malformed(fault.to_string()))
}

/// Brings the body; what nobody wants any more is read and dropped.
async fn feed(mut body: Body, feeder: Feeder) {
    let mut feeder = Some(feeder);
    while let Some(frame) = body.frame().await {
        // Without an end the operation learns that it broke off.
        let Ok(frame) = frame else { return };
        let Ok(bytes) = frame.into_data() else { continue };
        if let Some(open) = &feeder
            && open.feed(bytes).await.is_err()
        {
            feeder = None;
        }
    }
    if let Some(feeder) = feeder {
        feeder.end().await;
    }
}
