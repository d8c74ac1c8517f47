//! Looking into tokens where a syntax tree says no more than its tokens do.

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, Type};

/// What a type contains that may not cross the wire, each with the place of its first occurrence.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) reference: Option<Span>,
    /// Any but `'static`.
    pub(crate) lifetime: Option<Span>,
    pub(crate) impl_trait: Option<Span>,
    pub(crate) self_type: Option<Span>,
}

impl Findings {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        let mut findings = Self::default();
        findings.scan(tokens.to_token_stream());
        findings
    }

    fn scan(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Punct(punct) if punct.as_char() == '&' => {
                    self.reference.get_or_insert(punct.span());
                }
                TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                    if let Some(TokenTree::Ident(name)) = tokens.next()
                        && name != "static"
                    {
                        self.lifetime.get_or_insert(name.span());
                    }
                }
                TokenTree::Ident(ident) if ident == "impl" => {
                    self.impl_trait.get_or_insert(ident.span());
                }
                TokenTree::Ident(ident) if ident == "Self" => {
                    self.self_type.get_or_insert(ident.span());
                }
                _ => {}
            }
        }
    }
}

/// Whether any of `idents` occurs in `tokens`.
pub(crate) fn mentions(tokens: impl ToTokens, idents: &[Ident]) -> bool {
    tokens.to_token_stream().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), idents),
        TokenTree::Ident(ident) => idents.contains(&ident),
        _ => false,
    })
}

/// A type without the parentheses and the invisible groups that a `macro_rules!` fragment leaves.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// A type as one would write it: the spaces that tokens lose, and no others.
pub(crate) fn tidy(ty: &Type) -> String {
    let mut text = String::new();
    write(&mut text, ty.to_token_stream());
    text
}

fn write(text: &mut String, tokens: TokenStream) {
    let mut after_word = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if word && after_word {
            text.push(' ');
        }
        after_word = word;
        match token {
            TokenTree::Ident(ident) => text.push_str(&ident.to_string()),
            TokenTree::Literal(literal) => text.push_str(&literal.to_string()),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(text, group.stream());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                match (punct.as_char(), punct.spacing()) {
                    // The end of a list needs no space, the next element does.
                    (mark @ (',' | ';'), _) => {
                        text.push(mark);
                        if tokens.peek().is_some() {
                            text.push(' ');
                        }
                    }
                    ('-', Spacing::Joint) => text.push_str(" -"),
                    ('>', _) if text.ends_with('-') => text.push_str("> "),
                    (mark @ ('+' | '='), _) => {
                        text.push(' ');
                        text.push(mark);
                        text.push(' ');
                    }
                    ('\'', _) => {
                        text.push('\'');
                        if let Some(TokenTree::Ident(name)) = tokens.next() {
                            text.push_str(&name.to_string());
                            after_word = true;
                        }
                    }
                    (mark, _) => text.push(mark),
                }
            }
        }
    }
}

/// The names of the attributes inside a `cfg_attr`.
pub(crate) fn conditional(attribute: &Attribute) -> Vec<String> {
    let inner = split_conditional(attribute).map(|(_, inner)| inner).unwrap_or_default();
    inner.iter().filter_map(|meta| meta.path().get_ident().map(ToString::to_string)).collect()
}

/// The predicate of a `cfg_attr` and the attributes behind it.
pub(crate) fn split_conditional(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut parts = parts.into_iter();
    let predicate = parts.next()?;
    Some((predicate, parts.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_written_as_people_write_it() {
        for written in [
            "Vec<u8>",
            "&str",
            "&'static str",
            "HashMap<String, Vec<(u8, u16)>>",
            "[u8; 4]",
            "()",
            "Option<&str>",
            "Box<dyn Fn(u8) -> u16 + Send>",
            "<T as Iterator>::Item",
            "impl Stream<Item = u64>",
            "std::collections::BTreeMap<K, V>",
            "&mut T",
            "Matrix<3, { N }>",
        ] {
            let ty: Type = syn::parse_str(written).unwrap();
            assert_eq!(tidy(&ty), written);
        }
    }

    #[test]
    fn what_may_not_cross_is_found_at_any_depth() {
        let found = |text: &str| Findings::of(syn::parse_str::<Type>(text).unwrap());
        assert!(found("Vec<(u8, &str)>").reference.is_some());
        assert!(found("Cow<'a, str>").lifetime.is_some());
        assert!(found("Cow<'static, str>").lifetime.is_none());
        assert!(found("Option<Self::Key>").self_type.is_some());
        assert!(found("[impl Clone; 2]").impl_trait.is_some());
    }

    #[test]
    fn a_parameter_is_found_inside_brackets() {
        let key = [Ident::new("K", Span::call_site())];
        let ty: Type = syn::parse_str("Vec<(u8, K)>").unwrap();
        assert!(mentions(&ty, &key));
        let other: Type = syn::parse_str("Vec<Key>").unwrap();
        assert!(!mentions(&other, &key));
    }
}
