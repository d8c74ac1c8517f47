//! The `#[rpc_service]` attribute: from a plain trait to a typed stub and skeleton.
//!
//! The road is parse, check, expand, each a plain function on `proc_macro2` types.
//! Parsing and checking collect every mistake instead of stopping at the first.

use proc_macro::TokenStream;

mod errors;
mod model;
mod names;
mod streams;
mod tokens;

mod parse;

mod check;

mod expand;

#[cfg(test)]
mod snapshots;

/// Makes a typed client and a server of a plain trait.
///
/// ```
/// # extern crate framework as rpc_core;
/// use rpc_core::{Context, RpcError, rpc_service};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// pub enum ArithError {
///     DivideByZero,
/// }
///
/// /// Numbers.
/// #[rpc_service]
/// pub trait Arith {
///     /// Cannot fail by itself: the client sees `Result<i64, RpcError>`.
///     async fn multiply(&self, a: i64, b: i64) -> i64;
///
///     /// An error of one's own: the client sees `Result<i64, CallError<ArithError>>`.
///     #[rpc(idempotent)]
///     async fn divide(&self, a: i64, b: i64) -> Result<i64, ArithError>;
///
///     /// A status: the client sees `Result<String, RpcError>`. The context is not an argument of the client's method.
///     async fn lookup(&self, cx: &Context, key: &str) -> Result<String, RpcError>;
///
///     /// A default body; still called over the wire.
///     async fn version(&self) -> u32 {
///         1
///     }
/// }
///
/// struct Calculator;
///
/// impl Arith for Calculator {
///     async fn multiply(&self, a: i64, b: i64) -> i64 {
///         a * b
///     }
///
///     async fn divide(&self, a: i64, b: i64) -> Result<i64, ArithError> {
///         a.checked_div(b).ok_or(ArithError::DivideByZero)
///     }
///
///     async fn lookup(&self, cx: &Context, key: &str) -> Result<String, RpcError> {
///         Ok(format!("{key} for {}", cx.metadata().get("tenant").unwrap_or("nobody")))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RpcError> {
/// let arith = ArithClient::in_process(Calculator);
/// assert_eq!(arith.multiply(7, 8).await?, 56);
/// assert_eq!(arith.lookup("pi").metadata("tenant", "a").await?, "pi for a");
/// # Ok(())
/// # }
/// ```
///
/// # What it makes
///
/// For `trait Arith`, with the visibility of the trait:
///
/// - **`trait Arith`**: the same trait, whose `async fn`s give futures that are `Send`, and whose streams are `Send` too.
///   `Send + Sync + 'static` become its supertraits. It is implemented with plain `async fn`s and no attribute.
/// - **`ArithClient`**: for each method one of the same name and arguments, which gives a `Call`: a future with options;
///   or a `Streaming`, where the method answers with a stream.
///   Made by `connect(address)`, `new(channel)`, `in_process(service)`, or `channel.into()`. Cheap to clone.
///   The constant `DESCRIPTOR` has the names, types and documentation of everything.
/// - **`ArithServer<T>`**: serves a `T: Arith`. Made by `new(service)` or `from_arc(service)`; `.named("Other")` serves
///   it under another name.
///
/// A method may be called `new`, `connect`, `in_process` or `DESCRIPTOR`: what the client has of that name gives way.
///
/// # On the trait: `#[rpc_service(…)]`
///
/// | | |
/// | --- | --- |
/// | `name = "shop.Orders"` | the name on the wire, instead of the trait's |
/// | `rename_all = "PascalCase"` | how method names are written on the wire; also `camelCase`, `snake_case`, `kebab-case`, `SCREAMING_SNAKE_CASE` |
/// | `crate = framework` | where `rpc-core` is, when it has another name in `Cargo.toml` or comes through another crate. Default `::rpc_core` |
///
/// # On a method: `#[rpc(…)]`
///
/// | | |
/// | --- | --- |
/// | `idempotent` | running it twice is as good as once, so it may be retried when its answer was lost |
/// | `once` | running it twice does harm, but it may be retried all the same: the server keeps its answer, so that a call runs once |
/// | `oneway` | nothing is answered; the client's call is over when it is on its way |
/// | `detach` | the handler runs on when its caller has gone |
/// | `timeout = "2s"` | the deadline of a call that sets none: a whole number of `ms`, `s` or `m` |
/// | `name = "Mul"` | its name on the wire |
/// | `alias = "times"` | a name that it had before, and still answers to; may be repeated |
/// | `skip` | no RPC: a local method with a body, which may have any signature |
///
/// `cfg` is copied to everything that is made of a method, documentation, `deprecated` and `allow` to the client's
/// method. A method that is compiled out keeps its place, and the others theirs.
///
/// # Arguments
///
/// They are sent under their names, in their order, by serde. `T`, `&T`, `&[T]`, `&str` and `Option<&str>` can be
/// written; the handler gets a `&T` to a value that was decoded for it. `T` need not be `Clone`.
///
/// | | |
/// | --- | --- |
/// | `cx: &Context` | what the handler knows of the call. Known by the name of its type, and not sent |
/// | `#[rpc(context)] cx: &C` | the same where `Context` is imported under another name |
/// | `#[serde(default)]` and others | belong to the message's field: an argument that old clients do not send, or that has another name there |
///
/// `&[u8]`, `Vec<u8>` and `Bytes`, owned or borrowed, cross as bytes and not as a list of numbers, also as an answer.
/// They are known by how they are written, and so not behind an alias.
///
/// # Answers
///
/// Anything that serde can send, or a `Result` of it. A `Result` is known by the last name of its path, so
/// `type Result<T> = std::result::Result<T, MyError>` is one as well; an alias of another name is refused.
/// The error is a serde type of one's own, or `RpcError` for a status with code, message and metadata.
///
/// # Streams
///
/// A method may answer with a stream, take streams, or both.
///
/// | in the trait | in the handler | at the client |
/// | --- | --- | --- |
/// | `-> impl Stream<Item = T>` | gives any stream, which may borrow from `self` and the arguments | a `Streaming<T>`: a stream of `Result<T, RpcError>` |
/// | `-> Result<impl Stream<Item = T>, E>` | may fail before there is a stream | a `Streaming<T, E>`: a stream of `Result<T, CallError<E>>`, whose first item is then the error |
/// | `-> impl Stream<Item = Result<T, E>>` | may fail at any item; the first `Err` ends the stream | the same, and the error is the last item |
/// | `numbers: Streaming<T>` | reads it: a stream of `Result<T, RpcError>` | takes any `impl Stream<Item = T> + Send + 'static` |
///
/// ```
/// # extern crate framework as rpc_core;
/// use futures::stream::{self, Stream, StreamExt};
/// use rpc_core::{RpcError, Streaming, rpc_service};
///
/// #[rpc_service]
/// trait Numbers {
///     async fn multiples(&self, of: u64) -> impl Stream<Item = u64>;
///     async fn sum(&self, numbers: Streaming<u64>) -> Result<u64, RpcError>;
///     fn doubled(&self, numbers: Streaming<u64>) -> impl Stream<Item = Result<u64, RpcError>>;
/// }
///
/// struct Real;
///
/// impl Numbers for Real {
///     async fn multiples(&self, of: u64) -> impl Stream<Item = u64> {
///         stream::iter(1..).map(move |number| number * of)
///     }
///
///     async fn sum(&self, mut numbers: Streaming<u64>) -> Result<u64, RpcError> {
///         let mut sum = 0;
///         while let Some(number) = numbers.next().await {
///             sum += number?;
///         }
///         Ok(sum)
///     }
///
///     fn doubled(&self, numbers: Streaming<u64>) -> impl Stream<Item = Result<u64, RpcError>> {
///         numbers.map(|number| Ok(number? * 2))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RpcError> {
/// let numbers = NumbersClient::in_process(Real);
/// let mut sevens = numbers.multiples(7).take(2);
/// while let Some(number) = sevens.next().await {
///     println!("{}", number?); // 7, 14
/// }
/// assert_eq!(numbers.sum(stream::iter([1, 2, 3])).await?, 6);
/// assert_eq!(numbers.doubled(stream::iter([4])).next().await.transpose()?, Some(8));
/// # Ok(())
/// # }
/// ```
///
/// A method whose answer is `impl Stream` itself may also be a plain `fn`: there is nothing that it waits for.
/// Both a `Result` around the stream and `Result`s in it have one type of error, spelt alike.
/// `Stream`, `Streaming` and `Item = T` are known by how they are written, like `Result`; a `Streaming` may stand at any
/// place among the arguments, and a method takes up to 16 of them. Items that are `Vec<u8>` or `Bytes` cross as bytes.
/// A method with a stream is none of `oneway`, `idempotent` and `once`.
///
/// # Parameters
///
/// The trait may have type and constant parameters, conditions, associated items and supertraits. The client and the
/// server have the same parameters. What serde needs of them is not written: it is asked for where they are used.
///
/// ```
/// # extern crate framework as rpc_core;
/// #[rpc_core::rpc_service]
/// trait Cache<K, V> {
///     async fn get(&self, key: &K) -> Option<V>;
/// }
///
/// fn client(channel: rpc_core::Channel) -> CacheClient<String, u64> {
///     CacheClient::new(channel)
/// }
/// ```
///
/// # Limits
///
/// Refused, each with what to write instead: lifetimes of the trait, parameters of a method, receivers other than
/// `&self`, patterns and `impl Trait` as arguments, references deeper than those above, answers and items that borrow,
/// `Self` in a remote method, and streams inside of other types.
///
/// ```compile_fail
/// # extern crate framework as rpc_core;
/// #[rpc_core::rpc_service]
/// trait Counter {
///     async fn add(&mut self, amount: u64); // take `&self`, and put what changes behind a lock such as `Mutex`
/// }
/// ```
#[proc_macro_attribute]
pub fn rpc_service(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let (mut tokens, errors) = service(attribute.into(), item.into());
    for error in errors {
        tokens.extend(error.into_compile_error());
    }
    tokens.into()
}

/// The whole macro: what to emit, and every mistake found on the way.
///
/// The trait is emitted even when it is wrong, and the stub and the skeleton leave out only what is wrong,
/// so that a mistake does not cascade into the code that uses them.
fn service(
    attribute: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> (proc_macro2::TokenStream, Vec<syn::Error>) {
    let mut errors = errors::Errors::default();
    let tokens = match parse::service(attribute, item, &mut errors) {
        Ok(raw) => {
            let service = check::service(&raw, &mut errors);
            expand::service(&raw, service.as_ref())
        }
        Err(item) => item,
    };
    (tokens, errors.into_vec())
}
