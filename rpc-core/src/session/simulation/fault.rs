use bytes::BytesMut;

use super::book::STATUS;
use crate::code::Code;
use crate::frame::{Fields, HEADER, Head, PREFACE, Ran, flag, kind, put_cancel, put_done};
use crate::session::Verdict;

/// Something that goes wrong between the two ends, or in a driver. The simulation must find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Lose(u8),
    Repeat(u8),
    /// Two frames of a kind arrive in the wrong order.
    Swap(u8),
    /// Two replies arrive under each other's ids.
    Confuse,
    /// The last byte of a frame of this kind is another.
    Corrupt(u8),
    /// A refusal says that the handler was started, or the other way round.
    FlipNotExecuted,
    /// An END arrives for a REPLY.
    ForgeEnd,
    /// A CANCEL is answered before the handler has ended.
    FreeSlotAtCancel,
    /// A one-way call is counted before it has ended.
    FreeSlotAtCall,
    /// GOAWAY says that no call was taken.
    DenyCalls,
    /// A call arrives with no time left.
    NoTimeLeft,
    /// A driver does not say what was written.
    HideWriting,
    /// A driver forgets its timer.
    StopTheClock,
    /// A driver does not stop a handler that must stop.
    StopNothing,
    /// A handler ends without an answer.
    AnswerNothing,
    /// An outcome does not get to its caller.
    LoseOutcome,
    /// A call is answered that was never started.
    RunNothing,
    /// The end of a stream comes before its last item.
    EndBeforeItem,
    /// An item comes in another stream of its call.
    ConfuseStreams,
    /// A stream that failed ends well, or the other way round.
    FlipStreamEnd,
    /// A stream whose call is answered ends before its caller has said so.
    FreeSlotAtAnswer,
    /// A driver does not say what was read.
    ForgetCredit,
    /// An item does not get to its reader.
    DropItem,
    /// A producer makes more than it was lent.
    MakeTooMuch,
    /// A driver does not say that something came, ever; or says so when nothing did.
    Deafen,
    HearGhosts,
    /// A driver does not give up a silent peer, or does not close an idle connection.
    IgnoreSilence,
    IgnoreIdleness,
    /// A driver gives up its peer, or closes its connection, before it is time.
    GiveUpAtOnce,
    CloseAtOnce,
    /// An end that retires goes on making calls.
    RetireNothing,
    /// An end that retires takes no further calls, or closes the connection, while calls are open.
    ConcludeAtOnce,
    HangUpAtOnce,
    /// A call arrives with another request id, or as another attempt.
    OtherRequest,
    OtherAttempt,
    /// A call that was not run, and may have been before, is said to have run.
    FlipUnknown,
    /// A failure arrives with another pause.
    OtherPause,
}

