pub trait Answers: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn nothing(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn value(
        &self,
    ) -> impl ::core::future::Future<Output = Reply> + ::core::marker::Send;
    fn status(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<String, RpcError>,
    > + ::core::marker::Send;
    fn alias(
        &self,
    ) -> impl ::core::future::Future<Output = io::Result<u8>> + ::core::marker::Send;
    fn bytes(
        &self,
    ) -> impl ::core::future::Future<Output = Vec<u8>> + ::core::marker::Send;
    fn fallible_bytes(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<Bytes, Failed>,
    > + ::core::marker::Send;
    fn log(
        &self,
        line: String,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// The client of [`Answers`]: each of its methods makes a call.
#[allow(dead_code)]
pub struct AnswersClient {
    channel: ::rpc_core::__private::Channel,
}
impl ::core::clone::Clone for AnswersClient {
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
        }
    }
}
impl ::core::fmt::Debug for AnswersClient {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "AnswersClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl ::core::convert::From<::rpc_core::__private::Channel> for AnswersClient {
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self { channel }
    }
}
#[allow(dead_code, deprecated)]
impl AnswersClient {
    /// The service as data: names, types, documentation.
    pub const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __AnswersMethods::DESCRIPTOR;
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
    pub fn in_process(service: impl Answers) -> Self {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(AnswersServer::new(service)))
    }
    /// Calls `Answers.nothing`.
    pub fn nothing(
        &self,
    ) -> ::rpc_core::__private::Call<
        (),
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_0,
        )
    }
    /// Calls `Answers.value`.
    pub fn value(
        &self,
    ) -> ::rpc_core::__private::Call<
        Reply,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_1,
        )
    }
    /// Calls `Answers.status`.
    pub fn status(
        &self,
    ) -> ::rpc_core::__private::Call<
        String,
        RpcError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_2,
        )
    }
    /// Calls `Answers.alias`.
    pub fn alias(
        &self,
    ) -> ::rpc_core::__private::Call<
        <io::Result<u8> as ::rpc_core::__private::ResultParts>::Value,
        <io::Result<u8> as ::rpc_core::__private::ResultParts>::Error,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_3,
        )
    }
    /// Calls `Answers.bytes`.
    pub fn bytes(
        &self,
    ) -> ::rpc_core::__private::Call<
        Vec<u8>,
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        ::rpc_core::__private::call_bytes_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_4,
        )
    }
    /// Calls `Answers.fallible_bytes`.
    pub fn fallible_bytes(
        &self,
    ) -> ::rpc_core::__private::Call<Bytes, Failed, ::rpc_core::__private::AtMostOnce> {
        ::rpc_core::__private::call_bytes_without_arguments(
            &self.channel,
            __AnswersMethods::METHOD_5,
        )
    }
    /// Calls `Answers.log`.
    pub fn log(
        &self,
        line: String,
    ) -> ::rpc_core::__private::Call<
        (),
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    > {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            line: __A0,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __AnswersMethods::METHOD_6,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { line },
        )
    }
}
/// Serves an implementation of [`Answers`].
#[allow(dead_code)]
pub struct AnswersServer<T> {
    service: ::rpc_core::__private::Striped<T>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
}
impl<T> ::core::clone::Clone for AnswersServer<T> {
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
impl<T> ::core::fmt::Debug for AnswersServer<T> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "AnswersServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<T: Answers> AnswersServer<T> {
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
            name: ::std::borrow::Cow::Borrowed(__AnswersMethods::DESCRIPTOR.name),
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
impl<T: Answers> ::rpc_core::__private::Service for AnswersServer<T> {
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __AnswersMethods::DESCRIPTOR
    }
    fn call(
        &self,
        __request: ::rpc_core::__private::Request<'_>,
    ) -> ::rpc_core::__private::Handler {
        match __request.ordinal() {
            0u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request
                    .reply(async move { <T as Answers>::nothing(&*__service).await })
            }
            1u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__answer = Reply;
                fn __answer(
                    value: __Type__answer,
                ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
                    __AnswersMethods::sent::<__Type__answer>(value)
                }
                __request
                    .reply(async move {
                        __answer(<T as Answers>::value(&*__service).await)
                    })
            }
            2u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__failure = RpcError;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __AnswersMethods::failed::<__Type__failure>(value)
                }
                __request
                    .reply_result(async move {
                        ::core::result::Result::map_err(
                            <T as Answers>::status(&*__service).await,
                            __failure,
                        )
                    })
            }
            3u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                #[allow(non_camel_case_types)]
                type __Type__answer = <io::Result<
                    u8,
                > as ::rpc_core::__private::ResultParts>::Value;
                fn __answer(
                    value: __Type__answer,
                ) -> impl ::rpc_core::__private::serde::Serialize + use<> {
                    __AnswersMethods::sent::<__Type__answer>(value)
                }
                #[allow(non_camel_case_types)]
                type __Type__failure = <io::Result<
                    u8,
                > as ::rpc_core::__private::ResultParts>::Error;
                fn __failure(
                    value: __Type__failure,
                ) -> impl ::rpc_core::__private::Failure + use<> {
                    __AnswersMethods::failed::<__Type__failure>(value)
                }
                __request
                    .reply_result(async move {
                        ::core::result::Result::map_err(
                            ::core::result::Result::map(
                                <T as Answers>::alias(&*__service).await,
                                __answer,
                            ),
                            __failure,
                        )
                    })
            }
            4u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        ::rpc_core::__private::AsBytes(
                            <T as Answers>::bytes(&*__service).await,
                        )
                    })
            }
            5u16 => {
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
                    __AnswersMethods::failed::<__Type__failure>(value)
                }
                __request
                    .reply_result(async move {
                        ::core::result::Result::map_err(
                            ::core::result::Result::map(
                                <T as Answers>::fallible_bytes(&*__service).await,
                                ::rpc_core::__private::AsBytes,
                            ),
                            __failure,
                        )
                    })
            }
            6u16 => {
                use ::rpc_core::__private as __rpc;
                #[derive(__rpc::serde::Deserialize)]
                #[serde(
                    crate = "__rpc::serde",
                    expecting = "the arguments of Answers.log",
                    bound(deserialize = "__A0: __rpc::Message")
                )]
                struct __Arguments<__A0> {
                    line: __A0,
                }
                let __arguments: __Arguments<String> = match __request.arguments() {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .oneway(async move {
                        <T as Answers>::log(&*__service, __arguments.line).await
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __AnswersMethods {}
#[allow(dead_code)]
impl __AnswersMethods {
    const METHOD_0: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "nothing",
        id: ::rpc_core::__private::identifier("nothing"),
        aliases: &[],
        arguments: &[],
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
    const METHOD_1: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 1u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "value",
        id: ::rpc_core::__private::identifier("value"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "Reply",
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
    const METHOD_2: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 2u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "status",
        id: ::rpc_core::__private::identifier("status"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "String",
        error: ::core::option::Option::Some("RpcError"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_3: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 3u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "alias",
        id: ::rpc_core::__private::identifier("alias"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "u8",
        error: ::core::option::Option::Some("the error of io::Result<u8>"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_4: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 4u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "bytes",
        id: ::rpc_core::__private::identifier("bytes"),
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
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_5: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 5u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "fallible_bytes",
        id: ::rpc_core::__private::identifier("fallible_bytes"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "Bytes",
        error: ::core::option::Option::Some("Failed"),
        docs: "",
        oneway: false,
        idempotent: false,
        once: false,
        detach: false,
        deprecated: false,
        timeout: ::core::option::Option::None,
        shape: ::rpc_core::__private::Shape::Unary,
    };
    const METHOD_6: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 6u16,
        service: "Answers",
        service_id: ::rpc_core::__private::identifier("Answers"),
        name: "log",
        id: ::rpc_core::__private::identifier("log"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "line",
                type_name: "String",
            },
        ],
        streams: &[],
        reply: "()",
        error: ::core::option::Option::None,
        docs: "",
        oneway: true,
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
        name: "Answers",
        docs: "",
        methods: &[
            Self::METHOD_0,
            Self::METHOD_1,
            Self::METHOD_2,
            Self::METHOD_3,
            Self::METHOD_4,
            Self::METHOD_5,
            Self::METHOD_6,
        ],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__AnswersMethods::DESCRIPTOR);
#[allow(deprecated)]
const _: () = {
    #[allow(unused_imports)]
    use ::rpc_core::__private::NotResult as _;
    ::core::assert!(
        ! ::rpc_core::__private::Probe:: < Reply > ::IS_RESULT,
        "`Reply` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, so that the client's method fails where this one does"
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
