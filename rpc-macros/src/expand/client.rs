//! The stub: a method for each method of the trait, which encodes its arguments and gives a call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::{Names, Scope, arguments, at, is_plain, probes};
use crate::model::{Carried, Method, Parameter, ReplyKind, StreamArgument};
use crate::names;

pub(super) fn client(scope: &Scope<'_>) -> TokenStream {
    let methods: TokenStream = scope.service.methods.iter().map(|each| method(scope, each)).collect();
    let structure = structure(scope);
    let constructors = constructors(scope);
    let Block { cfg, lints, impl_generics, this, clause } = &block(scope);
    quote! {
        #structure

        #(#cfg)* #(#lints)*
        #[allow(dead_code, deprecated)]
        impl #impl_generics #this #clause {
            #constructors
            #methods
        }
    }
}

/// The pieces of `impl<…> ArithClient<…> where … {`.
struct Block {
    cfg: Vec<syn::Attribute>,
    lints: Vec<syn::Attribute>,
    impl_generics: TokenStream,
    this: TokenStream,
    clause: Option<TokenStream>,
}

fn block(scope: &Scope<'_>) -> Block {
    let service = scope.service;
    let (impl_generics, type_generics, _) = service.generics.split_for_impl();
    let client = &scope.names.client;
    let conditions = scope.conditions();
    Block {
        cfg: service.carried.cfg.clone(),
        lints: service.carried.lints.clone(),
        impl_generics: quote!(#impl_generics),
        this: quote!(#client #type_generics),
        clause: (!conditions.is_empty()).then(|| quote!(where #(#conditions),*)),
    }
}

fn structure(scope: &Scope<'_>) -> TokenStream {
    let service = scope.service;
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let visibility = &service.visibility;
    let client = &scope.names.client;
    let parameters = &service.generics.params;
    let notes = &service.carried.notes;
    let docs = service.carried.docs.is_empty().then(|| {
        let text = format!(" The client of [`{}`]: each of its methods makes a call.", service.ident);
        quote!(#[doc = #text])
    });
    let name = client.to_string();
    let Block { cfg, lints, impl_generics, this, clause } = block(scope);
    let (marker, marker_clone, marker_new) = match scope.marker() {
        Some(ty) => (
            quote!(, types: #ty),
            quote!(, types: #core::marker::PhantomData),
            quote!(, types: #core::marker::PhantomData),
        ),
        None => Default::default(),
    };
    quote! {
        #(#cfg)* #(#notes)* #docs #(#lints)*
        #[allow(dead_code)]
        #visibility struct #client<#parameters> #clause { channel: #private::Channel #marker }

        #(#cfg)* #(#lints)*
        impl #impl_generics #core::clone::Clone for #this #clause {
            fn clone(&self) -> Self {
                Self { channel: #core::clone::Clone::clone(&self.channel) #marker_clone }
            }
        }

        #(#cfg)* #(#lints)*
        impl #impl_generics #core::fmt::Debug for #this #clause {
            fn fmt(&self, formatter: &mut #core::fmt::Formatter<'_>) -> #core::fmt::Result {
                #core::fmt::Formatter::debug_struct(formatter, #name)
                    .field("channel", &self.channel)
                    .finish()
            }
        }

        #(#cfg)* #(#lints)*
        impl #impl_generics #core::convert::From<#private::Channel> for #this #clause {
            fn from(channel: #private::Channel) -> Self {
                Self { channel #marker_new }
            }
        }
    }
}

/// What gives way to a method of the same name.
fn constructors(scope: &Scope<'_>) -> TokenStream {
    let service = scope.service;
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let Names { methods, server, .. } = scope.names;
    let servable = scope.servable();
    let clause = (!servable.is_empty()).then(|| quote!(where #(#servable),*));
    let visibility = &service.visibility;
    let ident = &service.ident;
    let (_, type_generics, _) = service.generics.split_for_impl();
    let into_client = quote!(<Self as #core::convert::From<#private::Channel>>::from);

    let candidates = [
        (
            "DESCRIPTOR",
            quote! {
                /// The service as data: names, types, documentation.
                #visibility const DESCRIPTOR: &'static #private::ServiceDescriptor = #methods::DESCRIPTOR;
            },
        ),
        (
            "new",
            quote! {
                /// A client over a channel, which it shares with whoever else has it.
                #[must_use]
                #visibility fn new(channel: #private::Channel) -> Self {
                    #into_client(channel)
                }
            },
        ),
        (
            "connect",
            quote! {
                /// Connects to the server at `address`, such as `tcp://127.0.0.1:4000`.
                ///
                /// # Errors
                ///
                /// When the address cannot be read, or no server answers there.
                #visibility async fn connect(
                    address: impl #core::fmt::Display,
                ) -> #core::result::Result<Self, #private::RpcError> {
                    #core::result::Result::Ok(#into_client(#private::Channel::connect(address).await?))
                }
            },
        ),
        (
            "in_process",
            quote! {
                /// The same client with no socket: it calls `service` in this process.
                #[must_use]
                #visibility fn in_process(service: impl #ident #type_generics) -> Self #clause {
                    #into_client(#private::Channel::in_process(#server::new(service)))
                }
            },
        ),
    ];
    let free = candidates
        .into_iter()
        .filter(|(name, _)| !service.methods.iter().any(|method| names::plain(&method.ident) == *name));
    free.map(|(_, constructor)| constructor).collect()
}

fn method(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let private = &scope.roots.private;
    let methods = &scope.names.methods;
    let visibility = &scope.service.visibility;
    let ident = &method.ident;
    let Carried { cfg, notes, lints, docs, .. } = &method.carried;
    let docs = docs.is_empty().then(|| {
        let text = format!(" Calls `{}.{}`.", scope.service.name, method.name);
        quote!(#[doc = #text])
    });
    let inputs = method.parameters.iter().filter_map(|parameter| input(scope, parameter));
    let (value, error) = scope.halves(method);
    let error = error.map_or_else(|| quote!(#private::NoError), |error| quote!(#error));
    let repeat = match method {
        Method { idempotent: true, .. } => quote!(Idempotent),
        Method { once: true, .. } => quote!(Once),
        _ => quote!(AtMostOnce),
    };
    let output = match &method.reply.stream {
        Some(_) => quote!(#private::Streaming<#value, #error>),
        None => quote!(#private::Call<#value, #error, #private::#repeat>),
    };
    let sendable = scope.sendable(method);
    let clause = (!sendable.is_empty()).then(|| quote!(where #(#sendable),*));
    let probe = probes::inside(scope, method);
    let has_arguments = method.arguments().next().is_some();
    let (definition, arguments) = if has_arguments { arguments::sent(scope, method) } else { Default::default() };
    let function = function(method, has_arguments);
    let descriptor = format_ident!("METHOD_{}", method.ordinal);
    let place = place(method);
    let private_there = &scope.roots.at(place).private;
    let mut call = quote_spanned!(place=> #private_there::#function(&self.channel, #methods::#descriptor, #arguments));
    let mut items = TokenStream::new();
    for (index, stream) in (1_u16..).zip(method.streams()) {
        let (definition, sending) = sending(scope, stream, index, &call);
        items.extend(definition);
        call = sending;
    }
    quote! {
        #(#cfg)* #(#notes)* #docs #(#lints)*
        #visibility fn #ident(&self, #(#inputs),*) -> #output #clause {
            #definition
            #probe
            #items
            #call
        }
    }
}

/// Where a type that serde does not know is reported: the place of what is not plain in the answer.
fn place(method: &Method) -> Span {
    match (&method.reply.kind, method.outer_error()) {
        (ReplyKind::Result { value, error }, _) if is_plain(value) => at(error),
        (ReplyKind::Result { value, .. }, _) => at(value),
        (_, Some(error)) if is_plain(&method.reply.written) => at(error.written()),
        _ if is_plain(&method.reply.written) => at(&method.ident),
        _ => at(&method.reply.written),
    }
}

/// What the client's method takes for a parameter of the trait's.
fn input(scope: &Scope<'_>, parameter: &Parameter) -> Option<TokenStream> {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    match parameter {
        Parameter::Argument(argument) => {
            let (ident, ty) = (&argument.ident, &argument.written);
            Some(quote!(#ident: #ty))
        }
        Parameter::Stream(StreamArgument { ident, item, .. }) => {
            Some(quote!(#ident: impl #private::Stream<Item = #item> + #core::marker::Send + 'static))
        }
        Parameter::Context => None,
    }
}

/// The function that makes the call.
fn function(method: &Method, has_arguments: bool) -> Ident {
    let kind = if method.reply.stream.is_some() { "stream" } else { "call" };
    let bytes = if method.reply.bytes { "_bytes" } else { "" };
    let arguments = if has_arguments { "" } else { "_without_arguments" };
    format_ident!("{kind}{bytes}{arguments}")
}

/// The call with one more stream that is sent, behind the probe for its items.
fn sending(
    scope: &Scope<'_>,
    stream: &StreamArgument,
    index: u16,
    call: &TokenStream,
) -> (Option<TokenStream>, TokenStream) {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let ident = &stream.ident;
    let (definition, convert) = match probes::item(scope, stream, index) {
        Some(probe) => (Some(probe.definition), probe.name.into_token_stream()),
        None if stream.bytes => (None, quote!(#private::AsBytes)),
        None => (None, quote!(#core::convert::identity)),
    };
    (definition, quote!(#private::Sends::sending(#call, #ident, #convert)))
}
