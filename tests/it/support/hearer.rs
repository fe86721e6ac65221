//! A client of the unidirectional WebSocket: it says one thing, if any, and then listens.

use std::{collections::VecDeque, net::SocketAddr};

use belfry::protocol::{
    codec::{Encoding, decode_pushes},
    push::{Connect, Push},
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::visitor::{Farewell, PATIENCE};

/// One connection, and what it heard.
pub struct Hearer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    encoding: Encoding,
    pushes: VecDeque<Push>,
    pings: usize,
}

impl Hearer {
    /// A socket; `query` stands behind the path, with its question mark.
    pub async fn arrive(address: SocketAddr, query: &str, encoding: Encoding) -> Self {
        let url = format!("ws://{address}/connection/uni_websocket{query}");
        let mut request = url.into_client_request().unwrap();
        let subprotocol = encoding.subprotocol().parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", subprotocol);
        let (socket, _) = connect_async(request).await.unwrap();
        Self { socket, encoding, pushes: VecDeque::new(), pings: 0 }
    }

    /// Sends a frame as it is.
    pub async fn say(&mut self, message: impl Into<Message>) {
        self.socket.send(message.into()).await.unwrap();
    }

    /// The next push that is no ping.
    pub async fn push(&mut self) -> Push {
        while self.pushes.is_empty() {
            self.listen().await.unwrap();
        }
        self.pushes.pop_front().unwrap()
    }

    /// What must be the first push.
    pub async fn greeting(&mut self) -> Connect {
        self.push().await.connect.expect("a connect push")
    }

    /// Waits until the server pinged `count` times.
    pub async fn pinged(&mut self, count: usize) {
        while self.pings < count {
            self.listen().await.unwrap();
        }
    }

    /// Waits for the close frame, and tells the disconnect push that came before it.
    pub async fn farewell(&mut self) -> (Option<Farewell>, Farewell) {
        let closed = loop {
            if let Err(farewell) = self.listen().await {
                break farewell;
            }
        };
        let last = self.pushes.pop_back().and_then(|push| push.disconnect);
        (last.map(|last| (last.code.try_into().unwrap(), last.reason)), closed)
    }

    async fn listen(&mut self) -> Result<(), Farewell> {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("nothing came in time");
        let frame = match message.unwrap().unwrap() {
            Message::Text(text) => text.as_bytes().to_vec(),
            Message::Binary(bytes) => bytes.to_vec(),
            Message::Close(Some(close)) => {
                return Err((close.code.into(), close.reason.to_string()));
            }
            other => panic!("{other:?}"),
        };
        for push in decode_pushes(self.encoding, &frame).unwrap() {
            match push == Push::default() {
                true => self.pings += 1,
                false => self.pushes.push_back(push),
            }
        }
        Ok(())
    }
}
