use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::BytesMut;

use super::pulse::Pulse;
use super::watch::{Sent, Watch, require};
use super::{Flaw, Time};
use crate::frame::{Decoder, PREFACE};
use crate::limits::Limits;
use crate::session::{Identity, Queue, Role, Session, Stop};

/// One end: a session, and what its driver keeps.
#[derive(Debug)]
pub(super) struct End {
    pub(super) session: Session<usize, u64, u64>,
    pub(super) limits: Arc<Limits>,
    pub(super) watch: Watch,
    pub(super) pulse: Pulse,
    pub(super) decoder: Decoder,
    /// What has come and is not a whole frame.
    pub(super) inbox: BytesMut,
    /// What the transport has been given but not taken.
    pub(super) pending: BytesMut,
    pub(super) written: u64,
    /// Where the CALLs of what is pending are, and whose they are.
    pub(super) positions: VecDeque<(u64, usize)>,
    /// How far the bytes have been given to the transport.
    given: u64,
    pub(super) running: BTreeMap<u64, Running>,
    pub(super) is_writing: bool,
    /// When the timer fires.
    pub(super) armed: Option<Time>,
    /// The session knows that the connection is over.
    pub(super) lost: bool,
    /// And that nothing more can be written.
    pub(super) unwritable: bool,
    /// Nothing more will be sent.
    pub(super) shut: bool,
    /// The grace of a closing end is over.
    pub(super) forced: bool,
    /// It starts no further calls, and ends with the last one.
    pub(super) retired: bool,
    /// Its driver ends the connection, whatever is open.
    pub(super) is_closing: bool,
}

/// What is being sent.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) calls: Vec<Called>,
    /// The peer is asked whether it is there.
    pub(super) asks: bool,
}

/// A call that is being sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    pub(super) token: usize,
    pub(super) id: u64,
    pub(super) position: u64,
}

/// A handler that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) token: usize,
    pub(super) told: Option<Stop>,
    /// It was told that it must not go on.
    pub(super) forced: bool,
}

impl End {
    pub(super) fn new(role: Role, own: &Arc<Limits>, peer: &Limits) -> Self {
        let identity = Identity { instance: [0; 16], codecs: vec!["none".into()] };
        Self {
            session: Session::new(role, Arc::clone(own), identity),
            limits: Arc::clone(own),
            pulse: Pulse::new(own, role == Role::Client),
            watch: Watch::new(u64::from(role == Role::Client), own, peer),
            decoder: Decoder::new(own.frame),
            inbox: BytesMut::new(),
            pending: BytesMut::new(),
            written: 0,
            positions: VecDeque::new(),
            given: 0,
            running: BTreeMap::new(),
            is_writing: false,
            armed: None,
            lost: false,
            unwritable: false,
            shut: false,
            forced: false,
            retired: false,
            is_closing: false,
        }
    }

    /// Takes over what the session wants to be written, judges it, and says what is in it.
    pub(super) fn take(&mut self, queue: &Queue, now: Time) -> Result<Taken, Flaw> {
        let before = self.pending.len();
        queue.segments.iter().for_each(|segment| self.pending.extend_from_slice(segment));
        self.pending.extend_from_slice(&queue.tail);
        let mut rest = &self.pending[before..];
        if self.given == 0 {
            rest = rest.strip_prefix(&PREFACE).ok_or("no preface")?;
            self.given = PREFACE.len() as u64;
        }
        let mut taken = Taken::default();
        while !rest.is_empty() {
            let (len, sent) = self.watch.sent(rest)?;
            match sent {
                Sent::Answer { id } if self.running.contains_key(&id) => {
                    return Err(format!("call {id} is answered before its handler has ended"));
                }
                Sent::Call { id, service } => {
                    let token = service as usize;
                    self.positions.push_back((self.given, token));
                    taken.calls.push(Called { token, id, position: self.given });
                }
                Sent::Ping => {
                    self.pulse.ask(now)?;
                    taken.asks = true;
                }
                // One that only has no use for the connection waits for the calls that are open.
                Sent::Goaway if !self.is_closing => {
                    require(self.watch.is_quiet(), || format!("GOAWAY with calls open: {:?}", self.watch))?;
                }
                _ => {}
            }
            self.given += len as u64;
            rest = &rest[len..];
        }
        Ok(taken)
    }

    /// Whether all that will ever be said has left.
    pub(super) fn is_drained(&self) -> bool {
        self.pending.is_empty() && !self.session.has_output()
    }

    /// It ends in good order: it has said that it takes no further calls, and owes its peer nothing.
    pub(super) fn check_finished(&self) -> Result<(), Flaw> {
        require(self.watch.has_concluded(), || "it ends without GOAWAY".to_owned())?;
        if self.is_closing { Ok(()) } else { self.watch.settled() }
    }

    /// The session agrees with what was said and heard about whether calls are open.
    pub(super) fn check_idle(&self) -> Result<(), Flaw> {
        let is_right = !self.session.is_idle() || self.watch.is_quiet();
        require(is_right, || format!("idle, with calls open: {:?}", self.watch))
    }

    /// Nothing is left but to write.
    pub(super) fn is_ending(&self) -> bool {
        self.session.is_idle() && (self.retired || self.watch.has_concluded())
    }

    /// When everything is over, nothing is left of anything.
    pub(super) fn settled(&self) -> Result<(), Flaw> {
        let session = &self.session;
        let nothing = [
            ("idle", session.is_idle()),
            ("calls", session.calls.len() == 0),
            ("line", session.line.is_empty()),
            ("open", session.open == 0 && session.oneways.is_empty()),
            ("work", session.work.is_empty()),
            ("ready", session.ready.is_empty() && session.ready_bytes == 0),
            ("assembly", session.assembly.is_empty()),
            ("sender", session.sender.is_empty()),
            ("streams", session.streams.is_empty() && session.widened == 0 && session.ahead == 0),
            ("flow", !session.has_news()),
            ("deadlines", session.next_deadline.is_none()),
            ("silence", self.lost || !self.retired && !self.pulse.is_pending()),
            ("ended", session.told.is_empty() && session.ended.is_empty() && session.stopping.is_empty()),
            ("handlers", self.running.is_empty()),
            ("output", self.lost || self.is_drained() && session.outbox.backlog() == 0),
            ("watch", self.lost || self.watch.settled().is_ok()),
        ];
        match nothing.iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(format!("something is left of {what}: {session:?} {:?}", self.watch)),
            None => Ok(()),
        }
    }
}
