//! A service whose handlers do what a test tells them to, and say what became of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use rpc_core::stream::{self, Stream, push};
use rpc_core::{Code, Context, RpcError, Streaming, rpc_service};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};

/// An error type of a service's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// Without a value.
    #[error("closed")]
    Closed,
    /// With some.
    #[error("{name} is number {number}")]
    Queue {
        /// Who.
        name: String,
        /// Where.
        number: u32,
    },
}

/// What is behind a borrowed argument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// A field that is borrowed with the rest.
    pub title: String,
    /// Another.
    pub pages: Vec<u32>,
}

/// Everything the tests ask of a server.
#[rpc_service]
pub trait Desk {
    /// No arguments, no result.
    async fn nothing(&self);

    /// The same number.
    async fn echo(&self, number: u64) -> u64;

    /// Takes bytes and gives `answer` bytes, each the sum of those taken.
    async fn exchange(&self, bytes: Vec<u8>, answer: u32) -> Vec<u8>;

    /// Borrowed arguments of each kind.
    async fn borrowed(&self, text: &str, bytes: &[u8], form: &Form, note: Option<&str>) -> String;

    /// A typed error.
    async fn queue(&self, name: &str, number: u32) -> Result<u32, Refused>;

    /// A unit result beside a typed error.
    async fn check(&self, open: bool) -> Result<(), Refused>;

    /// A status: the code with this number, with metadata.
    async fn status(&self, code: u16, message: &str) -> Result<String, RpcError>;

    /// The metadata of the call as text, and again as metadata of the answer.
    async fn metadata(&self, cx: &Context) -> Vec<(String, String)>;

    /// Sends `entries` entries of metadata back, each with a value of `length` bytes.
    async fn much_metadata(&self, cx: &Context, entries: u32, length: u32);

    /// Sleeps and gives the same number.
    async fn sleep(&self, millis: u64, number: u64) -> u64;

    /// Says that it has begun, and waits until the test lets it go on.
    async fn hold(&self, number: u64) -> u64;

    /// Waits for ever, and says nothing.
    async fn hold_quietly(&self);

    /// [`hold`](Self::hold), but it runs on when nobody waits.
    #[rpc(detach)]
    async fn hold_on(&self, cx: &Context, number: u64) -> u64;

    /// Says that it has begun.
    #[rpc(oneway)]
    async fn note(&self, number: u64);

    /// How long the caller still waits, in microseconds.
    async fn remaining(&self, cx: &Context) -> Option<u64>;

    /// Panics with a secret: at once, or after it has waited.
    async fn fail(&self, later: bool);

    /// An item of each of these sizes.
    async fn sizes(&self, sizes: Vec<u32>) -> impl Stream<Item = Vec<u8>>;

    /// The lengths of all items together.
    async fn total(&self, parts: Streaming<Vec<u8>>) -> Result<u64, RpcError>;

    /// Gives back each item as it comes.
    async fn ping_pong(&self, incoming: Streaming<u64>) -> impl Stream<Item = Result<u64, RpcError>>;

    /// Gives back all items when the last has come.
    async fn half_duplex(&self, incoming: Streaming<u64>) -> Result<impl Stream<Item = u64>, RpcError>;

    /// Two streams, item by item.
    async fn pairs(&self, left: Streaming<u32>, right: Streaming<String>) -> impl Stream<Item = (u32, String)>;

    /// The numbers below one, without `async`.
    fn numbers(&self, below: u64) -> impl Stream<Item = u64>;

    /// The same, and says that it has begun, and how it went on.
    async fn watched(&self, number: u64, below: u64) -> impl Stream<Item = u64>;

    /// An item each time that the test opens a door.
    async fn doors(&self, number: u64) -> impl Stream<Item = u64>;

    /// So many items, then the code with this number, where there is one.
    async fn status_after(&self, items: u32, code: u16) -> impl Stream<Item = Result<u32, RpcError>>;

