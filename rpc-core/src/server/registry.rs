use std::sync::Arc;

use super::pace::Pace;
use crate::code::Code;
use crate::error::RpcError;
use crate::method::{MethodDescriptor, identifier};
use crate::service::Service;

/// The services of a server, found by the hashes of their names.
#[derive(Default)]
pub(crate) struct Registry {
    /// In order of their hash.
    services: Vec<Registered>,
}

pub(crate) struct Registered {
    id: u32,
    pub(super) service: Arc<dyn Service>,
    /// In order of their hash; aliases have entries of their own.
    methods: Vec<Method>,
}

pub(super) struct Method {
    id: u32,
    pub(super) descriptor: &'static MethodDescriptor,
    pub(super) pace: Arc<Pace>,
}

impl Registry {
    /// # Errors
    ///
    /// When a name, or a hash, is taken.
    pub(crate) fn add(&mut self, service: Arc<dyn Service>) -> Result<(), RpcError> {
        let name = service.name().to_owned();
        let id = identifier(&name);
        let at = match self.services.binary_search_by_key(&id, |registered| registered.id) {
            Ok(at) => {
                let other = self.services.get(at).map(|other| other.service.name()).unwrap_or_default();
                let text = match other == name {
                    true => format!("the service {name} is registered twice; give one another name with .named(…)"),
                    false => format!("the services {other} and {name} have the same hash; rename one"),
                };
                return Err(RpcError::new(Code::AlreadyExists, text));
            }
            Err(at) => at,
        };
        let mut methods = Vec::new();
        for descriptor in service.descriptor().methods {
            let names = std::iter::once(descriptor.name).chain(descriptor.aliases.iter().copied());
            let pace = Arc::new(Pace::default());
            methods.extend(names.map(|name| Method { id: identifier(name), descriptor, pace: Arc::clone(&pace) }));
        }
        methods.sort_by_key(|method| method.id);
        self.services.insert(at, Registered { id, service, methods });
        Ok(())
    }

    pub(super) fn service(&self, id: u32) -> Option<&Registered> {
        let at = self.services.binary_search_by_key(&id, |registered| registered.id).ok()?;
        self.services.get(at)
    }
}

impl Registered {
    pub(super) fn method(&self, id: u32) -> Option<&Method> {
        let at = self.methods.binary_search_by_key(&id, |method| method.id).ok()?;
        self.methods.get(at)
    }
}
