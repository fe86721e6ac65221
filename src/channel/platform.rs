//! What the operations on channels do.

use bytes::Bytes;

use crate::{
    channel::operations::{
        Broadcast, Broadcasted, Channels, Counted, Disconnect, History, Info, Item, Json,
        ListChannels, Malformed, Named, Node, Nothing, Person, Present, Publish, Published,
        Reached, ReadHistory, Refresh, Response, Subscribe, Subscribers, Unsubscribe, json, one,
    },
    error::Code,
    hub::{Draft, Fault, Hub, Invitation, Misnamed, Query, Signal},
    ids::ChannelName,
    operation::Refusal,
    protocol::{
        code::{self, DisconnectCode, UnsubscribeCode},
        payload,
        publication::{ClientInfo, Publication},
    },
};

/// So many channels one broadcast reaches, and one list shows.
const CHANNELS_MAX: usize = 1_000;

/// An idempotency key is at most this long, in bytes.
const KEY_MAX: usize = 255;

/// The platform's hand in the hub.
#[derive(Clone)]
pub struct Platform {
    hub: Hub,
    history_max: usize,
}

impl Platform {
    /// A hand that reads at most `history_max` publications at once.
    pub fn new(hub: Hub, history_max: usize) -> Self {
        Self { hub, history_max }
    }

    pub(super) async fn publish(&self, input: Publish) -> Result<Published, Refusal> {
        let Publish { channel, data, tags, idempotency_key, skip_history } = input;
        let draft = draft(&data, idempotency_key)?;
        self.publish_draft(&channel, Draft { tags, skip_history, ..draft }).await
    }

    pub(super) async fn broadcast(&self, input: Broadcast) -> Result<Broadcasted, Refusal> {
        let Broadcast { channels, data, tags, idempotency_key, skip_history } = input;
        if channels.len() > CHANNELS_MAX {
            return Err(Refusal::new(Code::LimitExceeded).with("max", CHANNELS_MAX));
        }
        let draft = Draft { tags, skip_history, ..draft(&data, idempotency_key)? };
        let mut responses = Vec::with_capacity(channels.len());
        for channel in channels {
            responses.push(match self.publish_draft(&channel, draft.clone()).await {
                Ok(published) => Response::Result(published),
                Err(refusal) => {
                    Response::Error { code: refusal.code().number(), message: refusal.to_string() }
                }
            });
        }
        Ok(Broadcasted { responses })
    }

