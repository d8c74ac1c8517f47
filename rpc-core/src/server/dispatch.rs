use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use rpc_codec::{AnyCodec, Codec as _};

use super::gate::{Gate, Pass};
use super::handler::{Guarded, Job, begin};
use super::kept::{Asked, ClientId};
use super::left::Left;
use super::once::{Connected, Fate, KEPT_BYTES, KEPT_FOR, Once, unknown};
use super::pace::Pace;
use super::registry::Registry;
use super::services::{Services, Snapshot};
use crate::code::Code;
use crate::connection::{Flow, Home, Line, Running, Serve, Served};
use crate::context::{Context, Origin, Peer, Scoped};
use crate::error::RpcError;
use crate::frame::{Hello, RequestId};
use crate::hooks::Hooks;
use crate::method::MethodDescriptor;
use crate::service::Request;
use crate::session::{Answer, Incoming, Refusal};

/// Arguments longer than this are read in a task of their own, so that reading them delays nobody.
const LARGE: usize = 256 * 1024;

/// How many contexts a connection keeps for their memory: as many as handlers begin before the first is answered.
const SPARES: usize = 16;

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(super) services: Services,
    pub(super) codecs: Vec<AnyCodec>,
    pub(super) gate: Arc<Gate>,
    pub(super) once: Arc<Once>,
    pub(super) hooks: Hooks,
    pub(super) left: Left,
}

/// Answers the calls of one connection.
pub(crate) struct Dispatch {
    shared: Arc<Shared>,
    services: Snapshot,
    peer: Arc<Peer<Back>>,
    /// Whose request ids come on this connection; known with the peer's HELLO, which comes before any call.
    client: Option<Connected>,
    /// The codecs that the peer's calls name by their place; `Err` holds the name of one that is not enabled here.
    codecs: Vec<Result<AnyCodec, Box<str>>>,
    /// Kept from one handler to the next, for as long as there is one.
    pass: Option<Pass>,
    /// Contexts that nobody has any more, for their memory.
    spares: Vec<Context>,
    on_close: OnClose,
}

/// What it takes to call the other end of a connection that calls came in on, and to tell of what happens on it.
pub(crate) struct Back {
    pub(super) shared: Arc<Shared>,
    pub(crate) line: Line,
    /// The first of the peer's codecs that this end has, and its place in this end's HELLO; known with the peer's.
    pub(crate) codec: OnceLock<(AnyCodec, u16)>,
}

/// Called once when the connection is over, with the reason where it did not end in good order.
pub(crate) type OnClose = Box<dyn FnMut(Option<&RpcError>) + Send>;

impl Shared {
    /// What serves a few services to a peer that is called itself, or to this very process: how many handlers run is
    /// bounded by the connection's own slots.
    pub(crate) fn beside(registry: Registry, codec: AnyCodec) -> Arc<Self> {
        let gate = Arc::new(Gate::new(usize::MAX / 2, 0, Duration::ZERO));
        // Where the peer knows this end by another instance, as that of a client, no retry is run here.
        let once = Once::new(KEPT_BYTES, KEPT_FOR);
        let services = Services::new(registry);
        Arc::new(Self { services, codecs: vec![codec], gate, once, hooks: Hooks::default(), left: Left::default() })
    }
}

impl Dispatch {
    pub(crate) fn new(shared: Arc<Shared>, address: Arc<str>, line: Line, on_close: OnClose) -> Self {
        let peer = Arc::new(Peer { address, back: Back { shared: Arc::clone(&shared), line, codec: OnceLock::new() } });
        let services = shared.services.snapshot();
        Self { shared, services, peer, client: None, codecs: Vec::new(), pass: None, spares: Vec::new(), on_close }
    }

