//! From the checked service to the code: the trait, the stub, the skeleton, the descriptor.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericParam, Path, Type, WherePredicate, parse_quote};

use crate::model::{Method, OuterError, Pass, ReplyKind, Service};
use crate::names;
use crate::parse::RawService;
use crate::tokens;

mod arguments;
mod client;
mod contract;
mod descriptor;
mod probes;
mod server;

/// Everything that stands in the place of the trait.
pub(crate) fn service(raw: &RawService, service: Option<&Service>) -> TokenStream {
    let Some(service) = service else {
        let krate: Path = raw.options.krate.clone().unwrap_or_else(|| parse_quote!(::rpc_core));
        return contract::contract(raw, &Roots::of(&krate));
    };
    let roots = Roots::of(&service.krate);
    let names = Names::of(service);
    let scope = Scope { service, roots: &roots, names: &names };
    let parts = [
        contract::contract(raw, &roots),
        client::client(&scope),
        server::server(&scope),
        descriptor::descriptor(&scope),
        probes::outside(&scope),
    ];
    parts.into_iter().collect()
}

/// Where the generated code finds what it names. The user's own names are never relied on, not even the prelude's.
pub(crate) struct Roots {
    pub(crate) private: TokenStream,
    pub(crate) core: TokenStream,
    pub(crate) std: TokenStream,
}

impl Roots {
    fn of(krate: &Path) -> Self {
        Self { private: quote!(#krate::__private), core: quote!(::core), std: quote!(::std) }
    }

    /// The same paths, with errors about them shown at `span`.
    pub(crate) fn at(&self, span: Span) -> Self {
        let moved = |tokens: &TokenStream| {
            let tokens = tokens.clone().into_iter().map(|mut token| {
                token.set_span(token.span().located_at(span));
                token
            });
            tokens.collect()
        };
        Self { private: moved(&self.private), core: moved(&self.core), std: moved(&self.std) }
    }
}

/// The names we add to the user's module.
pub(crate) struct Names {
    pub(crate) client: Ident,
    pub(crate) server: Ident,
    pub(crate) methods: Ident,
    /// The skeleton's parameter: `T`, unless the trait uses that name itself.
    pub(crate) implementation: Ident,
}

impl Names {
    fn of(service: &Service) -> Self {
        let ident = names::plain(&service.ident);
        let span = service.ident.span();
        let mut implementation = format_ident!("T");
        while mentioned(service, &implementation) {
            implementation = format_ident!("{implementation}T");
        }
        Self {
            client: Ident::new(&format!("{ident}Client"), span),
            server: Ident::new(&format!("{ident}Server"), span),
            methods: Ident::new(&format!("__{ident}Methods"), span),
            implementation,
        }
    }
}

fn mentioned(service: &Service, name: &Ident) -> bool {
    let names = std::slice::from_ref(name);
    let generics = &service.generics;
    let clause = &generics.where_clause;
    &service.ident == name
        || tokens::mentions(&generics.params, names)
        || tokens::mentions(clause, names)
        || service.methods.iter().any(|method| {
            tokens::mentions(&method.reply.written, names)
                || method.outer_error().is_some_and(|error| tokens::mentions(error.written(), names))
                || method.arguments().any(|argument| tokens::mentions(&argument.written, names))
                || method.streams().any(|stream| tokens::mentions(&stream.item, names))
        })
}

/// What every emitter reads.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a Service,
    pub(crate) roots: &'a Roots,
    pub(crate) names: &'a Names,
}

impl Scope<'_> {
    /// The parameters of the trait.
    pub(crate) fn parameters(&self) -> Vec<Ident> {
        let idents = self.service.generics.params.iter().map(|parameter| match parameter {
            GenericParam::Type(parameter) => parameter.ident.clone(),
            GenericParam::Const(parameter) => parameter.ident.clone(),
            GenericParam::Lifetime(parameter) => parameter.lifetime.ident.clone(),
        });
        idents.collect()
    }

    /// The parameters of the trait that are types.
    pub(crate) fn type_parameters(&self) -> Vec<&Ident> {
        self.service.generics.type_params().map(|parameter| &parameter.ident).collect()
    }

