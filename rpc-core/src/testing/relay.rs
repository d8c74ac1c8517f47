use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::watch;

use super::counts::Counted;
use super::{Direction, Orders, Pipe, Random, Stop};

/// One connection through the proxy: the client's socket, soon the server's, and a pipe each way.
pub(super) struct Relay {
    pub(super) orders: watch::Receiver<Orders>,
    /// The orders when it was accepted.
    pub(super) began: Orders,
    /// What the seed decides about it.
    pub(super) random: Random,
    pub(super) counted: Counted,
}

/// How the sockets of a connection are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    Quietly,
    Reset,
}

impl Relay {
    /// Lives through the connection. It counts as open until its sockets are closed.
    pub(super) async fn run(self, mut client: TcpStream) {
        let mut server = None;
        let ordered = pin!(self.ordered());
        let close = match select(ordered, pin!(self.live(&mut client, &mut server))).await {
            Either::Left((close, _)) | Either::Right((close, _)) => close,
        };
        if close == Close::Reset {
            reset_at_close(&client);
            server.iter().for_each(reset_at_close);
        }
        drop((client, server));
    }

    /// Ready when the test ends the connection.
    async fn ordered(&self) -> Close {
        let resets = self.began.resets;
        match self.orders.clone().wait_for(|orders| orders.resets != resets).await {
            Ok(_) => Close::Reset,
            // The proxy is gone.
            Err(_) => Close::Quietly,
        }
    }

    /// Ready when the connection ends by itself, or by its faults.
    async fn live(&self, client: &mut TcpStream, server: &mut Option<TcpStream>) -> Close {
        // A client whose server cannot be reached is not left without news.
        let Ok(dialled) = self.dial().await else { return Close::Reset };
        if client.set_nodelay(true).is_err() {
            return Close::Reset;
        }
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.insert(dialled).split();
        let mut up = pin!(self.pipe(Direction::ToServer, from_client, to_server).run());
        let mut down = pin!(self.pipe(Direction::ToClient, from_server, to_client).run());
        let ((first, mut stop), other) = select(up.as_mut(), down.as_mut()).await.factor_first();
        if stop == Stop::HalfClose {
            // The other direction goes on, while what comes against the end is thrown away.
            stop = match select(other, pin!(first.discard())).await {
                Either::Left(((_, stop), _)) | Either::Right((stop, _)) => stop,
            };
        }
        match stop {
            Stop::HalfClose => Close::Quietly,
            Stop::Reset => Close::Reset,
            // The sockets stay open, and nobody looks at them.
            Stop::Hang => pending().await,
        }
    }

    /// Connects to the server, unless there is a black hole in between.
    async fn dial(&self) -> io::Result<TcpStream> {
        if self.orders.clone().wait_for(|orders| !orders.black_hole).await.is_err() {
            return pending().await;
        }
        let mut failed = io::ErrorKind::NotFound.into();
        for address in lookup_host(&*self.began.target).await? {
            match connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn pipe<R, W>(&self, direction: Direction, reader: R, writer: W) -> Pipe<'_, R, W> {
        Pipe {
            direction,
            reader,
            writer,
            orders: self.orders.clone(),
            half_closes: self.began.half_closes(direction),
            random: self.random.branch(direction as u64),
            limit: self.began.faults.limit(direction, &self.random),
            counted: &self.counted,
        }
    }
}

/// Whoever drops the future resets what it began: the server may have accepted it by then.
#[allow(deprecated, reason = "as for resets")]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_linger(Some(Duration::ZERO))?;
    let stream = socket.connect(address).await?;
    stream.set_linger(None)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Has a socket say RST instead of FIN when it is closed.
#[allow(deprecated, reason = "only times above zero block; the name for zero alone came after the least tokio we take")]
fn reset_at_close(stream: &TcpStream) {
    // A socket that is broken already needs no reset.
    let _ = stream.set_linger(Some(Duration::ZERO));
}