    /// A typed error: instead of a stream, or behind so many items.
    async fn refused_after(&self, items: Option<u32>) -> Result<impl Stream<Item = Result<u32, Refused>>, Refused>;

    /// Panics with a secret behind so many items.
    async fn panic_after(&self, items: u32) -> impl Stream<Item = u32>;

    /// Items whose maker panics when it is dropped.
    async fn bomb(&self, items: u32) -> impl Stream<Item = u32>;

    /// Reads so many items and answers, whether there are more or not.
    async fn first(&self, number: u64, incoming: Streaming<u64>, count: u64) -> Vec<u64>;

    /// Reads nothing before the test opens a door, then all.
    async fn lazy_total(&self, number: u64, parts: Streaming<Vec<u8>>) -> Result<u64, RpcError>;

    /// Items of this size for ever; says how many it has made.
    async fn endless(&self, size: u32) -> impl Stream<Item = Vec<u8>>;

    /// Gives back each number as it comes, and ends with the code of the first that has a text, and with that text.
    async fn status_within(
        &self,
        incoming: Streaming<(u16, Option<String>)>,
    ) -> impl Stream<Item = Result<u16, RpcError>>;

    /// One item, and metadata behind it: that of the call, and a signature.
    async fn signed(&self, cx: &Context) -> impl Stream<Item = u32>;

    /// Calls another desk's [`watched`](Self::watched) and passes on what it gives.
    async fn passed_on(
        &self,
        address: &str,
        number: u64,
    ) -> Result<impl Stream<Item = Result<u64, RpcError>>, RpcError>;
}

/// What became of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It began.
    Begun(u64),
    /// It was dropped before its end.
    Dropped(u64),
    /// It learnt that nobody waits any more.
    Told(u64),
    /// It came to its end.
    Done(u64),
}

/// The implementation of [`Desk`].
#[derive(Debug)]
pub struct Clerk {
    events: mpsc::UnboundedSender<Event>,
    doors: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

/// The test's side of a [`Clerk`].
#[derive(Debug)]
pub struct Watch {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    doors: Arc<Semaphore>,
    most: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

/// A service and the test's hold on it.
pub fn clerk() -> (Clerk, Watch) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let doors = Arc::new(Semaphore::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let made = Arc::new(AtomicUsize::new(0));
    let clerk = Clerk {
        events: sender,
        doors: Arc::clone(&doors),
        running: Arc::default(),
        most: Arc::clone(&most),
        made: Arc::clone(&made),
    };
    (clerk, Watch { events: Mutex::new(receiver), doors, most, made })
}

impl Watch {
    /// The next thing that became of a handler.
    ///
    /// # Panics
    ///
    /// When nothing comes within ten seconds.
    pub async fn next(&self) -> Event {
        let next = std::future::poll_fn(|cx| self.events.lock().unwrap().poll_recv(cx));
        super::soon(next).await.expect("the service is gone")
    }

    /// What is known by now and was not asked for.
    pub fn so_far(&self) -> Vec<Event> {
        let mut events = self.events.lock().unwrap();
        std::iter::from_fn(|| events.try_recv().ok()).collect()
    }

    /// Lets this many held handlers go on.
    pub fn release(&self, handlers: usize) {
        self.doors.add_permits(handlers);
    }

    /// How many bytes the streams of items for ever have made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// How many held handlers ran at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Tells that a handler was dropped, unless it came to its end.
struct Guard {
    number: Option<u64>,
    events: mpsc::UnboundedSender<Event>,
    running: Arc<AtomicUsize>,
}

impl Clerk {
    fn tell(&self, event: Event) {
        // A test that has ended listens no more.
        let _ = self.events.send(event);
    }

    fn begin(&self, number: u64) -> Guard {
        self.tell(Event::Begun(number));
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        Guard { number: Some(number), events: self.events.clone(), running: Arc::clone(&self.running) }
    }

