//! What our attributes say: `#[rpc_service(…)]` on the trait, `#[rpc(…)]` on its methods and arguments.

use proc_macro2::{Ident, Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Attribute, LitStr, Path};

use crate::errors::Errors;
use crate::tokens;

use crate::names::Rename;

const ON_SERVICE: &str = "`name = \"…\"`, `rename_all = \"…\"`, `crate = path`";
const ON_METHOD: &str =
    "`oneway`, `idempotent`, `once`, `detach`, `skip`, `name = \"…\"`, `alias = \"…\"`, `timeout = \"…\"`";
const ON_ARGUMENT: &str = "`context`";

/// `#[rpc_service(…)]`.
#[derive(Default)]
pub(crate) struct ServiceOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) rename_all: Option<Rename>,
    pub(crate) krate: Option<Path>,
}

impl ServiceOptions {
    pub(super) fn parse(attribute: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("name") {
                once(&mut options.name, &meta, text(&meta)?, errors);
            } else if meta.path.is_ident("rename_all") {
                let style = text(&meta)?;
                match Rename::of(&style.value()) {
                    Some(rename) => once(&mut options.rename_all, &meta, rename, errors),
                    None => errors.add(
                        &style,
                        format!("`{}` is no way to write names: expected one of {}", style.value(), Rename::LIST),
                    ),
                }
            } else if meta.path.is_ident("crate") {
                let value = meta.value()?;
                if value.peek(LitStr) {
                    let quoted: LitStr = value.parse()?;
                    errors.add(&quoted, format!("a path is written without quotes: `crate = {}`", quoted.value()));
                    return Ok(());
                }
                once(&mut options.krate, &meta, Path::parse_mod_style(value)?, errors);
            } else {
                unknown(&meta, "#[rpc_service]", ON_SERVICE, errors)?;
            }
            Ok(())
        });
        if let Err(error) = parser.parse2(attribute) {
            errors.push(error);
        }
        options
    }
}

/// `#[rpc(…)]` on a method. A flag keeps the place where it was written.
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) oneway: Option<Ident>,
    pub(crate) idempotent: Option<Ident>,
    pub(crate) once: Option<Ident>,
    pub(crate) detach: Option<Ident>,
    pub(crate) skip: Option<Ident>,
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) timeout: Option<LitStr>,
}

impl MethodOptions {
    /// Takes every `#[rpc(…)]` out of `attributes`.
    pub(super) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in take_rpc(attributes, errors) {
            nested(&attribute, ON_METHOD, errors, |meta, errors| {
                let Some(key) = meta.path.get_ident().cloned() else {
                    return unknown(meta, "#[rpc] on a method", ON_METHOD, errors);
                };
                match key.to_string().as_str() {
                    "oneway" => flag(&mut options.oneway, meta, key, errors)?,
                    "idempotent" => flag(&mut options.idempotent, meta, key, errors)?,
                    "once" => flag(&mut options.once, meta, key, errors)?,
                    "detach" => flag(&mut options.detach, meta, key, errors)?,
                    "skip" => flag(&mut options.skip, meta, key, errors)?,
                    "name" => once(&mut options.name, meta, text(meta)?, errors),
                    "alias" => options.aliases.push(text(meta)?),
                    "timeout" => once(&mut options.timeout, meta, text(meta)?, errors),
                    "context" => {
                        errors.add(&key, "`context` belongs to an argument: `#[rpc(context)] cx: &MyContext`");
                    }
                    _ => unknown(meta, "#[rpc] on a method", ON_METHOD, errors)?,
                }
                Ok(())
            });
        }
        options
    }

    /// The first option that makes sense for remote methods only.
    pub(crate) fn remote_only(&self) -> Option<TokenStream> {
        use quote::ToTokens;
        let flags = [&self.oneway, &self.idempotent, &self.once, &self.detach];
        let texts = [&self.name, &self.timeout];
        (flags.into_iter().flatten().map(ToTokens::to_token_stream))
            .chain(texts.into_iter().flatten().map(ToTokens::to_token_stream))
            .chain(self.aliases.iter().map(ToTokens::to_token_stream))
            .next()
    }
}

