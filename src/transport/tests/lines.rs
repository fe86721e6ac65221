//! A connection's task with a carrier that plays a script, under paused time.

use std::{
    collections::VecDeque,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::Paper;
use crate::{
    hub::{Dialect, Mailbox, Signal},
    identity::Claims,
    operation::{Operation, Rate, Role},
    protocol::{
        code::{Disconnect, DisconnectCode},
        codec::{Encoding, decode_replies},
        command::Command,
        push::Push,
        reply::{Outcome, Reply},
        request::{ConnectRequest, RpcRequest},
    },
    session::{Arrival, Needs, Visitor, tests::needs},
    transport::connection::{Carrier, Heard, Line},
};

/// Less than an operation may take: what waits for one is seen to wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// A carrier that hears what the test says, and writes the last words as a push.
struct Script(mpsc::Receiver<Heard>);

impl Carrier for Script {
    fn poll_listen(&mut self, _mailbox: &Mailbox, cx: &mut Context<'_>) -> Poll<Heard> {
        self.0.poll_recv(cx).map(|heard| heard.unwrap_or(Heard::Gone))
    }

    fn poll_writable(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    async fn part(&mut self, mailbox: &Mailbox, why: Option<&Disconnect>) {
        if let Some(why) = why {
            mailbox.finish(mailbox.dialect().push(Push::disconnect(why)).unwrap());
        }
    }
}

/// A connection in a house where `tests.wait` takes as long as the test likes.
struct Scene {
    needs: Arc<Needs>,
    mailbox: Arc<Mailbox>,
    client: mpsc::Sender<Heard>,
    gate: Arc<Gate>,
    paper: Paper,
    replies: VecDeque<Reply>,
    serving: JoinHandle<()>,
}

/// What operations wait at: how many came, and how many may go on.
struct Gate {
    come: Semaphore,
    open: Semaphore,
}

impl Gate {
    /// Waits until one more operation has come.
    async fn is_met(&self) {
        timeout(PATIENCE, self.come.acquire()).await.expect("nothing came").unwrap().forget();
    }

    fn opens_for(&self, count: usize) {
        self.open.add_permits(count);
    }

    /// Whether nobody came since.
    fn is_deserted(&self) -> bool {
        self.come.available_permits() == 0
    }
}

impl Scene {
    /// A connection that is greeted already.
    async fn connected() -> Self {
        let mut scene = Self::open();
        scene.says(vec![scene.connect()]).await;
        assert!(matches!(scene.reply().await.outcome(), Some(Ok(Outcome::Connect(_)))));
        scene
    }

    fn open() -> Self {
        let gate = Arc::new(Gate { come: Semaphore::new(0), open: Semaphore::new(0) });
        let needs = needs(|_| {}, vec![waiting(&gate)]);
        let paper = Paper::default();
        let guest = needs.hub.admit(Dialect::StreamJson, Box::new(paper.clone()));
        let mailbox = Arc::clone(guest.mailbox());
        let visitor = Visitor::new(Arc::clone(&needs), guest, Arrival::default());
        let (client, script) = mpsc::channel(16);
        let line = Line::new(Script(script), Arc::clone(&mailbox), &needs);
        let serving = tokio::spawn(line.serve(visitor));
        Self { needs, mailbox, client, gate, paper, replies: VecDeque::new(), serving }
    }

    fn connect(&self) -> Command {
        let claims = Claims { sub: "ann".to_owned(), ..Claims::default() };
        let token = self.needs.identity.mint(&claims).unwrap();
        Command::new(1, ConnectRequest { token, ..ConnectRequest::default() })
    }

    async fn says(&self, commands: Vec<Command>) {
        self.client.send(Heard::Commands(commands)).await.unwrap();
    }

    /// The next reply.
    async fn reply(&mut self) -> Reply {
        while self.replies.is_empty() {
            let written = timeout(PATIENCE, self.paper.next()).await.expect("nothing was written");
            self.replies.extend(decode_replies(Encoding::Json, &written).unwrap());
        }
        self.replies.pop_front().unwrap()
    }

    /// The code of the disconnect, which comes next.
    async fn farewell(&mut self) -> u32 {
        self.reply().await.push.unwrap().disconnect.unwrap().code
    }
}

/// An operation that ends when the gate opens for it.
fn waiting(gate: &Arc<Gate>) -> Operation {
    let gate = Arc::clone(gate);
    Operation::new("tests.wait", "Waits.", &[Role::User], Rate::Read, move |_, _: Value| {
        let gate = Arc::clone(&gate);
        async move {
            gate.come.add_permits(1);
            gate.open.acquire().await.unwrap().forget();
            Ok(json!({}))
        }
    })
}

fn wait(id: u32) -> Command {
    Command::new(id, RpcRequest { method: "tests.wait".to_owned(), data: "{}".into() })
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_leaves_before_the_next_command_is_done() {
    let mut scene = Scene::open();
    scene.says(vec![scene.connect(), wait(2), wait(3)]).await;
    assert!(matches!(scene.reply().await.outcome(), Some(Ok(Outcome::Connect(_)))));
    for id in [2, 3] {
        scene.gate.opens_for(1);
        assert_eq!(scene.reply().await.id, id);
    }
    drop(scene.client);
    scene.serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_nobody_heard_for_a_slow_command_is_not_late() {
    let mut scene = Scene::connected().await;
    for commands in
        [vec![vec![wait(2)], vec![Command::pong()]], vec![vec![wait(3), Command::pong()]]]
    {
        tokio::time::advance(Duration::from_secs(30)).await;
        scene.mailbox.signal(Signal::Time);
        assert_eq!(scene.reply().await, Reply::ping());
        for commands in commands {
            scene.says(commands).await;
        }
        scene.gate.is_met().await;
        tokio::time::advance(Duration::from_secs(9)).await;
        scene.mailbox.signal(Signal::Time);
        scene.gate.opens_for(1);
        assert!(matches!(scene.reply().await.outcome(), Some(Ok(Outcome::Rpc(_)))));
    }
    tokio::time::advance(Duration::from_secs(30)).await;
    scene.mailbox.signal(Signal::Time);
    assert_eq!(scene.reply().await, Reply::ping());
    tokio::time::advance(Duration::from_secs(9)).await;
    scene.mailbox.signal(Signal::Time);
    assert_eq!(scene.farewell().await, 3012, "the client has nothing to do");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_sent_away_gets_nothing_more_done() {
    let mut scene = Scene::connected().await;
    scene.says(vec![wait(2), wait(3)]).await;
    scene.gate.is_met().await;
    scene.mailbox.close(DisconnectCode::ForceDisconnect);
    assert_eq!(scene.farewell().await, 3503, "nobody waits for what was begun");
    scene.gate.opens_for(2);
    timeout(PATIENCE, scene.serving).await.unwrap().unwrap();
    assert!(scene.gate.is_deserted());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_revoked_while_commands_wait_does_none_of_them() {
    let mut scene = Scene::connected().await;
    scene.says(vec![wait(2), wait(3)]).await;
    scene.gate.is_met().await;
    let everything = Signal::Revoked { before_s: Some(i64::MAX), token_id: None };
    scene.mailbox.signal(everything);
    scene.gate.opens_for(2);
    assert_eq!(scene.reply().await.id, 2);
    assert_eq!(scene.farewell().await, 3500);
    timeout(PATIENCE, scene.serving).await.unwrap().unwrap();
    assert!(scene.gate.is_deserted());
}
