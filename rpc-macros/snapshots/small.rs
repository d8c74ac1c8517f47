/// Numbers.
///
/// And what one does with them.
pub trait Arith: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Cannot fail.
    fn multiply(
        &self,
        a: i64,
        b: i64,
    ) -> impl ::core::future::Future<Output = i64> + ::core::marker::Send;
    fn divide(
        &self,
        a: i64,
        b: i64,
    ) -> impl ::core::future::Future<
        Output = Result<Quotient, ArithError>,
    > + ::core::marker::Send;
    fn charge(
        &self,
        amount: u64,
    ) -> impl ::core::future::Future<Output = u64> + ::core::marker::Send;
}
/// Numbers.
///
/// And what one does with them.
#[allow(dead_code)]
pub struct ArithClient {
    channel: ::rpc_core::__private::Channel,
}
impl ::core::clone::Clone for ArithClient {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
        }
    }
}
impl ::core::fmt::Debug for ArithClient {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "ArithClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl ::core::convert::From<::rpc_core::__private::Channel> for ArithClient {
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self { channel }
    }
}
#[allow(dead_code, deprecated)]
impl ArithClient {
    /// The service as data: names, types, documentation.
    pub const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __ArithMethods::DESCRIPTOR;
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
    pub fn in_process(service: impl Arith) -> Self {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(ArithServer::new(service)))
    }
    /// Cannot fail.
    pub fn multiply(
        &self,
        a: i64,
        b: i64,
    ) -> ::rpc_core::__private::Call<
        i64,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0, __A1> {
            a: __A0,
            b: __A1,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __ArithMethods::METHOD_0,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { a, b },
        )
    }
    /// Calls `Arith.divide`.
    pub fn divide(
        &self,
        a: i64,
        b: i64,
    ) -> ::rpc_core::__private::Call<
        Quotient,
        ArithError,
        ::rpc_core::__private::Idempotent,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0, __A1> {
            a: __A0,
            b: __A1,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __ArithMethods::METHOD_1,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { a, b },
        )
    }
    /// Calls `Arith.charge`.
    pub fn charge(
        &self,
        amount: u64,
    ) -> ::rpc_core::__private::Call<
        u64,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::Once,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            amount: __A0,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __ArithMethods::METHOD_2,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { amount },
        )
    }
}
/// Serves an implementation of [`Arith`].
#[allow(dead_code)]
pub struct ArithServer<T> {
    service: ::rpc_core::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
}
impl<T> ::core::clone::Clone for ArithServer<T> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
impl<T> ::core::fmt::Debug for ArithServer<T> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "ArithServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<T: Arith> ArithServer<T> {
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
            name: ::std::borrow::Cow::Borrowed(__ArithMethods::DESCRIPTOR.name),
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
impl<T: Arith> ::rpc_core::__private::Service for ArithServer<T> {
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __ArithMethods::DESCRIPTOR
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
                    expecting = "the arguments of Arith.multiply",
                    bound(deserialize = "__A0: __rpc::Message, __A1: __rpc::Message")
                )]
                struct __Arguments<__A0, __A1> {
                    a: __A0,
                    b: __A1,
                }
                let __arguments: __Arguments<i64, i64> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        <T as Arith>::multiply(&*__service, __arguments.a, __arguments.b)
                            .await
                    })
            }
            1u16 => {
                use ::rpc_core::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Arith.divide",
                    bound(deserialize = "__A0: __rpc::Message, __A1: __rpc::Message")
                )]
                struct __Arguments<__A0, __A1> {
                    a: __A0,
                    b: __A1,
                }
                let __arguments: __Arguments<i64, i64> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__answer = Quotient;
                fn __answer(
                    value: __Type__answer,
                ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
                    __ArithMethods::sent::<__Type__answer>(value)
                }
                #[allow(non_camel_case_types)]
                type __Type__failure = ArithError;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __ArithMethods::failed::<__Type__failure>(value)
                }
                __request
                    .reply_result(async move {
                        ::core::result::Result::map_err(
                            ::core::result::Result::map(
                                <T as Arith>::divide(
                                        &*__service,
                                        __arguments.a,
                                        __arguments.b,
                                    )
                                    .await,
                                __answer,
                            ),
                            __failure,
                        )
                    })
            }
            2u16 => {
                use ::rpc_core::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Arith.charge",
                    bound(deserialize = "__A0: __rpc::Message")
                )]
                struct __Arguments<__A0> {
                    amount: __A0,
                }
                let __arguments: __Arguments<u64> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        <T as Arith>::charge(&*__service, __arguments.amount).await
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __ArithMethods {}
#[allow(dead_code)]
impl __ArithMethods {
    const METHOD_0: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "Arith",
        service_id: ::rpc_core::__private::identifier("Arith"),
        name: "multiply",
        id: ::rpc_core::__private::identifier("multiply"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "a",
                type_name: "i64",
            },
            ::rpc_core::__private::ArgumentDescriptor {
                name: "b",
                type_name: "i64",
            },
        ],
        streams: &[],
        reply: "i64",
        error: ::core::option::Option::None,
        docs: "Cannot fail.",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_1: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Arith",
        service_id: ::rpc_core::__private::identifier("Arith"),
        name: "divide",
        id: ::rpc_core::__private::identifier("divide"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "a",
                type_name: "i64",
            },
            ::rpc_core::__private::ArgumentDescriptor {
                name: "b",
                type_name: "i64",
            },
        ],
        streams: &[],
        reply: "Quotient",
        error: ::core::option::Option::Some("ArithError"),
        docs: "",
        oneway: false,
        idempotent: true,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::Some(
            ::core::time::Duration::from_millis(2000u64),
        ),
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_2: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 2u16,
        service: "Arith",
        service_id: ::rpc_core::__private::identifier("Arith"),
        name: "charge",
        id: ::rpc_core::__private::identifier("charge"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "amount",
                type_name: "u64",
            },
        ],
        streams: &[],
        reply: "u64",
        error: ::core::option::Option::None,
        docs: "",
        oneway: false,
        idempotent: false,
        once: true,
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
        name: "Arith",
        docs: "Numbers.\n\nAnd what one does with them.",
        methods: &[Self::METHOD_0, Self::METHOD_1, Self::METHOD_2],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__ArithMethods::DESCRIPTOR);