/// `#[rpc(…)]` on an argument.
#[derive(Default)]
pub(crate) struct ArgumentOptions {
    pub(crate) context: Option<Ident>,
}

impl ArgumentOptions {
    /// Takes every `#[rpc(…)]` out of `attributes`.
    pub(super) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        for attribute in take_rpc(attributes, errors) {
            nested(&attribute, ON_ARGUMENT, errors, |meta, errors| match meta.path.get_ident() {
                Some(key) if key == "context" => {
                    once(&mut options.context, meta, key.clone(), errors);
                    Ok(())
                }
                _ => unknown(meta, "#[rpc] on an argument", ON_ARGUMENT, errors),
            });
        }
        options
    }
}

/// Removes the `#[rpc]` attributes and returns them.
fn take_rpc(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<Attribute> {
    let (ours, others): (Vec<_>, Vec<_>) =
        std::mem::take(attributes).into_iter().partition(|attribute| attribute.path().is_ident("rpc"));
    for attribute in &others {
        if attribute.path().is_ident("cfg_attr") && tokens::conditional(attribute).iter().any(|inner| inner == "rpc") {
            errors.add(
                attribute,
                "#[rpc] cannot depend on a `cfg`, since both ends must agree on it: write it unconditionally",
            );
        }
    }
    *attributes = others;
    attributes.retain(|attribute| {
        !(attribute.path().is_ident("cfg_attr") && tokens::conditional(attribute).iter().any(|inner| inner == "rpc"))
    });
    ours
}

/// Reads `key`, `key = value`, … and goes on behind an unknown key.
fn nested(
    attribute: &Attribute,
    allowed: &str,
    errors: &mut Errors,
    mut each: impl FnMut(&ParseNestedMeta<'_>, &mut Errors) -> syn::Result<()>,
) {
    if let syn::Meta::Path(_) | syn::Meta::NameValue(_) = attribute.meta {
        errors.add(attribute, format!("expected `#[rpc(…)]` with one of {allowed}"));
        return;
    }
    if let Err(error) = attribute.parse_nested_meta(|meta| each(&meta, errors)) {
        errors.push(error);
    }
}

/// Reports the key and steps over its value.
fn unknown(meta: &ParseNestedMeta<'_>, place: &str, allowed: &str, errors: &mut Errors) -> syn::Result<()> {
    let key = meta.path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::");
    errors.add(&meta.path, format!("{place} knows no `{key}`: expected one of {allowed}"));
    step_over(meta).map(drop)
}

/// Steps over what follows a key, and says whether there was anything.
fn step_over(meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
        return Ok(true);
    }
    if meta.input.peek(syn::token::Paren) {
        meta.input.parse::<proc_macro2::TokenTree>()?;
        return Ok(true);
    }
    Ok(false)
}

fn flag(slot: &mut Option<Ident>, meta: &ParseNestedMeta<'_>, key: Ident, errors: &mut Errors) -> syn::Result<()> {
    if step_over(meta)? {
        errors.add(&key, format!("`{key}` is on where it is written: write it without a value, or remove it"));
        return Ok(());
    }
    once(slot, meta, key, errors);
    Ok(())
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let wanted = |span: Span| {
        let key = meta.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        syn::Error::new(span, format!("`{key}` takes a text: `{key} = \"…\"`"))
    };
    if !meta.input.peek(syn::Token![=]) {
        return Err(wanted(syn::spanned::Spanned::span(&meta.path)));
    }
    let value = meta.value()?;
    value.parse::<LitStr>().map_err(|error| wanted(error.span()))
}

fn once<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T, errors: &mut Errors) {
    if slot.replace(value).is_some() {
        let key = meta.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        errors.add(&meta.path, format!("`{key}` is given twice: keep one"));
    }
}
