//! Settings laid over the defaults one by one, so that every fault is found and blamed on its key.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    Config,
    fault::{Fault, Origin},
    source::Setting,
};

/// The configuration as far as it is laid.
pub(super) struct Layers {
    table: Table,
    config: Config,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// The built-in defaults alone.
    pub(super) fn new() -> Self {
        let config = Config::default();
        Self { table: config.to_table(), config, origins: BTreeMap::new() }
    }

    /// Lays one setting over the rest. A setting at fault leaves everything as it was.
    ///
    /// Every struct of the configuration has a default for each of its keys, so a key is right or
    /// wrong by itself, whatever stands beside it.
    pub(super) fn lay(&mut self, setting: &Setting) -> Result<(), Fault> {
        let key = setting.path.join(".");
        let mut first = None;
        for reading in &setting.readings {
            match self.with(&setting.path, reading) {
                Ok((table, config)) => {
                    (self.table, self.config) = (table, config);
                    self.origins.insert(key, setting.origin.clone());
                    return Ok(());
                }
                Err(reason) => first = first.or(Some(reason)),
            }
        }
        Err(Fault { origin: setting.origin.clone(), key, reason: first.unwrap_or_default() })
    }

    /// The whole, and where each of its keys was set last.
    pub(super) fn into_parts(self) -> (Config, BTreeMap<String, Origin>) {
        (self.config, self.origins)
    }

    fn with(&self, path: &[String], value: &Value) -> Result<(Table, Config), String> {
        let mut table = self.table.clone();
        put(&mut table, path, value)?;
        match table.clone().try_into::<Config>() {
            Ok(config) => Ok((table, config)),
            Err(fault) => Err(words(fault.message())),
        }
    }
}

fn put(table: &mut Table, path: &[String], value: &Value) -> Result<(), String> {
    let Some((last, above)) = path.split_last() else { return Ok(()) };
    let mut at = table;
    for key in above {
        at = match at.entry(key).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => inner,
            _ => return Err(format!("`{key}` is a value and has no keys of its own")),
        };
    }
    // A table is never replaced by a value, and its fault never shows the value: it may be a
    // secret that was given to the section instead of its key.
    match (at.get_mut(last), value) {
        (Some(Value::Table(_)), Value::Table(inner)) if inner.is_empty() => {}
        (Some(Value::Table(_)), _) => return Err("is a table of keys, not a value".to_owned()),
        _ => {
            at.insert(last.clone(), value.clone());
        }
    }
    Ok(())
}

/// The parser's words, with the operator's nouns.
fn words(message: &str) -> String {
    let message = message.trim_end();
    match message.split_once(' ') {
        Some(("unknown", rest)) => {
            let rest = rest.replacen("field", "key", 1).replacen("variant", "value", 1);
            format!("unknown {rest}")
        }
        _ => message.to_owned(),
    }
}
