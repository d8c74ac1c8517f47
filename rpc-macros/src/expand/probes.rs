//! What only the compiler can find out about the user's types, asked where the types were written.
//!
//! A type that serde does not know would be reported wherever the generated code uses it, in words about that code.
//! So each such value first goes through a local function without parameters. It gives back *something* that can be
//! serialised, and says nothing about its type any more: the complaint is made inside of it, and only there.
//! Every token of it is at the user's type, which lets the compiler see that its complaints are the same one.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;

use super::{Scope, at, is_plain};
use crate::model::{Argument, Carried, Method, Pass, ReplyKind, StreamArgument};
use crate::tokens;

/// The functions behind the local ones, where the conditions stand.
pub(super) fn functions(scope: &Scope<'_>) -> TokenStream {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let takes_items = scope.service.methods.iter().flat_map(Method::streams).any(|stream| !stream.bytes);
    let taken = takes_items.then(|| {
        quote! {
            fn taken<M: #private::Message + 'static>(
                request: &#private::Request<'_>,
                index: #core::primitive::u16,
            ) -> #private::Streaming<M> {
                request.streaming(index)
            }
        }
    });
    quote! {
        fn sent<M: #private::Message>(value: M) -> impl #private::serde::Serialize + use<M> {
            value
        }
        fn lent<M: #private::Message>(value: &M) -> impl #private::serde::Serialize + use<'_, M> {
            value
        }
        fn lent_all<M: #private::Message>(values: &[M]) -> impl #private::serde::Serialize + use<'_, M> {
            values
        }
        fn failed<E: #private::Failure>(error: E) -> impl #private::Failure + use<E> {
            error
        }
        #taken
    }
}

/// A local function, and its name.
pub(super) struct Probe {
    pub(super) definition: TokenStream,
    pub(super) name: Ident,
}

/// What an argument goes through on its way out.
pub(super) fn argument(scope: &Scope<'_>, argument: &Argument, position: usize) -> Option<Probe> {
    if argument.spelt || argument.bytes {
        return None;
    }
    let name = format!("__argument_{position}");
    match &argument.pass {
        Pass::Value => probe(scope, &argument.written, &name, Through::Sent),
        Pass::Reference(ty) => probe(scope, ty, &name, Through::Lent),
        Pass::Slice(item) => probe(scope, item, &name, Through::LentAll),
        Pass::Text | Pass::OptionalText => None,
    }
}

/// What the items of a stream that the caller sends go through.
pub(super) fn item(scope: &Scope<'_>, stream: &StreamArgument, index: u16) -> Option<Probe> {
    if stream.bytes {
        return None;
    }
    probe(scope, &stream.item, &format!("__item_{index}"), Through::Sent)
}

/// How the handler comes to such a stream.
pub(super) fn taken(scope: &Scope<'_>, stream: &StreamArgument, index: u16) -> TokenStream {
    let item = &stream.item;
    let span = at(item);
    if stream.bytes {
        return quote_spanned!(span=> __request.streaming_bytes::<#item>(#index));
    }
    let methods = Ident::new(&scope.names.methods.to_string(), span);
    quote_spanned!(span=> #methods::taken::<#item>(&__request, #index))
}

/// What the value of an answer goes through.
pub(super) fn answer(scope: &Scope<'_>, method: &Method) -> Option<Probe> {
    probe(scope, &scope.answered(method)?, "__answer", Through::Sent)
}

/// What the error of an answer goes through.
pub(super) fn failure(scope: &Scope<'_>, method: &Method) -> Option<Probe> {
    probe(scope, &scope.halves(method).1?, "__failure", Through::Failed)
}

#[derive(Clone, Copy)]
enum Through {
    Sent,
    Lent,
    LentAll,
    Failed,
}

/// The local function for a type, unless there is no question about it.
fn probe(scope: &Scope<'_>, ty: &Type, name: &str, through: Through) -> Option<Probe> {
    if !scope.is_closed(ty) {
        return None;
    }
    let span = at(ty);
    let private = &scope.roots.at(span).private;
    let located = |name: &str| Ident::new(name, span);
    let methods = located(&scope.names.methods.to_string());
    let (name, alias) = (located(name), located(&format!("__Type{name}")));
    let serialize = quote_spanned!(span=> #private::serde::Serialize);
    let (function, given, result) = match through {
        Through::Sent => ("sent", quote_spanned!(span=> #alias), quote_spanned!(span=> #serialize + use<>)),
        Through::Lent => ("lent", quote_spanned!(span=> &#alias), quote_spanned!(span=> #serialize + use<'_>)),
        Through::LentAll => ("lent_all", quote_spanned!(span=> &[#alias]), quote_spanned!(span=> #serialize + use<'_>)),
        Through::Failed => ("failed", quote_spanned!(span=> #alias), quote_spanned!(span=> #private::Failure + use<>)),
    };
    let function = located(function);
    let definition = quote_spanned! {span=>
        #[allow(non_camel_case_types)]
        type #alias = #ty;
        fn #name(value: #given) -> impl #result {
            #methods::#function::<#alias>(value)
        }
    };
    Some(Probe { definition, name })
}

/// Refuses hidden `Result`s, for answers without the trait's parameters.
pub(super) fn outside(scope: &Scope<'_>) -> TokenStream {
    let Carried { cfg: trait_cfg, .. } = &scope.service.carried;
    let methods = scope.service.methods.iter().filter(|method| !scope.is_open(&method.reply.written));
    let questions = methods.filter_map(|method| {
        let question = hidden_result(scope, method)?;
        let Carried { cfg, lints, .. } = &method.carried;
        Some(quote! {
            #(#trait_cfg)* #(#cfg)* #(#lints)*
            #[allow(deprecated)]
            const _: () = { #question };
        })
    });
    questions.collect()
}

/// The same for answers with the trait's parameters, where those are in scope.
pub(super) fn inside(scope: &Scope<'_>, method: &Method) -> Option<TokenStream> {
    if !scope.is_open(&method.reply.written) {
        return None;
    }
    hidden_result(scope, method).map(|question| quote!(const { #question }))
}

/// Refuses a `Result` whose name does not say so: the caller would get the error as part of a value.
///
/// `Probe<Result<…>>` has the constant itself; every other `Probe` has it from the trait.
fn hidden_result(scope: &Scope<'_>, method: &Method) -> Option<TokenStream> {
    let written = &method.reply.written;
    if !matches!(method.reply.kind, ReplyKind::Value) || is_plain(written) {
        return None;
    }
    let span = at(written);
    let roots = scope.roots.at(span);
    let (core, private) = (&roots.core, &roots.private);
    let message = format!(
        "`{}` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, \
         so that the client's method fails where this one does",
        tokens::tidy(written),
    );
    let message = message.replace('{', "{{").replace('}', "}}");
    Some(quote_spanned! {span=>
        #[allow(unused_imports)]
        use #private::NotResult as _;
        #core::assert!(!#private::Probe::<#written>::IS_RESULT, #message);
    })
}
