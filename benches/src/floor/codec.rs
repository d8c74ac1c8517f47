//! What the floor does with a small message.

use std::cell::RefCell;

use rpc_core::codec::{Codec as _, MessagePack, Output};

use super::SMALL;
use super::check;
use super::frame::Kind;
use super::queue::Queue;
use crate::contestant::{Fault, check_item};
use crate::message::Item;

/// Makes messages, gives them back, and looks at them.
pub(super) trait Codec: 'static {
    /// Appends a frame with a message of its own making, and gives the frame's length.
    fn make(kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault>;

    /// Appends a frame with the same message as `payload`, and gives the frame's length.
    fn echo(payload: &[u8], kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault>;

    /// Looks at a message, as a program would.
    fn look(payload: &[u8]) -> Result<(), Fault>;
}

/// No codec: the bytes are the message.
pub(super) struct Bare;

impl Codec for Bare {
    fn make(kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        Ok(queue.push_copy(kind, id, &SMALL))
    }

    fn echo(payload: &[u8], kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        Ok(queue.push_copy(kind, id, payload))
    }

    fn look(payload: &[u8]) -> Result<(), Fault> {
        check(payload, &SMALL)
    }
}

/// A format of items, in which each is made anew and looked at.
pub(crate) trait Format: Send + Sync + 'static {
    /// Appends a frame with an item, and gives the frame's length.
    fn push(item: &Item, kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault>;

    /// Encodes an item apart from any connection.
    fn encode<T>(item: &Item, then: impl FnOnce(&[u8]) -> T) -> Result<T, Fault>;

    fn read(payload: &[u8]) -> Result<Item, Fault>;
}

impl<F: Format> Codec for F {
    fn make(kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        F::push(&Item::sample(), kind, id, queue)
    }

    fn echo(payload: &[u8], kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        F::push(&F::read(payload)?, kind, id, queue)
    }

    fn look(payload: &[u8]) -> Result<(), Fault> {
        check_item(&F::read(payload)?)
    }
}

/// `rmp-serde`, structs by name.
pub(crate) struct RmpSerde;

/// The framework's own MessagePack, structs by name.
pub(crate) struct Own;

thread_local! {
    /// Where items are encoded; kept for its memory.
    static RMP_SERDE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OWN: RefCell<Output> = RefCell::default();
}

impl Format for RmpSerde {
    fn push(item: &Item, kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        Ok(queue.push_written(kind, id, |payload| rmp_serde::encode::write_named(payload, item))?)
    }

    fn encode<T>(item: &Item, then: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        RMP_SERDE.with_borrow_mut(|payload| {
            payload.clear();
            rmp_serde::encode::write_named(payload, item)?;
            Ok(then(payload))
        })
    }

    fn read(payload: &[u8]) -> Result<Item, Fault> {
        Ok(rmp_serde::from_slice(payload)?)
    }
}

impl Format for Own {
    fn push(item: &Item, kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        Self::encode(item, |payload| queue.push_copy(kind, id, payload))
    }

    fn encode<T>(item: &Item, then: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        OWN.with_borrow_mut(|output| {
            output.clear();
            MessagePack::default().encode(item, output)?;
            Ok(then(output.as_slice().ok_or("an item has no shared bytes")?))
        })
    }

    fn read(payload: &[u8]) -> Result<Item, Fault> {
        Ok(MessagePack::default().decode(payload)?)
    }
}
