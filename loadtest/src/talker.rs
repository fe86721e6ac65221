//! Talkers: clients that call operations, and those that go on talking in a conversation.

use std::{collections::VecDeque, net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, bail, ensure};
use belfry::{
    identity::Claims,
    operation::Role,
    protocol::{
        codec::{Encoding, decode_replies, encode_commands},
        command::Command,
        reply::Reply,
        request::RpcRequest,
    },
};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use crate::{
    link::{Link, Visitor},
    stamp::Stamps,
    tally::{Phase, Tally},
    target::Target,
};

/// After the end, a talker listens until nothing has come for so long.
const LISTENING: Duration = Duration::from_millis(500);

/// What each side says, before the stamp: an ordinary sentence, so that judging costs what it costs.
const WORDS: &str = "老师您好，请问这个职位要求的专业是计算机类，我是软件工程毕业的，可以报考吗？";

/// A client that calls one operation at a time.
#[derive(Debug)]
pub(crate) struct Call {
    link: Link,
    encoding: Encoding,
    last_id: u32,
}

/// How fast a talker talks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// The next message as soon as the last one is acknowledged.
    Answered,
    /// One message each so often, however long the last one took.
    Every(Duration),
}

impl Pace {
    /// The pace of one of `talkers` that say `rate` messages a second together; 0 sets no pace.
    pub(crate) fn of(rate: f64, talkers: usize) -> Self {
        if rate > 0.0 {
            Self::Every(Duration::from_secs_f64(talkers as f64 / rate))
        } else {
            Self::Answered
        }
    }
}

impl Call {
    pub(crate) async fn open(
        target: &Target,
        source: Option<Ipv4Addr>,
        claims: Claims,
    ) -> anyhow::Result<Self> {
        let visitor = Visitor { token: target.token(claims)?, source, ..<_>::default() };
        let link = Link::open(target, visitor).await?;
        Ok(Self { link, encoding: target.encoding, last_id: 10 })
    }

    /// The platform's own entrance, which fills the directory and opens rooms.
    pub(crate) async fn service(target: &Target) -> anyhow::Result<Self> {
        let sub = "load-service".to_owned();
        let claims = Claims { sub, role: Some(Role::Service), ..<_>::default() };
        Self::open(target, None, claims).await
    }

    /// Calls an operation and waits for what it answers.
    pub(crate) async fn call(&mut self, method: &str, input: &Value) -> anyhow::Result<Value> {
        self.begin(method, input).await?;
        let answers = self.link.successes(1).await.with_context(|| method.to_owned())?;
        let replies = answers.iter().map(|answer| decode_replies(self.encoding, answer));
        let replies = replies.collect::<Result<Vec<_>, _>>()?;
        let answer = replies.into_iter().flatten().find_map(|reply| reply.rpc);
        let answer = answer.with_context(|| format!("{method} was answered by something else"))?;
        Ok(serde_json::from_slice(&answer.data)?)
    }

    async fn begin(&mut self, method: &str, input: &Value) -> anyhow::Result<()> {
        self.last_id += 1;
        let data = serde_json::to_vec(input)?.into();
        let request = RpcRequest { method: method.to_owned(), data };
        let mut payload = Vec::new();
        let command = Command::new(self.last_id, request);
        encode_commands(self.encoding, &[command], &mut payload)?;
        self.link.say(&payload).await
    }
}

/// One side of a conversation.
#[derive(Debug)]
pub(crate) struct Talker {
    call: Call,
    conversation: String,
    /// What its message keys begin with: unlike the other side's, and those of other runs.
    key: String,
    stamps: Stamps,
    /// When in its interval it talks, from 0 to 1.
    phase: f64,
    sent: u64,
    acknowledged: u64,
    /// When the messages under way were due, oldest first: answers come in order.
    due: VecDeque<Instant>,
}

