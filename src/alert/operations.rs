//! The alerts' part of the catalogue: for the platform's staff alone.

use super::{
    Alerts, Seen,
    desk::{DecideWanted, ListWanted, Named},
    event::publish,
};
use crate::{
    hub::Hub,
    operation::{Caller, Operation, Rate, Role},
};

/// Who works alerts off. An auditor reads what they did, not this.
const STAFF: &[Role] = &[Role::Moderator, Role::Supervisor, Role::Lead, Role::Compliance];

/// The operations on alerts, publishing what they make known through `hub`.
pub fn operations(alerts: &Alerts, hub: &Hub) -> Vec<Operation> {
    let list = alerts.clone();
    let listing = Operation::new(
        "alert.list",
        "A page of the alerts, the newest first; for an hour the caller hears of what changes.",
        STAFF,
        Rate::Read,
        move |caller: Caller, asked: ListWanted| {
            let alerts = list.clone();
            async move { alerts.list(&caller, asked).await }
        },
    );
    [listing].into_iter().chain(changes(alerts, hub)).collect()
}

fn changes(alerts: &Alerts, hub: &Hub) -> [Operation; 3] {
    let door = || (alerts.clone(), hub.clone());
    let (claim, release, decide) = (door(), door(), door());
    [
        Operation::new(
            "alert.claim",
            "Takes an alert for ten minutes; again, to go on.",
            STAFF,
            Rate::Write,
            move |caller: Caller, Named { alert }| {
                let (alerts, hub) = claim.clone();
                async move {
                    let (seen, news) = alerts.claim(&caller, &alert).await?;
                    publish(&hub, news).await;
                    Ok::<Seen, _>(seen)
                }
            },
        ),
        Operation::new(
            "alert.release",
            "Gives an alert back before its time.",
            STAFF,
            Rate::Write,
            move |caller: Caller, Named { alert }| {
                let (alerts, hub) = release.clone();
                async move {
                    let (seen, news) = alerts.release(&caller, &alert).await?;
                    if let Some(news) = news {
                        publish(&hub, news).await;
                    }
                    Ok::<Seen, _>(seen)
                }
            },
        ),
        Operation::new(
            "alert.decide",
            "Decides on an alert that the caller has claimed, as many hits as they have seen.",
            STAFF,
            Rate::Write,
            move |caller: Caller, asked: DecideWanted| {
                let (alerts, hub) = decide.clone();
                async move {
                    let (seen, news) = alerts.decide(&caller, asked).await?;
                    if let Some(news) = news {
                        publish(&hub, news).await;
                    }
                    Ok::<Seen, _>(seen)
                }
            },
        ),
    ]
}
