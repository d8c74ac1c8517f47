//! The skeleton: finds the method, decodes its arguments, calls the implementation.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, parse_quote};

use super::{Scope, arguments, at, probes};
use crate::model::{Carried, Method, ReplyKind, ReplyStream};

pub(super) fn server(scope: &Scope<'_>) -> TokenStream {
    let structure = structure(scope);
    let construction = construction(scope);
    let service = service(scope);
    quote!(#structure #construction #service)
}

/// The trait's parameters behind the implementation's.
fn generics(scope: &Scope<'_>, bounded: bool) -> Generics {
    let implementation = &scope.names.implementation;
    let ident = &scope.service.ident;
    let (_, type_generics, _) = scope.service.generics.split_for_impl();
    let mut generics = scope.service.generics.clone();
    generics.where_clause = None;
    generics.params.insert(
        0,
        if bounded { parse_quote!(#implementation: #ident #type_generics) } else { parse_quote!(#implementation) },
    );
    let conditions = scope.conditions();
    if !conditions.is_empty() {
        generics.make_where_clause().predicates.extend(conditions);
    }
    generics
}

fn structure(scope: &Scope<'_>) -> TokenStream {
    let (core, std, private) = (&scope.roots.core, &scope.roots.std, &scope.roots.private);
    let visibility = &scope.service.visibility;
    let (server, implementation) = (&scope.names.server, &scope.names.implementation);
    let Carried { cfg, lints, .. } = &scope.service.carried;
    let docs = format!(" Serves an implementation of [`{}`].", scope.service.ident);
    let name = server.to_string();
    let generics = generics(scope, false);
    let parameters = &generics.params;
    let (impl_generics, type_generics, clause) = generics.split_for_impl();
    let (marker, marker_clone) = match scope.marker() {
        Some(ty) => (quote!(types: #ty,), quote!(types: #core::marker::PhantomData,)),
        None => Default::default(),
    };
    quote! {
        #(#cfg)* #[doc = #docs] #(#lints)*
        #[allow(dead_code)]
        #visibility struct #server<#parameters> #clause {
            service: #private::Striped<#implementation>,
            name: #std::borrow::Cow<'static, #core::primitive::str>,
            #marker
        }

        #(#cfg)* #(#lints)*
        impl #impl_generics #core::clone::Clone for #server #type_generics #clause {
            fn clone(&self) -> Self {
                Self {
                    service: #core::clone::Clone::clone(&self.service),
                    name: #core::clone::Clone::clone(&self.name),
                    #marker_clone
                }
            }
        }

        #(#cfg)* #(#lints)*
        impl #impl_generics #core::fmt::Debug for #server #type_generics #clause {
            fn fmt(&self, formatter: &mut #core::fmt::Formatter<'_>) -> #core::fmt::Result {
                #core::fmt::Formatter::debug_struct(formatter, #name)
                    .field("name", &self.name)
                    .finish_non_exhaustive()
            }
        }
    }
}

fn construction(scope: &Scope<'_>) -> TokenStream {
    let (core, std, private) = (&scope.roots.core, &scope.roots.std, &scope.roots.private);
    let visibility = &scope.service.visibility;
    let (server, methods, implementation) = (&scope.names.server, &scope.names.methods, &scope.names.implementation);
    let Carried { cfg, lints, .. } = &scope.service.carried;
    let generics = generics(scope, true);
    let (impl_generics, type_generics, clause) = generics.split_for_impl();
    let marker = scope.marker().map(|_| quote!(types: #core::marker::PhantomData,));
    quote! {
        #(#cfg)* #(#lints)*
        #[allow(dead_code, deprecated)]
        impl #impl_generics #server #type_generics #clause {
            /// Serves `service` under the name of the trait.
            #[must_use]
            #visibility fn new(service: #implementation) -> Self {
                Self::from_arc(#std::sync::Arc::new(service))
            }

            /// Serves a service that others hold as well.
            #[must_use]
            #visibility fn from_arc(service: #std::sync::Arc<#implementation>) -> Self {
                let service = #private::Striped::new(service);
                Self { service, name: #std::borrow::Cow::Borrowed(#methods::DESCRIPTOR.name), #marker }
            }

            /// Serves it under another name, so that one trait can be served twice.
            #[must_use]
            #visibility fn named(mut self, name: impl #core::convert::Into<#std::string::String>) -> Self {
                self.name = #std::borrow::Cow::Owned(#core::convert::Into::into(name));
                self
            }
        }
    }
}

fn service(scope: &Scope<'_>) -> TokenStream {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let (server, methods) = (&scope.names.server, &scope.names.methods);
    let Carried { cfg, lints, .. } = &scope.service.carried;
    let arms: TokenStream = scope.service.methods.iter().map(|each| arm(scope, each)).collect();
    let mut generics = generics(scope, true);
    let servable = scope.servable();
    if !servable.is_empty() {
        generics.make_where_clause().predicates.extend(servable);
    }
    let (impl_generics, type_generics, clause) = generics.split_for_impl();
    quote! {
        #(#cfg)* #(#lints)*
        #[allow(deprecated)]
        impl #impl_generics #private::Service for #server #type_generics #clause {
            fn name(&self) -> &#core::primitive::str {
                &self.name
            }

            fn descriptor(&self) -> &'static #private::ServiceDescriptor {
                #methods::DESCRIPTOR
            }

            fn call(&self, __request: #private::Request<'_>) -> #private::Handler {
                match __request.ordinal() {
                    #arms
                    _ => __request.unknown_method(),
                }
            }
        }
    }
}

