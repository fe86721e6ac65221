//! Where configuration is read: a file, the environment, flags. Nothing else reads any of them.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::fault::{Fault, Origin};

/// Variables of this prefix are keys: `BELFRY__HTTP__LISTEN` is `http.listen`. A single underscore
/// is left alone, since an orchestrator sets `BELFRY_PORT` and the like for a service of our name.
const PREFIX: &str = "BELFRY__";

/// Names the configuration file when no flag does.
const FILE: &str = "BELFRY_CONFIG";

/// The layers of a configuration, from the weakest to the strongest; the defaults lie below.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
    flags: Vec<Setting>,
}

/// One key that a source sets.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) origin: Origin,
    /// The key, piece by piece, section first.
    pub(super) path: Vec<String>,
    /// What the value may mean, the likeliest reading first; never empty.
    pub(super) readings: Vec<Value>,
}

impl Sources {
    /// The file that a flag names, if any.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Adds the environment of this process.
    #[must_use]
    pub fn with_environment(self) -> Self {
        self.with_variables(std::env::vars_os())
    }

    /// Adds environment variables; those that are not Belfry's are passed over.
    #[must_use]
    pub fn with_variables<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let ours = |name: &OsString| {
            name == FILE || name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
        };
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.variables.extend(variables.filter(|(name, _)| ours(name)));
        self.variables.sort();
        self
    }

    /// Adds a flag of the command line that sets `key`.
    #[must_use]
    pub fn with_flag(mut self, flag: &'static str, key: &str, value: impl Into<Value>) -> Self {
        let path = key.split('.').map(str::to_owned).collect();
        self.flags.push(Setting { origin: Origin::Flag(flag), path, readings: vec![value.into()] });
        self
    }

    /// Reads every source; what cannot be read is among the faults.
    pub(super) fn read(&self) -> (Vec<Setting>, Vec<Fault>) {
        let (mut settings, mut faults) = (Vec::new(), Vec::new());
        if let Some(path) = self.file_path() {
            match read_file(&path) {
                Ok(found) => settings.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        for (name, value) in self.variables.iter().filter(|(name, _)| name != FILE) {
            match read_variable(name, value) {
                Ok(found) => settings.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        settings.extend(self.flags.iter().cloned());
        (settings, faults)
    }

    fn file_path(&self) -> Option<PathBuf> {
        let is_set = |(name, path): &&(OsString, OsString)| name == FILE && !path.is_empty();
        let named = || self.variables.iter().find(is_set);
        self.file.clone().or_else(|| named().map(|(_, path)| PathBuf::from(path)))
    }
}

fn read_file(path: &Path) -> Result<Vec<Setting>, Fault> {
    let origin = Origin::File(path.to_owned());
    let fault = |reason| Fault { origin: origin.clone(), key: String::new(), reason };
    let text = fs::read_to_string(path).map_err(|e| fault(format!("cannot be read: {e}")))?;
    let table = text.parse::<Table>().map_err(|e| fault(syntax(&text, &e)))?;
    Ok(leaves(&origin, &[], table))
}

/// The fault's place and kind. The line itself is not shown: a secret may stand there.
fn syntax(text: &str, fault: &toml::de::Error) -> String {
    let before = fault.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", fault.message())
}

fn read_variable(name: &OsString, value: &OsString) -> Result<Vec<Setting>, Fault> {
    let shown = name.to_string_lossy();
    let origin = Origin::Variable(shown.clone().into_owned());
    let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
        return Err(Fault { origin, key: String::new(), reason: "is not UTF-8".to_owned() });
    };
    let keys = name.strip_prefix(PREFIX).unwrap_or(name);
    let path: Vec<_> = keys.split("__").map(str::to_lowercase).collect();
    let readings = readings(value);
    if let [Value::Table(table), ..] = &readings[..] {
        return Ok(leaves(&origin, &path, table.clone()));
    }
    Ok(vec![Setting { origin, path, readings }])
}

/// A variable's value is TOML, or JSON, or else the text itself. A text that happens to read as a
/// number or a date stays at hand as it was written, for keys that want a text.
pub(super) fn readings(value: &str) -> Vec<Value> {
    let text = Value::String(value.to_owned());
    match value.parse::<Value>() {
        Ok(date @ Value::Datetime(_)) => vec![text, date],
        Ok(Value::String(unquoted)) => vec![Value::String(unquoted)],
        Ok(parsed) => vec![parsed, text],
        Err(_) => match serde_json::from_str::<Value>(value) {
            Ok(parsed @ (Value::Table(_) | Value::Array(_))) => vec![parsed, text],
            Ok(_) | Err(_) => vec![text],
        },
    }
}

/// Every value of `table`, each under its full path, so that each can be blamed alone. An empty
/// table counts as a value: it may declare a namespace that is nothing but its defaults.
fn leaves(origin: &Origin, above: &[String], table: Table) -> Vec<Setting> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = [above, &[key]].concat();
        match value {
            Value::Table(table) if !table.is_empty() => found.extend(leaves(origin, &path, table)),
            value => found.push(Setting { origin: origin.clone(), path, readings: vec![value] }),
        }
    }
    found
}
