//! The `#[rpc_service]` attribute: from a plain trait to a typed stub and skeleton.
//!
//! The road is parse, check, expand, each a plain function on `proc_macro2` types.
//! Parsing and checking collect every mistake instead of stopping at the first.

use proc_macro::TokenStream;

mod errors;
mod model;
mod names;
mod tokens;

mod parse;

mod check;

mod expand;

#[cfg(test)]
mod snapshots;

/// Makes a typed client and a server of a trait.
#[proc_macro_attribute]
pub fn rpc_service(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let (mut tokens, errors) = service(attribute.into(), item.into());
    for error in errors {
        tokens.extend(error.into_compile_error());
    }
    tokens.into()
}

/// The whole macro: what to emit, and every mistake found on the way.
///
/// The trait is emitted even when it is wrong, and the stub and the skeleton leave out only what is wrong,
/// so that a mistake does not cascade into the code that uses them.
fn service(
    attribute: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> (proc_macro2::TokenStream, Vec<syn::Error>) {
    let mut errors = errors::Errors::default();
    let tokens = match parse::service(attribute, item, &mut errors) {
        Ok(raw) => {
            let service = check::service(&raw, &mut errors);
            expand::service(&raw, service.as_ref())
        }
        Err(item) => item,
    };
    (tokens, errors.into_vec())
}