/// All of them.
pub(super) const FAULTS: [Fault; 60] = [
    Fault::Lose(kind::HELLO),
    Fault::Lose(kind::CALL),
    Fault::Lose(kind::REPLY),
    Fault::Lose(kind::END),
    Fault::Lose(kind::CHUNK),
    Fault::Lose(kind::CANCEL),
    Fault::Lose(kind::DONE),
    Fault::Lose(kind::GOAWAY),
    Fault::Repeat(kind::HELLO),
    Fault::Repeat(kind::CALL),
    Fault::Repeat(kind::REPLY),
    Fault::Repeat(kind::END),
    Fault::Repeat(kind::CHUNK),
    Fault::Repeat(kind::DONE),
    Fault::Swap(kind::CALL),
    Fault::Swap(kind::CHUNK),
    Fault::Swap(kind::GOAWAY),
    Fault::Confuse,
    Fault::Corrupt(kind::CALL),
    Fault::Corrupt(kind::REPLY),
    Fault::Corrupt(kind::CHUNK),
    Fault::FlipNotExecuted,
    Fault::ForgeEnd,
    Fault::FreeSlotAtCancel,
    Fault::FreeSlotAtCall,
    Fault::DenyCalls,
    Fault::NoTimeLeft,
    Fault::HideWriting,
    Fault::StopTheClock,
    Fault::StopNothing,
    Fault::AnswerNothing,
    Fault::LoseOutcome,
    Fault::RunNothing,
    Fault::Lose(kind::DATA),
    Fault::Lose(kind::CREDIT),
    Fault::Repeat(kind::DATA),
    Fault::Repeat(kind::CREDIT),
    Fault::Swap(kind::DATA),
    Fault::Corrupt(kind::DATA),
    Fault::EndBeforeItem,
    Fault::ConfuseStreams,
    Fault::FlipStreamEnd,
    Fault::FreeSlotAtAnswer,
    Fault::ForgetCredit,
    Fault::DropItem,
    Fault::MakeTooMuch,
    Fault::Lose(kind::PING),
    Fault::Deafen,
    Fault::HearGhosts,
    Fault::IgnoreSilence,
    Fault::IgnoreIdleness,
    Fault::GiveUpAtOnce,
    Fault::CloseAtOnce,
    Fault::RetireNothing,
    Fault::ConcludeAtOnce,
    Fault::HangUpAtOnce,
    Fault::OtherRequest,
    Fault::OtherAttempt,
    Fault::FlipUnknown,
    Fault::OtherPause,
];

/// Does a fault to a history, once; without one it lets everything pass.
#[derive(Debug)]
pub(super) struct Tamper {
    fault: Option<Fault>,
    /// How many occasions it lets pass first.
    patience: u32,
    done: bool,
    /// What has come at each end and is not a whole frame.
    staged: [BytesMut; 2],
    prefaced: [bool; 2],
    /// A frame that waits for another to be exchanged with.
    held: [Option<BytesMut>; 2],
}

impl Tamper {
    pub(super) fn none() -> Self {
        Self::new(None, 0)
    }

    /// Does a fault, after it has let so many occasions pass.
    pub(super) fn with(fault: Fault, patience: u32) -> Self {
        Self::new(Some(fault), patience)
    }

    fn new(fault: Option<Fault>, patience: u32) -> Self {
        Self { fault, patience, done: false, staged: Default::default(), prefaced: [false; 2], held: [None, None] }
    }

