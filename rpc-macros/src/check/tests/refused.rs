//! What a trait may not be.

use proc_macro2::TokenStream;
use quote::quote;

use super::checked;
use crate::model::Service;

/// The messages about a trait with this one method.
fn method(method: &str) -> Vec<String> {
    of(&format!("trait Test {{ {method} }}")).1
}

/// A trait without options.
fn of(item: &str) -> (Option<Service>, Vec<String>) {
    checked(TokenStream::new(), item.parse().unwrap())
}

#[track_caller]
fn refused(tokens: &str, part: &str) {
    let messages = method(tokens);
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains(part), "{:?} does not say {part:?}", messages[0]);
}

#[test]
fn only_async_methods_with_a_shared_receiver_are_remote() {
    refused("fn f(&self);", "write `async fn f`");
    refused("fn f(&self) -> Option<u8>;", "write `async fn f`");
    refused("fn f(&self) -> Result<impl Stream<Item = u8>, E>;", "write `async fn f`");
    refused("const fn f(&self) -> impl Stream<Item = u8>;", "cannot be `const`");
    refused("async fn f();", "write `async fn f(&self, …)`");
    refused("async fn f(self);", "take `&self`");
    refused("async fn f(&mut self);", "behind a lock");
    refused("async fn f(self: Arc<Self>);", "take `&self`");
    refused("async fn f(self: &Self);", "take `&self`");
    refused("async fn f(&'static self);", "write `&self`");
    refused("async unsafe fn f(&self);", "cannot be `unsafe`");
    refused(r#"async extern "C" fn f(&self);"#, "calling convention");
    refused("const fn f(&self);", "cannot be `const`");
}

#[test]
fn methods_have_no_parameters_of_their_own() {
    refused("async fn f<T>(&self, a: T);", "move `T` to the trait");
    refused("async fn f<const N: usize>(&self);", "move `N` to the trait");
    refused("async fn f<'a>(&self);", "remove `'a`");
    refused("async fn f(&self) where Self: Sized;", "move them to the trait");
}

#[test]
fn arguments_are_named_and_can_be_owned() {
    refused("async fn f(&self, (a, b): (u8, u8));", "sent under its name");
    refused("async fn f(&self, _: u8);", "sent under its name");
    refused("async fn f(&self, a: impl Clone);", "name it instead of `impl …`");
    refused("async fn f(&self, a: &impl Clone);", "name it instead of `impl …`");
    refused("async fn f(&self, a: &mut u8);", "return the changed one");
    refused("async fn f(&self, a: &'static str);", "leave out the lifetime");
    refused("async fn f(&self, a: &[&str]);", "`Vec<String>`");
    refused("async fn f(&self, a: &&str);", "cannot hold references");
    refused("async fn f(&self, a: Option<&u8>);", "cannot hold references");
    refused("async fn f(&self, a: Cow<'_, str>);", "take an owned type");
    refused("async fn f(&self, a: &dyn Any);", "a trait object");
    refused("async fn f(&self, a: Self::Key);", "make it a parameter of the trait");
    refused("async fn f(&self, #[cfg(unix)] a: u8);", "put it on the whole method");
    refused("async fn f(&self, #[serde(borrow)] a: u8);", "remove `borrow`");
}

#[test]
fn answers_can_be_owned() {
    refused("async fn f(&self) -> &str;", "return an owned type");
    refused("async fn f(&self) -> Cow<'_, str>;", "return an owned type");
    refused("async fn f(&self) -> Result<&'static str, E>;", "return an owned type");
    refused("async fn f(&self) -> impl Clone;", "name the type");
    refused("async fn f(&self) -> Self::Key;", "make it a parameter of the trait");
}

#[test]
fn a_stream_says_what_it_gives() {
    refused("async fn f(&self) -> impl Stream;", "`impl Stream<Item = T>`");
    refused("fn f(&self) -> impl futures::Stream + Send;", "`impl Stream<Item = T>`");
    refused("async fn f(&self) -> Result<impl Stream<Item: Send>, E>;", "`impl Stream<Item = T>`");
    refused("async fn f(&self, a: Streaming);", "`Streaming<T>`");
    refused("async fn f(&self, a: rpc_core::Streaming<u8, E>);", "take `Streaming<u8>`");
}

#[test]
fn items_can_be_owned() {
    refused("async fn f(&self) -> impl Stream<Item = &str>;", "return an owned type");
    refused("fn f(&self) -> impl Stream<Item = Result<Cow<'_, str>, E>>;", "return an owned type");
    refused("async fn f(&self) -> Result<impl Stream<Item = u8>, &'static str>;", "return an owned type");
    refused("async fn f(&self) -> impl Stream<Item = impl Clone>;", "name the type");
    refused("async fn f(&self) -> impl Stream<Item = Self::Key>;", "make it a parameter of the trait");
    refused("async fn f(&self, a: Streaming<&str>);", "name an owned type");
    refused("async fn f(&self, a: Streaming<Cow<'_, str>>);", "name an owned type");
    refused("async fn f(&self, a: Streaming<impl Clone>);", "name it instead of `impl …`");
    refused("async fn f(&self, a: Streaming<Self::Key>);", "make it a parameter of the trait");
}

#[test]
fn a_stream_stands_alone() {
    for argument in [
        "&Streaming<u8>",
        "&mut Streaming<u8>",
        "Option<Streaming<u8>>",
        "Vec<rpc_core::Streaming<u8>>",
        "(u8, [Streaming<u8>; 2])",
        "impl Stream<Item = u8>",
        "Box<dyn Stream<Item = u8>>",
        "BoxStream<'static, u8>",
        "Streaming<Streaming<u8>>",
    ] {
        refused(&format!("async fn f(&self, a: {argument});"), "takes a stream as `Streaming<u8>` itself");
    }
    for answer in [
        "Option<impl Stream<Item = u8>>",
        "Reply<impl Stream<Item = u8>>",
        "impl Stream<Item = impl Stream<Item = u8>>",
    ] {
        refused(&format!("async fn f(&self) -> {answer};"), "write `impl Stream<Item = u8>`");
    }
    for answer in [
        "Streaming<u8>",
        "Result<Streaming<u8>, E>",
        "BoxStream<'static, u8>",
        "Pin<Box<dyn Stream<Item = u8> + Send>>",
    ] {
        refused(&format!("async fn f(&self) -> {answer};"), "returns a stream as `impl Stream<Item = u8>`");
    }
    refused("fn f(&self) -> Streaming<u8, E>;", "as `impl Stream<Item = Result<u8, E>>`");
}

#[test]
fn a_stream_has_one_type_of_error() {
    refused("async fn f(&self) -> Result<impl Stream<Item = Result<u8, E>>, F>;", "around the stream, `F`");
    refused("async fn f(&self) -> Result<impl Stream<Item = Result<u8>>, E>;", "around the stream, `E`");
    refused("async fn f(&self) -> Result<impl Stream<Item = Result<u8, E>>>;", "the error of `Result<()>`");
    refused("async fn f(&self) -> Result<impl Stream<Item = io::Result<u8>>>;", "the error of `Result<()>`");
    for right in [
        "Result<impl Stream<Item = Result<u8, a::E<(u8, T)>>>, a::E<(u8,T)>>",
        "io::Result<impl Stream<Item = io::Result<u8>>>",
        "Result<impl Stream<Item = Vec<Result<u8, F>>>, E>",
    ] {
        assert_eq!(method(&format!("async fn f(&self) -> {right};")), [""; 0]);
    }
}

#[test]
fn a_stream_is_no_field_of_the_message() {
    refused("async fn f(&self, #[serde(default)] a: Streaming<u8>);", "no field of the message");
    refused("async fn f(&self, (a, b): Streaming<u8>);", "sent under its name");
    refused("async fn f(&self, #[cfg(unix)] a: Streaming<u8>);", "put it on the whole method");
}

#[test]
fn a_call_takes_sixteen_streams() {
    let streams = |count: usize| (0..count).map(|each| format!("a{each}: Streaming<u8>, ")).collect::<String>();
    assert_eq!(method(&format!("async fn f(&self, {} b: u8);", streams(16))), [""; 0]);
    refused(&format!("async fn f(&self, {});", streams(17)), "at most 16 streams");
    refused(&format!("async fn f(&self, {});", streams(20)), "at most 16 streams");
}

#[test]
fn a_stream_is_sent_once_and_answered() {
    refused("#[rpc(idempotent)] async fn f(&self, a: Streaming<u8>);", "cannot be sent again");
    refused("#[rpc(idempotent)] fn f(&self) -> impl Stream<Item = u8>;", "cannot be sent again");
    refused("#[rpc(idempotent)] async fn f(&self) -> Result<impl Stream<Item = u8>, E>;", "cannot be sent again");
    refused("#[rpc(oneway)] async fn f(&self, a: Streaming<u8>);", "take a `Vec`");
    refused("#[rpc(oneway)] async fn f(&self) -> impl Stream<Item = u8>;", "returns nothing");
    let messages = method("#[rpc(oneway, idempotent)] async fn f(&self, a: Streaming<u8>);");
    assert_eq!(messages.len(), 2, "one for each word: {messages:#?}");
}

#[test]
fn a_one_way_method_promises_no_answer() {
    refused("#[rpc(oneway)] async fn f(&self) -> u8;", "returns nothing");
    refused("#[rpc(oneway)] async fn f(&self) -> Result<(), E>;", "returns nothing");
    refused("#[rpc(oneway, idempotent)] async fn f(&self);", "remove `idempotent` or `oneway`");
    assert_eq!(method("#[rpc(oneway)] async fn f(&self) -> ();"), [""; 0]);
}

#[test]
fn what_runs_once_has_one_answer_that_is_kept() {
    refused("#[rpc(once, idempotent)] async fn f(&self);", "remove one of them");
    refused("#[rpc(once, oneway)] async fn f(&self);", "remove `once` or `oneway`");
    refused("#[rpc(once)] async fn f(&self, a: Streaming<u8>);", "neither kept nor sent again");
    refused("#[rpc(once)] fn f(&self) -> impl Stream<Item = u8>;", "neither kept nor sent again");
    refused("#[rpc(once)] async fn f(&self) -> Result<impl Stream<Item = u8>, E>;", "neither kept nor sent again");
    refused("#[rpc(skip, once)] fn f(&self) {}", "remove this, or `skip`");
    assert_eq!(method("#[rpc(once, detach)] async fn f(&self) -> Result<u8, E>;"), [""; 0]);
}

#[test]
fn a_skipped_method_has_a_body_and_no_other_option() {
    refused("#[rpc(skip)] fn f(&self);", "needs a body here");
    refused(r#"#[rpc(skip, name = "g")] fn f(&self) {}"#, "remove this, or `skip`");
    refused("#[rpc(skip)] fn f(&self, #[rpc(context)] a: &C) {}", "no context to give");
    assert_eq!(method("#[rpc(skip)] unsafe fn f<T>(self, (a, b): (T, &mut T)) -> &'static T {}"), [""; 0]);
    assert_eq!(method("#[rpc(skip)] fn f(&self, a: &Streaming<u8, E>) -> Option<impl Stream> {}"), [""; 0]);
}

#[test]
fn attributes_are_known_and_given_once() {
    let all = ["oneway", "idempotent", "once", "detach", "skip", "name", "alias", "timeout"];
    for name in all {
        refused("#[rpc(onway)] async fn f(&self);", &format!("`{name}"));
    }
    refused("#[rpc(onway = 3, detach)] async fn f(&self);", "knows no `onway`");
    refused("#[rpc(detach, detach)] async fn f(&self);", "given twice");
    refused("#[rpc(name)] async fn f(&self);", "`name = \"…\"`");
    refused("#[rpc(name = 3)] async fn f(&self);", "`name = \"…\"`");
    refused("#[rpc(detach = true)] async fn f(&self);", "without a value");
    refused("#[rpc] async fn f(&self);", "expected `#[rpc(…)]`");
    refused("#[rpc(context)] async fn f(&self);", "belongs to an argument");
    refused("async fn f(&self, #[rpc(oneway)] a: u8);", "expected one of `context`");
    refused(r#"#[rpc(name = "a.b")] async fn f(&self);"#, "cannot contain '.'");
    refused(r#"#[rpc(alias = "")] async fn f(&self);"#, "cannot be empty");
    refused(r#"#[rpc(timeout = "soon")] async fn f(&self);"#, "\"250ms\", \"2s\" or \"1m\"");
    refused("#[cfg_attr(unix, rpc(oneway))] async fn f(&self);", "cannot depend on a `cfg`");
}

#[test]
fn options_of_the_trait_are_known() {
    let trait_options = |attribute| checked(attribute, "trait Test {}".parse().unwrap()).1;
    assert!(trait_options(quote!(naem = "x"))[0].contains("`name = \"…\"`, `rename_all = \"…\"`, `crate = path`"));
    assert!(trait_options(quote!(rename_all = "Pascal"))[0].contains("\"PascalCase\""));
    assert!(trait_options(quote!(crate = "framework"))[0].contains("`crate = framework`"));
    assert!(trait_options(quote!(name = "two words"))[0].contains("' '"));
    assert_eq!(trait_options(quote!(name = "shop.Cart", rename_all = "kebab-case", crate = ::framework)), [""; 0]);
}

#[test]
fn a_method_has_one_context() {
    refused("async fn f(&self, a: &Context, b: &rpc_core::Context);", "takes its context once");
    refused("async fn f(&self, #[rpc(context)] a: Context);", "write `&Context`");
    refused("async fn f(&self, #[serde(default)] a: &Context);", "the context is not sent");
}

#[test]
fn two_methods_cannot_share_a_wire_name() {
    let twice = |one: &str, other: &str| method(&format!("{one} {other}"));
    let messages = twice("async fn a(&self);", r#"#[rpc(name = "a")] async fn b(&self);"#);
    assert_eq!(messages.len(), 2, "one for each place: {messages:#?}");
    assert!(messages[0].contains("here, and again below"));
    assert!(messages[1].contains("taken by the method above"));
    let messages = twice(r#"#[rpc(alias = "b")] async fn a(&self);"#, "async fn b(&self);");
    assert_eq!(messages.len(), 2);
    let opposite = twice("#[cfg(unix)] async fn a(&self);", "#[cfg(not(unix))] async fn a(&self);");
    assert_eq!(opposite, [""; 0]);
    refused(r#"#[rpc(alias = "f")] async fn f(&self);"#, "remove the alias");
}

#[test]
fn the_trait_is_plain() {
    assert!(of("unsafe trait Test {}").1[0].contains("cannot be `unsafe`"));
    assert!(of("auto trait Test {}").1[0].contains("cannot be `auto`"));
    assert!(of("trait Test<'a> {}").1[0].contains("remove `'a`"));
    assert!(of("#[async_trait] trait Test {}").1[0].contains("remove this attribute"));
    assert!(of("trait Test { methods!(); }").1[0].contains("write them out"));
    assert!(of("struct Test;").1[0].contains("of a trait"));
    assert!(of("trait Test<'a> {}").0.is_none(), "a wrong trait has no client");
}

#[test]
fn serde_attributes_that_need_a_type_refuse_a_parameter_of_the_trait() {
    let messages =
        of(r#"trait Test<K> { async fn f(&self, #[serde(with = "x")] a: Vec<K>, #[serde(default)] b: K); }"#).1;
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains("a struct of your own"));
}
