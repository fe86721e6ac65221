//! The OpenAPI 3.1 document, generated from the catalogue: the same catalogue, the same bytes.

mod example;
mod refusals;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::schemas::Schemas;
use crate::operation::{Catalogue, Operation, Rate, Role, upload::Takes};

/// The document for `catalogue`, as served from `public_url` (empty for wherever it was read from).
pub(super) fn document(catalogue: &Catalogue, public_url: &str) -> Value {
    let mut schemas = Schemas::default();
    let paths: serde_json::Map<_, _> = catalogue
        .iter()
        .map(|operation| (format!("/api/v1/{}", operation.name), path(operation, &mut schemas)))
        .collect();
    let server = if public_url.is_empty() { "/" } else { public_url };
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Belfry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "security": [{ "bearer": [] }],
        "tags": tags(catalogue),
        "paths": paths,
        "components": {
            "schemas": schemas.with("error", refusals::schema()),
            "responses": refusals::responses(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The same token that opens a connection; its claims say who calls.",
                },
            },
        },
    })
}

const ABOUT: &str = "Every operation runs over two doors: `POST /api/v1/<name>` here, and the `rpc` \
command of a connection, with the same name, input and output. An empty body counts as `{}`. Files go \
over this door alone, their input in the query. What is \
refused names its reason as a number and a word; what is worth trying again says so, and when.";

fn tags(catalogue: &Catalogue) -> Vec<Value> {
    let mut names: Vec<&str> = catalogue.iter().map(domain).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

/// Operations on channels are named as on other Centrifuge servers, without a domain.
fn domain(operation: &Operation) -> &str {
    operation.name.split_once('.').map_or("channels", |(domain, _)| domain)
}

fn path(operation: &Operation, schemas: &mut Schemas) -> Value {
    let output = schemas.add(operation.name, "output", operation.output.as_value());
    let roles: Vec<_> = operation.roles.iter().copied().map(Role::as_str).collect();
    let mut responses = refusals::references();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "Done.",
            "content": content(&output, &example::of(operation.output.as_value())),
        }),
    );
    responses.sort_keys();
    let mut post = json!({
        "operationId": operation.name,
        "tags": [domain(operation)],
        "summary": operation.summary,
        "description": format!(
            "Roles: {}. Rate class: {}.",
            roles.join(", "),
            rate(operation.rate),
        ),
        "x-roles": roles,
        "x-rate": rate(operation.rate),
    });
    match &operation.takes {
        None => post["requestBody"] = json_body(operation, schemas),
        Some(takes) => {
            post["parameters"] = schemas::parameters(operation.input.as_value());
            post["requestBody"] = bytes_body(takes);
        }
    }
    post["responses"] = responses.into();
    json!({ "post": post })
}

fn json_body(operation: &Operation, schemas: &mut Schemas) -> Value {
    let input = schemas.add(operation.name, "input", operation.input.as_value());
    json!({
        "required": schemas::needs_input(operation.input.as_value()),
        "content": content(&input, &example::of(operation.input.as_value())),
    })
}

/// Bytes as they are: a media type without a schema (OpenAPI 3.1.1, section 4.8.14.4).
fn bytes_body(takes: &Takes) -> Value {
    let kinds = takes.media_types.iter().map(|kind| ((*kind).to_owned(), json!({})));
    json!({ "required": true, "content": kinds.collect::<serde_json::Map<_, _>>() })
}

fn content(schema: &str, example: &Value) -> Value {
    let reference = format!("#/components/schemas/{schema}");
    json!({ "application/json": { "schema": { "$ref": reference }, "example": example } })
}

fn rate(rate: Rate) -> &'static str {
    match rate {
        Rate::Read => "read",
        Rate::Write => "write",
        Rate::Send => "send",
        Rate::Signal => "signal",
        Rate::Upload => "upload",
        Rate::Trusted => "trusted",
    }
}
