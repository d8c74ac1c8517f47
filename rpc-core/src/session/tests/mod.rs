//! The rules of the session, one by one: against scripted frames, or between two ends.
//!
//! What random histories of two honest ends find is in `simulation`.

mod answers;
mod cancel;
mod chunks;
mod closing;
mod credit;
mod damage;
mod deadlines;
mod delivery;
mod early;
mod flow;
mod ids;
mod keepalive;
mod limits;
mod once;
mod pressure;
mod slots;
mod streams;
mod streams_limits;
mod streams_over;
mod streams_read;
mod streams_sent;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::*;
use crate::code::Code;
use crate::error::{Delivery, RpcError};
use crate::frame::{ANNOUNCED, Breach, Decoder, Fields, HEADER, Ran, Reason, RequestId, hello};

/// Frames that borrow nothing.
type Frame = crate::frame::Frame<'static>;
type Call = crate::frame::Call<'static>;
type End = crate::frame::End<'static>;
type Part = crate::frame::Part<'static>;

/// Callers are told apart by a number, and so are handlers.
type Numbered = Session<u32, u32, u32>;

/// One end under test, its clock, its callers, and what a peer would see of it.
struct Bench {
    session: Numbered,
    callers: HashMap<Ticket, u32>,
    outcomes: HashMap<u32, Outcome>,
    now: Instant,
    decoder: Decoder,
    bytes: BytesMut,
    written: u64,
}

impl Bench {
    /// An end that has not heard of its peer.
    fn new(role: Role, limits: Limits) -> Self {
        let identity = Identity { instance: [1; 16], codecs: vec!["messagepack".into()] };
        Self {
            session: Session::new(role, limits.within_protocol(), identity),
            callers: HashMap::new(),
            outcomes: HashMap::new(),
            now: Instant::now(),
            decoder: Decoder::new(1 << 20),
            bytes: BytesMut::new(),
            written: 0,
        }
    }

    /// An end that has exchanged HELLOs with `peer`.
    fn greeted(role: Role, limits: Limits, peer: Hello) -> Self {
        let mut bench = Self::new(role, limits);
        bench.hear(Frame::Hello(Box::new(peer)));
        assert!(matches!(bench.said()[..], [Frame::Hello(_)]));
        bench
    }

    /// A client whose peer has the least limits.
    fn client() -> Self {
        Self::greeted(Role::Client, Limits::default(), hello())
    }

    /// A server with the least limits.
    fn server() -> Self {
        Self::greeted(Role::Server, least(), roomy())
    }

    /// Takes in a frame that breaks no rule.
    #[track_caller]
    fn hear(&mut self, frame: Frame) {
        self.session.handle_frame(frame, self.now).unwrap();
    }

    /// Takes in a frame that breaks a rule.
    #[track_caller]
    fn breach(&mut self, frame: Frame) -> Breach {
        self.session.handle_frame(frame, self.now).unwrap_err()
    }

