//! The streams of one connection, on the side that calls.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, Bytes};

use super::Connection;
use crate::contestant::Fault;
use crate::count::Count;
use crate::floor::codec::Codec;
use crate::floor::frame::Kind;
use crate::floor::queue::Queue;
use crate::floor::run::{BATCH, Credit, Reading, items};

/// What has come for a stream, and how much may be sent on it.
#[derive(Default)]
pub(super) struct Stream {
    runs: Vec<Bytes>,
    ended: bool,
    credit: Credit,
    reader: Option<Waker>,
    sender: Option<Waker>,
}

impl Stream {
    /// Gives who is to be woken.
    pub(super) fn handle_run(&mut self, run: Bytes) -> Option<Waker> {
        self.runs.push(run);
        self.reader.take()
    }

    pub(super) fn handle_end(&mut self) -> Option<Waker> {
        self.ended = true;
        self.reader.take()
    }

    pub(super) fn handle_read(&mut self, payload: &[u8]) -> Result<Option<Waker>, Fault> {
        self.credit.handle_acknowledged(payload)?;
        Ok(self.sender.take())
    }

    /// Who waits for anything.
    pub(super) fn wakers(self) -> impl Iterator<Item = Waker> {
        self.reader.into_iter().chain(self.sender)
    }

    /// Remembers who waits for the answer, which comes instead of items.
    pub(super) fn set_reader(&mut self, waker: Waker) {
        self.reader = Some(waker);
    }

    /// Takes what has come into `runs`, which is empty. `false` is the end.
    fn poll_runs(&mut self, runs: &mut Vec<Bytes>, cx: &Context<'_>) -> Poll<bool> {
        if self.runs.is_empty() && !self.ended {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut self.runs, runs);
        Poll::Ready(!runs.is_empty())
    }

    /// Spends what was sent since, and waits until more may be.
    fn poll_credit(&mut self, spent: &mut usize, cx: &Context<'_>) -> Poll<()> {
        self.credit.spend(std::mem::take(spent));
        if self.credit.is_left() {
            return Poll::Ready(());
        }
        self.sender = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Connection {
    pub(in crate::floor) async fn down<C: Codec>(&self, count: u64, counted: &Count) -> Result<u64, Fault> {
        let id = self.open_stream(Kind::Down, &[count])?;
        self.read_items::<C>(id, counted).await
    }

    pub(in crate::floor) async fn up<C: Codec>(&self, count: u64, counted: &Count) -> Result<u64, Fault> {
        let id = self.open_stream(Kind::Up, &[])?;
        self.send_items::<C>(id, count, Some(counted)).await?;
        Ok(self.answer(id).await?.as_ref().try_get_u64_le()?)
    }

    pub(in crate::floor) async fn both<C: Codec>(&self, count: u64, counted: &Count) -> Result<u64, Fault> {
        let id = self.open_stream(Kind::Both, &[])?;
        let connection = self.clone();
        let sending = tokio::spawn(async move { connection.send_items::<C>(id, count, None).await });
        let came = self.read_items::<C>(id, counted).await?;
        sending.await??;
        Ok(came)
    }

    pub(in crate::floor) async fn bulk(&self, count: u64, size: usize, counted: &Count) -> Result<u64, Fault> {
        let id = self.open_stream(Kind::Bulk, &[count, size as u64])?;
        let mut bytes = 0;
        self.read_each(id, |payload| {
            bytes += payload.len() as u64;
            counted.add();
            Ok(())
        })
        .await?;
        Ok(bytes)
    }

    async fn read_items<C: Codec>(&self, id: usize, counted: &Count) -> Result<u64, Fault> {
        let mut came = 0;
        self.read_each(id, |payload| {
            C::look(payload)?;
            came += 1;
            counted.add();
            Ok(())
        })
        .await?;
        Ok(came)
    }

    /// Reads until the stream ends, and acknowledges what it has read.
    async fn read_each(&self, id: usize, mut look: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let (mut runs, mut reading) = (Vec::new(), Reading::default());
        while poll_fn(|cx| self.poll_stream(id, |stream| stream.poll_runs(&mut runs, cx))).await? {
            for run in runs.drain(..) {
                items(&run).try_for_each(&mut look)?;
                if let Some(read) = reading.read(run.len()) {
                    self.post(|queue| queue.push_copy(Kind::Read, id as u64, &read))?;
                }
            }
        }
        self.close_stream(id);
        Ok(())
    }

    async fn send_items<C: Codec>(&self, id: usize, mut left: u64, counted: Option<&Count>) -> Result<(), Fault> {
        let (mut batch, mut sent) = (Queue::default(), 0);
        while left > 0 {
            poll_fn(|cx| self.poll_stream(id, |stream| stream.poll_credit(&mut sent, cx))).await?;
            while sent < BATCH && left > 0 {
                sent += C::make(Kind::Item, id as u64, &mut batch)?;
                left -= 1;
                if let Some(counted) = counted {
                    counted.add();
                }
            }
            self.post(|queue| queue.append(&mut batch))?;
        }
        self.post(|queue| queue.push_copy(Kind::End, id as u64, &[]))?;
        Ok(())
    }
}
