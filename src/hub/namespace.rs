//! Namespaces: which settings a channel's name stands for, and which names there can be.

use std::{collections::HashMap, sync::Arc};

use crate::{config::channels, ids::ChannelName};

/// Why a text names no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misnamed {
    /// Empty, longer than allowed, or with other than printable ASCII.
    #[error("a channel's name is 1 to 255 bytes of printable ASCII")]
    Malformed,
    /// No namespace of that name is configured.
    #[error("the channel's namespace is not configured")]
    Unknown,
}

/// The settings of one namespace, and its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Namespace {
    /// The name before the first `:`; empty for channels without one.
    pub name: String,
    /// What operators set.
    pub rules: channels::Namespace,
}

impl Namespace {
    /// What its channels' streams keep.
    pub fn keep(&self) -> crate::broker::Keep {
        crate::broker::Keep { size: self.rules.history_size, ttl: self.rules.history_ttl.0 }
    }
}

/// Every namespace, by name.
#[derive(Debug)]
pub struct Namespaces {
    by_name: HashMap<String, Arc<Namespace>>,
    bare: Option<Arc<Namespace>>,
    name_max: usize,
}

impl Namespaces {
    /// Those of the configuration.
    pub fn new(config: &channels::Channels) -> Self {
        let named = |name: &str, rules: &channels::Namespace| {
            Arc::new(Namespace { name: name.to_owned(), rules: rules.clone() })
        };
        Self {
            by_name: config
                .namespaces
                .iter()
                .map(|(name, rules)| (name.clone(), named(name, rules)))
                .collect(),
            bare: config.without_namespace.as_ref().map(|rules| named("", rules)),
            name_max: config.name_max,
        }
    }

    /// The namespace of `channel`: what stands before the first `:`, after a leading `$`.
    pub fn of(&self, channel: &ChannelName) -> Result<&Arc<Namespace>, Misnamed> {
        let name = channel.as_str();
        if name.is_empty() || name.len() > self.name_max || !name.bytes().all(is_plain) {
            return Err(Misnamed::Malformed);
        }
        let public = name.strip_prefix('$').unwrap_or(name);
        let namespace = match public.split_once(':') {
            Some((namespace, _)) => self.by_name.get(namespace),
            None => self.bare.as_ref(),
        };
        namespace.ok_or(Misnamed::Unknown)
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}

/// The users that `name#user1,user2` is limited to; `None` for a channel open to all.
pub fn users_named(channel: &ChannelName) -> Option<impl Iterator<Item = &str>> {
    channel.as_str().split_once('#').map(|(_, users)| users.split(','))
}

/// Whether the channel needs a subscription token whatever its namespace says.
pub fn is_private(channel: &ChannelName) -> bool {
    channel.as_str().starts_with('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(namespaces: &Namespaces, name: &str) -> Result<String, Misnamed> {
        namespaces.of(&ChannelName::from(name)).map(|namespace| namespace.name.clone())
    }

    #[test]
    fn a_channel_belongs_to_what_stands_before_the_first_colon() {
        let namespaces = Namespaces::new(&channels::Channels::default());
        assert_eq!(of(&namespaces, "live:demo").unwrap(), "live");
        assert_eq!(of(&namespaces, "$live:demo:2").unwrap(), "live");
        assert_eq!(of(&namespaces, "user:#u1").unwrap(), "user");
        assert_eq!(of(&namespaces, "nowhere:x"), Err(Misnamed::Unknown));
        assert_eq!(of(&namespaces, "bare"), Err(Misnamed::Unknown));
    }

    #[test]
    fn names_are_short_printable_ascii() {
        let config =
            channels::Channels { without_namespace: Some(<_>::default()), ..<_>::default() };
        let namespaces = Namespaces::new(&config);
        assert!(of(&namespaces, &"x".repeat(255)).is_ok());
        for name in ["", "名", "a\nb", &"x".repeat(256)] {
            assert_eq!(of(&namespaces, name), Err(Misnamed::Malformed), "{name}");
        }
    }

    #[test]
    fn a_hash_limits_a_channel_to_the_users_it_names() {
        let channel = ChannelName::from("dialog#ann,bob");
        assert_eq!(users_named(&channel).unwrap().collect::<Vec<_>>(), ["ann", "bob"]);
        assert!(users_named(&ChannelName::from("open")).is_none());
        assert!(is_private(&ChannelName::from("$secret")));
    }
}
