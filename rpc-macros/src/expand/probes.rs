//! What only the compiler can find out about the user's types, asked where the types were written.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::{Scope, at};
use crate::model::{Method, ReplyKind};
use crate::tokens;

/// The questions about types without the trait's parameters.
pub(super) fn probes(scope: &Scope<'_>) -> TokenStream {
    scope.service.methods.iter().map(|method| outside(scope, method)).collect()
}

fn outside(scope: &Scope<'_>, method: &Method) -> TokenStream {
    let private = &scope.roots.private;
    let parameters = scope.parameters();
    let (messages, failure) = scope.crossing(method);
    let known = |ty: &&Type| !tokens::mentions(ty, &parameters) && !is_plain(ty);
    let messages: Vec<&Type> = messages.iter().filter(known).collect();
    let failures: Vec<&Type> = failure.iter().filter(known).collect();
    let crate::model::Carried { cfg: trait_cfg, .. } = &scope.service.carried;
    let crate::model::Carried { cfg, lints, .. } = &method.carried;

    let sendable = (!messages.is_empty() || !failures.is_empty()).then(|| {
        let message_checks = messages.iter().map(|ty| quote_spanned!(at(ty)=> message::<#ty>();));
        let failure_checks = failures.iter().map(|ty| quote_spanned!(at(ty)=> failure::<#ty>();));
        let message = (!messages.is_empty()).then(|| quote!(fn message<M: #private::Message>() {}));
        let failure = (!failures.is_empty()).then(|| quote!(fn failure<E: #private::Failure>() {}));
        quote! {
            #(#trait_cfg)* #(#cfg)* #(#lints)*
            #[allow(deprecated)]
            const _: fn() = || {
                #message
                #failure
                #(#message_checks)*
                #(#failure_checks)*
            };
        }
    });
    let hidden = hidden_result(scope, method, false).map(|assertion| {
        quote! {
            #(#trait_cfg)* #(#cfg)* #(#lints)*
            #[allow(deprecated)]
            const _: () = { #assertion };
        }
    });
    quote!(#sendable #hidden)
}

/// The questions about types with the trait's parameters, which have an answer only where those are in scope.
pub(super) fn inside(scope: &Scope<'_>, method: &Method) -> Option<TokenStream> {
    hidden_result(scope, method, true).map(|assertion| quote!(const { #assertion }))
}

/// Refuses a `Result` whose name does not say so: it would cross as a value and lose its `?`.
///
/// `Probe<Result<…>>` has the constant itself; every other `Probe` has it from the trait.
fn hidden_result(scope: &Scope<'_>, method: &Method, generic: bool) -> Option<TokenStream> {
    let (core, private) = (&scope.roots.core, &scope.roots.private);
    let written = &method.reply.written;
    let value = matches!(method.reply.kind, ReplyKind::Value);
    if !value || is_plain(written) || tokens::mentions(written, &scope.parameters()) != generic {
        return None;
    }
    let message = format!(
        "`{}` is a Result under another name: write `Result<…, …>`, or call the alias `Result`, \
         so that the client's method gives the error as an error",
        tokens::tidy(written),
    );
    let message = message.replace('{', "{{").replace('}', "}}");
    Some(quote_spanned! {at(written)=>
        #[allow(unused_imports)]
        use #private::NotResult as _;
        #core::assert!(!#private::Probe::<#written>::IS_RESULT, #message);
    })
}

/// A type of the language that needs no question, to keep the expansion small.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 17] = [
        "()", "bool", "char", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "f32", "f64",
        "usize", "String",
    ];
    PLAIN.contains(&tokens::tidy(ty).as_str())
}
