//! What a method answers.

use syn::{ReturnType, Type, parse_quote};

use super::argument::{is_bytes, last_segment, type_arguments};
use super::stream;
use crate::errors::Errors;
use crate::model::{Reply, ReplyKind};
use crate::parse::RawMethod;
use crate::tokens::{Findings, peel};

pub(super) fn reply(raw: &RawMethod, errors: &mut Errors) -> Option<Reply> {
    let signature = &raw.item.sig;
    let ReturnType::Type(_, written) = &signature.output else {
        return Some(value(&parse_quote!(())));
    };
    let written = peel(written);
    if let Some(stream) = stream::Written::of(written) {
        return stream::reply(&stream, signature.asyncness.is_some(), errors);
    }
    owned(written, errors)?;
    Some(value(written))
}

/// A value of this type, or each item of a stream of them.
pub(super) fn value(written: &Type) -> Reply {
    let kind = kind(written);
    let bytes = match &kind {
        ReplyKind::Value => is_bytes(written),
        ReplyKind::Result { value, .. } => is_bytes(value),
        ReplyKind::Alias { value } => value.as_ref().is_some_and(is_bytes),
    };
    Reply { written: written.clone(), kind, bytes, stream: None }
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
pub(super) fn owned(written: &Type, errors: &mut Errors) -> Option<()> {
    stream::none_in_answer(written, errors)?;
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

pub(super) fn is_unit(ty: &Type) -> bool {
    matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}
