//! Frames that wait to be written: small ones copied together, large payloads as they are.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::buf::Writer;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::net::tcp::OwnedWriteHalf;

use super::frame::{HEADER, Kind, LARGE, header};

/// How many pieces one system call takes.
const PIECES: usize = 32;

#[derive(Default)]
pub(crate) struct Queue {
    /// Older than the tail.
    segments: VecDeque<Bytes>,
    tail: BytesMut,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.tail.is_empty()
    }

    /// Appends a frame and copies its payload. Gives the frame's length.
    pub(super) fn push_copy(&mut self, kind: Kind, id: u64, payload: &[u8]) -> usize {
        self.tail.extend_from_slice(&header(kind, id, payload.len()));
        self.tail.extend_from_slice(payload);
        HEADER + payload.len()
    }

    /// Appends a frame and lets its payload be written in place. Gives the frame's length.
    pub(super) fn push_written<E>(
        &mut self,
        kind: Kind,
        id: u64,
        write: impl FnOnce(&mut Writer<&mut BytesMut>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let begin = self.tail.len();
        self.tail.extend_from_slice(&header(kind, id, 0));
        write(&mut (&mut self.tail).writer())?;
        let payload = self.tail.len() - begin - HEADER;
        if let Some(head) = self.tail.get_mut(begin..begin + HEADER) {
            head.copy_from_slice(&header(kind, id, payload));
        }
        Ok(HEADER + payload)
    }

    /// Appends a frame; a large payload is not copied. Gives the frame's length.
    pub(super) fn push(&mut self, kind: Kind, id: u64, payload: Bytes) -> usize {
        if payload.len() < LARGE {
            return self.push_copy(kind, id, &payload);
        }
        let length = HEADER + payload.len();
        self.tail.extend_from_slice(&header(kind, id, payload.len()));
        self.segments.push_back(self.tail.split().freeze());
        self.segments.push_back(payload);
        length
    }

    /// Appends what `batch` has, without copying it, and leaves it empty.
    pub(super) fn append(&mut self, batch: &mut Self) {
        if self.is_empty() {
            // Also gives the batch the memory that has been written.
            return std::mem::swap(self, batch);
        }
        if !self.tail.is_empty() {
            self.segments.push_back(self.tail.split().freeze());
        }
        self.segments.append(&mut batch.segments);
        self.segments.push_back(batch.tail.split().freeze());
    }

    /// Writes until nothing is left (`true`) or the socket takes no more (`false`).
    pub(super) fn try_write(&mut self, socket: &OwnedWriteHalf) -> io::Result<bool> {
        while !self.is_empty() {
            let written =
                if self.segments.is_empty() { socket.try_write(&self.tail) } else { self.try_write_pieces(socket) };
            match written {
                Ok(count) => self.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Writes everything.
    pub(super) async fn write(&mut self, socket: &OwnedWriteHalf) -> io::Result<()> {
        while !self.try_write(socket)? {
            socket.writable().await?;
        }
        Ok(())
    }

    fn try_write_pieces(&self, socket: &OwnedWriteHalf) -> io::Result<usize> {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let bytes = self.segments.iter().map(|segment| &segment[..]).chain([&self.tail[..]]);
        let mut count = 0;
        for (piece, bytes) in pieces.iter_mut().zip(bytes) {
            *piece = IoSlice::new(bytes);
            count += 1;
        }
        socket.try_write_vectored(pieces.get(..count).unwrap_or_default())
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(segment) = self.segments.front_mut() {
            let step = count.min(segment.len());
            segment.advance(step);
            count -= step;
            if !segment.is_empty() {
                return;
            }
            self.segments.pop_front();
        }
        if count == self.tail.len() {
            self.tail.clear();
        } else {
            self.tail.advance(count);
        }
    }
}
