use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A port of the loopback where connections are accepted or refused.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    /// Keeps the port ours while nobody listens there, where the system has both sockets share it.
    _held: Option<TcpSocket>,
    /// None while connections are refused.
    listener: Mutex<Option<TcpListener>>,
}

impl Door {
    /// Takes a port that is free, and listens there.
    pub(super) fn open() -> io::Result<Self> {
        let held = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = held.local_addr()?;
        if let Ok(listener) = listen(address) {
            return Ok(Self { address, _held: Some(held), listener: Mutex::new(Some(listener)) });
        }
        let listener = held.listen(BACKLOG)?;
        Ok(Self { address, _held: None, listener: Mutex::new(Some(listener)) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses what comes, and what waits to be accepted.
    pub(super) fn shut(&self) {
        *self.lock() = None;
    }

    /// Listens again. Whoever is in [`accept`](Self::accept) must look again.
    pub(super) fn reopen(&self) -> io::Result<()> {
        let mut listener = self.lock();
        if listener.is_none() {
            *listener = Some(listen(self.address)?);
        }
        Ok(())
    }

    /// The next connection. Nothing wakes it when the door is shut or opened again.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let accepted = poll_fn(|cx| match &*self.lock() {
            Some(listener) => listener.poll_accept(cx),
            None => Poll::Pending,
        });
        Ok(accepted.await?.0)
    }

    fn lock(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address)?.listen(BACKLOG)
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that are gone do not keep the port. On other systems this means that anybody may take it.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the system may give it to whoever asks for any port, and clients would meet a stranger there.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_port_stays_ours_while_connections_are_refused() {
        let door = Door::open().unwrap();
        door.shut();
        let error = TcpSocket::new_v4().unwrap().bind(door.address()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        door.reopen().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(door.address()), door.accept());
        accepted.unwrap();
    }
}
