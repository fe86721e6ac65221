//! Live rooms as the other parts of the house meet them: their channels' doors, and where people are.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use bytes::Bytes;

use crate::{
    channel::Domain,
    clock::Clock,
    ids::ChannelName,
    live::{self, Live},
    operation::{Caller, Catalogue},
    region::Region,
};

/// The domains of the rooms' namespaces. What clients publish into a room is the operation
/// `live.comment`, with its rate, its deadline and its numbers.
pub(super) fn domains(
    live: &Live,
    catalogue: &Arc<Catalogue>,
    clock: &Clock,
) -> BTreeMap<&'static str, Domain> {
    let (rooms, shown, desks) = (live.clone(), live.clone(), live.clone());
    let (catalogue, clock) = (Arc::clone(catalogue), clock.clone());
    let enter = move |caller: Caller, channel: ChannelName| {
        let rooms = rooms.clone();
        Box::pin(async move { rooms.enter(&caller, &channel).await }) as _
    };
    let show = move |channel: ChannelName| {
        let shown = shown.clone();
        Box::pin(async move { shown.seen(&channel).await }) as _
    };
    let take = move |caller: Caller, channel: ChannelName, data: Bytes| {
        let (catalogue, now_ms) = (Arc::clone(&catalogue), clock.now_ms());
        Box::pin(async move {
            let input = live::operations::comment_in(&channel, &data, now_ms)?;
            catalogue.call(caller, "live.comment", &input).await.map(|_| ())
        }) as _
    };
    let enter_desk = move |caller: Caller, channel: ChannelName| {
        let desks = desks.clone();
        Box::pin(async move { desks.enter_desk(&caller, &channel).await }) as _
    };
    [
        (
            "live",
            Domain {
                enter: Box::new(enter),
                show: Some(Box::new(show)),
                take: Some(Box::new(take)),
            },
        ),
        ("live_desk", Domain { enter: Box::new(enter_desk), show: None, take: None }),
    ]
    .into()
}

/// Where people write from, as the files of addresses tell it.
pub(super) fn region(region: &Region) -> live::Region {
    let region = region.clone();
    Arc::new(move |address: IpAddr| region.of(address))
}
