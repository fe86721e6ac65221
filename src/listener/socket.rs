//! The listening socket and the options that every accepted socket takes from it.

use std::{io, net::SocketAddr, time::Duration};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpListener;

use crate::config::http::Http;

/// The kernel may hold this much unsent for one client; beyond it a mailbox knows that its client is
/// behind. Left alone, the kernel would hide four megabytes of backlog for each.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 64 * 1_024;

/// Listens on `http.listen`.
///
/// Linux copies a listening socket's options to those it accepts (`inet_csk_clone_lock`), so they are
/// set once here instead of five system calls for each connection; a test holds this to be true.
pub(super) fn listen(http: &Http) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(http.listen), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if let SocketAddr::V6(_) = http.listen {
        socket.set_only_v6(false)?;
    }
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(Duration::from_secs(60))
            .with_interval(Duration::from_secs(10))
            .with_retries(3),
    )?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(http.peer_timeout.0))?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&http.listen.into())?;
    socket.listen(i32::try_from(http.backlog).unwrap_or(i32::MAX))?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;
    use tokio::net::TcpStream;

    use super::*;
    use crate::config::value::Span;

    #[tokio::test]
    async fn an_accepted_socket_has_the_options_of_the_listening_one() {
        let http = Http {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            peer_timeout: Span::seconds(7),
            ..Http::default()
        };
        let listener = listen(&http).unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let options = SockRef::from(&accepted);
        assert!(options.tcp_nodelay().unwrap());
        assert!(options.keepalive().unwrap());
        assert_eq!(options.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
        #[cfg(target_os = "linux")]
        {
            assert_eq!(options.tcp_user_timeout().unwrap(), Some(Duration::from_secs(7)));
            assert_eq!(options.tcp_notsent_lowat().unwrap(), UNSENT_BYTES_MAX);
        }
    }
}
