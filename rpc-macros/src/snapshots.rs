//! The expansion of typical traits, formatted, against the files in `snapshots`.
//!
//! `UPDATE_EXPECT=1 cargo test -p rpc-macros` writes the files anew; then read the difference.

use std::path::PathBuf;

use proc_macro2::TokenStream;
use quote::quote;

/// Expands a trait that has no mistakes.
fn expansion(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let (tokens, errors) = crate::service(attribute, item);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    tokens
}

#[track_caller]
fn assert_snapshot(name: &str, tokens: TokenStream) {
    let file = syn::parse2(tokens).expect("the expansion is Rust");
    let actual = prettyplease::unparse(&file);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name).with_extension("rs");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &actual).expect("the snapshot can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == expected,
        "the expansion differs from {}; write it anew with UPDATE_EXPECT=1 and read the difference\n{actual}",
        path.display(),
    );
}

#[test]
fn a_small_service() {
    let tokens = expansion(
        TokenStream::new(),
        quote! {
            /// Numbers.
            ///
            /// And what one does with them.
            pub trait Arith {
                /// Cannot fail.
                async fn multiply(&self, a: i64, b: i64) -> i64;
                #[rpc(idempotent, timeout = "2s")]
                async fn divide(&self, a: i64, b: i64) -> Result<Quotient, ArithError>;
                #[rpc(once)]
                async fn charge(&self, amount: u64) -> u64;
            }
        },
    );
    assert_snapshot("small", tokens);
}

#[test]
fn every_way_to_pass_an_argument() {
    let tokens = expansion(
        quote!(crate = framework),
        quote! {
            pub(crate) trait Store {
                async fn put(
                    &self,
                    cx: &Context,
                    key: &str,
                    tags: &[Tag],
                    entry: &Entry,
                    note: Option<&str>,
                    r#type: u8,
                    data: &[u8],
                    copy: Vec<u8>,
                );
                async fn attributed(
                    &self,
                    #[serde(default)] a: u8,
                    #[serde(with = "hex")] b: Digest,
                    #[serde(default = "one")] c: &[u8],
                );
            }
        },
    );
    assert_snapshot("arguments", tokens);
}

/// With the framework under another name, nothing may look for it under its own.
#[test]
fn the_path_of_the_framework_is_the_only_way_to_it() {
    let item = || {
        quote!(
            pub trait Store<K> {
                async fn put(&self, key: &K, data: Vec<u8>) -> io::Result<Entry>;
            }
        )
    };
    let named = |tokens: &TokenStream| crate::tokens::mentions(tokens, &[quote::format_ident!("rpc_core")]);
    assert!(named(&expansion(TokenStream::new(), item())));
    assert!(!named(&expansion(quote!(crate = framework), item())));
}

#[test]
fn every_kind_of_answer() {
    let tokens = expansion(
        TokenStream::new(),
        quote! {
            pub trait Answers {
                async fn nothing(&self);
                async fn value(&self) -> Reply;
                async fn status(&self) -> Result<String, RpcError>;
                async fn alias(&self) -> io::Result<u8>;
                async fn bytes(&self) -> Vec<u8>;
                async fn fallible_bytes(&self) -> Result<Bytes, Failed>;
                #[rpc(oneway)]
                async fn log(&self, line: String);
            }
        },
    );
    assert_snapshot("answers", tokens);
}

#[test]
fn every_place_of_a_stream_that_is_answered() {
    let tokens = expansion(
        TokenStream::new(),
        quote! {
            pub trait Streams<K> {
                async fn items(&self, below: u64) -> impl Stream<Item = Prime>;
                fn at_once(&self) -> impl futures::Stream<Item = Vec<u8>> + Send + '_;
                async fn fallible(&self) -> Result<impl Stream<Item = u8>, Failed>;
                async fn alias(&self) -> io::Result<impl Stream<Item = io::Result<K>>>;
                async fn default(&self) -> Result<impl Stream<Item = u8>, Failed> {
                    Ok(stream::empty())
                }
                #[rpc(skip)]
                fn local(&self) -> impl Stream<Item = u8> {
                    stream::empty()
                }
            }
        },
    );
    assert_snapshot("streams_answered", tokens);
}

#[test]
fn every_place_of_a_stream_that_is_sent() {
    let tokens = expansion(
        TokenStream::new(),
        quote! {
            pub trait Streams<K> {
                async fn sum(&self, numbers: Streaming<i64>, cx: &Context, name: &str, bytes: Streaming<Bytes>) -> i64;
                #[rpc(detach)]
                async fn chat(&self, incoming: Streaming<Line>, keys: Streaming<K>) -> impl Stream<Item = Result<Line, Failed>>;
            }
        },
    );
    assert_snapshot("streams_sent", tokens);
}

#[test]
fn a_service_with_parameters() {
    let tokens = expansion(
        quote!(name = "shop.Cache", rename_all = "camelCase"),
        quote! {
            pub trait Cache<K, T = u64, const N: usize = 3>: Send
            where
                K: Hash,
                Self: Sized,
            {
                const LIMIT: usize;
                async fn get_all(&self, keys: &[K]) -> Result<Vec<T>, K>;
                async fn fixed(&self) -> [T; N];
            }
        },
    );
    assert_snapshot("parameters", tokens);
}

#[test]
fn what_a_method_carries() {
    let tokens = expansion(
        TokenStream::new(),
        quote! {
            #[cfg(feature = "admin")]
            #[allow(clippy::too_many_arguments)]
            trait Admin {
                #[cfg(unix)]
                #[cfg_attr(docsrs, doc(cfg(unix)), tracing::instrument)]
                #[rpc(detach, name = "Drain", alias = "stop", alias = "halt")]
                async fn drain(&self);
                #[deprecated(note = "use `drain`")]
                #[expect(clippy::unused_async)]
                async fn stop_now(&self) -> u8 {
                    7
                }
                #[doc = include_str!("new.md")]
                /// Gives way.
                async fn new(&self);
                #[rpc(skip)]
                fn helper(&self) -> u32 {
                    7
                }
            }
        },
    );
    assert_snapshot("carried", tokens);
}

/// The trait loses our attributes and keeps its meaning; what is right is still generated.
#[test]
fn a_service_with_mistakes() {
    let (tokens, errors) = crate::service(
        TokenStream::new(),
        quote! {
            pub trait Wrong {
                fn local(&self);
                async fn pattern(&self, (a, b): (u8, u8));
                async fn stream(&self) -> impl Stream;
                #[rpc(onway)]
                async fn right(&self, #[serde(default)] a: u8);
            }
        },
    );
    assert_eq!(errors.len(), 4);
    assert_snapshot("mistakes", tokens);
}
