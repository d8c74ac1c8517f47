use std::sync::Arc;

use rpc_codec::{AnyCodec, Codec as _};

use super::{Dispatch, Registry, Shared};
use crate::connection::Connection;
use crate::limits::Limits;
use crate::service::Service;
use crate::session::{Identity, Role};
use crate::transport::{Io, pipe};

/// Makes pipes whose far end is served by a service in this process.
pub(crate) fn in_process_pipe(
    service: impl Service,
    codec: AnyCodec,
    limits: Arc<Limits>,
) -> Box<dyn Fn() -> Io + Send + Sync> {
    let mut registry = Registry::default();
    // The only service cannot clash with another.
    let _ = registry.add(Arc::new(service));
    let codecs = vec![codec.name().into()];
    let shared = Shared::beside(registry, codec);
    let identity = Identity { instance: shared.once.instance(), codecs };
    Box::new(move || {
        let (near, far) = pipe("in-process".into());
        let address = Arc::clone(&far.peer);
        let dispatch = |line| Box::new(Dispatch::new(Arc::clone(&shared), address, line, Box::new(|_| {}))) as _;
        let server = Connection::open(far, Role::Server, Arc::clone(&limits), identity.clone(), dispatch);
        // The connection lives as long as the near end does.
        tokio::spawn(async move { server.closed().await });
        near
    })
}
