use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::Flow;
use crate::context::Context;
use crate::error::RpcError;
use crate::frame::Hello;
use crate::session::{Answer, Incoming};

/// What answers the calls that come in on one connection.
pub(crate) trait Serve: Send + 'static {
    /// The peer has said who it is.
    fn handle_hello(&mut self, hello: &Hello);

    /// Answers a call at once, or says how it goes on. Must not panic and must not block for long.
    ///
    /// `flow` has the call's streams, if it has any.
    /// `clock` is the time when it is called; what looks at the time again leaves it there for the next call.
    fn serve(&mut self, call: &mut Incoming, flow: Option<&Arc<Flow>>, clock: &mut Instant) -> Served;

    /// There are no further calls for the moment.
    fn rest(&mut self);

    /// A handler has ended, and its context may be used again if nobody else has it.
    fn reuse(&mut self, context: Context);

    /// This handler goes on though the connection is about to be over.
    fn handle_left(&mut self, handler: Context);

    /// The connection is over; `error` says why where it did not end in good order.
    fn handle_closed(&mut self, error: Option<&RpcError>);
}

/// What became of a call.
pub(crate) enum Served {
    Answered(Answer),
    Running(Running),
}

/// A handler that has not ended.
pub(crate) struct Running {
    pub(crate) future: Pin<Box<dyn Future<Output = Answer> + Send>>,
    /// Told when nobody waits any more.
    pub(crate) context: Context,
    /// It runs on when nobody waits.
    pub(crate) detach: bool,
    /// Its answer is kept for when its caller comes back: a lost connection is no reason to stop.
    pub(crate) once: bool,
    pub(crate) home: Home,
}

/// Where a handler that has not ended goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// In the connection's task: it takes very little at a time.
    Connection,
    /// In a task that it shares with others.
    Cohort,
    /// In a task of its own: it may take long at a time.
    Task,
}

/// An end that answers no calls.
pub(crate) struct ServeNothing;

impl Serve for ServeNothing {
    fn handle_hello(&mut self, _: &Hello) {}

    fn serve(&mut self, _: &mut Incoming, _: Option<&Arc<Flow>>, _: &mut Instant) -> Served {
        let refusal = crate::session::Refusal::new(crate::code::Code::Unimplemented, "this end has no services");
        Served::Answered(Answer::Refused(refusal))
    }

    fn rest(&mut self) {}

    fn reuse(&mut self, _: Context) {}

    fn handle_left(&mut self, _: Context) {}

    fn handle_closed(&mut self, _: Option<&RpcError>) {}
}
