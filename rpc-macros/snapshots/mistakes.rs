pub trait Wrong: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn local(&self);
    fn pattern(
        &self,
        _: (u8, u8),
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn stream(
        &self,
    ) -> impl ::core::future::Future<
        Output = impl Stream + ::core::marker::Send,
    > + ::core::marker::Send;
    fn right(
        &self,
        a: u8,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// The client of [`Wrong`]: each of its methods makes a call.
#[allow(dead_code)]
pub struct WrongClient {
    channel: ::rpc_core::__private::Channel,
}
impl ::core::clone::Clone for WrongClient {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
        }
    }
}
impl ::core::fmt::Debug for WrongClient {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "WrongClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl ::core::convert::From<::rpc_core::__private::Channel> for WrongClient {
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self { channel }
    }
}
#[allow(dead_code, deprecated)]
impl WrongClient {
    /// The service as data: names, types, documentation.
    pub const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __WrongMethods::DESCRIPTOR;
    /// A client over a channel, which it shares with whoever else has it.
    #[must_use]
    pub fn new(channel: ::rpc_core::__private::Channel) -> Self {
        <Self as ::core::convert::From<::rpc_core::__private::Channel>>::from(channel)
    }
    /// Connects to the server at `address`, such as `tcp://127.0.0.1:4000`.
    ///
    /// # Errors
    ///
    /// When the address cannot be read, or no server answers there.
    pub async fn connect(
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
    pub fn in_process(service: impl Wrong) -> Self {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(WrongServer::new(service)))
    }
    /// Calls `Wrong.right`.
    pub fn right(
        &self,
        a: u8,
    ) -> ::rpc_core::__private::Call<
        (),
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            #[serde(default)]
            a: __A0,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __WrongMethods::METHOD_3,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { a },
        )
    }
}
/// Serves an implementation of [`Wrong`].
#[allow(dead_code)]
pub struct WrongServer<T> {
    service: ::rpc_core::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
}
impl<T> ::core::clone::Clone for WrongServer<T> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
impl<T> ::core::fmt::Debug for WrongServer<T> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "WrongServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<T: Wrong> WrongServer<T> {
    /// Serves `service` under the name of the trait.
    #[must_use]
    pub fn new(service: T) -> Self {
        Self::from_arc(::std::sync::Arc::new(service))
    }
    /// Serves a service that others hold as well.
    #[must_use]
    pub fn from_arc(service: ::std::sync::Arc<T>) -> Self {
        let service = ::rpc_core::__private::Striped::new(service);
        Self {
            service,
            name: ::std::borrow::Cow::Borrowed(__WrongMethods::DESCRIPTOR.name),
        }
    }
    /// Serves it under another name, so that one trait can be served twice.
    #[must_use]
    pub fn named(
        mut self,
        name: impl ::core::convert::Into<::std::string::String>,
    ) -> Self {
        self.name = ::std::borrow::Cow::Owned(::core::convert::Into::into(name));
        self
    }
}
#[allow(deprecated)]
impl<T: Wrong> ::rpc_core::__private::Service for WrongServer<T> {
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __WrongMethods::DESCRIPTOR
    }
    fn call(
        &self,
        __request: ::rpc_core::__private::Request<'_>,
    ) -> ::rpc_core::__private::Handler {
        match __request.ordinal() {
            3u16 => {
                use ::rpc_core::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Wrong.right",
                    bound(deserialize = "__A0: __rpc::Message + __rpc::default::Default")
                )]
                struct __Arguments<__A0> {
                    #[serde(default)]
                    a: __A0,
                }
                let __arguments: __Arguments<u8> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        <T as Wrong>::right(&*__service, __arguments.a).await
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __WrongMethods {}
#[allow(dead_code)]
impl __WrongMethods {
    const METHOD_3: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 3u16,
        service: "Wrong",
        service_id: ::rpc_core::__private::identifier("Wrong"),
        name: "right",
        id: ::rpc_core::__private::identifier("right"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "a",
                type_name: "u8",
            },
        ],
        streams: &[],
        reply: "()",
        error: ::core::option::Option::None,
        docs: "",
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
        name: "Wrong",
        docs: "",
        methods: &[Self::METHOD_3],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__WrongMethods::DESCRIPTOR);
