//! Names on the wire.

use proc_macro2::Ident;

/// How `rename_all` writes the names of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rename {
    Pascal,
    Camel,
    Snake,
    Kebab,
    ScreamingSnake,
}

impl Rename {
    /// What a message lists.
    pub(crate) const LIST: &str =
        "\"PascalCase\", \"camelCase\", \"snake_case\", \"kebab-case\", \"SCREAMING_SNAKE_CASE\"";

    pub(crate) fn of(style: &str) -> Option<Self> {
        Some(match style {
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "kebab-case" => Self::Kebab,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            _ => return None,
        })
    }

    /// Writes a `snake_case` name the other way.
    pub(crate) fn apply(self, name: &str) -> String {
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        match self {
            Self::Pascal => words.iter().map(|word| capitalised(word)).collect(),
            Self::Camel => {
                let (first, rest) = words.split_first().unwrap_or((&name, &[]));
                first.to_lowercase() + &rest.iter().map(|word| capitalised(word)).collect::<String>()
            }
            Self::Snake => name.to_lowercase(),
            Self::Kebab => words.join("-").to_lowercase(),
            Self::ScreamingSnake => name.to_uppercase(),
        }
    }
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

/// What is wrong with a method's wire name, if anything.
///
/// A dot would make `Service.method` ambiguous; the rest is for logs and for shells.
pub(crate) fn refuse_method(name: &str) -> Option<String> {
    refuse(name, &['_', '-'], "letters, digits, `_` and `-`")
}

/// What is wrong with a service's wire name, if anything.
pub(crate) fn refuse_service(name: &str) -> Option<String> {
    refuse(name, &['_', '-', '.'], "letters, digits, `_`, `-` and `.`")
}

fn refuse(name: &str, marks: &[char], allowed: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("a wire name cannot be empty: use {allowed}"));
    }
    let wrong = name.chars().find(|char| !char.is_alphanumeric() && !marks.contains(char))?;
    Some(format!("a wire name cannot contain {wrong:?}: use {allowed}"))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_writes_its_own_words() {
        let styles = [
            ("PascalCase", "GetUserById"),
            ("camelCase", "getUserById"),
            ("snake_case", "get_user_by_id"),
            ("kebab-case", "get-user-by-id"),
            ("SCREAMING_SNAKE_CASE", "GET_USER_BY_ID"),
        ];
        for (style, expected) in styles {
            let rename = Rename::of(style).unwrap();
            assert_eq!(rename.apply("get_user_by_id"), expected);
            assert!(Rename::LIST.contains(style), "{style} is not offered");
        }
        assert_eq!(Rename::of("Pascal"), None);
    }

    #[test]
    fn a_raw_name_loses_its_mark() {
        let ident: Ident = syn::parse_str("r#type").unwrap();
        assert_eq!(plain(&ident), "type");
    }

    #[test]
    fn a_wire_name_holds_no_dot_for_a_method_and_no_space_for_anyone() {
        assert_eq!(refuse_method("größe-2"), None);
        assert!(refuse_method("a.b").is_some());
        assert_eq!(refuse_service("shop.Orders"), None);
        assert!(refuse_service("shop Orders").is_some());
        assert!(refuse_method("").is_some());
    }
}
