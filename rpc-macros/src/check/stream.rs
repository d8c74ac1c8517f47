//! Streams: those that the caller sends, and the one that is answered.

use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeImplTrait, TypePath, parse_quote};

use super::argument::{self, is_bytes, last_segment, type_arguments};
use super::reply;
use crate::errors::Errors;
use crate::model::{OuterError, Reply, ReplyKind, ReplyStream, StreamArgument};
use crate::parse::{RawArgument, RawMethod};
use crate::streams;
use crate::tokens::{Findings, peel, tidy};

/// How many streams the caller of a method may send.
pub(super) const MOST: usize = 16;

/// Whether the argument is a stream, rightly written or not.
pub(super) fn is_argument(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Streaming")
}

/// The types of a method's arguments that are streams.
pub(super) fn arguments(raw: &RawMethod) -> impl Iterator<Item = &Type> {
    raw.arguments.iter().map(|argument| peel(&argument.item.ty)).filter(|ty| is_argument(ty))
}

/// A stream that the caller sends: `Streaming<T>`.
pub(super) fn argument(raw: &RawArgument, ty: &Type, errors: &mut Errors) -> Option<StreamArgument> {
    let found = errors.count();
    let ident = argument::name(&raw.item.pat, errors);
    argument::without_serde(raw, "a stream is no field of the message", errors);
    let item = match last_segment(ty).map(type_arguments).as_deref() {
        Some([item]) => Some((*item).clone()),
        Some([item, ..]) => {
            let item = tidy(item);
            errors.add(ty, format!("what the caller sends has no error type: take `Streaming<{item}>`"));
            None
        }
        _ => {
            errors.add(ty, "say what it carries: `Streaming<T>`");
            None
        }
    };
    if let Some(item) = &item {
        owned(item, errors);
    }
    if errors.count() > found {
        return None;
    }
    let item = item?;
    Some(StreamArgument { ident: ident?, bytes: is_bytes(&item), item })
}

/// Refuses items that the handler could not own.
fn owned(item: &Type, errors: &mut Errors) -> Option<()> {
    none_in_argument(item, errors)?;
    let findings = Findings::of(item);
    if findings.reference.is_some() || findings.lifetime.is_some() {
        errors.add(
            item,
            "an item is decoded into a value of its own, which cannot borrow: \
             name an owned type, such as `String` for `&str`",
        );
        return None;
    }
    argument::owned(item, errors)
}

/// Refuses an argument that has a stream inside, or is one that only its caller could have.
pub(super) fn none_in_argument(ty: &Type, errors: &mut Errors) -> Option<()> {
    let Some(stream) = find(ty) else {
        return Some(());
    };
    let item = item_text(stream);
    errors.add(
        ty,
        format!(
            "the handler takes a stream as `Streaming<{item}>` itself, and its client gives any `impl Stream<Item = {item}>`"
        ),
    );
    None
}

/// Where an answer has its stream.
pub(super) enum Written<'a> {
    /// `impl Stream<…>`.
    Plain(&'a TypeImplTrait),
    /// `Result<impl Stream<…>, …>`.
    Fallible(&'a TypePath, &'a TypeImplTrait),
}

impl<'a> Written<'a> {
    pub(super) fn of(written: &'a Type) -> Option<Self> {
        let written = peel(written);
        if let Some(stream) = opaque(written) {
            return Some(Self::Plain(stream));
        }
        let Type::Path(path) = written else {
            return None;
        };
        let segment = last_segment(written).filter(|segment| segment.ident == "Result")?;
        let stream = type_arguments(segment).first().copied().and_then(opaque)?;
        Some(Self::Fallible(path, stream))
    }
}

/// Whether an answer has a stream in it, rightly written or not.
pub(super) fn is_meant(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, written) if find(written).is_some())
}

/// Where a signature has the stream that it answers, if it does.
pub(super) fn in_output(output: &ReturnType) -> Option<Written<'_>> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, written) => Written::of(written),
    }
}

/// An answer that is a stream; `awaited` where the method is an `async fn`.
pub(super) fn reply(written: &Written<'_>, awaited: bool, errors: &mut Errors) -> Option<Reply> {
    let found = errors.count();
    let (stream, outer) = match written {
        Written::Plain(stream) => (*stream, None),
        Written::Fallible(path, stream) => (*stream, Some(outer_error(path))),
    };
    if let Some(outer) = &outer {
        reply::owned(outer.written(), errors);
    }
    let Some(item) = streams::bound(&stream.bounds).and_then(streams::item) else {
        errors.add(stream, "say what it gives: `impl Stream<Item = T>`");
        return None;
    };
    reply::owned(item, errors);
    let reply = Reply { stream: Some(ReplyStream { awaited, outer }), ..reply::value(peel(item)) };
    one_error(&reply, errors);
    (errors.count() == found).then_some(reply)
}

