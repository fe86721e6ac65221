//! The OpenAPI 3.1 document, generated from the catalogue: the same catalogue, the same bytes.

mod example;
mod refusals;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::schemas::Schemas;
use crate::operation::{Catalogue, Operation, Rate, Role};

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
command of a connection, with the same name, input and output. An empty body counts as `{}`. What is \
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
    let input = schemas.add(operation.name, "input", operation.input.as_value());
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
    json!({
        "post": {
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
            "requestBody": {
                "required": schemas::needs_input(operation.input.as_value()),
                "content": content(&input, &example::of(operation.input.as_value())),
            },
            "responses": responses,
        },
    })
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
        Rate::Trusted => "trusted",
    }
}
