//! The user's trait, with `async fn` written out so that its futures are `Send`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{ItemTrait, ReturnType, TraitItem, TraitItemFn, Type, TypeParamBound, parse_quote};

use super::Roots;

pub(super) fn contract(item: &ItemTrait, roots: &Roots) -> TokenStream {
    let mut item = item.clone();
    let core = &roots.core;
    let wanted: [(&str, TypeParamBound); 3] = [
        ("Send", parse_quote!(#core::marker::Send)),
        ("Sync", parse_quote!(#core::marker::Sync)),
        ("static", parse_quote!('static)),
    ];
    for (name, bound) in wanted {
        if !item.supertraits.iter().any(|present| is(present, name)) {
            item.supertraits.push(bound);
        }
    }
    if item.colon_token.is_none() {
        item.colon_token = Some(syn::token::Colon::default());
    }
    for member in &mut item.items {
        if let TraitItem::Fn(method) = member
            && method.sig.asyncness.is_some()
        {
            written_out(method, roots);
        }
    }
    item.into_token_stream()
}

/// `async fn f() -> T` as `fn f() -> impl Future<Output = T> + Send`.
fn written_out(method: &mut TraitItemFn, roots: &Roots) {
    let core = &roots.core;
    method.sig.asyncness = None;
    let output: Type = match &method.sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => (**output).clone(),
    };
    method.sig.output = parse_quote!(-> impl #core::future::Future<Output = #output> + #core::marker::Send);
    if let Some(body) = &method.default {
        let body = quote!({ async move #body });
        method.default = syn::parse2(body).ok();
    }
}

fn is(bound: &TypeParamBound, name: &str) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|segment| segment.ident == name),
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == name,
        _ => false,
    }
}
