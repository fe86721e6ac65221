//! A client's TCP connection as a mailbox's wire.

use std::{io, sync::Arc};

use tokio::net::TcpStream;

use crate::hub::Wire;

/// A socket that the mailbox writes to and the connection's task reads from.
pub struct Socket(pub Arc<TcpStream>);

impl Wire for Socket {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }
}
