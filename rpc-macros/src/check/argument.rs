//! What a method takes.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{Attribute, GenericArgument, GenericParam, Meta, Pat, PathArguments, PathSegment, Token, Type, TypePath};

use super::stream;
use crate::errors::Errors;
use crate::model::{Argument, Parameter, Pass};
use crate::parse::{RawArgument, RawMethod, RawService};
use crate::tokens::{Findings, mentions, peel};

pub(super) fn parameters(raw: &RawMethod, service: &RawService, errors: &mut Errors) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut streams = 0;
    for argument in &raw.arguments {
        let ty = peel(&argument.item.ty);
        no_conditions(argument, errors);
        if is_context(argument, errors) {
            if parameters.iter().any(|parameter| matches!(parameter, Parameter::Context)) {
                errors.add(ty, "a method takes its context once: remove this one");
            }
            without_serde(argument, "the context is not sent", errors);
            parameters.push(Parameter::Context);
        } else if stream::is_argument(ty) {
            streams += 1;
            if streams == stream::MOST + 1 {
                errors.add(
                    ty,
                    format!(
                        "a call takes at most {} streams: make one of several, with an `enum` as its item",
                        stream::MOST
                    ),
                );
            }
            parameters.extend(stream::argument(argument, ty, errors).map(Parameter::Stream));
        } else {
            parameters.extend(value(argument, ty, service, errors).map(Parameter::Argument));
        }
    }
    parameters
}

/// An argument that is sent.
fn value(raw: &RawArgument, ty: &Type, service: &RawService, errors: &mut Errors) -> Option<Argument> {
    let found = errors.count();
    let ident = name(&raw.item.pat, errors);
    let pass = pass(ty, errors);
    let Attributed { spelt, defaults } = attributed(&raw.serde, errors);
    if spelt {
        let generics: Vec<Ident> = service.item.generics.params.iter().filter_map(parameter_ident).collect();
        if mentions(ty, &generics) {
            errors.add(
                ty,
                "these serde attributes need a type without parameters of the trait: \
                 put them on a field of a struct of your own, and take that",
            );
        }
    }
    if errors.count() > found {
        return None;
    }
    let bytes = is_bytes(ty) && !raw.serde.iter().any(converts);
    Some(Argument {
        ident: ident?,
        written: ty.clone(),
        pass: pass?,
        attributes: raw.serde.clone(),
        bytes,
        defaults,
        spelt,
    })
}

/// The name an argument is sent under.
pub(super) fn name(pattern: &Pat, errors: &mut Errors) -> Option<Ident> {
    if let Pat::Ident(pattern) = pattern
        && pattern.by_ref.is_none()
        && pattern.subpat.is_none()
    {
        return Some(pattern.ident.clone());
    }
    errors.add(pattern, "an argument is sent under its name: write `name: Type` here and take it apart in the body");
    None
}

/// How the argument is given, by the form of its type.
fn pass(ty: &Type, errors: &mut Errors) -> Option<Pass> {
    stream::none_in_argument(ty, errors)?;
    match ty {
        Type::Reference(reference) => {
            if reference.mutability.is_some() {
                errors.add(
                    ty,
                    "a change made by the server does not come back through `&mut`: \
                     take the value, and return the changed one",
                );
                return None;
            }
            if let Some(lifetime) = &reference.lifetime
                && lifetime.ident != "_"
            {
                errors.add(lifetime, "an argument is borrowed for the call alone: leave out the lifetime");
                return None;
            }
            let target = peel(&reference.elem);
            owned(target, errors)?;
            match target {
                Type::Slice(slice) => Some(Pass::Slice((*slice.elem).clone())),
                Type::TraitObject(_) => {
                    errors.add(ty, "a trait object cannot be sent: take a type that implements serde's traits");
                    None
                }
                path if is_named(path, "str") => Some(Pass::Text),
                other => Some(Pass::Reference(other.clone())),
            }
        }
        path if optional_text(path) => Some(Pass::OptionalText),
        other => {
            owned(other, errors)?;
            Some(Pass::Value)
        }
    }
}

