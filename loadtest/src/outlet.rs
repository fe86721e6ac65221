//! The ways to publish: by a client's command, by an operation, by a server's HTTP interface.

use anyhow::Context as _;
use belfry::protocol::{
    codec::{Encoding, decode_replies, encode_commands},
    command::Command,
    request::{PublishRequest, RpcRequest},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    comment::Comments,
    http::{Endpoint, HttpLink, Response},
    link::{Link, Visitor},
    protocol::Kind,
    target::Target,
};

/// How a publication is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// The `publish` command of Centrifuge's clients.
    Command(Encoding),
    /// The operation `live.comment`, which may also answer `sampled` and `held`.
    Comment(Encoding),
    /// Centrifugo's server API: the channel is in the body.
    Api(Endpoint),
    /// The body is the payload, the channel is in the address.
    Post(Endpoint),
}

/// What the server says of one publication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Accepted for everybody.
    Delivered,
    /// Accepted; the server chooses who sees it.
    Sampled,
    /// Accepted, and kept back.
    Held,
    /// Not accepted, and why.
    Refused(String),
}

/// A publisher's connection.
#[derive(Debug)]
pub(crate) struct Outlet {
    line: Line,
    channel: String,
    last_id: u32,
}

#[derive(Debug)]
enum Line {
    Socket { link: Link, encoding: Encoding, is_operation: bool },
    Http { link: HttpLink, is_api: bool },
}

impl Outlet {
    /// Connects, over a WebSocket as the visitor whose `token` it is.
    pub(crate) async fn open(
        target: &Target,
        channel: &str,
        token: String,
    ) -> anyhow::Result<Self> {
        let line = match &target.way {
            Way::Command(encoding) | Way::Comment(encoding) => {
                let link = Link::open(target, Visitor { token, ..<_>::default() }).await?;
                let is_operation = matches!(target.way, Way::Comment(_));
                Line::Socket { link, encoding: *encoding, is_operation }
            }
            Way::Api(endpoint) | Way::Post(endpoint) => {
                let is_api = matches!(target.way, Way::Api(_));
                Line::Http { link: HttpLink::open(endpoint).await?, is_api }
            }
        };
        Ok(Self { line, channel: channel.to_owned(), last_id: 10 })
    }

    /// Asks for `burst` publications at once, due at the same time.
    pub(crate) async fn publish(
        &mut self,
        comments: &mut Comments,
        due: Instant,
        burst: usize,
    ) -> anyhow::Result<()> {
        match &self.line {
            Line::Socket { link, encoding, is_operation } => {
                let mut commands = Vec::with_capacity(burst);
                for _ in 0..burst {
                    self.last_id = self.last_id.wrapping_add(1).max(1);
                    let (id, channel) = (self.last_id, self.channel.clone());
                    commands.push(if *is_operation {
                        let input = comments.input(&channel, id, due);
                        let data = serde_json::to_vec(&input)?.into();
                        Command::new(id, RpcRequest { method: "live.comment".to_owned(), data })
                    } else {
                        let data = comments.payload(due).into();
                        Command::new(id, PublishRequest { channel, data, kind: 0 })
                    });
                }
                let mut payload = Vec::new();
                encode_commands(*encoding, &commands, &mut payload)?;
                link.say(&payload).await
            }
            Line::Http { link, is_api } => {
                let body = |payload: String| match is_api {
                    false => Ok(payload.into_bytes()),
                    true => {
                        let data: Value = serde_json::from_str(&payload)?;
                        serde_json::to_vec(&json!({"channel": self.channel, "data": data}))
                    }
                };
                let bodies: Result<Vec<_>, _> =
                    (0..burst).map(|_| body(comments.payload(due))).collect();
                link.post(&bodies?).await
            }
        }
    }

    /// Waits until something has come. May be given up any time.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        match &self.line {
            Line::Socket { link, .. } => link.ready().await,
            Line::Http { link, .. } => link.ready().await,
        }
    }

    /// The answers that are here, in the order of the questions.
    pub(crate) async fn answers(&mut self) -> anyhow::Result<Vec<Status>> {
        match &mut self.line {
            Line::Http { link, .. } => Ok(link.answers()?.iter().map(of_response).collect()),
            Line::Socket { link, encoding, .. } => {
                let mut answers = Vec::new();
                let hear = link.hear_now(|message| {
                    if message.kind == Kind::Answer {
                        answers.push(of_answer(*encoding, message.bytes));
                    }
                });
                hear.await?;
                answers.into_iter().collect()
            }
        }
    }
}

fn of_answer(encoding: Encoding, answer: &[u8]) -> anyhow::Result<Status> {
    let reply = decode_replies(encoding, answer)?.pop().context("an answer without a reply")?;
    if let Some(error) = reply.error {
        return Ok(Status::Refused(format!("{} {}", error.code, error.message)));
    }
    let Some(rpc) = reply.rpc else { return Ok(Status::Delivered) };
    let output: Value = serde_json::from_slice(&rpc.data)?;
    Ok(match output["status"].as_str() {
        Some("sampled") => Status::Sampled,
        Some("held") => Status::Held,
        _ => Status::Delivered,
    })
}

/// Centrifugo answers refusals with 200 and an `error` in the body.
fn of_response(response: &Response) -> Status {
    let is_refused = response.body.starts_with(b"{\"error\"");
    if (200..300).contains(&response.status) && !is_refused {
        return Status::Delivered;
    }
    let body = String::from_utf8_lossy(&response.body);
    let start: String = body.chars().take(200).collect();
    Status::Refused(format!("{} {start}", response.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_what_became_of_a_publication() {
        let of = |answer: &[u8]| of_answer(Encoding::Json, answer).unwrap();
        assert_eq!(of(br#"{"id":1,"publish":{}}"#), Status::Delivered);
        let rpc = |status: &str| format!(r#"{{"id":1,"rpc":{{"data":{{"status":"{status}"}}}}}}"#);
        assert_eq!(of(rpc("visible").as_bytes()), Status::Delivered);
        assert_eq!(of(rpc("sampled").as_bytes()), Status::Sampled);
        assert_eq!(of(rpc("held").as_bytes()), Status::Held);
        let error = br#"{"id":1,"error":{"code":103,"message":"permission denied"}}"#;
        assert_eq!(of(error), Status::Refused("103 permission denied".to_owned()));
        let response = |status, body: &str| of_response(&Response { status, body: body.into() });
        assert_eq!(response(202, "queued"), Status::Delivered);
        assert_eq!(response(200, r#"{"result":{}}"#), Status::Delivered);
        assert!(matches!(response(200, r#"{"error":{"code":102}}"#), Status::Refused(_)));
        assert_eq!(response(403, "no"), Status::Refused("403 no".to_owned()));
    }
}
