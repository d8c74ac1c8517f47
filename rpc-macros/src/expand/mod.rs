//! From the checked service to the code: the trait, the stub, the skeleton, the descriptor.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericParam, Path, Type, WherePredicate, parse_quote};

use crate::model::{Method, Pass, ReplyKind, Service};
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
        return contract::contract(&raw.item, &Roots::of(&krate));
    };
    let roots = Roots::of(&service.krate);
    let names = Names::of(service);
    let scope = Scope { service, roots: &roots, names: &names };
    let parts = [
        contract::contract(&raw.item, &roots),
        client::client(&scope),
        server::server(&scope),
        descriptor::descriptor(&scope),
        probes::probes(&scope),
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
        let ident = &service.ident;
        let mut implementation = format_ident!("T");
        while mentioned(service, &implementation) {
            implementation = format_ident!("{implementation}T");
        }
        Self {
            client: format_ident!("{ident}Client"),
            server: format_ident!("{ident}Server"),
            methods: format_ident!("__{ident}Methods"),
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
                || method.arguments().any(|argument| tokens::mentions(&argument.written, names))
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
        let parameters = self.parameters();
        let mut predicates = Vec::new();
        let (messages, failure) = self.crossing(method);
        for ty in messages.iter().filter(|ty| tokens::mentions(ty, &parameters)) {
            predicates.push(parse_quote!(#ty: #private::Message));
        }
        for ty in failure.iter().filter(|ty| tokens::mentions(ty, &parameters)) {
            predicates.push(parse_quote!(#ty: #private::Failure));
        }
        predicates
    }

    /// The types whose values cross as messages, and the type of the error.
    pub(crate) fn crossing(&self, method: &Method) -> (Vec<Type>, Option<Type>) {
        let mut messages: Vec<Type> = Vec::new();
        for argument in method.arguments() {
            let convertible = argument.bytes || argument.spelt;
            match &argument.pass {
                _ if convertible => {}
                Pass::Value => messages.push(argument.written.clone()),
                Pass::Reference(ty) | Pass::Slice(ty) => messages.push(ty.clone()),
                Pass::Text | Pass::OptionalText => {}
            }
        }
        if method.oneway {
            return (messages, None);
        }
        let (value, error) = self.halves(method);
        if !method.reply.bytes {
            messages.push(value);
        }
        (messages, error)
    }

    /// The types of the value and of the error that a method answers with.
    pub(crate) fn halves(&self, method: &Method) -> (Type, Option<Type>) {
        let private = &self.roots.private;
        let written = &method.reply.written;
        match &method.reply.kind {
            ReplyKind::Value => (written.clone(), None),
            ReplyKind::Result { value, error } => (value.clone(), Some(error.clone())),
            ReplyKind::Alias { .. } => (
                parse_quote!(<#written as #private::ResultParts>::Value),
                Some(parse_quote!(<#written as #private::ResultParts>::Error)),
            ),
        }
    }
}

/// A span for generated code that points at the user's `tokens`.
/// It keeps the marks of a macro, so that the user's lints leave the code alone.
pub(crate) fn at(tokens: impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    Span::call_site().located_at(first)
}
