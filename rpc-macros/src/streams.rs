//! How a stream is spelt in a signature.

use syn::punctuated::Punctuated;
use syn::{GenericArgument, PathArguments, Token, TraitBound, Type, TypeParamBound};

/// The bound `Stream<…>` among those of an `impl …`, known by the last name of its path.
pub(crate) fn bound(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&TraitBound> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|segment| segment.ident == "Stream").then_some(bound)
        }
        _ => None,
    })
}

/// The `T` of `Stream<Item = T>`.
pub(crate) fn item(bound: &TraitBound) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == "Item" => Some(&assigned.ty),
        _ => None,
    })
}
