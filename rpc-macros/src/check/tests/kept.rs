//! What a right trait means.

use proc_macro2::TokenStream;
use quote::quote;

use super::checked;
use crate::model::{Parameter, Pass, ReplyKind, Service, Shape};

fn right(item: TokenStream) -> Service {
    let (service, messages) = checked(TokenStream::new(), item);
    assert_eq!(messages, [""; 0]);
    service.unwrap()
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
fn groups_that_macros_leave_are_seen_through() {
    let text: syn::Type = syn::parse_quote!(&str);
    let grouped = proc_macro2::TokenTree::Group(proc_macro2::Group::new(
        proc_macro2::Delimiter::None,
        quote::ToTokens::to_token_stream(&text),
    ));
    let service = right(quote!(trait Test { async fn f(&self, a: #grouped); }));
    assert!(matches!(service.methods[0].arguments().next().unwrap().pass, Pass::Text));
}
