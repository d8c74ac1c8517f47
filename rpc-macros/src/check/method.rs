//! One method of the trait.

use quote::ToTokens;
use syn::{GenericParam, Receiver, ReceiverKind, Safety, Signature};

use super::{argument, reply, stream, timeout};
use crate::errors::Errors;
use crate::model::{Method, Parameter, Shape};
use crate::names;
use crate::parse::{Carrier, RawMethod, RawService, carried};

/// The remote method, unless a mistake was reported about it.
pub(super) fn method(raw: &RawMethod, ordinal: u16, service: &RawService, errors: &mut Errors) -> Option<Method> {
    let found = errors.count();
    let signature = &raw.item.sig;
    let options = &raw.options;

    qualifiers(signature, errors);
    receiver(signature, errors);
    generics(signature, errors);

    let name = match (&options.name, service.options.rename_all) {
        (Some(name), _) => name.value(),
        (None, Some(rename)) => rename.apply(&names::plain(&signature.ident)),
        (None, None) => names::plain(&signature.ident),
    };
    for written in options.name.iter().chain(&options.aliases) {
        if let Some(refusal) = names::refuse_method(&written.value()) {
            errors.add(written, refusal);
        }
    }
    let timeout = options.timeout.as_ref().and_then(|written| match timeout::milliseconds(&written.value()) {
        Ok(timeout) => Some(timeout),
        Err(refusal) => {
            errors.add(written, refusal);
            None
        }
    });

    let parameters = argument::parameters(raw, service, errors);
    let reply = reply::reply(raw, errors);
    oneway(raw, errors);
    idempotent(raw, errors);
    once(raw, errors);

    let takes_streams = parameters.iter().any(|parameter| matches!(parameter, Parameter::Stream(_)));
    let shape = match (takes_streams, reply.as_ref().is_some_and(|reply| reply.stream.is_some())) {
        (false, false) => Shape::Unary,
        (false, true) => Shape::ServerStream,
        (true, false) => Shape::ClientStream,
        (true, true) => Shape::Bidirectional,
    };
    if errors.count() > found {
        return None;
    }
    Some(Method {
        ident: signature.ident.clone(),
        ordinal,
        name,
        aliases: options.aliases.clone(),
        carried: carried(&raw.item.attrs, Carrier::Method),
        parameters,
        reply: reply?,
        shape,
        oneway: options.oneway.is_some(),
        idempotent: options.idempotent.is_some(),
        once: options.once.is_some(),
        detach: options.detach.is_some(),
        timeout,
    })
}

/// A method that stays at home.
pub(super) fn skipped(raw: &RawMethod, errors: &mut Errors) {
    let name = &raw.item.sig.ident;
    if raw.item.default.is_none() {
        errors.add(
            name,
            format!("`{name}` is skipped, so it needs a body here: `fn {name}(…) {{ … }}`, or remove `#[rpc(skip)]`"),
        );
    }
    if let Some(option) = raw.options.remote_only() {
        errors.add(option, "a skipped method is not called over the wire: remove this, or `skip`");
    }
    for argument in &raw.arguments {
        if let Some(context) = &argument.options.context {
            errors.add(context, "a skipped method is called by your own code, which has no context to give");
        }
    }
}

/// Only `async fn`, or `fn` where a stream comes at once.
fn qualifiers(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    if signature.asyncness.is_none() && signature.constness.is_none() {
        match stream::in_output(&signature.output) {
            // Rightly written it needs no `async`, and what is wrong with it is said elsewhere.
            Some(stream::Written::Plain(_)) => {}
            None if stream::is_meant(&signature.output) => {}
            None => errors.add(
                signature.fn_token,
                format!(
                    "an RPC method waits for its answer: write `async fn {name}`, \
                     or keep it local with `#[rpc(skip)]` and a body"
                ),
            ),
            Some(stream::Written::Fallible(..)) => errors.add(
                signature.fn_token,
                format!(
                    "a method waits to see whether there is a stream: write `async fn {name}`, \
                     or return `impl Stream` itself, with `Result`s as its items"
                ),
            ),
        }
    }
    if let Some(token) = &signature.constness {
        errors.add(token, format!("an RPC method cannot be `const`: write `async fn {name}`"));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.add(
            token,
            format!(
                "an RPC method cannot be `unsafe`: a caller at the other end cannot keep its promise; \
                 write `async fn {name}`"
            ),
        );
    }
    if let Some(abi) = &signature.abi {
        errors.add(abi, format!("an RPC method has no foreign calling convention: write `async fn {name}`"));
    }
    if let Some(variadic) = &signature.variadic {
        errors.add(variadic, "an RPC method takes a fixed list of arguments: take a `Vec` instead");
    }
}

