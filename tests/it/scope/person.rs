//! One person of the town: a connection in each encoding, the HTTP door, and all that came of them.

use std::net::IpAddr;

use belfry::{
    operation::Role,
    protocol::{codec::Encoding, reply::Outcome, request::ConnectRequest},
};
use serde_json::Value;

use crate::support::{House, PATIENCE, Visitor, call};

/// Which door a call goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Rpc,
    Http,
}

/// A refusal: its code, and all of its words.
pub type Refused = (u32, String);

/// Who they are.
#[derive(Clone, Debug)]
pub struct Card {
    pub id: String,
    pub role: Role,
    /// The token's `inst`.
    pub institution: Option<&'static str>,
    /// What the directory says of them, if it names them at all.
    pub employment: Option<&'static str>,
}

impl Card {
    /// Whether the directory confirms what the token says.
    pub fn is_active(&self) -> bool {
        self.employment == Some("active")
    }
}

/// A person, connected twice.
pub struct Person {
    pub card: Card,
    /// Their side of the sockets.
    pub address: IpAddr,
    /// What the server calls their connections.
    pub clients: Vec<String>,
    /// What came on their personal channel over JSON, fences apart.
    pub events: Vec<Value>,
    pub visitors: [Visitor; 2],
    /// What the HTTP door answered.
    pub bodies: Vec<String>,
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Person {
    /// Connects from `address` with what the platform says of a person of this role.
    pub async fn arrive(house: &House, card: Card, address: IpAddr) -> Self {
        let token = house.token_with(&card.id, |claims| {
            claims.role = Some(card.role);
            claims.inst = card.institution.map(str::to_owned);
            if card.role == Role::User {
                claims.name = Some(nickname(&card.id));
                claims.avatar = Some(avatar(&card.id));
                claims.badge = Some(badge(&card.id));
                let info = serde_json::json!({"hint": info(&card.id)}).to_string();
                claims.info = Some(serde_json::value::RawValue::from_string(info).unwrap());
            }
        });
        let (mut clients, mut visitors) = (Vec::new(), Vec::new());
        for encoding in [Encoding::Json, Encoding::Protobuf] {
            let mut visitor = Visitor::arrive_from(address, house.address, encoding).await;
            clients.push(visitor.connect(&token).await.unwrap().client);
            visitors.push(visitor);
        }
        let http = reqwest::Client::builder().local_address(address).timeout(PATIENCE);
        Self {
            card,
            address,
            clients,
            events: Vec::new(),
            visitors: visitors.try_into().ok().unwrap(),
            bodies: Vec::new(),
            http: http.build().unwrap(),
            url: format!("http://{}", house.address),
            token,
        }
    }

    /// The institution they act for; `support` for the platform's own staff.
    pub fn institution(&self) -> Option<&'static str> {
        if self.card.role == Role::Support { Some("support") } else { self.card.institution }
    }

    /// What nobody else may ever read: words that stand for this person.
    pub fn secrets(&self) -> Vec<String> {
        let id = &self.card.id;
        let mut secrets = vec![id.clone(), nickname(id), avatar(id), badge(id), info(id)];
        secrets.extend(self.clients.iter().cloned());
        secrets.push(self.address.to_string());
        secrets
    }

    /// Runs an operation that must succeed.
    pub async fn ask(&mut self, name: &str, input: Value) -> Value {
        let answer = call(&mut self.visitors[0], name, input.clone()).await;
        answer.unwrap_or_else(|refused| panic!("{} {name} {input}: {refused:?}", self.card.id))
    }

    /// Runs an operation through a door; over `rpc` the Protobuf connection asks.
    pub async fn attempt(
        &mut self,
        door: Door,
        name: &str,
        input: Value,
    ) -> Result<Value, Refused> {
        match door {
            Door::Rpc => call(&mut self.visitors[1], name, input).await,
            Door::Http => self.post(name, input).await,
        }
    }

    async fn post(&mut self, name: &str, input: Value) -> Result<Value, Refused> {
        self.post_bytes(name, input.to_string().into()).await
    }

    /// Posts bytes to an operation whose input, if it takes any bytes, stands behind its `name`.
    pub async fn post_bytes(&mut self, name: &str, bytes: Vec<u8>) -> Result<Value, Refused> {
        let request = self.http.post(format!("{}/api/v1/{name}", self.url));
        let request = request.header("content-type", "application/json");
        let request = request.bearer_auth(&self.token).body(bytes);
        let response = request.send().await.unwrap();
        let is_done = response.status().is_success();
        let headers = format!("{:?}", response.headers());
        let body = response.text().await.unwrap();
        self.bodies.extend([headers, body.clone()]);
        let answer: Value = serde_json::from_str(&body).unwrap();
        if is_done {
            return Ok(answer);
        }
        Err((answer["error"]["code"].as_u64().unwrap() as u32, body))
    }

    /// A page of the HTTP door.
    pub async fn page(&self, path: &str) -> String {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        response.text().await.unwrap()
    }

    /// What a link to a file leads to.
    pub async fn follow(&self, link: &str) -> u16 {
        let response = self.http.get(format!("{}{link}", self.url)).send().await.unwrap();
        response.status().as_u16()
    }

    /// Hears all that came up to the publication `fence` on both connections.
    pub async fn hear_up_to(&mut self, fence: &Value) {
        let own = format!("user:#{}", self.card.id);
        for (at, visitor) in self.visitors.iter_mut().enumerate() {
            loop {
                let push = visitor.push().await;
                assert_eq!(push.channel, own, "{} heard of another channel", self.card.id);
                let publication = push.publication.expect("nothing but publications");
                assert!(publication.info.is_none(), "the house publishes, not a person");
                let event: Value = serde_json::from_slice(&publication.data).unwrap();
                if event == *fence {
                    break;
                }
                if at == 0 {
                    self.events.push(event);
                }
            }
        }
    }

    /// Connects once more as `request` says: the channels that the server subscribed it to.
    pub async fn connect_again(&self, house: &House, request: ConnectRequest) -> Vec<String> {
        let mut visitor = Visitor::arrive_from(self.address, house.address, Encoding::Json).await;
        let request = ConnectRequest { token: self.token.clone(), ..request };
        match visitor.ask(request).await.unwrap() {
            Outcome::Connect(result) => result.subs.into_iter().map(|sub| sub.channel).collect(),
            other => panic!("{other:?}"),
        }
    }
}

pub fn nickname(id: &str) -> String {
    format!("绝密昵称{}", &id[id.len() - 4..])
}

pub fn avatar(id: &str) -> String {
    format!("https://secret-avatar.example/{id}.png")
}

fn badge(id: &str) -> String {
    format!("绝密徽章{}", &id[id.len() - 4..])
}

fn info(id: &str) -> String {
    format!("绝密信息{}", &id[id.len() - 4..])
}
