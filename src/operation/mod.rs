//! One catalogue of operations, two doors: the `rpc` command and `POST /api/v1/<name>`.
//!
//! A domain declares each operation once: name, summary, who may call it, its rate class, input and
//! output types. Both doors run what the catalogue holds, and OpenAPI is generated from it, so the
//! three cannot drift apart. Knows no domain, no socket and no HTTP.

pub mod caller;
mod catalogue;
mod rate;
pub mod refusal;
pub mod upload;

use std::pin::Pin;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

pub use self::{
    caller::{Caller, Role},
    catalogue::Catalogue,
    refusal::Refusal,
    upload::{Takes, Upload},
};
use crate::error::Code;

/// What an operation comes to: its output as JSON, or a refusal.
pub type Answer = Result<Box<RawValue>, Refusal>;

type Running = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Run = Box<dyn Fn(Caller, &str, Option<Upload>) -> Result<Running, Refusal> + Send + Sync>;

/// How often one user may call: each class has its own bucket per user, sized in `[rates]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rate {
    /// Questions that cost a query.
    Read,
    /// Changes of state.
    Write,
    /// Messages to people.
    Send,
    /// Signals that nobody stores: typing.
    Signal,
    /// Files.
    Upload,
    /// The platform's own services and operators: no bucket.
    Trusted,
}

/// One operation, as both doors and the documents see it.
pub struct Operation {
    /// `domain.verb`, the contract with clients.
    pub name: &'static str,
    /// One English sentence for the OpenAPI document.
    pub summary: &'static str,
    /// Who may call it.
    pub roles: &'static [Role],
    /// Its rate class.
    pub rate: Rate,
    /// JSON Schema of the input (draft 2020-12).
    pub input: Schema,
    /// JSON Schema of the output.
    pub output: Schema,
    /// What it takes beside its input: such an operation runs over the HTTP door alone, which brings
    /// the input in the query.
    pub takes: Option<Takes>,
    run: Run,
}

impl Operation {
    /// Declares an operation; `run` gets the caller and the parsed input.
    pub fn new<I, O, R, F>(
        name: &'static str,
        summary: &'static str,
        roles: &'static [Role],
        rate: Rate,
        run: R,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema,
        R: Fn(Caller, I) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O, Refusal>> + Send + 'static,
    {
        let run: Run = Box::new(move |caller, input, _| {
            let running = run(caller, parse::<I>(input)?);
            let running: Running = Box::pin(async move { encode(&running.await?) });
            Ok(running)
        });
        let (input, output) = schemas::<I, O>();
        Self { name, summary, roles, rate, input, output, takes: None, run }
    }

    /// Declares an operation that takes bytes beside its input, which are `run`'s third argument.
    pub fn taking<I, O, R, F>(
        name: &'static str,
        summary: &'static str,
        roles: &'static [Role],
        takes: Takes,
        run: R,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema,
        R: Fn(Caller, I, Upload) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O, Refusal>> + Send + 'static,
    {
        let run: Run = Box::new(move |caller, input, upload| {
            let Some(upload) = upload else {
                let reason = format!("it takes bytes; send them to POST /api/v1/{name}");
                return Err(Refusal::new(Code::NotAvailable).because(reason));
            };
            let running = run(caller, parse::<I>(input)?, upload);
            let running: Running = Box::pin(async move { encode(&running.await?) });
            Ok(running)
        });
        let (input, output) = schemas::<I, O>();
        let (rate, takes) = (Rate::Upload, Some(takes));
        Self { name, summary, roles, rate, input, output, takes, run }
    }

    /// Parses the input; what comes back does the work.
    fn begin(
        &self,
        caller: Caller,
        input: &str,
        upload: Option<Upload>,
    ) -> Result<Running, Refusal> {
        (self.run)(caller, input, upload)
    }
}

/// The schemas of an input and an output.
fn schemas<I: JsonSchema, O: JsonSchema>() -> (Schema, Schema) {
    let settings = SchemaSettings::draft2020_12();
    let input = settings.clone().into_generator().into_root_schema_for::<I>();
    // What is skipped when empty need not be there in an answer.
    let output = settings.for_serialize().into_generator().into_root_schema_for::<O>();
    (input, output)
}

fn parse<I: DeserializeOwned>(input: &str) -> Result<I, Refusal> {
    let input = if input.is_empty() || input == "null" { "{}" } else { input };
    serde_json::from_str(input)
        .map_err(|fault| Refusal::new(Code::BadRequest).because(fault.to_string()))
}

fn encode<O: Serialize>(output: &O) -> Answer {
    to_raw_value(output).map_err(|_| Refusal::new(Code::Internal))
}

#[cfg(test)]
mod tests;
