//! Answers to what clients ask of channels and operations.

use bytes::Bytes;

use crate::{
    channel::Denied,
    error::Code,
    hub::{Draft, Query},
    ids::{ChannelName, ConnectionId},
    operation::Refusal,
    protocol::{
        code::Disconnect,
        publication::ClientInfo,
        reply::{self, Reply},
        request::{HistoryRequest, PublishRequest, RpcRequest},
        result::{HistoryResult, PresenceResult, PresenceStatsResult, PublishResult, RpcResult},
    },
    session::command::Session,
};

impl Session {
    pub(super) async fn publish(
        &mut self,
        id: u32,
        request: PublishRequest,
    ) -> Result<(), Disconnect> {
        let channel = ChannelName::from(request.channel);
        if request.kind != 0 {
            return self.refuse(id, Code::NotAvailable);
        }
        let inside = self.subscription(&channel).is_some();
        if let Err(denied) = self.needs.access.publish(&self.caller, &channel, inside) {
            return self.deny(id, denied);
        }
        if let Some(taken) = self.needs.access.take(&self.caller, &channel, &request.data).await {
            return match taken {
                Ok(()) => self.reply(&Reply::success(id, PublishResult {})),
                Err(refusal) => self.refuse_with(id, &refusal),
            };
        }
        let info = Some(self.info_in(&channel));
        let draft = Draft { data: request.data, info, ..Draft::default() };
        match self.needs.hub.publish_draft(&channel, draft).await {
            Ok(_) => self.reply(&Reply::success(id, PublishResult {})),
            Err(_) => self.refuse(id, Code::BadRequest),
        }
    }

    pub(super) async fn presence(&mut self, id: u32, channel: String) -> Result<(), Disconnect> {
        match self.present(channel).await {
            Ok(present) => {
                let presence = present
                    .into_iter()
                    .map(|(connection, info)| (connection.to_string(), info))
                    .collect();
                self.reply(&Reply::success(id, PresenceResult { presence }))
            }
            Err(denied) => self.deny(id, denied),
        }
    }

    pub(super) async fn presence_stats(
        &mut self,
        id: u32,
        channel: String,
    ) -> Result<(), Disconnect> {
        match self.present(channel).await {
            Ok(present) => {
                let num_clients = u32::try_from(present.len()).unwrap_or(u32::MAX);
                let mut users: Vec<_> = present.into_iter().map(|(_, info)| info.user).collect();
                users.sort_unstable();
                users.dedup();
                let num_users = u32::try_from(users.len()).unwrap_or(u32::MAX);
                self.reply(&Reply::success(id, PresenceStatsResult { num_clients, num_users }))
            }
            Err(denied) => self.deny(id, denied),
        }
    }

    async fn present(&self, channel: String) -> Result<Vec<(ConnectionId, ClientInfo)>, Denied> {
        let channel = ChannelName::from(channel);
        let inside = self.subscription(&channel).is_some();
        self.needs.access.presence(&self.caller, &channel, inside)?;
        Ok(self.needs.hub.presence(&channel).await)
    }

    pub(super) async fn history(
        &mut self,
        id: u32,
        request: HistoryRequest,
    ) -> Result<(), Disconnect> {
        let channel = ChannelName::from(request.channel);
        let inside = self.subscription(&channel).is_some();
        if let Err(denied) = self.needs.access.history(&self.caller, &channel, inside) {
            return self.deny(id, denied);
        }
        let max = self.needs.channels.history_max;
        let limit = usize::try_from(request.limit).map_or(max, |limit| limit.min(max));
        let since = request.since.as_ref().map(|since| since.offset);
        let query = Query { since, limit, reverse: request.reverse };
        let page = self.needs.hub.history(&channel, &query).await;
        let other_life = request
            .since
            .is_some_and(|since| !since.epoch.is_empty() && *since.epoch != *page.position.epoch);
        if other_life {
            return self.refuse(id, Code::UnrecoverablePosition);
        }
        let publications =
            page.publications.iter().map(|publication| (**publication).clone()).collect();
        let epoch = page.position.epoch.to_string();
        self.reply(&Reply::success(
            id,
            HistoryResult { publications, epoch, offset: page.position.offset },
        ))
    }

    pub(super) async fn rpc(&mut self, id: u32, request: RpcRequest) -> Result<(), Disconnect> {
        let Ok(input) = String::from_utf8(request.data.to_vec()) else {
            return self.refuse(id, Code::BadRequest);
        };
        match self.needs.catalogue.call(self.caller.clone(), &request.method, &input).await {
            Ok(output) => {
                let data = Bytes::from(String::from(Box::<str>::from(output)));
                self.reply(&Reply::success(id, RpcResult { data }))
            }
            Err(refusal) => self.refuse_with(id, &refusal),
        }
    }

    /// Answers with what a domain refuses, its details in the error's text.
    fn refuse_with(&mut self, id: u32, refusal: &Refusal) -> Result<(), Disconnect> {
        self.count_refusal(refusal.code());
        self.reply(&Reply::error(id, reply::Error::new(refusal.code(), refusal.to_string())))
    }

    fn deny(&mut self, id: u32, denied: Denied) -> Result<(), Disconnect> {
        match denied {
            Denied::Reply(code) => self.refuse(id, code),
            Denied::Close(disconnect) => Err(disconnect),
        }
    }
}
