//! Reads the trait: takes our attributes off it and keeps what they say.
//!
//! Nothing is judged here but the attributes themselves.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, FnArg, Item, ItemTrait, Pat, PatType, TraitItem, TraitItemFn};

use crate::errors::Errors;

mod carried;
mod options;

pub(crate) use carried::{Carrier, carried};
pub(crate) use options::{ArgumentOptions, MethodOptions, ServiceOptions};

/// A trait as it was written, and our attributes beside it.
pub(crate) struct RawService {
    /// Without our attributes.
    pub(crate) item: ItemTrait,
    pub(crate) options: ServiceOptions,
    /// One for each item of the trait that is a function, in the same order.
    pub(crate) methods: Vec<RawMethod>,
}

/// A method of the trait, remote or not.
pub(crate) struct RawMethod {
    /// Without our attributes.
    pub(crate) item: TraitItemFn,
    pub(crate) options: MethodOptions,
    /// One for each argument behind the receiver, in the same order.
    pub(crate) arguments: Vec<RawArgument>,
}

/// An argument behind the receiver.
pub(crate) struct RawArgument {
    /// Without our attributes and serde's.
    pub(crate) item: PatType,
    pub(crate) serde: Vec<Attribute>,
    pub(crate) options: ArgumentOptions,
}

/// Reads the item under the attribute; what is no trait is handed back to be emitted as it is.
pub(crate) fn service(
    attribute: TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Result<RawService, TokenStream> {
    let mut item = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Trait(item)) => item,
        Ok(other) => {
            errors.add(
                head(&other),
                "#[rpc_service] makes a client and a server of a trait: \
                 put it on `pub trait Name { async fn method(&self); }`",
            );
            return Err(other.into_token_stream());
        }
        Err(error) => {
            errors.push(error);
            return Err(item);
        }
    };
    let options = ServiceOptions::parse(attribute, errors);
    without_async_trait(&mut item, errors);
    let mut methods = Vec::new();
    for member in &mut item.items {
        if let TraitItem::Fn(member) = member {
            methods.push(method(member, errors));
        }
    }
    Ok(RawService { item, options, methods })
}

/// Takes off an attribute that would turn our futures into boxes, and says so.
fn without_async_trait(item: &mut ItemTrait, errors: &mut Errors) {
    item.attrs.retain(|attribute| {
        let found = attribute.path().segments.last().is_some_and(|segment| segment.ident == "async_trait");
        if found {
            errors.add(
                attribute,
                "#[rpc_service] makes `async fn` work by itself, without a box: \
                 remove this attribute, also from the impls",
            );
        }
        !found
    });
}

/// Takes our attributes off `item`, which stays in the trait, and keeps a copy of the rest.
fn method(item: &mut TraitItemFn, errors: &mut Errors) -> RawMethod {
    let options = MethodOptions::take(&mut item.attrs, errors);
    let mut arguments = Vec::new();
    for input in &mut item.sig.inputs {
        if let FnArg::Typed(input) = input {
            arguments.push(argument(input, errors));
        }
    }
    // A pattern is reported by the check; rustc need not repeat it.
    if item.default.is_none() {
        for input in &mut item.sig.inputs {
            if let FnArg::Typed(input) = input
                && !matches!(&*input.pat, Pat::Ident(_))
            {
                *input.pat = syn::parse_quote!(_);
            }
        }
    }
    RawMethod { item: item.clone(), options, arguments }
}

fn argument(item: &mut PatType, errors: &mut Errors) -> RawArgument {
    let options = ArgumentOptions::take(&mut item.attrs, errors);
    let (serde, others) =
        std::mem::take(&mut item.attrs).into_iter().partition(|attribute| attribute.path().is_ident("serde"));
    item.attrs = others;
    RawArgument { item: item.clone(), serde, options }
}

/// The first token of the item itself, to point at.
fn head(item: &Item) -> TokenStream {
    let tokens = match item {
        Item::Struct(item) => item.struct_token.to_token_stream(),
        Item::Enum(item) => item.enum_token.to_token_stream(),
        Item::Fn(item) => item.sig.fn_token.to_token_stream(),
        Item::Impl(item) => item.impl_token.to_token_stream(),
        Item::Mod(item) => item.mod_token.to_token_stream(),
        other => other.to_token_stream(),
    };
    tokens.into_iter().take(1).collect()
}
