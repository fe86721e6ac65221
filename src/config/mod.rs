//! Configuration: one file a section, each with its defaults, its documents and its checks.
//!
//! Imports nothing of the house above. Every part receives its own section by value; only this
//! module reads the environment. Layers, from the weakest: built-in defaults, a TOML file, variables
//! `BELFRY__SECTION__KEY`, flags. Unknown keys are refused in all of them.

pub mod admission;
pub mod archive;
pub mod broker;
pub mod channels;
pub mod client;
pub mod consult;
pub mod fault;
pub mod http;
pub mod hub;
pub mod identity;
pub mod keys;
mod layer;
pub mod live;
pub mod log;
pub mod media;
pub mod moderation;
pub mod network;
pub mod rates;
pub mod region;
pub mod source;
pub mod store;
pub mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Table;

use self::{
    fault::{Fault, Faults, Origin, Wrong},
    layer::Layers,
    source::Sources,
};

/// Everything that operators decide, checked. A section is a table of the file, a struct here, and
/// the argument of one constructor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address that is listened on, and what one request may cost.
    pub http: http::Http,
    /// What a connection may do, and how it is kept alive.
    pub client: client::Client,
    /// How many connections are let in.
    pub admission: admission::Admission,
    /// Whose tokens are believed, and with which keys they are verified.
    pub identity: identity::Identity,
    /// How often one user may call operations, and how long and how many may run.
    pub rates: rates::Rates,
    /// Mailboxes, streams and the threads that write to many.
    pub hub: hub::Hub,
    /// What carries publications between nodes.
    pub broker: broker::Broker,
    /// Namespaces, and what may happen in the channels of each.
    pub channels: channels::Channels,
    /// Where the data lives, and how much may wait to be written.
    pub store: store::Store,
    /// How many records may wait to be stored, and how many threads are kept at hand.
    pub archive: archive::Archive,
    /// The key ring that wraps the archive's keys.
    pub keys: keys::Keys,
    /// The rules, and what is done with a text that they hit.
    pub moderation: moderation::Moderation,
    /// The bounds of consultations.
    pub consult: consult::Consult,
    /// The bounds of live rooms.
    pub live: live::Live,
    /// Where pictures and voice are kept, and how large they may be.
    pub media: media::Media,
    /// The files that say where addresses are.
    pub region: region::Region,
    /// What is logged.
    pub log: log::Log,
}

impl Config {
    /// Reads all sources and checks the whole; the error lists everything that is wrong.
    pub fn load(sources: &Sources) -> Result<Self, Faults> {
        let (settings, mut faults) = sources.read();
        let mut layers = Layers::new();
        faults.extend(settings.iter().filter_map(|setting| layers.lay(setting).err()));
        let (config, origins) = layers.into_parts();
        faults.extend(config.check().into_iter().map(|wrong| blame(&origins, wrong)));
        if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
    }

    /// The whole as TOML, each secret as `[secret]`.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("tables of numbers, texts and lists are TOML")
    }

    fn to_table(&self) -> Table {
        Table::try_from(self).expect("tables of numbers, texts and lists are TOML")
    }

    /// What the sections find wrong with themselves, keys dotted from the section on.
    fn check(&self) -> Vec<Wrong> {
        let sections = [
            ("http", self.http.check()),
            ("client", self.client.check()),
            ("hub", self.hub.check()),
            ("channels", self.channels.check()),
            ("broker", self.broker.check()),
            ("moderation", self.moderation.check()),
            ("consult", self.consult.check()),
            ("live", self.live.check()),
            ("media", self.media.check()),
            ("identity", self.identity.check()),
            ("rates", self.rates.check()),
            ("store", self.store.check()),
            ("archive", self.archive.check()),
            ("log", self.log.check()),
        ];
        let full = |section: &str, wrong: Wrong| Wrong {
            key: format!("{section}.{}", wrong.key),
            reason: wrong.reason,
        };
        let found = sections.into_iter();
        found.flat_map(|(name, all)| all.into_iter().map(move |wrong| full(name, wrong))).collect()
    }
}

fn blame(origins: &BTreeMap<String, Origin>, wrong: Wrong) -> Fault {
    let inside = format!("{}.", wrong.key);
    let is_meant = |key: &String| *key == wrong.key || key.starts_with(&inside);
    let origin = origins.iter().find(|(key, _)| is_meant(key)).map(|(_, origin)| origin.clone());
    let origin = origin.unwrap_or(Origin::Default);
    Fault { origin, key: wrong.key, reason: wrong.reason }
}

#[cfg(test)]
mod tests;
