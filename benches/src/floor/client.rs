mod stream;

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use slab::Slab;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::frame::{Kind, complete, make_room, take_payload};
use super::queue::Queue;
use super::run::take_run;
use crate::contestant::Fault;
use stream::Stream;

/// A connection that many calls share.
#[derive(Clone)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    /// Calls by their id. Not behind the lock of `out`, so that answers do not wait for calls.
    calls: Mutex<Slab<Slot>>,
    out: Mutex<Out>,
    socket: OwnedWriteHalf,
}

enum Slot {
    Waiting(Waker),
    Answered(Bytes),
    /// Boxed, so that the slots of calls stay small.
    Streaming(Box<Stream>),
    Lost,
}

impl Slot {
    /// Who waits for anything.
    fn wakers(self) -> impl Iterator<Item = Waker> {
        let (waker, stream) = match self {
            Self::Waiting(waker) => (Some(waker), None),
            Self::Streaming(stream) => (None, Some(stream)),
            Self::Answered(_) | Self::Lost => (None, None),
        };
        waker.into_iter().chain(stream.into_iter().flat_map(|stream| stream.wakers()))
    }
}

struct Out {
    queue: Queue,
    writer: Writer,
    waker: Option<Waker>,
}

/// What the task that writes is doing.
#[derive(PartialEq)]
enum Writer {
    Idle,
    /// It has been woken, or is writing what it took, and will look into the queue again.
    Busy,
}

impl Connection {
    pub(super) fn open(stream: TcpStream) -> Self {
        let (reader, socket) = stream.into_split();
        let shared = Arc::new(Shared {
            calls: Mutex::default(),
            out: Mutex::new(Out { queue: Queue::default(), writer: Writer::Busy, waker: None }),
            socket,
        });
        tokio::spawn(write(Arc::clone(&shared)));
        tokio::spawn(read(reader, Arc::clone(&shared)));
        Self { shared }
    }

    /// Sends a payload and waits for the answer.
    pub(super) async fn call(&self, kind: Kind, payload: Bytes) -> Result<Bytes, Fault> {
        let waker = current_waker().await;
        let id = self.send(waker, |queue, id| queue.push(kind, id, payload))?;
        self.answer(id).await
    }

    /// Sends what `push` appends. Calls are never given up here, so their ids can be used again at once.
    pub(super) fn send<T>(&self, waker: Waker, push: impl FnOnce(&mut Queue, u64) -> T) -> io::Result<usize> {
        self.shared.send(Slot::Waiting(waker), push)
    }

    /// Opens a stream with these numbers as its request.
    fn open_stream(&self, kind: Kind, request: &[u64]) -> io::Result<usize> {
        let request: Vec<u8> = request.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.shared.send(Slot::Streaming(Box::default()), |queue, id| queue.push_copy(kind, id, &request))
    }

    /// Sends what `push` appends, for a stream that is open.
    fn post<T>(&self, push: impl FnOnce(&mut Queue) -> T) -> io::Result<()> {
        self.shared.post(true, push)
    }

    /// Asks an open stream.
    fn poll_stream<T>(&self, id: usize, poll: impl FnOnce(&mut Stream) -> Poll<T>) -> Poll<Result<T, Fault>> {
        match lock(&self.shared.calls).get_mut(id) {
            Some(Slot::Streaming(stream)) => poll(stream).map(Ok),
            _ => Poll::Ready(Err("the connection is lost".into())),
        }
    }

    /// Forgets a stream that has ended.
    fn close_stream(&self, id: usize) {
        lock(&self.shared.calls).try_remove(id);
    }

    /// Waits for the answer to what was sent.
    pub(super) async fn answer(&self, id: usize) -> Result<Bytes, Fault> {
        poll_fn(|cx| self.shared.poll_answer(id, cx)).await
    }
}

/// What wakes the task that this runs in.
pub(super) async fn current_waker() -> Waker {
    poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
}

impl Shared {
    fn send<T>(&self, slot: Slot, push: impl FnOnce(&mut Queue, u64) -> T) -> io::Result<usize> {
        let mut calls = lock(&self.calls);
        let id = calls.insert(slot);
        let alone = calls.len() == 1;
        drop(calls);
        self.post(alone, |queue| push(queue, id as u64))?;
        Ok(id)
    }

