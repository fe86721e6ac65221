//! Requests over one connection that is kept: enough of HTTP/1.1 to publish by it.

use anyhow::{Context as _, bail, ensure};

use crate::{
    socket::{Route, Socket},
    target::Address,
};

/// More headers than any answer here has.
const HEADERS_MAX: usize = 64;

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// The value of `X-API-Key`.
    pub(crate) key: Option<String>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The connection. Requests may follow each other before they are answered (RFC 9112, section
/// 9.3.2); answers come in order.
#[derive(Debug)]
pub(crate) struct HttpLink {
    socket: Socket,
    head: String,
    come: Vec<u8>,
}

impl HttpLink {
    pub(crate) async fn open(endpoint: &Endpoint) -> anyhow::Result<Self> {
        let Endpoint { address, key } = endpoint;
        let route = Route { to: address.socket, from: None, buffer: None };
        let key = key.as_ref().map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{key}Content-Length: ",
            address.path, address.host,
        );
        Ok(Self { socket: Socket::connect(route).await?, head, come: Vec::new() })
    }

    /// Sends a request for each body, in one write.
    pub(crate) async fn post(&self, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
        let mut requests = Vec::new();
        for body in bodies {
            requests.extend_from_slice(self.head.as_bytes());
            requests.extend_from_slice(format!("{}\r\n\r\n", body.len()).as_bytes());
            requests.extend_from_slice(body);
        }
        self.socket.write(&requests).await
    }

    /// Waits until something has come. May be given up any time.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        self.socket.ready().await
    }

    /// The answers that are here.
    pub(crate) fn answers(&mut self) -> anyhow::Result<Vec<Response>> {
        let come = &mut self.come;
        self.socket.read_now(|bytes| {
            come.extend_from_slice(bytes);
            Ok(())
        })?;
        let mut answers = Vec::new();
        while let Some((answer, length)) = response(come)? {
            answers.push(answer);
            come.drain(..length);
        }
        Ok(answers)
    }
}

/// The first answer and its length; `None` when it is not whole.
fn response(bytes: &[u8]) -> anyhow::Result<Option<(Response, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let start = match head.parse(bytes).context("the answer is not HTTP")? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(start) => start,
    };
    let status = head.code.context("the answer has no status")?;
    let value = |name: &str| {
        let header = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    if value("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return Ok(chunks(bytes, start)?.map(|(body, end)| (Response { status, body }, end)));
    }
    let length = match value("content-length") {
        Some(length) => length.trim().parse::<usize>().context("no length")?,
        None if status == 204 => 0,
        None => bail!("the answer says not how long it is"),
    };
    let body = bytes.get(start..start + length).map(<[u8]>::to_vec);
    Ok(body.map(|body| (Response { status, body }, start + length)))
}

/// A body in chunks that begins at `at`, and where it ends; trailers are not read.
fn chunks(bytes: &[u8], mut at: usize) -> anyhow::Result<Option<(Vec<u8>, usize)>> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((size, length))) =
            httparse::parse_chunk_size(&bytes[at..])
        else {
            return Ok(None);
        };
        let (start, length) = (at + size, usize::try_from(length)?);
        let Some(chunk) = bytes.get(start..start + length + 2) else { return Ok(None) };
        ensure!(chunk.ends_with(b"\r\n"), "a chunk does not end where it says");
        body.extend_from_slice(&chunk[..length]);
        at = start + length + 2;
        if length == 0 {
            return Ok(Some((body, at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_however_they_say_their_length() {
        let plain = "HTTP/1.1 201 Created\r\ncontent-LENGTH: 3\r\n\r\nabc";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let both = format!("{plain}{chunked}");
        let (first, length) = response(both.as_bytes()).unwrap().unwrap();
        assert_eq!((first.status, first.body.as_slice()), (201, b"abc".as_slice()));
        let (second, rest) = response(&both.as_bytes()[length..]).unwrap().unwrap();
        assert_eq!(second, Response { status: 200, body: b"{}".to_vec() });
        assert_eq!(length + rest, both.len());
        for end in 0..plain.len() {
            assert_eq!(response(&plain.as_bytes()[..end]).unwrap(), None);
        }
        for end in 0..chunked.len() {
            assert_eq!(response(&chunked.as_bytes()[..end]).unwrap(), None, "{end}");
        }
        assert!(response(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(response(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
