//! What a method answers.

use syn::{ReturnType, Type, parse_quote};

use super::argument::{is_bytes, last_segment, type_arguments};
use crate::errors::Errors;
use crate::model::{Reply, ReplyKind};
use crate::parse::RawMethod;
use crate::tokens::{Findings, peel};

pub(super) fn reply(raw: &RawMethod, errors: &mut Errors) -> Option<Reply> {
    let ReturnType::Type(_, written) = &raw.item.sig.output else {
        return Some(Reply { written: parse_quote!(()), kind: ReplyKind::Value, bytes: false });
    };
    let written = peel(written);
    if is_stream(&raw.item.sig.output) {
        errors.add(written, "streams are not supported yet: return a `Vec`, or let the caller ask page by page");
        return None;
    }
    owned(written, errors)?;
    let kind = kind(written);
    let bytes = match &kind {
        ReplyKind::Value => is_bytes(written),
        ReplyKind::Result { value, .. } => is_bytes(value),
        ReplyKind::Alias { value } => value.as_ref().is_some_and(is_bytes),
    };
    Some(Reply { written: written.clone(), kind, bytes })
}

/// A `Result` is recognised by its name, so that aliases called `Result` are too.
fn kind(written: &Type) -> ReplyKind {
    let Some(segment) = last_segment(written).filter(|segment| segment.ident == "Result") else {
        return ReplyKind::Value;
    };
    match type_arguments(segment).as_slice() {
        [value, error] => ReplyKind::Result { value: (*value).clone(), error: (*error).clone() },
        arguments => ReplyKind::Alias { value: arguments.first().map(|value| (*value).clone()) },
    }
}

/// Refuses what the caller could not decode into a value of its own.
fn owned(written: &Type, errors: &mut Errors) -> Option<()> {
    let findings = Findings::of(written);
    let message = if findings.impl_trait.is_some() {
        "the caller needs to know what it gets: name the type instead of `impl …`"
    } else if findings.reference.is_some() || findings.lifetime.is_some() {
        "an answer outlives the call, so it cannot borrow: return an owned type, such as `String` for `&str`"
    } else if findings.self_type.is_some() {
        "the client does not know the implementation, so `Self` means nothing to it: \
         name the type, or make it a parameter of the trait"
    } else {
        return Some(());
    };
    errors.add(written, message);
    None
}

/// `impl Stream<…>`, also as the value of a `Result`.
pub(super) fn is_stream(output: &ReturnType) -> bool {
    let ReturnType::Type(_, written) = output else {
        return false;
    };
    let written = peel(written);
    let value = last_segment(written)
        .filter(|segment| segment.ident == "Result")
        .and_then(|segment| type_arguments(segment).first().copied())
        .unwrap_or(written);
    let Type::ImplTrait(opaque) = peel(value) else {
        return last_segment(value).is_some_and(|segment| segment.ident == "Streaming");
    };
    opaque.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|name| name.ident == "Stream"),
        _ => false,
    })
}

pub(super) fn is_unit(ty: &Type) -> bool {
    matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}
