use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use super::Connections;
use crate::code::Code;
use crate::error::RpcError;
use crate::transport::Listener;

/// How long to wait after a first error that is the system's, and at most.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Opens a connection for each that comes, until `stop` is ready. No error of accepting ends this.
pub(super) async fn accept_until<F: Future>(listener: &mut Listener, connections: &Arc<Connections>, stop: F) {
    let mut stop = pin!(stop);
    let mut pause = PAUSE;
    loop {
        let Some(accepted) = unless(stop.as_mut(), listener.accept()).await else {
            return;
        };
        match accepted {
            Ok(io) => {
                pause = PAUSE;
                connections.open(io);
            }
            Err(error) => {
                connections.report(&cannot_accept(&error));
                if is_of_one_connection(&error) {
                    continue;
                }
                // No file descriptors, no memory: trying again at once would only burn a core.
                if unless(stop.as_mut(), tokio::time::sleep(pause)).await.is_none() {
                    return;
                }
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
        }
    }
}

/// The output of `work`, unless `stop` is ready first.
async fn unless<S: Future + Unpin, W: Future>(stop: S, work: W) -> Option<W::Output> {
    match select(stop, pin!(work)).await {
        Either::Left(_) => None,
        Either::Right((output, _)) => Some(output),
    }
}

/// Whether only the connection that was being accepted is affected.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
            | io::ErrorKind::Interrupted
            | io::ErrorKind::TimedOut
            | io::ErrorKind::InvalidInput
    )
}

fn cannot_accept(error: &io::Error) -> RpcError {
    RpcError::new(Code::Unavailable, format!("a connection could not be accepted: {error}"))
}
