pub(crate) trait Store: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn put(
        &self,
        cx: &Context,
        key: &str,
        tags: &[Tag],
        entry: &Entry,
        note: Option<&str>,
        r#type: u8,
        data: &[u8],
        copy: Vec<u8>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn attributed(
        &self,
        a: u8,
        b: Digest,
        c: &[u8],
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// The client of [`Store`]: each of its methods makes a call.
#[allow(dead_code)]
pub(crate) struct StoreClient {
    channel: framework::__private::Channel,
}
impl ::core::clone::Clone for StoreClient {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
        }
    }
}
impl ::core::fmt::Debug for StoreClient {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "StoreClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl ::core::convert::From<framework::__private::Channel> for StoreClient {
    fn from(channel: framework::__private::Channel) -> Self {
        Self { channel }
    }
}
#[allow(dead_code, deprecated)]
impl StoreClient {
    /// The service as data: names, types, documentation.
    pub(crate) const DESCRIPTOR: &'static framework::__private::ServiceDescriptor = __StoreMethods::DESCRIPTOR;
    /// A client over a channel, which it shares with whoever else has it.
    #[must_use]
    pub(crate) fn new(channel: framework::__private::Channel) -> Self {
        <Self as ::core::convert::From<framework::__private::Channel>>::from(channel)
    }
    /// Connects to the server at `address`, such as `tcp://127.0.0.1:4000`.
    ///
    /// # Errors
    ///
    /// When the address cannot be read, or no server answers there.
    pub(crate) async fn connect(
        address: impl ::core::fmt::Display,
    ) -> ::core::result::Result<Self, framework::__private::RpcError> {
        ::core::result::Result::Ok(
            <Self as ::core::convert::From<
                framework::__private::Channel,
            >>::from(framework::__private::Channel::connect(address).await?),
        )
    }
    /// The same client with no socket: it calls `service` in this process.
    #[must_use]
    pub(crate) fn in_process(service: impl Store) -> Self {
        <Self as ::core::convert::From<
            framework::__private::Channel,
        >>::from(framework::__private::Channel::in_process(StoreServer::new(service)))
    }
    /// Calls `Store.put`.
    pub(crate) fn put(
        &self,
        key: &str,
        tags: &[Tag],
        entry: &Entry,
        note: Option<&str>,
        r#type: u8,
        data: &[u8],
        copy: Vec<u8>,
    ) -> framework::__private::Call<
        (),
        framework::__private::NoError,
        framework::__private::AtMostOnce,
    > {
        use framework::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0, __A1, __A2, __A3, __A4, __A5, __A6> {
            key: __A0,
            tags: __A1,
            entry: __A2,
            note: __A3,
            r#type: __A4,
            data: __A5,
            copy: __A6,
        }
        #[allow(non_camel_case_types)]
        type __Type__argument_1 = Tag;
        fn __argument_1(
            value: &[__Type__argument_1],
        ) -> impl framework::__private::serde::Serialize + use<'_> {
            __StoreMethods::lent_all::<__Type__argument_1>(value)
        }
        #[allow(non_camel_case_types)]
        type __Type__argument_2 = Entry;
        fn __argument_2(
            value: &__Type__argument_2,
        ) -> impl framework::__private::serde::Serialize + use<'_> {
            __StoreMethods::lent::<__Type__argument_2>(value)
        }
        #[allow(unused_imports)]
        use __rpc::NotLent as _;
        let mut __lent = framework::__private::Lent::nothing();
        let __arguments = __Arguments {
            key,
            tags: __argument_1(tags),
            entry: __argument_2(entry),
            note,
            r#type,
            data: framework::__private::AsBytes(
                framework::__private::Given(data).lend(&mut __lent),
            ),
            copy: framework::__private::AsBytes(
                framework::__private::Given(copy).lend(&mut __lent),
            ),
        };
        framework::__private::call(
            &self.channel,
            __StoreMethods::METHOD_0,
            __lent,
            &__arguments,
        )
    }
    /// Calls `Store.attributed`.
    pub(crate) fn attributed(
        &self,
        a: u8,
        b: Digest,
        c: &[u8],
    ) -> framework::__private::Call<
        (),
        framework::__private::NoError,
        framework::__private::AtMostOnce,
    > {
        use framework::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<'__lent, __A0> {
            #[serde(default)]
            a: __A0,
            #[serde(with = "hex")]
            b: Digest,
            #[serde(default = "one")]
            #[serde(with = "__rpc::bytes")]
            c: &'__lent [u8],
        }
        framework::__private::call(
            &self.channel,
            __StoreMethods::METHOD_1,
            framework::__private::Lent::nothing(),
            &__Arguments { a, b, c },
        )
    }
}
/// Serves an implementation of [`Store`].
#[allow(dead_code)]
pub(crate) struct StoreServer<T> {
    service: framework::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
}
impl<T> ::core::clone::Clone for StoreServer<T> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
impl<T> ::core::fmt::Debug for StoreServer<T> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "StoreServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<T: Store> StoreServer<T> {
    /// Serves `service` under the name of the trait.
    #[must_use]
    pub(crate) fn new(service: T) -> Self {
        Self::from_arc(::std::sync::Arc::new(service))
    }
    /// Serves a service that others hold as well.
    #[must_use]
    pub(crate) fn from_arc(service: ::std::sync::Arc<T>) -> Self {
        let service = framework::__private::Striped::new(service);
        Self {
            service,
            name: ::std::borrow::Cow::Borrowed(__StoreMethods::DESCRIPTOR.name),
        }
    }
    /// Serves it under another name, so that one trait can be served twice.
    #[must_use]
    pub(crate) fn named(
        mut self,
        name: impl ::core::convert::Into<::std::string::String>,
    ) -> Self {
        self.name = ::std::borrow::Cow::Owned(::core::convert::Into::into(name));
        self
    }
}
#[allow(deprecated)]
impl<T: Store> framework::__private::Service for StoreServer<T> {
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static framework::__private::ServiceDescriptor {
        __StoreMethods::DESCRIPTOR
    }
    fn call(
        &self,
        __request: framework::__private::Request<'_>,
    ) -> framework::__private::Handler {
        match __request.ordinal() {
            0u16 => {
                use framework::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Store.put",
                    bound(
                        deserialize = "__A0: __rpc::Message, __A1: __rpc::Message, __A2: __rpc::Message, __A3: __rpc::Message, __A4: __rpc::Message, __A5: __rpc::Message, __A6: __rpc::Message"
                    )
                )]
                struct __Arguments<__A0, __A1, __A2, __A3, __A4, __A5, __A6> {
                    key: __A0,
                    tags: __A1,
                    entry: __A2,
                    note: __A3,
                    r#type: __A4,
                    data: __A5,
                    copy: __A6,
                }
                let __arguments: __Arguments<
                    ::std::string::String,
                    ::std::vec::Vec<Tag>,
                    Entry,
                    ::core::option::Option<::std::string::String>,
                    u8,
                    framework::__private::AsBytes<::std::vec::Vec<u8>>,
                    framework::__private::AsBytes<Vec<u8>>,
                > = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                let __context = __request.context();
                __request
                    .reply(async move {
                        <T as Store>::put(
                                &*__service,
                                &__context,
                                &__arguments.key,
                                &__arguments.tags,
                                &__arguments.entry,
                                __arguments.note.as_deref(),
                                __arguments.r#type,
                                &__arguments.data.0,
                                __arguments.copy.0,
                            )
                            .await
                    })
            }
            1u16 => {
                use framework::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Store.attributed",
                    bound(deserialize = "__A0: __rpc::Message + __rpc::default::Default")
                )]
                struct __Arguments<__A0> {
                    #[serde(default)]
                    a: __A0,
                    #[serde(with = "hex")]
                    b: Digest,
                    #[serde(default = "one")]
                    #[serde(with = "__rpc::bytes")]
                    c: ::std::vec::Vec<u8>,
                }
                let __arguments: __Arguments<u8> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        <T as Store>::attributed(
                                &*__service,
                                __arguments.a,
                                __arguments.b,
                                &__arguments.c,
                            )
                            .await
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __StoreMethods {}
#[allow(dead_code)]
impl __StoreMethods {
    const METHOD_0: &'static framework::__private::MethodDescriptor = &framework::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "Store",
        service_id: framework::__private::identifier("Store"),
        name: "put",
        id: framework::__private::identifier("put"),
        aliases: &[],
        arguments: &[
            framework::__private::ArgumentDescriptor {
                name: "key",
                type_name: "&str",
            },
            framework::__private::ArgumentDescriptor {
                name: "tags",
                type_name: "&[Tag]",
            },
            framework::__private::ArgumentDescriptor {
                name: "entry",
                type_name: "&Entry",
            },
            framework::__private::ArgumentDescriptor {
                name: "note",
                type_name: "Option<&str>",
            },
            framework::__private::ArgumentDescriptor {
                name: "type",
                type_name: "u8",
            },
            framework::__private::ArgumentDescriptor {
                name: "data",
                type_name: "&[u8]",
            },
            framework::__private::ArgumentDescriptor {
                name: "copy",
                type_name: "Vec<u8>",
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
        shape: framework::__private::Shape::Unary,
    };
    const METHOD_1: &'static framework::__private::MethodDescriptor = &framework::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Store",
        service_id: framework::__private::identifier("Store"),
        name: "attributed",
        id: framework::__private::identifier("attributed"),
        aliases: &[],
        arguments: &[
            framework::__private::ArgumentDescriptor {
                name: "a",
                type_name: "u8",
            },
            framework::__private::ArgumentDescriptor {
                name: "b",
                type_name: "Digest",
            },
            framework::__private::ArgumentDescriptor {
                name: "c",
                type_name: "&[u8]",
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
        shape: framework::__private::Shape::Unary,
    };
    fn sent<M: framework::__private::Message>(
        value: M,
    ) -> impl framework::__private::serde::Serialize + use<M> {
        value
    }
    fn lent<M: framework::__private::Message>(
        value: &M,
    ) -> impl framework::__private::serde::Serialize + use<'_, M> {
        value
    }
    fn lent_all<M: framework::__private::Message>(
        values: &[M],
    ) -> impl framework::__private::serde::Serialize + use<'_, M> {
        values
    }
    fn failed<E: framework::__private::Failure>(
        error: E,
    ) -> impl framework::__private::Failure + use<E> {
        error
    }
    const DESCRIPTOR: &'static framework::__private::ServiceDescriptor = &framework::__private::ServiceDescriptor {
        name: "Store",
        docs: "",
        methods: &[Self::METHOD_0, Self::METHOD_1],
    };
}
const _: () = framework::__private::assert_distinct(__StoreMethods::DESCRIPTOR);