    async fn pass(&self) {
        if let Ok(permit) = self.doors.acquire().await {
            permit.forget();
        }
    }
}

impl Guard {
    fn done(mut self) -> u64 {
        let number = self.number.take().unwrap_or_default();
        let _ = self.events.send(Event::Done(number));
        number
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
        if let Some(number) = self.number {
            let _ = self.events.send(Event::Dropped(number));
        }
    }
}

impl Desk for Clerk {
    async fn nothing(&self) {}

    async fn echo(&self, number: u64) -> u64 {
        number
    }

    async fn exchange(&self, bytes: Vec<u8>, answer: u32) -> Vec<u8> {
        vec![sum(&bytes); answer as usize]
    }

    async fn borrowed(&self, text: &str, bytes: &[u8], form: &Form, note: Option<&str>) -> String {
        format!("{text} {bytes:?} {form:?} {note:?}")
    }

    async fn queue(&self, name: &str, number: u32) -> Result<u32, Refused> {
        if number > 0 { Err(Refused::Queue { name: name.to_owned(), number }) } else { Ok(number) }
    }

    async fn check(&self, open: bool) -> Result<(), Refused> {
        if open { Ok(()) } else { Err(Refused::Closed) }
    }

    async fn status(&self, code: u16, message: &str) -> Result<String, RpcError> {
        match code_of(code) {
            Some(code) => Err(RpcError::new(code, message).with_metadata("hint", "look elsewhere")),
            None => Ok(message.to_owned()),
        }
    }

    async fn metadata(&self, cx: &Context) -> Vec<(String, String)> {
        let entries: Vec<(String, String)> =
            cx.metadata().iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (key, value) in &entries {
            cx.reply_metadata().append(key.as_str(), value.as_str());
        }
        entries
    }

    async fn much_metadata(&self, cx: &Context, entries: u32, length: u32) {
        for _ in 0..entries {
            cx.reply_metadata().append("k", "v".repeat(length as usize));
        }
    }

    async fn sleep(&self, millis: u64, number: u64) -> u64 {
        let guard = self.begin(number);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        guard.done()
    }

    async fn hold(&self, number: u64) -> u64 {
        let guard = self.begin(number);
        self.pass().await;
        guard.done()
    }

    async fn hold_quietly(&self) {
        std::future::pending().await
    }

    async fn hold_on(&self, cx: &Context, number: u64) -> u64 {
        let guard = self.begin(number);
        let context = cx.clone();
        let events = self.events.clone();
        let listener = tokio::spawn(async move {
            context.cancelled().await;
            let _ = events.send(Event::Told(number));
        });
        self.pass().await;
        listener.abort();
        guard.done()
    }

    async fn note(&self, number: u64) {
        self.tell(Event::Begun(number));
    }

    async fn remaining(&self, cx: &Context) -> Option<u64> {
        cx.remaining().map(|remaining| u64::try_from(remaining.as_micros()).unwrap_or(u64::MAX))
    }

    async fn fail(&self, later: bool) {
        if later {
            tokio::task::yield_now().await;
        }
        panic!("the secret is swordfish");
    }

    async fn sizes(&self, sizes: Vec<u32>) -> impl Stream<Item = Vec<u8>> {
        stream::iter(sizes.into_iter().map(|size| pattern(size as usize)))
    }

    async fn total(&self, mut parts: Streaming<Vec<u8>>) -> Result<u64, RpcError> {
        let mut total = 0;
        while let Some(part) = parts.next().await {
            total += part?.len() as u64;
        }
        Ok(total)
    }

    async fn ping_pong(&self, incoming: Streaming<u64>) -> impl Stream<Item = Result<u64, RpcError>> {
        incoming
    }

    async fn half_duplex(&self, incoming: Streaming<u64>) -> Result<impl Stream<Item = u64>, RpcError> {
        Ok(stream::iter(incoming.try_collect::<Vec<_>>().await?))
    }

    async fn pairs(&self, left: Streaming<u32>, right: Streaming<String>) -> impl Stream<Item = (u32, String)> {
        left.zip(right).map(|(left, right)| (left.unwrap(), right.unwrap()))
    }

