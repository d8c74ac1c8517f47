use std::sync::Arc;

use super::pace::Pace;
use crate::code::Code;
use crate::error::RpcError;
use crate::method::{MethodDescriptor, identifier};
use crate::service::Service;

/// The services of a server at one time, found by the hashes of their names. A copy shares them.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    /// In order of their hash.
    services: Vec<Registered>,
}

#[derive(Clone)]
pub(crate) struct Registered {
    id: u32,
    name: Arc<str>,
    pub(super) service: Arc<dyn Service>,
    /// In order of their hash; aliases have entries of their own.
    methods: Arc<[Method]>,
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
        self.insert(&Registered::new(service))
    }

    /// # Errors
    ///
    /// When a name, or a hash, is taken.
    pub(super) fn insert(&mut self, service: &Registered) -> Result<(), RpcError> {
        let Err(at) = self.find(service.id) else {
            return Err(taken(&service.name, self.service(service.id)));
        };
        self.services.insert(at, service.clone());
        Ok(())
    }

    /// Takes a service out, if it is there.
    pub(super) fn remove(&mut self, name: &str) -> Option<Registered> {
        let at = self.find(identifier(name)).ok()?;
        // Another name may have the same hash.
        self.services.get(at).filter(|found| &*found.name == name)?;
        Some(self.services.remove(at))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.services.iter().map(|registered| &registered.name)
    }

    pub(super) fn service(&self, id: u32) -> Option<&Registered> {
        self.services.get(self.find(id).ok()?)
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        self.services.binary_search_by_key(&id, |registered| registered.id)
    }
}

impl Registered {
    pub(super) fn new(service: Arc<dyn Service>) -> Self {
        let name: Arc<str> = service.name().into();
        let mut methods = Vec::new();
        for descriptor in service.descriptor().methods {
            let names = std::iter::once(descriptor.name).chain(descriptor.aliases.iter().copied());
            let pace = Arc::new(Pace::default());
            methods.extend(names.map(|name| Method { id: identifier(name), descriptor, pace: Arc::clone(&pace) }));
        }
        methods.sort_by_key(|method| method.id);
        Self { id: identifier(&name), name, service, methods: methods.into() }
    }

    pub(super) fn method(&self, id: u32) -> Option<&Method> {
        let at = self.methods.binary_search_by_key(&id, |method| method.id).ok()?;
        self.methods.get(at)
    }
}

fn taken(name: &str, other: Option<&Registered>) -> RpcError {
    let other = other.map(|other| &*other.name).unwrap_or_default();
    let text = match other == name {
        true => format!("the service {name} is registered twice; give one another name with .named(…)"),
        false => format!("the services {other} and {name} have the same hash; rename one"),
    };
    RpcError::new(Code::AlreadyExists, text)
}
