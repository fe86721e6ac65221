//! HTTP as bare as can be: one request over a socket of its own, and its answer as it comes.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::visitor::PATIENCE;

/// A request.
#[derive(Clone, Default)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// An answer whose body may go on for long.
pub struct Answer {
    pub status: u16,
    head: String,
    socket: TcpStream,
    read: Vec<u8>,
}

/// The connection ended in the middle of the body.
#[derive(Debug)]
pub struct BrokenOff;

impl Ask {
    /// A request without a body.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), ..Self::default() }
    }

    /// A request with a body of `content_type`.
    pub fn post(
        path: impl Into<String>,
        content_type: &'static str,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        Self { method: "POST", path: path.into(), ..Self::default() }
            .with("content-type", content_type)
            .carrying(body.into())
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn carrying(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Sends it, and waits for the head of the answer.
    pub async fn of(self, address: SocketAddr) -> Answer {
        self.over(TcpStream::connect(address).await.unwrap()).await
    }

    /// Sends it over `socket`.
    pub async fn over(self, mut socket: TcpStream) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: belfry\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        socket.write_all(&[head.as_bytes(), &self.body].concat()).await.unwrap();
        let mut answer = Answer { status: 0, head: String::new(), socket, read: Vec::new() };
        answer.read_head().await;
        answer
    }
}

impl Answer {
    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The next chunk of the body (RFC 9112, section 7.1); `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, BrokenOff> {
        let size = loop {
            if let Some(end) = find(&self.read, b"\r\n") {
                let line: Vec<u8> = self.read.drain(..end + 2).collect();
                break usize::from_str_radix(std::str::from_utf8(&line[..end]).unwrap(), 16)
                    .unwrap();
            }
            self.more().await?;
        };
        while self.read.len() < size + 2 {
            self.more().await?;
        }
        let chunk = self.read.drain(..size + 2).take(size).collect();
        Ok((size > 0).then_some(chunk))
    }

    /// Everything that comes until the connection ends.
    pub async fn rest(mut self) -> Vec<u8> {
        while self.more().await.is_ok() {}
        self.read
    }

    async fn read_head(&mut self) {
        let end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end;
            }
            self.more().await.expect("a head");
        };
        let head: Vec<u8> = self.read.drain(..end + 4).collect();
        self.head = String::from_utf8(head).unwrap();
        self.status = self.head.split(' ').nth(1).unwrap().parse().unwrap();
    }

    async fn more(&mut self) -> Result<(), BrokenOff> {
        let reading =
            timeout(PATIENCE + Duration::from_secs(5), self.socket.read_buf(&mut self.read));
        match reading.await.expect("nothing came in time") {
            Ok(0) | Err(_) => Err(BrokenOff),
            Ok(_) => Ok(()),
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
