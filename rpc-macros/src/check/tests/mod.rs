//! Every mistake has its message, and what is right keeps its meaning.

use proc_macro2::TokenStream;

use super::service;
use crate::errors::Errors;
use crate::model::Service;
use crate::parse;

mod kept;
mod refused;

fn checked(attribute: TokenStream, item: TokenStream) -> (Option<Service>, Vec<String>) {
    let mut errors = Errors::default();
    let service = match parse::service(attribute, item, &mut errors) {
        Ok(raw) => service(&raw, &mut errors),
        Err(_) => None,
    };
    let messages = errors.into_vec().iter().map(ToString::to_string).collect();
    (service, messages)
}
