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
    /// Not sent.
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
        loop {
            if let Stage::Open(inlet) = &self.stage
                && inlet.poll_items(cx, items).is_ready()
            {
                // The stream has begun; it would begin once more.
                self.caller.is_committed |= !items.is_empty();
                return Poll::Ready(None);
            }
            if !matches!(self.stage, Stage::New | Stage::Open(_)) {
                break;
            }
            let Poll::Ready(outcome) = self.caller.poll(cx) else {
                match (&self.stage, self.caller.flow()) {
                    (Stage::Open(inlet), Some(flow)) if inlet.is_of(flow) => return Poll::Pending,
                    // It has been sent, perhaps not for the first time.
                    (_, Some(flow)) => self.stage = Stage::Open(flow.inlet(1)),
                    // It waits for a connection.
                    (_, None) => {
                        self.stage = Stage::New;
                        return Poll::Pending;
                    }
                }
                continue;
            };
            // What came before the outcome is there by now.
            self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Open(inlet) => Stage::Ending(inlet, ended(outcome)),
                _ => return Poll::Ready(Some(ended(outcome))),
            };
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
        self.caller.set_timeout(Timeout::After(timeout));
    }

    fn set_window(&mut self, bytes: u32) {
        self.caller.set_window(bytes);
    }

    fn set_waits(&mut self, waits: bool) {
        self.caller.waits = waits;
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