    fn start(&mut self, call: &mut Incoming, flow: Option<&Arc<Flow>>, clock: &mut Instant) -> Result<Served, Refusal> {
        let Self { shared, services, peer, codecs, pass, spares, .. } = self;
        shared.services.refresh(services);
        let registered =
            services.registry.service(call.service).ok_or_else(|| missing("this server has no such service"))?;
        let method = registered.method(call.method).ok_or_else(|| {
            missing(format!("the service {} has no such method on this server", registered.service.name()))
        })?;
        let codec = codec(codecs, call.codec, shared)?;
        let descriptor = method.descriptor;
        check_streams(call, descriptor)?;
        let context = context(spares, peer, descriptor, call);
        let entered = pass.take().or_else(|| shared.gate.try_enter());
        let is_apart = method.pace.is_apart() || call.body.len() > LARGE;
        let own = match entered {
            Some(own) if !is_apart => own,
            entered => {
                let job = Job {
                    service: Arc::clone(&registered.service),
                    method: descriptor,
                    codec: codec.clone(),
                    context,
                    body: std::mem::take(&mut call.body),
                    flow: flow.cloned(),
                };
                return shared.run_apart(job, entered, &method.pace);
            }
        };
        let request = Request { method: descriptor, codec, body: &call.body, context: &context, flow };
        let mut handler = match begin(&*registered.service, request) {
            Ok(future) => Guarded { future: Scoped::new(context, future), pass: None, pace: None },
            Err(refusal) => {
                *pass = Some(own);
                return Err(refusal);
            }
        };
        // Most handlers are done at once. A waker is not needed: whatever is not done is polled again where it goes on.
        let polled = Pin::new(&mut handler).poll(&mut TaskContext::from_waker(Waker::noop()));
        let start = std::mem::replace(clock, Instant::now());
        method.pace.note(clock.duration_since(start));
        match polled {
            Poll::Ready(answer) => {
                *pass = Some(own);
                if let Some(context) = handler.future.into_context() {
                    keep(spares, context);
                }
                Ok(Served::Answered(answer))
            }
            Poll::Pending => {
                handler.pass = Some(own);
                handler.pace = Some(Arc::clone(&method.pace));
                // Streams take longer than most, and a task that they share with others would hold those up.
                let home = if flow.is_some() { Home::Task } else { method.pace.home() };
                Ok(handler.running(descriptor.detach, home))
            }
        }
    }
}

impl Dispatch {
    /// Answers a call that has a request id (W-44).
    #[inline(never)]
    fn serve_once(
        &mut self,
        request: &RequestId,
        call: &mut Incoming,
        flow: Option<&Arc<Flow>>,
        clock: &mut Instant,
    ) -> Served {
        self.shared.services.refresh(&mut self.services);
        let registered = self.services.registry.service(call.service);
        let method = registered.and_then(|service| service.method(call.method));
        let place = |name: &str| self.shared.codecs.iter().position(|codec| codec.name() == name);
        let codec = codec(&self.codecs, call.codec, &self.shared).ok().and_then(|codec| place(codec.name()));
        let asked = method.map(|method| method.descriptor).zip(codec).zip(self.client.as_ref());
        let Some(((method, codec), Connected { client, .. })) = asked else {
            // What is missing is found again, and is the reason to refuse it.
            return self.start(call, flow, clock).unwrap_or_else(refused);
        };
        if !method.once {
            if request.is_retry() && !method.idempotent {
                return Served::Answered(unknown("the method is not marked #[rpc(once)] on this server"));
            }
            return self.start(call, flow, clock).unwrap_or_else(refused);
        }
        let asked = Asked { service: call.service, method: call.method, codec };
        let mut owner = match self.shared.once.begin(*client, request, asked, method.detach) {
            Fate::Answered(answer) => return Served::Answered(answer),
            Fate::Joins(run) => return Served::Running(run.join(context(&mut Vec::new(), &self.peer, method, call))),
            Fate::Runs(owner) => owner,
        };
        match self.start(call, flow, clock).unwrap_or_else(refused) {
            Served::Running(running) => Served::Running(owner.watch(running)),
            Served::Answered(answer) => {
                owner.end(&answer);
                Served::Answered(answer)
            }
        }
    }
}

fn refused(refusal: Refusal) -> Served {
    Served::Answered(Answer::Refused(refusal))
}

/// What the handler knows of a call.
fn context(
    spares: &mut Vec<Context>,
    peer: &Arc<Peer<Back>>,
    method: &'static MethodDescriptor,
    call: &mut Incoming,
) -> Context {
    let mut origin = Origin {
        service: method.service,
        method: method.name,
        deadline: call.deadline,
        attempt: call.attempt,
        metadata: call.metadata.take().map(|metadata| *metadata).unwrap_or_default(),
    };
    if let Some(mut spare) = spares.pop()
        && spare.renew(&mut origin)
    {
        return spare;
    }
    Context::new(Arc::<Peer<Back>>::clone(peer), origin)
}