    /// Whether something was tampered with.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn hides_writing(&mut self) -> bool {
        self.strikes_always(Fault::HideWriting)
    }

    pub(super) fn stops_the_clock(&mut self) -> bool {
        self.strikes_always(Fault::StopTheClock)
    }

    pub(super) fn stops_nothing(&mut self) -> bool {
        self.strikes(Fault::StopNothing)
    }

    pub(super) fn answers_nothing(&mut self) -> bool {
        self.strikes(Fault::AnswerNothing)
    }

    pub(super) fn loses_outcome(&mut self) -> bool {
        self.strikes(Fault::LoseOutcome)
    }

    pub(super) fn runs_nothing(&mut self) -> bool {
        self.strikes(Fault::RunNothing)
    }

    pub(super) fn forgets_credit(&mut self) -> bool {
        self.strikes_always(Fault::ForgetCredit)
    }

    pub(super) fn drops_item(&mut self) -> bool {
        self.strikes(Fault::DropItem)
    }

    pub(super) fn makes_too_much(&mut self) -> bool {
        self.strikes(Fault::MakeTooMuch)
    }

    pub(super) fn is_deaf(&mut self) -> bool {
        self.strikes_always(Fault::Deafen)
    }

    pub(super) fn hears_ghosts(&mut self) -> bool {
        self.strikes(Fault::HearGhosts)
    }

    pub(super) fn retires_nothing(&mut self) -> bool {
        self.strikes(Fault::RetireNothing)
    }

    pub(super) fn concludes_at_once(&mut self) -> bool {
        self.strikes(Fault::ConcludeAtOnce)
    }

    pub(super) fn hangs_up_at_once(&mut self) -> bool {
        self.strikes(Fault::HangUpAtOnce)
    }

    /// What a driver takes the session's verdict for.
    pub(super) fn judges(&mut self, verdict: Option<Verdict>) -> Option<Verdict> {
        match verdict {
            Some(Verdict::Silent) if self.strikes_always(Fault::IgnoreSilence) => None,
            Some(Verdict::Idle) if self.strikes_always(Fault::IgnoreIdleness) => None,
            None if self.strikes(Fault::GiveUpAtOnce) => Some(Verdict::Silent),
            None if self.strikes(Fault::CloseAtOnce) => Some(Verdict::Idle),
            _ => verdict,
        }
    }

    /// Passes on the bytes that come to an end. What is forged may also come to the other.
    pub(super) fn take_in(&mut self, end: usize, bytes: &[u8], mut inboxes: [&mut BytesMut; 2]) {
        if self.fault.is_none() {
            return inboxes[end].extend_from_slice(bytes);
        }
        let mut staged = std::mem::take(&mut self.staged[end]);
        staged.extend_from_slice(bytes);
        if !self.prefaced[end] && staged.len() >= PREFACE.len() {
            inboxes[end].extend_from_slice(&staged.split_to(PREFACE.len()));
            self.prefaced[end] = true;
        }
        while self.prefaced[end]
            && let Some(length) = staged.first_chunk()
            && staged.len() >= HEADER + u32::from_le_bytes(*length) as usize
        {
            let len = HEADER + u32::from_le_bytes(*length) as usize;
            let frame = staged.split_to(len);
            self.pass(end, frame, &mut inboxes);
        }
        self.staged[end] = staged;
    }

    fn pass(&mut self, end: usize, mut frame: BytesMut, inboxes: &mut [&mut BytesMut; 2]) {
        let other = 1 - end;
        let [one, two] = inboxes;
        let (inbox, others) = if end == 0 { (one, two) } else { (two, one) };
        let Some(fault) = self.fault else {
            return inbox.extend_from_slice(&frame);
        };
        if let Some(mut held) = self.held[end].take() {
            let is_next = match fault {
                Fault::EndBeforeItem => frame[4] == kind::END && frame[8..HEADER] == held[8..HEADER],
                _ => frame[4] == held[4],
            };
            if !is_next {
                inbox.extend_from_slice(&frame);
                self.held[end] = Some(held);
                return;
            }
            if fault == Fault::Confuse {
                let id = u64::from_le_bytes(frame[8..HEADER].try_into().unwrap());
                frame[8..HEADER].copy_from_slice(&held[8..HEADER]);
                held[8..HEADER].copy_from_slice(&id.to_le_bytes());
            }
            inbox.extend_from_slice(&frame);
            return inbox.extend_from_slice(&held);
        }
        if !is_occasion(fault, &frame) || !self.strikes(fault) {
            return inbox.extend_from_slice(&frame);
        }
        match fault {
            Fault::Lose(_) => return,
            Fault::Repeat(_) => inbox.extend_from_slice(&frame),
            Fault::Swap(_) | Fault::Confuse | Fault::EndBeforeItem => {
                self.held[end] = Some(frame);
                return;
            }
            Fault::Corrupt(_) => *frame.last_mut().unwrap() ^= 0x10,
            Fault::FlipNotExecuted => frame[5] ^= flag::NOT_EXECUTED,
            Fault::ForgeEnd => {
                frame[4] = kind::END;
                frame[..4].copy_from_slice(&4u32.to_le_bytes());
                frame.truncate(HEADER);
                frame.extend_from_slice(&[13, 0, 0, 0]);
            }
            // The caller believes it; the true answer comes later.
            Fault::FreeSlotAtCancel if self.prefaced[other] => {
                let id = u64::from_le_bytes(frame[8..HEADER].try_into().unwrap());
                let code = Code::Cancelled.number();
                Head::End { id, index: 0, code, ran: Ran::Yes, typed: false }.put(&Fields::default(), 0, None, others);
            }
            Fault::FreeSlotAtCall if self.prefaced[other] => put_done(others, 1),
            Fault::DenyCalls => frame[HEADER..HEADER + 8].fill(0),
            Fault::NoTimeLeft => {
                let at = field_at(&frame, field_of(fault)).unwrap();
                frame[at..at + 8].fill(0);
            }
            Fault::OtherRequest | Fault::OtherAttempt | Fault::OtherPause => {
                let at = field_at(&frame, field_of(fault)).unwrap();
                frame[at] ^= 1;
            }
            Fault::FlipUnknown => frame[5] ^= flag::UNKNOWN,
            Fault::ConfuseStreams => frame[6] ^= 3,
            Fault::FlipStreamEnd => frame[HEADER] ^= STATUS.number() as u8,
            Fault::FreeSlotAtAnswer if self.prefaced[other] => {
                put_cancel(others, u64::from_le_bytes(frame[8..HEADER].try_into().unwrap()), 0);
            }
            _ => {}
        }
        inbox.extend_from_slice(&frame);
    }

    fn strikes_always(&mut self, fault: Fault) -> bool {
        self.done |= self.fault == Some(fault);
        self.fault == Some(fault)
    }

    /// Whether this is the occasion.
    fn strikes(&mut self, fault: Fault) -> bool {
        if self.fault != Some(fault) || self.done {
            return false;
        }
        self.done = self.patience == 0;
        self.patience = self.patience.saturating_sub(1);
        self.done
    }
}

