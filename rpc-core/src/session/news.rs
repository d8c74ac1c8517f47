use super::{Arrived, Grant, Packed};

/// What is to be told of streams. A connection makes it when it has its first stream: most never do.
#[derive(Debug)]
pub(super) struct News<C, S> {
    /// Calls of this end that have been sent and whose streams nobody is told of yet.
    pub(super) opened: Vec<(C, u64)>,
    /// Streams of which something has come.
    pub(super) noted: Vec<(u64, u16)>,
    pub(super) arrived: Vec<Arrived<S>>,
    /// What producers are lent, or that they must stop.
    pub(super) grants: Vec<(S, u16, Grant)>,
    /// Memory for items to come.
    pub(super) spares: Vec<Packed>,
}

impl<C, S> Default for News<C, S> {
    fn default() -> Self {
        Self { opened: Vec::new(), noted: Vec::new(), arrived: Vec::new(), grants: Vec::new(), spares: Vec::new() }
    }
}

impl<C, S> News<C, S> {
    pub(super) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.noted.is_empty() && self.arrived.is_empty() && self.grants.is_empty()
    }

    /// Memory for items, where there is some.
    pub(super) fn spare(news: &mut Option<Box<Self>>) -> Option<Packed> {
        news.as_mut()?.spares.pop()
    }
}