    /// Sends what `push` appends. `alone` says that nobody else has anything to send soon.
    fn post<T>(&self, alone: bool, push: impl FnOnce(&mut Queue) -> T) -> io::Result<()> {
        let mut out = lock(&self.out);
        push(&mut out.queue);
        if out.writer == Writer::Busy {
            return Ok(());
        }
        // Nobody else's frame could share the write: a hop to another task would only cost time.
        if alone && out.queue.try_write(&self.socket)? {
            return Ok(());
        }
        out.writer = Writer::Busy;
        let waker = out.waker.clone();
        drop(out);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    fn poll_answer(&self, id: usize, cx: &Context<'_>) -> Poll<Result<Bytes, Fault>> {
        let mut calls = lock(&self.calls);
        match calls.get_mut(id) {
            Some(Slot::Waiting(waker)) => {
                waker.clone_from(cx.waker());
                return Poll::Pending;
            }
            Some(Slot::Streaming(stream)) => {
                stream.set_reader(cx.waker().clone());
                return Poll::Pending;
            }
            Some(Slot::Answered(_) | Slot::Lost) | None => {}
        }
        Poll::Ready(match calls.try_remove(id) {
            Some(Slot::Answered(payload)) => Ok(payload),
            _ => Err("the connection is lost".into()),
        })
    }

    /// Waits until something is to be written.
    fn poll_wanted(&self, cx: &Context<'_>) -> Poll<()> {
        let mut out = lock(&self.out);
        if !out.queue.is_empty() {
            return Poll::Ready(());
        }
        out.writer = Writer::Idle;
        if !out.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            out.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

async fn write(shared: Arc<Shared>) -> io::Result<()> {
    let mut queue = Queue::default();
    loop {
        poll_fn(|cx| shared.poll_wanted(cx)).await;
        // Behind all who are about to call: their frames go out with the same write.
        requeue().await;
        std::mem::swap(&mut lock(&shared.out).queue, &mut queue);
        queue.write(&shared.socket).await?;
    }
}

/// Goes to the end of the queue of tasks once.
async fn requeue() {
    let mut queued = false;
    poll_fn(|cx| {
        if queued {
            return Poll::Ready(());
        }
        queued = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn read(mut reader: OwnedReadHalf, shared: Arc<Shared>) -> Result<(), Fault> {
    let result = read_answers(&mut reader, &shared).await;
    let mut calls = lock(&shared.calls);
    let lost = calls.iter_mut().map(|(_, slot)| std::mem::replace(slot, Slot::Lost));
    let woken: Vec<Slot> = lost.collect();
    drop(calls);
    for slot in woken {
        slot.wakers().for_each(Waker::wake);
    }
    result
}

async fn read_answers(reader: &mut OwnedReadHalf, shared: &Shared) -> Result<(), Fault> {
    let mut buffer = BytesMut::new();
    let mut answers = Vec::new();
    let mut woken = Vec::new();
    loop {
        make_room(&mut buffer);
        if reader.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        while let Some(head) = complete(&buffer)? {
            let bytes = match head.kind {
                Kind::Item => take_run(&mut buffer, &head)?,
                _ => take_payload(&mut buffer, &head),
            };
            answers.push((head, bytes));
        }
        // One lock for all that came, and nobody is woken while it is held.
        let mut calls = lock(&shared.calls);
        for (head, bytes) in answers.drain(..) {
            let slot = calls.get_mut(head.id as usize).ok_or("an answer to no call")?;
            match (head.kind, slot) {
                (Kind::Item, Slot::Streaming(stream)) => woken.extend(stream.handle_run(bytes)),
                (Kind::End, Slot::Streaming(stream)) => woken.extend(stream.handle_end()),
                (Kind::Read, Slot::Streaming(stream)) => woken.extend(stream.handle_read(&bytes)?),
                (_, slot) => match std::mem::replace(slot, Slot::Answered(bytes)) {
                    Slot::Waiting(waker) => woken.push(waker),
                    slot => woken.extend(slot.wakers()),
                },
            }
        }
        drop(calls);
        woken.drain(..).for_each(Waker::wake);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
