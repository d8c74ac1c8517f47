#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
trait Admin: ::core::marker::Send + ::core::marker::Sync + 'static {
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)), tracing::instrument)]
    fn drain(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    #[deprecated(note = "use `drain`")]
    #[expect(clippy::unused_async)]
    fn stop_now(
        &self,
    ) -> impl ::core::future::Future<Output = u8> + ::core::marker::Send {
        async move { 7 }
    }
    #[doc = include_str!("new.md")]
    /// Gives way.
    fn new(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn helper(&self) -> u32 {
        7
    }
}
#[cfg(feature = "admin")]
/// The client of [`Admin`]: each of its methods makes a call.
#[allow(clippy::too_many_arguments)]
#[allow(dead_code)]
struct AdminClient {
    channel: ::rpc_core::__private::Channel,
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
impl ::core::clone::Clone for AdminClient {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
        }
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
impl ::core::fmt::Debug for AdminClient {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "AdminClient")
            .field("channel", &self.channel)
            .finish()
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
impl ::core::convert::From<::rpc_core::__private::Channel> for AdminClient {
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self { channel }
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
#[allow(dead_code, deprecated)]
impl AdminClient {
    /// The service as data: names, types, documentation.
    const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __AdminMethods::DESCRIPTOR;
    /// Connects to the server at `address`, such as `tcp://127.0.0.1:4000`.
    ///
    /// # Errors
    ///
    /// When the address cannot be read, or no server answers there.
    async fn connect(
        address: impl ::core::fmt::Display,
    ) -> ::core::result::Result<Self, ::rpc_core::__private::RpcError> {
        ::core::result::Result::Ok(
            <Self as ::core::convert::From<
                ::rpc_core::__private::Channel,
            >>::from(::rpc_core::__private::Channel::connect(address).await?),
        )
    }
    /// The same client with no socket: it calls `service` in this process.
    #[must_use]
    fn in_process(service: impl Admin) -> Self {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(AdminServer::new(service)))
    }
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    /// Calls `Admin.Drain`.
    fn drain(
        &self,
    ) -> ::rpc_core::__private::Call<
        (),
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AdminMethods::METHOD_0,
        )
    }
    #[deprecated(note = "use `drain`")]
    /// Calls `Admin.stop_now`.
    #[allow(clippy::unused_async)]
    fn stop_now(
        &self,
    ) -> ::rpc_core::__private::Call<
        u8,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AdminMethods::METHOD_1,
        )
    }
    #[doc = include_str!("new.md")]
    /// Gives way.
    fn new(
        &self,
    ) -> ::rpc_core::__private::Call<
        (),
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AdminMethods::METHOD_2,
        )
    }
}
#[cfg(feature = "admin")]
/// Serves an implementation of [`Admin`].
#[allow(clippy::too_many_arguments)]
#[allow(dead_code)]
struct AdminServer<T> {
    service: ::rpc_core::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
impl<T> ::core::clone::Clone for AdminServer<T> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
impl<T> ::core::fmt::Debug for AdminServer<T> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "AdminServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
#[allow(dead_code, deprecated)]
impl<T: Admin> AdminServer<T> {
    /// Serves `service` under the name of the trait.
    #[must_use]
    fn new(service: T) -> Self {
        Self::from_arc(::std::sync::Arc::new(service))
    }
    /// Serves a service that others hold as well.
    #[must_use]
    fn from_arc(service: ::std::sync::Arc<T>) -> Self {
        let service = ::rpc_core::__private::Striped::new(service);
        Self {
            service,
            name: ::std::borrow::Cow::Borrowed(__AdminMethods::DESCRIPTOR.name),
        }
    }
    /// Serves it under another name, so that one trait can be served twice.
    #[must_use]
    fn named(mut self, name: impl ::core::convert::Into<::std::string::String>) -> Self {
        self.name = ::std::borrow::Cow::Owned(::core::convert::Into::into(name));
        self
    }
}
#[cfg(feature = "admin")]
#[allow(clippy::too_many_arguments)]
#[allow(deprecated)]
impl<T: Admin> ::rpc_core::__private::Service for AdminServer<T> {
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __AdminMethods::DESCRIPTOR
    }
    fn call(
        &self,
        __request: ::rpc_core::__private::Request<'_>,
    ) -> ::rpc_core::__private::Handler {
        match __request.ordinal() {
            #[cfg(unix)]
            0u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request.reply(async move { <T as Admin>::drain(&*__service).await })
            }
            1u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request.reply(async move { <T as Admin>::stop_now(&*__service).await })
            }
            2u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request.reply(async move { <T as Admin>::new(&*__service).await })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[cfg(feature = "admin")]
#[doc(hidden)]
#[allow(dead_code)]
enum __AdminMethods {}
#[cfg(feature = "admin")]
#[allow(dead_code)]
impl __AdminMethods {
    #[cfg(unix)]
    const METHOD_0: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "Admin",
        service_id: ::rpc_core::__private::identifier("Admin"),
        name: "Drain",
        id: ::rpc_core::__private::identifier("Drain"),
        aliases: &["stop", "halt"],
        arguments: &[],
        streams: &[],
        reply: "()",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: true,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_1: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Admin",
        service_id: ::rpc_core::__private::identifier("Admin"),
        name: "stop_now",
        id: ::rpc_core::__private::identifier("stop_now"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "u8",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: true,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_2: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 2u16,
        service: "Admin",
        service_id: ::rpc_core::__private::identifier("Admin"),
        name: "new",
        id: ::rpc_core::__private::identifier("new"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "()",
        error: ::core::option::Option::None,
        docs: ::core::concat!(include_str!("new.md"), "\n", "Gives way.", "\n"),
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    fn sent<M: ::rpc_core::__private::Message>(
        value: M,
    ) -> impl ::rpc_core::__private::serde::Serialize + use<M> {
        value
    }
    fn lent<M: ::rpc_core::__private::Message>(
        value: &M,
    ) -> impl ::rpc_core::__private::serde::Serialize + use<'_, M> {
        value
    }
    fn lent_all<M: ::rpc_core::__private::Message>(
        values: &[M],
    ) -> impl ::rpc_core::__private::serde::Serialize + use<'_, M> {
        values
    }
    fn failed<E: ::rpc_core::__private::Failure>(
        error: E,
    ) -> impl ::rpc_core::__private::Failure + use<E> {
        error
    }
    const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = &::rpc_core::__private::ServiceDescriptor {
        name: "Admin",
        docs: "",
        methods: &[#[cfg(unix)] Self::METHOD_0, Self::METHOD_1, Self::METHOD_2],
    };
}
#[cfg(feature = "admin")]
const _: () = ::rpc_core::__private::assert_distinct(__AdminMethods::DESCRIPTOR);
