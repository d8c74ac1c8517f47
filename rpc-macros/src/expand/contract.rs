//! The user's trait, with `async fn` written out so that its futures are `Send`, and its streams as well.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    GenericArgument, PathArguments, ReturnType, TraitItem, TraitItemFn, Type, TypeImplTrait, TypeParamBound,
    parse_quote,
};

use super::Roots;
use crate::parse::RawService;
use crate::streams;

pub(super) fn contract(raw: &RawService, roots: &Roots) -> TokenStream {
    let mut item = raw.item.clone();
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
    let methods = item.items.iter_mut().filter_map(|member| match member {
        TraitItem::Fn(method) => Some(method),
        _ => None,
    });
    for (method, raw) in methods.zip(&raw.methods) {
        if let ReturnType::Type(_, output) = &mut method.sig.output
            && raw.options.skip.is_none()
        {
            streams_are_send(output, roots);
        }
        if method.sig.asyncness.is_some() {
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

/// `impl Stream<…>`, also in a `Result`, as `impl Stream<…> + Send`.
fn streams_are_send(output: &mut Type, roots: &Roots) {
    let core = &roots.core;
    match output {
        Type::Group(group) => streams_are_send(&mut group.elem, roots),
        Type::Paren(paren) => streams_are_send(&mut paren.elem, roots),
        Type::ImplTrait(opaque) if lacks_send(opaque) => opaque.bounds.push(parse_quote!(#core::marker::Send)),
        Type::Path(path) => {
            if let Some(segment) = path.path.segments.last_mut()
                && segment.ident == "Result"
                && let PathArguments::AngleBracketed(arguments) = &mut segment.arguments
            {
                for argument in &mut arguments.args {
                    if let GenericArgument::Type(ty) = argument {
                        streams_are_send(ty, roots);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether it is a stream that does not say so itself.
fn lacks_send(opaque: &TypeImplTrait) -> bool {
    streams::bound(&opaque.bounds).is_some() && !opaque.bounds.iter().any(|bound| is(bound, "Send"))
}

fn is(bound: &TypeParamBound, name: &str) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|segment| segment.ident == name),
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == name,
        _ => false,
    }
}
