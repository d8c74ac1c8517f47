use std::io;
use std::time::Duration;

use crate::code::Code;
use crate::error::{Phase, RpcError};
use crate::frame::{Breach, Reason};

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides agreed, or this one has no use for it any more.
    Finished,
    /// The peer closed its side.
    Eof {
        within_frame: bool,
    },
    Io(io::Error),
    Breach(Breach),
    NoHello(Duration),
    /// The task is gone before its time: the run time was shut down, or foreign code panicked in it.
    Abandoned {
        panicked: bool,
    },
    /// The peer takes nothing, or leaves a frame half sent.
    Stalled(&'static str, Duration),
    /// The peer was asked whether it is there, and did not answer for so long.
    Silent(Duration),
}

impl End {
    /// Whether nothing more can be written.
    pub(super) fn is_hopeless(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Stalled(..) | Self::Silent(_) | Self::Abandoned { .. })
    }

    /// What it means for calls and for those who wait for the connection. `greeted` says whether HELLO had come.
    pub(super) fn error(self, greeted: bool) -> RpcError {
        let phase = if greeted { Phase::Wait } else { Phase::Handshake };
        let error = match self {
            Self::Finished => RpcError::new(Code::Unavailable, "the connection is closed"),
            Self::Eof { .. } if !greeted => RpcError::new(
                Code::Unavailable,
                "the peer closed the connection before its HELLO; check that the port is an RPC server's",
            ),
            Self::Eof { within_frame: false } => RpcError::new(Code::Unavailable, "the peer closed the connection"),
            Self::Eof { within_frame: true } => {
                RpcError::new(Code::Unavailable, "the peer closed the connection in the middle of a frame")
            }
            Self::Io(error) => {
                RpcError::new(Code::Unavailable, format!("the connection was lost: {error}")).with_source(error)
            }
            Self::Breach(breach) => {
                let code = match (greeted, breach.reason()) {
                    (_, Reason::Version) => Code::Unimplemented,
                    (false, _) => Code::FailedPrecondition,
                    (true, _) => Code::Internal,
                };
                let text = match greeted {
                    true => format!("the peer broke the protocol: {breach}"),
                    false => breach.text().to_owned(),
                };
                RpcError::new(code, text)
            }
            Self::NoHello(waited) => RpcError::new(
                Code::Unavailable,
                format!(
                    "no HELLO came within {} s (Limits::handshake); check that the port is an RPC server's",
                    waited.as_secs_f32()
                ),
            ),
            Self::Abandoned { panicked: false } => {
                RpcError::new(Code::Unavailable, "the run time of the connection was shut down")
            }
            Self::Abandoned { panicked: true } => {
                RpcError::new(Code::Internal, "the task of the connection panicked; the panic's own message has more")
            }
            Self::Stalled(what, waited) => RpcError::new(
                Code::Unavailable,
                format!("the peer {what} for {} s (Limits::stall)", waited.as_secs_f32()),
            ),
            Self::Silent(waited) => RpcError::new(
                Code::Unavailable,
                format!("the peer did not answer a PING within {} s (Limits::keepalive_timeout)", waited.as_secs_f32()),
            ),
        };
        error.with_phase(phase)
    }
}
