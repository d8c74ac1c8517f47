//! The message of a method: one struct in declaration order, written out where it is used.
//!
//! Each field's type is a parameter of the struct, so that the trait's own parameters never appear in it.
//! The client fills it with what the caller gave, the server with what it decoded.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, parse_quote};

use super::{Scope, probes};
use crate::model::{Argument, Method, Parameter, Pass};

/// The struct for the client, and the two arguments of the call: what is lent, and the struct.
pub(super) fn sent(scope: &Scope<'_>, method: &Method) -> (TokenStream, TokenStream) {
    let private = &scope.roots.private;
    let mut fields = TokenStream::new();
    let mut parameters = Vec::new();
    let mut values = TokenStream::new();
    let mut probes = TokenStream::new();
    let mut borrows = false;
    let mut lends = false;
    for (position, argument) in method.arguments().enumerate() {
        let ident = &argument.ident;
        let attributes = attributes(argument);
        let ty = if argument.spelt {
            borrows |= !matches!(argument.pass, Pass::Value);
            lent(scope, argument)
        } else {
            let parameter = format_ident!("__A{position}");
            parameters.push(parameter.clone());
            quote!(#parameter)
        };
        fields.extend(quote!(#(#attributes)* #ident: #ty,));
        values.extend(match probes::argument(scope, argument, position) {
            Some(probe) => {
                probes.extend(probe.definition);
                let name = probe.name;
                quote!(#ident: #name(#ident),)
            }
            None if as_bytes(argument) => {
                lends = true;
                quote!(#ident: #private::AsBytes(#private::Given(#ident).lend(&mut __lent)),)
            }
            None => quote!(#ident,),
        });
    }
    let lifetime = borrows.then(|| quote!('__lent,));
    let definition = quote! {
        use #private as __rpc;
        #[derive(__rpc::serde::Serialize)]
        #[serde(crate = "__rpc::serde")]
        struct __Arguments<#lifetime #(#parameters),*> { #fields }
        #probes
    };
    if !lends {
        return (definition, quote!(#private::Lent::nothing(), &__Arguments { #values }));
    }
    let fill = quote! {
        #[allow(unused_imports)]
        use __rpc::NotLent as _;
        let mut __lent = #private::Lent::nothing();
        let __arguments = __Arguments { #values };
    };
    (quote!(#definition #fill), quote!(__lent, &__arguments))
}

/// The struct for the server, and the type to decode.
pub(super) fn received(scope: &Scope<'_>, method: &Method) -> (TokenStream, TokenStream) {
    let private = &scope.roots.private;
    let mut fields = TokenStream::new();
    let mut parameters = Vec::new();
    let mut types = Vec::new();
    let mut bounds = Vec::new();
    for (position, argument) in method.arguments().enumerate() {
        let ident = &argument.ident;
        let attributes = attributes(argument);
        let owned = owned(scope, argument);
        let ty = if argument.spelt {
            owned
        } else {
            let parameter = format_ident!("__A{position}");
            types.push(if as_bytes(argument) { quote!(#private::AsBytes<#owned>) } else { owned });
            parameters.push(parameter.clone());
            let default = if argument.defaults { " + __rpc::default::Default" } else { "" };
            bounds.push(format!("{parameter}: __rpc::Message{default}"));
            quote!(#parameter)
        };
        fields.extend(quote!(#(#attributes)* #ident: #ty,));
    }
    // The bounds are those of serde's derive, in words that say what to do when one does not hold.
    let bounds = bounds.join(", ");
    let bound = (!bounds.is_empty()).then(|| quote!(, bound(deserialize = #bounds)));
    let expecting = format!("the arguments of {}.{}", scope.service.name, method.name);
    let definition = quote! {
        use #private as __rpc;
        #[derive(__rpc::serde::Deserialize)]
        #[serde(crate = "__rpc::serde", expecting = #expecting #bound)]
        struct __Arguments<#(#parameters),*> { #fields }
    };
    (definition, quote!(__Arguments<#(#types),*>))
}

/// What the handler's method is called with, in the order of the source.
pub(super) fn passed(method: &Method) -> Vec<TokenStream> {
    let mut streams = 0_u16;
    let parameters = method.parameters.iter().map(|parameter| match parameter {
        Parameter::Context => quote!(&__context),
        Parameter::Stream(_) => {
            streams += 1;
            incoming(streams).into_token_stream()
        }
        Parameter::Argument(argument) => {
            let ident = &argument.ident;
            let bytes = as_bytes(argument).then(|| quote!(.0));
            match argument.pass {
                Pass::Value => quote!(__arguments.#ident #bytes),
                Pass::Reference(_) | Pass::Slice(_) | Pass::Text => quote!(&__arguments.#ident #bytes),
                Pass::OptionalText => quote!(__arguments.#ident.as_deref()),
            }
        }
    });
    parameters.collect()
}

/// The skeleton's name for a stream that the caller sends; they are counted from 1.
pub(super) fn incoming(index: u16) -> Ident {
    format_ident!("__stream_{index}")
}

/// Bytes whose field is a parameter are wrapped; where the type is spelt out, the field's attribute does it.
fn as_bytes(argument: &Argument) -> bool {
    argument.bytes && !argument.spelt
}

fn attributes(argument: &Argument) -> Vec<Attribute> {
    let mut attributes = argument.attributes.clone();
    if argument.bytes && argument.spelt {
        attributes.push(parse_quote!(#[serde(with = "__rpc::bytes")]));
    }
    attributes
}

/// The type the server owns.
fn owned(scope: &Scope<'_>, argument: &Argument) -> TokenStream {
    let (core, std) = (&scope.roots.core, &scope.roots.std);
    match &argument.pass {
        Pass::Value => {
            let ty = &argument.written;
            quote!(#ty)
        }
        Pass::Reference(ty) => quote!(#ty),
        Pass::Slice(item) => quote!(#std::vec::Vec<#item>),
        Pass::Text => quote!(#std::string::String),
        Pass::OptionalText => quote!(#core::option::Option<#std::string::String>),
    }
}

/// The type the client lends, with its lifetime named.
fn lent(scope: &Scope<'_>, argument: &Argument) -> TokenStream {
    let core = &scope.roots.core;
    match &argument.pass {
        Pass::Value => {
            let ty = &argument.written;
            quote!(#ty)
        }
        Pass::Reference(ty) => quote!(&'__lent #ty),
        Pass::Slice(item) => quote!(&'__lent [#item]),
        Pass::Text => quote!(&'__lent #core::primitive::str),
        Pass::OptionalText => quote!(#core::option::Option<&'__lent #core::primitive::str>),
    }
}
