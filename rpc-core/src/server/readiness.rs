use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Whether a service, or a server as a whole, is ready to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Serving {
    /// It is.
    Serving,
    /// It is there but should not be called now, or the server is going to shut down.
    NotServing,
    /// The server has no service of that name.
    Unknown,
}

/// What is ready to be called, for those who ask and those who watch.
#[derive(Debug)]
pub(crate) struct Readiness {
    state: watch::Sender<State>,
}

/// What is ready at one time.
#[derive(Debug)]
pub(crate) struct State {
    /// How many changes of the services it has seen.
    version: u64,
    /// Whether each service is ready; that of the empty name is the server as a whole.
    services: BTreeMap<Arc<str>, bool>,
    draining: bool,
}

impl Readiness {
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn of(&self, name: &str) -> Serving {
        self.state.borrow().of(name)
    }

    /// These are the services after so many changes. Those who changed them may come here in another order.
    pub(super) fn follow<'a>(&self, version: u64, names: impl Iterator<Item = &'a Arc<str>>) {
        let names: BTreeSet<&Arc<str>> = names.collect();
        self.state.send_if_modified(|state| {
            if version < state.version {
                return false;
            }
            state.version = version;
            state.services.retain(|name, _| name.is_empty() || names.contains(name));
            for name in names {
                state.services.entry(Arc::clone(name)).or_insert(true);
            }
            true
        });
    }

    /// Sets whether a service is ready. Says whether there is one of that name.
    pub(super) fn set(&self, name: &str, serving: bool) -> bool {
        let mut is_known = false;
        self.state.send_if_modified(|state| {
            let Some(current) = state.services.get_mut(name) else {
                return false;
            };
            is_known = true;
            std::mem::replace(current, serving) != serving
        });
        is_known
    }

    /// The server is going to shut down: nothing is ready from now on.
    pub(super) fn drain(&self) {
        self.state.send_modify(|state| state.draining = true);
    }
}

impl Default for Readiness {
    fn default() -> Self {
        let services = BTreeMap::from([("".into(), true)]);
        Self { state: watch::Sender::new(State { version: 0, services, draining: false }) }
    }
}

impl State {
    pub(crate) fn of(&self, name: &str) -> Serving {
        match self.services.get(name) {
            _ if self.draining => Serving::NotServing,
            Some(true) => Serving::Serving,
            Some(false) => Serving::NotServing,
            None => Serving::Unknown,
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_comes_late_brings_nothing_back() {
        let readiness = Readiness::default();
        let (desk, till) = ("Desk".into(), "Till".into());
        readiness.follow(2, [&till].into_iter());
        readiness.follow(1, [&desk, &till].into_iter());
        assert_eq!((readiness.of("Desk"), readiness.of("Till")), (Serving::Unknown, Serving::Serving));
    }

    #[test]
    fn what_was_set_by_hand_stays_until_the_service_goes() {
        let readiness = Readiness::default();
        let (desk, till) = ("Desk".into(), "Till".into());
        assert!(!readiness.set("Desk", false), "there is none yet");
        readiness.follow(1, [&desk].into_iter());
        assert!(readiness.set("Desk", false));
        readiness.follow(2, [&desk, &till].into_iter());
        assert_eq!(readiness.of("Desk"), Serving::NotServing);
        readiness.follow(3, [&till].into_iter());
        readiness.follow(4, [&desk, &till].into_iter());
        assert_eq!(readiness.of("Desk"), Serving::Serving);
    }
}
