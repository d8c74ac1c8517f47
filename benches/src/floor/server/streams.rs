//! The streams of one connection, on the side that serves them.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::contestant::Fault;
use crate::floor::codec::Codec;
use crate::floor::frame::{Head, Kind};
use crate::floor::queue::Queue;
use crate::floor::run::{BATCH, Credit, Reading, first_item, items};

/// Served by the task of their connection, in turns.
#[derive(Default)]
pub(super) struct Streams {
    open: Vec<Stream>,
}

struct Stream {
    id: u64,
    handler: Handler,
    credit: Credit,
    reading: Reading,
    /// Nothing is sent or read any more.
    ended: bool,
}

/// What is done for a stream, and how far it is.
enum Handler {
    Down { left: u64 },
    Bulk { left: u64, item: Bytes },
    Up { came: u64 },
    Both { runs: VecDeque<Bytes>, last: bool },
}

impl Streams {
    /// Opens a stream.
    pub(super) fn open(&mut self, head: &Head, mut request: Bytes) -> Result<(), Fault> {
        let handler = match head.kind {
            Kind::Down => Handler::Down { left: request.try_get_u64_le()? },
            Kind::Bulk => {
                let left = request.try_get_u64_le()?;
                Handler::Bulk { left, item: BytesMut::zeroed(request.try_get_u64_le()? as usize).freeze() }
            }
            Kind::Up => Handler::Up { came: 0 },
            Kind::Both => Handler::Both { runs: VecDeque::new(), last: false },
            other => return Err(format!("{other:?} opens no stream").into()),
        };
        let (credit, reading) = (Credit::default(), Reading::default());
        self.open.push(Stream { id: head.id, handler, credit, reading, ended: false });
        Ok(())
    }

    pub(super) fn handle_run<C: Codec>(&mut self, id: u64, run: Bytes, queue: &mut Queue) -> Result<(), Fault> {
        let stream = self.stream(id)?;
        match &mut stream.handler {
            Handler::Up { came } => {
                for payload in items(&run) {
                    C::look(payload)?;
                    *came += 1;
                }
                if let Some(read) = stream.reading.read(run.len()) {
                    queue.push_copy(Kind::Read, id, &read);
                }
            }
            Handler::Both { runs, .. } => runs.push_back(run),
            Handler::Down { .. } | Handler::Bulk { .. } => return Err("an item where the server sends".into()),
        }
        Ok(())
    }

    /// The client has sent its last item.
    pub(super) fn handle_end(&mut self, id: u64, queue: &mut Queue) -> Result<(), Fault> {
        let stream = self.stream(id)?;
        match &mut stream.handler {
            Handler::Up { came } => {
                queue.push_copy(Kind::Echo, id, &came.to_le_bytes());
                stream.ended = true;
            }
            Handler::Both { last, .. } => *last = true,
            Handler::Down { .. } | Handler::Bulk { .. } => return Err("an end where the server sends".into()),
        }
        Ok(())
    }

    /// The client has read. What it read last may be acknowledged after the stream's end.
    pub(super) fn handle_read(&mut self, id: u64, payload: &[u8]) -> Result<(), Fault> {
        match self.stream(id) {
            Ok(stream) => stream.credit.handle_acknowledged(payload),
            Err(_) => Ok(()),
        }
    }

    /// Whether [`send`](Self::send) would send anything.
    pub(super) fn can_send(&self) -> bool {
        self.open.iter().any(Stream::can_send)
    }

    /// Appends about a [`BATCH`] of each stream's items, as far as it has credit.
    pub(super) fn send<C: Codec>(&mut self, queue: &mut Queue) -> Result<(), Fault> {
        for stream in &mut self.open {
            stream.send::<C>(queue)?;
        }
        self.open.retain(|stream| !stream.ended);
        Ok(())
    }

    fn stream(&mut self, id: u64) -> Result<&mut Stream, Fault> {
        Ok(self.open.iter_mut().find(|stream| stream.id == id).ok_or("there is no such stream")?)
    }
}

impl Stream {
    fn can_send(&self) -> bool {
        match &self.handler {
            Handler::Down { .. } | Handler::Bulk { .. } => self.credit.is_left(),
            Handler::Up { .. } => false,
            Handler::Both { runs, last } if runs.is_empty() => *last,
            Handler::Both { .. } => self.credit.is_left(),
        }
    }

    fn send<C: Codec>(&mut self, queue: &mut Queue) -> Result<(), Fault> {
        let (id, mut sent) = (self.id, 0);
        while sent < BATCH && self.credit.is_left() {
            let length = match &mut self.handler {
                Handler::Down { left: 0 } | Handler::Bulk { left: 0, .. } => break,
                Handler::Down { left } => {
                    *left -= 1;
                    C::make(Kind::Item, id, queue)?
                }
                Handler::Bulk { left, item } => {
                    *left -= 1;
                    queue.push(Kind::Item, id, item.clone())
                }
                Handler::Up { .. } => return Ok(()),
                Handler::Both { runs, .. } => {
                    let Some(run) = runs.front_mut() else {
                        break;
                    };
                    let (payload, read) = first_item(run).ok_or("a run without items")?;
                    let length = C::echo(payload, Kind::Item, id, queue)?;
                    run.advance(read);
                    if run.is_empty() {
                        runs.pop_front();
                    }
                    if let Some(read) = self.reading.read(read) {
                        queue.push_copy(Kind::Read, id, &read);
                    }
                    length
                }
            };
            self.credit.spend(length);
            sent += length;
        }
        self.ended |= match &self.handler {
            Handler::Down { left } | Handler::Bulk { left, .. } => *left == 0,
            Handler::Up { .. } => false,
            Handler::Both { runs, last } => *last && runs.is_empty(),
        };
        if self.ended {
            queue.push_copy(Kind::End, id, &[]);
        }
        Ok(())
    }
}
