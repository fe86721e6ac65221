//! `[channels]`: namespaces, and what may happen in the channels of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{fault::Wrong, value::Span};

/// Who may do a thing in a channel. Where the channel's name keeps people out (`$…`, `…#ann,bob`),
/// the last two are those whom it lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Only the house and services, over the HTTP door.
    #[default]
    Nobody,
    /// Whoever is subscribed.
    Subscriber,
    /// Whoever is signed in.
    User,
    /// Anonymous connections too.
    Anyone,
}

/// What the channels of a namespace keep and allow. `ns:name` belongs to namespace `ns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that operators know by name")]
pub struct Namespace {
    /// Who is present is known and can be asked.
    pub presence: bool,
    /// Joins and leaves are announced to subscribers that ask for it.
    pub join_leave: bool,
    /// Joins and leaves are announced to every subscriber.
    pub force_join_leave: bool,
    /// How many publications the stream keeps; 0 for none.
    pub history_size: usize,
    /// How long it keeps them.
    pub history_ttl: Span,
    /// Every subscription is positioned and recovers after a cut.
    pub force_recovery: bool,
    /// A subscription that asks for it is positioned and recovers.
    pub allow_recovery: bool,
    /// Recovery brings the newest publication only, for channels that carry a state.
    pub recover_latest: bool,
    /// Payloads may be other than JSON; JSON connections that meet one are closed with 3506.
    pub binary: bool,
    /// Who may subscribe without a subscription token.
    pub subscribe: Who,
    /// Who may publish.
    pub publish: Who,
    /// Who may read the history.
    pub history: Who,
    /// Who may read the presence.
    pub read_presence: Who,
    /// `ns:name#user1,user2` may be subscribed by the users it names.
    pub user_limited: bool,
    /// So many deliveries a second (publications × subscribers of a channel) leave one by one; above
    /// it, what is published within `hub.tick` leaves together. 0 gathers nothing.
    pub gather_above: u32,
}

/// The `[channels]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Channels {
    /// The longest name of a channel, in bytes.
    pub name_max: usize,
    /// How many channels one connection may be subscribed to.
    pub per_connection: usize,
    /// How many publications one history request or recovery brings at most.
    pub history_max: usize,
    /// Every connection of a signed-in user is subscribed by the server to its personal channel.
    pub personal: bool,
    /// The namespace of personal channels: `user` makes them `user:#<id>`, an empty text `#<id>`.
    pub personal_namespace: String,
    /// Channels whose name has no namespace; absent, they are unknown.
    pub without_namespace: Option<Namespace>,
    /// The namespaces, by name (`^[-a-zA-Z0-9_]{2,}$`).
    pub namespaces: BTreeMap<String, Namespace>,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            name_max: 255,
            per_connection: 128,
            history_max: 300,
            personal: true,
            personal_namespace: "user".to_owned(),
            without_namespace: None,
            namespaces: [("user", personal()), ("live", live()), ("live_desk", live_desk())]
                .map(|(name, namespace)| (name.to_owned(), namespace))
                .into(),
        }
    }
}

impl Channels {
    /// Refuses names that no channel could have, and namespaces that promise what they do not keep.
    pub(super) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Wrong::zeros([
            ("name_max", self.name_max),
            ("per_connection", self.per_connection),
            ("history_max", self.history_max),
        ]);
        for (name, namespace) in &self.namespaces {
            let key = format!("namespaces.{name}");
            if !is_name(name) {
                let reason = "is no name of a namespace: two letters, digits, - or _ at least";
                wrong.push(Wrong::new(&key, reason));
            }
            wrong.extend(namespace.check(&key));
        }
        if let Some(namespace) = &self.without_namespace {
            wrong.extend(namespace.check("without_namespace"));
        }
        let is_there = match self.personal_namespace.as_str() {
            "" => self.without_namespace.is_some(),
            name => self.namespaces.contains_key(name),
        };
        if self.personal && !is_there {
            wrong.push(Wrong::new("personal_namespace", "is no configured namespace"));
        }
        wrong
    }
}

impl Namespace {
    fn check(&self, key: &str) -> Vec<Wrong> {
        let has_history = self.history_size > 0 && self.history_ttl > Span::default();
        let recovers = self.force_recovery || self.allow_recovery || self.recover_latest;
        match has_history || !recovers {
            true => Vec::new(),
            false => {
                let reason = "recovery needs `history_size` and `history_ttl` above 0";
                vec![Wrong::new(key, reason)]
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() >= 2 && text.bytes().all(fits)
}

fn personal() -> Namespace {
    Namespace {
        history_size: 200,
        history_ttl: Span::seconds(600),
        force_recovery: true,
        user_limited: true,
        ..Namespace::default()
    }
}

fn live() -> Namespace {
    Namespace {
        history_size: 200,
        history_ttl: Span::seconds(3_600),
        force_recovery: true,
        subscribe: Who::Anyone,
        publish: Who::User,
        history: Who::Subscriber,
        gather_above: 2_000,
        ..Namespace::default()
    }
}

fn live_desk() -> Namespace {
    Namespace {
        history_ttl: Span::seconds(600),
        subscribe: Who::User,
        publish: Who::Nobody,
        ..live()
    }
}