    fn numbers(&self, below: u64) -> impl Stream<Item = u64> {
        stream::iter(0..below)
    }

    async fn watched(&self, number: u64, below: u64) -> impl Stream<Item = u64> {
        let guard = self.begin(number);
        push(move |mut out| async move {
            for item in 0..below {
                out.send(item).await;
            }
            guard.done();
        })
    }

    async fn doors(&self, number: u64) -> impl Stream<Item = u64> {
        let guard = self.begin(number);
        push(move |mut out| async move {
            for item in 0.. {
                self.pass().await;
                out.send(item).await;
            }
            guard.done();
        })
    }

    async fn status_after(&self, items: u32, code: u16) -> impl Stream<Item = Result<u32, RpcError>> {
        let end = code_of(code).map(|code| Err(RpcError::new(code, "enough").with_metadata("hint", "less")));
        stream::iter((0..items).map(Ok).chain(end))
    }

    async fn refused_after(&self, items: Option<u32>) -> Result<impl Stream<Item = Result<u32, Refused>>, Refused> {
        let items = items.ok_or(Refused::Closed)?;
        let end = Err(Refused::Queue { name: "ann".to_owned(), number: items });
        Ok(stream::iter((0..items).map(Ok).chain([end])))
    }

    async fn panic_after(&self, items: u32) -> impl Stream<Item = u32> {
        stream::iter((0..=items).inspect(move |item| assert!(*item < items, "the secret is swordfish")))
    }

    async fn bomb(&self, items: u32) -> impl Stream<Item = u32> {
        let bomb = Bomb;
        stream::iter(0..items).inspect(move |_| bomb.touch())
    }

    async fn first(&self, number: u64, mut incoming: Streaming<u64>, count: u64) -> Vec<u64> {
        let guard = self.begin(number);
        let mut items = Vec::new();
        while (items.len() as u64) < count {
            match incoming.next().await {
                Some(Ok(item)) => items.push(item),
                Some(Err(_)) | None => break,
            }
        }
        guard.done();
        items
    }

    async fn lazy_total(&self, number: u64, parts: Streaming<Vec<u8>>) -> Result<u64, RpcError> {
        let guard = self.begin(number);
        self.pass().await;
        let total = self.total(parts).await;
        guard.done();
        total
    }

    async fn endless(&self, size: u32) -> impl Stream<Item = Vec<u8>> {
        stream::iter(std::iter::repeat_with(move || {
            self.made.fetch_add(size as usize, Ordering::SeqCst);
            pattern(size as usize)
        }))
    }

    async fn status_within(
        &self,
        incoming: Streaming<(u16, Option<String>)>,
    ) -> impl Stream<Item = Result<u16, RpcError>> {
        incoming.map(|item| match item? {
            (number, Some(text)) => Err(RpcError::new(code_of(number).unwrap_or(Code::Internal), text)),
            (number, None) => Ok(number),
        })
    }

    async fn signed(&self, cx: &Context) -> impl Stream<Item = u32> {
        let cx = cx.clone();
        push(move |mut out| async move {
            out.send(1).await;
            for (key, value) in cx.metadata().iter() {
                cx.reply_metadata().append(key, value);
            }
            cx.reply_metadata().insert("signature", "ann");
        })
    }

    async fn passed_on(
        &self,
        address: &str,
        number: u64,
    ) -> Result<impl Stream<Item = Result<u64, RpcError>>, RpcError> {
        let desk = DeskClient::connect(address).await?;
        Ok(desk.doors(number))
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Bomb {
    fn touch(&self) {}
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the secret is swordfish");
    }
}

/// The sum of bytes, which tells whether they all came.
pub fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Bytes that do not repeat soon.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// Every code, by its number.
pub fn code_of(number: u16) -> Option<Code> {
    let codes = [
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];
    codes.get(usize::from(number).checked_sub(1)?).copied()
}
