//! A client's TCP connection as a mailbox's wire.

use std::{io, sync::Arc};

use tokio::net::TcpStream;

use crate::{hub::Wire, telemetry::instrument::Count};

/// A socket that the mailbox writes to and the connection's task reads from.
pub struct Socket {
    /// The connection, whose reading half is its task's.
    pub stream: Arc<TcpStream>,
    /// The bytes that were written.
    pub written: Count,
}

impl Wire for Socket {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.try_write(bytes)?;
        self.written.add(count as u64);
        Ok(count)
    }
}
