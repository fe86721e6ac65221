//! The schemas of all operations, gathered into one place of the document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Where a schema of `schemars` keeps what it refers to.
const DEFS: &str = "$defs";
const LOCAL: &str = "#/$defs/";
const SHARED: &str = "#/components/schemas/";

/// `components.schemas`: shared types by their own name, inputs and outputs by their operation's.
#[derive(Default)]
pub(super) struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// Adds the schema of `operation`'s `side` and all that it refers to; returns its name.
    ///
    /// Two types of one name that differ are told apart by the operation that brought the second.
    pub(super) fn add(&mut self, operation: &str, side: &str, schema: &Value) -> String {
        let name = format!("{operation}.{side}");
        let mut root = schema.clone();
        let defs = root.as_object_mut().and_then(|root| {
            root.remove("$schema");
            root.remove(DEFS)
        });
        let defs = match defs {
            Some(Value::Object(defs)) => defs,
            _ => Map::new(),
        };
        let names = self.names(&name, &defs);
        for (local, mut def) in defs {
            redirect(&mut def, &name, &names);
            let shared = names.get(&local).cloned().unwrap_or(local);
            self.0.insert(shared, def);
        }
        redirect(&mut root, &name, &names);
        self.0.insert(name.clone(), root);
        name
    }

    /// Everything gathered, and `schema` under `name`.
    pub(super) fn with(mut self, name: &str, schema: Value) -> Value {
        self.0.insert(name.to_owned(), schema);
        self.0.into_iter().collect()
    }

    /// The name in the document of each local definition.
    fn names(&self, owner: &str, defs: &Map<String, Value>) -> BTreeMap<String, String> {
        let plain: BTreeMap<_, _> = defs.keys().map(|name| (name.clone(), key(name))).collect();
        let differs = |(local, shared): (&String, &String)| {
            let mut def = defs.get(local).cloned().unwrap_or_default();
            redirect(&mut def, owner, &plain);
            self.0.get(shared).is_some_and(|known| *known != def)
        };
        // Types may refer to each other: when one differs, all of this schema go apart together.
        match plain.iter().any(differs) {
            false => plain,
            true => {
                plain.into_iter().map(|(local, name)| (local, format!("{owner}.{name}"))).collect()
            }
        }
    }
}

/// Whether an empty object would not do as input.
pub(super) fn needs_input(schema: &Value) -> bool {
    let is_filled = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    schema.get("required").is_some_and(is_filled)
        || schema.get("oneOf").is_some()
        || schema.get("anyOf").is_some()
}

/// The fields of an input as parameters of the query, each with its schema in place.
pub(super) fn parameters(schema: &Value) -> Value {
    let empty = Map::new();
    let fields = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let needed = schema.get("required").and_then(Value::as_array);
    let parameter = |(name, field): (&String, &Value)| {
        let local = field.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix(LOCAL));
        let def = local.and_then(|local| schema.get(DEFS)?.get(local)).unwrap_or(field);
        let is_needed = needed.is_some_and(|needed| needed.iter().any(|it| it == name));
        let words = [field, def].into_iter().find_map(|it| it.get("description"));
        json!({
            "name": name,
            "in": "query",
            "required": is_needed,
            "description": words,
            "schema": def,
        })
    };
    fields.iter().map(parameter).collect()
}

/// A component's key has letters, digits, `.`, `-` and `_` only (OpenAPI 3.1.1, section 4.8.7).
fn key(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// Turns references within one schema into references within the document.
fn redirect(value: &mut Value, owner: &str, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                let name = match reference.strip_prefix(LOCAL) {
                    Some(local) => names.get(local).map_or(local, String::as_str),
                    None => owner,
                };
                *reference = format!("{SHARED}{name}");
            }
            object.values_mut().for_each(|value| redirect(value, owner, names));
        }
        Value::Array(array) => array.iter_mut().for_each(|value| redirect(value, owner, names)),
        _ => {}
    }
}
