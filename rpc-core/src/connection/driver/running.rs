//! The handlers of the peer's calls: begun, and gone on with.

use std::sync::Arc;
use std::task::Context;
use std::time::Instant;

use super::{Batch, Driver, FEW, Turn};
use crate::connection::serving::{self, Serving};
use crate::connection::{Flow, Home, Served};

impl Driver {
    /// Runs what is ready.
    pub(super) fn start_calls(&mut self, turn: &mut Turn) {
        if self.batch.calls.is_empty() {
            return;
        }
        turn.started += self.batch.calls.len();
        let mut clock = Instant::now();
        for call in &mut self.batch.calls {
            let id = call.id;
            let has_streams = call.streams > 0 || call.reads;
            let flow = has_streams.then(|| Flow::new(&self.shared, id, call.streams, u16::from(call.reads)));
            let served = self.serve.serve(call, flow.as_ref(), &mut clock);
            if let Some(flow) = &flow {
                self.batch.streams.get_or_insert_default().start(id, Arc::clone(flow));
            }
            match served {
                Served::Answered(answer) => {
                    turn.answers += 1;
                    self.batch.answers.push_back((id, answer));
                }
                Served::Running(running) => self.batch.running.push((id, running, flow)),
            }
        }
        turn.attending = true;
        self.waits = !self.batch.running.is_empty();
        if self.waits {
            self.settle(turn);
        }
        self.batch.calls.clear();
        self.serve.rest();
    }

    /// Finds homes for the handlers that are not done.
    #[inline(never)]
    fn settle(&mut self, turn: &mut Turn) {
        let Batch { running, cohort, apart, handlers, .. } = &mut *self.batch;
        for (id, running, flow) in running.drain(..) {
            let home = running.home;
            let (serving, handler) = Serving::new(&self.shared, id, running, flow.filter(|flow| flow.sends() > 0));
            handlers.push((id, handler));
            match home {
                Home::Connection if self.residents.has_room() => self.residents.add(serving),
                Home::Connection | Home::Cohort => cohort.push(serving),
                Home::Task => apart.push(serving),
            }
        }
        // A new task is run next, by this very thread. Having more to do makes the run time wake another thread for it;
        // else nobody would look after the sockets if the handler keeps this one.
        turn.unfinished |= !cohort.is_empty() || !apart.is_empty();
        apart.drain(..).for_each(serving::spawn);
        serving::spawn_together(cohort);
    }

    /// Lets some of the handlers go on that live here.
    pub(super) fn poll_residents(&mut self, cx: &mut Context<'_>, turn: &mut Turn) {
        while turn.attending && self.batch.answers.len() < FEW {
            match self.residents.poll_answer(cx) {
                Some(answer) => {
                    turn.answers += 1;
                    self.batch.answers.push_back(answer);
                }
                None => turn.attending = false,
            }
        }
    }
}
