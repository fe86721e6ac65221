//! An example that fits a schema: the type's own where it gives one, else the smallest that fits.

use serde_json::{Map, Value, json};

/// An example for `root`, whose references point into its own `$defs`.
pub(super) fn of(root: &Value) -> Value {
    Walk { root, open: Vec::new() }.example(root)
}

struct Walk<'a> {
    root: &'a Value,
    /// The references that are being followed: a recursive type ends at its first repetition.
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn example(&mut self, schema: &'a Value) -> Value {
        if *schema == Value::Bool(true) {
            return json!({});
        }
        let first = |key| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
        if let Some(given) = first("examples").or_else(|| first("enum")) {
            return given.clone();
        }
        if let Some(given) = schema.get("const").or_else(|| schema.get("default")) {
            return given.clone();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.follow(reference);
        }
        let branch = first("oneOf").or_else(|| first("anyOf"));
        let chosen = branch.map(|branch| self.example(branch));
        match (self.of_type(schema), chosen) {
            // A tagged enum may keep what its variants share beside them.
            (Value::Object(mut own), Some(Value::Object(chosen))) => {
                own.extend(chosen);
                Value::Object(own)
            }
            (own, None) => own,
            (_, Some(chosen)) => chosen,
        }
    }

    fn follow(&mut self, reference: &'a str) -> Value {
        let target = self.root.pointer(reference.trim_start_matches('#'));
        let Some(target) = target.filter(|_| !self.open.contains(&reference)) else {
            return Value::Null;
        };
        self.open.push(reference);
        let example = self.example(target);
        self.open.pop();
        example
    }

    fn of_type(&mut self, schema: &'a Value) -> Value {
        match type_of(schema) {
            Some("object") => self.object(schema),
            Some("array") => match schema.get("items") {
                Some(items) => json!([self.example(items)]),
                None => self.tuple(schema),
            },
            Some("string") => text(schema).into(),
            Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
            Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.5.into()),
            Some("boolean") => true.into(),
            _ => Value::Null,
        }
    }

    /// A tuple has a schema for each of its items.
    fn tuple(&mut self, schema: &'a Value) -> Value {
        let items = schema.get("prefixItems").and_then(Value::as_array);
        items.into_iter().flatten().map(|item| self.example(item)).collect::<Vec<_>>().into()
    }

    fn object(&mut self, schema: &'a Value) -> Value {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|list| list.iter().any(|required| required == name));
        let properties = schema.get("properties").and_then(Value::as_object);
        let shown = properties.into_iter().flatten().filter(|(name, _)| is_required(name));
        let fields: Map<_, _> =
            shown.map(|(name, property)| (name.clone(), self.example(property))).collect();
        fields.into()
    }
}

/// The one type, or the first that is not `null`.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn text(schema: &Value) -> &'static str {
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T08:00:00Z",
        Some("uri") => "https://example.cn/",
        Some("uuid") => "018f3c5e-7a2b-7c1d-9e4f-0123456789ab",
        _ => "text",
    }
}