/// Keeps a context for its memory, but not the metadata that a peer sent.
fn keep(spares: &mut Vec<Context>, context: Context) {
    if spares.len() < SPARES && context.metadata().is_empty() {
        spares.push(context);
    }
}

/// Both ends must mean the same streams.
fn check_streams(call: &Incoming, method: &MethodDescriptor) -> Result<(), Refusal> {
    let (sent, taken) = (usize::from(call.streams), method.streams.len());
    let (read, given) = (call.reads, method.gives_stream());
    if sent == taken && read == given {
        return Ok(());
    }
    let answer = |stream| if stream { "a stream" } else { "one result" };
    Err(missing(format!(
        "{}.{} takes {taken} streams and gives {}, but the call sends {sent} and reads {}; do both ends have the same \
         version of the trait?",
        method.service,
        method.name,
        answer(given),
        answer(read),
    )))
}

fn codec<'a>(codecs: &'a [Result<AnyCodec, Box<str>>], place: u16, shared: &Shared) -> Result<&'a AnyCodec, Refusal> {
    match codecs.get(usize::from(place)) {
        Some(Ok(codec)) => Ok(codec),
        Some(Err(name)) => {
            let enabled: Vec<&str> = shared.codecs.iter().map(|codec| codec.name()).collect();
            let enabled = enabled.join(", ");
            Err(missing(format!("the codec {name:?} is not enabled on this server; it has {enabled}")))
        }
        None => Err(missing(format!("the call names codec {place}, which its HELLO does not list"))),
    }
}

impl Shared {
    /// Gives a call a task of its own from its beginning.
    #[inline(never)]
    fn run_apart(&self, job: Job, entered: Option<Pass>, pace: &Arc<Pace>) -> Result<Served, Refusal> {
        match entered {
            Some(own) => Ok(Served::Running(job.run_apart(own, Arc::clone(pace)))),
            None => self.wait(job, Arc::clone(pace)),
        }
    }

    /// The server runs as many handlers as it may: the call waits, if there is a place.
    fn wait(&self, job: Job, pace: Arc<Pace>) -> Result<Served, Refusal> {
        let limit = self.gate.limit();
        let busy = move || {
            let text = format!("the server runs {limit} handlers, as many as it may (ServerBuilder::max_running)");
            Refusal::new(Code::Unavailable, text)
        };
        let waiting = self.gate.try_wait().ok_or_else(busy)?;
        let (context, detach) = (job.context.clone(), job.method.detach);
        let future = async move {
            match waiting.enter().await {
                Some(pass) => job.run_apart(pass, pace).future.await,
                None => Answer::Refused(busy()),
            }
        };
        Ok(Served::Running(Running { future: Box::pin(future), context, detach, once: false, home: Home::Task }))
    }
}

impl Serve for Dispatch {
    fn handle_hello(&mut self, hello: &Hello) {
        let find = |name: &str| self.shared.codecs.iter().find(|codec| codec.name() == name).cloned();
        self.client = Some(self.shared.once.connect(ClientId { instance: hello.instance }));
        self.codecs = hello.codecs.iter().map(|name| find(name).ok_or_else(|| name.clone())).collect();
        if let Some(codec) = self.codecs.iter().flatten().next() {
            let place = self.shared.codecs.iter().position(|own| own.name() == codec.name());
            // A second HELLO is a breach, so it is set once.
            let _ = self.peer.back.codec.set((codec.clone(), place.unwrap_or_default() as u16));
        }
    }

    fn serve(&mut self, call: &mut Incoming, flow: Option<&Arc<Flow>>, clock: &mut Instant) -> Served {
        match call.request.take() {
            None => self.start(call, flow, clock).unwrap_or_else(refused),
            Some(request) => self.serve_once(&request, call, flow, clock),
        }
    }

    fn rest(&mut self) {
        self.pass = None;
    }

    fn reuse(&mut self, context: Context) {
        keep(&mut self.spares, context);
    }

    fn handle_left(&mut self, handler: Context) {
        self.shared.left.add(handler);
    }

    fn handle_closed(&mut self, error: Option<&RpcError>) {
        (self.on_close)(error);
    }
}

fn missing(text: impl Into<String>) -> Refusal {
    Refusal::new(Code::Unimplemented, text)
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch").field("peer", &self.peer.address).finish_non_exhaustive()
    }
}
