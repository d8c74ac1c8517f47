pub trait Streams<K>: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn sum(
        &self,
        numbers: Streaming<i64>,
        cx: &Context,
        name: &str,
        bytes: Streaming<Bytes>,
    ) -> impl ::core::future::Future<Output = i64> + ::core::marker::Send;
    fn chat(
        &self,
        incoming: Streaming<Line>,
        keys: Streaming<K>,
    ) -> impl ::core::future::Future<
        Output = impl Stream<Item = Result<Line, Failed>> + ::core::marker::Send,
    > + ::core::marker::Send;
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
        K: ::rpc_core::__private::Message + 'static,
    {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(StreamsServer::new(service)))
    }
    /// Calls `Streams.sum`.
    pub fn sum(
        &self,
        numbers: impl ::rpc_core::__private::Stream<
            Item = i64,
        > + ::core::marker::Send + 'static,
        name: &str,
        bytes: impl ::rpc_core::__private::Stream<
            Item = Bytes,
        > + ::core::marker::Send + 'static,
    ) -> ::rpc_core::__private::Call<
        i64,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            name: __A0,
        }
        ::rpc_core::__private::Sends::sending(
            ::rpc_core::__private::Sends::sending(
                ::rpc_core::__private::call(
                    &self.channel,
                    __StreamsMethods::METHOD_0,
                    ::rpc_core::__private::Lent::nothing(),
                    &__Arguments { name },
                ),
                numbers,
                ::core::convert::identity,
            ),
            bytes,
            ::rpc_core::__private::AsBytes,
        )
    }
    /// Calls `Streams.chat`.
    pub fn chat(
        &self,
        incoming: impl ::rpc_core::__private::Stream<
            Item = Line,
        > + ::core::marker::Send + 'static,
        keys: impl ::rpc_core::__private::Stream<
            Item = K,
        > + ::core::marker::Send + 'static,
    ) -> ::rpc_core::__private::Streaming<Line, Failed>
    where
        K: ::rpc_core::__private::Message + 'static,
    {
        #[allow(non_camel_case_types)]
        type __Type__item_1 = Line;
        fn __item_1(
            value: __Type__item_1,
        ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
            __StreamsMethods::sent::<__Type__item_1>(value)
        }
        ::rpc_core::__private::Sends::sending(
            ::rpc_core::__private::Sends::sending(
                ::rpc_core::__private::stream_without_arguments(
                    &self.channel,
                    __StreamsMethods::METHOD_1,
                ),
                incoming,
                __item_1,
            ),
            keys,
            ::core::convert::identity,
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
    K: ::rpc_core::__private::Message + 'static,
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
                    expecting = "the arguments of Streams.sum",
                    bound(deserialize = "__A0: __rpc::Message")
                )]
                struct __Arguments<__A0> {
                    name: __A0,
                }
                let __arguments: __Arguments<::std::string::String> = match __request
                    .arguments()
                {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                let __context = __request.context();
                let __stream_1 = __StreamsMethods::taken::<i64>(&__request, 1u16);
                let __stream_2 = __request.streaming_bytes::<Bytes>(2u16);
                __request
                    .reply(async move {
                        <T as Streams<
                            K,
                        >>::sum(
                                &*__service,
                                __stream_1,
                                &__context,
                                &__arguments.name,
                                __stream_2,
                            )
                            .await
                    })
            }
            1u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                let __stream_1 = __StreamsMethods::taken::<Line>(&__request, 1u16);
                let __stream_2 = __StreamsMethods::taken::<K>(&__request, 2u16);
                #[allow(non_camel_case_types)]
                type __Type__answer = Line;
                fn __answer(
                    value: __Type__answer,
                ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
                    __StreamsMethods::sent::<__Type__answer>(value)
                }
                #[allow(non_camel_case_types)]
                type __Type__failure = Failed;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __StreamsMethods::failed::<__Type__failure>(value)
                }
                __request
                    .stream(move |__sink| async move {
                        let __stream = <T as Streams<
                            K,
                        >>::chat(&*__service, __stream_1, __stream_2)
                            .await;
                        __sink.all_results(__stream, __answer, __failure).await
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
        name: "sum",
        id: ::rpc_core::__private::identifier("sum"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "name",
                type_name: "&str",
            },
        ],
        streams: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "numbers",
                type_name: "i64",
            },
            ::rpc_core::__private::ArgumentDescriptor {
                name: "bytes",
                type_name: "Bytes",
            },
        ],
        reply: "i64",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::ClientStream,
    };
    const METHOD_1: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Streams",
        service_id: ::rpc_core::__private::identifier("Streams"),
        name: "chat",
        id: ::rpc_core::__private::identifier("chat"),
        aliases: &[],
        arguments: &[],
        streams: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "incoming",
                type_name: "Line",
            },
            ::rpc_core::__private::ArgumentDescriptor {
                name: "keys",
                type_name: "K",
            },
        ],
        reply: "Line",
        error: ::core::option::Option::Some("Failed"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: true,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Bidirectional,
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
    fn taken<M: ::rpc_core::__private::Message + 'static>(
        request: &::rpc_core::__private::Request<'_>,
        index: ::core::primitive::u16,
    ) -> ::rpc_core::__private::Streaming<M> {
        request.streaming(index)
    }
    const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = &::rpc_core::__private::ServiceDescriptor {
        name: "Streams",
        docs: "",
        methods: &[Self::METHOD_0, Self::METHOD_1],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__StreamsMethods::DESCRIPTOR);
