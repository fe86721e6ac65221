//! Working alerts off: a page of them, taking one for ten minutes, giving it back, deciding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Alerts, Event, Fault, Kind, News, Seen,
    row::{self, Decision, Outcome, State, Wanted},
};
use crate::{
    error::Code,
    ids::{AlertId, InstitutionId, UserId, is_id},
    operation::{Caller, Refusal},
    store::{self, Statement},
};

/// How long a claim keeps others off.
const LEASE_MS: i64 = 600_000;
/// The longest page, and the usual one.
const PAGE_MAX: usize = 50;
/// The longest note, in characters.
const NOTE_MAX: usize = 500;

/// Asks for a page of alerts, the newest first.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListWanted {
    /// Only those that stand so.
    pub(super) state: Option<State>,
    /// Only those of this kind.
    pub(super) kind: Option<Kind>,
    /// Only those of this institution.
    pub(super) institution: Option<InstitutionId>,
    /// Continue after the page that answered this `next`.
    pub(super) cursor: Option<AlertId>,
    /// 1–50 entries.
    pub(super) limit: Option<usize>,
}

/// A page of alerts, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AlertPage {
    /// The alerts.
    pub(super) alerts: Vec<Seen>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<AlertId>,
}

/// Names an alert.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// Its name.
    pub(super) alert: AlertId,
}

/// Asks to be done with an alert.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideWanted {
    /// Which.
    pub(super) alert: AlertId,
    /// How many hits the decision is on: if more have come, it is `stale` and nothing is decided.
    pub(super) hits: i64,
    /// What came of it.
    pub(super) outcome: Outcome,
    /// What to say of it, at most 500 characters. Not sealed: no place for what people wrote.
    #[serde(default)]
    pub(super) note: String,
}

impl Alerts {
    pub(super) async fn list(
        &self,
        caller: &Caller,
        asked: ListWanted,
    ) -> Result<AlertPage, Refusal> {
        let limit = asked.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let ListWanted { state, kind, institution, cursor: before, .. } = asked;
        let names =
            [institution.as_ref().map(|it| it.as_str()), before.as_ref().map(|it| it.as_str())];
        if names.into_iter().flatten().any(|name| !is_id(name)) {
            return Err(Refusal::new(Code::BadRequest).because("no such institution or cursor"));
        }
        // Whoever cannot be noted sees the alerts all the same, and is noted the next time.
        if let Err(fault) = self.listen(&caller.user).await {
            tracing::warn!(%fault, "somebody lists alerts and does not hear of the next");
        }
        // One more than the page holds tells whether there is another.
        let wanted = Wanted { state, kind, institution, before, limit: limit + 1 };
        let mut alerts = self.page(wanted).await?;
        let is_last = alerts.len() <= limit;
        alerts.truncate(limit);
        let next = alerts.last().filter(|_| !is_last).map(|last| last.id.clone());
        Ok(AlertPage { alerts, next })
    }

    /// Takes an alert. Taking it again extends the time.
    pub(super) async fn claim(&self, by: &Caller, id: &AlertId) -> Result<(Seen, News), Refusal> {
        let now_ms = self.now_ms();
        let claim = row::claim(id, &by.user, (now_ms, now_ms + LEASE_MS));
        if !self.change(claim).await? {
            let alert = self.get(id).await?;
            return Err(overtaken(&alert, &by.user).unwrap_or(Code::Unavailable.into()));
        }
        self.changed(id).await
    }

    /// Gives an alert back. What nobody holds any more needs no giving back.
    pub(super) async fn release(
        &self,
        by: &Caller,
        id: &AlertId,
    ) -> Result<(Seen, Option<News>), Refusal> {
        if self.change(row::release(id, &by.user, self.now_ms())).await? {
            let (alert, news) = self.changed(id).await?;
            return Ok((alert, Some(news)));
        }
        let alert = self.get(id).await?;
        match overtaken(&alert, &by.user) {
            Some(stale) => Err(stale),
            None => Ok((alert, None)),
        }
    }

    /// Decides on an alert that the caller holds. Deciding the same again answers the same.
    pub(super) async fn decide(
        &self,
        by: &Caller,
        asked: DecideWanted,
    ) -> Result<(Seen, Option<News>), Refusal> {
        let DecideWanted { alert: id, hits, outcome, note } = asked;
        if note.chars().count() > NOTE_MAX {
            return Err(Refusal::new(Code::TooLong).with("max", NOTE_MAX));
        }
        let decision = Decision { by: by.user.clone(), at: self.now_ms(), outcome, note };
        if self.change(row::decide(&id, hits, &decision)).await? {
            let (alert, news) = self.changed(&id).await?;
            self.count().await;
            return Ok((alert, Some(news)));
        }
        let alert = self.get(&id).await?;
        let same = |made: &Decision| {
            (&made.by, made.outcome, &made.note) == (&decision.by, outcome, &decision.note)
        };
        if alert.decision.as_ref().is_some_and(same) {
            return Ok((alert, None));
        }
        Err(overtaken(&alert, &by.user).unwrap_or_else(|| match &alert.claim {
            Some(_) => Refusal::new(Code::Stale)
                .with("hits", alert.hits)
                .because("more has come since; look at the alert again"),
            None => Refusal::new(Code::PermissionDenied).because("claim the alert first"),
        }))
    }

    /// Whether `statement` met the alert as it expected it.
    async fn change(&self, statement: Statement) -> Result<bool, Fault> {
        match self.0.store.commit(vec![statement]).await {
            Ok(_) => Ok(true),
            Err(store::Fault::Guard { .. }) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    async fn changed(&self, id: &AlertId) -> Result<(Seen, News), Refusal> {
        let alert = self.get(id).await?;
        let news = self.news(Event::Changed { alert: alert.clone() }).await?;
        Ok((alert, news))
    }

    async fn get(&self, id: &AlertId) -> Result<Seen, Refusal> {
        let found = if is_id(id.as_str()) { self.by_id(id).await? } else { None };
        found.ok_or_else(|| Code::NotInScope.into())
    }
}

/// The refusal to whoever comes after another: who was first, and when. `None` when nobody was.
fn overtaken(alert: &Seen, who: &UserId) -> Option<Refusal> {
    let stale = |owner: &UserId, at: i64| {
        let state = match alert.state {
            State::Open => "open",
            State::Claimed => "claimed",
            State::Decided => "decided",
        };
        Refusal::new(Code::Stale).with("owner", owner.as_str()).with("at", at).with("state", state)
    };
    if let Some(decision) = &alert.decision {
        return Some(stale(&decision.by, decision.at));
    }
    let claim = alert.claim.as_ref().filter(|claim| claim.by != *who)?;
    Some(stale(&claim.by, claim.until - LEASE_MS).with("until", claim.until))
}
