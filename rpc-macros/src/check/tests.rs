//! Every mistake has its message, and what is right keeps its meaning.

use proc_macro2::TokenStream;
use quote::quote;

use super::service;
use crate::errors::Errors;
use crate::model::{Parameter, Pass, ReplyKind, Service, Shape};
use crate::parse;

fn checked(attribute: TokenStream, item: TokenStream) -> (Option<Service>, Vec<String>) {
    let mut errors = Errors::default();
    let service = match parse::service(attribute, item, &mut errors) {
        Ok(raw) => service(&raw, &mut errors),
        Err(_) => None,
    };
    let messages = errors.into_vec().iter().map(ToString::to_string).collect();
    (service, messages)
}

fn right(item: TokenStream) -> Service {
    let (service, messages) = checked(TokenStream::new(), item);
    assert_eq!(messages, [""; 0]);
    service.unwrap()
}

/// The messages about a trait with this one method.
fn method(method: TokenStream) -> Vec<String> {
    checked(TokenStream::new(), quote!(trait Test { #method })).1
}

#[track_caller]
fn refused(tokens: TokenStream, part: &str) {
    let messages = method(tokens);
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains(part), "{:?} does not say {part:?}", messages[0]);
}

#[test]
fn only_async_methods_with_a_shared_receiver_are_remote() {
    refused(
        quote!(
            fn f(&self);
        ),
        "write `async fn f`",
    );
    refused(
        quote!(
            async fn f();
        ),
        "write `async fn f(&self, …)`",
    );
    refused(
        quote!(
            async fn f(self);
        ),
        "take `&self`",
    );
    refused(
        quote!(
            async fn f(&mut self);
        ),
        "behind a lock",
    );
    refused(
        quote!(
            async fn f(self: Arc<Self>);
        ),
        "take `&self`",
    );
    refused(
        quote!(
            async fn f(self: &Self);
        ),
        "take `&self`",
    );
    refused(
        quote!(
            async fn f(&'static self);
        ),
        "write `&self`",
    );
    refused(
        quote!(
            async unsafe fn f(&self);
        ),
        "cannot be `unsafe`",
    );
    refused(
        quote!(
            async extern "C" fn f(&self);
        ),
        "calling convention",
    );
    refused(
        quote!(
            const fn f(&self);
        ),
        "cannot be `const`",
    );
}

#[test]
fn methods_have_no_parameters_of_their_own() {
    refused(
        quote!(
            async fn f<T>(&self, a: T);
        ),
        "move `T` to the trait",
    );
    refused(
        quote!(
            async fn f<const N: usize>(&self);
        ),
        "move `N` to the trait",
    );
    refused(
        quote!(
            async fn f<'a>(&self);
        ),
        "remove `'a`",
    );
    refused(
        quote!(
            async fn f(&self)
            where
                Self: Sized;
        ),
        "move them to the trait",
    );
}

#[test]
fn arguments_are_named_and_can_be_owned() {
    refused(
        quote!(
            async fn f(&self, (a, b): (u8, u8));
        ),
        "sent under its name",
    );
    refused(
        quote!(
            async fn f(&self, _: u8);
        ),
        "sent under its name",
    );
    refused(
        quote!(
            async fn f(&self, a: impl Clone);
        ),
        "name it instead of `impl …`",
    );
    refused(
        quote!(
            async fn f(&self, a: &impl Clone);
        ),
        "name it instead of `impl …`",
    );
    refused(
        quote!(
            async fn f(&self, a: &mut u8);
        ),
        "return the changed one",
    );
    refused(
        quote!(
            async fn f(&self, a: &'static str);
        ),
        "leave out the lifetime",
    );
    refused(
        quote!(
            async fn f(&self, a: &[&str]);
        ),
        "`Vec<String>`",
    );
    refused(
        quote!(
            async fn f(&self, a: &&str);
        ),
        "cannot hold references",
    );
    refused(
        quote!(
            async fn f(&self, a: Option<&u8>);
        ),
        "cannot hold references",
    );
    refused(
        quote!(
            async fn f(&self, a: Cow<'_, str>);
        ),
        "take an owned type",
    );
    refused(
        quote!(
            async fn f(&self, a: &dyn Any);
        ),
        "a trait object",
    );
    refused(
        quote!(
            async fn f(&self, a: Self::Key);
        ),
        "make it a parameter of the trait",
    );
    refused(
        quote!(
            async fn f(&self, #[cfg(unix)] a: u8);
        ),
        "put it on the whole method",
    );
    refused(
        quote!(
            async fn f(&self, #[serde(borrow)] a: u8);
        ),
        "remove `borrow`",
    );
}

#[test]
fn answers_can_be_owned() {
    refused(
        quote!(
            async fn f(&self) -> &str;
        ),
        "return an owned type",
    );
    refused(
        quote!(
            async fn f(&self) -> Cow<'_, str>;
        ),
        "return an owned type",
    );
    refused(
        quote!(
            async fn f(&self) -> Result<&'static str, E>;
        ),
        "return an owned type",
    );
    refused(
        quote!(
            async fn f(&self) -> impl Clone;
        ),
        "name the type",
    );
    refused(
        quote!(
            async fn f(&self) -> Self::Key;
        ),
        "make it a parameter of the trait",
    );
}

#[test]
fn streams_have_a_shape_but_no_support_yet() {
    refused(
        quote!(
            async fn f(&self) -> impl Stream<Item = u8>;
        ),
        "streams are not supported yet",
    );
    refused(
        quote!(
            async fn f(&self) -> Result<impl Stream<Item = u8>, E>;
        ),
        "streams are not supported yet",
    );
    refused(
        quote!(
            async fn f(&self, a: rpc_core::Streaming<u8>);
        ),
        "streams are not supported yet",
    );
}

#[test]
fn a_one_way_method_promises_no_answer() {
    refused(
        quote!(
            #[rpc(oneway)]
            async fn f(&self) -> u8;
        ),
        "returns nothing",
    );
    refused(
        quote!(
            #[rpc(oneway)]
            async fn f(&self) -> Result<(), E>;
        ),
        "returns nothing",
    );
    refused(
        quote!(
            #[rpc(oneway, idempotent)]
            async fn f(&self);
        ),
        "remove `idempotent` or `oneway`",
    );
    assert_eq!(
        method(quote!(
            #[rpc(oneway)]
            async fn f(&self) -> ();
        )),
        [""; 0]
    );
}

#[test]
fn a_skipped_method_has_a_body_and_no_other_option() {
    refused(
        quote!(
            #[rpc(skip)]
            fn f(&self);
        ),
        "needs a body here",
    );
    refused(
        quote!(
            #[rpc(skip, name = "g")]
            fn f(&self) {}
        ),
        "remove this, or `skip`",
    );
    refused(
        quote!(
            #[rpc(skip)]
            fn f(&self, #[rpc(context)] a: &C) {}
        ),
        "no context to give",
    );
    assert_eq!(
        method(quote!(
            #[rpc(skip)]
            unsafe fn f<T>(self, (a, b): (T, &mut T)) -> &'static T {}
        )),
        [""; 0]
    );
}

#[test]
fn attributes_are_known_and_given_once() {
    let all = ["oneway", "idempotent", "detach", "skip", "name", "alias", "timeout"];
    for name in all {
        refused(
            quote!(
                #[rpc(onway)]
                async fn f(&self);
            ),
            &format!("`{name}"),
        );
    }
    refused(
        quote!(
            #[rpc(onway = 3, detach)]
            async fn f(&self);
        ),
        "knows no `onway`",
    );
    refused(
        quote!(
            #[rpc(detach, detach)]
            async fn f(&self);
        ),
        "given twice",
    );
    refused(
        quote!(
            #[rpc(name)]
            async fn f(&self);
        ),
        "`name = \"…\"`",
    );
    refused(
        quote!(
            #[rpc(name = 3)]
            async fn f(&self);
        ),
        "`name = \"…\"`",
    );
    refused(
        quote!(
            #[rpc]
            async fn f(&self);
        ),
        "expected `#[rpc(…)]`",
    );
    refused(
        quote!(
            #[rpc(context)]
            async fn f(&self);
        ),
        "belongs to an argument",
    );
    refused(
        quote!(
            async fn f(&self, #[rpc(oneway)] a: u8);
        ),
        "expected one of `context`",
    );
    refused(
        quote!(
            #[rpc(name = "a.b")]
            async fn f(&self);
        ),
        "cannot contain '.'",
    );
    refused(
        quote!(
            #[rpc(alias = "")]
            async fn f(&self);
        ),
        "cannot be empty",
    );
    refused(
        quote!(
            #[rpc(timeout = "soon")]
            async fn f(&self);
        ),
        "\"250ms\", \"2s\" or \"1m\"",
    );
    refused(
        quote!(
            #[cfg_attr(unix, rpc(oneway))]
            async fn f(&self);
        ),
        "cannot depend on a `cfg`",
    );
}

#[test]
fn options_of_the_trait_are_known() {
    let trait_options = |attribute| {
        checked(
            attribute,
            quote!(
                trait Test {}
            ),
        )
        .1
    };
    assert!(trait_options(quote!(naem = "x"))[0].contains("`name = \"…\"`, `rename_all = \"…\"`, `crate = path`"));
    assert!(trait_options(quote!(rename_all = "Pascal"))[0].contains("\"PascalCase\""));
    assert!(trait_options(quote!(crate = "framework"))[0].contains("`crate = framework`"));
    assert!(trait_options(quote!(name = "two words"))[0].contains("' '"));
    assert_eq!(trait_options(quote!(name = "shop.Cart", rename_all = "kebab-case", crate = ::framework)), [""; 0]);
}

#[test]
fn a_method_has_one_context() {
    refused(
        quote!(
            async fn f(&self, a: &Context, b: &rpc_core::Context);
        ),
        "takes its context once",
    );
    refused(
        quote!(
            async fn f(&self, #[rpc(context)] a: Context);
        ),
        "write `&Context`",
    );
    refused(
        quote!(
            async fn f(&self, #[serde(default)] a: &Context);
        ),
        "the context is not sent",
    );
}

#[test]
fn two_methods_cannot_share_a_wire_name() {
    let twice = |one: TokenStream, other: TokenStream| method(quote!(#one #other));
    let messages = twice(
        quote!(
            async fn a(&self);
        ),
        quote!(
            #[rpc(name = "a")]
            async fn b(&self);
        ),
    );
    assert_eq!(messages.len(), 2, "one for each place: {messages:#?}");
    assert!(messages[0].contains("here, and again below"));
    assert!(messages[1].contains("taken by the method above"));
    let messages = twice(
        quote!(
            #[rpc(alias = "b")]
            async fn a(&self);
        ),
        quote!(
            async fn b(&self);
        ),
    );
    assert_eq!(messages.len(), 2);
    let opposite = twice(
        quote!(
            #[cfg(unix)]
            async fn a(&self);
        ),
        quote!(
            #[cfg(not(unix))]
            async fn a(&self);
        ),
    );
    assert_eq!(opposite, [""; 0]);
    refused(
        quote!(
            #[rpc(alias = "f")]
            async fn f(&self);
        ),
        "remove the alias",
    );
}

#[test]
fn the_trait_is_plain() {
    let of = |item| checked(TokenStream::new(), item);
    assert!(
        of(quote!(
            unsafe trait Test {}
        ))
        .1[0]
            .contains("cannot be `unsafe`")
    );
    assert!(of(quote!(auto trait Test {})).1[0].contains("cannot be `auto`"));
    assert!(
        of(quote!(
            trait Test<'a> {}
        ))
        .1[0]
            .contains("remove `'a`")
    );
    assert!(
        of(quote!(
            #[async_trait]
            trait Test {}
        ))
        .1[0]
            .contains("remove this attribute")
    );
    assert!(
        of(quote!(
            trait Test {
                methods!();
            }
        ))
        .1[0]
            .contains("write them out")
    );
    assert!(
        of(quote!(
            struct Test;
        ))
        .1[0]
            .contains("of a trait")
    );
    assert!(
        of(quote!(
            trait Test<'a> {}
        ))
        .0
        .is_none(),
        "a wrong trait has no client"
    );
}

#[test]
fn every_mistake_is_reported_and_the_right_methods_remain() {
    let (service, messages) = checked(
        TokenStream::new(),
        quote! {
            trait Test {
                fn a(&mut self, (b, c): (u8, u8));
                async fn right(&self);
                async fn d<T>(self) -> &str;
            }
        },
    );
    assert_eq!(messages.len(), 6, "{messages:#?}");
    let service = service.unwrap();
    assert_eq!(service.methods.len(), 1);
    assert_eq!(service.methods[0].ordinal, 1, "a wrong method keeps its place");
}

#[test]
fn arguments_keep_how_they_are_passed() {
    let service = right(quote! {
        trait Test {
            async fn f(&self, a: u8, b: &str, cx: &Context, c: &[u16], d: &T, e: Option<&str>, g: &[u8],
                h: Vec<u8>, i: bytes::Bytes, #[serde(with = "x")] j: Vec<u8>, #[serde(default)] k: Vec<u8>);
        }
    });
    let method = &service.methods[0];
    assert!(matches!(method.parameters[2], Parameter::Context));
    let arguments: Vec<_> = method.arguments().collect();
    assert!(matches!(arguments[0].pass, Pass::Value));
    assert!(matches!(arguments[1].pass, Pass::Text));
    assert!(matches!(arguments[2].pass, Pass::Slice(_)));
    assert!(matches!(arguments[3].pass, Pass::Reference(_)));
    assert!(matches!(arguments[4].pass, Pass::OptionalText));
    let bytes: Vec<bool> = arguments.iter().map(|argument| argument.bytes).collect();
    assert_eq!(bytes, [false, false, false, false, false, true, true, true, false, true]);
    let spelt: Vec<bool> = arguments.iter().map(|argument| argument.spelt).collect();
    assert_eq!(spelt, [false, false, false, false, false, false, false, false, true, false]);
    assert_eq!(method.shape, Shape::Unary);
}

#[test]
fn a_result_is_known_by_its_last_name() {
    let service = right(quote! {
        trait Test {
            async fn plain(&self) -> u8;
            async fn both(&self) -> core::result::Result<Vec<u8>, E>;
            async fn alias(&self) -> io::Result<u8>;
        }
    });
    let reply = |position: usize| &service.methods[position].reply;
    assert!(matches!(reply(0).kind, ReplyKind::Value));
    assert!(matches!(reply(1).kind, ReplyKind::Result { .. }));
    assert!(reply(1).bytes);
    assert!(matches!(reply(2).kind, ReplyKind::Alias { .. }));
}

#[test]
fn names_follow_the_options() {
    let (service, _) = checked(
        quote!(rename_all = "PascalCase"),
        quote! {
            trait r#Test {
                async fn get_it(&self);
                #[rpc(skip)] fn local(&self) {}
                async fn r#type(&self);
                #[rpc(name = "own", alias = "old", timeout = "2s")] async fn own_name(&self);
            }
        },
    );
    let service = service.unwrap();
    assert_eq!(service.name, "Test");
    let names: Vec<_> = service.methods.iter().map(|method| (method.ordinal, method.name.as_str())).collect();
    assert_eq!(names, [(0, "GetIt"), (1, "Type"), (2, "own")]);
    assert_eq!(service.methods[2].timeout, Some(2_000));
    assert_eq!(service.methods[2].aliases[0].value(), "old");
}

#[test]
fn serde_attributes_that_need_a_type_refuse_a_parameter_of_the_trait() {
    let messages = checked(
        TokenStream::new(),
        quote!(
            trait Test<K> {
                async fn f(&self, #[serde(with = "x")] a: Vec<K>, #[serde(default)] b: K);
            }
        ),
    )
    .1;
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains("a struct of your own"));
}

#[test]
fn groups_that_macros_leave_are_seen_through() {
    let text: syn::Type = syn::parse_quote!(&str);
    let grouped = proc_macro2::TokenTree::Group(proc_macro2::Group::new(
        proc_macro2::Delimiter::None,
        quote::ToTokens::to_token_stream(&text),
    ));
    let service = right(quote!(trait Test { async fn f(&self, a: #grouped); }));
    assert!(matches!(service.methods[0].arguments().next().unwrap().pass, Pass::Text));
}
