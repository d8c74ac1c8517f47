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
use crate::contestant::Fault;

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
    Lost,
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
    pub(super) fn send(&self, waker: Waker, push: impl FnOnce(&mut Queue, u64)) -> io::Result<usize> {
        self.shared.send(waker, push)
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
    fn send(&self, waker: Waker, push: impl FnOnce(&mut Queue, u64)) -> io::Result<usize> {
        let mut calls = lock(&self.calls);
        let id = calls.insert(Slot::Waiting(waker));
        let alone = calls.len() == 1;
        drop(calls);

        let mut out = lock(&self.out);
        push(&mut out.queue, id as u64);
        if out.writer == Writer::Busy {
            return Ok(id);
        }
        // Nobody else's frame could share the write: a hop to another task would only cost time.
        if alone && out.queue.try_write(&self.socket)? {
            return Ok(id);
        }
        out.writer = Writer::Busy;
        let waker = out.waker.clone();
        drop(out);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(id)
    }

    fn poll_answer(&self, id: usize, cx: &Context<'_>) -> Poll<Result<Bytes, Fault>> {
        let mut calls = lock(&self.calls);
        if let Some(Slot::Waiting(waker)) = calls.get_mut(id) {
            waker.clone_from(cx.waker());
            return Poll::Pending;
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
        if let Slot::Waiting(waker) = slot {
            waker.wake();
        }
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
            answers.push((head.id as usize, take_payload(&mut buffer, &head)));
        }
        // One lock for all that came, and nobody is woken while it is held.
        let mut calls = lock(&shared.calls);
        for (id, payload) in answers.drain(..) {
            let slot = calls.get_mut(id).ok_or("an answer to no call")?;
            if let Slot::Waiting(waker) = std::mem::replace(slot, Slot::Answered(payload)) {
                woken.push(waker);
            }
        }
        drop(calls);
        woken.drain(..).for_each(Waker::wake);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
