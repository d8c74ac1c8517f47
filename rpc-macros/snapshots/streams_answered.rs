pub trait Streams<K>: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn items(
        &self,
        below: u64,
    ) -> impl ::core::future::Future<
        Output = impl Stream<Item = Prime> + ::core::marker::Send,
    > + ::core::marker::Send;
    fn at_once(&self) -> impl futures::Stream<Item = Vec<u8>> + Send + '_;
    fn fallible(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<impl Stream<Item = u8> + ::core::marker::Send, Failed>,
    > + ::core::marker::Send;
    fn alias(
        &self,
    ) -> impl ::core::future::Future<
        Output = io::Result<impl Stream<Item = io::Result<K>> + ::core::marker::Send>,
    > + ::core::marker::Send;
    fn default(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<impl Stream<Item = u8> + ::core::marker::Send, Failed>,
    > + ::core::marker::Send {
        async move { Ok(stream::empty()) }
    }
    fn local(&self) -> impl Stream<Item = u8> {
        stream::empty()
    }
}
/// The client of [`Streams`]: each of its methods makes a call.
#[allow(dead_code)]
pub struct StreamsClient<K> {
    channel: ::rpc_core::__private::Channel,
    types: ::core::marker::PhantomData<fn() -> (::core::marker::PhantomData<K>,)>,
}
impl<K> ::core::clone::Clone for StreamsClient<K> {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
            types: ::core::marker::PhantomData,
        }
    }
}
impl<K> ::core::fmt::Debug for StreamsClient<K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "StreamsClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl<K> ::core::convert::From<::rpc_core::__private::Channel> for StreamsClient<K> {
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self {
            channel,
            types: ::core::marker::PhantomData,
        }
    }
}
#[allow(dead_code, deprecated)]
impl<K> StreamsClient<K> {
    /// The service as data: names, types, documentation.
    pub const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __StreamsMethods::DESCRIPTOR;
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
    pub fn in_process(service: impl Streams<K>) -> Self
    where
        K: ::core::marker::Send + ::core::marker::Sync + 'static,
        <io::Result<
            K,
        > as ::rpc_core::__private::ResultParts>::Value: ::rpc_core::__private::Message
            + 'static,
        <io::Result<
            K,
        > as ::rpc_core::__private::ResultParts>::Error: ::rpc_core::__private::Failure,
    {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(StreamsServer::new(service)))
    }
    /// Calls `Streams.items`.
    pub fn items(
        &self,
        below: u64,
    ) -> ::rpc_core::__private::Streaming<Prime, ::rpc_core::__private::NoError> {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            below: __A0,
        }
        ::rpc_core::__private::stream(
            &self.channel,
            __StreamsMethods::METHOD_0,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { below },
        )
    }
    /// Calls `Streams.at_once`.
    pub fn at_once(
        &self,
    ) -> ::rpc_core::__private::Streaming<Vec<u8>, ::rpc_core::__private::NoError> {
        ::rpc_core::__private::stream_bytes_without_arguments(
            &self.channel,
            __StreamsMethods::METHOD_1,
        )
    }
    /// Calls `Streams.fallible`.
    pub fn fallible(&self) -> ::rpc_core::__private::Streaming<u8, Failed> {
        ::rpc_core::__private::stream_without_arguments(
            &self.channel,
            __StreamsMethods::METHOD_2,
        )
    }
    /// Calls `Streams.alias`.
    pub fn alias(
        &self,
    ) -> ::rpc_core::__private::Streaming<
        <io::Result<K> as ::rpc_core::__private::ResultParts>::Value,
        <io::Result<K> as ::rpc_core::__private::ResultParts>::Error,
    >
    where
        <io::Result<
            K,
        > as ::rpc_core::__private::ResultParts>::Value: ::rpc_core::__private::Message
            + 'static,
        <io::Result<
            K,
        > as ::rpc_core::__private::ResultParts>::Error: ::rpc_core::__private::Failure,
    {
        ::rpc_core::__private::stream_without_arguments(
            &self.channel,
            __StreamsMethods::METHOD_3,
        )
    }
    /// Calls `Streams.default`.
    pub fn default(&self) -> ::rpc_core::__private::Streaming<u8, Failed> {
        ::rpc_core::__private::stream_without_arguments(
            &self.channel,
            __StreamsMethods::METHOD_4,
        )
    }
}
/// Serves an implementation of [`Streams`].
#[allow(dead_code)]
pub struct StreamsServer<T, K> {
    service: ::rpc_core::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
    types: ::core::marker::PhantomData<fn() -> (::core::marker::PhantomData<K>,)>,
}
impl<T, K> ::core::clone::Clone for StreamsServer<T, K> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
            types: ::core::marker::PhantomData,
        }
    }
}
impl<T, K> ::core::fmt::Debug for StreamsServer<T, K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "StreamsServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<T: Streams<K>, K> StreamsServer<T, K> {
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
            name: ::std::borrow::Cow::Borrowed(__StreamsMethods::DESCRIPTOR.name),
            types: ::core::marker::PhantomData,
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
impl<T: Streams<K>, K> ::rpc_core::__private::Service for StreamsServer<T, K>
where
    K: ::core::marker::Send + ::core::marker::Sync + 'static,
    <io::Result<
        K,
    > as ::rpc_core::__private::ResultParts>::Value: ::rpc_core::__private::Message
        + 'static,
    <io::Result<
        K,
    > as ::rpc_core::__private::ResultParts>::Error: ::rpc_core::__private::Failure,
{
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __StreamsMethods::DESCRIPTOR
    }
    fn call(
        &self,
        __request: ::rpc_core::__private::Request<'_>,
    ) -> ::rpc_core::__private::Handler {
        match __request.ordinal() {
            0u16 => {
                use ::rpc_core::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Streams.items",
                    bound(deserialize = "__A0: __rpc::Message")
                )]
                struct __Arguments<__A0> {
                    below: __A0,
                }
                let __arguments: __Arguments<u64> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__answer = Prime;
                fn __answer(
                    value: __Type__answer,
                ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
                    __StreamsMethods::sent::<__Type__answer>(value)
                }
                __request
                    .stream(move |__sink| async move {
                        let __stream = <T as Streams<
                            K,
                        >>::items(&*__service, __arguments.below)
                            .await;
                        __sink.all(__stream, __answer).await
                    })
            }
            1u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request
                    .stream(move |__sink| async move {
                        let __stream = <T as Streams<K>>::at_once(&*__service);
                        __sink.all(__stream, ::rpc_core::__private::AsBytes).await
                    })
            }
            2u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__failure = Failed;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __StreamsMethods::failed::<__Type__failure>(value)
                }
                __request
                    .stream(move |__sink| async move {
                        match <T as Streams<K>>::fallible(&*__service).await {
                            ::core::result::Result::Ok(__stream) => {
                                __sink.all(__stream, ::core::convert::identity).await
                            }
                            ::core::result::Result::Err(__error) => {
                                __sink.fail(__failure(__error))
                            }
                        }
                    })
            }
            3u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request
                    .stream(move |__sink| async move {
                        match <T as Streams<K>>::alias(&*__service).await {
                            ::core::result::Result::Ok(__stream) => {
                                __sink
                                    .all_results(
                                        __stream,
                                        ::core::convert::identity,
                                        ::core::convert::identity,
                                    )
                                    .await
                            }
                            ::core::result::Result::Err(__error) => __sink.fail(__error),
                        }
                    })
            }
            4u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__failure = Failed;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __StreamsMethods::failed::<__Type__failure>(value)
                }
                __request
                    .stream(move |__sink| async move {
                        match <T as Streams<K>>::default(&*__service).await {
                            ::core::result::Result::Ok(__stream) => {
                                __sink.all(__stream, ::core::convert::identity).await
                            }
                            ::core::result::Result::Err(__error) => {
                                __sink.fail(__failure(__error))
                            }
                        }
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __StreamsMethods {}
#[allow(dead_code)]
impl __StreamsMethods {
    const METHOD_0: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "items",
        id: ::rpc_core::__private::identifier("items"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "below",
                type_name: "u64",
            },
        ],
        streams: &[],
        reply: "Prime",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ServerStream,
    };
    const METHOD_1: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "at_once",
        id: ::rpc_core::__private::identifier("at_once"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "Vec<u8>",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ServerStream,
    };
    const METHOD_2: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 2u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "fallible",
        id: ::rpc_core::__private::identifier("fallible"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "u8",
        error: ::core::option::Option::Some("Failed"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ServerStream,
    };
    const METHOD_3: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 3u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "alias",
        id: ::rpc_core::__private::identifier("alias"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "K",
        error: ::core::option::Option::Some("the error of io::Result<K>"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ServerStream,
    };
    const METHOD_4: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 4u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "default",
        id: ::rpc_core::__private::identifier("default"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "u8",
        error: ::core::option::Option::Some("Failed"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ServerStream,
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
        name: "Streams",
        docs: "",
        methods: &[
            Self::METHOD_0,
            Self::METHOD_1,
            Self::METHOD_2,
            Self::METHOD_3,
            Self::METHOD_4,
        ],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__StreamsMethods::DESCRIPTOR);
#[allow(deprecated)]
const _: () = {
    #[allow(unused_imports)]
    use ::rpc_core::__private::NotResult as _;
    ::core::assert!(
        ! ::rpc_core::__private::Probe:: < Prime > ::IS_RESULT,
        "`Prime` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, so that the client's method fails where this one does"
    );
};
#[allow(deprecated)]
const _: () = {
    #[allow(unused_imports)]
    use ::rpc_core::__private::NotResult as _;
    ::core::assert!(
        ! ::rpc_core::__private::Probe:: < Vec < u8 > > ::IS_RESULT,
        "`Vec<u8>` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, so that the client's method fails where this one does"
    );
};
