//! The document's shape, and what could break it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;
use crate::{error::Code, operation::Refusal};

/// A body.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Body {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// A quotation of another body.
    Quote { of: Box<Self>, at: Option<u64> },
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Send {
    body: Body,
    #[serde(default)]
    silent: bool,
}

#[derive(Serialize, JsonSchema)]
struct Sent {
    /// The number it was given.
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
}

mod other {
    use super::*;

    /// Another body of the same name.
    #[derive(Deserialize, Serialize, JsonSchema)]
    pub(super) struct Body {
        pub(super) bytes: Vec<u8>,
    }

    #[derive(Deserialize, Serialize, JsonSchema)]
    pub(super) struct Upload {
        pub(super) body: Body,
    }
}

fn operation<I, O>(name: &'static str, roles: &'static [Role], rate: Rate) -> Operation
where
    I: serde::de::DeserializeOwned + JsonSchema + std::marker::Send + 'static,
    O: Serialize + JsonSchema + std::marker::Send + 'static,
{
    Operation::new(name, "Does it.", roles, rate, |_, _: I| async {
        Err::<O, _>(Refusal::new(Code::NotAvailable))
    })
}

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add([
        operation::<Send, Sent>("note.send", &[Role::User, Role::Tutor], Rate::Send),
        operation::<other::Upload, Body>("pile.upload", &[Role::Service], Rate::Trusted),
    ]);
    catalogue
}

#[test]
fn the_document_has_this_shape() {
    let document = document(&catalogue(), "https://im.example.cn");
    let mut path = document["paths"]["/api/v1/note.send"].clone();
    // A new code may bring a new status; that is no change of shape.
    path["post"]["responses"].as_object_mut().unwrap().retain(|status, _| status == "200");
    insta::assert_json_snapshot!("path", path);
    let mut schemas = document["components"]["schemas"].clone();
    schemas.as_object_mut().unwrap().remove("error");
    insta::assert_json_snapshot!("schemas", schemas);
    insta::assert_json_snapshot!("response", document["components"]["responses"]["refused_413"]);
    assert_eq!(document["servers"][0]["url"], "https://im.example.cn");
}

#[test]
fn every_code_is_answered_under_its_status() {
    let document = document(&catalogue(), "");
    for code in Code::ALL {
        let name = format!("refused_{}", code.http_status());
        let response = &document["components"]["responses"][&name];
        let example = response["content"]["application/json"]["examples"]
            [code.number().to_string()]["value"]["error"]["name"]
            .as_str();
        assert_eq!(example, Some(code.name()));
        let status = code.http_status().to_string();
        assert!(document["paths"]["/api/v1/note.send"]["post"]["responses"][status].is_object());
    }
}

#[test]
fn the_same_catalogue_gives_the_same_bytes() {
    let text = || document(&catalogue(), "").to_string();
    assert_eq!(text(), text());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(&catalogue(), "");
    let mut count = 0;
    references(&document, &mut |reference| {
        count += 1;
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    });
    assert!(count > 20, "{count}");
}

#[test]
fn two_types_of_one_name_do_not_replace_each_other() {
    let document = document(&catalogue(), "");
    let schemas = &document["components"]["schemas"];
    assert!(schemas["Body"]["oneOf"].is_array());
    assert!(schemas["pile.upload.input.Body"]["properties"]["bytes"].is_object());
}

fn references(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                visit(reference);
            }
            object.values().for_each(|value| references(value, visit));
        }
        Value::Array(array) => array.iter().for_each(|value| references(value, visit)),
        _ => {}
    }
}