/// Refuses what cannot be decoded into a value of its own.
pub(super) fn owned(ty: &Type, errors: &mut Errors) -> Option<()> {
    let findings = Findings::of(ty);
    let message = if findings.impl_trait.is_some() {
        "the wire needs one type: name it instead of `impl …`, or make it a parameter of the trait"
    } else if findings.reference.is_some() {
        "the server decodes an argument into a value of its own, which cannot hold references: \
         borrow only as `&str`, `&[T]`, `&T` or `Option<&str>`, or take an owned type such as `Vec<String>`"
    } else if findings.lifetime.is_some() {
        "the server decodes an argument into a value of its own, which has no lifetime: take an owned type"
    } else if findings.self_type.is_some() {
        "the client does not know the implementation, so `Self` means nothing to it: \
         name the type, or make it a parameter of the trait"
    } else {
        return Some(());
    };
    errors.add(ty, message);
    None
}

/// `&Context` by its name, or whatever is marked as one.
fn is_context(raw: &RawArgument, errors: &mut Errors) -> bool {
    let ty = peel(&raw.item.ty);
    let borrowed = match ty {
        Type::Reference(reference) if reference.mutability.is_none() => Some(peel(&reference.elem)),
        _ => None,
    };
    if raw.options.context.is_some() && borrowed.is_none() {
        errors.add(ty, "the context is lent to the handler: write `&Context`");
    }
    raw.options.context.is_some() || borrowed.is_some_and(|ty| is_named(ty, "Context"))
}

fn no_conditions(raw: &RawArgument, errors: &mut Errors) {
    for attribute in &raw.item.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.add(
                attribute,
                "both ends must agree on the arguments, so one cannot depend on a `cfg`: put it on the whole method",
            );
        }
    }
}

pub(super) fn without_serde(raw: &RawArgument, why: &str, errors: &mut Errors) {
    for attribute in &raw.serde {
        errors.add(attribute, format!("{why}, so serde never sees it: remove this attribute"));
    }
}

/// What an argument's serde attributes ask of its field.
struct Attributed {
    spelt: bool,
    defaults: bool,
}

fn attributed(attributes: &[Attribute], errors: &mut Errors) -> Attributed {
    let mut attributed = Attributed { spelt: false, defaults: false };
    for attribute in attributes {
        let Ok(metas) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
            // serde says what is wrong with it.
            attributed.spelt = true;
            continue;
        };
        for meta in &metas {
            let path = meta.path();
            if path.is_ident("borrow") {
                errors.add(meta, "the server decodes arguments into values of its own: remove `borrow`");
            }
            let default = matches!(meta, Meta::Path(path) if path.is_ident("default"));
            attributed.defaults |= default;
            // The others call functions, which want the very type.
            attributed.spelt |= !default && !path.is_ident("rename") && !path.is_ident("alias");
        }
    }
    attributed
}

/// Whether an attribute of the user's says how the value is written.
fn converts(attribute: &Attribute) -> bool {
    attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).is_ok_and(|metas| {
        metas
            .iter()
            .any(|meta| ["with", "serialize_with", "deserialize_with"].iter().any(|name| meta.path().is_ident(name)))
    })
}

/// `Vec<u8>` or `Bytes`, borrowed or not, or `&[u8]`.
pub(super) fn is_bytes(ty: &Type) -> bool {
    match peel(ty) {
        Type::Reference(reference) => is_bytes(&reference.elem),
        Type::Slice(slice) => is_named(&slice.elem, "u8"),
        path => {
            is_named(path, "Bytes")
                || last_segment(path).is_some_and(|segment| {
                    segment.ident == "Vec" && only_argument(segment).is_some_and(|item| is_named(item, "u8"))
                })
        }
    }
}

/// `Option<&str>`.
fn optional_text(ty: &Type) -> bool {
    last_segment(ty).filter(|segment| segment.ident == "Option").and_then(only_argument).is_some_and(|inner| {
        matches!(peel(inner), Type::Reference(reference)
            if reference.mutability.is_none()
                && reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident == "_")
                && is_named(&reference.elem, "str"))
    })
}

/// A path whose last segment is `name`, without arguments.
fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name && segment.arguments.is_none())
}

pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(TypePath { qself: None, path, .. }) => path.segments.last(),
        _ => None,
    }
}

fn only_argument(segment: &PathSegment) -> Option<&Type> {
    match type_arguments(segment).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// The types between the angle brackets.
pub(super) fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

fn parameter_ident(parameter: &GenericParam) -> Option<Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(parameter.ident.clone()),
        GenericParam::Const(parameter) => Some(parameter.ident.clone()),
        GenericParam::Lifetime(_) => None,
    }
}
