use std::future::pending;
use std::pin::pin;

use futures::future::{Either, select};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::counts::Counted;
use super::{Direction, Limit, Orders, Random, Stop};

/// How much is read ahead of what has been written.
const READ_AHEAD: usize = 64 * 1024;

/// One direction of a connection: reads what comes and writes it on, as the orders say.
pub(super) struct Pipe<'a, R, W> {
    pub(super) direction: Direction,
    pub(super) reader: R,
    pub(super) writer: W,
    pub(super) orders: watch::Receiver<Orders>,
    /// How often this direction of all connections had been closed when this one began.
    pub(super) half_closes: u64,
    pub(super) random: Random,
    pub(super) limit: Option<Limit>,
    pub(super) counted: &'a Counted,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Pipe<'_, R, W> {
    /// Passes bytes until the direction ends. When that is a half-close, the receiver has been told.
    pub(super) async fn run(mut self) -> (Self, Stop) {
        let ordered = pin!(half_close(self.orders.clone(), self.direction, self.half_closes));
        let stop = match select(ordered, pin!(self.pass())).await {
            Either::Left(((), _)) => Stop::HalfClose,
            Either::Right((stop, _)) => stop,
        };
        if stop == Stop::HalfClose && self.writer.shutdown().await.is_err() {
            return (self, Stop::Reset);
        }
        (self, stop)
    }

    /// Throws away what comes after the end, so that its sender is not held up. Only a reset is ready.
    pub(super) async fn discard(mut self) -> Stop {
        let mut buffer = vec![0; 4096];
        loop {
            match self.reader.read(&mut buffer).await {
                Ok(0) => return pending().await,
                Ok(_) => {}
                Err(_) => {
                    self.turn().await;
                    return Stop::Reset;
                }
            }
        }
    }

    async fn pass(&mut self) -> Stop {
        let mut buffer = vec![0; READ_AHEAD];
        loop {
            if let Some(stop) = self.reached() {
                return stop;
            }
            let Ok(len) = self.reader.read(&mut buffer).await else {
                // News of the end keep their place behind the bytes, and pass no black hole.
                self.turn().await;
                return Stop::Reset;
            };
            if len == 0 {
                self.turn().await;
                return Stop::HalfClose;
            }
            let mut rest = buffer.get(..len).unwrap_or_default();
            while !rest.is_empty() {
                let most = self.turn().await.min(self.left());
                let (piece, _) = rest.split_at(most.min(rest.len()));
                let Ok(written) = self.writer.write(piece).await else {
                    return Stop::Reset;
                };
                self.count(written);
                if let Some(stop) = self.reached() {
                    return stop;
                }
                rest = rest.get(written..).unwrap_or_default();
            }
        }
    }

    /// Waits until the next bytes may pass, and says how many at most.
    async fn turn(&mut self) -> usize {
        let luck = self.random.draw();
        let begun = Instant::now();
        loop {
            let (most, delay) = {
                let orders = self.orders.borrow_and_update();
                let delay = luck.duration_within(orders.faults.delays());
                (orders.faults.most(), (!orders.black_hole).then_some(delay))
            };
            let left = delay.map(|delay| delay.saturating_sub(begun.elapsed()));
            let changed = match left {
                Some(left) if left.is_zero() => return most,
                Some(left) => timeout(left, self.orders.changed()).await,
                None => Ok(self.orders.changed().await),
            };
            match changed {
                Err(_) => return most,
                Ok(Ok(())) => {}
                // The proxy is gone, and with it this connection.
                Ok(Err(_)) => return pending().await,
            }
        }
    }

    /// How many bytes the limit leaves.
    fn left(&self) -> usize {
        self.limit.map_or(usize::MAX, |limit| usize::try_from(limit.bytes).unwrap_or(usize::MAX))
    }

    fn reached(&self) -> Option<Stop> {
        self.limit.filter(|limit| limit.bytes == 0).map(|limit| limit.stop)
    }

    fn count(&mut self, written: usize) {
        let written = written as u64;
        self.counted.pass(self.direction, written);
        if let Some(limit) = &mut self.limit {
            limit.bytes = limit.bytes.saturating_sub(written);
        }
    }
}

