//! What the floor does with a small message.

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

/// `rmp-serde`, structs by name.
pub(super) struct MessagePack;

impl Codec for MessagePack {
    fn make(kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        push_item(&Item::sample(), kind, id, queue)
    }

    fn echo(payload: &[u8], kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
        let item: Item = rmp_serde::from_slice(payload)?;
        push_item(&item, kind, id, queue)
    }

    fn look(payload: &[u8]) -> Result<(), Fault> {
        check_item(&rmp_serde::from_slice(payload)?)
    }
}

fn push_item(item: &Item, kind: Kind, id: u64, queue: &mut Queue) -> Result<usize, Fault> {
    Ok(queue.push_written(kind, id, |payload| rmp_serde::encode::write_named(payload, item))?)
}
