//! Which of the user's attributes are repeated on what we generate.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit, Meta, parse_quote};

use crate::model::Carried;
use crate::tokens;

/// What the attributes stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Trait,
    Method,
}

/// Sorts the attributes of the trait or of a method.
pub(crate) fn carried(attributes: &[Attribute], carrier: Carrier) -> Carried {
    let mut carried = Carried::default();
    for attribute in attributes {
        if attribute.path().is_ident("doc") {
            carried.docs.extend(documentation(attribute));
        }
        for attribute in spread(attribute) {
            place(&mut carried, attribute, carrier);
        }
    }
    carried
}

fn place(carried: &mut Carried, mut attribute: Attribute, carrier: Carrier) {
    let names = match attribute.path().is_ident("cfg_attr") {
        true => tokens::conditional(&attribute),
        false => attribute.path().get_ident().map(ToString::to_string).into_iter().collect(),
    };
    let Some(name) = names.first() else { return };
    match name.as_str() {
        "cfg" => carried.cfg.push(attribute),
        "doc" => carried.notes.push(attribute),
        // The client's method is as deprecated as the trait's. The client itself is not: its users never name the trait.
        "deprecated" if carrier == Carrier::Method => {
            carried.deprecated = true;
            carried.notes.push(attribute);
        }
        "allow" => carried.lints.push(attribute),
        // Whether the lint fires in the generated code too is not the user's business.
        "expect" => {
            if let Meta::List(list) = &attribute.meta {
                let lints = &list.tokens;
                attribute.meta = parse_quote!(allow(#lints));
                carried.lints.push(attribute);
            }
        }
        _ => {}
    }
}

/// `#[cfg_attr(p, a, b)]` as `#[cfg_attr(p, a)] #[cfg_attr(p, b)]`, so that each can be judged alone.
fn spread(attribute: &Attribute) -> Vec<Attribute> {
    if !attribute.path().is_ident("cfg_attr") {
        return vec![attribute.clone()];
    }
    let Some((predicate, inner)) = tokens::split_conditional(attribute) else {
        return Vec::new();
    };
    inner.into_iter().map(|meta| parse_quote!(#[cfg_attr(#predicate, #meta)])).collect()
}

/// The text of a `#[doc = …]`, or the expression that gives it.
fn documentation(attribute: &Attribute) -> Option<TokenStream> {
    let Meta::NameValue(doc) = &attribute.meta else {
        return None;
    };
    let value = &doc.value;
    if let Expr::Lit(literal) = value
        && let Lit::Str(text) = &literal.lit
    {
        let text = text.value();
        let text = text.strip_prefix(' ').unwrap_or(&text).to_owned();
        return Some(quote!(#text));
    }
    Some(quote!(#value))
}
