pub trait Cache<K, T = u64, const N: usize = 3>: Send + ::core::marker::Sync + 'static
where
    K: Hash,
    Self: Sized,
{
    const LIMIT: usize;
    fn get_all(
        &self,
        keys: &[K],
    ) -> impl ::core::future::Future<Output = Result<Vec<T>, K>> + ::core::marker::Send;
    fn fixed(
        &self,
    ) -> impl ::core::future::Future<Output = [T; N]> + ::core::marker::Send;
}
/// The client of [`Cache`]: each of its methods makes a call.
#[allow(dead_code)]
pub struct CacheClient<K, T = u64, const N: usize = 3>
where
    K: Hash,
{
    channel: ::rpc_core::__private::Channel,
    types: ::core::marker::PhantomData<
        fn() -> (::core::marker::PhantomData<K>, ::core::marker::PhantomData<T>),
    >,
}
impl<K, T, const N: usize> ::core::clone::Clone for CacheClient<K, T, N>
where
    K: Hash,
{
    fn clone(&self) -> Self {
        Self {
            channel: ::core::clone::Clone::clone(&self.channel),
            types: ::core::marker::PhantomData,
        }
    }
}
impl<K, T, const N: usize> ::core::fmt::Debug for CacheClient<K, T, N>
where
    K: Hash,
{
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "CacheClient")
            .field("channel", &self.channel)
            .finish()
    }
}
impl<K, T, const N: usize> ::core::convert::From<::rpc_core::__private::Channel>
for CacheClient<K, T, N>
where
    K: Hash,
{
    fn from(channel: ::rpc_core::__private::Channel) -> Self {
        Self {
            channel,
            types: ::core::marker::PhantomData,
        }
    }
}
#[allow(dead_code, deprecated)]
impl<K, T, const N: usize> CacheClient<K, T, N>
where
    K: Hash,
{
    /// The service as data: names, types, documentation.
    pub const DESCRIPTOR: &'static ::rpc_core::__private::ServiceDescriptor = __CacheMethods::DESCRIPTOR;
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
    pub fn in_process(service: impl Cache<K, T, N>) -> Self
    where
        K: ::core::marker::Send + ::core::marker::Sync + 'static,
        T: ::core::marker::Send + ::core::marker::Sync + 'static,
        K: ::rpc_core::__private::Message + 'static,
        Vec<T>: ::rpc_core::__private::Message + 'static,
        K: ::rpc_core::__private::Failure,
        [T; N]: ::rpc_core::__private::Message + 'static,
    {
        <Self as ::core::convert::From<
            ::rpc_core::__private::Channel,
        >>::from(::rpc_core::__private::Channel::in_process(CacheServer::new(service)))
    }
    /// Calls `shop.Cache.getAll`.
    pub fn get_all(
        &self,
        keys: &[K],
    ) -> ::rpc_core::__private::Call<Vec<T>, K, ::rpc_core::__private::AtMostOnce>
    where
        K: ::rpc_core::__private::Message + 'static,
        Vec<T>: ::rpc_core::__private::Message + 'static,
        K: ::rpc_core::__private::Failure,
    {
        use ::rpc_core::__private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<__A0> {
            keys: __A0,
        }
        ::rpc_core::__private::call(
            &self.channel,
            __CacheMethods::METHOD_0,
            ::rpc_core::__private::Lent::nothing(),
            &__Arguments { keys },
        )
    }
    /// Calls `shop.Cache.fixed`.
    pub fn fixed(
        &self,
    ) -> ::rpc_core::__private::Call<
        [T; N],
        ::rpc_core::__private::NoError,
        ::rpc_core::__private::AtMostOnce,
    >
    where
        [T; N]: ::rpc_core::__private::Message + 'static,
    {
        const {
            #[allow(unused_imports)]
            use ::rpc_core::__private::NotResult as _;
            ::core::assert!(
                ! ::rpc_core::__private::Probe:: < [T; N] > ::IS_RESULT,
                "`[T; N]` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, so that the client's method fails where this one does"
            );
        }
        ::rpc_core::__private::call_without_arguments(
            &self.channel,
            __CacheMethods::METHOD_1,
        )
    }
}
/// Serves an implementation of [`Cache`].
#[allow(dead_code)]
pub struct CacheServer<TT, K, T = u64, const N: usize = 3>
where
    K: Hash,
{
    service: ::rpc_core::__private::Striped<TT>,
    name: ::std::borrow::Cow<'static, ::core::primitive::str>,
    types: ::core::marker::PhantomData<
        fn() -> (::core::marker::PhantomData<K>, ::core::marker::PhantomData<T>),
    >,
}
impl<TT, K, T, const N: usize> ::core::clone::Clone for CacheServer<TT, K, T, N>
where
    K: Hash,
{
    fn clone(&self) -> Self {
        Self {
            service: ::core::clone::Clone::clone(&self.service),
            name: ::core::clone::Clone::clone(&self.name),
            types: ::core::marker::PhantomData,
        }
    }
}
impl<TT, K, T, const N: usize> ::core::fmt::Debug for CacheServer<TT, K, T, N>
where
    K: Hash,
{
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Formatter::debug_struct(formatter, "CacheServer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
#[allow(dead_code, deprecated)]
impl<TT: Cache<K, T, N>, K, T, const N: usize> CacheServer<TT, K, T, N>
where
    K: Hash,
{
    /// Serves `service` under the name of the trait.
    #[must_use]
    pub fn new(service: TT) -> Self {
        Self::from_arc(::std::sync::Arc::new(service))
    }
    /// Serves a service that others hold as well.
    #[must_use]
    pub fn from_arc(service: ::std::sync::Arc<TT>) -> Self {
        let service = ::rpc_core::__private::Striped::new(service);
        Self {
            service,
            name: ::std::borrow::Cow::Borrowed(__CacheMethods::DESCRIPTOR.name),
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
impl<TT: Cache<K, T, N>, K, T, const N: usize> ::rpc_core::__private::Service
for CacheServer<TT, K, T, N>
where
    K: Hash,
    K: ::core::marker::Send + ::core::marker::Sync + 'static,
    T: ::core::marker::Send + ::core::marker::Sync + 'static,
    K: ::rpc_core::__private::Message + 'static,
    Vec<T>: ::rpc_core::__private::Message + 'static,
    K: ::rpc_core::__private::Failure,
    [T; N]: ::rpc_core::__private::Message + 'static,
{
    fn name(&self) -> &::core::primitive::str {
        &self.name
    }
    fn descriptor(&self) -> &'static ::rpc_core::__private::ServiceDescriptor {
        __CacheMethods::DESCRIPTOR
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
                    expecting = "the arguments of shop.Cache.getAll",
                    bound(deserialize = "__A0: __rpc::Message")
                )]
                struct __Arguments<__A0> {
                    keys: __A0,
                }
                let __arguments: __Arguments<::std::vec::Vec<K>> = match __request
                    .arguments()
                {
                    ::core::result::Result::Ok(__arguments) => __arguments,
                    ::core::result::Result::Err(__refusal) => return __refusal,
                };
                let __service = self.service.hold();
                __request
                    .reply_result(async move {
                        <TT as Cache<K, T, N>>::get_all(&*__service, &__arguments.keys)
                            .await
                    })
            }
            1u16 => {
                if let ::core::result::Result::Err(__refusal) = __request.no_arguments()
                {
                    return __refusal;
                }
                let __service = self.service.hold();
                __request
                    .reply(async move {
                        <TT as Cache<K, T, N>>::fixed(&*__service).await
                    })
            }
            _ => __request.unknown_method(),
        }
    }
}
#[doc(hidden)]
#[allow(dead_code)]
enum __CacheMethods {}
#[allow(dead_code)]
impl __CacheMethods {
    const METHOD_0: &'static ::rpc_core::__private::MethodDescriptor = &::rpc_core::__private::MethodDescriptor {
        ordinal: 0u16,
        service: "shop.Cache",
        service_id: ::rpc_core::__private::identifier("shop.Cache"),
        name: "getAll",
        id: ::rpc_core::__private::identifier("getAll"),
        aliases: &[],
        arguments: &[
            ::rpc_core::__private::ArgumentDescriptor {
                name: "keys",
                type_name: "&[K]",
            },
        ],
        streams: &[],
        reply: "Vec<T>",
        error: ::core::option::Option::Some("K"),
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
        service: "shop.Cache",
        service_id: ::rpc_core::__private::identifier("shop.Cache"),
        name: "fixed",
        id: ::rpc_core::__private::identifier("fixed"),
        aliases: &[],
        arguments: &[],
        streams: &[],
        reply: "[T; N]",
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
        name: "shop.Cache",
        docs: "",
        methods: &[Self::METHOD_0, Self::METHOD_1],
    };
}
const _: () = ::rpc_core::__private::assert_distinct(__CacheMethods::DESCRIPTOR);