/// Only `&self`.
fn receiver(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    let Some(receiver) = signature.receiver() else {
        errors.add(name, format!("an RPC method is called on a service: write `async fn {name}(&self, …)`"));
        return;
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, None, None) => {}
        ReceiverKind::Reference(_, _, Some(_)) => errors.add(
            whole(receiver),
            "many calls use the service at once: take `&self`, and put what changes behind a lock such as `Mutex`",
        ),
        ReceiverKind::Reference(_, Some(lifetime), None) => {
            errors.add(lifetime, "a call borrows the service for as long as it runs: write `&self`");
        }
        ReceiverKind::Value => errors
            .add(whole(receiver), "the service answers more than one call, so a method cannot use it up: take `&self`"),
        _ => errors.add(whole(receiver), "the generated server shares the service itself: take `&self`"),
    }
}

fn whole(receiver: &Receiver) -> proc_macro2::TokenStream {
    let mut bare = receiver.clone();
    bare.attrs.clear();
    bare.into_token_stream()
}

/// Only what the trait brings.
fn generics(signature: &Signature, errors: &mut Errors) {
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => errors.add(
                lifetime,
                format!(
                    "borrowed arguments need no name for their lifetime: remove `{}` and write `&T`",
                    lifetime.lifetime
                ),
            ),
            GenericParam::Type(parameter) => errors.add(
                parameter,
                format!(
                    "the wire needs one type per method: move `{0}` to the trait, `trait …<{0}>`, or name a type",
                    parameter.ident
                ),
            ),
            GenericParam::Const(parameter) => errors.add(
                parameter,
                format!(
                    "the wire needs one type per method: move `{0}` to the trait, `trait …<const {0}: …>`, or write a number",
                    parameter.ident
                ),
            ),
        }
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.add(clause, "an RPC method has no conditions of its own: move them to the trait");
    }
}

/// What cannot be asked of a call that is never answered.
fn oneway(raw: &RawMethod, errors: &mut Errors) {
    if raw.options.oneway.is_none() {
        return;
    }
    if let syn::ReturnType::Type(_, ty) = &raw.item.sig.output
        && !reply::is_unit(ty)
    {
        errors
            .add(ty, "a one-way method is never answered, so it returns nothing: remove the type, or `#[rpc(oneway)]`");
    }
    for ty in stream::arguments(raw) {
        errors.add(
            ty,
            "a one-way call is over when it is on its way, and a stream would only begin then: \
             take a `Vec`, or remove `#[rpc(oneway)]`",
        );
    }
    if let Some(idempotent) = &raw.options.idempotent {
        errors.add(
            idempotent,
            "`idempotent` allows a retry after a lost answer, and a one-way method has none: \
             remove `idempotent` or `oneway`",
        );
    }
    if let Some(once) = &raw.options.once {
        errors.add(
            once,
            "`once` allows a retry after a lost answer, and a one-way method has none: remove `once` or `oneway`",
        );
    }
}

/// What is sent once cannot be sent again.
fn idempotent(raw: &RawMethod, errors: &mut Errors) {
    let Some(idempotent) = &raw.options.idempotent else {
        return;
    };
    // A one-way method has heard about the same word already.
    if raw.options.oneway.is_some() {
        return;
    }
    if stream::arguments(raw).next().is_some() || stream::in_output(&raw.item.sig.output).is_some() {
        errors.add(
            idempotent,
            "`idempotent` allows a retry, and a stream cannot be sent again: what has been taken from it is gone; \
             remove `idempotent`",
        );
    }
}

/// What the server keeps is one answer, so that a call need not run twice.
fn once(raw: &RawMethod, errors: &mut Errors) {
    let Some(once) = &raw.options.once else {
        return;
    };
    if raw.options.idempotent.is_some() {
        errors.add(
            once,
            "`once` has the server see to it that a retry does not run again, and `idempotent` says that it may: \
             remove one of them",
        );
    }
    // A one-way method has heard about the same word already.
    if raw.options.oneway.is_some() {
        return;
    }
    if stream::arguments(raw).next().is_some() || stream::in_output(&raw.item.sig.output).is_some() {
        errors.add(
            once,
            "`once` allows a retry, for which the server keeps the answer; a stream is neither kept nor sent again: \
             remove `once`",
        );
    }
}