    async fn publish_draft(
        &self,
        channel: &ChannelName,
        draft: Draft,
    ) -> Result<Published, Refusal> {
        let position = self.hub.publish_draft(channel, draft).await.map_err(unpublished)?;
        Ok(Published { offset: position.offset, epoch: position.epoch.to_string() })
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn subscribe(&self, input: Subscribe) -> Result<Reached, Refusal> {
        self.hub.namespace(&input.channel).map_err(misnamed)?;
        let client = one(input.client.as_deref()).map_err(malformed)?;
        let (info, data) = (payload(input.info)?, payload(input.data)?);
        let signal = Signal::Subscribe(Invitation { channel: input.channel, info, data });
        Ok(Reached { connections: self.hub.signal(&input.user, client, &signal) })
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn unsubscribe(&self, input: Unsubscribe) -> Result<Reached, Refusal> {
        let client = one(input.client.as_deref()).map_err(malformed)?;
        let code = UnsubscribeCode::Unsubscribed;
        let signal = Signal::Unsubscribe { channel: input.channel, code };
        Ok(Reached { connections: self.hub.signal(&input.user, client, &signal) })
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn disconnect(&self, input: Disconnect) -> Result<Reached, Refusal> {
        let client = one(input.client.as_deref()).map_err(malformed)?;
        let why = match (input.code, input.reason) {
            (None, _) => DisconnectCode::ForceDisconnect.into(),
            (Some(code), reason) => code::Disconnect::application(code, reason.unwrap_or_default())
                .map_err(|invalid| Refusal::new(Code::BadRequest).because(invalid.to_string()))?,
        };
        Ok(Reached { connections: self.hub.disconnect(&input.user, client, &why) })
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn refresh(&self, input: Refresh) -> Result<Reached, Refusal> {
        let client = one(input.client.as_deref()).map_err(malformed)?;
        let connections = if input.expired {
            let why = DisconnectCode::ConnectionExpired.into();
            self.hub.disconnect(&input.user, client, &why)
        } else {
            let signal = Signal::Refresh { expire_at_s: input.expire_at };
            self.hub.signal(&input.user, client, &signal)
        };
        Ok(Reached { connections })
    }

    pub(super) async fn presence(&self, input: Named) -> Result<Present, Refusal> {
        let present = self.present(&input.channel).await?;
        let presence =
            present.into_iter().map(|info| (info.client.clone(), person(info))).collect();
        Ok(Present { presence })
    }

    pub(super) async fn presence_stats(&self, input: Named) -> Result<Counted, Refusal> {
        let present = self.present(&input.channel).await?;
        let num_clients = present.len();
        let mut users: Vec<_> = present.into_iter().map(|info| info.user).collect();
        users.sort_unstable();
        users.dedup();
        Ok(Counted { num_clients, num_users: users.len() })
    }

    async fn present(&self, channel: &ChannelName) -> Result<Vec<ClientInfo>, Refusal> {
        if !self.hub.namespace(channel).map_err(misnamed)?.rules.presence {
            return Err(Code::NotAvailable.into());
        }
        Ok(self.hub.presence(channel).await.into_iter().map(|(_, info)| info).collect())
    }

    pub(super) async fn history(&self, input: ReadHistory) -> Result<History, Refusal> {
        if self.hub.namespace(&input.channel).map_err(misnamed)?.rules.history_size == 0 {
            return Err(Code::NotAvailable.into());
        }
        let max = self.history_max;
        let limit = usize::try_from(input.limit).map_or(max, |limit| limit.min(max));
        let since = input.since.as_ref().map(|since| since.offset);
        let query = Query { since, limit, reverse: input.reverse };
        let page = self.hub.history(&input.channel, &query).await;
        let epoch = page.position.epoch.to_string();
        if input.since.is_some_and(|since| !since.epoch.is_empty() && since.epoch != epoch) {
            return Err(Code::UnrecoverablePosition.into());
        }
        let publications = page.publications.iter().map(|publication| item(publication)).collect();
        Ok(History { publications, epoch, offset: page.position.offset })
    }

    pub(super) async fn history_remove(&self, input: Named) -> Result<Nothing, Refusal> {
        self.hub.namespace(&input.channel).map_err(misnamed)?;
        self.hub.clear_history(&input.channel).await;
        Ok(Nothing {})
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn channels(&self, input: ListChannels) -> Result<Channels, Refusal> {
        let limit = input.limit.unwrap_or(CHANNELS_MAX).min(CHANNELS_MAX);
        let found = self.hub.channels(&input.prefix, limit).into_iter();
        let channels = found.map(|(channel, num_clients)| (channel, Subscribers { num_clients }));
        Ok(Channels { channels: channels.collect() })
    }

    #[expect(clippy::unused_async, reason = "the operations of other nodes wait for the network")]
    pub(super) async fn info(&self, _input: Nothing) -> Result<Info, Refusal> {
        let (num_clients, num_users) = self.hub.counts();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let node = Node { version, num_clients, num_users, uptime: self.hub.now_s() };
        Ok(Info { nodes: vec![node] })
    }
}

fn draft(data: &Json, idempotency_key: Option<String>) -> Result<Draft, Refusal> {
    if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_MAX) {
        let refusal = Refusal::new(Code::BadRequest);
        return Err(refusal.because("`idempotency_key` is 1 to 255 bytes"));
    }
    let data = Bytes::copy_from_slice(data.get().as_bytes());
    Ok(Draft { data, idempotency_key, ..Draft::default() })
}

/// What clients can be given: others would close those who speak JSON.
fn payload(json: Option<Json>) -> Result<Option<Bytes>, Refusal> {
    let bytes = json.map(|json| Bytes::from(Box::<str>::from(json).into_string()));
    bytes
        .map(|bytes| payload::one_line(&bytes))
        .transpose()
        .map_err(|not_json| Refusal::new(Code::BadRequest).because(not_json.to_string()))
}

fn person(info: ClientInfo) -> Person {
    let (conn_info, chan_info) = (json(&info.conn_info), json(&info.chan_info));
    Person { user: info.user, client: info.client, conn_info, chan_info }
}

fn item(publication: &Publication) -> Item {
    Item {
        offset: publication.offset,
        data: json(&publication.data),
        info: publication.info.clone().map(person),
        tags: publication.tags.clone(),
    }
}

fn unpublished(fault: Fault) -> Refusal {
    match fault {
        Fault::Misnamed(fault) => misnamed(fault),
        Fault::NotJson => Refusal::new(Code::BadRequest).because(fault.to_string()),
    }
}

fn misnamed(misnamed: Misnamed) -> Refusal {
    let code = match misnamed {
        Misnamed::Malformed => Code::BadRequest,
        Misnamed::Unknown => Code::UnknownChannel,
    };
    Refusal::new(code).because(misnamed.to_string())
}

fn malformed(malformed: Malformed) -> Refusal {
    Refusal::new(Code::BadRequest).because(malformed.to_string())
}
