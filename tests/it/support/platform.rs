//! The platform's services as the tests play them.

use belfry::{
    operation::Role,
    protocol::{command::Request, reply::Outcome, request::RpcRequest},
};
use serde_json::Value;

use super::{House, Visitor};

/// A connection of the platform's own.
pub async fn service(house: &House) -> Visitor {
    let token = house.token_with("platform", |claims| claims.role = Some(Role::Service));
    let mut service = Visitor::arrive(house.address).await;
    service.connect(&token).await.unwrap();
    service
}

/// Runs an operation over a connection: its output, or the code and the words of its refusal.
pub async fn call(
    caller: &mut Visitor,
    method: &str,
    input: Value,
) -> Result<Value, (u32, String)> {
    let request = RpcRequest { method: method.to_owned(), data: input.to_string().into() };
    match caller.ask(Request::Rpc(request)).await {
        Ok(Outcome::Rpc(result)) => Ok(serde_json::from_slice(&result.data).unwrap()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err((error.code, error.message)),
    }
}
