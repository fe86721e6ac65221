//! The demo: people to try the server with, the links to it, and a token for each.
//!
//! They come in by the same operations as the platform's own entries, so a demo proves them too.

use std::{io::Write, net::SocketAddr};

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    error::Code,
    identity::{Claims, Identity},
    operation::{Caller, Catalogue, Role},
};

/// How long a demo's tokens are good for.
const TTL_S: i64 = 24 * 3_600;

/// The one institution of the demo.
const INSTITUTION: &str = "inst1";

/// The one live room of the demo.
const ROOM: &str = "demo";

/// Everyone in the demo: id, role, name.
const PEOPLE: &[(&str, Role, &str)] = &[
    ("user1", Role::User, "考生小林"),
    ("user2", Role::User, "考生小周"),
    ("user3", Role::User, "考生小陈"),
    ("user4", Role::User, "考生小吴"),
    ("user5", Role::User, "考生小郑"),
    ("tutor1", Role::Tutor, "张老师"),
    ("tutor2", Role::Tutor, "李老师"),
    ("admin1", Role::InstitutionAdmin, "王主任"),
    ("host1", Role::Host, "主持人"),
    ("moderator1", Role::Moderator, "审核员"),
    ("supervisor1", Role::Supervisor, "监管员"),
    ("lead1", Role::Lead, "监管主管"),
    ("compliance1", Role::Compliance, "合规专员"),
    ("auditor1", Role::Auditor, "审计员"),
    ("support1", Role::Support, "在线客服"),
    ("service1", Role::Service, "平台服务"),
    ("worker1", Role::Worker, "推送工作者"),
    ("operator1", Role::Operator, "运维"),
];

/// Somebody's way in.
pub struct Pass {
    user: &'static str,
    role: Role,
    name: &'static str,
    token: String,
}

/// Writes the demo's institution and people over whatever was known of them, and opens its room.
///
/// # Errors
/// The first entry that was refused.
pub async fn furnish(catalogue: &Catalogue) -> anyhow::Result<()> {
    let institution =
        json!({"id": INSTITUTION, "name": "示例公考机构", "certification": "certified"});
    put(catalogue, "directory.institution.put", institution).await?;
    for &(id, role, name) in PEOPLE {
        let admin = role == Role::InstitutionAdmin;
        match role {
            Role::User => {
                let profile = json!({"id": id, "nickname": name});
                put(catalogue, "directory.profile.put", profile).await?;
            }
            Role::Tutor | Role::InstitutionAdmin => {
                let tutor =
                    json!({"id": id, "institution": INSTITUTION, "name": name, "admin": admin});
                put(catalogue, "directory.tutor.put", tutor).await?;
            }
            Role::Support => {
                let staff = json!({"id": id, "institution": "support", "name": name});
                put(catalogue, "directory.tutor.put", staff).await?;
            }
            _ => {}
        }
    }
    open_room(catalogue).await
}

/// The room of the demo, live and open to everyone who is signed in.
async fn open_room(catalogue: &Catalogue) -> anyhow::Result<()> {
    let room = json!({"id": ROOM, "title": "演示直播间", "hosts": ["host1"]});
    put(catalogue, "live.room.put", room).await?;
    put(catalogue, "live.appoint", json!({"room": ROOM, "user": "moderator1"})).await?;
    let service = Caller::new("service1", Role::Service);
    let begun = catalogue.call(service, "live.start", &json!({"room": ROOM}).to_string()).await;
    match begun {
        // Somebody has ended it in an earlier demo: it can still be looked at.
        Err(refusal) if refusal.code() != Code::Stale => Err(anyhow!("{refusal}")),
        Ok(_) | Err(_) => Ok(()),
    }
    .context("live.start")
}

async fn put(catalogue: &Catalogue, operation: &str, entry: Value) -> anyhow::Result<()> {
    let service = Caller::new("service1", Role::Service);
    let answer = catalogue.call(service, operation, &entry.to_string()).await;
    answer.map(|_| ()).map_err(|refusal| anyhow!("{refusal}")).with_context(|| operation.to_owned())
}

/// A token for everyone; none when only public keys are configured and nobody here can sign.
///
/// # Errors
/// When signing fails.
pub fn passes(identity: &Identity, clock: &Clock) -> anyhow::Result<Vec<Pass>> {
    let now_s = clock.now_s();
    let sign = |&(user, role, name): &(&'static str, Role, &'static str)| {
        let claims = Claims {
            sub: user.to_owned(),
            role: Some(role),
            inst: role.is_institutional().then(|| INSTITUTION.to_owned()),
            name: Some(name.to_owned()),
            iat: Some(now_s),
            exp: Some(now_s + TTL_S),
            ..Claims::default()
        };
        Ok(Pass { user, role, name, token: identity.mint(&claims)? })
    };
    PEOPLE.iter().map(sign).collect()
}

/// Prints the links and the tokens.
///
/// # Errors
/// When nobody reads.
pub fn print(
    out: &mut impl Write,
    address: SocketAddr,
    public_url: &str,
    passes: &[Pass],
) -> std::io::Result<()> {
    let url =
        if public_url.is_empty() { format!("http://{address}") } else { public_url.to_owned() };
    writeln!(out, "演示数据已就绪 / The demo is ready")?;
    writeln!(out, "  首页 / Start page       {url}/")?;
    writeln!(out, "  接口文档 / Operations   {url}/api/")?;
    writeln!(
        out,
        "  连接 / Connections      {}/connection/websocket",
        url.replacen("http", "ws", 1)
    )?;
    writeln!(out, "  直播间 / Live room      live:{ROOM}")?;
    writeln!(out, "  机构 / Institution      {INSTITUTION}")?;
    writeln!(out, "令牌（24 小时有效） / Tokens, good for 24 hours:")?;
    for Pass { user, role, name, token } in passes {
        writeln!(out, "  {user:<12} {role:<18} {name}\n    {token}")?;
    }
    out.flush()
}
