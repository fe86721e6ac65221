//! Health: whether this node should get new clients, and which part says no.
//!
//! That the process lives is shown by answering at all; a part that cannot go on ends the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

/// The health of this node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    parts: BTreeMap<&'static str, State>,
    is_draining: bool,
}

/// How a part of the house is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub enum State {
    /// It is not ready for the first time yet.
    Starting,
    /// It does its work.
    Ready,
    /// It does not, for a reason in fixed words.
    Failing(&'static str),
}

/// The reporting end of one part. Dropped, it leaves the last report standing.
#[derive(Clone, Debug)]
pub struct Part {
    name: &'static str,
    health: Health,
}

/// What a load balancer is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether new clients are welcome: every part is ready, and the house is not closing.
    #[serde(rename = "ready")]
    pub is_ready: bool,
    /// Whether the house is closing.
    #[serde(rename = "draining")]
    pub is_draining: bool,
    /// Every part, by name.
    pub parts: BTreeMap<&'static str, State>,
}

impl Health {
    /// Adds a part, which is starting until it reports.
    pub fn part(&self, name: &'static str) -> Part {
        self.lock().parts.insert(name, State::Starting);
        Part { name, health: self.clone() }
    }

    /// Tells load balancers to send new clients elsewhere. There is no way back.
    pub fn drain(&self) {
        self.lock().is_draining = true;
    }

    /// How things stand.
    pub fn readiness(&self) -> Readiness {
        let inner = self.lock();
        let is_ready =
            !inner.is_draining && inner.parts.values().all(|state| *state == State::Ready);
        Readiness { is_ready, is_draining: inner.is_draining, parts: inner.parts.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// The part does its work.
    pub fn ready(&self) {
        self.report(State::Ready);
    }

    /// The part does not do its work; `reason` is read by strangers.
    pub fn failing(&self, reason: &'static str) {
        self.report(State::Failing(reason));
    }

    fn report(&self, state: State) {
        self.health.lock().parts.insert(self.name, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_when_all_its_parts_are_and_it_is_not_closing() {
        let health = Health::default();
        let (store, broker) = (health.part("store"), health.part("broker"));
        store.ready();
        assert!(!health.readiness().is_ready, "the broker has not reported");
        broker.ready();
        assert!(health.readiness().is_ready);
        store.failing("the disk is full");
        assert!(!health.readiness().is_ready);
        store.ready();
        health.drain();
        assert!(!health.readiness().is_ready);
    }

    #[test]
    fn readiness_names_each_part_and_its_reason() {
        let health = Health::default();
        health.part("store").failing("the disk is full");
        health.part("broker");
        insta::assert_snapshot!(
            serde_json::to_string(&health.readiness()).unwrap(),
            @r#"{"ready":false,"draining":false,"parts":{"broker":{"state":"starting"},"store":{"state":"failing","reason":"the disk is full"}}}"#
        );
    }
}
