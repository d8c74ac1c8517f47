//! A checked service: what the emitters read. A value of these types has no mistake left in it.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Generics, LitStr, Path, Type, Visibility};

/// A trait that can be served and called.
pub(crate) struct Service {
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The name on the wire.
    pub(crate) name: String,
    /// The path of the framework's crate.
    pub(crate) krate: Path,
    pub(crate) carried: Carried,
    /// The remote methods, without the ones that a mistake was reported about.
    pub(crate) methods: Vec<Method>,
}

/// One remote method.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    /// The position among the remote methods of the source, whatever their `cfg`.
    pub(crate) ordinal: u16,
    /// The name on the wire.
    pub(crate) name: String,
    /// Names it had before.
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) carried: Carried,
    /// In the order of the source, the context among them.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) reply: Reply,
    pub(crate) shape: Shape,
    pub(crate) oneway: bool,
    pub(crate) idempotent: bool,
    pub(crate) once: bool,
    pub(crate) detach: bool,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
}

impl Method {
    /// The fields of the message, in order.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Argument(argument) => Some(argument),
            Parameter::Stream(_) | Parameter::Context => None,
        })
    }

    /// The streams that the caller sends, in order.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamArgument> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Stream(stream) => Some(stream),
            Parameter::Argument(_) | Parameter::Context => None,
        })
    }

    /// The error of the `Result` around the stream that is answered.
    pub(crate) fn outer_error(&self) -> Option<&OuterError> {
        self.reply.stream.as_ref()?.outer.as_ref()
    }

    pub(crate) fn takes_context(&self) -> bool {
        self.parameters.iter().any(|parameter| matches!(parameter, Parameter::Context))
    }
}

/// Which ends of a call are streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Unary,
    ServerStream,
    ClientStream,
    Bidirectional,
}

/// What a method takes behind its receiver.
#[expect(clippy::large_enum_variant, reason = "a method has few of them, for one expansion")]
pub(crate) enum Parameter {
    Argument(Argument),
    Stream(StreamArgument),
    /// Handed to the handler, not sent.
    Context,
}

/// A value that the caller sends.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    /// As written.
    pub(crate) written: Type,
    pub(crate) pass: Pass,
    /// The serde attributes that its field gets.
    pub(crate) attributes: Vec<Attribute>,
    /// It crosses as bytes rather than as a sequence of numbers.
    pub(crate) bytes: bool,
    /// It may be missing, and is then the default of its type.
    pub(crate) defaults: bool,
    /// Its attributes name functions, so the field's type must be spelt out instead of being a parameter.
    pub(crate) spelt: bool,
}

/// How the caller gives an argument, and what the handler's end owns instead.
pub(crate) enum Pass {
    /// `T`, which is also what is decoded.
    Value,
    /// `&T`, decoded as `T`.
    Reference(Type),
    /// `&[T]`, decoded as `Vec<T>`.
    Slice(Type),
    /// `&str`, decoded as `String`.
    Text,
    /// `Option<&str>`, decoded as `Option<String>`.
    OptionalText,
}

/// A stream that the caller sends, and the handler takes as a `Streaming<T>`.
pub(crate) struct StreamArgument {
    pub(crate) ident: Ident,
    /// As written.
    pub(crate) item: Type,
    /// The items cross as bytes rather than as sequences of numbers.
    pub(crate) bytes: bool,
}

/// What a method answers: one value, or each item of a stream.
pub(crate) struct Reply {
    /// As written, `()` where nothing was.
    pub(crate) written: Type,
    pub(crate) kind: ReplyKind,
    /// The value crosses as bytes rather than as a sequence of numbers.
    pub(crate) bytes: bool,
    /// The stream, where what stands above is about its items.
    pub(crate) stream: Option<ReplyStream>,
}

/// How a method comes to the stream that it answers.
pub(crate) struct ReplyStream {
    /// It is an `async fn`; the others give their stream at once.
    pub(crate) awaited: bool,
    /// The error of the `Result` around the stream.
    pub(crate) outer: Option<OuterError>,
}

/// The error of a method that may fail before there is a stream.
pub(crate) enum OuterError {
    /// The `E` of `Result<impl Stream<…>, E>`.
    Written(Type),
    /// That of something called `Result`, here with `()` instead of the stream; the compiler finds it.
    Alias(Type),
}

impl OuterError {
    /// What there is of it in the source.
    pub(crate) fn written(&self) -> &Type {
        match self {
            Self::Written(ty) | Self::Alias(ty) => ty,
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "a method has few of them, for one expansion")]
pub(crate) enum ReplyKind {
    /// The method cannot fail.
    Value,
    /// `Result<T, E>` with both written out.
    Result { value: Type, error: Type },
    /// Something called `Result` that hides its error; the compiler finds the two halves.
    Alias { value: Option<Type> },
}

/// The attributes of the trait or of a method that what we generate repeats.
#[derive(Default)]
pub(crate) struct Carried {
    /// `cfg`, also inside `cfg_attr`.
    pub(crate) cfg: Vec<Attribute>,
    /// Documentation and `deprecated`.
    pub(crate) notes: Vec<Attribute>,
    /// The lints that the user has allowed.
    pub(crate) lints: Vec<Attribute>,
    /// The lines of the documentation, each an expression of type `&'static str`.
    pub(crate) docs: Vec<TokenStream>,
    pub(crate) deprecated: bool,
}