    /// A type for the field that ties the trait's type parameters to a struct, if there are any.
    /// It is `Send`, `Sync` and sized whatever they are.
    pub(crate) fn marker(&self) -> Option<TokenStream> {
        let core = &self.roots.core;
        let types = self.type_parameters();
        (!types.is_empty())
            .then(|| quote!(#core::marker::PhantomData<fn() -> (#(#core::marker::PhantomData<#types>,)*)>))
    }

    /// The conditions of the trait, without those on `Self`, which is not there.
    pub(crate) fn conditions(&self) -> Vec<WherePredicate> {
        let clause = self.service.generics.where_clause.as_ref();
        let predicates = clause.into_iter().flat_map(|clause| &clause.predicates);
        predicates.filter(|predicate| tokens::Findings::of(predicate).self_type.is_none()).cloned().collect()
    }

    /// What must hold for the trait's parameters so that a method's types can be sent.
    pub(crate) fn sendable(&self, method: &Method) -> Vec<WherePredicate> {
        let private = &self.roots.private;
        let (messages, failure) = self.crossing(method);
        let messages =
            messages.iter().filter(|ty| self.is_open(ty)).map(|ty| parse_quote!(#ty: #private::Message + 'static));
        let failure = failure.iter().filter(|ty| self.is_open(ty)).map(|ty| parse_quote!(#ty: #private::Failure));
        messages.chain(failure).collect()
    }

    /// What must hold for the trait's parameters so that the service can be served.
    pub(crate) fn servable(&self) -> Vec<WherePredicate> {
        let core = &self.roots.core;
        let mut predicates: Vec<WherePredicate> = Vec::new();
        for ty in self.type_parameters() {
            predicates.push(parse_quote!(#ty: #core::marker::Send + #core::marker::Sync + 'static));
        }
        for method in &self.service.methods {
            predicates.extend(self.sendable(method));
        }
        let mut seen = HashSet::new();
        predicates.retain(|predicate| seen.insert(predicate.to_token_stream().to_string()));
        predicates
    }

    /// Whether the compiler can judge a type only where the trait's parameters are known.
    pub(crate) fn is_open(&self, ty: &Type) -> bool {
        tokens::mentions(ty, &self.parameters())
    }

    /// Whether a type goes through a probe: the compiler can judge it, and the answer is not plain.
    pub(crate) fn is_closed(&self, ty: &Type) -> bool {
        !self.is_open(ty) && !is_plain(ty)
    }

    /// The types whose values cross as messages, and the type of the error.
    fn crossing(&self, method: &Method) -> (Vec<Type>, Option<Type>) {
        let arguments = method.arguments().filter(|argument| !argument.bytes && !argument.spelt);
        let mut messages: Vec<Type> = arguments
            .filter_map(|argument| match &argument.pass {
                Pass::Value => Some(argument.written.clone()),
                Pass::Reference(ty) | Pass::Slice(ty) => Some(ty.clone()),
                Pass::Text | Pass::OptionalText => None,
            })
            .collect();
        messages.extend(method.streams().filter(|stream| !stream.bytes).map(|stream| stream.item.clone()));
        messages.extend(self.answered(method));
        (messages, self.halves(method).1)
    }

    /// The type of the value that is answered, unless it crosses as bytes.
    pub(crate) fn answered(&self, method: &Method) -> Option<Type> {
        (!method.reply.bytes && !method.oneway).then(|| self.halves(method).0)
    }

    /// The types of the value and of the error that a method answers with: each item's, where it answers a stream.
    pub(crate) fn halves(&self, method: &Method) -> (Type, Option<Type>) {
        let private = &self.roots.private;
        let written = &method.reply.written;
        match &method.reply.kind {
            ReplyKind::Value => (written.clone(), method.outer_error().map(|error| self.outer(error))),
            ReplyKind::Result { value, error } => (value.clone(), Some(error.clone())),
            ReplyKind::Alias { .. } => (
                parse_quote!(<#written as #private::ResultParts>::Value),
                Some(parse_quote!(<#written as #private::ResultParts>::Error)),
            ),
        }
    }

    /// The type of the error of the `Result` around a stream.
    fn outer(&self, error: &OuterError) -> Type {
        let private = &self.roots.private;
        match error {
            OuterError::Written(error) => error.clone(),
            OuterError::Alias(alias) => parse_quote!(<#alias as #private::ResultParts>::Error),
        }
    }
}

/// A type of the language, which needs no question: that keeps the expansion small.
pub(crate) fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 17] = [
        "()", "bool", "char", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128", "f32", "f64",
        "usize", "String",
    ];
    PLAIN.contains(&tokens::tidy(ty).as_str())
}

/// A span for generated code that points at the user's `tokens`.
/// It keeps the marks of a macro, so that the user's lints leave the code alone.
pub(crate) fn at(tokens: impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    Span::call_site().located_at(first)
}
