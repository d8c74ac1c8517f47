//! What is sent: the same in every contestant.

use serde::{Deserialize, Serialize};

/// The small message. A client makes one per call, as a program would.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) values: Vec<u32>,
}

impl Item {
    pub(crate) fn sample() -> Self {
        Self { id: 7, name: "sixteen letters!".to_owned(), values: vec![1, 2, 3, 4] }
    }
}