impl Talker {
    /// Talkers begin at different times of the first interval, as people do: at `phase` of it.
    pub(crate) fn new(
        call: Call,
        conversation: &str,
        key: String,
        stamps: Stamps,
        phase: f64,
    ) -> Self {
        let conversation = conversation.to_owned();
        let due = <_>::default();
        Self { call, conversation, key, stamps, phase, sent: 0, acknowledged: 0, due }
    }

    /// Waits, talks and listens, until it is over and everything said was acknowledged.
    pub(crate) async fn talk(&mut self, pace: Pace, tally: &Tally) -> anyhow::Result<()> {
        let mut phases = tally.phases();
        while *phases.borrow_and_update() == Phase::Waiting {
            tokio::select! {
                _ = phases.changed() => {}
                ready = self.call.link.ready() => { ready?; self.listen(tally).await?; }
            }
        }
        let mut times = self.times(pace);
        while *phases.borrow_and_update() == Phase::Talking {
            let is_answered = self.sent == self.acknowledged;
            let due = async {
                match &mut times {
                    Some(times) => times.tick().await,
                    None if is_answered => Instant::now(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = phases.changed() => {}
                due = due => self.say(due).await?,
                ready = self.call.link.ready() => { ready?; self.listen(tally).await?; }
            }
        }
        while self.sent > self.acknowledged
            || timeout(LISTENING, self.call.link.ready()).await.is_ok()
        {
            self.call.link.ready().await?;
            self.listen(tally).await?;
        }
        Ok(())
    }

    fn times(&self, pace: Pace) -> Option<Interval> {
        let Pace::Every(period) = pace else { return None };
        let start = Instant::now() + period.mul_f64(self.phase);
        let mut times = interval_at(start, period);
        // A late message is due when it was due: what it waited is part of its latency.
        times.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Some(times)
    }

    async fn say(&mut self, due: Instant) -> anyhow::Result<()> {
        self.sent += 1;
        self.due.push_back(due);
        let text = format!("{WORDS}{}", self.stamps.word(due));
        let message = json!({
            "conversation": self.conversation,
            "client_id": format!("{}-{}", self.key, self.sent),
            "body": {"kind": "text", "text": text},
        });
        self.call.begin("consult.send", &message).await
    }

    /// Takes in what has come: answers to what it said, and what the other side says.
    async fn listen(&mut self, tally: &Tally) -> anyhow::Result<()> {
        let (mut replies, mut broken) = (Vec::new(), None);
        let encoding = self.call.encoding;
        let hear =
            self.call.link.hear_now(|message| match decode_replies(encoding, message.bytes) {
                Ok(come) => replies.extend(come),
                Err(fault) => broken = Some(fault),
            });
        hear.await?;
        if let Some(fault) = broken {
            return Err(fault.into());
        }
        self.take_in(&replies, tally)
    }

    fn take_in(&mut self, replies: &[Reply], tally: &Tally) -> anyhow::Result<()> {
        let (mut answered, mut heard) = (Vec::new(), Vec::new());
        for reply in replies {
            if let Some(error) = &reply.error {
                bail!("consult.send was refused: {} {}", error.code, error.message);
            }
            if let Some(rpc) = &reply.rpc {
                let answer: Value = serde_json::from_slice(&rpc.data)?;
                ensure!(answer["status"] == "delivered", "a message was {}", answer["status"]);
                self.acknowledged += 1;
                answered.push(self.due.pop_front().context("an answer to nothing")?.elapsed());
            }
            let publication = reply.push.as_ref().and_then(|push| push.publication.as_ref());
            if let Some(publication) = publication.filter(|it| is_from_the_other_side(&it.data)) {
                heard.push(self.stamps.age(&publication.data).context("no stamp")?);
            }
        }
        tally.count(&answered, &heard);
        Ok(())
    }
}

/// `consult.delivered` tells an author of their own message; this tells of the other's.
fn is_from_the_other_side(event: &[u8]) -> bool {
    event.starts_with(br#"{"type":"consult.message""#)
}
