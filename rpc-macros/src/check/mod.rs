//! From what was written to what can be generated, or to the mistakes in it.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{GenericParam, TraitItem, parse_quote};

use crate::errors::Errors;
use crate::model::{Method, Service};
use crate::names;
use crate::parse::{Carrier, RawService, carried};

mod argument;
mod method;
mod reply;
mod stream;
mod timeout;

/// The service, without the methods that are wrong; `None` where the trait itself is.
pub(crate) fn service(raw: &RawService, errors: &mut Errors) -> Option<Service> {
    let found = errors.count();
    the_trait(raw, errors);
    let usable = errors.count() == found;

    let name = match &raw.options.name {
        Some(name) => {
            if let Some(refusal) = names::refuse_service(&name.value()) {
                errors.add(name, refusal);
            }
            name.value()
        }
        None => names::plain(&raw.item.ident),
    };

    let mut methods = Vec::new();
    let mut remote = 0_usize;
    for raw_method in &raw.methods {
        if raw_method.options.skip.is_some() {
            method::skipped(raw_method, errors);
            continue;
        }
        let Ok(ordinal) = u16::try_from(remote) else {
            errors.add(&raw_method.item.sig.ident, "a service has at most 65,536 methods: make two of it");
            break;
        };
        remote += 1;
        methods.extend(method::method(raw_method, ordinal, raw, errors));
    }
    distinct(&mut methods, raw, errors);

    usable.then(|| Service {
        visibility: raw.item.vis.clone(),
        ident: raw.item.ident.clone(),
        generics: raw.item.generics.clone(),
        name,
        krate: raw.options.krate.clone().unwrap_or_else(|| parse_quote!(::rpc_core)),
        carried: carried(&raw.item.attrs, Carrier::Trait),
        methods,
    })
}

/// What the trait may not be or contain.
fn the_trait(raw: &RawService, errors: &mut Errors) {
    let item = &raw.item;
    if let Some(token) = &item.unsafety {
        errors.add(token, "an RPC trait cannot be `unsafe`: a caller at the other end cannot keep its promise");
    }
    if let Some(token) = &item.modifiers.auto_token {
        errors.add(token, "an RPC trait cannot be `auto`: remove the word");
    }
    for parameter in &item.generics.params {
        if let GenericParam::Lifetime(lifetime) = parameter {
            errors.add(
                lifetime,
                format!(
                    "an RPC trait has no lifetimes, because a service outlives its calls: \
                     remove `{}` and let the arguments borrow on their own",
                    lifetime.lifetime
                ),
            );
        }
    }
    for member in &item.items {
        match member {
            TraitItem::Macro(call) => {
                errors.add(call, "#[rpc_service] cannot see the methods inside a macro call: write them out")
            }
            TraitItem::Verbatim(tokens) => errors.add(tokens, "#[rpc_service] does not know this kind of item"),
            _ => {}
        }
    }
}

/// Refuses a wire name that two methods claim, and drops the second of them.
fn distinct(methods: &mut Vec<Method>, raw: &RawService, errors: &mut Errors) {
    struct Claim {
        tokens: TokenStream,
        conditional: bool,
        ordinal: u16,
    }
    let mut claims: HashMap<String, Claim> = HashMap::new();
    methods.retain(|method| {
        let named = written_name(method, raw);
        let own = std::iter::once((method.name.clone(), named));
        let aliases = method.aliases.iter().map(|alias| (alias.value(), alias.to_token_stream()));
        let mut distinct = true;
        for (name, tokens) in own.chain(aliases) {
            let claim = Claim { tokens, conditional: !method.carried.cfg.is_empty(), ordinal: method.ordinal };
            let Some(first) = claims.get(&name) else {
                claims.insert(name, claim);
                continue;
            };
            // Two methods under opposite conditions may share a name; the compiler checks what is left of them.
            if first.conditional && claim.conditional && first.ordinal != claim.ordinal {
                continue;
            }
            distinct = false;
            if first.ordinal == claim.ordinal {
                errors.add(&claim.tokens, format!("this method is already called `{name}`: remove the alias"));
                continue;
            }
            errors.add(&first.tokens, format!("`{name}` is the wire name of two methods: here, and again below"));
            errors.add(
                &claim.tokens,
                format!("`{name}` is taken by the method above: give one of them `#[rpc(name = \"…\")]`"),
            );
        }
        distinct
    });
}

/// Where a method got its wire name from.
fn written_name(method: &Method, raw: &RawService) -> TokenStream {
    let options = raw.methods.iter().find(|raw| raw.item.sig.ident == method.ident).map(|raw| &raw.options);
    match options.and_then(|options| options.name.as_ref()) {
        Some(name) if name.value() == method.name => name.to_token_stream(),
        _ => method.ident.to_token_stream(),
    }
}

#[cfg(test)]
mod tests;
