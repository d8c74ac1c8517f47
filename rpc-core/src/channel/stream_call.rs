use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use super::caller::{Caller, Timeout};
use crate::connection::Inlet;
use crate::error::RpcError;
use crate::session::{Outcome, Packed, Reply};
use crate::streaming::{AnswerStream, Ended, Produce};

/// A call that is answered with a stream.
pub(super) struct StreamCall {
    caller: Caller,
    stage: Stage,
}

enum Stage {
    New,
    Open(Inlet),
    /// What came before the end is still to be read.
    Ending(Inlet, Ended),
    Over,
}

impl StreamCall {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller, stage: Stage::New }
    }
}

impl AnswerStream for StreamCall {
    fn poll_items(&mut self, cx: &mut TaskContext<'_>, items: &mut Packed) -> Poll<Option<Ended>> {
        if matches!(self.stage, Stage::New) {
            if let Poll::Ready(outcome) = self.caller.poll(cx) {
                self.stage = Stage::Over;
                return Poll::Ready(Some(ended(outcome)));
            }
            let Some(flow) = self.caller.flow() else {
                // It waits for the connection.
                return Poll::Pending;
            };
            self.stage = Stage::Open(flow.inlet(1));
        }
        if let Stage::Open(inlet) = &self.stage {
            if inlet.poll_items(cx, items).is_ready() {
                return Poll::Ready(None);
            }
            let outcome = std::task::ready!(self.caller.poll(cx));
            // What came before the outcome is there by now.
            if let Stage::Open(inlet) = std::mem::replace(&mut self.stage, Stage::Over) {
                self.stage = Stage::Ending(inlet, ended(outcome));
            }
        }
        if let Stage::Ending(inlet, _) = &self.stage
            && inlet.poll_items(cx, items).is_ready()
        {
            return Poll::Ready(None);
        }
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Ending(_, ended) => Poll::Ready(Some(ended)),
            _ => Poll::Ready(Some(Ended::Done(None))),
        }
    }

    fn set_timeout(&mut self, timeout: Duration) {
        self.caller.timeout = Timeout::After(timeout);
    }

    fn set_window(&mut self, bytes: u32) {
        self.caller.window = bytes;
    }

    fn add_metadata(&mut self, key: String, value: String) {
        self.caller.add_metadata(key, value);
    }

    fn add_stream(&mut self, produce: Produce) {
        self.caller.add_stream(produce);
    }

    fn describe(&self, error: RpcError) -> RpcError {
        self.caller.describe(error)
    }
}

fn ended(outcome: Result<Outcome, RpcError>) -> Ended {
    match outcome {
        Ok(Outcome::Reply(Reply { metadata, .. })) => Ended::Done(metadata),
        Ok(Outcome::Sent) => Ended::Done(None),
        Ok(Outcome::Typed(Reply { body, .. })) => Ended::Typed(body),
        Ok(Outcome::Failed(error)) | Err(error) => Ended::Failed(error),
    }
}