    /// All frames that are sent now; the transport takes them at once.
    fn said(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let turn = self.polled();
            if turn.is_empty() {
                return frames;
            }
            frames.extend(turn);
            self.written();
        }
    }

    /// The frames of one turn of the driver; the transport has not taken them.
    fn polled(&mut self) -> Vec<Frame> {
        let mut queue = Queue::default();
        self.session.poll_transmit(&mut queue, self.now);
        for piece in queue.segments.iter().map(|segment| &segment[..]).chain([&queue.tail[..]]) {
            self.bytes.extend_from_slice(piece);
            self.written += piece.len() as u64;
        }
        let mut frames = Vec::new();
        while let Some(frame) = self.decoder.decode(&mut self.bytes).unwrap() {
            frames.push(frame);
        }
        assert!(self.bytes.is_empty(), "whole frames are sent");
        frames
    }

    /// The transport has taken all that was polled.
    fn written(&mut self) {
        self.session.handle_written(self.written, self.now);
    }

    /// Starts a call of this length, which may have to wait.
    #[track_caller]
    fn start(&mut self, len: usize) -> Ticket {
        self.call(&outgoing(len))
    }

    /// Starts a call that is not over at once.
    #[track_caller]
    fn call(&mut self, outgoing: &Outgoing) -> Ticket {
        self.try_call(outgoing).unwrap().unwrap()
    }

    /// Starts a one-way call that goes at once.
    #[track_caller]
    fn send(&mut self, len: usize) {
        assert_eq!(self.try_call(&oneway(len)).unwrap(), None);
    }

    fn try_call(&mut self, outgoing: &Outgoing) -> Result<Option<Ticket>, RpcError> {
        let caller = self.callers.len() as u32;
        let ticket = self.session.start(outgoing, caller, self.now)?;
        if let Some(ticket) = ticket {
            self.callers.insert(ticket, caller);
        }
        Ok(ticket)
    }

    /// Starts a call and says under which id it went.
    #[track_caller]
    fn sent(&mut self, len: usize) -> (Ticket, u64) {
        let ticket = self.start(len);
        let id = self.said().iter().find_map(|frame| match frame {
            Frame::Call(call) => Some(call.id),
            _ => None,
        });
        (ticket, id.unwrap())
    }

    #[track_caller]
    fn outcome(&mut self, ticket: Ticket) -> Outcome {
        self.take_outcome(ticket).unwrap()
    }

    fn take_outcome(&mut self, ticket: Ticket) -> Option<Outcome> {
        self.poll_ended();
        self.outcomes.remove(&self.callers[&ticket])
    }

    /// The callers whose calls have ended since the last time.
    fn poll_ended(&mut self) -> Vec<u32> {
        let mut ended = Vec::new();
        self.session.poll_told(&mut ended);
        self.session.poll_ended(&mut ended);
        let callers = ended.iter().map(|ended| ended.caller).collect();
        for Ended { caller, outcome } in ended {
            assert!(self.outcomes.insert(caller, outcome).is_none(), "a call ends once");
        }
        callers
    }

    #[track_caller]
    fn failure(&mut self, ticket: Ticket) -> RpcError {
        match self.outcome(ticket) {
            Outcome::Failed(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The delivery and code of a call that failed.
    #[track_caller]
    fn verdict(&mut self, ticket: Ticket) -> (Delivery, Code) {
        let error = self.failure(ticket);
        (error.delivery(), error.code())
    }

    fn is_waiting(&mut self, ticket: Ticket) -> bool {
        self.session.is_waiting(ticket)
    }

    /// Starts the next call of the peer, and says its id.
    fn begin(&mut self) -> Option<u64> {
        let incoming = self.session.poll_call(self.now)?;
        assert!(self.session.attach(incoming.id, incoming.id as u32).is_none());
        Some(incoming.id)
    }

    /// The handler of a call ends with a result of this length.
    fn reply(&mut self, id: u64, len: usize) {
        self.session.reply(id, Answer::Reply { metadata: None, message: message(len) });
    }

    /// The handler of a call has ended because it was told to stop.
    fn end_stopped(&mut self, id: u64) {
        self.session.reply(id, Answer::Stopped);
    }

    /// Time passes.
    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.session.handle_timeout(self.now);
    }

    /// The connection is gone, and nothing can be written any more.
    fn lose(&mut self) {
        self.session.handle_unwritable();
        self.session.handle_lost(RpcError::new(Code::Unavailable, "the connection is gone"));
    }

    /// Nothing is kept of any call.
    #[track_caller]
    fn assert_empty(&self) {
        let session = &self.session;
        assert!(session.is_idle());
        assert_eq!(session.calls.len(), 0);
        assert!(session.work.is_empty() && session.assembly.is_empty() && session.sender.is_empty());
        assert_eq!(session.ready_bytes, 0);
    }
}

/// Two ends and nothing between them.
struct Pair {
    client: Bench,
    server: Bench,
}

impl Pair {
    fn new(client: Limits, server: Limits) -> Self {
        let mut pair = Self { client: Bench::new(Role::Client, client), server: Bench::new(Role::Server, server) };
        pair.exchange();
        pair
    }

    /// Carries frames both ways until there are none.
    #[track_caller]
    fn exchange(&mut self) {
        loop {
            let up = self.client.said();
            let down = self.server.said();
            if up.is_empty() && down.is_empty() {
                return;
            }
            up.into_iter().for_each(|frame| self.server.hear(frame));
            down.into_iter().for_each(|frame| self.client.hear(frame));
        }
    }
}

/// The least limits that the protocol allows.
fn least() -> Limits {
    Limits::default().with_message(0).with_frame(0).with_calls(0).with_assembly(0).with_write_queue(0)
}

/// A HELLO that stops nothing that these tests do.
fn roomy() -> Hello {
    Hello { message: 1 << 24, calls: 4096, assembly: 1 << 26, frame: 1 << 17, ..hello() }
}

fn outgoing(len: usize) -> Outgoing {
    Outgoing {
        service: 1,
        method: 2,
        codec: 0,
        oneway: false,
        streams: 0,
        reads: false,
        attempt: 0,
        window: 0,
        deadline: None,
        request: None,
        metadata: None,
        message: message(len),
    }
}

fn oneway(len: usize) -> Outgoing {
    Outgoing { oneway: true, ..outgoing(len) }
}

/// Bytes whose order can be seen.
fn bytes(len: usize) -> Bytes {
    static LONGEST: LazyLock<Bytes> = LazyLock::new(|| (0..4_000_000).map(|at| (at % 251) as u8).collect());
    LONGEST.slice(..len)
}

fn message(len: usize) -> Message {
    bytes(len).to_vec().into()
}

fn part(len: usize) -> Part {
    Part { total: None, bytes: bytes(len).into() }
}

/// The beginning of a longer message, with none of it.
fn head_of(total: usize) -> Part {
    Part { total: Some(total as u32), bytes: Bytes::new().into() }
}

fn call(id: u64, message: Part) -> Call {
    Call {
        id,
        codec: 0,
        service: 1,
        method: 2,
        oneway: false,
        streams: false,
        reads: false,
        fields: Fields::default(),
        message,
    }
}

fn small_call(id: u64) -> Frame {
    Frame::Call(call(id, part(1)))
}

fn oneway_call(id: u64, message: Part) -> Frame {
    Frame::Call(Call { oneway: true, ..call(id, message) })
}

fn reply(id: u64, message: Part) -> Frame {
    Frame::Reply { id, fields: Fields::default(), message }
}

fn status(id: u64, code: Code) -> End {
    End { id, index: 0, code: code.number(), ran: Ran::Yes, typed: false, fields: Fields::default(), message: part(0) }
}

fn end(id: u64, code: Code) -> Frame {
    Frame::End(status(id, code))
}

fn refusal(id: u64, code: Code) -> Frame {
    Frame::End(End { ran: Ran::No, ..status(id, code) })
}

fn chunk(id: u64, len: usize) -> Frame {
    Frame::Chunk { id, index: 0, bytes: bytes(len).into() }
}

fn cancel(id: u64) -> Frame {
    Frame::Cancel { id, index: 0 }
}

fn goaway(last: u64) -> Frame {
    Frame::Goaway { last, reason: Reason::Shutdown, text: String::new() }
}

/// What the answers among some frames say: whose they are, whether the handler ran, and the code (0 for a REPLY).
fn answers(frames: &[Frame]) -> Vec<(u64, bool, u16)> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Reply { id, .. } => Some((*id, true, 0)),
            Frame::End(end) => Some((end.id, end.ran == Ran::Yes, end.code)),
            _ => None,
        })
        .collect()
}

/// The ids of the calls among some frames.
fn calls(frames: &[Frame]) -> Vec<u64> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Call(call) => Some(call.id),
            _ => None,
        })
        .collect()
}
