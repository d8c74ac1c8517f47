use std::time::Duration;

use rpc_codec::AnyCodec;

use super::target::{Target, Way};
use super::{Budget, Channel, Income, Inner, Link, Settings};
use crate::context::Context;
use crate::limits::Limits;
use crate::server::Back;

impl Context {
    /// A channel to the caller of this handler, on the connection that its call came on: for the services that it has
    /// registered with [`ChannelBuilder::service`](crate::ChannelBuilder::service). No address is needed, so it works
    /// where the caller cannot be reached from outside.
    ///
    /// It may be kept when the handler has ended, and does not keep the connection open: when that is gone, calls fail
    /// with [`Code::Unavailable`](crate::Code::Unavailable). Calls made within the handler end with its deadline, as
    /// all do; those made later have 30 s unless they say otherwise.
    pub fn client(&self) -> Channel {
        let back = self.back::<Back>();
        let connection = back.and_then(|back| back.line.connection());
        let codec = back.and_then(|back| back.codec.get()).cloned();
        let (codec, place) = codec.unwrap_or((AnyCodec::default(), 0));
        let target = Target {
            way: Way::Back,
            peer: self.peer().into(),
            limits: Limits::default().within_protocol(),
            codec: codec.clone(),
            services: None,
            timeout: Duration::ZERO,
        };
        Channel::new(Inner {
            link: Link::back(target, connection),
            codec,
            place,
            settings: Settings::default(),
            budget: Budget::new(Income::default()),
        })
    }
}
