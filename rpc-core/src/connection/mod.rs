//! Connections: of one that is there, nothing else reads, writes, sleeps, spawns or wakes.
//!
//! One task per connection, the [driver](driver::Driver), moves bytes between a transport and a
//! [session](crate::session). Callers and handlers reach the same session through one lock that they hold for a moment,
//! and never while they encode, decode or run a handler.

mod writer;
use writer::Writer;

mod serve;
pub(crate) use serve::{Home, Running, Serve, ServeNothing, Served};

mod pending;
pub(crate) use pending::Pending;
use pending::Told;

mod flow;
pub(crate) use flow::{Flow, Inlet, Outlet, Refused};

mod inbox;
use inbox::Inbox;

mod shared;
pub(crate) use shared::Wish;
use shared::{Core, Shared};

mod handle;
pub(crate) use handle::{Connection, Line};

mod serving;

mod residents;
use residents::Residents;

mod end;
use end::End;

mod driver;
