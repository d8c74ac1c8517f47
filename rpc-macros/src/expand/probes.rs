//! What only the compiler can find out about the user's types, asked once and where the types were written.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;

use super::{Scope, at, is_plain};
use crate::model::{Argument, Carried, Method, Pass, ReplyKind};
use crate::tokens;

/// The functions that the probes go through, for the hidden type.
///
/// `sent` and its sisters hand a value on as something that can be serialised, whatever its type.
/// So a type that cannot is reported at the argument alone, and not again where the message is put together.
pub(super) fn functions(scope: &Scope<'_>) -> TokenStream {
    let private = &scope.roots.private;
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
        const fn answered<M: #private::Message>() {}
        const fn failed<E: #private::Failure>() {}
    }
}

/// A local function that an argument goes through, and the value behind it; nothing where no question is open.
///
/// The function has no parameters, so its result says nothing about the argument's type any more.
/// Every token of it is at one place, which lets the compiler see that its complaints are the same one.
pub(super) fn argument(scope: &Scope<'_>, argument: &Argument, position: usize) -> Option<(TokenStream, TokenStream)> {
    let (ty, function) = match &argument.pass {
        Pass::Value => (&argument.written, "sent"),
        Pass::Reference(ty) => (ty, "lent"),
        Pass::Slice(ty) => (ty, "lent_all"),
        Pass::Text | Pass::OptionalText => return None,
    };
    if argument.spelt || argument.bytes || !scope.is_closed(ty) {
        return None;
    }
    let span = at(ty);
    let private = &scope.roots.at(span).private;
    let methods = located(&scope.names.methods, ty);
    let function = Ident::new(function, span);
    let alias = Ident::new(&format!("__T{position}"), span);
    let probe = Ident::new(&format!("__argument_{position}"), span);
    let (given, captured) = match &argument.pass {
        Pass::Value => (quote_spanned!(span=> #alias), quote_spanned!(span=> use<>)),
        Pass::Slice(_) => (quote_spanned!(span=> &[#alias]), quote_spanned!(span=> use<'_>)),
        _ => (quote_spanned!(span=> &#alias), quote_spanned!(span=> use<'_>)),
    };
    let definition = quote_spanned! {span=>
        type #alias = #ty;
        fn #probe(value: #given) -> impl #private::serde::Serialize + #captured {
            #methods::#function::<#alias>(value)
        }
    };
    let ident = &argument.ident;
    Some((definition, quote!(#probe(#ident))))
}

/// The questions about answers without the trait's parameters.
pub(super) fn probes(scope: &Scope<'_>) -> TokenStream {
    scope.service.methods.iter().map(|method| answer(scope, method)).collect()
}

fn answer(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let Carried { cfg: trait_cfg, .. } = &scope.service.carried;
    let Carried { cfg, lints, .. } = &method.carried;
    let mut questions = TokenStream::new();
    if let Some(ty) = scope.answered(method).filter(|ty| scope.is_closed(ty)) {
        let methods = located(&scope.names.methods, &method.reply.written);
        questions.extend(quote_spanned!(at(&method.reply.written)=> #methods::answered::<#ty>();));
    }
    if let Some(ty) = scope.halves(method).1.filter(|ty| scope.is_closed(ty)) {
        let methods = located(&scope.names.methods, &ty);
        questions.extend(quote_spanned!(at(&ty)=> #methods::failed::<#ty>();));
    }
    if !scope.is_open(&method.reply.written) {
        questions.extend(hidden_result(scope, method));
    }
    if questions.is_empty() {
        return questions;
    }
    quote! {
        #(#trait_cfg)* #(#cfg)* #(#lints)*
        #[allow(deprecated)]
        const _: () = { #questions };
    }
}

/// The questions about answers with the trait's parameters, which make sense only where those are in scope.
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

fn located(ident: &Ident, ty: &Type) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(ident.span().located_at(at(ty)));
    ident
}