/// The error of the `Result` around a stream.
fn outer_error(path: &TypePath) -> OuterError {
    let whole = Type::Path(path.clone());
    match last_segment(&whole).map(type_arguments).as_deref() {
        Some([_, error]) => OuterError::Written((*error).clone()),
        _ => OuterError::Alias(with_unit(&whole)),
    }
}

/// An alias called `Result` with `()` for its value: its error does not depend on that.
fn with_unit(alias: &Type) -> Type {
    let mut alias = alias.clone();
    if let Type::Path(path) = &mut alias
        && let Some(segment) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(arguments) = &mut segment.arguments
        && let Some(GenericArgument::Type(value)) =
            arguments.args.iter_mut().find(|argument| matches!(argument, GenericArgument::Type(_)))
    {
        *value = parse_quote!(());
    }
    alias
}

/// Refuses two errors where the client sees one.
fn one_error(reply: &Reply, errors: &mut Errors) {
    let Some(outer) = reply.stream.as_ref().and_then(|stream| stream.outer.as_ref()) else {
        return;
    };
    let (alike, place) = match (&reply.kind, outer) {
        (ReplyKind::Value, _) => return,
        (ReplyKind::Result { error, .. }, OuterError::Written(outer)) => (tidy(error) == tidy(outer), error),
        (ReplyKind::Result { error, .. }, OuterError::Alias(_)) => (false, error),
        (ReplyKind::Alias { .. }, OuterError::Written(_)) => (false, &reply.written),
        (ReplyKind::Alias { .. }, OuterError::Alias(outer)) => {
            (tidy(&with_unit(&reply.written)) == tidy(outer), &reply.written)
        }
    };
    if alike {
        return;
    }
    let around = match outer {
        OuterError::Written(outer) => format!("`{}`", tidy(outer)),
        OuterError::Alias(outer) => format!("the error of `{}`", tidy(outer)),
    };
    errors.add(
        place,
        format!(
            "the client sees one type of error for the whole stream: \
             spell this one like that of the `Result` around the stream, {around}"
        ),
    );
}

/// Refuses an answer that has a stream where the client could not have it.
pub(super) fn none_in_answer(written: &Type, errors: &mut Errors) -> Option<()> {
    let Some(stream) = find(written) else {
        return Some(());
    };
    let item = item_text(stream);
    let message = match opaque(stream) {
        Some(_) => format!(
            "a stream is the whole answer, or the value of its `Result`: \
             write `impl Stream<Item = {item}>`, or `Result<impl Stream<Item = {item}>, …>`"
        ),
        None => {
            format!("the handler returns a stream as `impl Stream<Item = {item}>`; its client gets it as a `Streaming`")
        }
    };
    errors.add(stream, message);
    None
}

/// The first stream in a type, in whatever form.
fn find(ty: &Type) -> Option<&Type> {
    let ty = peel(ty);
    match ty {
        Type::ImplTrait(opaque) => streams::bound(&opaque.bounds).map(|_| ty),
        Type::TraitObject(object) => streams::bound(&object.bounds).map(|_| ty),
        Type::Reference(reference) => find(&reference.elem),
        Type::Slice(slice) => find(&slice.elem),
        Type::Array(array) => find(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(find),
        path => {
            let segment = last_segment(path)?;
            if segment.ident == "Streaming" || segment.ident == "BoxStream" {
                return Some(ty);
            }
            type_arguments(segment).into_iter().find_map(find)
        }
    }
}

/// What a stream that was found gives, for a message.
fn item_text(stream: &Type) -> String {
    let bounds = match stream {
        Type::ImplTrait(opaque) => &opaque.bounds,
        Type::TraitObject(object) => &object.bounds,
        path => {
            return match last_segment(path).map(type_arguments).as_deref() {
                Some([item]) => tidy(item),
                Some([item, error]) => format!("Result<{}, {}>", tidy(item), tidy(error)),
                _ => "T".to_owned(),
            };
        }
    };
    streams::bound(bounds).and_then(streams::item).map_or_else(|| "T".to_owned(), tidy)
}

/// `impl Stream<…>`.
fn opaque(ty: &Type) -> Option<&TypeImplTrait> {
    match peel(ty) {
        Type::ImplTrait(opaque) if streams::bound(&opaque.bounds).is_some() => Some(opaque),
        _ => None,
    }
}
