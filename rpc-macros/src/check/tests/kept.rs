//! What a right trait means.

use proc_macro2::TokenStream;
use quote::quote;

use super::checked;
use crate::model::{OuterError, Parameter, Pass, ReplyKind, Service, Shape};
use crate::tokens::tidy;

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
fn the_ends_that_stream_are_the_shape() {
    let service = right(quote! {
        trait Test {
            async fn unary(&self, a: u8) -> u8;
            fn server(&self, a: u8) -> impl Stream<Item = u8>;
            async fn client(&self, a: Streaming<u8>) -> u8;
            async fn both(&self, a: Streaming<u8>) -> Result<impl Stream<Item = u8>, E>;
        }
    });
    let shapes: Vec<_> = service.methods.iter().map(|method| method.shape).collect();
    assert_eq!(shapes, [Shape::Unary, Shape::ServerStream, Shape::ClientStream, Shape::Bidirectional]);
}

#[test]
fn streams_of_the_caller_stand_beside_the_message() {
    let service = right(quote! {
        trait Test {
            async fn f(&self, a: Streaming<u16>, b: u8, cx: &Context, c: rpc_core::Streaming<Vec<u8>>, d: (Streaming<Bytes>));
        }
    });
    let method = &service.methods[0];
    assert_eq!(method.arguments().count(), 1);
    let streams: Vec<_> = method.streams().map(|each| (each.ident.to_string(), tidy(&each.item), each.bytes)).collect();
    let expected = [("a", "u16", false), ("c", "Vec<u8>", true), ("d", "Bytes", true)];
    assert_eq!(streams, expected.map(|(name, item, bytes)| (name.to_owned(), item.to_owned(), bytes)));
}

#[test]
fn a_reply_is_about_each_item_of_a_stream() {
    let service = right(quote! {
        trait Test {
            async fn plain(&self) -> impl Stream<Item = Vec<u8>>;
            fn at_once(&self) -> impl futures::Stream<Item = Result<Bytes, E>> + Unpin;
            async fn outer(&self) -> core::result::Result<impl Send + Stream<Item = u8>, E>;
            async fn alias(&self) -> io::Result<impl Stream<Item = io::Result<u8>>>;
        }
    });
    let reply = |position: usize| &service.methods[position].reply;
    let stream = |position: usize| reply(position).stream.as_ref().unwrap();
    assert!(matches!(reply(0).kind, ReplyKind::Value));
    assert!(reply(0).bytes && stream(0).awaited && stream(0).outer.is_none());
    assert!(matches!(reply(1).kind, ReplyKind::Result { .. }));
    assert!(reply(1).bytes && !stream(1).awaited && stream(1).outer.is_none());
    assert!(matches!(reply(2).kind, ReplyKind::Value));
    assert!(matches!(&stream(2).outer, Some(OuterError::Written(error)) if tidy(error) == "E"));
    assert!(matches!(reply(3).kind, ReplyKind::Alias { .. }));
    assert!(matches!(&stream(3).outer, Some(OuterError::Alias(alias)) if tidy(alias) == "io::Result<()>"));
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
