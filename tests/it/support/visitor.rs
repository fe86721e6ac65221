//! A client of the protocol, as bare as can be: it sends commands and reads what comes.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use belfry::protocol::{
    codec::{Encoding, decode_replies, encode_commands},
    command::{Command, Request},
    push::Push,
    reply::{Error, Outcome, Reply},
    request::{ConnectRequest, PublishRequest, SubscribeRequest},
    result::{ConnectResult, SubscribeResult},
};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Message, client::IntoClientRequest, handshake},
};

/// Nothing in these tests takes longer unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One connection, and what it heard beside the replies it waited for.
pub struct Visitor {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    encoding: Encoding,
    last_id: u32,
    replies: VecDeque<Reply>,
    pushes: VecDeque<Push>,
    ping_frames: usize,
    frames: Vec<Vec<u8>>,
}

/// How a connection ended.
pub type Farewell = (u16, String);

impl Visitor {
    /// A socket in JSON, not connected in the protocol's sense.
    pub async fn arrive(address: SocketAddr) -> Self {
        Self::arrive_speaking(address, Encoding::Json).await
    }

    /// The same in either encoding.
    pub async fn arrive_speaking(address: SocketAddr, encoding: Encoding) -> Self {
        Self::arrive_asking(address, "", encoding).await
    }

    /// The same, with a query behind the path.
    pub async fn arrive_asking(address: SocketAddr, query: &str, encoding: Encoding) -> Self {
        let (socket, _) = connect_async(request(address, query, encoding)).await.unwrap();
        Self::over(socket, encoding)
    }

    /// A socket whose own end is at `local`, for what the server sees of its clients.
    pub async fn arrive_from(local: IpAddr, address: SocketAddr, encoding: Encoding) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(local, 0)).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
        let (socket, _) = client_async(request(address, "", encoding), stream).await.unwrap();
        Self::over(socket, encoding)
    }

    fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>, encoding: Encoding) -> Self {
        let (replies, pushes) = (VecDeque::new(), VecDeque::new());
        Self { socket, encoding, last_id: 0, replies, pushes, ping_frames: 0, frames: Vec::new() }
    }

    /// Every frame of data that came, as it came.
    pub fn frames(&self) -> &[Vec<u8>] {
        &self.frames
    }

    /// Connects with a token.
    pub async fn connect(&mut self, token: &str) -> Result<ConnectResult, Error> {
        let request = ConnectRequest { token: token.to_owned(), ..ConnectRequest::default() };
        match self.ask(request).await? {
            Outcome::Connect(result) => Ok(result),
            other => panic!("{other:?}"),
        }
    }

    /// Subscribes to a channel.
    pub async fn subscribe(&mut self, channel: &str) -> Result<SubscribeResult, Error> {
        let request =
            SubscribeRequest { channel: channel.to_owned(), ..SubscribeRequest::default() };
        self.subscribe_with(request).await
    }

    /// Subscribes as `request` says.
    pub async fn subscribe_with(
        &mut self,
        request: SubscribeRequest,
    ) -> Result<SubscribeResult, Error> {
        match self.ask(request).await? {
            Outcome::Subscribe(result) => Ok(result),
            other => panic!("{other:?}"),
        }
    }

    /// Publishes JSON.
    pub async fn publish(&mut self, channel: &str, json: &'static str) -> Result<(), Error> {
        let data = json.as_bytes().into();
        let request = PublishRequest { channel: channel.to_owned(), data, kind: 0 };
        self.ask(request).await.map(|_| ())
    }

    /// Sends a command and waits for its reply.
    pub async fn ask(&mut self, request: impl Into<Request>) -> Result<Outcome, Error> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&[Command::new(id, request)]).await;
        loop {
            let reply = self.reply().await;
            if reply.id == id {
                return reply.outcome().unwrap();
            }
        }
    }

    /// Sends commands in one frame, waiting for nothing.
    pub async fn send(&mut self, commands: &[Command]) {
        let mut frame = Vec::new();
        encode_commands(self.encoding, commands, &mut frame).unwrap();
        let message = match self.encoding {
            Encoding::Json => Message::text(String::from_utf8(frame).unwrap()),
            Encoding::Protobuf => Message::binary(frame),
        };
        self.say(message).await;
    }

    /// Sends a frame as it is.
    pub async fn say(&mut self, message: impl Into<Message>) {
        self.socket.send(message.into()).await.unwrap();
    }

    /// Sends frames in one write.
    pub async fn say_all(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.socket.feed(message).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// The next reply to a command.
    pub async fn reply(&mut self) -> Reply {
        while self.replies.is_empty() {
            self.listen().await.unwrap();
        }
        self.replies.pop_front().unwrap()
    }

    /// The next push.
    pub async fn push(&mut self) -> Push {
        while self.pushes.is_empty() {
            self.listen().await.unwrap();
        }
        self.pushes.pop_front().unwrap()
    }

    /// The payload of the next publication, as text.
    pub async fn hears(&mut self) -> String {
        let publication = self.push().await.publication.expect("a publication");
        String::from_utf8(publication.data.to_vec()).unwrap()
    }

    /// Waits until `count` frames of the WebSocket were pings; the socket answers them by itself.
    pub async fn pinged_by_frames(&mut self, count: usize) {
        while self.ping_frames < count {
            self.listen().await.unwrap();
        }
    }

    /// Waits for the close frame.
    pub async fn farewell(&mut self) -> Farewell {
        loop {
            if let Err(farewell) = self.listen().await {
                return farewell;
            }
        }
    }

    async fn listen(&mut self) -> Result<(), Farewell> {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("nothing came in time");
        let frame = match message.unwrap().unwrap() {
            Message::Text(text) => text.as_bytes().to_vec(),
            Message::Binary(bytes) => bytes.to_vec(),
            Message::Close(Some(close)) => {
                return Err((close.code.into(), close.reason.to_string()));
            }
            Message::Close(None) => return Err((1005, String::new())),
            Message::Ping(_) => {
                self.ping_frames += 1;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let replies = decode_replies(self.encoding, &frame).unwrap();
        self.frames.push(frame);
        for reply in replies {
            match reply.push {
                Some(push) => self.pushes.push_back(push),
                None if reply == Reply::ping() => self.send_pong().await,
                None => self.replies.push_back(reply),
            }
        }
        Ok(())
    }

    async fn send_pong(&mut self) {
        let mut frame = Vec::new();
        encode_commands(self.encoding, &[Command::pong()], &mut frame).unwrap();
        let message = match self.encoding {
            Encoding::Json => Message::text(String::from_utf8(frame).unwrap()),
            Encoding::Protobuf => Message::binary(frame),
        };
        self.socket.send(message).await.unwrap();
    }
}

fn request(address: SocketAddr, query: &str, encoding: Encoding) -> handshake::client::Request {
    let url = format!("ws://{address}/connection/websocket{query}");
    let mut request = url.into_client_request().unwrap();
    let subprotocol = encoding.subprotocol().parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", subprotocol);
    request
}