/// Ready when this direction is to be closed.
async fn half_close(mut orders: watch::Receiver<Orders>, direction: Direction, before: u64) {
    if orders.wait_for(|orders| orders.half_closes(direction) != before).await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use super::*;
    use crate::testing::{Counts, Faults};

    const UP: Direction = Direction::ToServer;

    /// What was written, piece by piece, and after how long; `None` is the end.
    type Pieces = Vec<(Option<Vec<u8>>, Duration)>;

    #[derive(Clone)]
    struct Recorder {
        begun: Instant,
        pieces: Arc<Mutex<Pieces>>,
    }

    impl Recorder {
        fn record(&self, piece: Option<Vec<u8>>) {
            self.pieces.lock().unwrap().push((piece, self.begun.elapsed()));
        }
    }

    impl AsyncWrite for Recorder {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.record(Some(bytes.to_vec()));
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.record(None);
            Poll::Ready(Ok(()))
        }
    }

    /// A proxy's orders, and what became of one direction under them.
    struct Bench {
        orders: watch::Sender<Orders>,
        recorder: Recorder,
        counts: Arc<Counts>,
    }

    impl Bench {
        fn new(faults: Faults) -> Self {
            let orders = watch::Sender::new(Orders::new("".into(), faults));
            Self {
                orders,
                recorder: Recorder { begun: Instant::now(), pieces: Arc::default() },
                counts: Arc::default(),
            }
        }

        /// Passes what the reader gives.
        async fn pass(&self, seed: u64, reader: impl AsyncRead + Unpin) -> Stop {
            let (random, counted) = (Random::new(seed), self.counts.open_one());
            let limit = self.orders.borrow().faults.limit(UP, &random);
            let pipe = Pipe {
                direction: UP,
                reader,
                writer: self.recorder.clone(),
                orders: self.orders.subscribe(),
                half_closes: 0,
                random,
                limit,
                counted: &counted,
            };
            pipe.run().await.1
        }

        fn pieces(&self) -> Pieces {
            self.recorder.pieces.lock().unwrap().clone()
        }

        fn bytes(&self) -> Vec<u8> {
            self.pieces().into_iter().filter_map(|(piece, _)| piece).flatten().collect()
        }

        /// Lets everything run that does not wait for time.
        async fn settle(&self) {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn without_faults_bytes_and_end_pass_at_once() {
        let bench = Bench::new(Faults::none());
        assert_eq!(bench.pass(1, &b"hello"[..]).await, Stop::HalfClose);
        assert_eq!(bench.pieces(), [(Some(b"hello".to_vec()), ms(0)), (None, ms(0))]);
        assert_eq!(bench.counts.passed(UP), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_with_delays_is_in_small_pieces_apart() {
        let bench = Bench::new(Faults::none().trickle(3).delay(ms(10)..ms(20)));
        assert_eq!(bench.pass(1, &b"0123456789"[..]).await, Stop::HalfClose);
        let pieces = bench.pieces();
        let lengths: Vec<usize> = pieces.iter().map(|(piece, _)| piece.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!((bench.bytes(), lengths), (b"0123456789".to_vec(), vec![3, 3, 3, 1, 0]));
        let mut before = ms(0);
        for (piece, at) in &pieces {
            let gap = *at - before;
            assert!((ms(10)..=ms(20)).contains(&gap), "{piece:?} came after {gap:?}");
            before = *at;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_waits_for_the_same_times() {
        let mut runs = Vec::new();
        for seed in [1, 1, 2] {
            let bench = Bench::new(Faults::none().trickle(1).delay(ms(0)..ms(1000)));
            bench.pass(seed, &b"0123456789"[..]).await;
            runs.push(bench.pieces());
        }
        assert_eq!(runs[0], runs[1]);
        assert_ne!(runs[0], runs[2]);
    }

    #[tokio::test(start_paused = true)]
    async fn exactly_so_many_bytes_pass_before_a_limit() {
        for (bytes, passed) in [(0, ""), (1, "0"), (9, "012345678"), (10, "0123456789")] {
            let bench = Bench::new(Faults::none().cut_after(bytes));
            assert_eq!(bench.pass(1, &b"0123456789"[..]).await, Stop::Reset);
            assert_eq!(String::from_utf8(bench.bytes()).unwrap(), passed);
            assert_eq!(bench.counts.passed(UP), bytes);
        }
        let bench = Bench::new(Faults::none().cut_after(11));
        assert_eq!(bench.pass(1, &b"0123456789"[..]).await, Stop::HalfClose, "its end came first");
        let bench = Bench::new(Faults::none().black_hole_after(4));
        assert_eq!(bench.pass(1, &b"0123456789"[..]).await, Stop::Hang);
        assert_eq!(bench.pieces(), [(Some(b"0123".to_vec()), ms(0))]);
        let bench = Bench::new(Faults::none().half_close_after(UP, 4));
        assert_eq!(bench.pass(1, &b"0123456789"[..]).await, Stop::HalfClose);
        assert_eq!(bench.pieces(), [(Some(b"0123".to_vec()), ms(0)), (None, ms(0))]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_follows_new_orders() {
        let bench = Bench::new(Faults::none().delay(Duration::MAX..Duration::MAX));
        let change = async {
            bench.settle().await;
            assert_eq!(bench.pieces(), []);
            bench.orders.send_modify(|orders| orders.faults = Faults::none().delay(ms(7)..ms(7)));
        };
        let (stop, ()) = tokio::join!(bench.pass(1, &b"hello"[..]), change);
        assert_eq!((stop, bench.pieces()), (Stop::HalfClose, vec![(Some(b"hello".to_vec()), ms(7)), (None, ms(14))]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_black_hole_keeps_bytes_and_end_until_it_closes() {
        let bench = Bench::new(Faults::none());
        bench.orders.send_modify(|orders| orders.black_hole = true);
        let change = async {
            tokio::time::advance(ms(1000)).await;
            bench.settle().await;
            assert_eq!(bench.pieces(), []);
            bench.orders.send_modify(|orders| orders.black_hole = false);
        };
        let (stop, ()) = tokio::join!(bench.pass(1, &b"hello"[..]), change);
        assert_eq!((stop, bench.bytes()), (Stop::HalfClose, b"hello".to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_read_ahead_than_is_said() {
        let bench = Bench::new(Faults::none());
        bench.orders.send_modify(|orders| orders.black_hole = true);
        let (mut near, far) = tokio::io::duplex(8 * READ_AHEAD);
        near.write_all(&vec![0; 8 * READ_AHEAD]).await.unwrap();
        let room = async {
            bench.settle().await;
            let mut taken = 0;
            let zeros = vec![0; READ_AHEAD];
            while taken <= READ_AHEAD
                && let Ok(Ok(more)) = timeout(ms(1), near.write(&zeros)).await
            {
                taken += more;
            }
            bench.orders.send_modify(|orders| orders.half_close(UP));
            taken
        };
        let (_, taken) = tokio::join!(bench.pass(1, far), room);
        assert_eq!(taken, READ_AHEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_half_close_overtakes_what_waits() {
        let bench = Bench::new(Faults::none().delay(ms(5)..ms(5)));
        let change = async {
            bench.settle().await;
            bench.orders.send_modify(|orders| orders.half_close(Direction::ToClient));
            bench.settle().await;
            assert_eq!(bench.pieces(), [], "it was for the other direction");
            bench.orders.send_modify(|orders| orders.half_close(UP));
        };
        let (stop, ()) = tokio::join!(bench.pass(1, &b"hello"[..]), change);
        assert_eq!((stop, bench.pieces()), (Stop::HalfClose, vec![(None, ms(0))]));
    }
}