/// What happens when one method is called.
fn arm(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let ordinal = method.ordinal;
    let cfg = &method.carried.cfg;
    let decoded = decoded(scope, method);
    let context = method.takes_context().then(|| quote!(let __context = __request.context();));
    let streams: TokenStream = (1_u16..)
        .zip(method.streams())
        .map(|(index, stream)| {
            let (ident, taken) = (arguments::incoming(index), probes::taken(scope, stream, index));
            quote!(let #ident = #taken;)
        })
        .collect();
    let handler = handler(scope, method);
    quote! {
        #(#cfg)*
        #ordinal => {
            #decoded
            let __service = self.service.hold();
            #context
            #streams
            #handler
        }
    }
}

/// Reads the arguments, or answers with the refusal.
fn decoded(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let core = &scope.roots.core;
    if method.arguments().next().is_none() {
        return quote! {
            if let #core::result::Result::Err(__refusal) = __request.no_arguments() {
                return __refusal;
            }
        };
    }
    let (definition, ty) = arguments::received(scope, method);
    // A type that cannot be decoded is reported where it was written; where there are several, at the first.
    let place = method.arguments().next().map_or_else(|| at(&method.ident), |argument| at(&argument.written));
    let decode = quote_spanned!(place=> __request.arguments());
    quote! {
        #definition
        let __arguments: #ty = match #decode {
            #core::result::Result::Ok(__arguments) => __arguments,
            #core::result::Result::Err(__refusal) => return __refusal,
        };
    }
}

/// The future that answers.
fn handler(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let implementation = &scope.names.implementation;
    let (ident, service) = (&method.ident, &scope.service.ident);
    let (_, type_generics, _) = scope.service.generics.split_for_impl();
    let passed = arguments::passed(method);
    let call = quote! {
        <#implementation as #service #type_generics>::#ident(&*__service, #(#passed),*)
    };
    if let Some(stream) = &method.reply.stream {
        return streaming(scope, method, stream, call);
    }
    let call = quote!(#call.await);
    if method.oneway {
        return quote!(__request.oneway(async move { #call }));
    }

    let (answer, failure) = (probes::answer(scope, method), probes::failure(scope, method));
    let convert = match &answer {
        _ if method.reply.bytes => Some(quote!(#private::AsBytes)),
        Some(answer) => Some(answer.name.to_token_stream()),
        None => None,
    };
    let reply = match (&method.reply.kind, convert) {
        (ReplyKind::Value, Some(convert)) => quote!(__request.reply(async move { #convert(#call) })),
        (ReplyKind::Value, None) => quote!(__request.reply(async move { #call })),
        (_, convert) => {
            let mut answered = call;
            if let Some(convert) = convert {
                answered = quote!(#core::result::Result::map(#answered, #convert));
            }
            if let Some(failure) = &failure {
                let name = &failure.name;
                answered = quote!(#core::result::Result::map_err(#answered, #name));
            }
            quote!(__request.reply_result(async move { #answered }))
        }
    };
    let definitions = answer.into_iter().chain(failure).map(|probe| probe.definition);
    quote!(#(#definitions)* #reply)
}

/// The future that answers with a stream.
fn streaming(scope: &Scope<'_>, method: &Method, stream: &ReplyStream, call: TokenStream) -> TokenStream {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let (answer, failure) = (probes::answer(scope, method), probes::failure(scope, method));
    let unchanged = || quote!(#core::convert::identity);
    let convert = match &answer {
        _ if method.reply.bytes => quote!(#private::AsBytes),
        Some(answer) => answer.name.to_token_stream(),
        None => unchanged(),
    };
    let fail = failure.as_ref().map(|failure| &failure.name);
    let send = match &method.reply.kind {
        ReplyKind::Value => quote!(__sink.all(__stream, #convert).await),
        ReplyKind::Result { .. } | ReplyKind::Alias { .. } => {
            let fail = fail.map_or_else(unchanged, ToTokens::to_token_stream);
            quote!(__sink.all_results(__stream, #convert, #fail).await)
        }
    };
    let call = if stream.awaited { quote!(#call.await) } else { call };
    let answered = match &stream.outer {
        None => quote! {
            let __stream = #call;
            #send
        },
        Some(_) => {
            let error = fail.map_or_else(|| quote!(__error), |fail| quote!(#fail(__error)));
            quote! {
                match #call {
                    #core::result::Result::Ok(__stream) => #send,
                    #core::result::Result::Err(__error) => __sink.fail(#error),
                }
            }
        }
    };
    let definitions = answer.into_iter().chain(failure).map(|probe| probe.definition);
    quote! {
        #(#definitions)*
        __request.stream(move |__sink| async move { #answered })
    }
}
