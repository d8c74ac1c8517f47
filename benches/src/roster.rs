//! Who takes part.

use crate::contestant::{Contestant, Fault};
use crate::cost::client::{self, CountOrder, HoldOrder, IdleOrder};
use crate::drive::{self, Order};
use crate::floor::Floor;
use crate::floor::codec::{Own, RmpSerde};
use crate::floor::coded::Coded;
use crate::foreign;
use crate::ours::Ours;
#[cfg(feature = "volo")]
use crate::peers::volo::Volo;
#[cfg(feature = "peers")]
use crate::peers::{tarpc::Tarpc, tonic::Tonic};

/// Those in this program, the floor first.
const NAMES: &[&str] = &[
    "floor",
    "floor+msgpack",
    "floor+codec",
    "ours",
    "ours compact",
    "ours bincode",
    "ours JSON",
    #[cfg(feature = "peers")]
    "tarpc bincode",
    #[cfg(feature = "peers")]
    "tarpc JSON",
    #[cfg(feature = "peers")]
    "tonic",
    #[cfg(feature = "volo")]
    "volo pooled",
    #[cfg(feature = "volo")]
    "volo multiplexed",
];

/// Every contestant, the floor first, and those of another program last.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().chain(foreign::NAMES)
}

/// Whether a contestant takes part only where it is named.
pub(crate) fn is_on_request(name: &str) -> bool {
    name == "floor+codec"
}

/// Whether a contestant has streams; one that has none is left out where they are needed.
pub(crate) fn has_streams(name: &str) -> bool {
    matches!(name, "floor" | "floor+msgpack" | "floor+codec" | "tonic" | "gRPC-Go") || Ours::named(name).is_some()
}

/// What a process does for its contestant.
pub(crate) enum Task {
    Serve,
    Drive(Order),
    Count(CountOrder),
    Idle(IdleOrder),
    Hold(HoldOrder),
}

/// Does `task` as the contestant called `name`.
pub(crate) async fn act(name: &str, task: Task) -> Result<(), Fault> {
    match name {
        "floor" => perform(Floor, task).await,
        "floor+msgpack" => perform(Coded::<RmpSerde>::default(), task).await,
        "floor+codec" => perform(Coded::<Own>::default(), task).await,
        #[cfg(feature = "peers")]
        "tarpc bincode" => perform(Tarpc::Bincode, task).await,
        #[cfg(feature = "peers")]
        "tarpc JSON" => perform(Tarpc::Json, task).await,
        #[cfg(feature = "peers")]
        "tonic" => perform(Tonic, task).await,
        #[cfg(feature = "volo")]
        "volo pooled" => perform(Volo { multiplexed: false }, task).await,
        #[cfg(feature = "volo")]
        "volo multiplexed" => perform(Volo { multiplexed: true }, task).await,
        _ => match Ours::named(name) {
            Some(ours) => perform(ours, task).await,
            None => Err(format!("there is no contestant {name:?}; there are {}", NAMES.join(", ")).into()),
        },
    }
}

async fn perform(contestant: impl Contestant, task: Task) -> Result<(), Fault> {
    match task {
        Task::Serve => contestant.serve().await,
        Task::Drive(order) => drive::drive(&contestant, &order).await,
        Task::Count(order) => client::count(&contestant, &order).await,
        Task::Idle(order) => client::idle(&contestant, &order).await,
        Task::Hold(order) => client::hold(&contestant, &order).await,
    }
}
