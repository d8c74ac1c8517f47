//! What is known of the service while it is compiled, as constants.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::LitStr;

use super::{Scope, probes};
use crate::model::{Carried, Method, OuterError, ReplyKind, Shape};
use crate::names;
use crate::tokens;

pub(super) fn descriptor(scope: &Scope<'_>) -> TokenStream {
    let private = &scope.roots.private;
    let methods = &scope.names.methods;
    let name = &scope.service.name;
    let cfg = &scope.service.carried.cfg;
    let docs = docs(scope, &scope.service.carried);
    let constants: TokenStream = scope.service.methods.iter().map(|each| constant(scope, each)).collect();
    let functions = probes::functions(scope);
    let elements = scope.service.methods.iter().map(|method| {
        let cfg = &method.carried.cfg;
        let constant = format_ident!("METHOD_{}", method.ordinal);
        quote!(#(#cfg)* Self::#constant)
    });
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #[allow(dead_code)]
        enum #methods {}

        #(#cfg)*
        #[allow(dead_code)]
        impl #methods {
            #constants
            #functions

            const DESCRIPTOR: &'static #private::ServiceDescriptor = &#private::ServiceDescriptor {
                name: #name,
                docs: #docs,
                methods: &[#(#elements),*],
            };
        }

        #(#cfg)*
        const _: () = #private::assert_distinct(#methods::DESCRIPTOR);
    }
}

fn constant(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let constant = format_ident!("METHOD_{}", method.ordinal);
    let Method { ordinal, name, aliases, oneway, idempotent, once, detach, .. } = method;
    let Carried { cfg, deprecated, .. } = &method.carried;
    let service = &scope.service.name;
    let arguments = method.arguments().map(|argument| {
        let name = names::plain(&argument.ident);
        let type_name = tokens::tidy(&argument.written);
        quote!(#private::ArgumentDescriptor { name: #name, type_name: #type_name })
    });
    let streams = method.streams().map(|stream| {
        let name = names::plain(&stream.ident);
        let type_name = tokens::tidy(&stream.item);
        quote!(#private::ArgumentDescriptor { name: #name, type_name: #type_name })
    });
    let (reply, error) = written(method);
    let error = match error {
        Some(error) => quote!(#core::option::Option::Some(#error)),
        None => quote!(#core::option::Option::None),
    };
    let timeout = match method.timeout {
        Some(timeout) => quote!(#core::option::Option::Some(#core::time::Duration::from_millis(#timeout))),
        None => quote!(#core::option::Option::None),
    };
    let docs = docs(scope, &method.carried);
    let shape = match method.shape {
        Shape::Unary => quote!(Unary),
        Shape::ServerStream => quote!(ServerStream),
        Shape::ClientStream => quote!(ClientStream),
        Shape::Bidirectional => quote!(Bidirectional),
    };
    quote! {
        #(#cfg)*
        const #constant: &'static #private::MethodDescriptor = &#private::MethodDescriptor {
            ordinal: #ordinal,
            service: #service,
            service_id: #private::identifier(#service),
            name: #name,
            id: #private::identifier(#name),
            aliases: &[#(#aliases),*],
            arguments: &[#(#arguments),*],
            streams: &[#(#streams),*],
            reply: #reply,
            error: #error,
            docs: #docs,
            oneway: #oneway,
            idempotent: #idempotent,
            once: #once,
            detach: #detach,
            deprecated: #deprecated,
            timeout: #timeout,
            shape: #private::Shape::#shape,
        };
    }
}

/// The types of the answer as they were written.
fn written(method: &Method) -> (String, Option<String>) {
    let whole = tokens::tidy(&method.reply.written);
    match &method.reply.kind {
        ReplyKind::Value => (whole, method.outer_error().map(outer)),
        ReplyKind::Result { value, error } => (tokens::tidy(value), Some(tokens::tidy(error))),
        ReplyKind::Alias { value } => {
            let value = value.as_ref().map_or_else(|| whole.clone(), tokens::tidy);
            (value, Some(format!("the error of {whole}")))
        }
    }
}

/// The error of the `Result` around a stream as it was written.
fn outer(error: &OuterError) -> String {
    match error {
        OuterError::Written(error) => tokens::tidy(error),
        OuterError::Alias(alias) => format!("the error of {}", tokens::tidy(alias)),
    }
}

/// The documentation as one text; `concat!` only where a line is an expression itself.
fn docs(scope: &Scope<'_>, carried: &Carried) -> TokenStream {
    let lines = &carried.docs;
    let texts: Result<Vec<String>, _> =
        lines.iter().map(|line| syn::parse2::<LitStr>(line.clone()).map(|text| text.value())).collect();
    if let Ok(texts) = texts {
        let text = texts.join("\n");
        return quote!(#text);
    }
    let core = &scope.roots.core;
    quote!(#core::concat!(#(#lines, "\n"),*))
}