/// Whether a fault can be done to this frame.
fn is_occasion(fault: Fault, frame: &[u8]) -> bool {
    let has = |flag| frame[5] & flag != 0;
    match fault {
        Fault::Lose(of) | Fault::Repeat(of) | Fault::Swap(of) | Fault::Corrupt(of) => frame[4] == of,
        Fault::Confuse => frame[4] == kind::REPLY && !has(flag::CHUNKED),
        Fault::ForgeEnd => frame[4] == kind::REPLY,
        Fault::FlipNotExecuted => frame[4] == kind::END,
        Fault::FreeSlotAtCancel => frame[4] == kind::CANCEL,
        Fault::FreeSlotAtCall => frame[4] == kind::CALL && has(flag::ONEWAY),
        Fault::DenyCalls => frame[4] == kind::GOAWAY,
        Fault::EndBeforeItem => frame[4] == kind::DATA && !has(flag::CHUNKED),
        Fault::ConfuseStreams => frame[4] == kind::DATA && matches!(frame[6], 1 | 2),
        // Its code is 0, or the one that handlers and producers give.
        Fault::FlipStreamEnd => {
            frame[4] == kind::END && frame[6] > 0 && [0, STATUS.number() as u8].contains(&frame[HEADER])
        }
        Fault::FreeSlotAtAnswer => matches!(frame[4], kind::REPLY | kind::END) && frame[6] == 0,
        Fault::NoTimeLeft | Fault::OtherRequest | Fault::OtherAttempt | Fault::OtherPause => {
            field_at(frame, field_of(fault)).is_some()
        }
        Fault::FlipUnknown => frame[4] == kind::END && has(flag::UNKNOWN),
        _ => false,
    }
}

/// The tag of the field that a fault is done to.
fn field_of(fault: Fault) -> u8 {
    match fault {
        Fault::OtherAttempt => 0x03,
        Fault::OtherRequest => 0x04,
        Fault::OtherPause => 0x0B,
        _ => 0x01,
    }
}

/// Where the value of a field is, in a CALL or an END that has it.
fn field_at(frame: &[u8], tag: u8) -> Option<usize> {
    let start = HEADER
        + match frame[4] {
            kind::CALL => 8,
            kind::END => 2,
            _ => return None,
        };
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([frame[at], frame[at + 1]]));
    let (mut at, end) = (start + 2, start + 2 + u16_at(start));
    while at < end {
        if frame[at] == tag {
            return Some(at + 3);
        }
        at += 3 + u16_at(at + 1);
    }
    None
}
